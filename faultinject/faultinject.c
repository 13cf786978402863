/* SPDX-License-Identifier: MIT */
/*
 * Arms the plans of this sandbox and decides at each passage of a fault point whether one fires. How often each has
 * fired stands in the status page, which a restart of the sandbox leaves alone: what was fired stays fired.
 */
#include "faultinject/faultinject.h"

#include "faultinject/model.h"
#include "qv/draw.h"
#include "sandbox/component.h"
#include "sandbox/faultpoint.h"
#include "sandbox/kernel.h"

#define LONGEST_US (1ull << 40) /* 12 days: what is later than that does not come */

static struct armed_fault armed[QV_MAX_FAULTS];
static unsigned n_armed;

uint64_t fault_draw(const struct armed_fault *fault, unsigned choice)
{
    return qv_draw(fault->plan->seed, (uint64_t)fault->firing * FAULT_CHOICES + choice);
}

uint64_t fault_draw_below(const struct armed_fault *fault, unsigned choice, uint64_t bound)
{
    return qv_draw_below(fault->plan->seed, (uint64_t)fault->firing * FAULT_CHOICES + choice, bound);
}

void fault_changed(uint64_t address, uint64_t before, uint64_t after)
{
    trace(QV_TRACE_FAULT_CHANGE, address, before << 32 | (uint32_t)after);
}

void fault_active(const struct armed_fault *fault, uint64_t address)
{
    trace(QV_TRACE_FAULT_ACTIVATE, fault->plan->model, address);
}

static bool triggered(struct armed_fault *fault)
{
    const struct qv_fault_plan *plan = fault->plan;

    switch (plan->trigger) {
    case QV_TRIGGER_TIME:
        if (fault->not_before == 0)
            fault->not_before =
                directory()->ready_tsc + time_from_us(plan->value < LONGEST_US ? plan->value : LONGEST_US);
        return time_now() >= fault->not_before;
    case QV_TRIGGER_PACKETS:
        return status->packets_total >= plan->value;
    case QV_TRIGGER_REQUESTS:
        return status->http_requests >= plan->value;
    default:
        return false;
    }
}

static bool exhausted(const struct armed_fault *fault)
{
    return status->fault_fired[fault->index] >= fault->plan->times;
}

static bool due(struct armed_fault *fault)
{
    uint32_t fired = status->fault_fired[fault->index];

    if (exhausted(fault) || fault->lingering || directory()->machine_state != QV_MACHINE_READY)
        return false;
    if (fired > 0 && time_now() - status->fault_fired_tsc[fault->index] < time_from_us(fault->plan->interval_us))
        return false;
    return triggered(fault);
}

/* The count is kept before the effect, which may be the last thing this incarnation does. */
static uint32_t fire(struct armed_fault *fault, struct nic_view *view)
{
    fault->firing = status->fault_fired[fault->index];
    if (fault->model->prepare && !fault->model->prepare(fault, view))
        return FAULT_EFFECT_NONE;
    fault->component = nic_component.incarnation;
    fault->lingering = fault->model->linger != NULL;
    status->fault_fired_tsc[fault->index] = time_now();
    status->fault_fired[fault->index]++;
    __atomic_add_fetch(&status->faults_fired, 1, __ATOMIC_RELAXED);
    return fault->model->fire(fault, view);
}

static uint32_t on_point(enum qv_fault_point point, struct nic_view *view)
{
    uint32_t effects = FAULT_EFFECT_NONE;
    bool more = false;

    for (unsigned i = 0; i < n_armed; i++) {
        struct armed_fault *fault = &armed[i];

        if (fault->lingering && fault->component != nic_component.incarnation)
            fault->lingering = false; /* what it did is gone with the instance */
        if (fault->point == point) {
            if (fault->lingering)
                effects |= fault->model->linger(fault, view);
            else if (due(fault)) {
                fault->passage = __builtin_frame_address(0);
                effects |= fire(fault, view);
            }
        }
        more = more || fault->lingering || !exhausted(fault);
    }
    /* Not in an interrupt, which may have come in the middle of the above. */
    if (!more && point != QV_POINT_NIC_IRQ)
        fault_hook = NULL;
    return effects;
}

static void arm(unsigned index, const struct qv_fault_plan *plan)
{
    struct armed_fault fault = {.plan = plan, .index = index, .model = fault_model_find(plan->model)};

    if (plan->model == QV_FAULT_NONE || exhausted(&fault))
        return;
    if (!fault.model) {
        kprint("fault plan %u: unknown model %u, not armed", index, plan->model);
        return;
    }
    fault.point = (enum qv_fault_point)(plan->point != 0 ? plan->point : qv_fault_usual_point(plan->model));
    if (!qv_fault_fits(plan->model, fault.point) || (fault.model->possible && !fault.model->possible(&fault))) {
        kprint("fault plan %u: model %u cannot fire at point %u of this machine, not armed", index, plan->model,
               plan->point);
        return;
    }
    armed[n_armed++] = fault;
    trace(QV_TRACE_FAULT_ARM, plan->model, (uint64_t)fault.point << 32 | index);
}

void faultinject_start(void)
{
    for (unsigned i = 0; i < handoff->cfg.n_faults && i < QV_MAX_FAULTS; i++)
        if (handoff->cfg.fault[i].target == handoff->id)
            arm(i, &handoff->cfg.fault[i]);
    if (n_armed > 0)
        fault_hook = on_point;
}
