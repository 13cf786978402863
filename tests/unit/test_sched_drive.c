/* SPDX-License-Identifier: MIT */
/* Drives the scheduler core through a workload the way a kernel does: by timer interrupts, wake-ups and blocking. */
#include <string.h>

#include "qv/draw.h"
#include "test_sched_model.h"

struct drive {
    const struct model *m;
    struct model_result *r;
    struct sched s;
    struct vcpu v[MODEL_VCPUS];
    uint64_t work[MODEL_VCPUS];
    uint64_t now;
    uint64_t timer;
    uint64_t draws;
    struct vcpu *running;
};

static uint32_t index_of(const struct drive *d, const struct vcpu *v)
{
    return (uint32_t)(v - d->v);
}

static bool chance(struct drive *d, uint64_t percent)
{
    return qv_draw_below(d->m->seed, d->draws++, 100) < percent;
}

/* The running VCPU (or nobody) runs from d->now to `until`. */
static void run_until(struct drive *d, uint64_t until)
{
    const int who = d->running ? (int)index_of(d, d->running) : MODEL_IDLE;

    for (uint64_t t = d->now; t < until; t++) {
        d->r->who[t] = (int8_t)who;
        d->r->in_background[t] = d->running && d->s.in_background;
    }
    if (d->running)
        d->work[who] -= until - d->now;
    if (until > d->now + 1 && chance(d, 20)) /* time may be charged whenever one likes */
        sched_account(&d->s, d->now + 1 + qv_draw_below(d->m->seed, d->draws++, until - d->now - 1));
    d->now = until;
}

static bool arrivals(struct drive *d, uint32_t *next)
{
    bool pick = false;

    while (*next < d->m->arrivals && d->m->arrival[*next].time == d->now) {
        const struct model_arrival *a = &d->m->arrival[(*next)++];
        struct vcpu *v = &d->v[a->vcpu];
        if (a->work == 0) {
            d->work[a->vcpu] = 0;
            vcpu_block(&d->s, v, d->now);
            pick |= v == d->running;
        } else {
            d->work[a->vcpu] += a->work;
            pick |= vcpu_wake(&d->s, v, d->now, a->server == MODEL_NONE ? NULL : &d->v[a->server]);
        }
        if (d->m->grid > 1)
            pick = true;
    }
    return pick;
}

/* Is there a VCPU of higher priority that could run, or is the core idle although there is one? */
static const char *inversion(const struct drive *d)
{
    for (uint32_t i = 0; i < d->m->count; i++) {
        const struct vcpu *v = &d->v[i];
        if (!v->runnable || vcpu_budget(v, d->now) == 0 || v == d->running)
            continue;
        if (!d->running || d->s.in_background)
            return "a VCPU with budget does not run";
        if (v->period < d->running->period)
            return "priority inversion";
    }
    return NULL;
}

static uint64_t timer_at(const struct drive *d, uint64_t slice_end)
{
    if (slice_end == SCHED_NEVER)
        return SCHED_NEVER;
    return (slice_end + d->m->grid - 1) / d->m->grid * d->m->grid;
}

static const char *pick(struct drive *d)
{
    uint64_t slice_end;

    if (chance(d, 20))
        sched_enter(&d->s, d->now);
    if (chance(d, 10))
        sched_leave(&d->s, d->now);
    d->running = sched_pick(&d->s, d->now, &slice_end);
    if (slice_end <= d->now)
        return "slice of no length";
    d->timer = timer_at(d, slice_end);
    return inversion(d);
}

static void finish(struct drive *d)
{
    for (uint32_t i = 0; i < d->m->count; i++) {
        const struct vcpu *v = &d->v[i];
        struct model_state *state = &d->r->state[i];
        const bool pibs = v->spec.kind == VCPU_IO_PIBS;

        d->r->used[i] = v->used;
        d->r->background_time[i] = v->background_time;
        d->r->overrun[i] = pibs ? 0 : v->overrun;
        state->count = pibs ? 1 : v->repl_count;
        state->usage = pibs ? 0 : v->usage;
        state->early = pibs ? 0 : v->early;
        for (uint32_t k = 0; k < state->count; k++)
            state->repl[k] = v->repl[(v->repl_first + k) % VCPU_MAX_REPL];
        if (pibs)
            state->repl[0] = (struct vcpu_repl){vcpu_next_budget(v), vcpu_budget(v, UINT64_MAX)};
    }
    d->r->idle = d->s.idle_time;
}

static const char *start(struct drive *d)
{
    sched_init(&d->s, 0, d->m->quantum);
    for (uint32_t i = 0; i < d->m->count; i++) {
        if (vcpu_init(&d->v[i], &d->m->spec[i], d->m->repl_max[i], 0, NULL) != SCHED_OK)
            return "spec refused";
        if (sched_add(&d->s, &d->v[i]) != SCHED_OK)
            return "VCPU refused";
        vcpu_set_background(&d->s, &d->v[i], d->m->background[i]);
    }
    d->timer = 0;
    return NULL;
}

const char *model_run_core(const struct model *m, struct model_result *r)
{
    static struct drive d; /* large; one at a time */
    uint32_t next = 0;
    bool due = true;

    memset(&d, 0, sizeof(d));
    memset(r, 0, sizeof(*r));
    d.m = m;
    d.r = r;
    const char *wrong = start(&d);
    while (!wrong) {
        const bool done = d.running && d.work[index_of(&d, d.running)] == 0;
        if (done) {
            const uint32_t i = index_of(&d, d.running);
            r->completed[i][r->completions[i]++] = (uint16_t)d.now;
            vcpu_block(&d.s, d.running, d.now);
            due = true;
        }
        due |= arrivals(&d, &next);
        due |= d.now >= d.timer;
        due |= m->grid == 1 && chance(&d, 10);
        if (due)
            wrong = pick(&d);
        due = false;
        if (!wrong)
            wrong = sched_check(&d.s);
        if (wrong || d.now == m->ticks)
            break;

        uint64_t until = m->ticks;
        if (d.timer < until)
            until = d.timer;
        if (next < m->arrivals && m->arrival[next].time < until)
            until = m->arrival[next].time;
        if (d.running && d.now + d.work[index_of(&d, d.running)] < until)
            until = d.now + d.work[index_of(&d, d.running)];
        run_until(&d, until);
        if (d.now == m->ticks) { /* the reference stops here without looking at what happens at this instant */
            sched_account(&d.s, d.now);
            wrong = sched_check(&d.s);
            break;
        }
    }
    finish(&d);
    return wrong;
}
