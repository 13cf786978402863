/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/names.h"
#include "analysis/result_fields.h"
#include "analysis/result_json.h"
#include "qv/fault.h"

static int bad(struct qv_error *err, const char *where, const char *expected)
{
    return qv_error_set(err, -EINVAL, "%s: expected %s", where, expected);
}

/* A name that `lookup` turns into a number. */
static int get_name(const json_t *object, const char *key, int (*lookup)(const char *), uint32_t *out,
                    struct qv_error *err)
{
    const char *text = json_string_value(json_object_get(object, key));
    int number = text != NULL ? lookup(text) : -1;
    if (number < 0)
        return bad(err, key, "a known name");
    *out = (uint32_t)number;
    return 0;
}

static int point_by_name(const char *name)
{
    for (uint32_t i = 0; i < 64; i++) {
        if (strcmp(qv_point_name(i), name) == 0)
            return (int)i;
    }
    return -1;
}

static int trigger_by_name(const char *name)
{
    for (uint32_t i = 0; i < 64; i++) {
        if (strcmp(qv_trigger_name(i), name) == 0)
            return (int)i;
    }
    return -1;
}

static int state_by_name(const char *name)
{
    for (uint32_t i = 0; i < 64; i++) {
        if (strcmp(qv_state_name(i), name) == 0)
            return (int)i;
    }
    return -1;
}

static int region_by_name(const char *name)
{
    for (uint32_t i = 0; i < 64; i++) {
        if (strcmp(qv_region_name(i), name) == 0)
            return (int)i;
    }
    return -1;
}

static int tick_by_name(const char *name)
{
    for (int i = 0; i < RUN_TICK_KINDS; i++) {
        if (strcmp(result_tick_name((enum run_tick_kind)i), name) == 0)
            return i;
    }
    return -1;
}

/* The list object[key]; NULL and an error if it is none or longer than `most`. */
static const json_t *get_list(const json_t *object, const char *key, size_t most, struct qv_error *err)
{
    const json_t *list = json_object_get(object, key);
    if (json_is_array(list) && json_array_size(list) <= most)
        return list;
    (void)bad(err, key, "a list, not longer than the schema allows");
    return NULL;
}

static int read_span(const json_t *o, struct phase_span *s, struct qv_error *err)
{
    const json_t *ticks = json_object_get(o, "ticks");
    const json_t *begin = json_object_get(o, "begin_tsc");
    int code = get_name(o, "name", qv_phase_by_name, &s->phase, err);
    if (code != 0)
        return code;
    s->open = json_is_null(ticks);
    s->derived = json_is_true(json_object_get(o, "derived"));
    if (!json_is_integer(begin) || json_integer_value(begin) < 0 ||
        (!s->open && (!json_is_integer(ticks) || json_integer_value(ticks) < 0)))
        return bad(err, "recoveries.phases", "ticks and begin_tsc as integers");
    s->begin = (uint64_t)json_integer_value(begin);
    s->end = s->begin + (s->open ? 0 : (uint64_t)json_integer_value(ticks));
    return 0;
}

static int read_recovery(const json_t *o, struct recovery *x, struct qv_error *err)
{
    int code = get_table(o, x, &result_recovery_fields, "recoveries", err);
    if (code == 0)
        code = get_name(o, "fault", qv_fault_by_name, &x->fault, err);
    if (code == 0)
        code = get_name(o, "detected_by", qv_detection_by_name, &x->detection, err);
    if (code == 0)
        code = get_name(o, "policy", qv_policy_by_name, &x->policy, err);
    const char *gap = json_string_value(json_object_get(o, "gap_after"));
    x->gap_after = gap != NULL && gap[0] != '\0' && qv_phase_by_name(gap) > 0 ? (uint32_t)qv_phase_by_name(gap) : 0;
    const json_t *spans = code == 0 ? get_list(o, "phases", PHASES_MAX_SPANS, err) : NULL;
    if (spans == NULL)
        return code != 0 ? code : -EINVAL;
    for (size_t i = 0; code == 0 && i < json_array_size(spans); i++)
        code = read_span(json_array_get(spans, i), &x->span[x->n_spans++], err);
    return code;
}

static int read_recoveries(const json_t *root, struct run_result *r, struct qv_error *err)
{
    const json_t *list = get_list(root, "recoveries", PHASES_MAX_RECOVERIES, err);
    if (list == NULL)
        return -EINVAL;
    r->recoveries.item = calloc(json_array_size(list) + 1, sizeof(*r->recoveries.item));
    if (r->recoveries.item == NULL)
        return qv_error_set(err, -ENOMEM, "result: no memory");
    int code = get_table(json_object_get(root, "fault_activity"), &r->recoveries, &result_activity_fields,
                         "fault_activity", err);
    for (size_t i = 0; code == 0 && i < json_array_size(list); i++)
        code = read_recovery(json_array_get(list, i), &r->recoveries.item[r->recoveries.n++], err);
    return code;
}

