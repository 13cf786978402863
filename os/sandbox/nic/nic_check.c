/* SPDX-License-Identifier: MIT */
/* The periodic check: what the hot paths do not look at, and what does not move although it should. */
#include "nic_driver.h"

#define SETTINGS    7u   /* registers whose value is known beforehand */
#define SCAN_PARTS  128u /* checks for one look at all descriptors */
#define SCAN_AHEAD  8u   /* of those the device will fill next, looked at each time */
#define AUDIT_EVERY 4u   /* checks for one look at a register, which is slow */

/* What looks inconsistent because somebody began to rebuild it is not. */
static void found(struct nic_driver *driver, enum qv_detection detection, uint64_t address)
{
    if (nic_load(&driver->shared->state) == driver->checked)
        nic_fail(driver, detection, address);
}

static void check_blame(struct nic_driver *driver)
{
    const struct nic_slot *slot = driver->slot;

    if (nic_load(&slot->blamed_lock) != driver->blamed_lock_seen) {
        driver->blamed_lock_seen = nic_load(&slot->blamed_lock);
        nic_fail(driver, QV_DETECT_LOCK_TIMEOUT, driver->config.self);
    }
    if (nic_load(&slot->blamed_irq) != driver->blamed_irq_seen) {
        driver->blamed_irq_seen = nic_load(&slot->blamed_irq);
        nic_fail(driver, QV_DETECT_IRQ_PROGRESS, driver->config.self);
    }
}

/*
 * Some descriptors: addresses, and none done before an earlier one that is not, which would stop all reading. They do
 * not wrap. False: one was found, or what was seen does not count any more.
 */
static inline bool check_descriptors(struct nic_driver *driver, uint32_t begin, uint32_t count, uint32_t first,
                                     uint32_t limit)
{
    const struct nic_descriptor *ring = driver->rx_ring;
    uint64_t address = nic_rx_address(driver, begin);

    for (const struct nic_descriptor *at = ring + begin; at != ring + begin + count; at++, address += NIC_BUFFER_SIZE) {
        bool done = (nic_load(&at->word) & NIC_RXD_DD) != 0;
        if (__builtin_expect(at->address == address && !done, 1))
            continue;
        uint32_t ahead = ((uint32_t)(at - ring) - first) % NIC_RX_COUNT;
        if (at->address == address && (ahead == 0 || ahead >= limit - first))
            continue;
        /* It is not early if what was before it has been filled since. */
        if (at->address != address || nic_rx_done(driver, first) == first)
            found(driver, QV_DETECT_RING_INVARIANT, (uintptr_t)at);
        return false;
    }
    return true;
}

/* Each time what the device will fill next, and a part of the ring. */
void nic_check_receive_ring(struct nic_driver *driver, uint32_t first, uint32_t limit)
{
    uint32_t next = first % NIC_RX_COUNT;
    uint32_t ahead = next < NIC_RX_COUNT - SCAN_AHEAD ? SCAN_AHEAD : NIC_RX_COUNT - next;
    uint32_t part = driver->scanned % SCAN_PARTS * (NIC_RX_COUNT / SCAN_PARTS);

    if (limit - first >= NIC_RX_COUNT)
        return; /* the limit has moved on since: what lies behind it is not known here; next time */
    if (check_descriptors(driver, next, ahead, first, limit))
        (void)check_descriptors(driver, part, NIC_RX_COUNT / SCAN_PARTS, first, limit);
}

/* Frames wait, and the driver was called for them, but did not take any. Not to be called is no fault of the driver. */
static void watch_receive(struct nic_driver *driver, uint32_t cursor, uint32_t first)
{
    struct nic_watch *watch = &driver->watch_rx;
    bool known = watch->armed && watch->value == cursor;

    if (first == cursor) {
        watch->armed = false;
    } else if (!nic_watch_expired(watch, cursor, nic_now(driver), driver->config.progress_timeout)) {
        if (!known)
            driver->walks_seen = driver->walks;
    } else if (driver->walks - driver->walks_seen >= NIC_WATCH_LOOKS) {
        found(driver, QV_DETECT_RX_PROGRESS, cursor % NIC_RX_COUNT);
    }
}

