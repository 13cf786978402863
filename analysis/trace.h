/* SPDX-License-Identifier: MIT */
/*
 * The trace decoder: trace.bin (trace_file.h) to one list of events in order of time.
 */
#ifndef QV_ANALYSIS_TRACE_H
#define QV_ANALYSIS_TRACE_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "analysis/address.h"
#include "analysis/error.h"
#include "qv/directory.h"
#include "qv/trace.h"

struct trace_event {
    struct qv_trace_record rec; /* as written */
    uint64_t t;     /* rec.tsc on core 0's clock: corrected where the measured offset exceeds its uncertainty */
    uint64_t index; /* position in its own ring, counted from the first record ever written */
};

struct trace_ring_info {
    uint8_t core;
    uint8_t writer;
    uint32_t capacity;
    uint64_t head;
    uint64_t count;
    uint64_t lost;
    uint64_t backwards;   /* records whose tsc is below that of the record before */
    int64_t offset;       /* correction that was applied, ticks */
    uint64_t uncertainty; /* of the measured offset, ticks */
};

struct trace {
    uint64_t tsc_hz;
    struct trace_event *event; /* owned; ordered by t, then core, writer, index */
    size_t n;
    struct trace_ring_info ring[QV_MAX_RINGS];
    uint32_t n_rings;
    uint64_t lost;      /* sum over rings */
    uint64_t backwards; /* sum over rings */
};

/*
 * Decodes `size` bytes of a trace.bin. On success *out owns its events (trace_free). On failure returns -EINVAL or
 * -ENOMEM, *err names the offset and what was expected there, and *out is empty.
 */
int trace_decode(const void *data, size_t size, struct trace *out, struct qv_error *err);

/* The same from a file; other errors are those of open and read. */
int trace_read(const char *path, struct trace *out, struct qv_error *err);

void trace_free(struct trace *trace);

/* First event at or after position `from` with this id; trace->n if there is none. */
size_t trace_find(const struct trace *trace, size_t from, uint32_t id);

/* One line per event for people: microseconds since the first event, core, writer, name, meaning; addresses of faults,
 * detections and exits also by name, in brackets. `namer` may be NULL: no names. */
void trace_print(FILE *out, const struct trace *trace, const struct address_namer *namer);
void trace_print_event(FILE *out, const struct trace *trace, const struct trace_event *event,
                       const struct address_namer *namer);

#endif
