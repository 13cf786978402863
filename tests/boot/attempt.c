/* SPDX-License-Identifier: MIT */
/* Instructions executed in the expectation of an exception. */
#include "sandbox/faultpoint.h"
#include "tests/boot/boot_test.h"

volatile uint64_t attempt_resume;
volatile uint32_t attempt_vector = NO_EXCEPTION;

static bool on_exception(unsigned vector, uint64_t *rip)
{
    if (attempt_resume == 0)
        return false;
    attempt_vector = vector;
    *rip = attempt_resume;
    return true;
}

void attempt_start(void)
{
    exception_hook = on_exception;
}