static int read_stats(const json_t *o, struct load_stats *s, const char *where, struct qv_error *err)
{
    int code = get_table(o, s, &result_stats_fields, where, err);
    const json_t *classes = json_object_get(o, "classes");
    const json_t *latency = json_object_get(o, "latency_ms");
    for (uint32_t i = 0; i < LOAD_CLASS_COUNT; i++) {
        json_int_t n = json_integer_value(json_object_get(classes, load_class_name(i)));
        s->by_class[i] = n > 0 ? (uint64_t)n : 0;
    }
    s->has_latency = json_object_size(latency) > 0;
    if (code == 0 && s->has_latency)
        code = get_table(latency, s, &result_latency_fields, "load.latency_ms", err);
    return code;
}

static int read_load(const json_t *root, struct run_result *r, struct qv_error *err)
{
    const json_t *o = json_object_get(root, "load");
    if (json_is_null(o))
        return 0;
    r->has_load = true;
    int code = get_name(o, "tool", load_tool_by_name, &r->load_tool, err);
    const char *arrivals = json_string_value(json_object_get(o, "arrivals"));
    r->load_poisson = arrivals != NULL && strcmp(arrivals, "poisson") == 0;
    if (code == 0)
        code = get_table(o, r, &result_load_fields, "load", err);
    if (code == 0)
        code = read_stats(o, &r->load, "load", err);
    const json_t *part = json_object_get(o, "tool_summary");
    if (code == 0 && part != NULL) {
        r->load_summary.present = true;
        code = get_table(part, &r->load_summary, &result_tool_fields, "load.tool_summary", err);
    }
    part = json_object_get(o, "before_fault");
    r->has_split = part != NULL;
    if (code == 0 && r->has_split)
        code = read_stats(part, &r->load_before, "load.before_fault", err);
    if (code == 0 && r->has_split)
        code = read_stats(json_object_get(o, "after_recovery"), &r->load_after, "load.after_recovery", err);
    return code;
}

static int read_exits(const json_t *root, struct run_result *r, struct qv_error *err)
{
    const json_t *cores = get_list(json_object_get(root, "exits"), "cores", QV_MAX_SANDBOXES, err);
    if (cores == NULL)
        return -EINVAL;
    for (size_t i = 0; i < json_array_size(cores); i++) {
        for (uint32_t stage = 0; stage < QV_STAGE_COUNT; stage++) {
            const json_t *o = json_object_get(json_array_get(cores, i), qv_stage_name(stage));
            for (uint32_t k = 0; k < QV_EXIT_CAUSE_SLOTS; k++) {
                json_int_t n = json_integer_value(json_object_get(o, qv_exit_name(k)));
                r->exits[i][stage][k] = n > 0 ? (uint64_t)n : 0;
            }
        }
    }
    r->has_directory = json_array_size(cores) > 0;
    return 0;
}

static int read_isolation(const json_t *root, struct run_result *r, struct qv_error *err)
{
    const json_t *o = json_object_get(root, "isolation");
    int code = get_table(o, &r->isolation, &result_isolation_fields, "isolation", err);
    const json_t *list = code == 0 ? get_list(o, "breach_list", RESULT_MAX_BREACHES, err) : NULL;
    json_int_t faults = json_integer_value(json_object_get(o, "iommu_faults"));
    r->iommu_faults = faults > 0 ? (uint64_t)faults : 0;
    for (size_t i = 0; list != NULL && code == 0 && i < json_array_size(list); i++) {
        const json_t *b = json_array_get(list, i);
        code = get_table(b, &r->isolation.breach[i], &result_breach_fields, "isolation.breach_list", err);
        if (code == 0)
            code = get_name(b, "kind", region_by_name, &r->isolation.breach[i].kind, err);
    }
    return list == NULL && code == 0 ? -EINVAL : code;
}

static int read_sandboxes(const json_t *root, struct run_result *r, struct qv_error *err)
{
    const json_t *list = get_list(root, "sandboxes", QV_MAX_SANDBOXES, err);
    if (list == NULL)
        return -EINVAL;
    int code = 0;
    for (size_t i = 0; code == 0 && i < json_array_size(list); i++) {
        const json_t *o = json_array_get(list, i);
        struct run_sandbox *s = &r->sandbox[i];
        s->present = true;
        code = get_name(o, "state", state_by_name, &s->state, err);
        if (code == 0)
            code = get_table(o, s, &result_sandbox_fields, "sandboxes", err);
        if (code == 0)
            code =
                get_table(json_object_get(o, "counters"), &s->status, &result_status_fields, "sandboxes.counters", err);
        if (code == 0 && json_object_get(o, "timer") != NULL) /* results of versions before this was added have none */
            code = get_name(o, "timer", qv_timer_by_name, &s->status.timer, err);
        r->n_sandboxes++;
    }
    return code;
}

