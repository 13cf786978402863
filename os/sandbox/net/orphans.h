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

#include <stdbool.h>
#include <stdint.h>

struct netif;
struct tcp_pcb;

/* A connection was accepted at the address of `sandbox`. */
void orphans_note(const struct tcp_pcb *pcb, unsigned sandbox);

/* The address of `sandbox` is served here from now on, and was served by somebody, or some incarnation, that is gone.
 */
void orphans_adopt(unsigned sandbox);

/* Sends a few segments; interface_of gives the interface of a sandbox. False: nothing is left to
 * be done, or an answer is awaited first. */
bool orphans_step(struct netif *(*interface_of)(unsigned sandbox));

#endif
