/* SPDX-License-Identifier: MIT */
/*
 * The one-shot timer of this core, whichever source drives it: times that have passed, that are near, that move, that
 * are far; no exit for it. Apart from that the trial of TSC-deadline, with a clock that makes it fail.
 */
#include "sandbox/irq_direct.h"
#include "tests/boot/boot_test.h"

#define VECTOR_TEST 0xebu
#define NEAR_US     2000u
#define FAR_US      30000000u
#define LIMIT_US    1000000u
#define SLEEPS      20u

#define LVT_MODE (3u << 17)

static volatile uint64_t fired_at;
static volatile unsigned times;

static IRQ_DIRECT void on_timer(struct irq_frame *frame)
{
    (void)frame;
    fired_at = rdtsc();
    times++;
    irq_direct_end();
}

/* Has it fired by then? */
static bool wait_until(uint64_t tsc)
{
    while (fired_at == 0 && rdtsc() < tsc)
        cpu_pause();
    return fired_at != 0;
}

static void expect_fires(uint64_t at, const char *what)
{
    fired_at = 0;
    times = 0;
    (void)timer_program(at);
    bool fired = wait_until(rdtsc() + time_from_us(LIMIT_US));
    EXPECT(fired, "%s: did not fire", what);
    /* a count-down goes by a rate that was measured, and may be ahead of the TSC by that measurement's error */
    if (timer_source() == QV_TIMER_TSC_DEADLINE)
        EXPECT(!fired || fired_at >= at, "%s: fired %lu ticks early", what, at - fired_at);
    EXPECT(times <= 1, "%s: fired %u times", what, times);
}

static void check_times(void)
{
    irq_register_direct(VECTOR_TEST, on_timer);
    timer_set_vector(VECTOR_TEST);
    expect_fires(0, "time 0");
    expect_fires(1, "time 1");
    expect_fires(rdtsc() - time_from_us(NEAR_US), "a time that has passed");
    expect_fires(rdtsc() + time_from_us(NEAR_US), "a near time");

    fired_at = 0;
    (void)timer_program(rdtsc() + time_from_us(FAR_US));
    EXPECT(!wait_until(rdtsc() + time_from_us(NEAR_US)), "a far time: fired at once");
    expect_fires(rdtsc() + time_from_us(NEAR_US), "moved to a nearer time");
    (void)timer_program(rdtsc() + time_from_us(NEAR_US));
    fired_at = 0;
    (void)timer_program(rdtsc() + time_from_us(FAR_US));
    EXPECT(!wait_until(rdtsc() + 2 * time_from_us(NEAR_US)), "moved to a far time: fired at the old one");
}

static void restore(void)
{
    timer_set_vector(VECTOR_TIMER);
    (void)timer_program(rdtsc());
    irq_register_direct(VECTOR_TEST, NULL);
}

static void check_registers(void)
{
    bool deadline = timer_source() == QV_TIMER_TSC_DEADLINE;
    uint32_t entry = lapic_read(LAPIC_LVT_TIMER);

    EXPECT(status->timer == timer_source(), "timer %u in the status page", status->timer);
    EXPECT((entry & (0xffu | LVT_MODE | LAPIC_LVT_MASKED)) == (VECTOR_TIMER | (deadline ? LAPIC_LVT_DEADLINE : 0u)),
           "timer entry %x", entry);
    if (handoff->cfg.flags & QV_CFG_TIMER_COUNT_DOWN) {
        EXPECT(!deadline, "count-down was asked for");
        /* where monitors answer CPUID */
        EXPECT(handoff->mode == QV_MODE_NATIVE || monitor_call_is_vmmcall() || !cpu_has_tsc_deadline(),
               "CPUID shows TSC-deadline, which the sandbox has not");
    }
}

static void sleep_often(void)
{
    for (unsigned i = 0; i < SLEEPS; i++)
        thread_sleep_us(NEAR_US);
}

void test_timer(void)
{
    bool guarded = (handoff->cfg.flags & QV_CFG_LAPIC_GUARDED) != 0;

    test_barrier(1);
    check_registers();
    uint64_t exits = test_exits(handoff->id, QV_STAGE_STEADY);
    uint64_t of_msrs = test_exits_of(handoff->id, QV_EXIT_MSR);
    sleep_often();
    check_times();
    restore();
    EXPECT(guarded || test_exits(handoff->id, QV_STAGE_STEADY) == exits, "the timer costs exits");
    EXPECT(test_exits_of(handoff->id, QV_EXIT_MSR) == of_msrs, "the deadline register costs exits");
    if (timer_source() == QV_TIMER_TSC_DEADLINE) {
        EXPECT(timer_try_deadline(), "TSC-deadline is in use and fails the trial");
        restore();
    }
    sleep_often();
    test_barrier(2);
}

static void check_trial(uint64_t shift)
{
    uint64_t flags = irq_save();

    wrmsr(MSR_TSC, rdtsc() + shift);
    bool works = timer_try_deadline();
    wrmsr(MSR_TSC, rdtsc() - shift);
    irq_restore(flags);
    EXPECT(!works, "deadlines of another clock than the TSC passed the trial");
}

/*
 * Only for an emulator whose deadlines are of another clock than its TSC once that was written (Bochs), and without a
 * monitor, so that it can be. The trial fails then: too late one way, too early the other. The TSC is not set back to
 * the tick: from here on this core's deadlines are some ticks early, which the kernel bears.
 */
void test_timer_trial(void)
{
    test_barrier(1);
    EXPECT(timer_source() == QV_TIMER_TSC_DEADLINE && handoff->mode == QV_MODE_NATIVE, "nothing to try");
    check_trial(1ull << 40);
    check_trial(0 - rdtsc() / 2);
    restore();
    sleep_often();
    test_barrier(2);
}
