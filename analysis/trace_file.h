/* SPDX-License-Identifier: MIT */
/*
 * trace.bin: the trace rings of one run as captured. Little endian.
 *
 *   struct trace_file_header
 *   n_rings times:  struct trace_file_ring, then `count` struct qv_trace_record, oldest first
 *
 * Nothing from the host is in it (no time of day, no names), so that two deterministic runs give the same bytes.
 * A reader refuses what it does not know: other magic or version, capacity not a power of two, count or first that do
 * not fit head, a record of another core or writer than its ring's, an unknown id, a checksum that does not match,
 * and anything missing or left over at the end.
 */
#ifndef QV_ANALYSIS_TRACE_FILE_H
#define QV_ANALYSIS_TRACE_FILE_H

#include <stdint.h>

#include "qv/trace.h"

#define TRACE_FILE_MAGIC   0x3130435254305651ull /* "QV0TRC01" */
#define TRACE_FILE_VERSION 1u

struct trace_file_header {
    uint64_t magic;
    uint32_t version; /* of this file format */
    uint32_t n_rings;
    uint64_t tsc_hz;         /* ticks per second of every record's tsc, > 0 */
    uint32_t record_version; /* QV_TRACE_VERSION */
    uint32_t crc;            /* CRC-32 of everything after this header */
};
_Static_assert(sizeof(struct trace_file_header) == 32, "layout");

struct trace_file_ring {
    uint32_t magic;    /* QV_TRACE_MAGIC */
    uint32_t capacity; /* records, a power of two */
    uint8_t core;
    uint8_t writer;
    uint16_t reserved;  /* 0 */
    uint32_t reserved2; /* 0 */
    uint64_t head;      /* records ever written when it was captured last */
    uint64_t lost;      /* records overwritten before they were captured; head = lost + count */
    uint64_t count;     /* records that follow */
};
_Static_assert(sizeof(struct trace_file_ring) == 40, "layout");

#endif
