/* SPDX-License-Identifier: MIT */
/* Reports on costs: taken from memory, to JSON and back, and what follows from them. */
#include <string.h>

#include "analysis/cost.h"
#include "unit.h"

static struct qv_cost_area area_of(uint32_t source)
{
    struct qv_cost_area a = {.magic = QV_COST_AREA_MAGIC,
                             .version = QV_COST_VERSION,
                             .size = sizeof(a),
                             .state = 2,
                             .source = source,
                             .n_events = 2,
                             .flags = QV_COST_WINDOW | QV_COST_PATHS,
                             .begin_tsc = 1000,
                             .end_tsc = 5000,
                             .idle_ticks = 3000,
                             .rx_frames = 30,
                             .rx_skipped = 90,
                             .tx_frames = 10,
                             .irqs = 25,
                             .irq_acks = 24,
                             .exits = 1,
                             .http_requests = 5,
                             .lock_waits = 2,
                             .lock_wait_ticks = 14,
                             .bytes_in = 600,
                             .bytes_out = 40};
    a.counted[0] = 1;
    a.core = (struct qv_cost_account){.instructions = 2000, .count = {7, 0}};
    a.idle.instructions = 50;
    a.path[QV_COST_RECEIVE] = (struct qv_cost_path){20, 30, 400, 300};
    a.path[QV_COST_DELIVER] = (struct qv_cost_path){30, 30, 100, 90};
    a.path[QV_COST_SKIP] = (struct qv_cost_path){40, 90, 80, 60};
    a.path[QV_COST_TRANSMIT] = (struct qv_cost_path){10, 10, 60, 40};
    memcpy(a.model, "sandybridge", 12);
    memcpy(a.reason, "none here", 10);
    return a;
}

static void fill(struct run_cost *cost, uint32_t source)
{
    const struct qv_cost_area a = area_of(source);
    const char *why = NULL;
    memset(cost, 0, sizeof(*cost));
    cost->traffic = QV_TRAFFIC_UDP_SEND;
    cost->bytes = 64;
    cost->n_events = 2;
    cost->n_sandboxes = 3;
    strcpy(cost->processor, "snb");
    strcpy(cost->event[0], "DTLB:A");
    strcpy(cost->event[1], "DTLB:B");
    for (uint32_t i = 0; i < 3; i++) {
        cost->sandbox[i].roles = i < 2 ? QV_ROLE_WEB : QV_ROLE_CLIENT;
        CU_ASSERT_TRUE(cost_take(cost, i, &a, sizeof(a), &why));
    }
}

static void only_finished_reports_are_taken(void)
{
    struct run_cost cost = {.n_sandboxes = 1};
    struct qv_cost_area a = area_of(QV_PMU_INTEL);
    const char *why = NULL;
    CU_ASSERT_FALSE(cost_take(&cost, 0, &a, sizeof(a) - 1, &why));
    CU_ASSERT_FALSE(cost_take(&cost, QV_MAX_SANDBOXES, &a, sizeof(a), &why));
    a.state = 1;
    CU_ASSERT_FALSE(cost_take(&cost, 0, &a, sizeof(a), &why));
    CU_ASSERT_PTR_NOT_NULL(strstr(why, "did not end"));
    a = area_of(QV_PMU_EMULATED + 1u);
    CU_ASSERT_FALSE(cost_take(&cost, 0, &a, sizeof(a), &why));
    a = area_of(QV_PMU_INTEL);
    a.version++;
    CU_ASSERT_FALSE(cost_take(&cost, 0, &a, sizeof(a), &why));
    CU_ASSERT_FALSE(cost.present);
}

static void figures_are_those_of_the_web_sandboxes(void)
{
    static struct run_cost cost;
    struct cost_figures f;
    fill(&cost, QV_PMU_EMULATED);
    CU_ASSERT_TRUE(cost_figures(&cost, &f));
    CU_ASSERT_EQUAL(f.sandboxes, 2);
    CU_ASSERT_TRUE(f.counted && f.simulated && f.paths);
    CU_ASSERT_EQUAL(f.packets, 80);
    CU_ASSERT_EQUAL(f.skipped, 180);
    CU_ASSERT_EQUAL(f.core, 4000);
    CU_ASSERT_EQUAL(f.driver, 800); /* delivering is part of receiving */
    CU_ASSERT_EQUAL(f.deliver, 180);
    CU_ASSERT_EQUAL(f.window_ticks, 4000);
    CU_ASSERT_EQUAL(f.exits, 2);
    cost.sandbox[1].area.source = QV_PMU_NONE;
    CU_ASSERT_TRUE(cost_figures(&cost, &f));
    CU_ASSERT_FALSE(f.counted); /* one that does not know spoils the sum */
    cost.n_sandboxes = 0;
    CU_ASSERT_FALSE(cost_figures(&cost, &f));
}

