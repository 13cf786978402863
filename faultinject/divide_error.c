/* SPDX-License-Identifier: MIT */
/* An integer division whose divisor is zero. In assembler: to the compiler it would be undefined. */
#include "faultinject/model.h"
#include "sandbox/faultpoint.h"

static uint32_t fire(struct armed_fault *fault, struct nic_view *view)
{
    uint32_t quotient = 1, remainder = 0;

    (void)view;
    fault_active(fault, (uintptr_t)fire);
    __asm__ volatile("divl %2" : "+a"(quotient), "+d"(remainder) : "r"(0u) : "cc");
    return FAULT_EFFECT_NONE;
}

const struct fault_model fault_divide_error = {
    .id = QV_FAULT_DIVIDE_ERROR,
    .fire = fire,
};
