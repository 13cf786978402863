/* SPDX-License-Identifier: MIT */
/*
 * Receiving. Every sharer walks the one ring with a cursor of its own and looks at the destination address of every
 * frame before anything is copied. No lock: the cursor keeps the descriptors from being returned, and if another sharer
 * moves it on because it lags, the compare-and-swap that publishes the next step fails and the reader hears of it.
 */
#include "nic_driver.h"

#define SKIPS_PER_FRAME 8u /* looking at somebody else's frame costs a fraction of delivering one */
#define MAC_MASK        0xffffffffffffull
#define NOBODY          0xffffffffu
#define PEEK_LIMIT      64u /* frames of others that the interrupt handler leaves behind the cursor */
#define HEADER_SIZE     14u
#define FRAME_LIMIT     (NIC_MTU_FRAME + 4u) /* with a VLAN tag */

/* A walk in progress. */
struct walk {
    struct nic_driver *driver;
    nic_deliver_fn deliver;
    void *context;
    uint64_t state;  /* generation at the start */
    uint32_t cursor; /* as this walk last published it */
    uint32_t limit;
    unsigned delivered;
    unsigned skipped;
    unsigned budget;
};

static inline struct nic_descriptor *descriptor_at(const struct nic_driver *driver, uint32_t position)
{
    return &driver->rx_ring[position % NIC_RX_COUNT];
}

static inline bool is_done(const struct nic_driver *driver, uint32_t position)
{
    return (nic_load(&descriptor_at(driver, position)->word) & NIC_RXD_DD) != 0;
}

uint32_t nic_rx_done(const struct nic_driver *driver, uint32_t from)
{
    uint32_t limit;

    if (!nic_unseal(nic_load(&driver->shared->rx_limit), &limit) || !nic_rx_in_window(from, limit))
        return from;
    while (from != limit && is_done(driver, from))
        from++;
    return from;
}

bool nic_rx_pending(const struct nic_driver *driver)
{
    uint32_t limit;

    if (!nic_synchronised(driver))
        return nic_ready(driver);
    if (driver->replaying != 0 || driver->takeovers_seen != nic_load(&driver->shared->takeovers))
        return true;
    /* A limit that cannot be is for the walk to find. */
    if (!nic_unseal(nic_load(&driver->shared->rx_limit), &limit))
        return true;
    return driver->cursor != limit && is_done(driver, driver->cursor);
}

static uint32_t port_of(const struct nic_driver *driver, const uint8_t *frame, uint32_t position);

/*
 * Early demultiplexing in the interrupt handler: is any of the new frames for this sharer? Those that are not stay
 * where they are, before the cursor, until a walk passes over them; but not too many of them.
 */
bool nic_rx_wanted(struct nic_driver *driver)
{
    uint32_t limit, position;

    if (!nic_synchronised(driver))
        return nic_ready(driver);
    if (driver->acknowledge_due || driver->ports != 0 || driver->replaying != 0 ||
        driver->takeovers_seen != nic_load(&driver->shared->takeovers))
        return nic_rx_pending(driver);
    if (!nic_unseal(nic_load(&driver->shared->rx_limit), &limit))
        return true;
    position = driver->peeked - driver->cursor < PEEK_LIMIT ? driver->peeked : driver->cursor;
    for (; position != limit && is_done(driver, position); position++)
        if (position - driver->cursor >= PEEK_LIMIT ||
            port_of(driver, nic_rx_buffer(driver, position), position) != NOBODY)
            return true;
    driver->peeked = position;
    return false;
}

/*
 * The cursor that holds the frame back alone decides, also across a re-initialisation: that leaves a cursor alone if it
 * keeps the frame, and moves it before the device may write again if it does not.
 */
