/* SPDX-License-Identifier: MIT */
/*
 * The plain simulator: one tick at a time, everything by linear search, no cleverness. Written from the rules in
 * docs/scheduling.md alone; from the core's header it takes the layout of a spec and the bound of the list.
 */
#include <string.h>

#include "test_sched_model.h"

struct chunk {
    uint64_t time;
    uint64_t amount;
};

struct ref {
    const struct vcpu_spec *spec;
    bool pibs;
    bool runnable;
    uint64_t work;
    uint64_t period;
    uint64_t usage;

    struct chunk list[VCPU_MAX_REPL + 1]; /* sorted by time */
    uint32_t chunks;
    uint64_t early;

    uint64_t budget;
    uint64_t elig; /* eligibility time times spec->num, so that it is a whole number */
    bool budgeted;
    bool pending;
    uint64_t pending_time;
    uint64_t pending_amount;
};

struct sim {
    const struct model *m;
    struct model_result *r;
    struct ref v[MODEL_VCPUS];
    int current;
    bool in_background;
    uint64_t turn_end;
    uint32_t turn_next;
};

static uint64_t pibs_full(const struct ref *v)
{
    const uint64_t full = v->period * v->spec->num / v->spec->den;

    return full > 0 ? full : 1;
}

static uint64_t pibs_eligible(const struct ref *v)
{
    return (v->elig + v->spec->num - 1) / v->spec->num;
}

static void list_remove_first(struct ref *v)
{
    for (uint32_t i = 1; i < v->chunks; i++)
        v->list[i - 1] = v->list[i];
    v->chunks--;
}

static void list_insert(struct ref *v, uint64_t time, uint64_t amount)
{
    uint32_t i = v->chunks++;

    while (i > 0 && v->list[i - 1].time > time) {
        v->list[i] = v->list[i - 1];
        i--;
    }
    v->list[i] = (struct chunk){time, amount};
}

static bool has_budget(const struct ref *v, uint64_t now)
{
    if (v->pibs)
        return v->budget > 0;
    return v->list[0].time + v->early <= now;
}

static void pibs_end_of_budget(struct ref *v)
{
    v->elig += v->usage * v->spec->den;
    if (!v->pending) {
        v->pending = true;
        v->pending_amount = pibs_full(v);
    }
    v->pending_time = pibs_eligible(v);
    v->usage = 0;
    v->budget = 0;
}

/* v runs in [now, now + 1) on its budget, or beyond it. */
static void charge_tick(struct sim *sim, uint32_t id, uint64_t now)
{
    struct ref *v = &sim->v[id];

    sim->r->used[id]++;
    if (v->pibs) {
        v->usage++;
        if (v->budget > 0)
            v->budget--;
        if (v->budget == 0)
            pibs_end_of_budget(v);
        return;
    }
    sim->r->due[now] = v->list[0].time + v->usage;
    if (!has_budget(v, now)) {
        v->early++;
        sim->r->overrun[id]++;
    }
    v->usage++;
    if (v->usage == v->list[0].amount) {
        const struct chunk spent = v->list[0];
        list_remove_first(v);
        list_insert(v, spent.time + v->spec->period, spent.amount);
        v->usage = 0;
        v->early = 0;
    }
}

static void block(struct sim *sim, uint32_t id, uint64_t now)
{
    struct ref *v = &sim->v[id];

    if (!v->runnable)
        return;
    v->runnable = false;
    if (sim->current == (int)id)
        sim->current = MODEL_IDLE;
    if (v->pibs) {
        pibs_end_of_budget(v);
        v->budgeted = false;
        return;
    }
    if (v->usage == 0 || !has_budget(v, now))
        return;
    const struct chunk head = v->list[0];
    const uint64_t rest = head.amount - v->usage;
    if (v->chunks == sim->m->repl_max[id]) {
        list_remove_first(v);
        v->list[0].amount += rest;
    } else {
        v->list[0].amount = rest;
    }
    list_insert(v, head.time + v->spec->period, v->usage);
    v->usage = 0;
    v->early = 0;
}

static void wake_server(struct ref *v, uint64_t now)
{
    if (v->runnable)
        return;
    v->runnable = true;
    if (!has_budget(v, now))
        return;
    v->list[0].time = now;
    v->early = 0;
    while (v->chunks > 1 && v->list[1].time <= now + v->list[0].amount - v->usage) {
        v->list[1].amount += v->list[0].amount;
        v->list[1].time = now;
        list_remove_first(v);
    }
}

static void wake_pibs(struct sim *sim, uint32_t id, uint64_t now, uint32_t server)
{
    struct ref *v = &sim->v[id];
    const bool running = sim->current == (int)id && !sim->in_background;
    const uint64_t num = v->spec->num;

    if (server != MODEL_NONE) {
        const uint64_t period = sim->v[server].period;
        if (v->runnable && period < v->period) {
            v->period = period;
            if (v->budget > pibs_full(v))
                v->budget = pibs_full(v);
            const uint64_t paid = v->usage * v->spec->den / num;
            if (running && now > paid && v->elig < (now - paid) * num && v->elig / num < now - paid)
                v->elig = (now - paid) * num;
        } else if (!v->runnable) {
            v->period = period;
        }
    }
    if (!running && v->elig / num < now)
        v->elig = now * num;
    if (v->pending) {
        v->pending_amount = pibs_full(v);
    } else if (!v->budgeted) {
        v->pending = true;
        v->pending_time = pibs_eligible(v);
        v->pending_amount = pibs_full(v);
    }
    v->budgeted = true;
    v->runnable = true;
}

