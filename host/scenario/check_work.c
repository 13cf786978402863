/* SPDX-License-Identifier: MIT */
#include "scenario/check_work.h"

#include <inttypes.h>
#include <string.h>

#include "os/sandbox/sched/set.h"
#include "scenario/bootcfg.h"
#include "scenario/units.h"
#include "scenario/words.h"

#define PATH        96u
#define FRAME_LEAST 64u
#define FRAME_MOST  1514u

static const char *in_work(char path[PATH], uint32_t index, const char *key)
{
    snprintf(path, PATH, "work[%u]%s%s", index, *key != '\0' ? "." : "", key);
    return path;
}

/* All keys of one entry could be read. */
static bool entry_usable(const struct check *c, uint32_t index)
{
    static const char *const key[] = {
        "name",   "kind", "sandbox", "count",       "every",           "work",  "bytes",
        "target", "on",   "serves",  "vcpu.kind",   "after",           "until", "vcpu.budget",
        "phase",  "vcpu", "",        "vcpu.period", "vcpu.utilization"};
    char path[PATH];
    for (size_t i = 0; i < sizeof(key) / sizeof(key[0]); i++) {
        if (!check_usable(c, in_work(path, index, key[i])))
            return false;
    }
    return true;
}

static bool is_account(const char *name)
{
    return strcmp(name, "scheduler") == 0 || strcmp(name, "handlers") == 0 || strcmp(name, "idle") == 0;
}

static void check_name(const struct check *c, uint32_t index)
{
    const struct scenario *s = c->scenario;
    const char *name = s->work[index].name;
    char path[PATH];
    uint64_t value;

    if (is_account(name) || words_value(words_slots, name, &value))
        check_complain(c, in_work(path, index, "name"), "'%s' is a standard VCPU or an account, expected another name",
                       name);
    for (uint32_t i = 0; i < index; i++) {
        if (strcmp(s->work[i].name, name) == 0)
            check_complain(c, in_work(path, index, "name"), "'%s' is the name of another one, expected its own", name);
    }
}

static void check_vcpu(const struct check *c, uint32_t index)
{
    const struct scenario_work *work = &c->scenario->work[index];
    const struct scenario_vcpu *vcpu = &work->vcpu;
    bool pibs = vcpu->kind == QV_VCPU_KIND_IO_PIBS;
    char path[PATH];

    if (work->on != SCENARIO_OWN_VCPU || work->kind == QV_WORK_FLOOD) {
        if (vcpu->budget_us != 0 || vcpu->period_us != 0 || vcpu->utilization_ppm != 0)
            check_complain(c, in_work(path, index, "vcpu"), "it runs on a standard VCPU, expected no VCPU of its own");
        else if (work->count != 1)
            check_complain(c, in_work(path, index, "count"), "copies on one VCPU, expected 1");
        return;
    }
    if (pibs && (vcpu->utilization_ppm == 0 || vcpu->budget_us != 0 || vcpu->period_us != 0))
        check_complain(c, in_work(path, index, "vcpu"), "a pibs VCPU, expected a utilization, and nothing else");
    else if (!pibs && (vcpu->budget_us == 0 || vcpu->period_us == 0 || vcpu->utilization_ppm != 0))
        check_complain(c, in_work(path, index, "vcpu"), "no budget or no period, expected both, and no utilization");
    else if (!pibs && vcpu->budget_us > vcpu->period_us)
        check_complain(c, in_work(path, index, "vcpu"),
                       "its budget is longer than its period, expected at most the period");
    else if (pibs && work->kind != QV_WORK_DEVICE)
        check_complain(c, in_work(path, index, "vcpu.kind"), "only a device is served so, expected main or server");
}

static void check_flood(const struct check *c, uint32_t index)
{
    const struct scenario *s = c->scenario;
    const struct scenario_work *work = &s->work[index];
    char path[PATH];

    if (work->target >= s->n_sandboxes || s->sandbox[work->target].nic == SCENARIO_NO_NIC ||
        !(s->sandbox[work->target].roles & (QV_ROLE_WEB | QV_ROLE_STANDBY | QV_ROLE_BYSTANDER)))
        check_complain(c, in_work(path, index, "target"), "no sandbox with an interface, expected one that has one");
    else if (s->sandbox[work->sandbox].nic == SCENARIO_NO_NIC ||
             s->sandbox[work->sandbox].nic == s->sandbox[work->target].nic)
        check_complain(c, in_work(path, index, "sandbox"),
                       "it needs an interface other than its target's, expected a sandbox that has one");
    if (work->bytes < FRAME_LEAST || work->bytes > FRAME_MOST)
        check_complain(c, in_work(path, index, "bytes"), "not the size of a frame, expected 64B to 1514B");
    if (s->load.tool != SCENARIO_TOOL_NONE && !scenario_client_makes_load(s))
        check_complain(c, "load.tool", "a flood stays inside the machine, expected load tool sandbox, traffic or none");
}

