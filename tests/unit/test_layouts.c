/* SPDX-License-Identifier: MIT */
/* The shared identifiers: no number and no name twice in a list, and the draws and checksum are the published ones. */
#include <string.h>

#include "qv/directory.h"
#include "qv/draw.h"
#include "qv/trace.h"
#include "unit.h"

struct entry {
    uint32_t number;
    const char *name;
};

#define ENTRY3(sym, num, name)       {num, name},
#define ENTRY4(sym, num, name, text) {num, name},
#define ENTRY5(sym, num, name, a, b) {num, name},

static const struct entry models[] = {QV_FAULT_MODELS(ENTRY4)};
static const struct entry points[] = {QV_FAULT_POINTS(ENTRY4)};
static const struct entry triggers[] = {QV_TRIGGERS(ENTRY4)};
static const struct entry policies[] = {QV_POLICIES(ENTRY4)};
static const struct entry detections[] = {QV_DETECTIONS(ENTRY4)};
static const struct entry phases[] = {QV_PHASES(ENTRY4)};
static const struct entry traces[] = {QV_TRACE_IDS(ENTRY5)};
static const struct entry causes[] = {QV_EXIT_CAUSES(ENTRY3)};

#define LENGTH(a) (sizeof(a) / sizeof((a)[0]))

static void check_unique(const struct entry *list, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        CU_ASSERT(strlen(list[i].name) > 0);
        for (size_t j = i + 1; j < count; j++) {
            CU_ASSERT_NOT_EQUAL(list[i].number, list[j].number);
            CU_ASSERT_STRING_NOT_EQUAL(list[i].name, list[j].name);
        }
    }
}

static void identifiers_are_unique(void)
{
    check_unique(models, LENGTH(models));
    check_unique(points, LENGTH(points));
    check_unique(triggers, LENGTH(triggers));
    check_unique(policies, LENGTH(policies));
    check_unique(detections, LENGTH(detections));
    check_unique(phases, LENGTH(phases));
    check_unique(traces, LENGTH(traces));
    check_unique(causes, LENGTH(causes));
}

static void counts_match_the_lists(void)
{
    CU_ASSERT_EQUAL(LENGTH(models), QV_FAULT_MODEL_COUNT);
    for (size_t i = 0; i < LENGTH(causes); i++) {
        CU_ASSERT(causes[i].number < QV_EXIT_CAUSE_SLOTS);
    }
}

/* The injector and the check of scenarios both go by it. */
static void every_model_has_its_places(void)
{
    CU_ASSERT_EQUAL(LENGTH(points) + 1, QV_FAULT_POINT_COUNT);
    CU_ASSERT_EQUAL(qv_fault_points(QV_FAULT_NONE), 0);
    CU_ASSERT_EQUAL(qv_fault_points(QV_FAULT_MODEL_COUNT), 0);
    CU_ASSERT_EQUAL(qv_fault_usual_point(QV_FAULT_MODEL_COUNT), 0);
    for (uint32_t model = 1; model < QV_FAULT_MODEL_COUNT; model++) {
        CU_ASSERT(qv_fault_points(model) != 0);
        CU_ASSERT(qv_fault_points(model) >> QV_FAULT_POINT_COUNT == 0);
        CU_ASSERT_TRUE(qv_fault_fits(model, qv_fault_usual_point(model)));
        CU_ASSERT_FALSE(qv_fault_fits(model, 0));
        CU_ASSERT_FALSE(qv_fault_fits(model, 32));
    }
    CU_ASSERT_FALSE(qv_fault_fits(QV_FAULT_LOCK_HOLDER_KILL, QV_POINT_NIC_IRQ));
    CU_ASSERT_FALSE(qv_fault_fits(QV_FAULT_DROP_ACK, QV_POINT_NIC_RX));
    CU_ASSERT_TRUE(qv_fault_fits(QV_FAULT_LIVELOCK, QV_POINT_NIC_REINIT));
}

static void crc_is_ieee_802_3(void)
{
    CU_ASSERT_EQUAL(qv_crc32(0, "123456789", 9), 0xcbf43926u);
    CU_ASSERT_EQUAL(qv_crc32(qv_crc32(0, "1234", 4), "56789", 5), 0xcbf43926u);
}

static void draws_depend_on_seed_and_index(void)
{
    CU_ASSERT_EQUAL(qv_draw(1, 5), qv_draw(1, 5));
    CU_ASSERT_NOT_EQUAL(qv_draw(1, 5), qv_draw(1, 6));
    CU_ASSERT_NOT_EQUAL(qv_draw(1, 5), qv_draw(2, 5));
}

static const struct unit_test tests[] = {
    {"identifiers are unique", identifiers_are_unique},
    {"counts match the lists", counts_match_the_lists},
    {"every model has its places", every_model_has_its_places},
    {"crc is IEEE 802.3's", crc_is_ieee_802_3},
    {"draws depend on seed and index", draws_depend_on_seed_and_index},
};

int main(void)
{
    return unit_run("layouts", tests, LENGTH(tests));
}
