/* SPDX-License-Identifier: MIT */
/* Processor time by VCPU: totals and samples taken, shares and rates over parts of a run, and what is judged by them.
 */
#include <string.h>

#include "analysis/vcpus.h"
#include "run/judge.h"
#include "unit.h"

#define HZ    1000000u /* a tick is a microsecond */
#define READY 5000u

static struct scenario scenario;
static struct run_result *result;
static struct trace_event events[64];
static struct trace trace;

static void sample(uint64_t t, uint64_t kind, uint64_t number, uint64_t value)
{
    events[trace.n++] = (struct trace_event){
        .rec = {.tsc = t, .id = QV_TRACE_SAMPLE, .core = 0, .a = kind << 32 | number, .b = value}, .t = t};
}

static void name_it(void *context, uint32_t sandbox, const struct qv_vcpu_report *report, char name[VCPU_NAME])
{
    (void)context;
    (void)sandbox;
    snprintf(name, VCPU_NAME, "%s", report->work == QV_NO_WORK ? "health" : report->which == 0 ? "a" : "a#1");
}

/* One sandbox with two copies of a periodic work load: 20 % each in the first 100 ms, 30 % and 10 % in the second. */
static void fresh(const char *expect)
{
    static struct qv_vcpu_area area;
    char text[1024];
    struct diag diag;
    struct qv_error err = {""};
    snprintf(text, sizeof(text),
             "schema: 1\nname: v\nduration: 1s\nfault: none\nload: {tool: none}\nsandboxes: [{roles: bystander}]\n"
             "work: [{name: a, kind: periodic, count: 2, every: 10ms, work: 1ms, vcpu: {budget: 2ms, period: 10ms}}]\n"
             "expect: {outcome: no_fault, vcpus: [%s]}\n",
             expect);
    diag_init(&diag, "vcpus");
    int code = scenario_parse(text, strlen(text), &scenario, &diag);
    if (code != 0)
        diag_print(&diag, stdout);
    CU_ASSERT_FATAL(code == 0);
    result_free(result);
    result = result_new();
    CU_ASSERT_FATAL(result != NULL);
    result->outcome = QV_OUTCOME_NO_FAULT;
    result->isolation.checked = result->has_directory = true;
    result->n_sandboxes = 1;
    area = (struct qv_vcpu_area){.magic = QV_VCPU_AREA_MAGIC, .count = 3, .start = 0, .time = 205000, .idle = 100000};
    area.sched = 5000;
    area.vcpu[0] = (struct qv_vcpu_report){.work = QV_NO_WORK, .which = QV_VCPU_HEALTH, .number = 2, .used = 20000};
    area.vcpu[1] = (struct qv_vcpu_report){.work = 0,
                                           .which = 0,
                                           .number = 5,
                                           .used = 50000,
                                           .jobs = 19,
                                           .misses = 1,
                                           .worst_response = 12000,
                                           .overrun = 500};
    area.vcpu[2] = (struct qv_vcpu_report){
        .work = 0, .which = 1, .number = 6, .used = 30000, .jobs = 20, .misses = 2, .worst_response = 9000};
    CU_ASSERT(vcpus_take_area(&result->vcpus, 0, &area, name_it, NULL, &err) == 0);
    area.magic++;
    CU_ASSERT(vcpus_take_area(&result->vcpus, 0, &area, name_it, NULL, &err) != 0 && err.text[0] != '\0');
    trace = (struct trace){.tsc_hz = HZ, .event = events};
    for (uint64_t i = 0; i < 3; i++) {
        uint64_t t = READY + i * 100000;
        sample(t, QV_SAMPLE_VCPU, 5, i == 0 ? 0 : i == 1 ? 20000 : 50000);
        sample(t, QV_SAMPLE_VCPU, 6, i == 0 ? 0 : i == 1 ? 20000 : 30000);
        if (i > 0)
            sample(t, QV_SAMPLE_JOBS, 5, i * 10); /* no record as long as it is 0 */
        sample(t, QV_SAMPLE_PATH, 0, i * 1000);
        sample(t, QV_SAMPLE_IDLE, 0, i * 50000);
    }
    CU_ASSERT(vcpus_take_trace(&result->vcpus, &trace, READY, &err) == 0);
}

static bool met(const char *expect, const char *name)
{
    fresh(expect);
    judge(&scenario, result);
    for (uint32_t i = 0; i < result->n_expect; i++) {
        if (strcmp(result->expect[i].name, name) == 0)
            return result->expect[i].met;
    }
    CU_FAIL("no such expectation");
    return false;
}

