/* SPDX-License-Identifier: MIT */
/* The sending side of qv/stream.h: no memory of its own, one byte at a time to wherever `put` sends it. */
#ifndef QV_OS_STREAM_H
#define QV_OS_STREAM_H

#include <stddef.h>
#include <stdint.h>

#include "qv/stream.h"

struct stream_sender {
    void (*put)(void *context, uint8_t byte);
    void *context;
    uint32_t sequence; /* of the next frame */
    uint64_t bytes;
    uint32_t crc;
};

/* A pass: begin, any number of pieces, end. */
void stream_begin(struct stream_sender *sender, void (*put)(void *context, uint8_t byte), void *context);
/* Sends the memory at `data`, which the receiver is to know as `phys`; stretches of zeros are left out. */
void stream_memory(struct stream_sender *sender, uint64_t phys, const void *data, size_t size);
void stream_end(struct stream_sender *sender);

#endif
