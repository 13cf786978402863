/* SPDX-License-Identifier: MIT */
/*
 * A sandbox hangs with interrupts off, in several ways. A neighbour finds its heartbeat stale; an NMI gives the core
 * to its monitor, which restarts it.
 */
#include "tests/boot/boot_test.h"

#define HANGS 3u

static void hang(void)
{
    (void)irq_save();
    switch (handoff->incarnation) {
    case 1:
        for (;;)
            cpu_pause();
    case 2:
        for (;;)
            __asm__ volatile("hlt");
    default:
        __asm__ volatile("1: jmp 1b");
    }
}

static void be_victim(void)
{
    const volatile struct qv_core_report *report = &directory()->core[handoff->id];

    if (handoff->incarnation == 1)
        test_barrier(1);
    if (handoff->incarnation > 1) {
        EXPECT(report->last_detection == QV_DETECT_HEARTBEAT, "hang %u was detected as %u", handoff->incarnation - 1,
               report->last_detection);
        EXPECT(monitor_call(QV_CALL_RECOVERED, 0) == 0, "nothing to recover from");
    }
    test_show(handoff->incarnation);
    if (handoff->incarnation <= HANGS)
        hang();
}

void test_hang(void)
{
    unsigned victim = handoff->n_sandboxes - 1;

    if (handoff->id == victim) {
        be_victim();
    } else {
        test_barrier(1);
        while (test_shown(victim) <= HANGS)
            thread_sleep_us(1000);
        EXPECT(directory()->core[handoff->id].incarnation == 1, "a bystander was restarted");
    }
    test_barrier(2);
    EXPECT(directory()->core[victim].incarnation == HANGS + 1, "incarnation %u", directory()->core[victim].incarnation);
    EXPECT(test_exits_of(victim, QV_EXIT_NMI) >= HANGS, "%lu NMIs", test_exits_of(victim, QV_EXIT_NMI));
    test_barrier(3);
}
