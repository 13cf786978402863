/* SPDX-License-Identifier: MIT */
/*
 * Interrupt acknowledgement. The interrupt is an edge that all sharers get at once; the line falls when the cause
 * register is read, and only then can there be another edge. One sharer has the duty of reading it. If that one dies or
 * forgets it, another takes the duty: any sharer that is interrupted and finds the holder dead, or in the periodic
 * check finds that frames came and nobody acknowledged.
 */
#include "nic_driver.h"

#define PARTY_MASK   0xffffffull
#define SETTLE_LOOKS 32u /* a few microseconds: the holder is in its own handler at the same time */

static unsigned holder(uint64_t word)
{
    return (unsigned)((word & 0xffu) - 1u);
}

static bool holder_alive(const struct nic_driver *driver, uint64_t word)
{
    unsigned sandbox = holder(word);

    return nic_shares(driver, sandbox) && nic_alive(driver, sandbox, (uint32_t)(word >> 8) & 0xffffu);
}

static inline uint32_t acknowledge(struct nic_driver *driver)
{
    uint32_t cause = nic_read(driver, NIC_REG_ICR);

    driver->config.status->irq_acks++;
    /* After the register was read: who sees the count knows that frames from now on make an edge. */
    driver->acks_settled = __atomic_add_fetch(&driver->shared->acks, 1, __ATOMIC_ACQ_REL);
    driver->acks_awaited = driver->acks_settled;
    return cause;
}

uint32_t nic_duty_acknowledge(struct nic_driver *driver)
{
    return acknowledge(driver);
}

static bool take_duty(struct nic_driver *driver, uint64_t seen)
{
    uint64_t moves = (seen >> 32) + 1u;
    unsigned old = holder(seen);

    if (!nic_swap(&driver->shared->duty, &seen, moves << 32 | driver->identity))
        return false;
    if ((seen & PARTY_MASK) != 0) {
        driver->config.status->duty_takeovers++;
        nic_trace(driver, QV_TRACE_DUTY, 1, (uint64_t)old << 32 | driver->config.self);
    }
    return true;
}

int nic_duty_seize(struct nic_driver *driver)
{
    for (unsigned attempt = 0; attempt < QV_MAX_SANDBOXES; attempt++) {
        uint64_t word = nic_load(&driver->shared->duty);
        if ((word & PARTY_MASK) == driver->identity || take_duty(driver, word))
            return 0;
    }
    return -EBUSY;
}

void nic_duty_claim(struct nic_driver *driver)
{
    uint64_t word = nic_load(&driver->shared->duty);

    /* The line may have been up since the old holder died. */
    if (!holder_alive(driver, word) && take_duty(driver, word))
        (void)nic_duty_acknowledge(driver);
}

/*
 * Frames that came between the interrupt that woke us and its acknowledgement made no edge of their own. So before
 * this sharer may sleep, that acknowledgement has to be seen; whoever polls until then, polls a few microseconds.
 */
static void expect_acknowledgement(struct nic_driver *driver)
{
    uint64_t acks = nic_load(&driver->shared->acks);

    driver->acks_awaited = acks == driver->acks_settled ? acks + 1u : acks;
    driver->settle_until = nic_now(driver) + driver->config.settle_timeout;
}

bool nic_duty_unsettled_yet(struct nic_driver *driver)
{
    uint64_t acks = nic_load(&driver->shared->acks);

    if ((int64_t)(acks - driver->acks_awaited) < 0 && (int64_t)(driver->settle_until - nic_now(driver)) > 0) {
        __builtin_ia32_pause();
        return true;
    }
    if (acks == driver->acks_settled)
        return false;
    driver->acks_settled = acks;
    driver->acks_awaited = acks;
    /* Seen just now: one more look at the ring, which may have filled before it. */
    return nic_rx_pending(driver);
}

/*
 * Nothing has come for this sharer yet. If the acknowledgement comes while the handler looks on, whatever comes later
 * makes an edge of its own, and the bottom half need not run.
 */
