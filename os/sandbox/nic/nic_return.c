/* SPDX-License-Identifier: MIT */
/*
 * Giving descriptors back to the device: whoever finds that all readers are past a good number of them does it, under a
 * lock. Nobody is waited for who is dead; a living reader that lags by most of the ring and does not move is moved on,
 * and the loss is its own.
 */
#include "nic_driver.h"

#define LAGGING (NIC_RX_COUNT / 4u * 3u) /* this far behind the sharer that looks */

/* Under the receive lock: is it time to pass over the frames this sharer has not taken? */
static bool give_up_on(struct nic_driver *driver, unsigned sandbox, uint32_t incarnation, uint32_t cursor)
{
    if (!nic_alive(driver, sandbox, incarnation) || nic_load(&driver->shared->slot[sandbox].laggard) != 0)
        return true;
    return nic_watch_expired(&driver->watch_lag[sandbox], cursor, nic_now(driver), driver->config.laggard_timeout);
}

/* Where a reader stands; by the copy if its cursor was destroyed. False: nowhere that counts. */
static bool reader_at(const struct nic_slot *slot, uint64_t cursor_word, uint32_t limit, uint32_t *cursor)
{
    return (nic_unseal(cursor_word, cursor) && nic_rx_in_window(*cursor, limit)) ||
           (nic_unseal(nic_load(&slot->cursor_copy), cursor) && nic_rx_in_window(*cursor, limit));
}

/* The position of the reader that is furthest behind `own`; with `force`, after laggards were moved on to `own`. */
static uint32_t oldest_reader(struct nic_driver *driver, uint32_t own, uint32_t limit, bool force)
{
    uint32_t oldest = own;

    for (uint32_t left = driver->others; left != 0; left &= left - 1) {
        unsigned i = (unsigned)__builtin_ctz(left);
        struct nic_slot *slot = &driver->shared->slot[i];
        uint64_t word = nic_load(&slot->cursor);
        uint32_t incarnation, cursor;

        if (!nic_unseal(nic_load(&slot->attached), &incarnation) || incarnation == 0 ||
            !reader_at(slot, word, limit, &cursor))
            continue;
        if ((int32_t)(own - cursor) > (int32_t)LAGGING && force && give_up_on(driver, i, incarnation, cursor)) {
            if (nic_swap(&slot->cursor, &word, nic_seal(own))) {
                nic_store(&slot->laggard, 1);
                nic_store(&slot->notice, 1);
                nic_trace(driver, QV_TRACE_RX_FORCED, i, own - cursor);
                continue;
            }
            /* It moved at this very moment. */
            if (!reader_at(slot, word, limit, &cursor))
                continue;
        }
        if ((int32_t)(oldest - cursor) > 0)
            oldest = cursor;
    }
    return oldest;
}

void nic_rx_tell_device(struct nic_driver *driver, const struct nic_hold *hold)
{
    uint32_t limit;

    if (nic_unseal(nic_load(&driver->shared->rx_limit), &limit) && robust_stands(hold->lock, hold->word))
        nic_write(driver, NIC_REG_RDT, limit % NIC_RX_COUNT);
}

static void return_up_to(struct nic_driver *driver, const struct nic_hold *hold, uint32_t limit, uint32_t wanted)
{
    uint64_t seen = nic_seal(limit);

    if (wanted - limit - 1u >= NIC_RX_COUNT - 1u)
        return; /* nothing, or nonsense */
    for (uint32_t position = limit; position != wanted;) {
        struct nic_descriptor *descriptor = &driver->rx_ring[position % NIC_RX_COUNT];
        uint64_t address = nic_rx_address(driver, position);
        do {
            descriptor->address = address;
            /* If the lock was lost, it may be back at the device, and filled. */
            if (!robust_stands(hold->lock, hold->word))
                return;
            descriptor++->word = 0;
            address += NIC_BUFFER_SIZE;
        } while (++position != wanted && position % NIC_RX_COUNT != 0);
    }
    if (!nic_swap(&driver->shared->rx_limit, &seen, nic_seal(wanted)))
        return;
    nic_rx_tell_device(driver, hold);
}

void nic_rx_return(struct nic_driver *driver, bool patient)
{
    struct nic_hold hold;
    uint32_t own = driver->cursor;
    uint32_t limit, oldest;

    if (!nic_synchronised(driver) || !nic_unseal(nic_load(&driver->shared->rx_limit), &limit) ||
        !nic_rx_in_window(own, limit))
        return;
    driver->limit = limit;
    if (own + (NIC_RX_COUNT - 1u) - limit < NIC_RX_BATCH || (patient && own - driver->return_tried < NIC_RX_BATCH / 4u))
        return;
    driver->return_tried = own;
    oldest = oldest_reader(driver, own, limit, false);
    if (oldest + (NIC_RX_COUNT - 1u) - limit < NIC_RX_BATCH && own - oldest <= LAGGING)
        return;
    if (nic_lock_try(driver, NIC_LOCK_RX, 0, &hold) != 0)
        return; /* somebody is at it; if it died, the periodic check finds out */
    if (nic_unseal(nic_load(&driver->shared->rx_limit), &limit) && nic_rx_in_window(own, limit))
        return_up_to(driver, &hold, limit, oldest_reader(driver, own, limit, true) + (NIC_RX_COUNT - 1u));
    nic_unlock(driver, &hold);
}
