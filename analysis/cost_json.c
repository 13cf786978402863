/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "analysis/cost.h"
#include "analysis/json_fields.h"

#define AREA(member) JSON_U64(struct qv_cost_area, member)
static const struct json_field counters[] = {
    AREA(begin_tsc),       AREA(end_tsc),      AREA(idle_ticks),    AREA(sched_ticks),   AREA(rx_frames),
    AREA(rx_skipped),      AREA(rx_dropped),   AREA(tx_frames),     AREA(tx_busy),       AREA(irqs),
    AREA(irq_acks),        AREA(exits),        AREA(http_requests), AREA(http_replies),  AREA(lock_waits),
    AREA(lock_wait_ticks), AREA(datagrams_in), AREA(bytes_in),      AREA(datagrams_out), AREA(bytes_out)};

#define PATH(member) JSON_U64(struct qv_cost_path, member)
static const struct json_field path_fields[] = {PATH(calls), PATH(items), PATH(ticks)};

static const struct json_field head[] = {JSON_BOOL(struct run_cost, unshared), JSON_U32(struct run_cost, bytes),
                                         JSON_U32(struct run_cost, n_sandboxes), JSON_TEXT(struct run_cost, processor)};
static const struct json_field one[] = {JSON_U32(struct run_cost_sandbox, roles),
                                        JSON_U32(struct run_cost_sandbox, nic)};

static bool set(json_t *object, const char *key, json_t *value)
{
    return json_object_set_new(object, key, value) == 0;
}

static bool number(json_t *object, const char *key, uint64_t value)
{
    return set(object, key, json_integer((json_int_t)value));
}

/* An account: instructions, and the events that were counted, by name. */
static bool put_account(json_t *parent, const char *key, const struct run_cost *cost, const struct qv_cost_area *area,
                        const struct qv_cost_account *account)
{
    json_t *o = json_object();
    bool ok = o != NULL && set(parent, key, o) && number(o, "instructions", account->instructions);
    for (uint32_t i = 0; ok && i < area->n_events; i++)
        if (area->counted[i])
            ok = number(o, cost->event[i], account->count[i]);
    return ok;
}

static bool put_counts(json_t *o, const struct run_cost *cost, const struct qv_cost_area *area)
{
    static const char *const vcpus[] = {"service", "nic", "health", "recovery", "probe"};
    char name[16];
    json_t *counts = json_object();
    json_t *missing = json_array();
    bool ok = set(o, "counts", counts) && set(o, "not_counted", missing) && counts != NULL && missing != NULL &&
              put_account(counts, "core", cost, area, &area->core);
    if (ok && (area->flags & QV_COST_PATHS) != 0)
        ok = put_account(counts, "scheduler_and_interrupts", cost, area, &area->overhead) &&
             put_account(counts, "idle", cost, area, &area->idle);
    for (uint32_t v = 0; ok && v < QV_COST_VCPUS; v++) {
        if (area->vcpu[v].instructions == 0)
            continue;
        snprintf(name, sizeof(name), "vcpu_%u", v);
        ok = put_account(counts, v < sizeof(vcpus) / sizeof(vcpus[0]) ? vcpus[v] : name, cost, area, &area->vcpu[v]);
    }
    for (uint32_t i = 0; ok && i < area->n_events; i++)
        if (!area->counted[i])
            ok = json_array_append_new(missing, json_string(cost->event[i])) == 0;
    return ok;
}

static bool put_paths(json_t *o, const struct qv_cost_area *area)
{
    if ((area->flags & QV_COST_PATHS) == 0)
        return set(o, "paths", json_null());
    json_t *list = json_object();
    bool ok = set(o, "paths", list) && list != NULL;
    for (uint32_t p = 0; ok && p < QV_COST_PATH_COUNT; p++) {
        json_t *x = json_object();
        ok = set(list, cost_path_name(p), x) && x != NULL &&
             json_put_fields(x, &area->path[p], path_fields, JSON_COUNT(path_fields));
        if (ok && area->source != QV_PMU_NONE)
            ok = number(x, "instructions", area->path[p].instructions);
    }
    return ok;
}

/* Whose own counters they are, as makers number them ("06_2AH"), and why they are not those that were asked for. */
static bool put_processor(json_t *o, const struct qv_cost_area *area)
{
    char name[16];
    snprintf(name, sizeof(name), "%02X_%02XH", area->processor >> 16 & 0xffu, area->processor & 0xffu);
    return set(o, "counted_on", json_string(name)) &&
           (area->reason[0] == '\0' || set(o, "reason", json_string(area->reason)));
}

static bool put_sandbox(json_t *list, uint32_t index, const struct run_cost *cost)
{
    const struct run_cost_sandbox *s = &cost->sandbox[index];
    const struct qv_cost_area *area = &s->area;
    json_t *o = json_object();
    json_t *c = json_object();
    bool ok = json_array_append_new(list, o) == 0 && o != NULL && number(o, "sandbox", index) &&
              json_put_fields(o, s, one, JSON_COUNT(one)) &&
              set(o, "pmu", json_string(cost_source_name(area->source))) && set(o, "counters", c) && c != NULL &&
              json_put_fields(c, area, counters, JSON_COUNT(counters)) && put_paths(o, area);
    if (ok && area->source == QV_PMU_NONE)
        return set(o, "reason", json_string(area->reason)) && set(o, "counts", json_null());
    if (ok && area->source == QV_PMU_EMULATED)
        ok = set(o, "simulated", json_string(area->model));
    else if (ok)
        ok = put_processor(o, area);
    return ok && put_counts(o, cost, area);
}

