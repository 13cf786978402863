/* SPDX-License-Identifier: MIT */
/*
 * A ring index overwritten in shared memory: this sandbox's receive cursor, or the transmit producer index of all.
 * Activation is stamped at the store: from there on every sharer may read the word.
 */
#include "faultinject/model.h"
#include "sandbox/faultpoint.h"
#include "sandbox/nic/nic.h"

enum choice { CHOICE_WHICH, CHOICE_KIND, CHOICE_VALUE };
enum kind { RANDOM, OFF_BY_SOME, ONE_BIT, KINDS };

static uint32_t damaged(const struct armed_fault *fault, uint32_t before, uint32_t count)
{
    switch (fault_draw_below(fault, CHOICE_KIND, KINDS)) {
    case RANDOM: {
        uint32_t value = (uint32_t)fault_draw(fault, CHOICE_VALUE);
        return value != before ? value : ~value;
    }
    case OFF_BY_SOME:
        return before + 1u + (uint32_t)fault_draw_below(fault, CHOICE_VALUE, count);
    default:
        return before ^ (1u << fault_draw_below(fault, CHOICE_VALUE, 32));
    }
}

static uint32_t fire(struct armed_fault *fault, struct nic_view *view)
{
    bool receive = fault_draw_below(fault, CHOICE_WHICH, 2) == 0;
    volatile uint32_t *index = receive ? view->rx_cursor : view->tx_next;
    uint32_t before = *index;
    uint32_t after = damaged(fault, before, receive ? view->rx_count : view->tx_count);

    fault_changed((uintptr_t)index, before, after);
    fault_active(fault, (uintptr_t)index);
    *index = after;
    return FAULT_EFFECT_NONE;
}

const struct fault_model fault_ring_index = {
    .id = QV_FAULT_RING_INDEX,
    .fire = fire,
};
