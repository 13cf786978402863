/* SPDX-License-Identifier: MIT */
/* The periodic check: what the hot paths do not look at, and what does not move although it should. */
#include "nic_driver.h"

static void check_blame(struct nic_driver *driver)
{
    const struct nic_slot *slot = nic_own_slot(driver);

    if (nic_load(&slot->blamed_lock) != driver->blamed_lock_seen) {
        driver->blamed_lock_seen = nic_load(&slot->blamed_lock);
        nic_fail(driver, QV_DETECT_LOCK_TIMEOUT, driver->config.self);
    }
    if (nic_load(&slot->blamed_irq) != driver->blamed_irq_seen) {
        driver->blamed_irq_seen = nic_load(&slot->blamed_irq);
        nic_fail(driver, QV_DETECT_IRQ_PROGRESS, driver->config.self);
    }
}

/* The device fills descriptors in order: one that stays empty before others that are done will never be done. */
static bool has_hole(const struct nic_driver *driver, uint32_t cursor, uint32_t limit)
{
    uint32_t left = nic_rx_in_window(cursor, limit) ? limit - cursor : 0;

    for (uint32_t ahead = 1; ahead <= 8 && ahead < left; ahead++)
        if ((nic_load(&driver->rx_ring[(cursor + ahead) % NIC_RX_COUNT].word) & NIC_RXD_DD) != 0)
            return true;
    return false;
}

static void check_receive(struct nic_driver *driver)
{
    const struct nic_slot *slot = nic_own_slot(driver);
    uint32_t limit, cursor, incarnation;

    /* The limit first: it only grows, and never further ahead of a cursor than the ring. */
    if (!nic_unseal(nic_load(&driver->shared->rx_limit), &limit)) {
        nic_fail(driver, QV_DETECT_RING_INVARIANT, (uintptr_t)&driver->shared->rx_limit);
        return;
    }
    if (!nic_unseal(nic_load(&slot->attached), &incarnation) || incarnation != driver->config.incarnation) {
        nic_fail(driver, QV_DETECT_RING_INVARIANT, (uintptr_t)&slot->attached);
        return;
    }
    if (!nic_unseal(nic_load(&slot->cursor), &cursor) ||
        (!nic_rx_in_window(cursor, limit) && cursor - limit > NIC_RX_COUNT)) {
        nic_fail(driver, QV_DETECT_RING_INVARIANT, (uintptr_t)&slot->cursor);
        return;
    }
    for (uint32_t i = 0; i < NIC_RX_COUNT; i++) {
        if (driver->rx_ring[i].address != nic_rx_address(driver, i)) {
            nic_fail(driver, QV_DETECT_RING_INVARIANT, (uintptr_t)&driver->rx_ring[i]);
            return;
        }
    }
    if (nic_rx_done(driver, cursor) == cursor && !has_hole(driver, cursor, limit))
        driver->watch_rx.armed = false;
    else if (nic_watch_expired(&driver->watch_rx, cursor, nic_now(driver), driver->config.progress_timeout))
        nic_fail(driver, QV_DETECT_RX_PROGRESS, cursor % NIC_RX_COUNT);
}

/* Others may change the positions while they are read: a consistent copy, or false and another try next time. */
static bool snapshot_transmit(struct nic_driver *driver, uint32_t *clean, uint32_t *rung, uint32_t *next)
{
    for (unsigned attempt = 0; attempt < 4; attempt++) {
        uint64_t word = nic_load(&driver->shared->tx_clean);
        uint64_t rung_word = nic_load(&driver->shared->tx_rung);
        bool valid = nic_tx_positions(driver, clean, rung, next);
        if (word != nic_load(&driver->shared->tx_clean) || rung_word != nic_load(&driver->shared->tx_rung))
            continue;
        if (!valid)
            nic_fail(driver, QV_DETECT_RING_INVARIANT, (uintptr_t)&driver->shared->tx_next);
        return valid;
    }
    return false;
}

static void check_transmit(struct nic_driver *driver)
{
    uint32_t clean, rung, next, head;

    if (!snapshot_transmit(driver, &clean, &rung, &next))
        return;
    for (uint32_t i = 0; i < NIC_TX_COUNT; i++) {
        if (driver->tx_ring[i].address != nic_tx_address(driver, i)) {
            nic_fail(driver, QV_DETECT_RING_INVARIANT, (uintptr_t)&driver->tx_ring[i]);
            return;
        }
    }
    for (head = clean; head != rung; head++)
        if ((nic_load(&driver->tx_ring[head % NIC_TX_COUNT].word) & NIC_TXD_DD) == 0)
            break;
    if (head == rung)
        driver->watch_tx.armed = false;
    else if (nic_watch_expired(&driver->watch_tx, head, nic_now(driver), driver->config.progress_timeout))
        nic_fail(driver, QV_DETECT_TX_PROGRESS, head % NIC_TX_COUNT);

    /* Queued but not announced: whoever queued it died, or forgot. */
    if (rung == next) {
        driver->watch_ring.armed = false;
    } else if (nic_watch_expired(&driver->watch_ring, rung, nic_now(driver), driver->config.progress_timeout / 4)) {
        driver->watch_ring.armed = false;
        nic_tx_doorbell(driver);
    }
}

/* One register a time: settings that somebody's stray write changed stop the device without any other sign. */
static void audit_registers(struct nic_driver *driver)
{
    const struct {
        uint32_t offset;
        uint32_t value;
    } expected[] = {
        {NIC_REG_RCTL, NIC_RCTL_VALUE},
        {NIC_REG_TCTL, NIC_TCTL_VALUE},
        {NIC_REG_RDBAL, (uint32_t)(driver->config.shared_phys + NIC_RX_RING_OFFSET)},
        {NIC_REG_RDLEN, NIC_RX_COUNT * (uint32_t)sizeof(struct nic_descriptor)},
        {NIC_REG_TDBAL, (uint32_t)(driver->config.shared_phys + NIC_TX_RING_OFFSET)},
        {NIC_REG_TDLEN, NIC_TX_COUNT * (uint32_t)sizeof(struct nic_descriptor)},
        {NIC_REG_IMS, NIC_INT_ALL},
    };
    uint32_t which = driver->audited % (sizeof(expected) / sizeof(expected[0]));
    uint64_t state = nic_load(&driver->shared->state);
    uint32_t value = nic_read(driver, expected[which].offset);

    if (value == expected[which].value || nic_load(&driver->shared->state) != state) {
        driver->audit_doubt = false;
        driver->audited++;
    } else if (!driver->audit_doubt) {
        driver->audit_doubt = true; /* perhaps the last steps of a re-initialisation */
    } else {
        nic_fail(driver, QV_DETECT_RING_INVARIANT, expected[which].offset);
    }
}

void nic_check_all(struct nic_driver *driver)
{
    if (driver->state == 0)
        return;
    nic_state_check(driver);
    if (!nic_ready(driver))
        return;
    if (!nic_header_valid(driver->shared))
        nic_fail(driver, QV_DETECT_RING_INVARIANT, (uintptr_t)&driver->shared->magic);
    check_blame(driver);
    nic_lock_check(driver, NIC_LOCK_TX);
    nic_lock_check(driver, NIC_LOCK_RX);
    check_transmit(driver);
    audit_registers(driver);
    if (nic_synchronised(driver)) {
        nic_duty_check(driver);
        check_receive(driver);
        nic_rx_return(driver, true);
    }
}
