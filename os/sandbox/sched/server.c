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

/*
 * Join the head with its successors for as long as what is left of it cannot be used up before they are due. The
 * joined amount counts as available from the head's time, which must not be earlier than the published list would
 * allow: hence "what is left", amount - usage, where the published overrun rule has the whole amount.
 */
static void merge_head(struct vcpu *v)
{
    while (v->repl_count > 1) {
        const struct vcpu_repl head = *at(v, 0);
        struct vcpu_repl *second = at(v, 1);
        if (second->time > head.time + head.amount - v->usage)
            return;
        second->time = head.time;
        second->amount += head.amount;
        pop(v);
    }
}

void server_init(struct vcpu *v, uint64_t now)
{
    v->repl_first = 0;
    v->repl_count = 1;
    v->repl[0] = (struct vcpu_repl){.time = now, .amount = v->spec.budget};
    v->period = v->spec.period;
}

/* All heads that are used up come back one period after they became available. */
static void reuse_spent(struct sched *s, struct vcpu *v)
{
    const uint64_t rounds = v->usage / v->spec.budget;

    if (rounds > 0) { /* a gross overrun: going round the whole list only adds a period to each entry */
        for (uint32_t i = 0; i < v->repl_count; i++)
            at(v, i)->time += rounds * v->period;
        v->usage -= rounds * v->spec.budget;
        v->replenishments += rounds * v->repl_count;
        v->noted = false;
        for (uint32_t i = 0; i < v->repl_count; i++)
            sched_tell(s, SCHED_TRACE_POSTED, v, at(v, i)->time, at(v, i)->amount);
    }
    while (at(v, 0)->amount <= v->usage) {
        const struct vcpu_repl spent = *at(v, 0);
        v->usage -= spent.amount;
        pop(v);
        post(s, v, spent.time + v->period, spent.amount);
    }
}

void server_charge(struct sched *s, struct vcpu *v, uint64_t ticks, uint64_t now)
{
    const uint64_t at_hand = vcpu_budget(v, now - ticks);

    v->used += ticks;
    v->usage += ticks;
    if (ticks > at_hand)
        v->overrun += ticks - at_hand;
    if (v->usage < at(v, 0)->amount && at_hand > 0)
        return;
    reuse_spent(s, v);
    /* What was taken out of a head before it was due, the head pays for by coming later (once, not at every charge). */
    const uint64_t early = sched_min(v->usage, ticks);
    if (early > 0 && at(v, 0)->time > now - early) {
        sched_tell(s, SCHED_TRACE_OVERRUN, v, now, early);
        at(v, 0)->time += early;
        merge_head(v);
    }
    if (at(v, 0)->time > now)
        sched_tell(s, SCHED_TRACE_DEPLETED, v, at(v, 0)->time, 0);
}

/* Split the head: what was used comes back a period after it became available, the rest stays. */
void server_block(struct sched *s, struct vcpu *v, uint64_t now)
{
    const struct vcpu_repl head = *at(v, 0);
    const uint64_t used = v->usage;

    if (used == 0 || head.time > now)
        return;
    if (v->repl_count == v->repl_max) {
        pop(v); /* no room for a split: the rest is put off to the next replenishment */
        at(v, 0)->amount += head.amount - used;
        v->list_full++;
    } else {
        at(v, 0)->amount = head.amount - used;
    }
    v->usage = 0;
    post(s, v, head.time + v->period, used);
}

/* A server that wakes up with budget becomes active now, with all that is due before this is used up. */
void server_unblock(struct vcpu *v, uint64_t now)
{
    if (at(v, 0)->time > now)
        return;
    at(v, 0)->time = now;
    v->noted = false;
    merge_head(v);
}
