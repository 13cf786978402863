/* SPDX-License-Identifier: MIT */
/*
 * Generations. Whoever re-initialises the device puts RESETTING with its name into the state word, takes both locks,
 * resets, rebuilds, and makes the word READY with the next generation. Others refrain while it is not READY and get
 * into step when they see another generation. A resetter that dies or hangs is replaced by whoever notices first.
 */
#include "nic_driver.h"

static uint64_t mac_word(const uint8_t mac[6])
{
    uint64_t word = 0;

    for (unsigned i = 0; i < 6; i++)
        word |= (uint64_t)mac[i] << 8 * i;
    return word;
}

int nic_driver_init(struct nic_driver *driver, const struct nic_config *config, const struct nic_ops *ops,
                    void *context)
{
    uint8_t *base = config->shared;

    if (config->self >= QV_MAX_SANDBOXES || config->incarnation == 0 || (config->sharers >> config->self & 1u) == 0 ||
        config->shared_size < NIC_SHARED_BYTES || config->shared_phys % 4096u != 0 || (uintptr_t)base % 64u != 0)
        return -EINVAL;
    driver->model = nic_model_of(config->id);
    if (!driver->model)
        return -ENODEV;
    driver->config = *config;
    driver->ops = ops;
    driver->context = context;
    driver->shared = (struct nic_shared *)(void *)base;
    driver->slot = &driver->shared->slot[config->self];
    driver->identity = robust_identity(config->self, config->incarnation);
    driver->rx_ring = (struct nic_descriptor *)(void *)(base + NIC_RX_RING_OFFSET);
    driver->tx_ring = (struct nic_descriptor *)(void *)(base + NIC_TX_RING_OFFSET);
    driver->rx_buffers = base + NIC_RX_BUFFERS_OFFSET;
    driver->tx_buffers = base + NIC_TX_BUFFERS_OFFSET;
    driver->party.owner = config->self;
    driver->party.owners = QV_MAX_SANDBOXES;
    driver->party.incarnation = config->incarnation;
    driver->party.timeout = config->lock_timeout;
    driver->party.now = ops->now;
    driver->party.alive = ops->alive;
    driver->party.overdue = ops->overdue;
    driver->party.context = context;
    for (unsigned i = 0; i < QV_MAX_SANDBOXES; i++)
        driver->mac[i] = mac_word(config->mac[i]);
    driver->own_mac = driver->mac[config->self];
    driver->others = config->sharers & ((1u << QV_MAX_SANDBOXES) - 1u) & ~(1u << config->self);

    driver->view.rx_desc = &driver->rx_ring[0].address;
    driver->view.rx_count = NIC_RX_COUNT;
    /* The values are the low halves of the sealed words. */
    driver->view.rx_cursor = (volatile uint32_t *)&driver->slot->cursor;
    driver->view.tx_next = (volatile uint32_t *)&driver->shared->tx_next;
    driver->view.tx_desc = &driver->tx_ring[0].address;
    driver->view.tx_count = NIC_TX_COUNT;
    driver->view.tx_lock = &driver->shared->tx_lock.word;
    return 0;
}

void nic_fail(struct nic_driver *driver, enum qv_detection detection, uint64_t address)
{
    if (driver->detected == QV_DETECT_NONE) {
        driver->detected_address = address;
        driver->detected = detection;
    }
}

bool nic_watch_expired(struct nic_watch *watch, uint64_t value, uint64_t now, uint64_t timeout)
{
    if (!watch->armed || watch->value != value) {
        watch->armed = true;
        watch->value = value;
        watch->since = now;
        watch->looks = 0;
        return false;
    }
    return ++watch->looks >= NIC_WATCH_LOOKS && now - watch->since > timeout;
}

static void adopt(struct nic_driver *driver, uint64_t state, uint32_t cursor)
{
    driver->cursor = cursor;
    driver->cursor_word = nic_seal(cursor);
    driver->limit = cursor; /* to be looked up */
    driver->return_tried = cursor - NIC_RX_COUNT;
    driver->state = state;
    driver->watch_rx.armed = false;
    driver->watch_tx.armed = false;
    driver->watch_irq.armed = false;
    driver->config.status->nic_generation = nic_state_generation(state);
    nic_rx_load_ports(driver);
}