static void check_receive(struct nic_driver *driver)
{
    const struct nic_slot *slot = driver->slot;
    uint32_t limit, cursor, incarnation;

    /* The limit first: it only grows, and never further ahead of a cursor than the ring. */
    if (!nic_unseal(nic_load(&driver->shared->rx_limit), &limit)) {
        found(driver, QV_DETECT_RING_INVARIANT, (uintptr_t)&driver->shared->rx_limit);
        return;
    }
    if (!nic_unseal(nic_load(&slot->attached), &incarnation) || incarnation != driver->config.incarnation) {
        found(driver, QV_DETECT_RING_INVARIANT, (uintptr_t)&slot->attached);
        return;
    }
    if (!nic_unseal(nic_load(&slot->cursor), &cursor) ||
        (!nic_rx_in_window(cursor, limit) && cursor - limit > NIC_RX_COUNT)) {
        found(driver, QV_DETECT_RING_INVARIANT, (uintptr_t)&slot->cursor);
        return;
    }
    uint32_t first = nic_rx_done(driver, cursor);
    nic_check_receive_ring(driver, first, limit);
    watch_receive(driver, cursor, first);
    /* Nobody's notice is lost for longer than this. */
    if (slot->laggard != 0 || driver->takeovers_seen != nic_load(&driver->shared->takeovers))
        nic_store(&driver->slot->notice, 1);
}

/* Others may change the positions while they are read: a consistent copy, or false and another try next time. */
static bool snapshot_transmit(struct nic_driver *driver, struct nic_tx_words *at)
{
    for (unsigned attempt = 0; attempt < 4; attempt++) {
        uint64_t clean = nic_load(&driver->shared->tx_clean);
        uint64_t rung = nic_load(&driver->shared->tx_rung);
        bool valid = nic_tx_positions(driver, at);
        if (clean != nic_load(&driver->shared->tx_clean) || rung != nic_load(&driver->shared->tx_rung))
            continue;
        if (!valid)
            found(driver, QV_DETECT_RING_INVARIANT, (uintptr_t)&driver->shared->tx_next);
        return valid;
    }
    return false;
}

static void check_transmit(struct nic_driver *driver)
{
    struct nic_tx_words at;
    uint32_t head, rung;

    if (!snapshot_transmit(driver, &at))
        return;
    rung = (uint32_t)at.rung;
    uint32_t begin = driver->scanned % SCAN_PARTS * (NIC_TX_COUNT / SCAN_PARTS);
    uint64_t address = nic_tx_address(driver, begin);
    for (uint32_t i = begin; i < begin + NIC_TX_COUNT / SCAN_PARTS; i++, address += NIC_BUFFER_SIZE) {
        const struct nic_descriptor *descriptor = &driver->tx_ring[i];
        if (descriptor->address != address) {
            found(driver, QV_DETECT_RING_INVARIANT, (uintptr_t)descriptor);
            return;
        }
    }
    head = nic_tx_unsent(driver, (uint32_t)at.clean, rung);
    if (head == rung)
        driver->watch_tx.armed = false;
    else if (nic_watch_expired(&driver->watch_tx, head, nic_now(driver), driver->config.progress_timeout))
        found(driver, QV_DETECT_TX_PROGRESS, head % NIC_TX_COUNT);

    /* Queued but not announced: whoever queued it died, or forgot. */
    if (at.rung == at.next) {
        driver->watch_ring.armed = false;
    } else if (nic_watch_expired(&driver->watch_ring, rung, nic_now(driver), driver->config.progress_timeout / 4)) {
        driver->watch_ring.armed = false;
        nic_tx_doorbell(driver);
    }
}

struct setting {
    uint32_t offset;
    uint32_t value;
};

