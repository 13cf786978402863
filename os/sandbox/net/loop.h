/* SPDX-License-Identifier: MIT */
/* The inside of the network thread's loop, apart so that tests can turn it. */
#ifndef QV_NET_LOOP_H
#define QV_NET_LOOP_H

#include <stdint.h>

/*
 * One round: received frames, a posted operation, timers, the client, held-back frames. Returns when (TSC) to come back
 * at the latest, now or earlier if there is more to do.
 */
uint64_t net_step(void);

#endif
