/* SPDX-License-Identifier: MIT */
/*
 * Transmitting. One ring for all, filled under a lock that is held for the copy of one frame. There are no transmit
 * interrupts: who sends cleans up what was sent before, whoever sent it. A descriptor is announced after it is complete
 * and cleared after it was passed, so that neither a death in between nor a late write of the tail register sends
 * anything twice or half.
 */
#include "nic_driver.h"

#define HEADER_SIZE   14u
#define MINIMUM_FRAME 60u
#define RECLAIM_AT    64u /* clean up when this many are queued or sent */
#define ANNOUNCE_AT   16u /* a batch keeps fewer than this from the device */

static inline bool is_sent(const struct nic_driver *driver, uint32_t position)
{
    return (nic_load(&driver->tx_ring[position % NIC_TX_COUNT].word) & NIC_TXD_DD) != 0;
}

/* Fails where somebody else has moved it: whoever lost the lock meanwhile must not set anything back. */
static inline bool advance(volatile uint64_t *word, uint64_t seen, uint32_t to)
{
    return nic_swap(word, &seen, nic_seal(to));
}

uint32_t nic_tx_unsent(const struct nic_driver *driver, uint32_t clean, uint32_t rung)
{
    uint32_t head = clean;

    if (rung != clean && is_sent(driver, rung - 1u))
        return rung;
    while (head != rung && is_sent(driver, head))
        head++;
    return head;
}

/* The position becomes known first: who dies then leaves a stale descriptor outside the queue, not a hole in it. */
static uint32_t reclaim(struct nic_driver *driver, const struct nic_tx_words *at)
{
    uint32_t clean = (uint32_t)at->clean;
    uint32_t end = nic_tx_unsent(driver, clean, (uint32_t)at->rung);

    if (end == clean || !advance(&driver->shared->tx_clean, at->clean, end))
        return clean;
    for (; clean != end; clean++)
        driver->tx_ring[clean % NIC_TX_COUNT].word = 0;
    return end;
}

static void announce(struct nic_driver *driver, const struct nic_hold *hold, uint32_t next)
{
    uint64_t rung = nic_load(&driver->shared->tx_rung);

    /* Whoever broke the lock announces for us. */
    if (!robust_stands(hold->lock, hold->word))
        return;
    nic_write(driver, NIC_REG_TDT, next % NIC_TX_COUNT);
    driver->unannounced = 0;
    (void)advance(&driver->shared->tx_rung, rung, next);
}

void nic_tx_repair(struct nic_driver *driver, const struct nic_hold *hold)
{
    struct nic_tx_words at;

    if (!nic_tx_positions(driver, &at)) {
        /* The device still knows what was announced; what was not is lost. */
        uint32_t head = nic_read(driver, NIC_REG_TDH);
        uint32_t next = nic_read(driver, NIC_REG_TDT);
        if (head >= NIC_TX_COUNT || next >= NIC_TX_COUNT)
            return;
        at.next = nic_seal(next);
        nic_store(&driver->shared->tx_next, at.next);
        nic_store(&driver->shared->tx_rung, at.next);
        nic_store(&driver->shared->tx_clean, nic_seal(next - (next - head) % NIC_TX_COUNT));
    }
    announce(driver, hold, (uint32_t)at.next);
}

/* Copies the frame into the buffer of a position that is still to be announced. Its size; 0: it cannot be sent. */
static inline uint32_t copy_frame(struct nic_driver *driver, uint32_t position, const struct nic_segment *segment,
                                  unsigned count)
{
    uint8_t *begin = driver->tx_buffers + (size_t)(position % NIC_TX_COUNT) * NIC_BUFFER_SIZE;
    size_t size = 0;

    for (unsigned i = 0; i < count; i++) {
        if (segment[i].size > NIC_MTU_FRAME - size)
            return 0;
        __builtin_memcpy(begin + size, segment[i].data, segment[i].size);
        size += segment[i].size;
    }
    if (size >= MINIMUM_FRAME)
        return (uint32_t)size;
    if (size < HEADER_SIZE)
        return 0;
    __builtin_memset(begin + size, 0, MINIMUM_FRAME - size);
    return MINIMUM_FRAME;
}

/* Finds a place for a frame, with its word of tx_next. Under the lock, as what follows. */
static inline int find_room(struct nic_driver *driver, const struct nic_hold *hold, uint64_t *place)
{
    struct nic_tx_words at;
    uint32_t clean, next;

    if (__builtin_expect(!nic_tx_positions(driver, &at), 0)) {
        nic_fail(driver, QV_DETECT_RING_INVARIANT, (uintptr_t)&driver->shared->tx_next);
        return -EIO;
    }
    clean = (uint32_t)at.clean;
    next = (uint32_t)at.next;
    *place = at.next;
    if (next - clean >= RECLAIM_AT)
        clean = reclaim(driver, &at);
    if (__builtin_expect(next - clean < NIC_TX_COUNT - 1u, 1))
        return 0;
    if ((uint32_t)at.rung != next)
        announce(driver, hold, next);
    driver->config.status->tx_busy++;
    return -EBUSY;
}

static inline int queue(struct nic_driver *driver, const struct nic_hold *hold, const struct nic_segment *segment,
                        unsigned count)
{
    struct nic_descriptor *descriptor;
    uint64_t place;
    uint32_t next, size;
    int error = find_room(driver, hold, &place);

    if (error)
        return error;
    next = (uint32_t)place;
    size = copy_frame(driver, next, segment, count);
    if (size == 0)
        return -EINVAL;
    if (!robust_stands(hold->lock, hold->word))
        return -EBUSY; /* the place is somebody else's by now */
    descriptor = &driver->tx_ring[next % NIC_TX_COUNT];
    descriptor->address = nic_tx_address(driver, next);
    nic_store(&descriptor->word, size | NIC_TXD_SEND);
    if (!advance(&driver->shared->tx_next, place, next + 1u))
        return -EBUSY;
    if (++driver->unannounced >= ANNOUNCE_AT || driver->batch == 0)
        announce(driver, hold, next + 1u);
    driver->config.status->tx_frames++;
    driver->config.status->packets_total++;
    return 0;
}

int nic_tx_queue(struct nic_driver *driver, const struct nic_segment *segment, unsigned count)
{
    struct nic_hold hold;
    int error;

    fault_point(QV_POINT_NIC_TX, &driver->view);
    /* The lock of a dead or an overdue holder is broken by the attempt itself; this only bounds a row of living ones.
     */
    error = nic_lock_try(driver, NIC_LOCK_TX, 2 * driver->config.lock_timeout, &hold);
    if (error)
        return error == -EAGAIN ? -EBUSY : error;
    error = queue(driver, &hold, segment, count);
    nic_unlock(driver, &hold);
    return error;
}

void nic_tx_doorbell(struct nic_driver *driver)
{
    struct nic_hold hold;
    uint32_t rung, next;

    if (nic_lock_try(driver, NIC_LOCK_TX, 0, &hold) != 0)
        return;
    if (nic_unseal(nic_load(&driver->shared->tx_rung), &rung) & nic_unseal(nic_load(&driver->shared->tx_next), &next) &&
        next - rung - 1u < NIC_TX_COUNT - 1u)
        announce(driver, &hold, next);
    else
        driver->unannounced = 0; /* another sharer has told the device already; or the check has something to find */
    nic_unlock(driver, &hold);
}
