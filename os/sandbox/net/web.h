/* SPDX-License-Identifier: MIT */
/*
 * lwIP's web server with our pages, counted and traced. A request counts in status->http_requests when its page is
 * found (error pages included), a reply in status->http_replies when TCP has taken it whole; both are traced with
 * QV_CFG_TRACE_REQUESTS. All on the network thread.
 */
#ifndef QV_NET_WEB_H
#define QV_NET_WEB_H

#include <stdbool.h>
#include <stdint.h>

struct pbuf;

/* Listens on port 80 of all addresses. After lwip_init(). */
void web_start(void);

/* The network thread was lost inside lwIP and begins anew: whatever was being served is not any more. */
void web_abandon(void);

/* The next good reply from address `local` (network order; 0 = any) is the first of a recovery. */
void web_expect_first_reply(uint32_t local);

/* A frame was handed to the NIC; `held` if not at once. */
void web_frame_sent(const struct pbuf *frame, bool held);

#endif
