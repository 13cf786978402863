/* SPDX-License-Identifier: MIT */
#include "analysis/result_json.h"

#include "analysis/names.h"
#include "analysis/result_fields.h"
#include "qv/fault.h"

static const char *const tick_names[RUN_TICK_KINDS] = {"host-tsc", "instruction", "emulated", "hardware", "nested"};

const char *result_tick_name(enum run_tick_kind kind)
{
    return kind < RUN_TICK_KINDS ? tick_names[kind] : "unknown";
}

/* Sets object[key] = value (a new reference) and passes failures on: json_* return NULL or -1 when memory is short. */
static bool put(json_t *object, const char *key, json_t *value)
{
    return json_object_set_new(object, key, value) == 0;
}

static bool put_text(json_t *object, const char *key, const char *text)
{
    return put(object, key, json_string(text));
}

static bool put_number(json_t *object, const char *key, uint64_t number)
{
    return put(object, key, json_integer((json_int_t)number));
}

/* A new object, also reachable as object[key]. NULL if memory is short. */
static json_t *put_object(json_t *object, const char *key)
{
    return put(object, key, json_object()) ? json_object_get(object, key) : NULL;
}

static json_t *put_array(json_t *object, const char *key)
{
    return put(object, key, json_array()) ? json_object_get(object, key) : NULL;
}

static json_t *append_object(json_t *array)
{
    if (json_array_append_new(array, json_object()) != 0)
        return NULL;
    return json_array_get(array, json_array_size(array) - 1);
}

static double to_us(const struct run_result *r, uint64_t ticks)
{
    return r->tick.hz > 0 ? (double)ticks * 1e6 / r->tick.hz : 0;
}

static bool put_phases(json_t *object, const struct run_result *r, const struct recovery *x)
{
    json_t *list = put_array(object, "phases");
    bool ok = list != NULL;
    for (uint32_t i = 0; ok && x != NULL && i < x->n_spans; i++) {
        const struct phase_span *s = &x->span[i];
        json_t *p = append_object(list);
        ok = p != NULL && put_text(p, "name", qv_phase_name(s->phase)) &&
             (s->open ? put(p, "ticks", json_null()) : put_number(p, "ticks", s->end - s->begin)) &&
             (s->open ? put(p, "us", json_null()) : put(p, "us", json_real(to_us(r, s->end - s->begin)))) &&
             put_number(p, "begin_tsc", s->begin) && put(p, "overlapping", json_boolean(phases_overlaps(s->phase))) &&
             put(p, "derived", json_boolean(s->derived));
    }
    return ok;
}

static bool put_recoveries(json_t *root, const struct run_result *r)
{
    json_t *list = put_array(root, "recoveries");
    bool ok = list != NULL;
    for (size_t i = 0; ok && i < r->recoveries.n; i++) {
        const struct recovery *x = &r->recoveries.item[i];
        json_t *o = append_object(list);
        ok = o != NULL && put_text(o, "fault", qv_fault_name(x->fault)) &&
             put_text(o, "detected_by", qv_detection_name(x->detection)) &&
             put_text(o, "policy", qv_policy_name(x->policy)) && put_table(o, x, &result_recovery_fields) &&
             put_text(o, "gap_after", x->gap_after == 0 ? "" : qv_phase_name(x->gap_after)) && put_phases(o, r, x);
    }
    return ok;
}

static bool put_stats(json_t *object, const struct load_stats *s)
{
    json_t *classes;
    json_t *latency;
    bool ok = put_table(object, s, &result_stats_fields) && (classes = put_object(object, "classes")) != NULL &&
              (latency = put_object(object, "latency_ms")) != NULL;
    for (uint32_t i = 0; ok && i < LOAD_CLASS_COUNT; i++)
        ok = put_number(classes, load_class_name(i), s->by_class[i]);
    return ok && (!s->has_latency || put_table(latency, s, &result_latency_fields));
}

static bool put_load(json_t *root, const struct run_result *r)
{
    if (!r->has_load)
        return put(root, "load", json_null());
    json_t *o = put_object(root, "load");
    if (o == NULL || !put_text(o, "tool", load_tool_name(r->load_tool)) ||
        !put_text(o, "arrivals", r->load_poisson ? "poisson" : "constant") || !put_table(o, r, &result_load_fields) ||
        !put_stats(o, &r->load))
        return false;
    json_t *part;
    if (r->load_summary.present &&
        ((part = put_object(o, "tool_summary")) == NULL || !put_table(part, &r->load_summary, &result_tool_fields)))
        return false;
    if (r->has_split && ((part = put_object(o, "before_fault")) == NULL || !put_stats(part, &r->load_before)))
        return false;
    return !r->has_split || ((part = put_object(o, "after_recovery")) != NULL && put_stats(part, &r->load_after));
}