bool cost_put_json(json_t *root, const struct run_cost *cost)
{
    if (!cost->present)
        return set(root, "cost", json_null());
    json_t *o = json_object();
    json_t *events = json_array();
    json_t *list = json_array();
    bool ok = set(root, "cost", o) && o != NULL && set(o, "traffic", json_string(cost_traffic_name(cost->traffic))) &&
              json_put_fields(o, cost, head, JSON_COUNT(head)) && set(o, "events", events) && events != NULL &&
              set(o, "sandboxes", list) && list != NULL;
    for (uint32_t i = 0; ok && i < cost->n_events; i++)
        ok = json_array_append_new(events, json_string(cost->event[i])) == 0;
    for (uint32_t i = 0; ok && i < cost->n_sandboxes; i++)
        if (cost->sandbox[i].present)
            ok = put_sandbox(list, i, cost);
    return ok;
}

/* --- reading back: what tables and pictures need --- */

static int bad(struct qv_error *err, const char *where, const char *expected)
{
    return qv_error_set(err, -EINVAL, "%s: expected %s", where, expected);
}

static uint32_t by_name(const char *name, const char *(*name_of)(uint32_t), uint32_t limit)
{
    for (uint32_t i = 0; name != NULL && i < limit; i++)
        if (strcmp(name_of(i), name) == 0)
            return i;
    return limit;
}

static uint64_t count_of(const json_t *object, const char *key)
{
    return (uint64_t)json_integer_value(json_object_get(object, key));
}

static int get_paths(const json_t *list, struct qv_cost_area *area, struct qv_error *err)
{
    if (json_is_null(list))
        return 0;
    area->flags |= QV_COST_PATHS;
    for (uint32_t p = 0; p < QV_COST_PATH_COUNT; p++) {
        const json_t *x = json_object_get(list, cost_path_name(p));
        int code = json_get_fields(x, &area->path[p], path_fields, JSON_COUNT(path_fields), "cost.paths", err);
        if (code != 0)
            return code;
        area->path[p].instructions = count_of(x, "instructions");
    }
    return 0;
}

static int get_sandbox(const json_t *o, struct run_cost *cost, struct qv_error *err)
{
    uint64_t index = count_of(o, "sandbox");
    if (index >= cost->n_sandboxes)
        return bad(err, "cost.sandboxes.sandbox", "a sandbox of the run");
    struct run_cost_sandbox *s = &cost->sandbox[index];
    const json_t *counts = json_object_get(o, "counts");
    s->present = true;
    s->area.source = by_name(json_string_value(json_object_get(o, "pmu")), cost_source_name, QV_PMU_EMULATED + 1u);
    if (s->area.source > QV_PMU_EMULATED)
        return bad(err, "cost.sandboxes.pmu", "a known source");
    snprintf(s->area.model, sizeof(s->area.model), "%s",
             json_is_string(json_object_get(o, "simulated")) ? json_string_value(json_object_get(o, "simulated")) : "");
    snprintf(s->area.reason, sizeof(s->area.reason), "%s",
             json_is_string(json_object_get(o, "reason")) ? json_string_value(json_object_get(o, "reason")) : "");
    s->area.core.instructions = count_of(json_object_get(counts, "core"), "instructions");
    s->area.idle.instructions = count_of(json_object_get(counts, "idle"), "instructions");
    s->area.overhead.instructions = count_of(json_object_get(counts, "scheduler_and_interrupts"), "instructions");
    for (uint32_t i = 0; i < cost->n_events; i++) {
        const json_t *core = json_object_get(counts, "core");
        s->area.counted[i] = json_object_get(core, cost->event[i]) != NULL;
        s->area.core.count[i] = count_of(core, cost->event[i]);
    }
    int code = json_get_fields(o, s, one, JSON_COUNT(one), "cost.sandboxes", err);
    if (code == 0)
        code = json_get_fields(json_object_get(o, "counters"), &s->area, counters, JSON_COUNT(counters),
                               "cost.counters", err);
    return code == 0 ? get_paths(json_object_get(o, "paths"), &s->area, err) : code;
}

int cost_get_json(const json_t *root, struct run_cost *cost, struct qv_error *err)
{
    const json_t *o = json_object_get(root, "cost");
    memset(cost, 0, sizeof(*cost));
    if (o == NULL || json_is_null(o)) /* results of before there was such a report have none */
        return 0;
    const json_t *events = json_object_get(o, "events");
    const json_t *list = json_object_get(o, "sandboxes");
    int code = json_get_fields(o, cost, head, JSON_COUNT(head), "cost", err);
    if (code != 0)
        return code;
    cost->traffic =
        by_name(json_string_value(json_object_get(o, "traffic")), cost_traffic_name, QV_TRAFFIC_TCP_SEND + 1u);
    if (cost->traffic > QV_TRAFFIC_TCP_SEND || cost->n_sandboxes > QV_MAX_SANDBOXES ||
        json_array_size(events) > QV_PMU_EVENTS || !json_is_array(list))
        return bad(err, "cost", "traffic, events and sandboxes as the schema has them");
    cost->n_events = (uint32_t)json_array_size(events);
    for (uint32_t i = 0; i < cost->n_events; i++) {
        const char *name = json_string_value(json_array_get(events, i));
        snprintf(cost->event[i], sizeof(cost->event[i]), "%s", name != NULL ? name : "");
    }
    for (size_t i = 0; code == 0 && i < json_array_size(list); i++)
        code = get_sandbox(json_array_get(list, i), cost, err);
    cost->present = code == 0 && json_array_size(list) > 0;
    return code;
}
