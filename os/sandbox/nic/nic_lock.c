/* SPDX-License-Identifier: MIT */
/* The two shared locks: what happens to those who keep them, and to what they protect. */
#include "nic_driver.h"

static struct robust_lock *lock_of(const struct nic_driver *driver, enum nic_lock_id id)
{
    return id == NIC_LOCK_TX ? &driver->shared->tx_lock : &driver->shared->rx_lock;
}

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

int nic_lock_try(struct nic_driver *driver, enum nic_lock_id id, struct nic_hold *hold)
{
    uint64_t broken;
    enum robust_result result;

    hold->lock = lock_of(driver, id);
    hold->masked = true;
    hold->flags = driver->ops->mask(driver->context);
    result = robust_try(hold->lock, &driver->party, &hold->word, &broken);
    if (!robust_is_acquired(result)) {
        driver->ops->unmask(driver->context, hold->flags);
        return result == ROBUST_BUSY ? -EAGAIN : -EBUSY;
    }
    if (broken)
        record_break(driver, id, result, broken);
    /* A re-initialisation may have begun since the caller looked; it rebuilds everything and needs the lock. */
    if (!nic_ready(driver)) {
        nic_unlock(driver, hold);
        return -EBUSY;
    }
    if (broken) {
        if (id == NIC_LOCK_TX)
            nic_tx_repair(driver, hold);
        else
            repair_receive(driver, hold);
    }
    return 0;
}

void nic_unlock(struct nic_driver *driver, const struct nic_hold *hold)
{
    /* If it was broken meanwhile, this release has no effect, and whoever broke it has taken the blame to our slot. */
    (void)robust_release(hold->lock, hold->word);
    if (hold->masked)
        driver->ops->unmask(driver->context, hold->flags);
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

    hold->lock = lock_of(driver, id);
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
        robust_acquire(lock_of(driver, id), &driver->party, 2 * driver->config.lock_timeout, &hold, &broken);

    return robust_is_acquired(result) ? 0 : -EBUSY;
}

void nic_lock_check(struct nic_driver *driver, enum nic_lock_id id)
{
    uint64_t word;
    struct nic_hold hold;
    enum robust_result result = robust_inspect(lock_of(driver, id), &driver->party, &word);

    if (word == 0 || !robust_is_acquired(result))
        return;
    if (nic_lock_try(driver, id, &hold) == 0)
        nic_unlock(driver, &hold);
}
