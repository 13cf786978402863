/* SPDX-License-Identifier: MIT */
/*
 * Receiving. Every sharer walks the one ring with a cursor of its own and looks at the destination address of every
 * frame before anything is copied. No lock: the cursor keeps the descriptors from being returned, and if another sharer
 * moves it on because it lags, the compare-and-swap that publishes the next step fails and the reader hears of it.
 */
#include "nic_driver.h"

#define SKIPS_PER_FRAME 8   /* looking at somebody else's frame costs a fraction of delivering one */
#define PEEK_LIMIT      64u /* frames of others that the interrupt handler leaves behind the cursor */
#define HEADER_SIZE     14u
#define FRAME_LIMIT     (NIC_MTU_FRAME + 4u) /* with a VLAN tag */

uint32_t nic_rx_done(const struct nic_driver *driver, uint32_t from)
{
    uint32_t limit;

    if (!nic_unseal(nic_load(&driver->shared->rx_limit), &limit) || !nic_rx_in_window(from, limit))
        return from;
    while (from != limit && nic_rx_is_done(driver, from))
        from++;
    return from;
}

bool nic_rx_pending(const struct nic_driver *driver)
{
    uint32_t limit;

    if (!nic_synchronised(driver))
        return nic_ready(driver);
    if (driver->slot->notice != 0 || driver->replaying != 0)
        return true;
    /* A limit that cannot be is for the walk to find. */
    if (!nic_unseal(nic_load(&driver->shared->rx_limit), &limit))
        return true;
    return driver->cursor != limit && nic_rx_is_done(driver, driver->cursor);
}

uint32_t nic_rx_taken_port(const struct nic_driver *driver, const uint8_t *frame, uint32_t position)
{
    uint64_t destination;

    __builtin_memcpy(&destination, frame, sizeof(destination));
    destination &= NIC_MAC_MASK;
    for (uint32_t left = driver->ports; left != 0; left &= left - 1) {
        uint32_t port = (uint32_t)__builtin_ctz(left);
        if (destination == driver->mac[port] && (int32_t)(position - driver->port_from[port]) >= 0)
            return port;
    }
    return NIC_NOBODY;
}

/*
 * Early demultiplexing in the interrupt handler: is any of the new frames for this sharer? Those that are not stay
 * where they are, before the cursor, until a walk passes over them; but not too many of them.
 */
bool nic_rx_wanted(struct nic_driver *driver)
{
    uint32_t limit, position;

    if (!nic_synchronised(driver))
        return nic_ready(driver);
    if (nic_rx_next_wanted(driver))
        return true;
    if (driver->slot->notice != 0 || driver->ports != 0 || driver->replaying != 0)
        return nic_rx_pending(driver);
    if (!nic_unseal(nic_load(&driver->shared->rx_limit), &limit))
        return true;
    position = driver->peeked - driver->cursor < PEEK_LIMIT ? driver->peeked : driver->cursor;
    for (; position != limit && nic_rx_is_done(driver, position); position++)
        if (position - driver->cursor >= PEEK_LIMIT ||
            nic_rx_port(driver, nic_rx_buffer(driver, position), position) != NIC_NOBODY)
            return true;
    driver->peeked = position;
    return false;
}

/* Whose frames are ours besides the own, after the shared record of take-overs changed or this instance is new. */
void nic_rx_load_ports(struct nic_driver *driver)
{
    uint32_t taker, incarnation, cursor, limit;
    uint32_t old = driver->ports;

    driver->takeovers_seen = nic_load(&driver->shared->takeovers);
    driver->ports = 0;
    driver->replaying = 0;
    if (!nic_unseal(nic_load(&driver->shared->rx_limit), &limit))
        return;
    for (unsigned i = 0; i < QV_MAX_SANDBOXES; i++) {
        struct nic_slot *slot = &driver->shared->slot[i];
        uint32_t bit = 1u << i;

        if (i == driver->config.self || !nic_shares(driver, i) || !nic_unseal(nic_load(&slot->taken_by), &taker) ||
            taker != driver->config.self + 1u)
            continue;
        driver->ports |= bit;
        /* Attached: its frames before our cursor have not been looked at on its behalf yet. */
        if (nic_unseal(nic_load(&slot->attached), &incarnation) && incarnation != 0 &&
            nic_unseal(nic_load(&slot->cursor), &cursor) && nic_rx_in_window(cursor, limit)) {
            driver->port_from[i] = cursor;
            driver->replaying |= bit;
        } else if ((old & bit) == 0) {
            driver->port_from[i] = driver->cursor;
        }
    }
}

