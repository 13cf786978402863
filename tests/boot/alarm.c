/* SPDX-License-Identifier: MIT */
/*
 * A sandbox hangs with interrupts off in its own recovery, and there is no neighbour who could see it: its monitor,
 * which has a timer for that, ends the recovery and restarts it. In steady state the timer is off.
 */
#include "tests/boot/boot_test.h"

#define DETECTED QV_DETECT_RING_INVARIANT

static _Noreturn void hang_in_recovery(void)
{
    int64_t action = monitor_call3(QV_CALL_FAULT, DETECTED, 0, FAULT_SCOPE_COMPONENT).rax;
    EXPECT(action == FAULT_ACTION_LOCAL, "the fault was answered by %ld", action);
    (void)irq_save();
    for (;;)
        cpu_pause();
}

void test_alarm(void)
{
    const volatile struct qv_core_report *report = &directory()->core[handoff->id];
    uint64_t limit = handoff->cfg.recovery.recover_limit_us;
    if (handoff->incarnation == 1)
        hang_in_recovery();
    EXPECT(handoff->incarnation == 2, "incarnation %u", handoff->incarnation);
    EXPECT(report->last_detection == QV_DETECT_RECOVERY_TIMEOUT, "detected as %u", report->last_detection);
    EXPECT(test_exits_of(handoff->id, QV_EXIT_TIMER) == 1, "%lu alarms", test_exits_of(handoff->id, QV_EXIT_TIMER));
    EXPECT(test_exits_of(handoff->id, QV_EXIT_NMI) == 0, "somebody else has ended it");
    EXPECT(monitor_call(QV_CALL_RECOVERED, 0) == 0, "nothing to recover from");
    uint64_t exits = test_exits(handoff->id, QV_STAGE_STEADY);
    thread_sleep_us(3 * limit);
    EXPECT(test_exits(handoff->id, QV_STAGE_STEADY) == exits, "exits in steady state");
}
