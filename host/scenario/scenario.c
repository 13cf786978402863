/* SPDX-License-Identifier: MIT */
#include "scenario/scenario.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "scenario/keys.h"
#include "scenario/resolve.h"
#include "scenario/tree.h"
#include "scenario/words.h"

static int parse(const char *text, size_t size, const struct scenario_setting *settings, size_t n, struct scenario *out,
                 struct diag *diag)
{
    struct tree tree;
    struct scenario scenario;

    if (tree_build(&tree, text, size, diag) == 0) {
        bool set = true;
        for (size_t i = 0; i < n; i++)
            set = tree_set(&tree, settings[i].path, settings[i].value, diag) == 0 && set;
        memset(&scenario, 0, sizeof(scenario));
        if (set)
            schema_read(scenario_keys, tree.root, &scenario, "the scenario", diag);
        if (set && tree.root->kind == NODE_MAP) {
            scenario_resolve(&scenario);
            scenario_check(&scenario, &tree, diag);
        }
    }
    tree_free(&tree);
    diag_sort(diag);
    if (diag_any(diag))
        return -1;
    *out = scenario;
    return 0;
}

int scenario_parse(const char *text, size_t size, struct scenario *out, struct diag *diag)
{
    return parse(text, size, NULL, 0, out, diag);
}

/* The whole file, or NULL with errno. Reads one byte more than a scenario may have, so that the parser can say so. */
static char *read_file(const char *path, size_t *size)
{
    size_t room = TREE_MAX_BYTES + 1;
    FILE *file = fopen(path, "rb");
    if (file == NULL)
        return NULL;
    char *text = malloc(room);
    if (text != NULL) {
        *size = fread(text, 1, room, file);
        if (ferror(file)) {
            int error = errno;
            free(text);
            text = NULL;
            errno = error;
        }
    }
    int error = errno;
    fclose(file);
    errno = error;
    return text;
}

int scenario_read(const char *path, const struct scenario_setting *settings, size_t n, struct scenario *out,
                  struct diag *diag)
{
    size_t size = 0;
    diag_init(diag, path);
    char *text = read_file(path, &size);
    if (text == NULL) {
        diag_error(diag, (struct mark){0, 0}, "cannot be read: %s, expected a scenario file", strerror(errno));
        return -1;
    }
    int result = parse(text, size, settings, n, out, diag);
    free(text);
    return result;
}

void scenario_print(FILE *stream, const struct scenario *scenario)
{
    schema_print(stream, scenario_keys, scenario);
}

void scenario_print_keys(FILE *stream)
{
    schema_print_keys(stream, scenario_keys, "");
}

bool scenario_client_makes_load(const struct scenario *scenario)
{
    return scenario->load.tool == SCENARIO_TOOL_SANDBOX || scenario->load.tool == SCENARIO_TOOL_TRAFFIC;
}

const char *scenario_processor(const struct scenario *scenario)
{
    const struct scenario_platform *platform = &scenario->platform;
    if (strcmp(platform->processor, "auto") != 0)
        return platform->processor;
    return platform->pmu != SCENARIO_PMU_NONE ? scenario_pmu_name(platform->pmu) : "";
}

uint32_t scenario_nic_count(const struct scenario *scenario)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < scenario->n_sandboxes; i++) {
        uint32_t nic = scenario->sandbox[i].nic;
        if (nic != SCENARIO_NO_NIC && nic + 1 > count)
            count = nic + 1;
    }
    return count;
}

bool scenario_host_network(const struct scenario *scenario)
{
    for (uint32_t i = 0; i < scenario->n_work; i++) {
        if (scenario->work[i].kind == QV_WORK_FLOOD)
            return false;
    }
    return !scenario_client_makes_load(scenario) && scenario->platform.clock != SCENARIO_CLOCK_ICOUNT;
}

uint32_t scenario_work_by_name(const struct scenario *scenario, const char *name, uint32_t *copy)
{
    size_t length = strcspn(name, "#");
    char *end = NULL;
    unsigned long number = name[length] == '#' ? strtoul(name + length + 1, &end, 10) : 0;

    for (uint32_t i = 0; i < scenario->n_work; i++) {
        const struct scenario_work *work = &scenario->work[i];
        if (strlen(work->name) != length || strncmp(work->name, name, length) != 0)
            continue;
        if (number >= work->count || (end != NULL && (*end != '\0' || end == name + length + 1)))
            return QV_NO_WORK;
        if (copy != NULL)
            *copy = (uint32_t)number;
        return i;
    }
    return QV_NO_WORK;
}

uint32_t scenario_slot_by_name(const char *name)
{
    uint64_t value = QV_VCPU_SLOTS;
    return words_value(words_slots, name, &value) ? (uint32_t)value : QV_VCPU_SLOTS;
}

const char *scenario_slot_name(uint32_t slot)
{
    return words_name(words_slots, slot);
}

const char *scenario_platform_name(uint32_t kind)
{
    return words_name(words_platforms, kind);
}

const char *scenario_mode_name(uint32_t mode)
{
    return words_name(words_modes, mode);
}

const char *scenario_clock_name(uint32_t clock)
{
    return words_name(words_clocks, clock);
}

const char *scenario_tool_name(uint32_t tool)
{
    return words_name(words_tools, tool);
}

const char *scenario_arrivals_name(uint32_t arrivals)
{
    return words_name(words_arrivals, arrivals);
}

const char *scenario_pmu_name(uint32_t pmu)
{
    return words_name(words_pmus, pmu);
}

const char *scenario_policy_name(uint32_t policy)
{
    return words_name(words_policies, policy);
}

const char *scenario_fault_name(uint32_t model)
{
    return words_name(words_fault_models, model);
}

const char *scenario_point_name(uint32_t point)
{
    return point == 0 ? "auto" : words_name(words_fault_points, point);
}

const char *scenario_detection_name(uint32_t detection)
{
    return words_name(words_detections, detection);
}

uint32_t scenario_platform_by_name(const char *name)
{
    uint64_t value = 0;
    return words_value(words_platforms, name, &value) ? (uint32_t)value : 0;
}
