/* SPDX-License-Identifier: MIT */
#include "analysis/outcome.h"

#include <stddef.h>
#include <string.h>

/* A row fits if all of `all`, at least one of `any` (if any is not 0) and none of `none` are facts. First fit decides.
 */
struct row {
    uint32_t all;
    uint32_t any;
    uint32_t none;
    enum qv_outcome outcome;
};

static const struct row table[] = {
    {FACT_HARNESS_ERROR, 0, 0, QV_OUTCOME_HARNESS_ERROR},
    {FACT_BREACH, 0, 0, QV_OUTCOME_ISOLATION_BREACH},
    {FACT_MONITOR_FAILED, 0, 0, QV_OUTCOME_MONITOR_FAILURE},
    {0, FACT_MACHINE_DIED | FACT_OTHERS_DEAD, 0, QV_OUTCOME_SYSTEM_FAILURE},
    {FACT_WRONG_OUTPUT, 0, 0, QV_OUTCOME_SILENT_WRONG_OUTPUT},
    {FACT_DETECTED, 0, FACT_ACTIVATED, QV_OUTCOME_FALSE_ALARM},
    {FACT_EARLY_DETECTION, 0, 0, QV_OUTCOME_FALSE_ALARM},
    /* Nothing was activated: what is left is the system on its own. */
    {0, 0, FACT_ACTIVATED | FACT_SERVICE_UP, QV_OUTCOME_HANG},
    {FACT_FAULT_PLANNED, 0, FACT_ACTIVATED, QV_OUTCOME_NOT_ACTIVATED},
    {FACT_SERVICE_WORSE, 0, FACT_ACTIVATED, QV_OUTCOME_DEGRADED},
    {0, 0, FACT_ACTIVATED, QV_OUTCOME_NO_FAULT},
    /* Activated. */
    {FACT_GAVE_UP, 0, 0, QV_OUTCOME_GAVE_UP},
    {FACT_SERVICE_UP | FACT_RECOVERED_RESTART, 0, 0, QV_OUTCOME_RECOVERED_RESTART},
    {FACT_SERVICE_UP | FACT_RECOVERED_REMOTE, 0, 0, QV_OUTCOME_RECOVERED_REMOTE},
    {FACT_SERVICE_UP | FACT_RECOVERED_LOCAL, 0, 0, QV_OUTCOME_RECOVERED_LOCAL},
    {FACT_SERVICE_UP | FACT_REPAIRED, 0, FACT_STOPPED, QV_OUTCOME_REPAIRED_IN_PLACE},
    {FACT_STOPPED, 0, 0, QV_OUTCOME_CONTAINED},
    {0, 0, FACT_SERVICE_UP, QV_OUTCOME_HANG},
    {FACT_SERVICE_WORSE, 0, 0, QV_OUTCOME_DEGRADED},
    {FACT_DETECTED, 0, 0, QV_OUTCOME_CONTAINED},
    {FACT_STATE_DIFFERS, 0, 0, QV_OUTCOME_LATENT},
    {0, 0, 0, QV_OUTCOME_MASKED},
};

enum qv_outcome outcome_classify(uint32_t facts)
{
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        const struct row *row = &table[i];
        if ((facts & row->all) == row->all && (row->any == 0 || (facts & row->any) != 0) && (facts & row->none) == 0)
            return row->outcome;
    }
    return QV_OUTCOME_HARNESS_ERROR; /* the last row fits everything */
}

#define NAME_ENTRY(sym, name, text) [QV_OUTCOME_##sym] = {name, text},
static const struct {
    const char *name;
    const char *text;
} names[] = {QV_OUTCOMES(NAME_ENTRY)};

const char *outcome_name(enum qv_outcome outcome)
{
    return (unsigned)outcome < QV_OUTCOME_COUNT ? names[outcome].name : "unknown";
}

const char *outcome_text(enum qv_outcome outcome)
{
    return (unsigned)outcome < QV_OUTCOME_COUNT ? names[outcome].text : "unknown";
}

int outcome_by_name(const char *name)
{
    for (int i = 0; i < QV_OUTCOME_COUNT; i++) {
        if (strcmp(names[i].name, name) == 0)
            return i;
    }
    return -1;
}