bool nic_synchronise(struct nic_driver *driver)
{
    uint64_t state = driver->state != 0 ? nic_load(&driver->shared->state) : NIC_STATE_EMPTY;
    uint32_t cursor, limit;

    if (nic_state_tag(state) != NIC_STATE_READY)
        return false;
    if (state == driver->state)
        return true;
    if (!nic_unseal(nic_load(&driver->slot->cursor), &cursor) ||
        !nic_unseal(nic_load(&driver->shared->rx_limit), &limit) || !nic_rx_in_window(cursor, limit)) {
        if (nic_load(&driver->shared->state) == state)
            nic_fail(driver, QV_DETECT_RING_INVARIANT, (uintptr_t)&driver->slot->cursor);
        return false;
    }
    adopt(driver, state, cursor);
    return true;
}

static void write_header(struct nic_shared *shared)
{
    shared->version = NIC_SHARED_VERSION;
    shared->rx_count = NIC_RX_COUNT;
    shared->tx_count = NIC_TX_COUNT;
    shared->buffer_size = NIC_BUFFER_SIZE;
    nic_store(&shared->magic, NIC_SHARED_MAGIC);
}

/* Both locks are held and the state word is `mine`. 0, -EIO, or -EBUSY if somebody else took the reset over. */
static int reset_and_rebuild(struct nic_driver *driver, uint64_t mine, bool keep)
{
    struct nic_positions positions;
    uint32_t rdh, tdh;
    int error;

    driver->ops->enable_bus(driver->context);
    if (!nic_device_answers(driver))
        return -EIO;
    nic_device_stop(driver, mine);
    rdh = nic_read(driver, NIC_REG_RDH);
    tdh = nic_read(driver, NIC_REG_TDH);
    if (keep && nic_header_valid(driver->shared))
        nic_rings_plan(driver, nic_state_generation(mine), rdh, tdh, &positions);
    else
        nic_rings_fresh(nic_state_generation(mine), &positions);
    error = nic_device_reset(driver, mine);
    if (error)
        return error;
    if (nic_load(&driver->shared->state) != mine)
        return -EBUSY;
    write_header(driver->shared);
    nic_rings_rebuild(driver, mine, &positions);
    nic_device_start(driver, mine, &positions);
    return 0;
}

/* From the state word that was seen, to READY of the next generation. -EAGAIN: it was no longer that word. */
static int reset_device(struct nic_driver *driver, uint64_t seen)
{
    struct nic_hold tx, rx;
    uint32_t generation = nic_state_generation(seen) + 1u;
    uint64_t mine = nic_state_make(NIC_STATE_RESETTING, driver->config.self, driver->config.incarnation, generation);
    uint64_t expected = seen;
    /* What an unfinished reset left is in no known order. */
    bool keep = nic_state_tag(seen) == NIC_STATE_READY;
    int error;

    if (!nic_swap(&driver->shared->state, &expected, mine))
        return -EAGAIN;
    error = nic_lock_wait(driver, NIC_LOCK_TX, &tx);
    if (!error) {
        error = nic_lock_wait(driver, NIC_LOCK_RX, &rx);
        if (!error) {
            error = reset_and_rebuild(driver, mine, keep);
            expected = mine;
            if (!error &&
                !nic_swap(&driver->shared->state, &expected,
                          nic_state_make(NIC_STATE_READY, driver->config.self, driver->config.incarnation, generation)))
                error = -EBUSY;
            if (!error)
                nic_device_enable_interrupts(driver);
            nic_unlock(driver, &rx);
        }
        nic_unlock(driver, &tx);
    }
    if (error) {
        expected = mine;
        (void)nic_swap(&driver->shared->state, &expected,
                       nic_state_make(NIC_STATE_EMPTY, driver->config.self, driver->config.incarnation, generation));
        return error == -EBUSY ? error : -EIO;
    }
    nic_trace(driver, QV_TRACE_NIC_RESET, driver->config.nic, generation);
    return 0;
}

static void tell_of_takeover(const struct nic_driver *driver)
{
    __atomic_add_fetch(&driver->shared->takeovers, 1, __ATOMIC_ACQ_REL);
    for (unsigned i = 0; i < QV_MAX_SANDBOXES; i++)
        nic_store(&driver->shared->slot[i].notice, 1);
}

/* Where a newcomer starts: behind what was received so far. */
static uint32_t newest(const struct nic_driver *driver, uint32_t limit)
{
    uint32_t rdh = nic_read(driver, NIC_REG_RDH);

    return rdh < NIC_RX_COUNT ? limit - (limit - rdh) % NIC_RX_COUNT : limit;
}

/* Takes this sharer's place in generation `state`. Under the receive lock, so that no return of descriptors misses it.
 */
