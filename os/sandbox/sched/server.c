/* SPDX-License-Identifier: MIT */
/*
 * Sporadic server. The replenishment list is a ring: every amount is put off by one period from the time it became
 * available, that time never decreases along the list, so whatever is added belongs at the end.
 */
#include "internal.h"

static struct vcpu_repl *at(struct vcpu *v, uint32_t i)
{
    return &v->repl[(v->repl_first + i) % VCPU_MAX_REPL];
}

static void pop(struct vcpu *v)
{
    v->repl_first = (uint8_t)((v->repl_first + 1u) % VCPU_MAX_REPL);
    v->repl_count--;
    v->noted = false;
}

static void post(struct sched *s, struct vcpu *v, uint64_t time, uint64_t amount)
{
    *at(v, v->repl_count) = (struct vcpu_repl){.time = time, .amount = amount};
    v->repl_count++;
    v->replenishments++;
    sched_tell(s, SCHED_TRACE_POSTED, v, time, amount);
}

void server_init(struct vcpu *v, uint64_t now)
{
    v->repl_first = 0;
    v->repl_count = 1;
    v->usage = 0;
    v->early = 0;
    v->repl[0] = (struct vcpu_repl){.time = now, .amount = v->spec.budget};
    v->period = v->spec.period;
}

/* The head is used up: it comes back one period after it became available. */
static void reuse_head(struct sched *s, struct vcpu *v)
{
    const struct vcpu_repl spent = *at(v, 0);

    v->usage = 0;
    v->early = 0;
    pop(v);
    post(s, v, spent.time + v->period, spent.amount);
}

/*
 * A gross overrun (a machine that stood still): as long as everything is taken before it is due, once round the list
 * only puts each entry off by a period, and the rounds need not be gone one by one.
 */
static uint64_t whole_rounds(struct vcpu *v, uint64_t ticks, uint64_t from)
{
    if (ticks < v->spec.budget || v->usage > 0 || at(v, 0)->time < from + v->spec.budget)
        return 0;
    const uint64_t rounds = ticks / v->spec.budget;
    for (uint32_t i = 0; i < v->repl_count; i++)
        at(v, i)->time += rounds * v->period;
    v->replenishments += rounds * v->repl_count;
    v->overrun += rounds * v->spec.budget;
    return rounds * v->spec.budget;
}

/*
 * Ticks run in [now - ticks, now) use up one head after the other. What is taken from a head before it is due makes
 * the rest of that head come later by as much; when the head is used up, it comes back a period after it was due, like
 * any other. So nothing depends on how often time is charged.
 */
void server_charge(struct sched *s, struct vcpu *v, uint64_t ticks, uint64_t now)
{
    uint64_t overrun = 0;

    v->used += ticks;
    while (ticks > 0) {
        const uint64_t from = now - ticks;
        const uint64_t skipped = whole_rounds(v, ticks, from);
        const uint64_t taken = sched_min(at(v, 0)->amount - v->usage, ticks - skipped);
        overrun += skipped;
        if (at(v, 0)->time + v->early > from + skipped) {
            v->early += taken;
            v->overrun += taken;
            overrun += taken;
        }
        v->usage += taken;
        ticks -= skipped + taken;
        if (v->usage == at(v, 0)->amount)
            reuse_head(s, v);
    }
    if (overrun > 0)
        sched_tell(s, SCHED_TRACE_OVERRUN, v, now, overrun);
    if (vcpu_next_budget(v) > now)
        sched_tell(s, SCHED_TRACE_DEPLETED, v, vcpu_next_budget(v), 0);
}

/* Split the head: what was used comes back a period after it became available, the rest stays. */
void server_block(struct sched *s, struct vcpu *v, uint64_t now)
{
    const struct vcpu_repl head = *at(v, 0);
    const uint64_t used = v->usage;

    if (used == 0 || vcpu_next_budget(v) > now)
        return;
    if (v->repl_count == v->repl_max) {
        pop(v); /* no room for a split: the rest is put off to the next replenishment */
        at(v, 0)->amount += head.amount - used;
        v->list_full++;
    } else {
        at(v, 0)->amount = head.amount - used;
    }
    v->usage = 0;
    v->early = 0;
    post(s, v, head.time + v->period, used);
}

/*
 * A server that wakes up with budget becomes active now. The head takes in those after it that are due before what is
 * left of it can be used up.
 */
void server_unblock(struct vcpu *v, uint64_t now)
{
    if (vcpu_next_budget(v) > now)
        return;
    at(v, 0)->time = now;
    v->early = 0;
    v->noted = false;
    while (v->repl_count > 1 && at(v, 1)->time <= now + at(v, 0)->amount - v->usage) {
        const struct vcpu_repl head = *at(v, 0);
        pop(v);
        at(v, 0)->time = now;
        at(v, 0)->amount += head.amount;
    }
}