static bool acknowledged_now(struct nic_driver *driver)
{
    for (unsigned i = 0; i < SETTLE_LOOKS; i++) {
        uint64_t acks = nic_load(&driver->shared->acks);
        if ((int64_t)(acks - driver->acks_awaited) >= 0) {
            driver->acks_settled = acks;
            driver->acks_awaited = acks;
            return true;
        }
        __builtin_ia32_pause();
    }
    return false;
}

bool nic_duty_interrupt(struct nic_driver *driver)
{
    uint64_t word;
    uint32_t effect;
    uint32_t cause = 0;
    bool settled = true;

    if (driver->state == 0)
        return false;
    driver->config.status->irqs++;
    effect = fault_point(QV_POINT_NIC_IRQ, &driver->view);
    if (nic_state_tag(nic_load(&driver->shared->state)) != NIC_STATE_READY)
        return false; /* whoever re-initialises acknowledges, and the frames wait */
    word = nic_load(&driver->shared->duty);
    if ((word & PARTY_MASK) == driver->identity) {
        if ((effect & FAULT_EFFECT_SKIP_ACK) == 0)
            cause = acknowledge(driver);
    } else if (holder_alive(driver, word)) {
        expect_acknowledgement(driver);
        settled = nic_rx_wanted(driver) || acknowledged_now(driver);
    } else if (take_duty(driver, word)) {
        cause = nic_duty_acknowledge(driver);
    }
    if (driver->config.trace_interrupts)
        nic_trace(driver, QV_TRACE_IRQ, cause, 0);
    return !settled || nic_rx_next_wanted(driver) || nic_rx_wanted(driver);
}

void nic_duty_resume(struct nic_driver *driver)
{
    /* An edge that came while nobody here could handle it is the last one until it is acknowledged. */
    driver->acknowledge_due = false;
    if ((nic_load(&driver->shared->duty) & PARTY_MASK) == driver->identity)
        (void)nic_duty_acknowledge(driver);
}

/* Did the holder run at all since we began to wait for it? If not, it is its core that gets no time. */
static bool had_time(const struct nic_driver *driver, unsigned sandbox)
{
    return !driver->ops->beats || driver->ops->beats(driver->context, sandbox) - driver->irq_beats_seen >= 2u;
}

/* Frames came, and for too long nobody acknowledged. */
static void missing_acknowledgement(struct nic_driver *driver, uint64_t word)
{
    bool pending = (nic_read(driver, NIC_REG_ICR) & NIC_INT_ALL) != 0;
    unsigned old = holder(word);

    if (!pending)
        return;
    __atomic_add_fetch(&driver->shared->acks, 1, __ATOMIC_ACQ_REL);
    driver->config.status->irq_acks++;
    if ((word & PARTY_MASK) == driver->identity)
        nic_fail(driver, QV_DETECT_IRQ_PROGRESS, driver->config.self);
    else if (take_duty(driver, word) && had_time(driver, old))
        __atomic_add_fetch(&driver->shared->slot[old].blamed_irq, 1, __ATOMIC_RELAXED);
}

void nic_duty_check(struct nic_driver *driver)
{
    uint64_t acks = nic_load(&driver->shared->acks);
    uint64_t word = nic_load(&driver->shared->duty);
    uint32_t head = nic_rx_done(driver, driver->cursor);
    struct nic_watch *watch = &driver->watch_irq;

    if (!holder_alive(driver, word)) {
        nic_duty_claim(driver);
        return;
    }
    /* The count was read before the ring: frames beyond the head seen with it need a later acknowledgement. */
    if (!watch->armed || driver->irq_acks_seen != acks) {
        driver->irq_acks_seen = acks;
        driver->irq_head_seen = head;
        watch->armed = true;
        watch->value = 0;
    } else if (watch->value == 0 && head != driver->irq_head_seen) {
        watch->value = 1;
        watch->since = nic_now(driver);
        watch->looks = 0;
        driver->irq_beats_seen = driver->ops->beats ? driver->ops->beats(driver->context, holder(word)) : 0;
    } else if (watch->value != 0 && ++watch->looks >= NIC_WATCH_LOOKS &&
               nic_now(driver) - watch->since > driver->config.progress_timeout) {
        watch->armed = false;
        missing_acknowledgement(driver, word);
    }
}
