/* SPDX-License-Identifier: MIT */
#include "sandbox/test.h"

#include "sandbox/internal.h"

void boot_test_start(const char *name)
{
    kprint("FAIL unknown boot test %s", name);
    monitor_call(QV_CALL_SHUTDOWN, 1);
}
