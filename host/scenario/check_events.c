/* SPDX-License-Identifier: MIT */
#include "scenario/check_events.h"

#include <stdio.h>
#include <string.h>

#include "events/events.h"

#define PATH 32u

static void say(const struct tree *tree, struct diag *diag, const char *path, const char *text)
{
    diag_error(diag, tree_find(tree, path, NULL)->at, "%s: %s", path, text);
}

static bool all_portable(const struct scenario *scenario)
{
    for (uint32_t i = 0; i < scenario->n_events; i++)
        if (strcmp(scenario->event[i], EVENTS_CYCLES) != 0)
            return false;
    return true;
}

void check_events(const struct scenario *scenario, const struct tree *tree, struct diag *diag)
{
    const char *processor = scenario_processor(scenario);
    char why[EVENTS_WHY];
    char path[PATH];

    bool named = processor == scenario->platform.processor;

    if (scenario->n_events == 0 && !named)
        return; /* a model without names for its events is good enough */
    if (processor[0] != '\0' && !events_processor(processor, why)) {
        say(tree, diag, named ? "platform.processor" : "platform.pmu", why);
        return;
    }
    if (scenario->n_events == 0)
        return;
    if (processor[0] == '\0' && !all_portable(scenario)) {
        say(tree, diag, "events", "of which processor? expected platform.processor or platform.pmu beside it");
        return;
    }
    if (scenario->cost == SCENARIO_COST_NONE && scenario->experiment == SCENARIO_EXPERIMENT_NONE)
        say(tree, diag, "events", "nobody reports them, expected cost: total or paths, or an experiment, beside it");
    for (uint32_t i = 0; i < scenario->n_events; i++) {
        struct qv_pmu_event event;
        snprintf(path, sizeof(path), "events[%u]", i);
        if (scenario->event[i][0] != '\0' && !events_resolve(processor, scenario->event[i], &event, why))
            say(tree, diag, path, why);
    }
}
