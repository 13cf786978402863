/* SPDX-License-Identifier: MIT */
/* An endless loop with interrupts off. The pause keeps it from starving the other cores of an emulator's one thread. */
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
    .point = QV_POINT_NIC_RX,
    .points = FAULT_ANY_POINT,
    .fire = fire,
};
