/* SPDX-License-Identifier: MIT */
/* Who holds the core, what it is charged, and who comes next. */
#include "internal.h"

#include <stddef.h>

void sched_init(struct sched *s, uint64_t now, uint64_t background_quantum)
{
    s->current = NULL;
    s->in_background = false;
    s->idle = true;
    s->holder = SCHED_HOLDER_SCHED;
    s->start = now;
    s->last = now;
    s->slice_end = SCHED_NEVER;
    s->background_quantum = sched_max(background_quantum, 1);
    s->background_end = 0;
    s->background_next = 0;
    s->idle_time = 0;
    s->sched_time = 0;
    s->retired_time = 0;
    s->picks = 0;
    s->trace = NULL;
    s->trace_arg = NULL;
    s->count = 0;
    s->background_ready = 0;
    slots_rebuild(s);
}

void sched_set_trace(struct sched *s, sched_trace_fn *trace, void *arg)
{
    s->trace = trace;
    s->trace_arg = arg;
}

int vcpu_init(struct vcpu *v, const struct vcpu_spec *spec, uint32_t repl_max, uint64_t now, void *owner)
{
    if (!vcpu_spec_valid(spec) || repl_max == 1 || repl_max > VCPU_MAX_REPL)
        return SCHED_BAD_SPEC;
    *v = (struct vcpu){.spec = *spec, .owner = owner, .repl_max = (uint8_t)(repl_max ? repl_max : VCPU_MAX_REPL)};
    if (vcpu_is_server(v))
        server_init(v, now);
    else
        pibs_init(v, now);
    return SCHED_OK;
}

int vcpu_init_main(struct vcpu *v, uint64_t budget, uint64_t period, uint64_t now, void *owner)
{
    const struct vcpu_spec spec = {.kind = VCPU_MAIN, .budget = budget, .period = period};

    return vcpu_init(v, &spec, 0, now, owner);
}

int vcpu_init_io(struct vcpu *v, uint32_t num, uint32_t den, uint64_t now, void *owner)
{
    const struct vcpu_spec spec = {.kind = VCPU_IO_PIBS, .num = num, .den = den};

    return vcpu_init(v, &spec, 0, now, owner);
}

int sched_add(struct sched *s, struct vcpu *v)
{
    if (v->sched || v->runnable)
        return SCHED_BUSY;
    if (s->count == SCHED_MAX_VCPUS || (!vcpu_is_server(v) && s->pibs_count == SCHED_MAX_PIBS))
        return SCHED_FULL;
    v->sched = s;
    v->used = v->background_time = v->overrun = 0;
    v->replenishments = v->list_full = v->dispatches = 0;
    s->vcpu[s->count++] = v;
    slots_rebuild(s);
    return SCHED_OK;
}

int sched_remove(struct sched *s, struct vcpu *v)
{
    if (v->sched != s || v->runnable)
        return SCHED_BUSY;
    const uint64_t below = (1ull << v->id) - 1;

    s->retired_time += v->used + v->background_time;
    s->background_ready = (s->background_ready & below) | ((s->background_ready >> 1) & ~below);
    if (s->background_next > v->id)
        s->background_next--;
    s->count--;
    for (uint32_t id = v->id; id < s->count; id++)
        s->vcpu[id] = s->vcpu[id + 1];
    v->sched = NULL;
    slots_rebuild(s);
    return SCHED_OK;
}

static void note_runnable(struct sched *s, struct vcpu *v, bool runnable)
{
    const uint64_t bit = 1ull << v->id;

    v->runnable = runnable;
    if (runnable && v->background)
        s->background_ready |= bit;
    else
        s->background_ready &= ~bit;
    slots_update(s, v);
}

void vcpu_set_background(struct sched *s, struct vcpu *v, bool allowed)
{
    v->background = allowed;
    note_runnable(s, v, v->runnable);
}

void sched_account(struct sched *s, uint64_t now)
{
    struct vcpu *v = s->current;

    if (now <= s->last)
        return;
    const uint64_t ticks = now - s->last;
    s->last = now;
    if (s->holder == SCHED_HOLDER_SCHED) {
        s->sched_time += ticks;
    } else if (s->holder == SCHED_HOLDER_IDLE) {
        s->idle_time += ticks;
    } else if (s->in_background) {
        v->background_time += ticks;
    } else {
        if (vcpu_is_server(v))
            server_charge(s, v, ticks, now);
        else
            pibs_charge(s, v, ticks, now);
        slots_update(s, v);
    }
}

void sched_enter(struct sched *s, uint64_t now)
{
    sched_account(s, now);
    s->holder = SCHED_HOLDER_SCHED;
}

void sched_leave(struct sched *s, uint64_t now)
{
    sched_account(s, now);
    s->holder = s->current ? SCHED_HOLDER_VCPU : SCHED_HOLDER_IDLE;
}

