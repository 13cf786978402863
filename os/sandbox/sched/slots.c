/* SPDX-License-Identifier: MIT */
/*
 * Priority order and dispatch. Every VCPU has a slot: slots are ordered by period, within a period the PIBS VCPUs come
 * first, then the servers in the order they were added. As a PIBS VCPU takes over periods of servers only, each period
 * has a slot for each PIBS VCPU, used or not, so that inheritance never moves anybody else.
 *
 * Over the slots stands a tournament of minima: the leaf says from when on its VCPU can run (SCHED_NEVER if blocked or
 * not here), an inner node has the smaller of its two children. One walk from the root finds the first VCPU in
 * priority order that can run, and on the way the earliest time at which one before it will.
 */
#include "internal.h"

#include <stddef.h>

uint64_t slots_time_of(const struct vcpu *v)
{
    return v->runnable ? vcpu_next_budget(v) : SCHED_NEVER;
}

static void set_leaf(struct sched *s, uint32_t slot, uint64_t time)
{
    uint32_t i = s->leaves + slot;

    s->tree[i] = time;
    while (i > 1) {
        i /= 2;
        const uint64_t least = sched_min(s->tree[2 * i], s->tree[2 * i + 1]);
        if (s->tree[i] == least)
            return;
        s->tree[i] = least;
    }
}

void slots_update(struct sched *s, const struct vcpu *v)
{
    set_leaf(s, v->slot, slots_time_of(v));
}

void slots_inherit(struct sched *s, struct vcpu *v, const struct vcpu *server)
{
    v->period = server->period;
    v->inherited = true;
    if (v->level_slot == server->level_slot)
        return;
    set_leaf(s, v->slot, SCHED_NEVER);
    v->level_slot = server->level_slot;
    v->slot = (uint16_t)(v->level_slot + v->io_index);
    s->slot_id[v->slot] = v->id;
    slots_update(s, v);
}

struct vcpu *slots_find(const struct sched *s, uint64_t now, uint64_t *next)
{
    uint32_t i = 1;

    *next = SCHED_NEVER;
    if (s->tree[1] > now) {
        *next = s->tree[1];
        return NULL;
    }
    while (i < s->leaves) {
        i *= 2;
        if (s->tree[i] > now) {
            *next = sched_min(*next, s->tree[i]);
            i++;
        }
    }
    return s->vcpu[s->slot_id[i - s->leaves]];
}

/* The servers in priority order; returns how many there are. */
static uint32_t sort_servers(const struct sched *s, struct vcpu *order[SCHED_MAX_VCPUS])
{
    uint32_t count = 0;

    for (uint32_t id = 0; id < s->count; id++) {
        struct vcpu *v = s->vcpu[id];
        if (!vcpu_is_server(v))
            continue;
        uint32_t i = count++;
        for (; i > 0 && order[i - 1]->period > v->period; i--)
            order[i] = order[i - 1];
        order[i] = v;
    }
    return count;
}

static void place(struct sched *s, struct vcpu *v, uint32_t level, uint32_t slot)
{
    v->level_slot = (uint16_t)level;
    v->slot = (uint16_t)slot;
    s->slot_id[slot] = v->id;
}

/*
 * Whose period a PIBS VCPU has when the set has changed: the shortest not below its own, else (and if it never had
 * one) the longest; NULL without servers.
 */
static const struct vcpu *host_of(const struct vcpu *v, struct vcpu *const *order, uint32_t servers)
{
    const struct vcpu *host = NULL;

    for (uint32_t i = 0; i < servers; i++) {
        host = order[i];
        if (v->inherited && host->period >= v->period)
            break;
    }
    return host;
}

static void number_vcpus(struct sched *s)
{
    s->pibs_count = 0;
    for (uint32_t id = 0; id < s->count; id++) {
        struct vcpu *v = s->vcpu[id];
        v->id = (uint8_t)id;
        if (!vcpu_is_server(v))
            v->io_index = (uint8_t)s->pibs_count++;
    }
}

/* Build the tournament over `slots` places from what the VCPUs say. */
static void fill_tree(struct sched *s, uint32_t slots)
{
    s->leaves = 1;
    while (s->leaves < slots)
        s->leaves *= 2;
    for (uint32_t i = 0; i < 2 * s->leaves; i++)
        s->tree[i] = SCHED_NEVER;
    for (uint32_t id = 0; id < s->count; id++)
        s->tree[s->leaves + s->vcpu[id]->slot] = slots_time_of(s->vcpu[id]);
    for (uint32_t i = s->leaves - 1; i > 0; i--)
        s->tree[i] = sched_min(s->tree[2 * i], s->tree[2 * i + 1]);
}

void slots_rebuild(struct sched *s)
{
    struct vcpu *order[SCHED_MAX_VCPUS];
    uint32_t slots = 0;
    uint32_t level = 0;

    for (uint32_t i = 0; i < SCHED_MAX_SLOTS; i++)
        s->slot_id[i] = SCHED_NO_ID;
    number_vcpus(s);
    const uint32_t servers = sort_servers(s, order);
    for (uint32_t i = 0; i < servers; i++) {
        if (i == 0 || order[i]->period != order[i - 1]->period) {
            level = slots;
            slots += s->pibs_count;
        }
        place(s, order[i], level, slots++);
    }
    for (uint32_t id = 0; id < s->count; id++) {
        struct vcpu *v = s->vcpu[id];
        if (vcpu_is_server(v))
            continue;
        const struct vcpu *host = host_of(v, order, servers);
        if (host)
            v->period = host->period;
        level = host ? host->level_slot : 0;
        place(s, v, level, level + v->io_index);
    }
    fill_tree(s, servers > 0 ? slots : s->pibs_count);
}
