/* SPDX-License-Identifier: MIT */
/*
 * Results of a machine that shares no memory with the host, as a stream of bytes: pieces of its physical memory
 * (directory, status pages, trace rings), from which the host rebuilds the same picture that it would have mapped. Made
 * for a line that loses and flips bytes and on which console text passes too.
 *
 * A frame is a header, `length` bytes of payload and the CRC-32 of both, encoded by Consistent Overhead Byte Stuffing
 * (Cheshire, Baker 1999), which leaves no zero byte in it, between two zero bytes. Whatever stands between zero bytes
 * and does not decode to a frame with a right CRC is text or noise; damage costs the frames that it touches, no others.
 *
 * A pass is frames with sequence numbers 0 (BEGIN), 1, 2, ... (MEMORY), n (END). A sender may repeat the pass: equal
 * sequence numbers carry equal frames, so a receiver fills its holes from any later pass, and knows from any END what
 * it still lacks. Memory that no frame names is zero. Little endian throughout.
 */
#ifndef QV_STREAM_H
#define QV_STREAM_H

#include <stdint.h>

#define QV_STREAM_MAGIC       0x5651u /* "QV" */
#define QV_STREAM_VERSION     1u
#define QV_STREAM_MAX_PAYLOAD 512u
#define QV_STREAM_DELIMITER   0x00u

enum qv_stream_kind {
    QV_STREAM_BEGIN = 1,  /* no payload */
    QV_STREAM_MEMORY = 2, /* payload: bytes at `phys` */
    QV_STREAM_END = 3,    /* payload: struct qv_stream_summary */
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

/* Header, payload and CRC, before encoding. */
#define QV_STREAM_MAX_FRAME (24u + QV_STREAM_MAX_PAYLOAD + 4u)

#endif