static void check_serves(const struct check *c, uint32_t index)
{
    const struct scenario *s = c->scenario;
    const struct scenario_work *work = &s->work[index];
    char path[PATH];

    if (strcmp(work->serves, "service") == 0)
        return;
    uint32_t served = scenario_work_by_name(s, work->serves, NULL);
    if (work->kind != QV_WORK_DEVICE || served == QV_NO_WORK || s->work[served].kind == QV_WORK_DEVICE ||
        s->work[served].kind == QV_WORK_FLOOD || s->work[served].sandbox != work->sandbox)
        check_complain(c, in_work(path, index, "serves"),
                       "'%s' is not served by it, expected service, or a hog or periodic work load of its sandbox",
                       work->serves);
}

static void check_entry(const struct check *c, uint32_t index)
{
    const struct scenario *s = c->scenario;
    const struct scenario_work *work = &s->work[index];
    bool jobs = work->kind == QV_WORK_PERIODIC || work->kind == QV_WORK_DEVICE;
    char path[PATH];

    check_name(c, index);
    if (work->sandbox >= s->n_sandboxes) {
        check_complain(c, in_work(path, index, "sandbox"), "there is no sandbox %u, expected one from 0 to %u",
                       work->sandbox, s->n_sandboxes - 1);
        return;
    }
    check_vcpu(c, index);
    check_serves(c, index);
    if ((work->every_us != 0) != (work->kind != QV_WORK_HOG))
        check_complain(c, in_work(path, index, "every"), "%s",
                       work->every_us != 0 ? "a hog has no jobs, expected no such key"
                                           : "no time from one job to the next, expected one, such as 10ms");
    if ((work->work_us != 0) != jobs)
        check_complain(c, in_work(path, index, "work"), "%s",
                       work->work_us != 0 ? "it has no jobs of a length, expected no such key"
                                          : "no processor time of a job, expected one, such as 1ms");
    if (work->until_us != 0 && work->until_us <= work->after_us)
        check_complain(c, in_work(path, index, "until"), "not after its beginning, expected a later end");
    if (work->after_us >= s->duration_us && check_usable(c, "duration"))
        check_complain(c, in_work(path, index, "after"), "after the end of the run, expected less than its duration");
    if (work->on == QV_VCPU_PROBE && s->sandbox[work->sandbox].probe_us == 0)
        check_complain(c, in_work(path, index, "on"), "there is no deadline probe, expected another VCPU");
    if ((work->on == QV_VCPU_SERVICE || work->on == QV_VCPU_NIC) && work->kind != QV_WORK_FLOOD &&
        s->sandbox[work->sandbox].nic == SCENARIO_NO_NIC)
        check_complain(c, in_work(path, index, "on"), "its sandbox has no network, expected another VCPU");
    if (work->kind == QV_WORK_FLOOD)
        check_flood(c, index);
}

