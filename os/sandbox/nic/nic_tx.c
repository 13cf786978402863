/* SPDX-License-Identifier: MIT */
/*
 * Transmitting. One ring for all, filled under a lock that is held for the copy of one frame. There are no transmit
 * interrupts: who sends cleans up what was sent before, whoever sent it. A descriptor is announced after it is complete
 * and cleared after it was passed, so that neither a death in between nor a late write of the tail register sends
 * anything twice or half.
 */
#include "nic_driver.h"

#define MINIMUM_FRAME 60u
#define RECLAIM_AT    64u /* clean up when this many are queued or sent */
#define ANNOUNCE_AT   16u /* a batch does not keep more than this from the device */

bool nic_tx_positions(const struct nic_driver *driver, uint32_t *clean, uint32_t *rung, uint32_t *next)
{
    return nic_unseal(nic_load(&driver->shared->tx_clean), clean) &&
           nic_unseal(nic_load(&driver->shared->tx_rung), rung) &&
           nic_unseal(nic_load(&driver->shared->tx_next), next) && *next - *clean <= NIC_TX_COUNT - 1u &&
           *rung - *clean <= *next - *clean;
}

/* Fails where somebody else has moved it: whoever lost the lock meanwhile must not set anything back. */
static bool advance(volatile uint64_t *word, uint32_t from, uint32_t to)
{
    uint64_t seen = nic_seal(from);

    return nic_swap(word, &seen, nic_seal(to));
}

/* The position becomes known first: who dies then leaves a stale descriptor outside the queue, not a hole in it. */
static uint32_t reclaim(struct nic_driver *driver, uint32_t clean, uint32_t rung)
{
    uint32_t end = clean;

    while (end != rung && (nic_load(&driver->tx_ring[end % NIC_TX_COUNT].word) & NIC_TXD_DD) != 0)
        end++;
    if (end == clean || !advance(&driver->shared->tx_clean, clean, end))
        return clean;
    for (; clean != end; clean++)
        driver->tx_ring[clean % NIC_TX_COUNT].word = 0;
    return end;
}

static void announce(struct nic_driver *driver, const struct nic_hold *hold, uint32_t rung, uint32_t next)
{
    /* Whoever broke the lock announces for us. */
    if (!robust_stands(hold->lock, hold->word))
        return;
    nic_write(driver, NIC_REG_TDT, next % NIC_TX_COUNT);
    driver->unannounced = false;
    (void)advance(&driver->shared->tx_rung, rung, next);
}

void nic_tx_repair(struct nic_driver *driver, const struct nic_hold *hold)
{
    uint32_t clean, rung, next;

    if (!nic_tx_positions(driver, &clean, &rung, &next)) {
        /* The device still knows what was announced; what was not is lost. */
        uint32_t head = nic_read(driver, NIC_REG_TDH);
        rung = next = nic_read(driver, NIC_REG_TDT);
        if (head >= NIC_TX_COUNT || next >= NIC_TX_COUNT)
            return;
        clean = next - (next - head) % NIC_TX_COUNT;
        nic_store(&driver->shared->tx_next, nic_seal(next));
        nic_store(&driver->shared->tx_rung, nic_seal(next));
        nic_store(&driver->shared->tx_clean, nic_seal(clean));
    }
    announce(driver, hold, rung, next);
}

static int frame_size(const struct nic_segment *segment, unsigned count)
{
    size_t size = 0;

    for (unsigned i = 0; i < count; i++) {
        if (segment[i].size > NIC_MTU_FRAME - size)
            return -EINVAL;
        size += segment[i].size;
    }
    return size < 14 ? -EINVAL : (int)size;
}

static uint32_t copy_frame(struct nic_driver *driver, uint32_t position, const struct nic_segment *segment,
                           unsigned count, uint32_t size)
{
    uint8_t *to = driver->tx_buffers + (size_t)(position % NIC_TX_COUNT) * NIC_BUFFER_SIZE;

    for (unsigned i = 0; i < count; i++) {
        __builtin_memcpy(to, segment[i].data, segment[i].size);
        to += segment[i].size;
    }
    if (size >= MINIMUM_FRAME)
        return size;
    __builtin_memset(to, 0, MINIMUM_FRAME - size);
    return MINIMUM_FRAME;
}

/* Under the lock. */
static int queue(struct nic_driver *driver, const struct nic_hold *hold, const struct nic_segment *segment,
                 unsigned count, uint32_t size)
{
    struct nic_descriptor *descriptor;
    uint32_t clean, rung, next;

    if (!nic_tx_positions(driver, &clean, &rung, &next)) {
        nic_fail(driver, QV_DETECT_RING_INVARIANT, (uintptr_t)&driver->shared->tx_next);
        return -EIO;
    }
    if (next - clean >= RECLAIM_AT)
        clean = reclaim(driver, clean, rung);
    if (next - clean >= NIC_TX_COUNT - 1u) {
        if (rung != next)
            announce(driver, hold, rung, next);
        driver->config.status->tx_busy++;
        return -EBUSY;
    }
    size = copy_frame(driver, next, segment, count, size);
    if (!robust_stands(hold->lock, hold->word))
        return -EBUSY; /* the place is somebody else's by now */
    descriptor = &driver->tx_ring[next % NIC_TX_COUNT];
    descriptor->address = nic_tx_address(driver, next);
    nic_store(&descriptor->word, size | NIC_TXD_SEND);
    if (!advance(&driver->shared->tx_next, next, next + 1u))
        return -EBUSY;
    next++;
    driver->unannounced = true;
    if (driver->batch == 0 || next - rung >= ANNOUNCE_AT)
        announce(driver, hold, rung, next);
    driver->config.status->tx_frames++;
    driver->config.status->packets_total++;
    return 0;
}

/* The lock of a dead or an overdue holder is broken by the attempt itself; this only bounds a row of living ones. */
static int lock_patiently(struct nic_driver *driver, struct nic_hold *hold)
{
    int error = nic_lock_try(driver, NIC_LOCK_TX, hold);

    if (error == -EAGAIN) {
        uint64_t begin = nic_now(driver);
        do {
            __builtin_ia32_pause();
            error = nic_lock_try(driver, NIC_LOCK_TX, hold);
        } while (error == -EAGAIN && nic_now(driver) - begin <= 2 * driver->config.lock_timeout);
        driver->config.status->lock_waits++;
        driver->config.status->lock_wait_ticks += nic_now(driver) - begin;
    }
    return error == -EAGAIN ? -EBUSY : error;
}

int nic_tx_queue(struct nic_driver *driver, const struct nic_segment *segment, unsigned count)
{
    struct nic_hold hold;
    int size = frame_size(segment, count);
    int error;

    if (size < 0)
        return size;
    fault_point(QV_POINT_NIC_TX, &driver->view);
    if (!nic_ready(driver))
        return -EBUSY;
    error = lock_patiently(driver, &hold);
    if (error)
        return error;
    error = queue(driver, &hold, segment, count, (uint32_t)size);
    nic_unlock(driver, &hold);
    return error;
}

void nic_tx_doorbell(struct nic_driver *driver)
{
    struct nic_hold hold;
    uint32_t clean, rung, next;

    if (!nic_ready(driver) || nic_lock_try(driver, NIC_LOCK_TX, &hold) != 0)
        return;
    if (nic_tx_positions(driver, &clean, &rung, &next) && rung != next)
        announce(driver, &hold, rung, next);
    nic_unlock(driver, &hold);
}
