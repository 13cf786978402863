/* SPDX-License-Identifier: MIT */
/* The verdict: each expectation can be met and can be missed, and what is unknown is not met. */
#include <string.h>

#include "run/judge.h"
#include "unit.h"

static struct scenario scenario;
static struct run_result *result;

/* A run in which everything went well, and a scenario that asks nothing but the outcome. */
static void fresh(void)
{
    static const char text[] = "schema: 1\nname: j\nduration: 2s\nexpect: {outcome: recovered_local}\n"
                               "sandboxes: [{roles: web}, {roles: bystander}]\n"
                               "fault: {model: bad-jump, at: {after: 1s}}\n";
    struct diag diag;
    diag_init(&diag, "judge");
    CU_ASSERT_FATAL(scenario_parse(text, sizeof(text) - 1, &scenario, &diag) == 0);
    result_free(result);
    result = result_new();
    CU_ASSERT_FATAL(result != NULL);
    result->outcome = QV_OUTCOME_RECOVERED_LOCAL;
    result->detected_by = QV_DETECT_EXCEPTION;
    result->has_load = result->has_trace = result->has_directory = result->isolation.checked = true;
    result->outage_ms = 50;
    result->load.good = 1000;
    result->load.good_rate = 500;
    result->load.has_latency = true;
    result->load.latency_p99 = 20;
    result->host.start_to_first_reply_ms = 900;
}

static const struct run_expectation *entry(const char *name)
{
    for (uint32_t i = 0; i < result->n_expect; i++) {
        if (strcmp(result->expect[i].name, name) == 0)
            return &result->expect[i];
    }
    return NULL;
}

/* Judges; is the expectation met, and is the verdict in accord? */
static int met(const char *name)
{
    judge(&scenario, result);
    const struct run_expectation *e = entry(name);
    CU_ASSERT_FATAL(e != NULL);
    CU_ASSERT(e->expected[0] != '\0' && e->actual[0] != '\0');
    CU_ASSERT(result->met == e->met);
    return e->met;
}

static void nothing_asked(void)
{
    fresh();
    judge(&scenario, result);
    CU_ASSERT(result->met && result->n_expect == 2); /* outcome, and no breach: that is always asked */
    CU_ASSERT(entry("outcome") != NULL && entry("max_breaches") != NULL);
    judge(&scenario, result);
    CU_ASSERT(result->n_expect == 2); /* not added up */
}

static void words(void)
{
    fresh();
    CU_ASSERT(met("outcome"));
    result->outcome = QV_OUTCOME_CONTAINED;
    CU_ASSERT(!met("outcome"));
    scenario.expect.outcomes |= 1ull << QV_OUTCOME_CONTAINED;
    CU_ASSERT(met("outcome"));
    CU_ASSERT(strstr(entry("outcome")->expected, "recovered_local") != NULL);
    scenario.expect.outcomes = UINT64_MAX; /* far more than fits into the text */
    CU_ASSERT(met("outcome"));
    scenario.expect.detected_by = 1ull << QV_DETECT_EXCEPTION | 1ull << QV_DETECT_NESTED_PAGE;
    CU_ASSERT(met("detected_by"));
    result->detected_by = QV_DETECT_HEARTBEAT;
    CU_ASSERT(!met("detected_by"));
    result->detected_by = 4711;
    CU_ASSERT(!met("detected_by"));
}

static void outage(void)
{
    fresh();
    scenario.expect.max_outage_us = 50000;
    CU_ASSERT(met("max_outage"));
    result->outage_ms = 50.1;
    CU_ASSERT(!met("max_outage"));
    result->outage_ms = 10;
    result->load.outage_open = true; /* it had not ended */
    CU_ASSERT(!met("max_outage"));
    result->load.outage_open = false;
    result->has_load = false;
    CU_ASSERT(!met("max_outage"));
    CU_ASSERT_STRING_EQUAL(entry("max_outage")->actual, "unknown");
}

