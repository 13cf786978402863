/* SPDX-License-Identifier: MIT */
/*
 * The receiving side of qv/stream.h: takes bytes as they come from a serial line or a file, with console text and noise
 * between them, and rebuilds the sender's memory.
 */
#ifndef QV_ANALYSIS_STREAM_H
#define QV_ANALYSIS_STREAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "analysis/error.h"
#include "qv/stream.h"

struct stream_receiver; /* opaque */

struct stream_state {
    bool ended;        /* an END frame came: `expected` is known */
    bool complete;     /* every frame of the pass is there, and the sum over all memory is right */
    uint32_t expected; /* frames of a pass */
    uint32_t frames;   /* different ones that came */
    uint32_t repeated; /* good frames that were there already */
    uint32_t ends;     /* END frames, repeated ones too: each wants an answer */
    bool delivered;    /* the machine said DONE: it has our answer, and will send no more */
    uint64_t damaged;  /* stretches between delimiters that were long enough for a frame and were none */
    uint64_t bytes;    /* of memory */
    bool conflicting;  /* two frames of one number differ: two streams were mixed; never complete */
};

/*
 * `memory` is the picture to fill, zeroed by the caller: physical addresses [0, size). Frames beyond it are refused.
 * NULL if memory is short.
 */
struct stream_receiver *stream_receiver_new(uint8_t *memory, uint64_t size);
void stream_receiver_free(struct stream_receiver *receiver);

/*
 * Takes bytes. What is no frame goes to `text` (may be NULL), in pieces as it comes. 0, or -ENOMEM; -EPROTO: a frame of
 * a version that is not known here.
 */
int stream_receiver_feed(struct stream_receiver *receiver, const void *data, size_t size,
                         void (*text)(void *context, const char *data, size_t size), void *context,
                         struct qv_error *err);

void stream_receiver_look(const struct stream_receiver *receiver, struct stream_state *state);

/*
 * What to answer to the last END: DONE if all is there, else REQUEST with what is missing. Bytes to send in `out`;
 * returns how many, 0 while no END has come.
 */
size_t stream_receiver_answer(const struct stream_receiver *receiver, uint8_t out[QV_STREAM_MAX_ENCODED]);

#endif