/* Settings that somebody's stray write changed stop the device without any other sign. */
static bool setting_holds(const struct nic_driver *driver, uint32_t which, uint64_t *fact)
{
    const struct setting setting[] = {
        {NIC_REG_RCTL, NIC_RCTL_VALUE},
        {NIC_REG_TCTL, driver->model->tctl},
        {NIC_REG_RDBAL, (uint32_t)(driver->config.shared_phys + NIC_RX_RING_OFFSET)},
        {NIC_REG_RDLEN, NIC_RX_COUNT * (uint32_t)sizeof(struct nic_descriptor)},
        {NIC_REG_TDBAL, (uint32_t)(driver->config.shared_phys + NIC_TX_RING_OFFSET)},
        {NIC_REG_TDLEN, NIC_TX_COUNT * (uint32_t)sizeof(struct nic_descriptor)},
        {NIC_REG_IMS, NIC_INT_ALL},
    };
    _Static_assert(sizeof(setting) / sizeof(setting[0]) == SETTINGS, "as many as are counted");

    *fact = setting[which].offset;
    return nic_read(driver, setting[which].offset) == setting[which].value;
}

/*
 * The device fills descriptors in order, so the first that is not done is at its head. It is not if a descriptor was
 * marked or cleared by anybody else; the readers would then wait for ever for one that is never filled.
 */
static bool receive_head_fits(const struct nic_driver *driver, uint64_t *fact)
{
    uint32_t cursor = driver->cursor;
    uint32_t head, limit;

    *fact = NIC_REG_RDH;
    if (!nic_synchronised(driver) || nic_rx_pending(driver))
        return true;
    head = nic_read(driver, NIC_REG_RDH);
    if (!nic_unseal(nic_load(&driver->shared->rx_limit), &limit) || nic_rx_done(driver, cursor) != cursor)
        return true;
    return head == cursor % NIC_RX_COUNT;
}

/* What the device is at lies in the queue. It may be past `rung`, which is noted after the device was told. */
static bool transmit_head_fits(const struct nic_driver *driver, uint64_t *fact)
{
    struct nic_tx_words at;
    uint64_t clean = nic_load(&driver->shared->tx_clean);
    uint64_t next = nic_load(&driver->shared->tx_next);
    uint32_t head = nic_read(driver, NIC_REG_TDH);

    *fact = NIC_REG_TDH;
    if (!nic_tx_positions(driver, &at) || at.clean != clean || at.next != next)
        return true;
    return head < NIC_TX_COUNT && ((uint32_t)next - head) % NIC_TX_COUNT <= (uint32_t)next - (uint32_t)clean;
}

/* One register a time. What does not hold is looked at again before it counts. */
static void audit(struct nic_driver *driver)
{
    uint32_t which = driver->audited % (SETTINGS + 2u);
    uint64_t fact;
    bool holds;

    if (which < SETTINGS)
        holds = setting_holds(driver, which, &fact);
    else if (which == SETTINGS)
        holds = receive_head_fits(driver, &fact);
    else
        holds = transmit_head_fits(driver, &fact);
    if (holds || nic_load(&driver->shared->state) != driver->checked) {
        driver->audit_doubt = false;
        driver->audited++;
    } else if (!driver->audit_doubt) {
        driver->audit_doubt = true;
    } else {
        found(driver, QV_DETECT_RING_INVARIANT, fact);
    }
}

void nic_check_all(struct nic_driver *driver)
{
    if (driver->state == 0)
        return;
    nic_state_check(driver);
    if (!nic_ready(driver))
        return;
    driver->checked = nic_load(&driver->shared->state);
    driver->scanned++;
    if (!nic_header_valid(driver->shared))
        found(driver, QV_DETECT_RING_INVARIANT, (uintptr_t)&driver->shared->magic);
    check_blame(driver);
    if (driver->shared->tx_lock.word != 0)
        nic_lock_check(driver, NIC_LOCK_TX);
    if (driver->shared->rx_lock.word != 0)
        nic_lock_check(driver, NIC_LOCK_RX);
    check_transmit(driver);
    if (driver->audit_doubt || driver->scanned % AUDIT_EVERY == 0)
        audit(driver);
    if (nic_synchronised(driver)) {
        nic_duty_check(driver);
        check_receive(driver);
        nic_rx_return(driver, false);
    }
}
