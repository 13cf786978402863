/* SPDX-License-Identifier: MIT */
/* What a scenario expects of VCPUs: shares and rates over parts of the run, misses and responses over all of it. */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "run/judge.h"
#include "scenario/units.h"

#define ACCOUNTS_PART 0.001 /* of a core's time may be in no account */

/* The VCPUs that an expectation is about: one, or all copies of a work load. */
static bool meant(const struct scenario *scenario, const struct scenario_expect_vcpu *expect, const struct run_vcpu *v)
{
    uint32_t copy = 0;
    uint32_t work = scenario_work_by_name(scenario, expect->vcpu, &copy);
    if (work == QV_NO_WORK)
        return v->work == QV_NO_WORK && v->sandbox == expect->sandbox && strcmp(v->name, expect->vcpu) == 0;
    const struct scenario_work *w = &scenario->work[work];
    if (w->kind == QV_WORK_FLOOD || w->on != SCENARIO_OWN_VCPU)
        return v->work == QV_NO_WORK && v->sandbox == w->sandbox &&
               strcmp(v->name, scenario_slot_name(w->kind == QV_WORK_FLOOD ? (uint32_t)QV_VCPU_SERVICE : w->on)) == 0;
    return v->work == work && (strchr(expect->vcpu, '#') == NULL || v->copy == copy);
}

/* Growth of one kind of total over all VCPUs that are meant, and the time in which it grew. */
static bool grown(const struct scenario *scenario, const struct scenario_expect_vcpu *e, const struct run_result *r,
                  uint32_t kind, uint64_t *ticks, uint64_t *sum)
{
    uint64_t growth = 0;
    bool any = false;
    *sum = 0;
    for (uint32_t i = 0; i < r->vcpus.n; i++) {
        const struct run_vcpu *v = &r->vcpus.vcpu[i];
        if (!meant(scenario, e, v))
            continue;
        if (!vcpus_window(&r->vcpus, v->sandbox, kind, v->number, e->from_us, e->until_us, ticks, &growth))
            return false;
        any = true;
        *sum += growth;
    }
    return any;
}

static bool account(const struct scenario_expect_vcpu *e, const struct run_result *r, uint64_t *ticks, uint64_t *sum)
{
    uint32_t kind = strcmp(e->vcpu, "idle") == 0       ? QV_SAMPLE_IDLE
                    : strcmp(e->vcpu, "handlers") == 0 ? QV_SAMPLE_HANDLERS
                                                       : QV_SAMPLE_PATH;
    return vcpus_window(&r->vcpus, e->sandbox, kind, 0, e->from_us, e->until_us, ticks, sum);
}

static bool is_account(const char *name)
{
    return strcmp(name, "scheduler") == 0 || strcmp(name, "handlers") == 0 || strcmp(name, "idle") == 0;
}

static void limit_vcpu(struct run_result *r, const struct scenario_expect_vcpu *e, const char *key, bool met,
                       const char *expected, bool known, const char *actual)
{
    char name[64];
    char window[64] = "";
    char from[UNITS_TEXT];
    char until[UNITS_TEXT];
    snprintf(name, sizeof(name), "vcpus.%s.%s", e->vcpu, key);
    if (e->from_us != 0 || e->until_us != 0)
        snprintf(window, sizeof(window), " (%s to %s)", units_write_duration(from, e->from_us),
                 e->until_us != 0 ? units_write_duration(until, e->until_us) : "the end");
    struct run_expectation *x = judge_add(r, name, known && met);
    if (x == NULL)
        return;
    judge_put(x->expected, "%s%s", expected, window);
    judge_put(x->actual, "%s", known ? actual : "unknown");
}

/* The two limits of one figure, both in the unit that `write` puts into words; 0 and SCENARIO_UNLIMITED are none. */
static void limit_pair(struct run_result *r, const struct scenario_expect_vcpu *e, const char *figure, double value,
                       uint64_t least, uint64_t most, char *(*write)(char *, uint64_t), bool known, const char *actual)
{
    char key[32];
    char expected[UNITS_TEXT + 8];
    char text[UNITS_TEXT];
    if (least != 0) {
        snprintf(key, sizeof(key), "min_%s", figure);
        snprintf(expected, sizeof(expected), ">= %s", write(text, least));
        limit_vcpu(r, e, key, value >= (double)least, expected, known, actual);
    }
    if (most != SCENARIO_UNLIMITED) {
        snprintf(key, sizeof(key), "max_%s", figure);
        snprintf(expected, sizeof(expected), "<= %s", write(text, most));
        limit_vcpu(r, e, key, value <= (double)most, expected, known, actual);
    }
}

static void judge_share(const struct scenario *scenario, const struct scenario_expect_vcpu *e, struct run_result *r)
{
    char actual[UNITS_TEXT];
    uint64_t ticks = 1;
    uint64_t sum = 0;
    bool known =
        is_account(e->vcpu) ? account(e, r, &ticks, &sum) : grown(scenario, e, r, QV_SAMPLE_VCPU, &ticks, &sum);
    double share = (double)sum / (double)ticks * 1e6;
    snprintf(actual, sizeof(actual), "%.3f%%", share / 1e4);
    limit_pair(r, e, "share", share, e->min_share_ppm, e->max_share_ppm, units_write_percent, known, actual);
}

