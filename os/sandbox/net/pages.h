/* SPDX-License-Identifier: MIT */
/*
 * The pages of the web server, each with its HTTP header in front, ready to be sent without a copy:
 *
 *   /64 /256 /1024 /4096 /16384 /65536   that many bytes of the pattern: byte k is 'A' + k % 26, but a newline where
 *                                        k % 64 == 63
 *   /counters                            this sandbox's counters, one "name value" per line
 *   / (/index.html)                      what there is
 *   /404.html /400.html /501.html        the error pages of the web server
 */
#ifndef QV_NET_PAGES_H
#define QV_NET_PAGES_H

#include <stdbool.h>
#include <stdint.h>

#define PAGES_MAX_BODY 65536u

struct page {
    const char *reply; /* header and body */
    uint32_t size;     /* of both */
    uint32_t body;     /* of the body */
    unsigned code;     /* HTTP status */
    bool is_volatile;  /* generated for this one request: must be copied when sent, then given to pages_release() */
};

/* Before anything else here. */
void pages_init(void);

/* Finds or generates a page. False: no such page, or (/counters) too many in use at the same time. */
bool pages_find(const char *path, bool keep_alive, struct page *page);

/* Ends the use of a volatile page; `reply` as pages_find() gave it. Nothing to do for others. */
void pages_release(const char *reply);

/* The pattern, PAGES_MAX_BODY bytes: every page is a prefix of it. */
const char *pages_pattern(void);

#endif