/* Does v, just woken, change what the last pick decided? */
static bool must_pick(const struct sched *s, const struct vcpu *v)
{
    if (!s->current)
        return true;
    if (s->in_background)
        return v->background || slots_time_of(v) < s->slice_end;
    return v->slot < s->current->slot && slots_time_of(v) < s->slice_end;
}

bool vcpu_wake(struct sched *s, struct vcpu *v, uint64_t now, const struct vcpu *server)
{
    const bool running = v == s->current && !s->in_background;

    if (vcpu_is_server(v)) {
        if (v->runnable)
            return false;
        server_unblock(v, now);
        note_runnable(s, v, true);
        return must_pick(s, v);
    }
    if (server && server->sched != s)
        server = NULL;
    if (running)
        sched_account(s, now);
    const uint64_t period = v->period;
    pibs_unblock(s, v, now, server, running);
    note_runnable(s, v, true);
    return v == s->current ? v->period != period || slots_time_of(v) > now : must_pick(s, v);
}

void vcpu_block(struct sched *s, struct vcpu *v, uint64_t now)
{
    if (!v->runnable)
        return;
    sched_account(s, now);
    if (vcpu_is_server(v))
        server_block(s, v, now);
    else
        pibs_block(s, v);
    note_runnable(s, v, false);
    if (v == s->current) {
        s->current = NULL;
        s->holder = SCHED_HOLDER_SCHED;
    }
}

/*
 * Round robin among those allowed, a turn at a time; at the end of its turn a VCPU goes on until another one comes.
 * Nobody has budget, so any replenishment ends the turn, too.
 */
static struct vcpu *pick_background(struct sched *s, uint64_t now, uint64_t *slice_end)
{
    const uint64_t ready = s->background_ready;

    if (ready == 0)
        return NULL;
    struct vcpu *v = s->current;
    const bool alone = (ready & (ready - 1)) == 0;
    const bool goes_on = v && s->in_background && (ready >> v->id & 1u) && (alone || now < s->background_end);
    if (!goes_on) {
        const uint64_t from = ready & ~((1ull << s->background_next) - 1);
        v = s->vcpu[__builtin_ctzll(from ? from : ready)];
        s->background_next = (uint8_t)((v->id + 1u) % SCHED_MAX_VCPUS);
        s->background_end = now + s->background_quantum;
    }
    if (!alone)
        *slice_end = sched_min(*slice_end, s->background_end);
    return v;
}

/* With budget at hand: the head of a server's list, or the PIBS replenishment that is due. */
static uint64_t take_budget(struct sched *s, struct vcpu *v, uint64_t now)
{
    if (!vcpu_is_server(v)) {
        pibs_replenish(s, v, now);
        slots_update(s, v);
        return v->budget;
    }
    const uint64_t budget = vcpu_budget(v, now);
    if (!v->noted) {
        v->noted = true;
        sched_tell(s, SCHED_TRACE_REPLENISH, v, vcpu_next_budget(v), budget);
    }
    return budget;
}

struct vcpu *sched_pick(struct sched *s, uint64_t now, uint64_t *slice_end)
{
    uint64_t end;
    uint64_t budget = 0;

    sched_account(s, now);
    s->picks++;
    struct vcpu *v = slots_find(s, now, &end);
    const bool background = v == NULL;
    if (v) {
        budget = take_budget(s, v, now);
        end = sched_min(end, now + budget);
    } else {
        v = pick_background(s, now, &end);
    }

    const bool change = v != s->current || (v && background != s->in_background);
    if (v && v != s->current)
        v->dispatches++;
    if (v && change)
        sched_tell(s, SCHED_TRACE_DISPATCH, v, now, budget);
    if (!v && !s->idle)
        sched_tell(s, SCHED_TRACE_IDLE, NULL, now, 0);
    s->current = v;
    s->in_background = v && background;
    s->idle = v == NULL;
    s->holder = v ? SCHED_HOLDER_VCPU : SCHED_HOLDER_IDLE;
    s->slice_end = end;
    *slice_end = end;
    return v;
}

uint64_t vcpu_budget(const struct vcpu *v, uint64_t now)
{
    if (vcpu_is_server(v))
        return vcpu_next_budget(v) <= now ? server_head(v)->amount - v->usage : 0;
    if (v->budget > 0)
        return v->budget;
    return v->repl_valid && v->repl_time <= now ? v->repl_amount : 0;
}

uint64_t vcpu_next_budget(const struct vcpu *v)
{
    if (vcpu_is_server(v))
        return server_head(v)->time + v->early;
    if (v->budget > 0)
        return 0;
    return v->repl_valid ? v->repl_time : v->eligible + (v->eligible_part > 0);
}

uint64_t vcpu_cmax(const struct vcpu *v)
{
    if (vcpu_is_server(v))
        return v->spec.budget;
    return sched_max(sched_scale(v->period, v->spec.num, v->spec.den, NULL), 1);
}
