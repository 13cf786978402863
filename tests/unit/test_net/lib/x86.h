/* SPDX-License-Identifier: MIT */
/* Stands in for os/lib/x86.h in the network tests: the time is that of the tests' world. */
#ifndef QV_TEST_NET_X86_H
#define QV_TEST_NET_X86_H

#include <stdint.h>

uint64_t world_time(void);

static inline uint64_t rdtsc(void)
{
    return world_time();
}

#endif
