/* SPDX-License-Identifier: MIT */
#include "analysis/names.h"

#include <stddef.h>
#include <string.h>

#include "qv/directory.h"
#include "qv/fault.h"
#include "qv/trace.h"

struct name {
    uint32_t number;
    const char *text;
};

#define ENTRY4(sym, num, text, meaning) {num, text},
#define ENTRY3(sym, num, text)          {num, text},
#define ENTRY5(sym, num, text, a, b)    {num, text},

static const struct name faults[] = {QV_FAULT_MODELS(ENTRY4)};
static const struct name points[] = {{0, "default"}, QV_FAULT_POINTS(ENTRY4)};
static const struct name triggers[] = {QV_TRIGGERS(ENTRY4)};
static const struct name policies[] = {QV_POLICIES(ENTRY4)};
static const struct name detections[] = {QV_DETECTIONS(ENTRY4)};
static const struct name phases[] = {QV_PHASES(ENTRY4)};
static const struct name traces[] = {QV_TRACE_IDS(ENTRY5)};
static const struct name exits[] = {QV_EXIT_CAUSES(ENTRY3)};
static const struct name stages[] = {
    {QV_STAGE_BOOT, "boot"}, {QV_STAGE_STEADY, "steady"}, {QV_STAGE_RECOVERY, "recovery"}};
static const struct name states[] = {{QV_SB_ABSENT, "absent"},        {QV_SB_BOOTING, "booting"},
                                     {QV_SB_RUNNING, "running"},      {QV_SB_RECOVERING, "recovering"},
                                     {QV_SB_PARKED, "parked"},        {QV_SB_GAVE_UP, "gave-up"},
                                     {QV_SB_RESTARTING, "restarting"}};
static const struct name regions[] = {{QV_REGION_MONITOR, "monitor"},     {QV_REGION_NPT, "nested-page-tables"},
                                      {QV_REGION_IMMUTABLE, "immutable"}, {QV_REGION_CANARY, "canary"},
                                      {QV_REGION_MUTABLE, "mutable"},     {QV_REGION_SHARED, "shared"},
                                      {QV_REGION_TRACE, "trace"},         {QV_REGION_DRIVER, "driver"},
                                      {QV_REGION_STANDBY, "standby"},     {QV_REGION_PRISTINE, "pristine"}};
static const struct name machines[] = {{QV_MACHINE_BOOTING, "booting"},
                                       {QV_MACHINE_READY, "ready"},
                                       {QV_MACHINE_DONE, "done"},
                                       {QV_MACHINE_FAILED, "failed"}};

static const char *find_text(const struct name *list, size_t n, uint32_t number)
{
    for (size_t i = 0; i < n; i++) {
        if (list[i].number == number)
            return list[i].text;
    }
    return "unknown";
}

static int find_number(const struct name *list, size_t n, const char *text)
{
    for (size_t i = 0; i < n; i++) {
        if (strcmp(list[i].text, text) == 0)
            return (int)list[i].number;
    }
    return -1;
}

#define TIMER_ENTRY(sym, num, text) {num, text},
static const struct name timers[] = {QV_TIMERS(TIMER_ENTRY)};
static const struct name modes[] = {{0, "unknown"}, {QV_MODE_MONITOR, "monitor"}, {QV_MODE_NATIVE, "native"}};

#define COUNT(list) (sizeof(list) / sizeof((list)[0]))
#define TEXT_OF(function, list)                                                                                        \
    const char *function(uint32_t number)                                                                              \
    {                                                                                                                  \
        return find_text(list, COUNT(list), number);                                                                   \
    }
#define NUMBER_OF(function, list)                                                                                      \
    int function(const char *name)                                                                                     \
    {                                                                                                                  \
        return find_number(list, COUNT(list), name);                                                                   \
    }

TEXT_OF(qv_fault_name, faults)
TEXT_OF(qv_point_name, points)
TEXT_OF(qv_trigger_name, triggers)
TEXT_OF(qv_policy_name, policies)
TEXT_OF(qv_detection_name, detections)
TEXT_OF(qv_phase_name, phases)
TEXT_OF(qv_trace_name, traces)
TEXT_OF(qv_exit_name, exits)
TEXT_OF(qv_stage_name, stages)
TEXT_OF(qv_state_name, states)
TEXT_OF(qv_region_name, regions)
TEXT_OF(qv_machine_name, machines)
TEXT_OF(qv_mode_name, modes)
TEXT_OF(qv_timer_name, timers)

NUMBER_OF(qv_fault_by_name, faults)
NUMBER_OF(qv_policy_by_name, policies)
NUMBER_OF(qv_detection_by_name, detections)
NUMBER_OF(qv_phase_by_name, phases)
NUMBER_OF(qv_exit_by_name, exits)
NUMBER_OF(qv_mode_by_name, modes)
NUMBER_OF(qv_timer_by_name, timers)

#define MEANING(sym, num, text, a, b) {num, a, b},
static const struct {
    uint32_t number;
    const char *a;
    const char *b;
} meanings[] = {QV_TRACE_IDS(MEANING)};

const char *qv_trace_meaning_a(uint32_t id)
{
    for (size_t i = 0; i < COUNT(meanings); i++) {
        if (meanings[i].number == id)
            return meanings[i].a;
    }
    return NULL;
}

const char *qv_trace_meaning_b(uint32_t id)
{
    for (size_t i = 0; i < COUNT(meanings); i++) {
        if (meanings[i].number == id)
            return meanings[i].b;
    }
    return NULL;
}
