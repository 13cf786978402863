/* SPDX-License-Identifier: MIT */
/*
 * Where the time goes: whatever runs is in the account of the VCPU it runs on, interrupts are in the scheduler's, and
 * all accounts together are the time that has passed. And which VCPUs may be added. Only sums are compared, no
 * durations.
 */
#include "tests/boot/boot_test.h"

#define ROUNDS       200u
#define ROUND_US     1000u
#define SPIN         20000u
#define PARTS        1000u /* one part in so many may be missing */
#define HANDLER_SPIN 3000u

static volatile uint64_t in_handlers; /* ticks that the handler itself has seen pass */
static volatile uint64_t taken;
static struct thread *helper;
static volatile uint64_t helped; /* ticks that the helper has seen pass with interrupts off */

static void spin(unsigned turns)
{
    for (unsigned i = 0; i < turns; i++)
        __asm__ volatile("" ::: "memory");
}

static void on_wake(void)
{
    uint64_t begin = rdtsc();
    spin(HANDLER_SPIN);
    in_handlers += rdtsc() - begin;
    taken++;
    thread_wake(helper);
}

static void helper_main(void *argument)
{
    (void)argument;
    for (;;) {
        thread_wait();
        uint64_t flags = irq_save();
        uint64_t begin = rdtsc();
        spin(SPIN);
        helped += rdtsc() - begin;
        irq_restore(flags);
    }
}

void accounting_init(void)
{
    helper = thread_create("helper", helper_main, NULL, QV_VCPU_PROBE);
}

/* What runs with interrupts off is charged to this VCPU to the tick, and to nobody else. */
static void check_own_account(void)
{
    uint64_t flags = irq_save();
    uint64_t outer_begin = rdtsc();
    uint64_t before = thread_consumed();
    uint64_t idle = scheduler.idle_time;
    uint64_t sched = scheduler.sched_time;
    uint64_t begin = rdtsc();
    spin(SPIN);
    uint64_t end = rdtsc();
    uint64_t charged = thread_consumed() - before;
    uint64_t outer_end = rdtsc();
    EXPECT(charged >= end - begin, "%lu ticks charged for %lu", charged, end - begin);
    EXPECT(charged <= outer_end - outer_begin, "%lu ticks charged for at most %lu", charged, outer_end - outer_begin);
    EXPECT(idle == scheduler.idle_time && sched == scheduler.sched_time, "charged to somebody else");
    irq_restore(flags);
}

static void check_admission(void)
{
    const struct qv_vcpu_cfg small = {.kind = QV_VCPU_KIND_MAIN, .budget_us = 100, .period_us = 100000};
    const struct qv_vcpu_cfg large = {.kind = QV_VCPU_KIND_MAIN, .budget_us = 90000, .period_us = 100000};
    const struct qv_vcpu_cfg malformed = {.kind = QV_VCPU_KIND_MAIN, .budget_us = 2000, .period_us = 1000};
    const struct qv_vcpu_cfg unknown = {.kind = 17, .budget_us = 100, .period_us = 100000};
    int number = vcpus_create(&small, QV_NO_WORK, 0);
    EXPECT(number >= (int)QV_VCPU_SLOTS && vcpu_slot((unsigned)number) != NULL, "a small VCPU: %d", number);
    uint32_t count = scheduler.count;
    EXPECT(vcpus_create(&large, QV_NO_WORK, 0) == -EPERM, "90 %% of the core admitted beside all others");
    EXPECT(vcpus_create(&malformed, QV_NO_WORK, 0) < 0, "a budget longer than its period admitted");
    EXPECT(vcpus_create(&unknown, QV_NO_WORK, 0) < 0, "a VCPU of no known kind admitted");
    EXPECT(scheduler.count == count, "a refused VCPU was added");
    EXPECT(vcpus_create(&small, QV_NO_WORK, 1) == number + 1, "no more VCPUs after a refusal");
}

void test_accounting(void)
{
    unsigned next = (handoff->id + 1u) % handoff->n_sandboxes;
    struct vcpu_slot *slot = vcpu_slot(QV_VCPU_PROBE);

    EXPECT(helper != NULL, "no helper");
    EXPECT(thread_create("nobody", helper_main, NULL, (enum qv_vcpu_slot)(VCPUS_MAX - 1)) == NULL,
           "a thread on no VCPU");
    check_admission();
    irq_register(VECTOR_IPI_WAKE, on_wake);
    test_barrier(1);
    uint64_t begin = rdtsc();
    uint64_t sched = scheduler.sched_time;
    for (unsigned round = 1; round <= ROUNDS; round++) {
        check_own_account();
        ipi_send(next, VECTOR_IPI_WAKE);
        thread_sleep_us(ROUND_US);
    }
    uint64_t elapsed = rdtsc() - begin;
    uint64_t flags = irq_save();
    (void)thread_consumed(); /* charges up to now */
    EXPECT(scheduler.sched_time - sched >= in_handlers, "handlers ran %lu ticks, the scheduler's account grew by %lu",
           in_handlers, scheduler.sched_time - sched);
    EXPECT(slot->vcpu.used + slot->vcpu.background_time >= helped, "the helper ran %lu ticks, its VCPU was charged %lu",
           helped, slot->vcpu.used + slot->vcpu.background_time);
    irq_restore(flags);
    EXPECT(taken > 0 && helped > 0 && in_handlers > 0, "nothing happened");
    EXPECT(vcpus_unaccounted() <= elapsed / PARTS, "%lu of %lu ticks are in no account", vcpus_unaccounted(), elapsed);
    test_barrier(2);
}
