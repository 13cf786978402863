/* SPDX-License-Identifier: MIT */
/*
 * Traffic for measurements (qv_traffic_cfg): generator and sink of UDP datagrams and of TCP streams between the client
 * sandbox and every web sandbox. Belongs to the network thread.
 */
#ifndef QV_NET_TRAFFIC_H
#define QV_NET_TRAFFIC_H

#include <stdbool.h>
#include <stdint.h>

/* Is there any in this run? */
bool traffic_wanted(void);

/* Once, after lwIP and this sandbox's interface are up. */
void traffic_start(void);

/* Sends what is due. Returns when (TSC) to come back. `reached`: the neighbour has answered. */
uint64_t traffic_step(uint64_t now, bool reached);

#endif
