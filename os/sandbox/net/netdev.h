/* SPDX-License-Identifier: MIT */
/*
 * Between the shared NIC's driver (nic/nic.h) and lwIP. The bottom half, a thread of its own on QV_VCPU_NIC, copies
 * received frames into buffers prepared at the start and hands them to the network thread; the network thread sends.
 * Every call into the driver is inside a component frame: whatever the driver does, both threads go on. Frames that the
 * driver does not take at once (ring full, being recovered) are held back and sent in order later.
 *
 * netdev_start() apart, all functions belong to the network thread.
 */
#ifndef QV_NET_NETDEV_H
#define QV_NET_NETDEV_H

#include <stdbool.h>
#include <stdint.h>

#include "lwip/netif.h"

struct thread;

struct netdev_counters {
    uint64_t held;    /* frames held back for a later try */
    uint64_t refused; /* frames given back to lwIP because too many were held back */
};

/* The driver must be attached and the configuration name a NIC. `network` is woken for received frames. 0, -ENOMEM. */
int netdev_start(struct thread *network);

/* The driver can be entered again: the bottom half is to look at once what has come meanwhile. */
void netdev_driver_is_back(void);

/* Next received frame as a pbuf of its own, or NULL; `port` is the sandbox whose interface it came for. */
struct pbuf *netdev_input(unsigned *port);

/* Between netdev_batch(true) and netdev_batch(false) the device is told of sent frames together. */
void netdev_batch(bool begin);

/* lwIP's netif->linkoutput. */
err_t netdev_output(struct netif *netif, struct pbuf *frame);

/* Tries to send what is held back. True if nothing is held back any more. */
bool netdev_flush(void);

const struct netdev_counters *netdev_counters(void);

#endif
