/* SPDX-License-Identifier: MIT */
/* From a deadline to the code that waits for it: the local APIC's timer alone, and a thread through the scheduler. */
#include "bench/bench.h"
#include "sandbox/irq_direct.h"

#define VECTOR_BENCH_TIMER 0xeau
#define AHEAD_US           50u
#define PERIOD_US          1000u
#define LIMIT_MS           1000u

static volatile uint64_t fired_at;
static uint64_t next_deadline;

static IRQ_DIRECT void on_timer(struct irq_frame *frame)
{
    (void)frame;
    fired_at = probe();
    irq_direct_end();
}

void bench_timer_mask(void)
{
    timer_set_vector(VECTOR_TIMER | LAPIC_LVT_MASKED);
}

/* An interrupt that was due meanwhile is lost, and the kernel still waits for it: one comes now. */
void bench_timer_unmask(void)
{
    timer_set_vector(VECTOR_TIMER);
    (void)timer_program(time_now());
}

int bench_timer_setup(const struct bench *bench)
{
    (void)bench;
    irq_register_direct(VECTOR_BENCH_TIMER, on_timer);
    timer_set_vector(VECTOR_BENCH_TIMER);
    return 0;
}

void bench_timer_teardown(const struct bench *bench)
{
    (void)bench;
    bench_timer_unmask();
    irq_register_direct(VECTOR_BENCH_TIMER, NULL);
}

/* The deadline is what was programmed, in counts, turned into ticks by the rates that the boot code measured. */
static uint64_t program_count(void)
{
    uint32_t count = (uint32_t)(handoff->lapic_hz / 1000000u * AHEAD_US);
    uint64_t ticks = (uint64_t)count * (handoff->tsc_hz / 1000u) / (handoff->lapic_hz / 1000u);
    lapic_write(LAPIC_TIMER_INITIAL, count);
    return probe() + ticks;
}

static uint64_t program_deadline(void)
{
    return timer_program(probe() + time_from_us(AHEAD_US));
}

int64_t bench_timer(const struct bench *bench)
{
    uint64_t limit = time_now() + time_from_us(LIMIT_MS * 1000u);
    (void)bench;
    fired_at = 0;
    uint64_t deadline = timer_source() == QV_TIMER_TSC_DEADLINE ? program_deadline() : program_count();
    while (fired_at == 0) {
        cpu_pause();
        if (time_now() > limit) {
            bench_reason = "the timer did not fire";
            return BENCH_FAILED;
        }
    }
    return (int64_t)(fired_at - deadline);
}

int bench_wake_setup(const struct bench *bench)
{
    (void)bench;
    next_deadline = time_now() + time_from_us(2 * PERIOD_US);
    return 0;
}

int64_t bench_wake(const struct bench *bench)
{
    (void)bench;
    uint64_t deadline = next_deadline;
    thread_sleep_until(deadline);
    uint64_t now = probe();
    next_deadline = deadline + time_from_us(PERIOD_US);
    if (next_deadline <= now) /* late by more than a period: the next one would not be waited for */
        next_deadline = now + time_from_us(PERIOD_US);
    return (int64_t)(now - deadline);
}

void bench_load_partner(const struct bench *bench)
{
    volatile uint64_t *words = (volatile uint64_t *)(void *)bench_message(2 + handoff->id);
    (void)bench;
    while (!bench_partner_stop()) {
        for (unsigned i = 0; i < BENCH_MESSAGE_MAX / sizeof(*words); i += 8)
            words[i]++;
        cpu_pause();
    }
}
