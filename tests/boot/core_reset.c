/* SPDX-License-Identifier: MIT */
/*
 * The hole of a passed-through xAPIC: a sandbox can send INIT to a neighbour's core, and the emulator resets it under
 * its monitor (QV_CFG_LAPIC_GUARDED closes the hole, see guarded.c). What is left is to notice and to repair: the
 * heartbeat stops, the core answers no NMI, and INIT with SIPI brings its monitor back, which restarts its sandbox.
 */
#include "tests/boot/boot_test.h"

static void send_init(unsigned sandbox)
{
    uint64_t flags = irq_save();

    lapic_write(LAPIC_ICR_HIGH, handoff->apic_id[sandbox] << 24);
    lapic_write(LAPIC_ICR_LOW, ICR_INIT | ICR_ASSERT);
    irq_restore(flags);
}

static void reset_core_of(unsigned victim, unsigned sender)
{
    if (handoff->incarnation == 1)
        test_barrier(1);
    if (handoff->id == sender)
        send_init(victim);
    if (handoff->id == victim) {
        while (handoff->incarnation == 1)
            thread_sleep_us(1000); /* until the reset comes */
        EXPECT(directory()->core[victim].last_detection == QV_DETECT_CORE_RESET, "detected as %u",
               directory()->core[victim].last_detection);
        EXPECT(monitor_call(QV_CALL_RECOVERED, 0) == 0, "nothing to recover from");
        test_show(handoff->incarnation);
    } else {
        while (test_shown(victim) < 2)
            thread_sleep_us(1000);
        EXPECT(directory()->core[handoff->id].incarnation == 1, "a bystander was restarted");
    }
    test_barrier(2);
    EXPECT(directory()->core[victim].incarnation == 2, "incarnation %u", directory()->core[victim].incarnation);
    test_barrier(3);
}

void test_core_reset(void)
{
    reset_core_of(handoff->n_sandboxes - 1, 0);
}

/* The boot processor does not wait for a SIPI after INIT: it begins at the firmware's reset vector. */
void test_core_reset_bsp(void)
{
    reset_core_of(0, 1);
}
