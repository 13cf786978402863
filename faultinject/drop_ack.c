/* SPDX-License-Identifier: MIT */
/*
 * From now on this driver instance acknowledges no interrupt, although it is its duty: the line stays up, and no sharer
 * gets another edge. It lasts until the instance is replaced; who takes the duty away from it ends the effect.
 */
#include "faultinject/model.h"
#include "sandbox/faultpoint.h"
#include "sandbox/nic/nic.h"

/* Another sharer may have the duty: then nothing this one leaves out would matter, so it takes it first. */
static bool prepare(struct armed_fault *fault, struct nic_view *view)
{
    (void)fault;
    return view->duty_take() == 0;
}

static uint32_t fire(struct armed_fault *fault, struct nic_view *view)
{
    (void)view;
    fault_active(fault, 0);
    return FAULT_EFFECT_SKIP_ACK;
}

static uint32_t linger(struct armed_fault *fault, struct nic_view *view)
{
    (void)fault;
    (void)view;
    return FAULT_EFFECT_SKIP_ACK;
}

const struct fault_model fault_drop_ack = {
    .id = QV_FAULT_DROP_ACK,
    .prepare = prepare,
    .fire = fire,
    .linger = linger,
};