bool nic_rx_valid(const struct nic_driver *driver)
{
    return driver->held && nic_load(&driver->held->cursor) == driver->held_cursor;
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

/* The sandbox whose interface the frame at `position` is for, as far as this sharer accepts it; NOBODY otherwise. */
static uint32_t port_of(const struct nic_driver *driver, const uint8_t *frame, uint32_t position)
{
    uint64_t destination;

    __builtin_memcpy(&destination, frame, sizeof(destination));
    destination &= MAC_MASK;
    if (destination == driver->mac[driver->config.self] || (destination & 1u) != 0)
        return driver->config.self;
    for (uint32_t left = driver->ports; left != 0; left &= left - 1) {
        uint32_t port = (uint32_t)__builtin_ctz(left);
        if (destination == driver->mac[port] && (int32_t)(position - driver->port_from[port]) >= 0)
            return port;
    }
    return NOBODY;
}

/* Length of a whole, error-free frame; 0 for anything else. */
static inline uint32_t frame_length(uint64_t word)
{
    uint32_t length = NIC_RXD_LENGTH(word);

    if ((word & (NIC_RXD_EOP | NIC_RXD_ERRORS)) != NIC_RXD_EOP || length < HEADER_SIZE || length > FRAME_LIMIT)
        return 0;
    return length;
}

/*
 * Moves the shared cursor to `*position`. If another sharer had moved it on, continues from wherever is further.
 * False: the generation changed, or the cursor is not what anybody would have made of it.
 */
static bool publish(struct walk *walk, uint32_t *position)
{
    struct nic_driver *driver = walk->driver;
    struct nic_slot *slot = nic_own_slot(driver);
    uint64_t seen = nic_seal(walk->cursor);
    uint32_t actual;

    while (!nic_swap(&slot->cursor, &seen, nic_seal(*position))) {
        if (nic_load(&driver->shared->state) != walk->state)
            return false;
        if (!nic_unseal(seen, &actual) || !nic_unseal(nic_load(&driver->shared->rx_limit), &walk->limit) ||
            !nic_rx_in_window(actual, walk->limit) || (int32_t)(actual - walk->cursor) < 0) {
            nic_fail(driver, QV_DETECT_RING_INVARIANT, (uintptr_t)&slot->cursor);
            return false;
        }
        if ((int32_t)(actual - *position) > 0) {
            driver->config.status->rx_dropped += actual - *position;
            *position = actual;
        }
    }
    walk->cursor = *position;
    driver->cursor = *position;
    if (slot->laggard != 0)
        nic_store(&slot->laggard, 0);
    return true;
}

static void hand_over(struct walk *walk, const struct nic_slot *slot, uint64_t cursor, unsigned port, uint32_t position,
                      uint32_t length)
{
    struct nic_driver *driver = walk->driver;

    driver->held = slot;
    driver->held_cursor = cursor;
    walk->deliver(walk->context, port, nic_rx_buffer(driver, position), length);
    walk->delivered++;
    if (nic_rx_valid(driver))
        driver->config.status->rx_frames++;
    else
        driver->config.status->rx_dropped++;
    driver->held = NULL;
}

/* Looks at one frame. False ends the walk. */
static bool take(struct walk *walk, uint32_t *position)
{
    struct nic_driver *driver = walk->driver;
    struct nic_descriptor *descriptor = descriptor_at(driver, *position);
    const uint8_t *frame = nic_rx_buffer(driver, *position);
    uint64_t word = nic_load(&descriptor->word);
    uint32_t length, port;

    if ((word & NIC_RXD_DD) == 0)
        return false;
    if (descriptor->address != nic_rx_address(driver, *position)) {
        nic_fail(driver, QV_DETECT_RING_INVARIANT, (uintptr_t)descriptor);
        return false;
    }
    length = frame_length(word);
    driver->config.status->packets_total++;
    if (length == 0) {
        driver->config.status->rx_dropped++;
        walk->skipped++;
        ++*position;
        return true;
    }
    port = port_of(driver, frame, *position);
    if (port == NOBODY) {
        driver->config.status->rx_skipped++;
        walk->skipped++;
        ++*position;
        return true;
    }
    /* What was skipped is published first: then the cursor stands exactly at the frame that is being copied. */
    if (walk->cursor != *position) {
        uint32_t wanted = *position;
        if (!publish(walk, position))
            return false;
        if (*position != wanted)
            return true;
    }
    hand_over(walk, nic_own_slot(driver), nic_seal(*position), port, *position, length);
    ++*position;
    return publish(walk, position);
}

/* Frames that a sandbox which was taken over had not looked at, and this sharer had passed over as somebody else's. */
static void replay(struct walk *walk, unsigned port)
{
    struct nic_driver *driver = walk->driver;
    struct nic_slot *slot = &driver->shared->slot[port];
    uint64_t seen = nic_load(&slot->cursor);
    uint32_t position;

    while (walk->delivered < walk->budget) {
        uint64_t destination, word;
        uint32_t length;

        if (!nic_unseal(seen, &position) || !nic_rx_in_window(position, walk->limit) ||
            (int32_t)(driver->cursor - position) <= 0 || !is_done(driver, position)) {
            /* Done: from here on its frames are met in the walk, and its cursor holds nothing back. */
            nic_store(&slot->attached, nic_seal(0));
            driver->replaying &= ~(1u << port);
            return;
        }
        word = nic_load(&descriptor_at(driver, position)->word);
        length = frame_length(word);
        __builtin_memcpy(&destination, nic_rx_buffer(driver, position), sizeof(destination));
        if (length != 0 && (destination & MAC_MASK) == driver->mac[port] &&
            descriptor_at(driver, position)->address == nic_rx_address(driver, position)) {
            hand_over(walk, slot, seen, port, position, length);
            driver->config.status->packets_total++;
        }
        if (nic_load(&driver->shared->state) != walk->state)
            return;
        if (nic_swap(&slot->cursor, &seen, nic_seal(position + 1u)))
            seen = nic_seal(position + 1u);
    }
}

static bool begin(struct walk *walk)
{
    struct nic_driver *driver = walk->driver;
    struct nic_slot *slot = nic_own_slot(driver);

    if (!nic_synchronised(driver) && !nic_synchronise(driver))
        return false;
    if (driver->acknowledge_due)
        nic_duty_resume(driver);
    walk->state = driver->state;
    walk->cursor = driver->cursor;
    if (!nic_unseal(nic_load(&driver->shared->rx_limit), &walk->limit)) {
        nic_fail(driver, QV_DETECT_RING_INVARIANT, (uintptr_t)&driver->shared->rx_limit);
        return false;
    }
    if (!nic_rx_in_window(driver->cursor, walk->limit)) {
        /* Passed over by force, and then some: the shared cursor says where to go on. */
        uint32_t position = driver->cursor;
        if (!publish(walk, &position))
            return false;
        if (!nic_rx_in_window(driver->cursor, walk->limit)) {
            nic_fail(driver, QV_DETECT_RING_INVARIANT, (uintptr_t)&slot->cursor);
            return false;
        }
    }
    if (driver->takeovers_seen != nic_load(&driver->shared->takeovers))
        nic_rx_load_ports(driver);
    return true;
}

unsigned nic_rx_walk(struct nic_driver *driver, nic_deliver_fn deliver, void *context, unsigned budget, bool *more)
{
    struct walk walk = {.driver = driver, .deliver = deliver, .context = context, .budget = budget};
    uint32_t position;

    *more = false;
    if (!begin(&walk))
        return 0;
    driver->walks += budget > 0;
    for (uint32_t left = driver->replaying; left != 0; left &= left - 1)
        replay(&walk, (unsigned)__builtin_ctz(left));
    for (position = driver->cursor;;) {
        if (walk.delivered >= budget || walk.skipped >= budget * SKIPS_PER_FRAME) {
            *more = true;
            break;
        }
        driver->view.rx_index = position % NIC_RX_COUNT;
        fault_point(QV_POINT_NIC_RX, &driver->view);
        if (nic_load(&driver->shared->state) != walk.state)
            return walk.delivered;
        if (position == walk.limit &&
            (!nic_unseal(nic_load(&driver->shared->rx_limit), &walk.limit) || position == walk.limit))
            break;
        if (!take(&walk, &position))
            break;
    }
    if (driver->detected != QV_DETECT_NONE || (walk.cursor != position && !publish(&walk, &position)))
        return walk.delivered;
    nic_store(&nic_own_slot(driver)->cursor_copy, nic_seal(driver->cursor));
    nic_rx_return(driver, false);
    if (!*more)
        *more = driver->replaying != 0 || nic_duty_unsettled(driver);
    return walk.delivered;
}
