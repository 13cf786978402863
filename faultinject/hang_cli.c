/* SPDX-License-Identifier: MIT */
/*
 * An endless loop: with interrupts off, the core is gone; with interrupts on, only the thread (and its VCPU's budget).
 * The pause keeps it from starving the other cores of an emulator's one thread.
 */
#include "faultinject/model.h"
#include "sandbox/faultpoint.h"
#include "sandbox/kernel.h"

static uint32_t fire(struct armed_fault *fault, struct nic_view *view)
{
    (void)view;
    fault_active(fault, (uintptr_t)fire);
    (void)irq_save();
    for (;;)
        cpu_pause();
    return FAULT_EFFECT_NONE;
}

const struct fault_model fault_hang_cli = {
    .id = QV_FAULT_HANG_CLI,
    .fire = fire,
};

static uint32_t livelock_fire(struct armed_fault *fault, struct nic_view *view)
{
    (void)view;
    fault_active(fault, (uintptr_t)livelock_fire);
    for (;;)
        cpu_pause();
    return FAULT_EFFECT_NONE;
}

const struct fault_model fault_livelock = {
    .id = QV_FAULT_LIVELOCK,
    .fire = livelock_fire,
};
