/* SPDX-License-Identifier: MIT */
#include "internal.h"

#include <stddef.h>

static const char *check_server(const struct vcpu *v)
{
    uint64_t sum = 0;
    uint64_t before = 0;

    if (v->repl_count < 1 || v->repl_count > v->repl_max)
        return "length of a replenishment list";
    for (uint32_t i = 0; i < v->repl_count; i++) {
        const struct vcpu_repl *r = &v->repl[(v->repl_first + i) % VCPU_MAX_REPL];
        if (r->amount == 0 || r->time < before)
            return "order of a replenishment list";
        before = r->time;
        sum += r->amount;
    }
    if (sum != v->spec.budget)
        return "sum of a replenishment list";
    if (before > server_head(v)->time + v->period)
        return "replenishment more than a period after the head";
    if (v->usage >= server_head(v)->amount)
        return "usage not below the head of its list";
    if (v->early > v->usage)
        return "more taken early than used";
    return NULL;
}

static const char *check_pibs(const struct vcpu *v)
{
    if (v->budget > 0 && v->repl_valid)
        return "PIBS budget at hand and a replenishment";
    if (v->runnable && v->budget == 0 && !v->repl_valid)
        return "PIBS replenishment lost";
    if (!v->runnable && (v->budget > 0 || v->usage > 0))
        return "blocked PIBS with budget or usage";
    if (v->runnable != v->budgeted)
        return "PIBS budgeted flag";
    return NULL;
}

static const char *check_slots(const struct sched *s)
{
    for (uint32_t id = 0; id < s->count; id++) {
        const struct vcpu *v = s->vcpu[id];
        if (v->sched != s || v->id != id || s->slot_id[v->slot] != id)
            return "place of a VCPU";
        if (v->slot >= s->leaves || s->tree[s->leaves + v->slot] != slots_time_of(v))
            return "leaf of the tournament";
        if ((s->background_ready >> id & 1u) != (v->runnable && v->background))
            return "background set";
        for (uint32_t other = 0; other < s->count; other++) {
            const struct vcpu *w = s->vcpu[other];
            if (v->period < w->period && v->slot >= w->slot)
                return "priority order";
        }
    }
    for (uint32_t i = 1; i < s->leaves; i++) {
        if (s->tree[i] != sched_min(s->tree[2 * i], s->tree[2 * i + 1]))
            return "node of the tournament";
    }
    return NULL;
}

const char *sched_check(const struct sched *s)
{
    uint64_t charged = s->start + s->idle_time + s->sched_time + s->retired_time;

    for (uint32_t id = 0; id < s->count; id++) {
        const struct vcpu *v = s->vcpu[id];
        const char *wrong = vcpu_is_server(v) ? check_server(v) : check_pibs(v);
        if (wrong)
            return wrong;
        charged += v->used + v->background_time;
    }
    if (charged != s->last)
        return "time charged is not time passed";
    if (s->current && !s->current->runnable)
        return "blocked VCPU is current";
    return check_slots(s);
}