/* Length of a whole, error-free frame; 0 for anything else. */
static inline uint32_t frame_length(uint64_t word)
{
    uint32_t length = NIC_RXD_LENGTH(word);

    if ((word & (NIC_RXD_EOP | NIC_RXD_ERRORS)) != NIC_RXD_EOP || length < HEADER_SIZE || length > FRAME_LIMIT)
        return 0;
    return length;
}

/* Whom frames are for. */
struct receiver {
    nic_deliver_fn deliver;
    void *context;
};

static inline void note_cursor(struct nic_driver *driver, uint64_t word)
{
    nic_store(&driver->slot->cursor_copy, word);
    driver->cursor_word = word;
    driver->cursor = (uint32_t)word;
}

/* Another sharer has moved the cursor. */
static __attribute__((noinline)) bool move_on(struct nic_driver *driver, uint32_t to)
{
    struct nic_slot *slot = driver->slot;
    uint64_t seen = driver->cursor_word;
    uint32_t actual, limit;

    while (!nic_swap(&slot->cursor, &seen, nic_seal(to))) {
        if (nic_load(&driver->shared->state) != driver->state)
            return false;
        if (!nic_unseal(seen, &actual) || !nic_unseal(nic_load(&driver->shared->rx_limit), &limit) ||
            !nic_rx_in_window(actual, limit) || (int32_t)(actual - driver->cursor) < 0) {
            nic_fail(driver, QV_DETECT_RING_INVARIANT, (uintptr_t)&slot->cursor);
            return false;
        }
        driver->limit = limit;
        if ((int32_t)(actual - to) > 0) {
            driver->config.status->rx_dropped += actual - to;
            to = actual;
        }
    }
    note_cursor(driver, nic_seal(to));
    return true;
}

/*
 * Moves the shared cursor, and driver->cursor, to `to`, or where another sharer had moved it if that is further. False:
 * the generation changed, or the cursor is not what anybody would have made of it.
 */
static inline bool publish(struct nic_driver *driver, uint32_t to)
{
    uint64_t seen = driver->cursor_word;
    uint64_t word = nic_seal(to);

    if (__builtin_expect(!nic_swap(&driver->slot->cursor, &seen, word), 0))
        return move_on(driver, to);
    note_cursor(driver, word);
    return true;
}

static inline void hand_over(struct nic_driver *driver, const struct receiver *to, unsigned port, const uint8_t *frame,
                             uint32_t length, struct nic_keep keep)
{
    if (to->deliver(to->context, port, frame, length, keep))
        driver->config.status->rx_frames++;
    else
        driver->config.status->rx_dropped++;
}

/*
 * Frames that a sandbox which was taken over had not looked at, and this sharer had passed over as somebody else's.
 * Returns how many were delivered, at most `budget`.
 */
static unsigned replay(struct nic_driver *driver, unsigned port, const struct receiver *to, unsigned budget)
{
    struct nic_slot *slot = &driver->shared->slot[port];
    uint64_t seen = nic_load(&slot->cursor);
    unsigned delivered = 0;
    uint32_t position;

    while (delivered < budget) {
        uint64_t destination, word;
        uint32_t length;

        if (!nic_unseal(seen, &position) || !nic_rx_in_window(position, driver->limit) ||
            (int32_t)(driver->cursor - position) <= 0 || !nic_rx_is_done(driver, position)) {
            /* Done: from here on its frames are met in the walk, and its cursor holds nothing back. */
            nic_store(&slot->attached, nic_seal(0));
            driver->replaying &= ~(1u << port);
            break;
        }
        word = nic_load(&nic_rx_descriptor(driver, position)->word);
        length = frame_length(word);
        __builtin_memcpy(&destination, nic_rx_buffer(driver, position), sizeof(destination));
        if (length != 0 && (destination & NIC_MAC_MASK) == driver->mac[port] &&
            nic_rx_descriptor(driver, position)->address == nic_rx_address(driver, position)) {
            hand_over(driver, to, port, nic_rx_buffer(driver, position), length,
                      (struct nic_keep){&slot->cursor, seen});
            driver->config.status->packets_total++;
            delivered++;
        }
        if (nic_load(&driver->shared->state) != driver->state)
            break;
        if (nic_swap(&slot->cursor, &seen, nic_seal(position + 1u)))
            seen = nic_seal(position + 1u);
    }
    return delivered;
}

static __attribute__((noinline)) unsigned replay_all(struct nic_driver *driver, const struct receiver *to,
                                                     unsigned budget)
{
    unsigned delivered = 0;

    for (uint32_t ports = driver->replaying; ports != 0; ports &= ports - 1)
        delivered += replay(driver, (unsigned)__builtin_ctz(ports), to, budget - delivered);
    return delivered;
}

