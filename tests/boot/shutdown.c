/* SPDX-License-Identifier: MIT */
/*
 * No sandbox ends the machine before its time. The configuration gives this test a duration that it never reaches; its
 * end comes when the host, having read the verdict, says so in the mailbox.
 */
#include "tests/boot/boot_test.h"

#define TRIES 50u

void test_shutdown(void)
{
    EXPECT(handoff->cfg.duration_us != 0, "the test needs a duration");
    for (unsigned i = 0; i < TRIES; i++) {
        EXPECT(monitor_call(QV_CALL_SHUTDOWN, i) == -EPERM, "the machine may be ended");
        thread_sleep_us(1000);
    }
    test_barrier(1);
}
