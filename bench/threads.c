/* SPDX-License-Identifier: MIT */
/* Changes of thread and VCPU on one core. */
#include "bench/bench.h"

#define HIGHER_PERIOD_US 3000u /* more than its period: its budget is back */
#define SWITCH_TRIES     50u

static struct thread *same, *higher; /* on the benchmark's VCPU, and on one with a shorter period */
static volatile uint64_t stamp;
static volatile bool active;

/* Runs only between the benchmark's yields; while there is nothing to measure it sleeps. */
static void same_main(void *argument)
{
    (void)argument;
    for (;;) {
        stamp = probe();
        if (active)
            thread_yield();
        else
            thread_wait();
    }
}

static void higher_main(void *argument)
{
    (void)argument;
    for (;;) {
        thread_wait();
        stamp = probe();
    }
}

void bench_threads_init(void)
{
    if (handoff->id != 0)
        return;
    same = thread_create("bench same", same_main, NULL, QV_VCPU_SERVICE);
    higher = thread_create("bench higher", higher_main, NULL, QV_VCPU_HEALTH);
    if (!same || !higher)
        kernel_lost(QV_DETECT_ASSERTION, 0, "no threads for benchmarks");
}

int bench_threads_setup(const struct bench *bench)
{
    if (bench->once == bench_vcpu_switch)
        return 0; /* sleeps between samples: needs the timer */
    bench_timer_mask();
    if (bench->once == bench_thread_switch) {
        active = true;
        thread_wake(same);
    }
    return 0;
}

void bench_threads_teardown(const struct bench *bench)
{
    (void)bench;
    active = false;
    bench_timer_unmask();
}

int64_t bench_thread_switch(const struct bench *bench)
{
    (void)bench;
    stamp = 0;
    uint64_t begin = probe();
    thread_yield();
    if (stamp == 0) {
        bench_reason = "the other thread did not run";
        return BENCH_FAILED;
    }
    return (int64_t)(stamp - begin);
}

/* A host that takes the core away charges its time to whoever ran: then the other VCPU's budget is gone for a while. */
int64_t bench_vcpu_switch(const struct bench *bench)
{
    (void)bench;
    for (unsigned tries = 0; tries < SWITCH_TRIES; tries++) {
        thread_sleep_us(HIGHER_PERIOD_US);
        stamp = 0;
        uint64_t begin = probe();
        thread_wake(higher);
        uint64_t end = stamp;
        if (end != 0)
            return (int64_t)(end - begin);
    }
    bench_reason = "the VCPU of higher priority did not run at once";
    return BENCH_FAILED;
}

int64_t bench_vcpu_pick(const struct bench *bench)
{
    (void)bench;
    uint64_t begin = probe();
    schedule();
    uint64_t end = probe();
    return (int64_t)(end - begin);
}
