/* SPDX-License-Identifier: MIT */
/*
 * Priority-inheritance bandwidth preservation: a full budget at once, and after any use of it the next one when that
 * use has been paid for at the VCPU's utilisation.
 */
#include "internal.h"

#include <stddef.h>

/*
 * The time from which there may be budget. Between two budgets the eligibility time is kept exactly, with its fraction
 * of a tick, so that it does not matter in how many pieces time is charged; a budget starts at a whole tick.
 */
static uint64_t eligible_tick(const struct vcpu *v)
{
    return v->eligible + (v->eligible_part > 0);
}

static void eligible_not_before(struct vcpu *v, uint64_t time)
{
    if (v->eligible >= time)
        return;
    v->eligible = time;
    v->eligible_part = 0;
}

void pibs_init(struct vcpu *v, uint64_t now)
{
    v->period = 0;
    v->budget = 0;
    v->usage = 0;
    v->eligible = now;
    v->eligible_part = 0;
    v->budgeted = false;
    v->inherited = false;
    v->repl_valid = false;
}

/* The budget at hand is given up; what was used of it moves the eligibility time. */
static void settle(struct sched *s, struct vcpu *v)
{
    const bool news = v->usage > 0 || !v->repl_valid;
    uint64_t part = v->eligible_part;

    v->eligible += sched_scale(v->usage, v->spec.den, v->spec.num, &part);
    v->eligible_part = (uint32_t)part;
    v->usage = 0;
    v->budget = 0;
    if (!v->repl_valid) {
        v->repl_valid = true;
        v->repl_amount = vcpu_cmax(v);
    }
    v->repl_time = eligible_tick(v);
    if (!news)
        return;
    v->replenishments++;
    sched_tell(s, SCHED_TRACE_POSTED, v, v->repl_time, v->repl_amount);
}

void pibs_charge(struct sched *s, struct vcpu *v, uint64_t ticks, uint64_t now)
{
    const uint64_t within = sched_min(v->budget, ticks);

    v->used += ticks;
    v->usage += ticks;
    v->budget -= within;
    if (v->budget > 0)
        return;
    settle(s, v);
    if (ticks > within) {
        v->overrun += ticks - within;
        sched_tell(s, SCHED_TRACE_OVERRUN, v, now, ticks - within);
    }
    if (v->repl_time > now)
        sched_tell(s, SCHED_TRACE_DEPLETED, v, v->repl_time, 0);
}

void pibs_block(struct sched *s, struct vcpu *v)
{
    settle(s, v);
    v->budgeted = false;
}

/*
 * A shorter period takes effect at once, a longer one only when the VCPU was blocked. Two rules are added to the
 * published ones so that a VCPU promoted in mid-budget cannot bring more to its new priority than a VCPU that starts
 * there: the budget at hand is cut to the new maximum, and if it is running, the time from which its use is paid for
 * is moved up as if it had started at full speed just now.
 */
void pibs_unblock(struct sched *s, struct vcpu *v, uint64_t now, const struct vcpu *server, bool running)
{
    const bool promoted = v->runnable && server && server->period < v->period;

    if (server && (promoted || !v->runnable)) {
        if (server->period != v->period)
            sched_tell(s, SCHED_TRACE_INHERIT, v, now, server->period);
        slots_inherit(s, v, server);
    }
    if (!running)
        eligible_not_before(v, now);
    if (promoted) {
        v->budget = sched_min(v->budget, vcpu_cmax(v));
        const uint64_t paid = sched_scale(v->usage, v->spec.den, v->spec.num, NULL);
        if (running && now > paid)
            eligible_not_before(v, now - paid);
    }
    if (v->repl_valid) {
        v->repl_amount = vcpu_cmax(v);
    } else if (!v->budgeted) {
        v->repl_valid = true;
        v->repl_time = eligible_tick(v);
        v->repl_amount = vcpu_cmax(v);
    }
    v->budgeted = true;
}

/* Lazily, when the VCPU is about to run: nobody asks for its budget earlier. */
void pibs_replenish(struct sched *s, struct vcpu *v, uint64_t now)
{
    if (!v->repl_valid || v->repl_time > now)
        return;
    v->repl_valid = false;
    v->budget = v->repl_amount;
    v->eligible = eligible_tick(v);
    v->eligible_part = 0;
    sched_tell(s, SCHED_TRACE_REPLENISH, v, v->repl_time, v->budget);
}
