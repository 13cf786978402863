/* SPDX-License-Identifier: MIT */
/* A flood of ICMP echo requests from this sandbox to another one: one entry of the configuration's work loads. */
#ifndef QV_NET_FLOOD_H
#define QV_NET_FLOOD_H

#include <stdbool.h>
#include <stdint.h>

struct netif;
struct pbuf;

/* Looks for the entry; without one the other two do nothing. */
void flood_start(void);

/* Sends what is due through `netif`. Returns when (TSC) the next is due, UINT64_MAX if there is nothing more to send.
 */
uint64_t flood_step(struct netif *netif, uint64_t now);

/* Is this frame the reply to one of its requests? Then it has been counted. */
bool flood_reply(const struct pbuf *frame);

#endif
