/* SPDX-License-Identifier: MIT */
#include "run/judge.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "analysis/names.h"
#include "scenario/units.h"

/* A new entry; NULL when there are too many, which cannot be: the schema has fewer keys. */
struct run_expectation *judge_add(struct run_result *r, const char *name, bool met)
{
    if (r->n_expect == RESULT_MAX_EXPECT) {
        r->met = false;
        return NULL;
    }
    struct run_expectation *e = &r->expect[r->n_expect++];
    memset(e, 0, sizeof(*e));
    snprintf(e->name, sizeof(e->name), "%s", name);
    e->met = met;
    r->met = r->met && met;
    return e;
}

void judge_put(char out[96], const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(out, 96, format, arguments);
    va_end(arguments);
}

/* "a or b or c", cut where it gets too long. */
static void put_words(char out[96], uint64_t bits, unsigned count, const char *(*name)(uint32_t))
{
    size_t n = 0;
    out[0] = '\0';
    for (unsigned i = 0; i < count && n < 90; i++) {
        if (bits & 1ull << i)
            n += (size_t)snprintf(out + n, 96 - n, "%s%s", n > 0 ? " or " : "", name(i));
    }
    if (n >= 96)
        strcpy(out + 92, "...");
}

static const char *outcome_word(uint32_t outcome)
{
    return outcome_name((enum qv_outcome)outcome);
}

/* At most `limit`; known = false: there is no such figure. */
static void judge_count(struct run_result *r, const char *name, uint64_t limit, uint64_t actual, bool known)
{
    if (limit == SCENARIO_UNLIMITED)
        return;
    struct run_expectation *e = judge_add(r, name, known && actual <= limit);
    if (e == NULL)
        return;
    judge_put(e->expected, "<= %" PRIu64, limit);
    if (known)
        judge_put(e->actual, "%" PRIu64, actual);
    else
        judge_put(e->actual, "unknown");
}

static void judge_time(struct run_result *r, const char *name, uint64_t limit_us, double actual_ms, bool known)
{
    char text[UNITS_TEXT];
    if (limit_us == SCENARIO_UNLIMITED)
        return;
    struct run_expectation *e = judge_add(r, name, known && actual_ms <= (double)limit_us / 1e3);
    if (e == NULL)
        return;
    judge_put(e->expected, "<= %s", units_write_duration(text, limit_us));
    if (known)
        judge_put(e->actual, "%.3g ms", actual_ms);
    else
        judge_put(e->actual, "unknown");
}

static void judge_words(const struct scenario_expect *expect, struct run_result *r)
{
    struct run_expectation *e = judge_add(r, "outcome", (expect->outcomes & 1ull << r->outcome) != 0);
    if (e != NULL) {
        put_words(e->expected, expect->outcomes, QV_OUTCOME_COUNT, outcome_word);
        judge_put(e->actual, "%s", outcome_name(r->outcome));
    }
    if (expect->detected_by == 0)
        return;
    e = judge_add(r, "detected_by", r->detected_by < 64 && (expect->detected_by & 1ull << r->detected_by) != 0);
    if (e != NULL) {
        put_words(e->expected, expect->detected_by, 64, qv_detection_name);
        judge_put(e->actual, "%s", qv_detection_name(r->detected_by));
    }
}

static void judge_outage(const struct scenario_expect *expect, struct run_result *r)
{
    bool known = r->has_load && r->load.good > 1;
    unsigned before = r->n_expect;
    judge_time(r, "max_outage", expect->max_outage_us, r->outage_ms, known);
    if (r->n_expect == before || !known || !r->load.outage_open)
        return;
    /* no good reply came after it: it had not ended when the run did */
    struct run_expectation *e = &r->expect[before];
    judge_put(e->actual, "%.3g ms and no end of it", r->outage_ms);
    e->met = false;
    r->met = false;
}

static void judge_load(const struct scenario_expect *expect, struct run_result *r)
{
    char text[UNITS_TEXT];
    struct run_expectation *e;

    judge_outage(expect, r);
    judge_count(r, "max_errors", expect->max_errors, r->load.errors, r->has_load);
    judge_count(r, "max_lost", expect->max_lost, r->load.lost, r->has_load);
    judge_count(r, "max_connections_lost", expect->max_connections_lost, r->load.by_class[LOAD_RESET], r->has_load);
    judge_time(r, "max_p99", expect->max_p99_us, r->load.latency_p99, r->has_load && r->load.has_latency);
    if (expect->min_replies > 0) {
        e = judge_add(r, "min_replies", r->has_load && r->load.good >= expect->min_replies);
        if (e != NULL) {
            judge_put(e->expected, ">= %" PRIu64, expect->min_replies);
            judge_put(e->actual, "%" PRIu64, r->load.good);
        }
    }
    if (expect->min_reply_rate_mhz > 0) {
        e = judge_add(r, "min_reply_rate",
                      r->has_load && r->load.good_rate * 1e3 >= (double)expect->min_reply_rate_mhz);
        if (e != NULL) {
            judge_put(e->expected, ">= %s", units_write_rate(text, expect->min_reply_rate_mhz));
            judge_put(e->actual, "%.1f/s", r->load.good_rate);
        }
    }
}