/* Each of these: within, at and beyond the limit, and unknown. */
static void check_count(const char *name, uint64_t *limit, uint64_t *actual, bool *known)
{
    *limit = 5;
    *actual = 5;
    CU_ASSERT(met(name));
    *actual = 6;
    CU_ASSERT(!met(name));
    *limit = SCENARIO_UNLIMITED;
    judge(&scenario, result);
    CU_ASSERT(result->met && entry(name) == NULL);
    *limit = 5;
    *actual = 0;
    *known = false;
    CU_ASSERT(!met(name));
}

static void counts(void)
{
    fresh();
    check_count("max_errors", &scenario.expect.max_errors, &result->load.errors, &result->has_load);
    fresh();
    check_count("max_lost", &scenario.expect.max_lost, &result->load.lost, &result->has_load);
    fresh();
    check_count("max_connections_lost", &scenario.expect.max_connections_lost, &result->load.by_class[LOAD_RESET],
                &result->has_load);
    fresh();
    check_count("max_steady_exits", &scenario.expect.max_steady_exits,
                &result->exits[1][QV_STAGE_STEADY][QV_EXIT_NESTED_PAGE], &result->has_directory);
    fresh();
    check_count("max_deadline_misses", &scenario.expect.max_deadline_misses, &result->sandbox[1].status.probe_misses,
                &result->has_directory);
}

static void breaches(void)
{
    fresh();
    CU_ASSERT(met("max_breaches"));
    result->isolation.breaches = 1;
    CU_ASSERT(!met("max_breaches"));
    result->isolation.breaches = 0;
    result->isolation.checked = false;
    CU_ASSERT(!met("max_breaches"));
}

static void exits_at_boot_do_not_count(void)
{
    fresh();
    scenario.expect.max_steady_exits = 0;
    result->exits[0][QV_STAGE_BOOT][QV_EXIT_CALL] = 7;
    result->exits[0][QV_STAGE_RECOVERY][QV_EXIT_CALL] = 7;
    CU_ASSERT(met("max_steady_exits"));
}

static void misses_of_the_target_do_not_count(void)
{
    fresh();
    scenario.expect.max_deadline_misses = 0;
    scenario.sandbox[0].probe_us = 10000;
    result->sandbox[0].status.probe_misses = 3;
    CU_ASSERT(met("max_deadline_misses"));
}

static void minima(void)
{
    fresh();
    scenario.expect.min_replies = 1000;
    CU_ASSERT(met("min_replies"));
    scenario.expect.min_replies = 1001;
    CU_ASSERT(!met("min_replies"));
    fresh();
    scenario.expect.min_reply_rate_mhz = 500000;
    CU_ASSERT(met("min_reply_rate"));
    result->load.good_rate = 499.9;
    CU_ASSERT(!met("min_reply_rate"));
    result->has_load = false;
    CU_ASSERT(!met("min_reply_rate"));
}

static void times(void)
{
    fresh();
    scenario.expect.max_p99_us = 20000;
    CU_ASSERT(met("max_p99"));
    result->load.has_latency = false;
    CU_ASSERT(!met("max_p99"));
    fresh();
    scenario.expect.max_first_reply_us = 1000000;
    CU_ASSERT(met("max_first_reply"));
    result->host.start_to_first_reply_ms = 0; /* there was none */
    CU_ASSERT(!met("max_first_reply"));
}

int main(void)
{
    static const struct unit_test tests[] = {
        {"nothing asked", nothing_asked},
        {"words", words},
        {"outage", outage},
        {"counts", counts},
        {"breaches", breaches},
        {"exits at boot", exits_at_boot_do_not_count},
        {"misses of the target", misses_of_the_target_do_not_count},
        {"minima", minima},
        {"times", times},
    };
    int status = unit_run("verdict", tests, sizeof(tests) / sizeof(tests[0]));
    result_free(result);
    return status;
}