static void windows(void)
{
    uint64_t ticks = 0;
    uint64_t growth = 0;
    fresh("");
    CU_ASSERT(vcpus_window(&result->vcpus, 0, QV_SAMPLE_VCPU, 5, 0, 0, &ticks, &growth));
    CU_ASSERT(ticks == 200000 && growth == 50000);
    CU_ASSERT(vcpus_window(&result->vcpus, 0, QV_SAMPLE_VCPU, 5, 100000, 0, &ticks, &growth));
    CU_ASSERT(ticks == 100000 && growth == 30000);
    CU_ASSERT(vcpus_window(&result->vcpus, 0, QV_SAMPLE_JOBS, 5, 0, 150000, &ticks, &growth));
    CU_ASSERT(ticks == 100000 && growth == 10);
    CU_ASSERT(!vcpus_window(&result->vcpus, 0, QV_SAMPLE_VCPU, 5, 150000, 0, &ticks, &growth)); /* one sample only */
    CU_ASSERT(!vcpus_window(&result->vcpus, 1, QV_SAMPLE_VCPU, 5, 0, 0, &ticks, &growth));
}

static void shares_and_rates(void)
{
    CU_ASSERT(met("{vcpu: a#0, min_share: 25%}", "vcpus.a#0.min_share"));
    CU_ASSERT(!met("{vcpu: a#0, min_share: 25.1%}", "vcpus.a#0.min_share"));
    CU_ASSERT(met("{vcpu: a#1, from: 100ms, max_share: 10%}", "vcpus.a#1.max_share"));
    CU_ASSERT(!met("{vcpu: a#1, until: 100ms, max_share: 19.9%}", "vcpus.a#1.max_share"));
    CU_ASSERT(met("{vcpu: a, min_share: 40%}", "vcpus.a.min_share")); /* both copies */
    CU_ASSERT(!met("{vcpu: a, min_share: 40.1%}", "vcpus.a.min_share"));
    CU_ASSERT(met("{vcpu: idle, min_share: 50%}", "vcpus.idle.min_share"));
    CU_ASSERT(!met("{vcpu: scheduler, max_share: 0.9%}", "vcpus.scheduler.max_share"));
    CU_ASSERT(met("{vcpu: a#0, min_rate: 100/s, max_rate: 100/s}", "vcpus.a#0.min_rate"));
    CU_ASSERT(!met("{vcpu: a#0, max_rate: 99/s}", "vcpus.a#0.max_rate"));
    /* what cannot be told is not met */
    CU_ASSERT(!met("{vcpu: a#0, from: 900ms, max_share: 100%}", "vcpus.a#0.max_share"));
    CU_ASSERT(!met("{vcpu: probe, max_share: 100%}", "vcpus.probe.max_share"));
}

static void totals(void)
{
    CU_ASSERT(met("{vcpu: a, max_misses: 3}", "vcpus.a.max_misses"));
    CU_ASSERT(!met("{vcpu: a, max_misses: 2}", "vcpus.a.max_misses"));
    CU_ASSERT(!met("{vcpu: health, max_misses: 2}", "vcpus.health.max_misses")); /* it has no jobs */
    CU_ASSERT(met("{vcpu: a, max_response: 12ms}", "vcpus.a.max_response"));
    CU_ASSERT(!met("{vcpu: a#0, max_response: 11ms}", "vcpus.a#0.max_response"));
    CU_ASSERT(met("{vcpu: a#0, max_overrun: 1%}", "vcpus.a#0.max_overrun"));
    CU_ASSERT(!met("{vcpu: a#0, max_overrun: 0.9%}", "vcpus.a#0.max_overrun"));
}

/* 100000 idle + 5000 + 20000 + 50000 + 30000 = 205000. */
static void accounts(void)
{
    CU_ASSERT(met("", "accounts"));
    result->vcpus.core[0].idle -= 200; /* less than one part in a thousand */
    judge(&scenario, result);
    CU_ASSERT(result->met);
    result->vcpus.core[0].idle -= 10;
    judge(&scenario, result);
    CU_ASSERT(!result->met);
}

int main(void)
{
    static const struct unit_test tests[] = {{"parts of a run", windows},
                                             {"shares and rates", shares_and_rates},
                                             {"misses, responses, overruns", totals},
                                             {"all time is accounted for", accounts}};
    int status = unit_run("processor time by VCPU", tests, sizeof(tests) / sizeof(tests[0]));
    result_free(result);
    return status;
}
