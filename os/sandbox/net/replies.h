/* SPDX-License-Identifier: MIT */
/*
 * Finds, among the frames handed to the NIC, the one with the last byte of the first good reply since a recovery.
 * A reply counts if that byte had not been handed to the NIC before the recovery: replies made since, and older ones
 * whose frame was held back. Pure code; addresses in network order, sequence numbers in host order.
 */
#ifndef QV_NET_REPLIES_H
#define QV_NET_REPLIES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define REPLIES_KEPT 512u /* by the peer's port; power of two */

struct reply_mark {
    uint32_t local;
    uint32_t remote;
    uint32_t end; /* sequence number behind the last byte */
    uint32_t bytes;
    uint32_t epoch;
    uint16_t remote_port;
};

struct replies {
    struct reply_mark mark[REPLIES_KEPT];
    uint32_t epoch; /* recoveries so far */
    uint32_t local; /* only replies from this address count; 0 = any */
    bool armed;
};

/* From now on a first reply is looked for (again), from `local` or from any address (0). */
void replies_arm(struct replies *replies, uint32_t local);

/* A good reply was given to TCP in full. mark->epoch is set here. */
void replies_note(struct replies *replies, struct reply_mark mark);

/*
 * The beginning of a frame, at least its headers, was handed to the NIC; `held` if it had been held back. Returns the
 * mark if it completes the reply that is looked for, which is then over; else NULL.
 */
const struct reply_mark *replies_match(struct replies *replies, const uint8_t *frame, size_t size, bool held);

#endif
