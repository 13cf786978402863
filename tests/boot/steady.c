/* SPDX-License-Identifier: MIT */
/*
 * Timer interrupts and interrupts between sandboxes reach the kernels without their monitors: between the barriers no
 * core leaves guest mode a single time.
 */
#include "tests/boot/boot_test.h"

#define TICKS   1000u
#define TICK_US 1000u

static volatile uint64_t received;

static void on_wake(void)
{
    test_show(++received);
}

void test_steady(void)
{
    unsigned next = (handoff->id + 1u) % handoff->n_sandboxes;
    uint64_t before[QV_MAX_SANDBOXES];
    uint64_t beats = status->heartbeats;
    uint64_t timer_begin;

    irq_register(VECTOR_IPI_WAKE, on_wake);
    test_barrier(1);
    for (unsigned i = 0; i < handoff->n_sandboxes; i++)
        before[i] = test_exits(i, QV_STAGE_STEADY);
    test_barrier(2);
    timer_begin = time_now();
    for (unsigned tick = 1; tick <= TICKS; tick++) {
        uint64_t until = timer_begin + time_from_us((uint64_t)tick * TICK_US);
        ipi_send(next, VECTOR_IPI_WAKE);
        thread_sleep_until(until);
        /* The next one is sent when this one was taken: the same vector, twice pending, counts once. */
        while (test_shown(next) < tick)
            thread_sleep_us(TICK_US / 10);
    }
    test_barrier(3);
    EXPECT(received == TICKS, "%lu interrupts of %u sent", received, TICKS);
    EXPECT(status->heartbeats > beats, "the heartbeat stands still");
    for (unsigned i = 0; i < handoff->n_sandboxes; i++) {
        uint64_t exits = test_exits(i, QV_STAGE_STEADY);
        EXPECT(exits == before[i], "%lu exits of core %u in steady state", exits - before[i], i);
        EXPECT(exits == 0, "%lu exits of core %u since it was ready", exits, i);
        EXPECT(test_exits(i, QV_STAGE_RECOVERY) == 0, "exits for recovery of core %u", i);
    }
    test_barrier(4);
}
