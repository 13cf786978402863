/* SPDX-License-Identifier: MIT */
/*
 * The buffer address in the receive descriptor that the device will fill next, overwritten: the next frame goes to
 * another sandbox's memory, to monitor memory or to nowhere, unless an IOMMU stops it. Activation is stamped at the
 * store: when the device reads the descriptor cannot be seen from inside.
 */
#include "faultinject/model.h"
#include "sandbox/faultpoint.h"
#include "sandbox/kernel.h"
#include "sandbox/nic/nic.h"
#include "sandbox/nic/nic_regs.h"

enum choice { CHOICE_KIND, CHOICE_PLACE, CHOICE_PLACE_2 };
enum kind { TO_SANDBOX, TO_MONITOR, TO_UNMAPPED, KINDS };

static uint64_t target(const struct armed_fault *fault)
{
    uint64_t place = 0;

    switch (fault_draw_below(fault, CHOICE_KIND, KINDS)) {
    case TO_SANDBOX:
        place = target_other_sandbox(fault, CHOICE_PLACE);
        break;
    case TO_MONITOR:
        place = target_monitor(fault, CHOICE_PLACE);
        break;
    default:
        break;
    }
    return place != 0 ? place : target_unmapped(fault, CHOICE_PLACE);
}

static uint32_t fire(struct armed_fault *fault, struct nic_view *view)
{
    uint32_t head = mmio_read32(view->mmio, NIC_REG_RDH);
    volatile uint64_t *address = &view->rx_desc[(size_t)(head % view->rx_count) * 2];
    uint64_t after = target(fault);

    fault_changed((uintptr_t)address, *address, after);
    fault_active(fault, after);
    *address = after;
    return FAULT_EFFECT_NONE;
}

const struct fault_model fault_desc_address = {
    .id = QV_FAULT_DESC_ADDRESS,
    .fire = fire,
};