/* Results of versions before this was added have none. */
static int read_vcpus(const json_t *root, struct run_result *r, struct qv_error *err)
{
    const json_t *o = json_object_get(root, "vcpus");
    if (!json_is_object(o))
        return 0;
    const json_t *cores = get_list(o, "cores", QV_MAX_SANDBOXES, err);
    const json_t *list = cores != NULL ? get_list(o, "list", (size_t)QV_MAX_SANDBOXES * QV_MAX_VCPUS, err) : NULL;
    if (list == NULL)
        return -EINVAL;
    int code = get_table(o, &r->vcpus, &result_vcpus_fields, "vcpus", err);
    r->vcpus.vcpu = calloc(json_array_size(list) + 1, sizeof(*r->vcpus.vcpu));
    if (r->vcpus.vcpu == NULL)
        return -ENOMEM;
    for (size_t i = 0; code == 0 && i < json_array_size(cores); i++)
        code = get_table(json_array_get(cores, i), &r->vcpus.core[i], &result_core_fields, "vcpus.cores", err);
    for (size_t i = 0; code == 0 && i < json_array_size(list); i++) {
        code = get_table(json_array_get(list, i), &r->vcpus.vcpu[i], &result_vcpu_fields, "vcpus.list", err);
        if (code == 0 && r->vcpus.vcpu[i].sandbox >= QV_MAX_SANDBOXES)
            code = bad(err, "vcpus.list.sandbox", "the number of a sandbox");
        r->vcpus.n++;
    }
    return code;
}

static int read_faults(const json_t *root, struct run_result *r, struct qv_error *err)
{
    const json_t *list = get_list(root, "faults", QV_MAX_FAULTS, err);
    if (list == NULL)
        return -EINVAL;
    int code = 0;
    for (size_t i = 0; code == 0 && i < json_array_size(list); i++) {
        const json_t *o = json_array_get(list, i);
        struct run_fault *f = &r->fault[r->n_faults++];
        code = get_table(o, f, &result_fault_fields, "faults", err);
        if (code == 0)
            code = get_name(o, "model", qv_fault_by_name, &f->model, err);
        if (code == 0)
            code = get_name(o, "point", point_by_name, &f->point, err);
        if (code == 0)
            code = get_name(o, "trigger", trigger_by_name, &f->trigger, err);
    }
    return code;
}

static int read_injection(const json_t *o, struct run_injection *x, struct qv_error *err)
{
    int code = get_table(o, x, &result_injection_fields, "injections", err);
    if (code == 0)
        code = get_name(o, "model", qv_fault_by_name, &x->model, err);
    if (code == 0)
        code = get_name(o, "point", point_by_name, &x->point, err);
    const json_t *changes = code == 0 ? get_list(o, "changes", INJECTION_MAX_CHANGES, err) : NULL;
    if (changes == NULL)
        return code != 0 ? code : -EINVAL;
    for (size_t i = 0; code == 0 && i < json_array_size(changes); i++)
        code = get_table(json_array_get(changes, i), &x->change[i], &result_change_fields, "injections.changes", err);
    if (code == 0 &&
        json_array_size(changes) != (x->n_changes < INJECTION_MAX_CHANGES ? x->n_changes : INJECTION_MAX_CHANGES))
        return bad(err, "injections.n_changes", "the number of changes");
    return code;
}

/* Results of versions before this list was added have none. */
static int read_injections(const json_t *root, struct run_result *r, struct qv_error *err)
{
    if (json_object_get(root, "injections") == NULL)
        return 0;
    const json_t *list = get_list(root, "injections", QV_MAX_FAULTS, err);
    if (list == NULL)
        return -EINVAL;
    int code = 0;
    for (size_t i = 0; code == 0 && i < json_array_size(list); i++)
        code = read_injection(json_array_get(list, i), &r->injection[r->n_injections++], err);
    return code;
}

static int read_expectations(const json_t *root, struct run_result *r, struct qv_error *err)
{
    const json_t *list = get_list(root, "expect", RESULT_MAX_EXPECT, err);
    const json_t *threats = list != NULL ? get_list(root, "threats", RESULT_MAX_THREATS, err) : NULL;
    if (threats == NULL)
        return -EINVAL;
    int code = 0;
    for (size_t i = 0; code == 0 && i < json_array_size(list); i++)
        code = get_table(json_array_get(list, i), &r->expect[r->n_expect++], &result_expect_fields, "expect", err);
    for (size_t i = 0; code == 0 && i < json_array_size(threats); i++) {
        const char *text = json_string_value(json_array_get(threats, i));
        if (text == NULL)
            return bad(err, "threats", "strings");
        (void)snprintf(r->threat[r->n_threats++], sizeof(r->threat[0]), "%.*s", (int)sizeof(r->threat[0]) - 1, text);
    }
    return code;
}

