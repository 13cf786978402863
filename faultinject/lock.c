/* SPDX-License-Identifier: MIT */
/* The shared transmit lock taken and not given back: by a thread that goes on, or by one that ends. */
#include "faultinject/model.h"
#include "sandbox/faultpoint.h"
#include "sandbox/internal.h"
#include "sandbox/nic/nic.h"

/* While another sharer holds it, or this one does, the fault waits for its next occasion. */
static bool take(struct armed_fault *fault, struct nic_view *view)
{
    (void)fault;
    return view->lock_acquire() == 0;
}

static uint32_t leak(struct armed_fault *fault, struct nic_view *view)
{
    fault_active(fault, (uintptr_t)view->tx_lock);
    return FAULT_EFFECT_NONE;
}

static uint32_t kill_holder(struct armed_fault *fault, struct nic_view *view)
{
    fault_active(fault, (uintptr_t)view->tx_lock);
    thread_kill_self();
}

const struct fault_model fault_lock_leak = {
    .id = QV_FAULT_LOCK_LEAK,
    .prepare = take,
    .fire = leak,
};

/* Not at the interrupt: the thread there is whichever was interrupted. */
const struct fault_model fault_lock_holder_kill = {
    .id = QV_FAULT_LOCK_HOLDER_KILL,
    .prepare = take,
    .fire = kill_holder,
};
