/* SPDX-License-Identifier: MIT */
/*
 * Results of a machine that shares no memory with the host, as a stream of bytes: pieces of its physical memory
 * (directory, status pages, trace rings), from which the host rebuilds the same picture that it would have mapped. Made
 * for a line that loses and flips bytes and on which console text passes too.
 *
 * A frame is a header, `length` bytes of payload and the CRC-32 of both, encoded by qv/cobs.h, which leaves no zero
 * byte in it, between two zero bytes. Whatever stands between zero bytes and does not decode to a frame with a right
 * CRC is text or noise; damage costs the frames that it touches, no others.
 *
 * A pass is frames with sequence numbers 0 (BEGIN), 1, 2, ... (MEMORY), n (END). A sender may repeat the pass: equal
 * sequence numbers carry equal frames, so a receiver fills its holes from any later pass, and knows from any END what
 * it still lacks. Memory that no frame names is zero. Little endian throughout.
 *
 * Delivery, where the line has two directions (a serial cable). The sides take turns, so that a port that holds 16
 * bytes is enough:
 *
 *   machine: a pass, or the frames that were asked for, and END; then it listens.
 *   host:    answers every END, and says nothing otherwise: REQUEST with the ranges of sequence numbers that it lacks
 *            (as many as fit; the rest after the next END), or DONE once the sum over all memory is right.
 *   machine: upon REQUEST sends those frames and END; upon DONE with its own sums answers DONE and is finished. Before
 * it sends anything it waits until the host has been silent for QV_STREAM_QUIET_MS. Upon a frame that is no good it
 * sends END again, upon QV_STREAM_LISTEN_MS of silence again; after QV_STREAM_PATIENCE such silences in a row it sends
 * the whole pass again, for lines whose way back is dead.
 *
 * So any frame of either side may be lost or damaged at any time, and a host that comes late, or starts again, asks for
 * everything at the next END. BEGIN carries the machine's time stamp: a host that gets a frame which differs from the
 * one it has under the same number is hearing another run, and begins anew.
 */
#ifndef QV_STREAM_H
#define QV_STREAM_H

#include <stdint.h>

#include "qv/cobs.h"

#define QV_STREAM_MAGIC       0x5651u /* "QV" */
#define QV_STREAM_VERSION     1u
#define QV_STREAM_MAX_PAYLOAD 512u
#define QV_STREAM_DELIMITER   0x00u

enum qv_stream_kind {
    QV_STREAM_BEGIN = 1,   /* no payload; `phys` is the time stamp counter when the delivery began */
    QV_STREAM_MEMORY = 2,  /* payload: bytes at `phys` */
    QV_STREAM_END = 3,     /* payload: struct qv_stream_summary */
    QV_STREAM_REQUEST = 4, /* of the host; payload: 1..QV_STREAM_MAX_RANGES of struct qv_stream_range */
    QV_STREAM_DONE = 5,    /* of either side; payload: struct qv_stream_summary of what was delivered */
};

struct qv_stream_header {
    uint16_t magic;
    uint8_t version;
    uint8_t kind; /* enum qv_stream_kind */
    uint32_t sequence;
    uint64_t phys;
    uint32_t length; /* of the payload */
    uint32_t reserved;
};
_Static_assert(sizeof(struct qv_stream_header) == 24, "layout");

struct qv_stream_summary {
    uint64_t bytes; /* of all MEMORY payloads */
    uint32_t crc;   /* of all MEMORY payloads in their order */
    uint32_t reserved;
};
_Static_assert(sizeof(struct qv_stream_summary) == 16, "layout");

/* Frames `first` to `first + count - 1`. */
struct qv_stream_range {
    uint32_t first, count;
};
_Static_assert(sizeof(struct qv_stream_range) == 8, "layout");
#define QV_STREAM_MAX_RANGES 32u

/* Header, payload and CRC, before encoding; and encoded, with both delimiters. */
#define QV_STREAM_MAX_FRAME   (24u + QV_STREAM_MAX_PAYLOAD + 4u)
#define QV_STREAM_MAX_ENCODED (QV_COBS_MAX(QV_STREAM_MAX_FRAME) + 2u)

#define QV_STREAM_LISTEN_MS 500u
#define QV_STREAM_QUIET_MS  50u
#define QV_STREAM_PATIENCE  20u

#endif
