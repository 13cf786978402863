/* SPDX-License-Identifier: MIT */
/*
 * Priority-inheritance bandwidth preservation: a full budget at once, and after any use of it the next one when that
 * use has been paid for at the VCPU's utilisation.
 */
#include "internal.h"

static uint64_t price(const struct vcpu *v, uint64_t ticks)
{
    return sched_scale_up(ticks, v->spec.den, v->spec.num);
}

void pibs_init(struct vcpu *v, uint64_t now)
{
    v->period = 0;
    v->budget = 0;
    v->eligible = now;
    v->budgeted = false;
    v->inherited = false;
    v->repl_valid = false;
}

/* The budget at hand is given up; what was used of it moves the eligibility time. */
static void settle(struct sched *s, struct vcpu *v)
{
    v->eligible += price(v, v->usage);
    v->usage = 0;
    v->budget = 0;
    if (!v->repl_valid) {
        v->repl_valid = true;
        v->repl_amount = vcpu_cmax(v);
    }
    v->repl_time = v->eligible;
    v->replenishments++;
    sched_tell(s, SCHED_TRACE_POSTED, v, v->repl_time, v->repl_amount);
}

void pibs_charge(struct sched *s, struct vcpu *v, uint64_t ticks)
{
    const uint64_t within = sched_min(v->budget, ticks);

    v->used += ticks;
    v->usage += ticks;
    v->budget -= within;
    if (ticks > within) {
        v->overrun += ticks - within;
        sched_tell(s, SCHED_TRACE_OVERRUN, v, s->last, ticks - within);
    }
    if (v->budget > 0)
        return;
    settle(s, v);
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
        v->eligible = sched_max(v->eligible, now);
    if (promoted) {
        v->budget = sched_min(v->budget, vcpu_cmax(v));
        const uint64_t paid = price(v, v->usage);
        if (running && now > paid)
            v->eligible = sched_max(v->eligible, now - paid);
    }
    if (v->repl_valid) {
        v->repl_amount = vcpu_cmax(v);
    } else if (!v->budgeted) {
        v->repl_valid = true;
        v->repl_time = v->eligible;
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
    sched_tell(s, SCHED_TRACE_REPLENISH, v, v->repl_time, v->budget);
}
