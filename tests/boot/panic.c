/* SPDX-License-Identifier: MIT */
/*
 * An error of a monitor itself stops the machine, and the console then has the last 64 exits of each core. No sandbox
 * can bring a monitor there, so the host does: it damages the pristine image in monitor memory, and a restart finds
 * that. One sandbox has damaged the header of its trace ring before: where the results leave by a line, no more than
 * the ring is delivered.
 */
#include "tests/boot/boot_test.h"

#define CALLS (QV_EXIT_LOG + 6u)

static void damage_ring(void)
{
    struct qv_trace_ring *ring = phys_to_virt(handoff->ring_phys);
    ring->capacity = UINT32_MAX;
    ring->head = 1ull << 59;
}

void test_panic(void)
{
    const volatile struct qv_host_mailbox *mailbox = phys_to_virt(QV_MAILBOX_PHYS);
    struct descriptor_pointer nothing = {0, 0};

    test_barrier(1);
    for (unsigned i = 0; i < CALLS; i++)
        EXPECT(monitor_call(QV_CALL_NOP, 0) == 0, "monitor call");
    if (handoff->id == 1)
        damage_ring();
    test_barrier(2);
    if (handoff->id == 0)
        kprint("the image may be damaged now");
    while (mailbox->load_running == 0)
        thread_sleep_us(1000);
    if (handoff->id == handoff->n_sandboxes - 1) {
        attempt_resume = 0;
        __asm__ volatile("cli\n\tlidt %0\n\tud2" ::"m"(nothing));
    }
    for (;;)
        thread_wait();
}