/* Reads the limit again. False: it cannot be read, or is not one for a reader at `position`. */
static bool look_up_limit(struct nic_driver *driver, uint32_t position)
{
    uint32_t limit;

    if (!nic_unseal(nic_load(&driver->shared->rx_limit), &limit)) {
        nic_fail(driver, QV_DETECT_RING_INVARIANT, (uintptr_t)&driver->shared->rx_limit);
        return false;
    }
    driver->limit = limit;
    return nic_rx_in_window(position, limit);
}

/* Something has happened that a walk has to know. */
static __attribute__((noinline)) bool take_notice(struct nic_driver *driver)
{
    (void)__atomic_exchange_n(&driver->slot->notice, 0, __ATOMIC_ACQ_REL);
    if (driver->acknowledge_due)
        nic_duty_resume(driver);
    if (driver->slot->laggard != 0)
        nic_store(&driver->slot->laggard, 0);
    /* Another sharer may have moved the cursor on. */
    if (!publish(driver, driver->cursor))
        return false;
    if (!look_up_limit(driver, driver->cursor)) {
        nic_fail(driver, QV_DETECT_RING_INVARIANT, (uintptr_t)&driver->slot->cursor);
        return false;
    }
    if (driver->takeovers_seen != nic_load(&driver->shared->takeovers))
        nic_rx_load_ports(driver);
    return true;
}

/* The walk has come to the limit as it was last seen. True: it goes on. */
static __attribute__((noinline)) bool is_granted(struct nic_driver *driver, uint32_t position)
{
    if (look_up_limit(driver, position))
        return position != driver->limit;
    /* Perhaps passed over by force, and then some. */
    nic_store(&driver->slot->notice, 1);
    return false;
}

static void count_skipped(struct nic_driver *driver, uint32_t length)
{
    if (length == 0)
        driver->config.status->rx_dropped++;
    else
        driver->config.status->rx_skipped++;
}

/*
 * The cursor that holds a frame back alone decides whether its copy is good, also across a re-initialisation: that
 * leaves a cursor alone if it keeps the frame, and moves it before the device may write again if it does not.
 */
unsigned nic_rx_walk(struct nic_driver *driver, nic_deliver_fn deliver, void *context, unsigned budget, bool *more)
{
    const struct receiver to = {deliver, context};
    uint32_t position;
    unsigned delivered = 0;
    int left; /* in frames passed over; one that is delivered counts for more */

    *more = false;
    if (!nic_synchronised(driver) && !nic_synchronise(driver))
        return 0;
    if (driver->slot->notice != 0 && !take_notice(driver))
        return 0;
    driver->walks += budget > 0;
    if (driver->replaying != 0)
        delivered = replay_all(driver, &to, budget);
    left = (int)((budget - delivered) * SKIPS_PER_FRAME);
    position = driver->cursor;
    while (left > 0) {
        const struct nic_descriptor *descriptor = nic_rx_descriptor(driver, position);
        const uint8_t *frame = nic_rx_buffer(driver, position);
        uint32_t length, port;
        uint64_t word;

        if (fault_point_armed()) {
            driver->view.rx_index = position % NIC_RX_COUNT;
            fault_point(QV_POINT_NIC_RX, &driver->view);
        }
        if (nic_load(&driver->shared->state) != driver->state)
            return delivered;
        if (position == driver->limit && !is_granted(driver, position))
            break;
        word = nic_load(&descriptor->word);
        if ((word & NIC_RXD_DD) == 0)
            break;
        if (descriptor->address != nic_rx_address(driver, position)) {
            nic_fail(driver, QV_DETECT_RING_INVARIANT, (uintptr_t)descriptor);
            return delivered;
        }
        driver->config.status->packets_total++;
        length = frame_length(word);
        port = driver->config.self;
        if (length == 0 || !nic_rx_is_own(driver, frame)) {
            port = length != 0 ? nic_rx_port(driver, frame, position) : NIC_NOBODY;
            if (port == NIC_NOBODY) {
                count_skipped(driver, length);
                left--;
                position++;
                continue;
            }
        }
        /* What was skipped is published first: then the cursor stands exactly at the frame that is being copied. */
        if (driver->cursor != position) {
            if (!publish(driver, position))
                return delivered;
            if (driver->cursor != position) {
                position = driver->cursor;
                continue;
            }
        }
        hand_over(driver, &to, port, frame, length, (struct nic_keep){&driver->slot->cursor, driver->cursor_word});
        delivered++;
        left -= SKIPS_PER_FRAME;
        if (!publish(driver, position + 1u))
            return delivered;
        position = driver->cursor;
    }
    if (driver->cursor != position && !publish(driver, position))
        return delivered;
    if (driver->cursor + (NIC_RX_COUNT - 1u) - driver->limit >= NIC_RX_BATCH)
        nic_rx_return(driver, true);
    *more = left <= 0 || driver->replaying != 0 || nic_duty_unsettled(driver);
    return delivered;
}