static int read_provenance(const json_t *root, struct provenance *p, struct qv_error *err)
{
    const json_t *o = json_object_get(root, "provenance");
    int code = get_table(o, p, &result_provenance_fields, "provenance", err);
    const json_t *commands = code == 0 ? get_list(o, "commands", PROVENANCE_MAX_COMMANDS, err) : NULL;
    if (commands == NULL)
        return code != 0 ? code : -EINVAL;
    for (size_t i = 0; i < json_array_size(commands); i++) {
        const char *role = json_string_value(json_object_get(json_array_get(commands, i), "role"));
        const char *line = json_string_value(json_object_get(json_array_get(commands, i), "line"));
        if (role == NULL || line == NULL)
            return bad(err, "provenance.commands", "role and line");
        (void)snprintf(p->command[i].role, sizeof(p->command[i].role), "%s", role);
        (void)snprintf(p->command[i].line, sizeof(p->command[i].line), "%s", line);
        p->n_commands++;
    }
    const char *name;
    json_t *value;
    json_object_foreach((json_t *)(uintptr_t)json_object_get(o, "sha256"), name, value)
    {
        const char *text = json_string_value(value);
        if (text == NULL || strlen(text) != 64 || p->n_hashes == PROVENANCE_MAX_HASHES)
            return bad(err, "provenance.sha256", "names and SHA-256 sums");
        (void)snprintf(p->hash[p->n_hashes].name, sizeof(p->hash[0].name), "%s", name);
        memcpy(p->hash[p->n_hashes].sha256, text, 65);
        p->n_hashes++;
    }
    return 0;
}

static int read_head(const json_t *root, struct run_result *r, struct qv_error *err)
{
    uint32_t number = 0;
    if (json_integer_value(json_object_get(root, "schema")) != RESULT_SCHEMA)
        return bad(err, "schema", "1");
    int code = get_table(root, r, &result_head_fields, "", err);
    const json_t *tick = json_object_get(root, "tick");
    const char *simulated = json_string_value(json_object_get(root, "simulated")); /* may be missing */
    (void)snprintf(r->simulated, sizeof(r->simulated), "%s", simulated != NULL ? simulated : "");
    if (code == 0)
        code = get_table(tick, &r->tick, &result_tick_fields, "tick", err);
    if (code == 0)
        code = get_name(tick, "kind", tick_by_name, &number, err);
    if (code == 0) {
        r->tick.kind = (enum run_tick_kind)number;
        code = get_name(root, "outcome", outcome_by_name, &number, err);
    }
    if (code == 0) {
        r->outcome = (enum qv_outcome)number;
        code = get_name(root, "detected_by", qv_detection_by_name, &r->detected_by, err);
    }
    if (code == 0)
        code = get_name(root, "policy", qv_policy_by_name, &r->policy, err);
    if (code == 0)
        code = get_name(root, "mode", qv_mode_by_name, &r->mode, err);
    if (code != 0)
        return code;
    const char *verdict = json_string_value(json_object_get(root, "verdict"));
    if (verdict == NULL || (strcmp(verdict, "met") != 0 && strcmp(verdict, "not met") != 0))
        return bad(err, "verdict", "\"met\" or \"not met\"");
    r->met = strcmp(verdict, "met") == 0;
    if (!json_is_number(json_object_get(root, "outage_ms")))
        return bad(err, "outage_ms", "a number");
    r->outage_ms = json_number_value(json_object_get(root, "outage_ms"));
    return get_table(json_object_get(root, "host"), &r->host, &result_host_fields, "host", err);
}

int result_from_json(const json_t *root, struct run_result *r, struct qv_error *err)
{
    static int (*const part[])(const json_t *, struct run_result *, struct qv_error *) = {
        read_head,  read_faults,    read_injections, read_recoveries,   read_load,
        read_exits, read_isolation, read_sandboxes,  read_expectations, read_vcpus,
    };
    if (!json_is_object(root))
        return bad(err, "result", "an object");
    for (size_t i = 0; i < sizeof(part) / sizeof(part[0]); i++) {
        int code = part[i](root, r, err);
        if (code != 0)
            return code;
    }
    int cost = cost_get_json(root, &r->cost, err);
    if (cost != 0)
        return cost;
    const json_t *trace = json_object_get(root, "trace");
    r->has_trace = !json_is_null(trace);
    int code = r->has_trace ? get_table(trace, r, &result_trace_fields, "trace", err) : 0;
    /* What the table of detections keeps beside the counts. */
    r->recoveries.first_detection = r->detected_by;
    return code == 0 ? read_provenance(root, &r->provenance, err) : code;
}
