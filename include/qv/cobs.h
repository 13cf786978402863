/* SPDX-License-Identifier: MIT */
/*
 * Consistent Overhead Byte Stuffing (Cheshire, Baker: IEEE/ACM Transactions on Networking 7(2), 1999): bytes without
 * any zero among them, so that a zero can stand between two pieces. A code byte tells how far the next zero is, or with
 * 255 that 254 bytes without one follow; the zeros themselves are not sent.
 */
#ifndef QV_COBS_H
#define QV_COBS_H

#include <stddef.h>
#include <stdint.h>

#define QV_COBS_BLOCK     254u
#define QV_COBS_MAX(size) ((size) + (size) / QV_COBS_BLOCK + 1u) /* encoded bytes at most */

/* Writes up to QV_COBS_MAX(size) bytes to `out`; returns how many. */
static inline size_t qv_cobs_encode(const uint8_t *in, size_t size, uint8_t *out)
{
    size_t code = 0, used = 1; /* where the open block's code byte stands; end of what was written */
    for (size_t i = 0; i < size; i++) {
        if (in[i] != 0)
            out[used++] = in[i];
        if (in[i] == 0 || (used - code == QV_COBS_BLOCK + 1 && i + 1 < size)) {
            out[code] = (uint8_t)(used - code);
            code = used++;
        }
    }
    out[code] = (uint8_t)(used - code);
    return used;
}

/* Bytes decoded into `out`; 0 if this is no such encoding or is longer than `room`. */
static inline size_t qv_cobs_decode(const uint8_t *in, size_t n, uint8_t *out, size_t room)
{
    size_t used = 0;
    for (size_t at = 0; at < n;) {
        size_t code = in[at++];
        if (code == 0 || code - 1 > n - at || code - 1 > room - used)
            return 0;
        for (size_t i = 1; i < code; i++)
            out[used++] = in[at++];
        if (code != QV_COBS_BLOCK + 1 && at < n) {
            if (used == room)
                return 0;
            out[used++] = 0;
        }
    }
    return used;
}

#endif