static bool put_causes(json_t *object, const uint64_t *count)
{
    bool ok = true;
    for (uint32_t k = 0; ok && k < QV_EXIT_CAUSE_SLOTS; k++) {
        if (count[k] > 0)
            ok = put_number(object, qv_exit_name(k), count[k]);
    }
    return ok;
}

/* Causes by stage, summed over the cores and for each core. Causes that never occurred are left out. */
static bool put_exits(json_t *root, const struct run_result *r)
{
    json_t *exits = put_object(root, "exits");
    json_t *cores = exits != NULL ? put_array(exits, "cores") : NULL;
    bool ok = cores != NULL;
    for (uint32_t stage = 0; ok && stage < QV_STAGE_COUNT; stage++) {
        uint64_t sum[QV_EXIT_CAUSE_SLOTS] = {0};
        for (uint32_t i = 0; i < r->n_sandboxes; i++) {
            for (uint32_t k = 0; k < QV_EXIT_CAUSE_SLOTS; k++)
                sum[k] += r->exits[i][stage][k];
        }
        json_t *o = put_object(exits, qv_stage_name(stage));
        ok = o != NULL && put_causes(o, sum);
    }
    for (uint32_t i = 0; ok && i < r->n_sandboxes; i++) {
        json_t *core = append_object(cores);
        ok = core != NULL;
        for (uint32_t stage = 0; ok && stage < QV_STAGE_COUNT; stage++) {
            json_t *o = put_object(core, qv_stage_name(stage));
            ok = o != NULL && put_causes(o, r->exits[i][stage]);
        }
    }
    return ok;
}

static bool put_isolation(json_t *root, const struct run_result *r)
{
    const struct run_isolation *x = &r->isolation;
    json_t *o = put_object(root, "isolation");
    json_t *list = o != NULL ? put_array(o, "breach_list") : NULL;
    bool ok =
        list != NULL && put_table(o, x, &result_isolation_fields) && put_number(o, "iommu_faults", r->iommu_faults);
    for (uint32_t i = 0; ok && i < x->breaches && i < RESULT_MAX_BREACHES; i++) {
        json_t *b = append_object(list);
        ok = b != NULL && put_text(b, "kind", qv_region_name(x->breach[i].kind)) &&
             put_table(b, &x->breach[i], &result_breach_fields);
    }
    return ok;
}

static bool put_sandboxes(json_t *root, const struct run_result *r)
{
    json_t *list = put_array(root, "sandboxes");
    bool ok = list != NULL;
    for (uint32_t i = 0; ok && i < r->n_sandboxes; i++) {
        json_t *o = append_object(list);
        json_t *counters = o != NULL ? put_object(o, "counters") : NULL;
        ok = counters != NULL && put_text(o, "state", qv_state_name(r->sandbox[i].state)) &&
             put_text(o, "timer", qv_timer_name(r->sandbox[i].status.timer)) &&
             put_table(o, &r->sandbox[i], &result_sandbox_fields) &&
             put_table(counters, &r->sandbox[i].status, &result_status_fields);
    }
    return ok;
}

/* Processor time; null where nothing was told. */
static bool put_vcpus(json_t *root, const struct run_result *r)
{
    if (r->vcpus.n == 0)
        return put(root, "vcpus", json_null());
    json_t *o = put_object(root, "vcpus");
    json_t *cores = o != NULL && put_table(o, &r->vcpus, &result_vcpus_fields) ? put_array(o, "cores") : NULL;
    bool ok = cores != NULL;
    for (uint32_t i = 0; ok && i < r->n_sandboxes; i++) {
        json_t *core = append_object(cores);
        ok = core != NULL && put_table(core, &r->vcpus.core[i], &result_core_fields);
    }
    json_t *list = ok ? put_array(o, "list") : NULL;
    ok = list != NULL;
    for (uint32_t i = 0; ok && i < r->vcpus.n; i++) {
        json_t *x = append_object(list);
        ok = x != NULL && put_table(x, &r->vcpus.vcpu[i], &result_vcpu_fields);
    }
    return ok;
}

static bool put_faults(json_t *root, const struct run_result *r)
{
    json_t *list = put_array(root, "faults");
    bool ok = list != NULL;
    for (uint32_t i = 0; ok && i < r->n_faults; i++) {
        json_t *o = append_object(list);
        ok = o != NULL && put_text(o, "model", qv_fault_name(r->fault[i].model)) &&
             put_text(o, "point", qv_point_name(r->fault[i].point)) &&
             put_text(o, "trigger", qv_trigger_name(r->fault[i].trigger)) &&
             put_table(o, &r->fault[i], &result_fault_fields);
    }
    json_t *activity = ok ? put_object(root, "fault_activity") : NULL;
    return activity != NULL && put_table(activity, &r->recoveries, &result_activity_fields);
}