/* a before b: shorter period first; with equal periods I/O first, then who was added first. */
static bool before(const struct sim *sim, uint32_t a, uint32_t b)
{
    const struct ref *x = &sim->v[a];
    const struct ref *y = &sim->v[b];

    if (x->period != y->period)
        return x->period < y->period;
    if (x->pibs != y->pibs)
        return x->pibs;
    return a < b;
}

static void choose_background(struct sim *sim, uint64_t now)
{
    uint32_t candidates = 0;
    int chosen = MODEL_IDLE;

    for (uint32_t k = 0; k < SCHED_MAX_VCPUS; k++) {
        const uint32_t id = (sim->turn_next + k) % SCHED_MAX_VCPUS;
        if (id >= sim->m->count || !sim->v[id].runnable || !sim->m->background[id])
            continue;
        candidates++;
        if (chosen == MODEL_IDLE)
            chosen = (int)id;
    }
    if (sim->in_background && sim->current != MODEL_IDLE && candidates > 0 &&
        (candidates == 1 ? sim->current == chosen : now < sim->turn_end))
        return;
    sim->current = chosen;
    sim->in_background = chosen != MODEL_IDLE;
    if (chosen != MODEL_IDLE) {
        sim->turn_next = ((uint32_t)chosen + 1) % SCHED_MAX_VCPUS;
        sim->turn_end = now + sim->m->quantum;
    }
}

static void choose(struct sim *sim, uint64_t now)
{
    int best = MODEL_IDLE;

    for (uint32_t id = 0; id < sim->m->count; id++) {
        struct ref *v = &sim->v[id];
        if (v->pibs && v->runnable && v->pending && v->pending_time <= now) {
            v->pending = false;
            v->budget = v->pending_amount;
            v->elig = pibs_eligible(v) * v->spec->num;
        }
        if (v->runnable && has_budget(v, now) && (best == MODEL_IDLE || before(sim, id, (uint32_t)best)))
            best = (int)id;
    }
    if (best == MODEL_IDLE) {
        choose_background(sim, now);
        return;
    }
    sim->current = best;
    sim->in_background = false;
}

static void start(struct sim *sim)
{
    uint64_t longest = 0;

    sim->current = MODEL_IDLE;
    for (uint32_t id = 0; id < sim->m->count; id++) {
        struct ref *v = &sim->v[id];
        v->spec = &sim->m->spec[id];
        v->pibs = v->spec->kind == VCPU_IO_PIBS;
        v->period = v->pibs ? 0 : v->spec->period;
        if (v->period > longest)
            longest = v->period;
        if (!v->pibs)
            list_insert(v, 0, v->spec->budget);
    }
    for (uint32_t id = 0; id < sim->m->count; id++) {
        if (sim->v[id].pibs)
            sim->v[id].period = longest;
    }
}

/* Everything that happens at `now` before the choice; true if anything did. */
static bool happenings(struct sim *sim, uint64_t now, uint32_t *next_arrival)
{
    bool any = false;

    if (sim->current != MODEL_IDLE && sim->v[sim->current].work == 0) {
        const uint32_t id = (uint32_t)sim->current;
        sim->r->completed[id][sim->r->completions[id]++] = (uint16_t)now;
        block(sim, id, now);
        any = true;
    }
    while (*next_arrival < sim->m->arrivals && sim->m->arrival[*next_arrival].time == now) {
        const struct model_arrival *a = &sim->m->arrival[(*next_arrival)++];
        struct ref *v = &sim->v[a->vcpu];
        any = true;
        if (a->work == 0) {
            v->work = 0;
            block(sim, a->vcpu, now);
            continue;
        }
        v->work += a->work;
        if (v->pibs)
            wake_pibs(sim, a->vcpu, now, a->server);
        else
            wake_server(v, now);
    }
    return any;
}

void model_run_reference(const struct model *m, struct model_result *r)
{
    struct sim sim;
    uint32_t next_arrival = 0;

    memset(&sim, 0, sizeof(sim));
    memset(r, 0, sizeof(*r));
    sim.m = m;
    sim.r = r;
    start(&sim);
    for (uint64_t now = 0; now < m->ticks; now++) {
        const bool any = happenings(&sim, now, &next_arrival);
        if (any || now == 0 || now % m->grid == 0)
            choose(&sim, now);
        r->who[now] = (int8_t)sim.current;
        r->in_background[now] = sim.current != MODEL_IDLE && sim.in_background;
        if (sim.current == MODEL_IDLE) {
            r->idle++;
            continue;
        }
        sim.v[sim.current].work--;
        if (sim.in_background)
            r->background_time[sim.current]++;
        else
            charge_tick(&sim, (uint32_t)sim.current, now);
    }
    for (uint32_t id = 0; id < m->count; id++) {
        const struct ref *v = &sim.v[id];
        struct model_state *state = &r->state[id];
        state->count = v->pibs ? 1 : v->chunks;
        state->usage = v->pibs ? 0 : v->usage;
        state->early = v->pibs ? 0 : v->early;
        for (uint32_t i = 0; i < state->count; i++)
            state->repl[i] = (struct vcpu_repl){v->list[i].time, v->list[i].amount};
        if (v->pibs && v->budget > 0)
            state->repl[0] = (struct vcpu_repl){0, v->budget};
        else if (v->pibs && v->pending)
            state->repl[0] = (struct vcpu_repl){v->pending_time, v->pending_amount};
        else if (v->pibs)
            state->repl[0] = (struct vcpu_repl){pibs_eligible(v), 0};
    }
}