static void json_and_back(void)
{
    static struct run_cost cost, again;
    struct cost_figures a, b;
    struct qv_error err = {""};
    json_t *root = json_object();
    fill(&cost, QV_PMU_EMULATED);
    CU_ASSERT_TRUE(cost_put_json(root, &cost));
    CU_ASSERT_EQUAL(cost_get_json(root, &again, &err), 0);
    CU_ASSERT_TRUE(again.present);
    CU_ASSERT_TRUE(cost_figures(&cost, &a) && cost_figures(&again, &b));
    CU_ASSERT_EQUAL(a.core, b.core);
    CU_ASSERT_EQUAL(a.driver, b.driver);
    CU_ASSERT_EQUAL(a.lock_wait_ticks, b.lock_wait_ticks);
    CU_ASSERT_STRING_EQUAL(again.sandbox[0].area.model, "sandybridge");
    CU_ASSERT_EQUAL(again.sandbox[0].area.counted[0], 1);
    CU_ASSERT_EQUAL(again.sandbox[0].area.counted[1], 0);
    CU_ASSERT_EQUAL(again.sandbox[0].area.core.count[0], 7);
    const json_t *one = json_array_get(json_object_get(json_object_get(root, "cost"), "sandboxes"), 0);
    const json_t *core = json_object_get(json_object_get(one, "counts"), "core");
    CU_ASSERT_EQUAL(json_integer_value(json_object_get(core, "DTLB:A")), 7);
    CU_ASSERT_PTR_NULL(json_object_get(core, "DTLB:B")); /* not counted: absent, not zero */
    CU_ASSERT_STRING_EQUAL(json_string_value(json_array_get(json_object_get(one, "not_counted"), 0)), "DTLB:B");
    json_decref(root);
}

static void without_a_pmu_there_are_no_counts(void)
{
    static struct run_cost cost, again;
    struct qv_error err = {""};
    json_t *root = json_object();
    fill(&cost, QV_PMU_NONE);
    CU_ASSERT_TRUE(cost_put_json(root, &cost));
    const json_t *one = json_array_get(json_object_get(json_object_get(root, "cost"), "sandboxes"), 0);
    CU_ASSERT_STRING_EQUAL(json_string_value(json_object_get(one, "pmu")), "no PMU");
    CU_ASSERT_STRING_EQUAL(json_string_value(json_object_get(one, "reason")), "none here");
    CU_ASSERT_TRUE(json_is_null(json_object_get(one, "counts")));
    CU_ASSERT_PTR_NULL(json_object_get(json_object_get(json_object_get(one, "paths"), "receive"), "instructions"));
    CU_ASSERT_EQUAL(cost_get_json(root, &again, &err), 0);
    json_decref(root);
    root = json_object(); /* a result of before there were reports */
    CU_ASSERT_EQUAL(cost_get_json(root, &again, &err), 0);
    CU_ASSERT_FALSE(again.present);
    json_decref(root);
}

static void nonsense_is_refused(void)
{
    static const char *const bad[] = {
        "{\"cost\": 3}",
        "{\"cost\": {}}",
        "{\"cost\": {\"traffic\": \"no\", \"unshared\": false, \"bytes\": 1, \"n_sandboxes\": 1, \"processor\": \"\","
        " \"events\": [], \"sandboxes\": []}}",
        "{\"cost\": {\"traffic\": \"none\", \"unshared\": false, \"bytes\": 1, \"n_sandboxes\": 99, \"processor\": "
        "\"\","
        " \"events\": [], \"sandboxes\": []}}",
        "{\"cost\": {\"traffic\": \"none\", \"unshared\": false, \"bytes\": 1, \"n_sandboxes\": 1, \"processor\": \"\","
        " \"events\": [], \"sandboxes\": [{\"sandbox\": 7}]}}",
    };
    static struct run_cost cost;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        struct qv_error err = {""};
        json_t *root = json_loads(bad[i], 0, NULL);
        CU_ASSERT_PTR_NOT_NULL_FATAL(root);
        CU_ASSERT_NOT_EQUAL(cost_get_json(root, &cost, &err), 0);
        CU_ASSERT_TRUE(err.text[0] != '\0');
        json_decref(root);
    }
}

int main(void)
{
    static const struct unit_test tests[] = {
        {"only finished reports are taken", only_finished_reports_are_taken},
        {"figures are those of the web sandboxes", figures_are_those_of_the_web_sandboxes},
        {"JSON and back", json_and_back},
        {"without a PMU there are no counts", without_a_pmu_there_are_no_counts},
        {"nonsense is refused", nonsense_is_refused},
    };
    return unit_run("analysis_cost", tests, sizeof(tests) / sizeof(tests[0]));
}