static bool put_injections(json_t *root, const struct run_result *r)
{
    json_t *list = put_array(root, "injections");
    bool ok = list != NULL;
    for (uint32_t i = 0; ok && i < r->n_injections; i++) {
        const struct run_injection *x = &r->injection[i];
        json_t *o = append_object(list);
        json_t *changes = NULL;
        ok = o != NULL && put_text(o, "model", qv_fault_name(x->model)) &&
             put_text(o, "point", qv_point_name(x->point)) && put_table(o, x, &result_injection_fields) &&
             (changes = put_array(o, "changes")) != NULL;
        for (uint32_t k = 0; ok && k < x->n_changes && k < INJECTION_MAX_CHANGES; k++) {
            json_t *c = append_object(changes);
            ok = c != NULL && put_table(c, &x->change[k], &result_change_fields);
        }
    }
    return ok;
}

static bool put_expectations(json_t *root, const struct run_result *r)
{
    json_t *list = put_array(root, "expect");
    json_t *threats = put_array(root, "threats");
    bool ok = list != NULL && threats != NULL;
    for (uint32_t i = 0; ok && i < r->n_expect; i++) {
        json_t *o = append_object(list);
        ok = o != NULL && put_table(o, &r->expect[i], &result_expect_fields);
    }
    for (uint32_t i = 0; ok && i < r->n_threats; i++)
        ok = json_array_append_new(threats, json_string(r->threat[i])) == 0;
    return ok;
}

static bool put_provenance(json_t *root, const struct provenance *p)
{
    json_t *o = put_object(root, "provenance");
    json_t *commands = o != NULL ? put_array(o, "commands") : NULL;
    json_t *hashes = commands != NULL ? put_object(o, "sha256") : NULL;
    bool ok = hashes != NULL && put_table(o, p, &result_provenance_fields);
    for (uint32_t i = 0; ok && i < p->n_commands; i++) {
        json_t *c = append_object(commands);
        ok = c != NULL && put_text(c, "role", p->command[i].role) && put_text(c, "line", p->command[i].line);
    }
    for (uint32_t i = 0; ok && i < p->n_hashes; i++)
        ok = put_text(hashes, p->hash[i].name, p->hash[i].sha256);
    return ok;
}

static bool put_tick(json_t *root, const struct run_result *r)
{
    json_t *o = put_object(root, "tick");
    return o != NULL && put_text(o, "kind", result_tick_name(r->tick.kind)) &&
           put_table(o, &r->tick, &result_tick_fields);
}

/* Only where there are such counts: then nobody who reads them can miss it. */
static bool put_simulated(json_t *root, const struct run_result *r)
{
    return r->simulated[0] == '\0' || put_text(root, "simulated", r->simulated);
}

static bool put_all(json_t *root, const struct run_result *r, json_t *files)
{
    bool ok = put_number(root, "schema", RESULT_SCHEMA) && put_table(root, r, &result_head_fields) &&
              put_tick(root, r) && put_simulated(root, r) && put_text(root, "verdict", r->met ? "met" : "not met") &&
              put_text(root, "outcome", outcome_name(r->outcome)) &&
              put_text(root, "outcome_means", outcome_text(r->outcome)) &&
              put_text(root, "detected_by", qv_detection_name(r->detected_by)) &&
              put_text(root, "policy", qv_policy_name(r->policy)) && put_text(root, "mode", qv_mode_name(r->mode)) &&
              put_faults(root, r) && put_injections(root, r) && put_phases(root, r, result_recovery(r)) &&
              put(root, "outage_ms", json_real(r->outage_ms)) && put_load(root, r) && put_exits(root, r) &&
              put_isolation(root, r) && put_expectations(root, r) && put_recoveries(root, r) &&
              put_sandboxes(root, r) && put_vcpus(root, r) && cost_put_json(root, &r->cost);
    json_t *part;
    ok = ok && (part = put_object(root, "host")) != NULL && put_table(part, &r->host, &result_host_fields);
    if (ok && r->has_trace)
        ok = (part = put_object(root, "trace")) != NULL && put_table(part, r, &result_trace_fields);
    else if (ok)
        ok = put(root, "trace", json_null());
    return ok && put_provenance(root, &r->provenance) && (files == NULL || json_object_set(root, "files", files) == 0);
}

json_t *result_to_json(const struct run_result *r, json_t *files)
{
    json_t *root = json_object();
    if (root != NULL && put_all(root, r, files))
        return root;
    json_decref(root);
    return NULL;
}