static int join(struct nic_driver *driver, uint64_t state)
{
    struct nic_slot *slot = driver->slot;
    uint32_t incarnation, cursor, taker, limit;
    struct nic_hold rx;
    int error = nic_lock_wait(driver, NIC_LOCK_RX, &rx);

    if (error)
        return -EIO;
    if (nic_load(&driver->shared->state) != state) {
        nic_unlock(driver, &rx);
        return -EAGAIN;
    }
    if (!nic_unseal(nic_load(&driver->shared->rx_limit), &limit)) {
        nic_unlock(driver, &rx);
        return -EINVAL;
    }
    bool was_attached = nic_unseal(nic_load(&slot->attached), &incarnation) && incarnation != 0;
    bool taken = nic_unseal(nic_load(&slot->taken_by), &taker) && taker != 0;
    if (!was_attached || taken || !nic_unseal(nic_load(&slot->cursor), &cursor) || !nic_rx_in_window(cursor, limit)) {
        cursor = newest(driver, limit);
        nic_store(&slot->cursor, nic_seal(cursor));
        nic_store(&slot->cursor_copy, nic_seal(cursor));
    }
    nic_store(&slot->taken_by, nic_seal(0));
    if (taken)
        tell_of_takeover(driver);
    nic_store(&slot->laggard, 0);
    nic_store(&slot->attached, nic_seal(driver->config.incarnation));
    driver->blamed_lock_seen = nic_load(&slot->blamed_lock);
    driver->blamed_irq_seen = nic_load(&slot->blamed_irq);
    driver->acks_settled = nic_load(&driver->shared->acks);
    driver->acks_awaited = driver->acks_settled;
    adopt(driver, state, cursor);
    driver->acknowledge_due = true;
    nic_store(&slot->notice, 1);
    nic_duty_claim(driver);
    nic_unlock(driver, &rx);
    return 0;
}

static bool resetter_alive(const struct nic_driver *driver, uint64_t state)
{
    uint32_t sandbox = nic_state_sandbox(state);

    return sandbox < QV_MAX_SANDBOXES && sandbox != driver->config.self &&
           nic_alive(driver, sandbox, nic_state_incarnation(state));
}

int nic_state_attach(struct nic_driver *driver)
{
    struct nic_watch watch = {0};
    uint64_t begin = nic_now(driver);
    int result = -EAGAIN;

    /* Every wait below is bounded; the sum is, too, whatever others write into the state word meanwhile. */
    while (nic_now(driver) - begin <= 8 * driver->config.reset_timeout) {
        uint64_t state = nic_load(&driver->shared->state);
        uint32_t tag = nic_state_tag(state);

        if (tag == NIC_STATE_READY) {
            result = join(driver, state);
            if (result == 0)
                return 0;
            if (result == -EAGAIN)
                continue;
        } else if (tag == NIC_STATE_RESETTING && resetter_alive(driver, state) &&
                   !nic_watch_expired(&watch, state, nic_now(driver), driver->config.reset_timeout)) {
            __builtin_ia32_pause();
            continue;
        }
        result = reset_device(driver, state);
        if (result != 0 && result != -EAGAIN && result != -EBUSY)
            break;
    }
    return -EIO;
}

int nic_state_reinit(struct nic_driver *driver)
{
    for (;;) {
        uint64_t state = nic_load(&driver->shared->state);
        int error;

        if (nic_state_tag(state) == NIC_STATE_RESETTING && resetter_alive(driver, state))
            return -EBUSY;
        error = reset_device(driver, state);
        if (error == -EAGAIN)
            continue;
        /* An instance at work gets into step by itself, in the thread that receives. */
        return error || driver->state != 0 ? error : nic_state_attach(driver);
    }
}

int nic_state_takeover(struct nic_driver *driver, unsigned sandbox)
{
    struct nic_slot *slot;
    uint64_t seen;

    if (!nic_shares(driver, sandbox) || sandbox == driver->config.self)
        return -EINVAL;
    if (!nic_ready(driver))
        return -EBUSY;
    slot = &driver->shared->slot[sandbox];
    seen = nic_load(&slot->taken_by);
    if (!nic_swap(&slot->taken_by, &seen, nic_seal(driver->config.self + 1u)))
        return -EBUSY;
    tell_of_takeover(driver);
    return 0;
}

void nic_state_check(struct nic_driver *driver)
{
    uint64_t state = nic_load(&driver->shared->state);

    switch (nic_state_tag(state)) {
    case NIC_STATE_READY:
        driver->watch_state.armed = false;
        return;
    case NIC_STATE_RESETTING:
        if (resetter_alive(driver, state) &&
            !nic_watch_expired(&driver->watch_state, state, nic_now(driver), driver->config.reset_timeout))
            return;
        (void)reset_device(driver, state);
        return;
    default:
        nic_fail(driver, QV_DETECT_RING_INVARIANT, (uintptr_t)&driver->shared->state);
    }
}