static void judge_rate(const struct scenario *scenario, const struct scenario_expect_vcpu *e, struct run_result *r)
{
    char actual[UNITS_TEXT];
    uint32_t work = scenario_work_by_name(scenario, e->vcpu, NULL);
    uint64_t ticks = 1;
    uint64_t sum = 0;
    bool known;
    if (work != QV_NO_WORK && scenario->work[work].kind == QV_WORK_FLOOD)
        known = vcpus_window(&r->vcpus, scenario->work[work].sandbox, QV_SAMPLE_FLOOD, 0, e->from_us, e->until_us,
                             &ticks, &sum);
    else
        known = grown(scenario, e, r, QV_SAMPLE_JOBS, &ticks, &sum);
    double rate = (double)sum * (double)r->vcpus.tsc_hz / (double)ticks * 1e3;
    snprintf(actual, sizeof(actual), "%.1f/s", rate / 1e3);
    limit_pair(r, e, "rate", rate, e->min_rate_mhz, e->max_rate_mhz, units_write_rate, known, actual);
}

/* What the kernels counted from their start to the end. */
static void judge_totals(const struct scenario *scenario, const struct scenario_expect_vcpu *e, struct run_result *r)
{
    struct run_vcpu all = {.misses = 0};
    bool known = false;
    char expected[UNITS_TEXT + 8];
    char actual[UNITS_TEXT];
    char text[UNITS_TEXT];
    for (uint32_t i = 0; i < r->vcpus.n; i++) {
        const struct run_vcpu *v = &r->vcpus.vcpu[i];
        if (!meant(scenario, e, v))
            continue;
        known = true;
        all.misses += v->misses;
        all.jobs += v->jobs;
        all.used += v->used;
        all.overrun += v->overrun;
        all.worst_response = v->worst_response > all.worst_response ? v->worst_response : all.worst_response;
    }
    if (e->max_misses != SCENARIO_UNLIMITED) {
        snprintf(expected, sizeof(expected), "<= %" PRIu64, e->max_misses);
        snprintf(actual, sizeof(actual), "%" PRIu64, all.misses);
        limit_vcpu(r, e, "max_misses", all.misses <= e->max_misses, expected, known && all.jobs > 0, actual);
    }
    if (e->max_response_us != SCENARIO_UNLIMITED) {
        double us = r->vcpus.tsc_hz > 0 ? (double)all.worst_response * 1e6 / (double)r->vcpus.tsc_hz : 0;
        snprintf(expected, sizeof(expected), "<= %s", units_write_duration(text, e->max_response_us));
        snprintf(actual, sizeof(actual), "%.3f ms", us / 1e3);
        limit_vcpu(r, e, "max_response", us <= (double)e->max_response_us, expected, known && all.jobs > 0, actual);
    }
    if (e->max_overrun_ppm != SCENARIO_UNLIMITED) {
        double ppm = all.used > 0 ? (double)all.overrun * 1e6 / (double)all.used : 0;
        snprintf(expected, sizeof(expected), "<= %s", units_write_percent(text, e->max_overrun_ppm));
        snprintf(actual, sizeof(actual), "%.3f%%", ppm / 1e4);
        limit_vcpu(r, e, "max_overrun", ppm <= (double)e->max_overrun_ppm, expected, known, actual);
    }
}

/* Time in no account, of the core where it is most, in parts of the time that has passed there. */
static void judge_accounts(struct run_result *r)
{
    double worst = 0;
    bool known = false;
    for (uint32_t i = 0; i < r->n_sandboxes; i++) {
        const struct run_core_time *core = &r->vcpus.core[i];
        if (!core->known || core->time <= core->start)
            continue;
        double sum = (double)core->idle + (double)core->sched + (double)core->retired;
        for (uint32_t k = 0; k < r->vcpus.n; k++) {
            if (r->vcpus.vcpu[k].sandbox == i)
                sum += (double)r->vcpus.vcpu[k].used + (double)r->vcpus.vcpu[k].background_time;
        }
        double elapsed = (double)(core->time - core->start);
        known = true;
        worst = fmax(worst, fabs(sum - elapsed) / elapsed);
    }
    if (!known)
        return;
    struct run_expectation *e = judge_add(r, "accounts", worst <= ACCOUNTS_PART);
    if (e == NULL)
        return;
    judge_put(e->expected, "<= %.1f%% of the time in no account", 100 * ACCOUNTS_PART);
    judge_put(e->actual, "%.4f%%", 100 * worst);
}

void judge_vcpus(const struct scenario *scenario, struct run_result *r)
{
    judge_accounts(r);
    for (uint32_t i = 0; i < scenario->expect.n_vcpus; i++) {
        const struct scenario_expect_vcpu *e = &scenario->expect.vcpu[i];
        judge_share(scenario, e, r);
        judge_rate(scenario, e, r);
        judge_totals(scenario, e, r);
    }
}