static bool is_target(const struct scenario *scenario, uint32_t sandbox)
{
    for (uint32_t i = 0; i < scenario->n_faults; i++) {
        if (scenario->fault[i].target == sandbox)
            return true;
    }
    return false;
}

static void judge_machine(const struct scenario *scenario, struct run_result *r)
{
    const struct scenario_expect *expect = &scenario->expect;
    uint64_t misses = 0;
    uint64_t exits = 0;

    for (uint32_t i = 0; i < scenario->n_sandboxes; i++) {
        if (scenario->sandbox[i].probe_us != 0 && !is_target(scenario, i))
            misses += r->sandbox[i].status.probe_misses;
        for (uint32_t cause = 0; cause < QV_EXIT_CAUSE_SLOTS; cause++)
            exits += r->exits[i][QV_STAGE_STEADY][cause];
    }
    judge_time(r, "max_first_reply", expect->max_first_reply_us, r->host.start_to_first_reply_ms,
               r->host.start_to_first_reply_ms > 0);
    judge_count(r, "max_breaches", expect->max_breaches, r->isolation.breaches, r->isolation.checked);
    judge_count(r, "max_deadline_misses", expect->max_deadline_misses, misses, r->has_directory);
    judge_count(r, "max_steady_exits", expect->max_steady_exits, exits, r->has_directory);
    judge_count(r, "max_recoveries", expect->max_recoveries, r->recoveries.n, r->has_trace);
}

/* Why a figure made of walks does not exist. */
static const char *without_walks(const struct run_result *r, uint32_t pattern, const char *otherwise)
{
    unsigned event = pattern == QV_TLB_CODE ? QV_EMUPMU_ITLB_WALKS : QV_EMUPMU_DTLB_LOAD_WALKS;
    if (r->tlb == NULL || (r->tlb->counted >> event & 1u) != 0)
        return otherwise;
    return r->tlb->counted == 0 ? "no PMU" : "not counted";
}

static void judge_knee(struct run_result *r, const char *name, uint32_t pattern, uint64_t limit, bool least)
{
    uint32_t knee = r->tlb != NULL ? tlb_knee(r->tlb, pattern) : TLB_NO_KNEE;
    bool met = knee != TLB_NO_KNEE && (least ? knee >= limit : knee <= limit);
    struct run_expectation *e;
    if ((least && limit == 0) || (!least && limit == SCENARIO_UNLIMITED) || (e = judge_add(r, name, met)) == NULL)
        return;
    judge_put(e->expected, "%s %" PRIu64 " pages", least ? ">=" : "<=", limit);
    if (knee != TLB_NO_KNEE)
        judge_put(e->actual, "%u pages", knee);
    else
        judge_put(e->actual, "%s", without_walks(r, pattern, "no knee"));
}

/* Walks beyond those of the base case, as a share of the accesses; the worst point counts. */
static void judge_walks(struct run_result *r, const char *name, uint32_t what, uint64_t limit_ppm, bool least)
{
    double low = 0, high = 0;
    bool known = r->tlb != NULL && tlb_beyond_base(r->tlb, QV_TLB_DATA, what, &low, &high);
    double actual = (least ? low : high) * 100;
    double limit = (double)limit_ppm / 1e4;
    struct run_expectation *e;
    if ((least && limit_ppm == 0) || (!least && limit_ppm == SCENARIO_UNLIMITED) ||
        (e = judge_add(r, name, known && (least ? actual >= limit : actual <= limit))) == NULL)
        return;
    judge_put(e->expected, "%s %g %%", least ? ">=" : "<=", limit);
    if (known)
        judge_put(e->actual, "%.3g %%", actual);
    else
        judge_put(e->actual, "%s", without_walks(r, QV_TLB_DATA, "unknown"));
}

static void judge_sweeps(const struct scenario_expect *expect, struct run_result *r)
{
    judge_knee(r, "min_tlb_knee", QV_TLB_DATA, expect->min_tlb_knee, true);
    judge_knee(r, "max_tlb_knee", QV_TLB_DATA, expect->max_tlb_knee, false);
    judge_knee(r, "min_itlb_knee", QV_TLB_CODE, expect->min_itlb_knee, true);
    judge_knee(r, "max_itlb_knee", QV_TLB_CODE, expect->max_itlb_knee, false);
    judge_walks(r, "min_flush_walks", QV_TLB_FLUSH, expect->min_flush_walks_ppm, true);
    judge_walks(r, "min_exit_walks", QV_TLB_EXIT, expect->min_exit_walks_ppm, true);
    judge_walks(r, "max_exit_walks", QV_TLB_EXIT, expect->max_exit_walks_ppm, false);
}

void judge(const struct scenario *scenario, struct run_result *result)
{
    result->n_expect = 0;
    result->met = true;
    judge_words(&scenario->expect, result);
    judge_load(&scenario->expect, result);
    judge_machine(scenario, result);
    judge_sweeps(&scenario->expect, result);
    judge_vcpus(scenario, result);
}
