/* SPDX-License-Identifier: MIT */
/* Names of events against codes of the vendors' manuals: Intel SDM vol. 3, chapter 20; AMD PPR 17h. */
#include <string.h>

#include "events/events.h"
#include "qv/emupmu.h"
#include "unit.h"

static void codes_of_the_manuals(void)
{
    static const struct {
        const char *processor, *name;
        uint64_t code;
        unsigned vendor, emulated;
    } known[] = {
        {"sandybridge", "DTLB_LOAD_MISSES:MISS_CAUSES_A_WALK", 0x0108, QV_PMU_INTEL, QV_EMUPMU_DTLB_LOAD_WALKS},
        {"snb", "DTLB_STORE_MISSES:MISS_CAUSES_A_WALK", 0x0149, QV_PMU_INTEL, QV_EMUPMU_DTLB_STORE_WALKS},
        {"snb", "ITLB_MISSES:MISS_CAUSES_A_WALK", 0x0185, QV_PMU_INTEL, QV_EMUPMU_ITLB_WALKS},
        {"snb", "INST_RETIRED:ANY_P", 0x00c0, QV_PMU_INTEL, QV_EMUPMU_INSTRUCTIONS},
        {"snb", "UNHALTED_CORE_CYCLES", 0x003c, QV_PMU_INTEL, QV_PMU_NO_EMULATED},
        {"snb", "MEM_UOPS_RETIRED:ALL_LOADS", 0x81d0, QV_PMU_INTEL, QV_EMUPMU_LOADS},
        {"nehalem", "INST_RETIRED:ANY_P", 0x00c0, QV_PMU_INTEL, QV_PMU_NO_EMULATED},
        {"zen2", "RETIRED_INSTRUCTIONS", 0x00c0, QV_PMU_AMD, QV_PMU_NO_EMULATED},
        {"k10", "RETIRED_INSTRUCTIONS", 0x00c0, QV_PMU_AMD, QV_PMU_NO_EMULATED},
    };
    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
        struct qv_pmu_event event = {0};
        char why[EVENTS_WHY] = "";
        CU_ASSERT_TRUE(events_resolve(known[i].processor, known[i].name, &event, why));
        CU_ASSERT_EQUAL(event.code, known[i].code);
        CU_ASSERT_EQUAL(event.vendor, known[i].vendor);
        CU_ASSERT_EQUAL(event.emulated, known[i].emulated);
        CU_ASSERT_EQUAL(event.fixed, 0);
    }
}

/* Reference cycles have no event select: fixed counter 2, which libpfm4 writes as umask 3 of event 0. */
static void fixed_counters(void)
{
    struct qv_pmu_event event = {0};
    char why[EVENTS_WHY];
    CU_ASSERT_TRUE(events_resolve("snb", "UNHALTED_REFERENCE_CYCLES", &event, why));
    CU_ASSERT_EQUAL(event.fixed, 1);
    CU_ASSERT_EQUAL(event.code, 2);
}

static void unknown_names_are_refused_with_near_ones(void)
{
    struct qv_pmu_event event;
    char why[EVENTS_WHY];
    CU_ASSERT_FALSE(events_resolve("snb", "DTLB_LOAD_MISSES:MISS_CAUSES_A_WLAK", &event, why));
    CU_ASSERT_PTR_NOT_NULL(strstr(why, "such as DTLB_LOAD_MISSES:MISS_CAUSES_A_WALK "));
    CU_ASSERT_FALSE(events_resolve("snb", "", &event, why));
    CU_ASSERT_FALSE(events_resolve("snb", "INST_RETIRED:ANY_P:", &event, why));
    CU_ASSERT_FALSE(events_resolve("snb", "nhm::INST_RETIRED", &event, why));
    CU_ASSERT_FALSE(events_resolve("sandibridge", "INST_RETIRED:ANY_P", &event, why));
    CU_ASSERT_PTR_NOT_NULL(strstr(why, "such as sandybridge"));
    CU_ASSERT_FALSE(events_processor("", why));
    CU_ASSERT_FALSE(events_processor("netburst", why)); /* counters of another kind */
    CU_ASSERT_TRUE(events_processor("amd64_fam17h_zen2", why));
}

/* Of no maker and no model, and there also where no processor is named. */
static void cycles_of_any_processor(void)
{
    static const char *const processors[] = {"", "sandybridge", "zen2"};
    for (size_t i = 0; i < sizeof(processors) / sizeof(processors[0]); i++) {
        struct qv_pmu_event event = {.vendor = QV_PMU_INTEL};
        char why[EVENTS_WHY] = "";
        CU_ASSERT_TRUE(events_resolve(processors[i], EVENTS_CYCLES, &event, why));
        CU_ASSERT_EQUAL(event.portable, QV_PMU_CYCLES);
        CU_ASSERT_EQUAL(event.vendor, QV_PMU_NONE);
        CU_ASSERT_EQUAL(event.emulated, QV_PMU_NO_EMULATED);
    }
}

static void models_of_names(void)
{
    struct qv_pmu_models models[QV_PMU_MODELS];
    CU_ASSERT_EQUAL(events_models("sandybridge", models), 1);
    CU_ASSERT_EQUAL(models[0].family, 6);
    CU_ASSERT_TRUE(models[0].first == 0x2a && models[0].last == 0x2a);
    CU_ASSERT_EQUAL(events_models("skl", models), 4);
    CU_ASSERT_EQUAL(events_models("zen3", models), 2);
    CU_ASSERT_EQUAL(models[1].family, 0x19);
    CU_ASSERT_EQUAL(events_models("glm", models), 0); /* not known here */
    CU_ASSERT_EQUAL(events_models("", models), 0);
}

static void lists(void)
{
    char text[65536];
    FILE *out = fmemopen(text, sizeof(text), "w");
    CU_ASSERT_PTR_NOT_NULL_FATAL(out);
    int all = events_list(out, "snb", "");
    CU_ASSERT_TRUE(all > 100);
    int some = events_list(out, "snb", "dtlb");
    CU_ASSERT_TRUE(some > 3 && some < all);
    CU_ASSERT_EQUAL(events_list(out, "snb", "no such text"), 0);
    CU_ASSERT_EQUAL(events_list(out, "no such processor", ""), -1);
    fclose(out);
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "MISS_CAUSES_A_WALK"));
}

int main(void)
{
    static const struct unit_test tests[] = {
        {"codes of the manuals", codes_of_the_manuals},
        {"fixed counters", fixed_counters},
        {"unknown names are refused with near ones", unknown_names_are_refused_with_near_ones},
        {"cycles of any processor", cycles_of_any_processor},
        {"models of names", models_of_names},
        {"lists", lists},
    };
    return unit_run("events", tests, sizeof(tests) / sizeof(tests[0]));
}
