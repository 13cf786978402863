/* SPDX-License-Identifier: MIT */
/* The two shared locks: what happens to those who keep them, and to what they protect. */
#include "nic_driver.h"

static void record_break(struct nic_driver *driver, enum nic_lock_id id, enum robust_result result, uint64_t broken)
{
    unsigned owner = robust_owner(broken);
    uint32_t self = driver->config.self;

    driver->config.status->lock_breaks++;
    nic_trace(driver, QV_TRACE_LOCK_BREAK, id, broken);
    if (result == ROBUST_OWNER_DEAD) {
        nic_trace(driver, QV_TRACE_DETECT, QV_DETECT_LOCK_OWNER_DEAD, owner);
        if (id == NIC_LOCK_RX)
            nic_trace(driver, QV_TRACE_DUTY, 2, (uint64_t)owner << 32 | self);
    } else if (result == ROBUST_OVERDUE) {
        /* It lives and must hear of it: its driver instance is the faulty one. */
        if (owner == self)
            nic_fail(driver, QV_DETECT_LOCK_TIMEOUT, id);
        else
            __atomic_add_fetch(&driver->shared->slot[owner].blamed_lock, 1, __ATOMIC_RELAXED);
    }
}

/* The holder may have died between a change and telling the device, or at the very end of a re-initialisation. */
static void repair_receive(struct nic_driver *driver, const struct nic_hold *hold)
{
    nic_rx_tell_device(driver, hold);
    nic_device_enable_interrupts(driver);
}

/* As robust_try(), with waiting; interrupts are on in between. */
static enum robust_result try_patiently(struct nic_driver *driver, struct nic_hold *hold, uint64_t patience,
                                        uint64_t *broken)
{
    uint64_t begin = nic_now(driver);
    bool waiting = false;

    for (;; waiting = true) {
        /* Who re-initialises keeps it for longer than others may. */
        enum robust_result result =
            nic_ready(driver) ? robust_try(hold->lock, &driver->party, &hold->word, broken) : ROBUST_SELF;
        uint64_t waited = nic_now(driver) - begin;

        if (result != ROBUST_BUSY || waited >= patience) {
            driver->config.status->lock_waits += waiting;
            driver->config.status->lock_wait_ticks += waiting ? waited : 0;
            return result;
        }
        nic_env_unmask(driver->context, hold->flags);
        __builtin_ia32_pause();
        hold->flags = nic_env_mask(driver->context);
    }
}

int nic_lock_contended(struct nic_driver *driver, enum nic_lock_id id, uint64_t flags, uint64_t patience,
                       uint64_t *word)
{
    struct nic_hold hold = {.lock = nic_lock_of(driver, id), .flags = flags, .masked = true};
    uint64_t broken;
    enum robust_result result = try_patiently(driver, &hold, patience, &broken);

    if (!robust_is_acquired(result)) {
        nic_env_unmask(driver->context, flags);
        return result == ROBUST_BUSY ? -EAGAIN : -EBUSY;
    }
    *word = hold.word;
    if (!broken)
        return 0;
    record_break(driver, id, result, broken);
    if (!nic_ready(driver)) /* not any more, which the caller finds, too: whoever re-initialises repairs everything */
        return 0;
    if (id == NIC_LOCK_TX)
        nic_tx_repair(driver, &hold);
    else
        repair_receive(driver, &hold);
    return 0;
}

static void drop_own(struct nic_driver *driver, enum nic_lock_id id, struct robust_lock *lock)
{
    uint64_t word = nic_load(&lock->word);

    if (word != 0 && robust_owner(word) == driver->config.self && robust_release(lock, word)) {
        driver->config.status->lock_breaks++;
        nic_trace(driver, QV_TRACE_LOCK_BREAK, id, word);
    }
}

int nic_lock_wait(struct nic_driver *driver, enum nic_lock_id id, struct nic_hold *hold)
{
    uint64_t broken;

    hold->lock = nic_lock_of(driver, id);
    hold->masked = false;
    for (unsigned attempt = 0; attempt < QV_MAX_SANDBOXES; attempt++) {
        enum robust_result result;

        drop_own(driver, id, hold->lock);
        result = robust_acquire(hold->lock, &driver->party, 2 * driver->config.lock_timeout, &hold->word, &broken);
        if (robust_is_acquired(result)) {
            if (broken)
                record_break(driver, id, result, broken);
            return 0;
        }
    }
    return -ETIMEDOUT;
}

int nic_lock_bare(struct nic_driver *driver, enum nic_lock_id id)
{
    uint64_t hold;
    uint64_t broken;
    enum robust_result result =
        robust_acquire(nic_lock_of(driver, id), &driver->party, 2 * driver->config.lock_timeout, &hold, &broken);

    return robust_is_acquired(result) ? 0 : -EBUSY;
}

void nic_lock_check(struct nic_driver *driver, enum nic_lock_id id)
{
    struct nic_hold hold = {.lock = nic_lock_of(driver, id), .masked = true};
    uint64_t word;
    enum robust_result result = robust_inspect(hold.lock, &driver->party, &word);

    if (word == 0 || !robust_is_acquired(result))
        return;
    hold.flags = nic_env_mask(driver->context);
    if (nic_lock_contended(driver, id, hold.flags, 0, &hold.word) == 0)
        nic_unlock(driver, &hold);
}