static void check_expected(const struct check *c, uint32_t index)
{
    const struct scenario *s = c->scenario;
    const struct scenario_expect_vcpu *expect = &s->expect.vcpu[index];
    bool sampled = s->trace.vcpus_us != 0;
    char path[PATH];

    snprintf(path, sizeof(path), "expect.vcpus[%u].vcpu", index);
    if (!check_usable(c, path))
        return;
    uint32_t slot = scenario_slot_by_name(expect->vcpu);
    if (scenario_work_by_name(s, expect->vcpu, NULL) == QV_NO_WORK && slot == QV_VCPU_SLOTS &&
        !is_account(expect->vcpu))
        check_complain(c, path, "there is no '%s', expected a work load, a standard VCPU, scheduler, handlers or idle",
                       expect->vcpu);
    snprintf(path, sizeof(path), "expect.vcpus[%u].sandbox", index);
    if (expect->sandbox >= s->n_sandboxes && check_usable(c, path))
        check_complain(c, path, "there is no sandbox %u, expected one from 0 to %u", expect->sandbox,
                       s->n_sandboxes - 1);
    snprintf(path, sizeof(path), "expect.vcpus[%u].until", index);
    if (expect->until_us != 0 && expect->until_us <= expect->from_us && check_usable(c, path))
        check_complain(c, path, "not after its beginning, expected a later end");
    bool of_samples = expect->min_share_ppm != 0 || expect->max_share_ppm != SCENARIO_UNLIMITED ||
                      expect->min_rate_mhz != 0 || expect->max_rate_mhz != SCENARIO_UNLIMITED;
    snprintf(path, sizeof(path), "expect.vcpus[%u]", index);
    if (of_samples && !sampled && check_usable(c, "trace.vcpus"))
        check_complain(c, path, "shares and rates need samples, expected trace.vcpus with a period");
}

void check_work(const struct check *c)
{
    const struct scenario *s = c->scenario;
    bool usable = check_usable(c, "work") && check_usable(c, "sandboxes") && s->n_sandboxes > 0;

    for (uint32_t i = 0; usable && i < s->n_work; i++)
        usable = entry_usable(c, i);
    for (uint32_t i = 0; usable && i < s->n_sandboxes; i++) {
        char path[PATH];
        snprintf(path, sizeof(path), "sandboxes[%u].nic", i);
        usable = check_usable(c, path);
    }
    for (uint32_t i = 0; usable && i < s->n_work; i++)
        check_entry(c, i);
    for (uint32_t i = 0; usable && check_usable(c, "expect.vcpus") && i < s->expect.n_vcpus; i++)
        check_expected(c, i);
}

/* The place of a set of VCPUs: where its owner gave one, else its first work load, else the sandbox. */
static const char *place_of_set(const struct check *c, uint32_t sandbox, char path[PATH])
{
    snprintf(path, PATH, "sandboxes[%u].vcpus", sandbox);
    for (uint32_t i = 0; i < c->scenario->n_work && !check_given(c, path); i++) {
        if (c->scenario->work[i].sandbox == sandbox && c->scenario->work[i].kind != QV_WORK_FLOOD)
            return in_work(path, i, "vcpu");
    }
    if (!check_given(c, path))
        snprintf(path, PATH, "sandboxes[%u]", sandbox);
    return path;
}

static double percent(uint64_t fixed)
{
    return (double)fixed * 100.0 / (double)ADMIT_ONE;
}

static void refuse(const struct check *c, uint32_t sandbox, const struct sched_set *set,
                   const struct sched_verdict *verdict)
{
    const struct scenario *s = c->scenario;
    char path[PATH];

    (void)place_of_set(c, sandbox, path);
    if (set->overflow) {
        check_complain(c, path, "sandbox %u has too many VCPUs, expected at most %u", sandbox, SCHED_MAX_VCPUS);
    } else if (verdict->load == UINT64_MAX) {
        check_complain(c, path,
                       "the VCPUs of sandbox %u cannot be admitted, expected at most %u of kind pibs, beside a main "
                       "VCPU, and each with some time of the shortest period",
                       sandbox, SCHED_MAX_PIBS);
    } else if (s->platform.admission == QV_ADMIT_EXACT) {
        const struct sched_member *late = &set->member[verdict->refused];
        check_complain(c, path,
                       "the VCPUs of sandbox %u are not admitted: '%s' can get its budget later than its period ends, "
                       "expected less load",
                       sandbox, late->work == QV_NO_WORK ? scenario_slot_name(late->which) : s->work[late->work].name);
    } else {
        check_complain(c, path,
                       "the VCPUs of sandbox %u are not admitted: load %.2f%%, expected at most %.2f%%, or "
                       "platform.admission exact",
                       sandbox, percent(verdict->load), percent(verdict->bound));
    }
}

void check_admission(const struct check *c)
{
    struct qv_bootcfg cfg;
    struct sched_set set;

    bootcfg_build(c->scenario, &cfg);
    for (uint32_t i = 0; i < c->scenario->n_sandboxes; i++) {
        sched_set_of(&cfg, i, &set);
        struct sched_verdict verdict = sched_set_admit(&set, cfg.admission);
        if (!verdict.admitted)
            refuse(c, i, &set, &verdict);
    }
}
