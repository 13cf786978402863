/* SPDX-License-Identifier: MIT */
/* A load of a member through a null pointer: the first page is mapped nowhere. */
#include "faultinject/model.h"
#include "sandbox/faultpoint.h"
#include "sandbox/kernel.h"

enum choice { CHOICE_MEMBER };

static uint32_t fire(struct armed_fault *fault, struct nic_view *view)
{
    uint64_t address = fault_draw_below(fault, CHOICE_MEMBER, PAGE_SIZE / 8) * 8;
    uint64_t loaded;

    (void)view;
    fault_active(fault, address);
    __asm__ volatile("movq (%1), %0" : "=r"(loaded) : "r"(address) : "memory");
    return FAULT_EFFECT_NONE;
}

const struct fault_model fault_null_pointer = {
    .id = QV_FAULT_NULL_POINTER,
    .fire = fire,
};
