/* SPDX-License-Identifier: MIT */
/* The machine's side of qv/stream.h: no memory of its own, one byte at a time to wherever `put` sends it. */
#ifndef QV_OS_STREAM_H
#define QV_OS_STREAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "qv/stream.h"
#include "qv/trace.h"

struct stream_sender {
    void (*put)(void *context, uint8_t byte);
    void *context;
    bool selective; /* only BEGIN and MEMORY frames of `wanted` are sent; all are counted */
    uint32_t n_wanted;
    struct qv_stream_range wanted[QV_STREAM_MAX_RANGES];
    uint32_t sequence; /* of the next frame */
    uint64_t bytes;
    uint32_t crc;
};

/* A pass: begin, any number of pieces, end. `id` tells this delivery from others. */
void stream_begin(struct stream_sender *sender, void (*put)(void *context, uint8_t byte), void *context, uint64_t id);
/* Sends the memory at `data`, which the receiver is to know as `phys`; stretches of zeros are left out. */
void stream_memory(struct stream_sender *sender, uint64_t phys, const void *data, size_t size);
void stream_end(struct stream_sender *sender);
/*
 * Bytes of a trace ring that are worth sending: its header, and as many records as were ever written or fit. A sandbox
 * can write its ring's header, so whatever that says, it is never more than `room`, the memory that the ring was given.
 */
size_t stream_ring_bytes(const volatile struct qv_trace_ring *ring, size_t room);

/* A line with two directions. `get` gives -1 where nothing has come; `now_ms` never runs backwards. */
struct stream_line {
    void (*put)(void *context, uint8_t byte);
    int (*get)(void *context);
    uint64_t (*now_ms)(void *context);
    void *context;
    uint64_t id;
    uint64_t give_up_ms; /* without any DONE; 0 = never */
};

/*
 * Delivers what `walk` sends by stream_memory(), which must be the same at every call, until the host has said DONE.
 * False: given up.
 */
bool stream_deliver(const struct stream_line *line, void (*walk)(void *context, struct stream_sender *sender),
                    void *context);

#endif
