/* SPDX-License-Identifier: MIT */
/*
 * Rebuilding both rings at a re-initialisation. Frames that were received but not yet taken by every sharer, and frames
 * that were queued but not yet sent, are kept as far as the positions can be trusted; a single bad descriptor among
 * them is made void instead of giving up the rest.
 */
#include "nic_driver.h"

#define RX_VOID (NIC_RXD_DD | NIC_RXD_EOP) /* a frame of no bytes: readers pass over it */

/* Whoever was replaced for being late must not change what others run by now. */
static bool is_mine(const struct nic_driver *driver, uint64_t state)
{
    return nic_load(&driver->shared->state) == state;
}

static void put(const struct nic_driver *driver, uint64_t state, volatile uint64_t *word, uint64_t value)
{
    if (is_mine(driver, state))
        nic_store(word, value);
}

static bool is_attached(const struct nic_slot *slot)
{
    uint32_t incarnation;

    return nic_unseal(nic_load(&slot->attached), &incarnation) && incarnation != 0;
}

/* Not after what was received, nor before the oldest frame that is still there. */
static bool is_place(uint32_t cursor, uint32_t head, uint32_t oldest)
{
    return head - cursor <= head - oldest;
}

/* Where a reader goes on: its cursor, or the older copy if that was destroyed, or else behind what was received. */
static uint32_t reader_position(const struct nic_slot *slot, uint32_t head, uint32_t oldest)
{
    uint32_t cursor;

    if (nic_unseal(nic_load(&slot->cursor), &cursor) && is_place(cursor, head, oldest))
        return cursor;
    if (nic_unseal(nic_load(&slot->cursor_copy), &cursor) && is_place(cursor, head, oldest))
        return cursor;
    return head;
}

static bool plan_receive(struct nic_driver *driver, uint32_t rdh, struct nic_positions *positions)
{
    uint32_t limit, oldest, head, available;

    if (!nic_unseal(nic_load(&driver->shared->rx_limit), &limit))
        return false;
    /* Head and tail alike: all filled, or (then something was badly wrong) a whole ring granted and nothing filled. */
    if (rdh == limit % NIC_RX_COUNT && nic_rx_done(driver, limit - 1u) != limit)
        return false;
    if (rdh < NIC_RX_COUNT)
        head = limit - (limit - rdh) % NIC_RX_COUNT;
    else
        head = nic_rx_done(driver, limit - (NIC_RX_COUNT - 1u));
    available = limit - (NIC_RX_COUNT - 1u);
    oldest = head;
    for (unsigned i = 0; i < QV_MAX_SANDBOXES; i++) {
        const struct nic_slot *slot = &driver->shared->slot[i];
        uint32_t cursor = is_attached(slot) ? reader_position(slot, head, available) : head;
        if (head - cursor > head - oldest)
            oldest = cursor;
    }
    positions->rx_head = head;
    positions->rx_limit = oldest + NIC_RX_COUNT - 1u;
    return true;
}

static bool plan_transmit(struct nic_driver *driver, uint32_t tdh, struct nic_positions *positions)
{
    struct nic_tx_words at;

    if (tdh >= NIC_TX_COUNT || !nic_tx_positions(driver, &at))
        return false;
    positions->tx_next = (uint32_t)at.next;
    positions->tx_head = positions->tx_next - (positions->tx_next - tdh) % NIC_TX_COUNT;
    return positions->tx_head - (uint32_t)at.clean <= NIC_TX_COUNT - 1u;
}

void nic_rings_fresh(uint32_t generation, struct nic_positions *positions)
{
    /* Far from what any reader of an earlier generation could still hold in its hands. */
    uint32_t base = generation << 16;

    positions->rx_head = base;
    positions->rx_limit = base + NIC_RX_COUNT - 1u;
    positions->tx_head = base;
    positions->tx_next = base;
}

void nic_rings_plan(struct nic_driver *driver, uint32_t generation, uint32_t rdh, uint32_t tdh,
                    struct nic_positions *positions)
{
    struct nic_positions fresh;

    nic_rings_fresh(generation, &fresh);
    if (!plan_receive(driver, rdh, positions)) {
        positions->rx_head = fresh.rx_head;
        positions->rx_limit = fresh.rx_limit;
    }
    if (!plan_transmit(driver, tdh, positions)) {
        positions->tx_head = fresh.tx_head;
        positions->tx_next = fresh.tx_next;
    }
}

static void rebuild_receive(struct nic_driver *driver, uint64_t state, uint32_t head, uint32_t limit)
{
    uint32_t oldest = limit - (NIC_RX_COUNT - 1u);

    for (uint32_t position = oldest; position != limit + 1u && is_mine(driver, state); position++) {
        struct nic_descriptor *descriptor = &driver->rx_ring[position % NIC_RX_COUNT];
        bool received = head - position - 1u < NIC_RX_COUNT; /* position < head */
        if (!received)
            descriptor->word = 0;
        else if ((descriptor->word & NIC_RXD_DD) == 0 || descriptor->address != nic_rx_address(driver, position))
            descriptor->word = RX_VOID;
        descriptor->address = nic_rx_address(driver, position);
    }
    put(driver, state, &driver->shared->rx_limit, nic_seal(limit));
}

/* A cursor that can stay is not touched: its owner may be moving it. */
static void rebuild_cursors(struct nic_driver *driver, uint64_t state, uint32_t head, uint32_t limit)
{
    for (unsigned i = 0; i < QV_MAX_SANDBOXES; i++) {
        struct nic_slot *slot = &driver->shared->slot[i];
        uint64_t word = nic_load(&slot->cursor);
        uint64_t wanted = nic_seal(reader_position(slot, head, limit - (NIC_RX_COUNT - 1u)));
        if (is_attached(slot) && word != wanted)
            put(driver, state, &slot->cursor, wanted);
    }
}

static void rebuild_transmit(struct nic_driver *driver, uint64_t state, uint32_t head, uint32_t next)
{
    for (uint32_t position = head; position != head + NIC_TX_COUNT && is_mine(driver, state); position++) {
        struct nic_descriptor *descriptor = &driver->tx_ring[position % NIC_TX_COUNT];
        bool queued = next - position - 1u < NIC_TX_COUNT; /* position < next */
        uint32_t length = NIC_TXD_LENGTH(descriptor->word);
        if (!queued)
            descriptor->word = 0;
        else if (descriptor->address != nic_tx_address(driver, position) || length == 0 || length > NIC_MTU_FRAME ||
                 descriptor->word != (length | NIC_TXD_SEND))
            descriptor->word = NIC_TXD_NULL;
        descriptor->address = nic_tx_address(driver, position);
    }
    put(driver, state, &driver->shared->tx_next, nic_seal(next));
    put(driver, state, &driver->shared->tx_rung, nic_seal(next));
    put(driver, state, &driver->shared->tx_clean, nic_seal(head));
}

void nic_rings_rebuild(struct nic_driver *driver, uint64_t state, const struct nic_positions *positions)
{
    rebuild_receive(driver, state, positions->rx_head, positions->rx_limit);
    rebuild_cursors(driver, state, positions->rx_head, positions->rx_limit);
    rebuild_transmit(driver, state, positions->tx_head, positions->tx_next);
}
