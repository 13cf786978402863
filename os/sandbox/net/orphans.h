/* SPDX-License-Identifier: MIT */
/*
 * Clients of a server that died. One that has sent its request, and had it acknowledged, waits for the reply and sends
 * nothing: it would wait as long as its user does. Every sandbox therefore publishes its newest connections in its
 * status page, and whoever serves the address next sends each of them a segment that its connection cannot accept. The
 * client answers that with an acknowledgement (RFC 9293, 3.10.7.4), which belongs to no connection here and so draws a
 * reset (3.10.7.1) whose sequence number is right, although nobody here knew it. All on the network thread.
 */
#ifndef QV_NET_ORPHANS_H
#define QV_NET_ORPHANS_H

#include <stdint.h>

struct netif;
struct tcp_pcb;

/* A connection was accepted at the address of `sandbox`. */
void orphans_note(const struct tcp_pcb *pcb, unsigned sandbox);

/* The address of `sandbox` is served here from now on, and was served by somebody, or some incarnation, that is gone.
 */
void orphans_adopt(unsigned sandbox);

/*
 * Sends a few segments; interface_of gives the interface of a sandbox. Returns when (TSC) to come back: 0 if there is
 * more to do, the time at which a next hop is asked for again if its answer is awaited, UINT64_MAX if all are told.
 * Entries that nobody can be behind are passed over, and those whose next hop does not answer, after a while: the dead
 * neighbour's page may hold anything, and clients leave.
 */
uint64_t orphans_step(struct netif *(*interface_of)(unsigned sandbox));

#endif
