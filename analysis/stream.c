/* SPDX-License-Identifier: MIT */
#include "analysis/stream.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "qv/draw.h"

#define MAX_FRAMES   (1u << 20) /* half a GiB of memory: more is a damaged number that a CRC let through */
#define MAX_ENCODED  QV_COBS_MAX(QV_STREAM_MAX_FRAME)
#define SHORTEST     (sizeof(struct qv_stream_header) + sizeof(uint32_t))
#define HEADER_BYTES sizeof(struct qv_stream_header)

struct piece {
    bool there;
    uint64_t phys;
    uint32_t length;
    uint32_t crc; /* of the whole frame */
};

struct stream_receiver {
    uint8_t *memory;
    uint64_t size;
    uint8_t encoded[MAX_ENCODED];
    size_t n;      /* bytes since the last delimiter */
    bool overlong; /* too many of them: no frame */
    struct piece *piece;
    uint32_t capacity;
    struct qv_stream_summary summary;
    struct stream_state state;
};

typedef void (*text_function)(void *context, const char *data, size_t size);

struct stream_receiver *stream_receiver_new(uint8_t *memory, uint64_t size)
{
    struct stream_receiver *r = calloc(1, sizeof(*r));
    if (r != NULL) {
        r->memory = memory;
        r->size = size;
    }
    return r;
}

void stream_receiver_free(struct stream_receiver *r)
{
    if (r == NULL)
        return;
    free(r->piece);
    free(r);
}

static int make_room(struct stream_receiver *r, uint32_t sequence, struct qv_error *err)
{
    uint32_t wanted = r->capacity == 0 ? 1024 : r->capacity;
    while (wanted <= sequence)
        wanted *= 2;
    if (wanted == r->capacity)
        return 0;
    struct piece *piece = realloc(r->piece, wanted * sizeof(*piece));
    if (piece == NULL)
        return qv_error_set(err, -ENOMEM, "out of memory");
    memset(piece + r->capacity, 0, (wanted - r->capacity) * sizeof(*piece));
    r->piece = piece;
    r->capacity = wanted;
    return 0;
}

static bool header_fits(const struct stream_receiver *r, const struct qv_stream_header *h, size_t n)
{
    if (h->length > QV_STREAM_MAX_PAYLOAD || h->length != n - SHORTEST || h->sequence >= MAX_FRAMES)
        return false;
    if (h->kind == QV_STREAM_MEMORY)
        return h->phys <= r->size && h->length <= r->size - h->phys;
    return h->kind == QV_STREAM_BEGIN ||
           ((h->kind == QV_STREAM_END || h->kind == QV_STREAM_DONE) && h->length == sizeof(struct qv_stream_summary));
}

/* The sum is over the memory as it now stands, in the order of the frames. */
static bool sum_is_right(const struct stream_receiver *r)
{
    uint32_t crc = 0;
    for (uint32_t i = 0; i < r->state.expected; i++)
        crc = qv_crc32(crc, r->memory + r->piece[i].phys, r->piece[i].length);
    return crc == r->summary.crc && r->state.bytes == r->summary.bytes;
}

/* The last frame that was missing brings the sum; afterwards the memory changes no more. */
static void note_complete(struct stream_receiver *r, bool news)
{
    struct stream_state *s = &r->state;
    if (news)
        s->complete = s->ended && s->frames == s->expected && sum_is_right(r);
    s->complete = s->complete && !s->conflicting;
}

static int accept(struct stream_receiver *r, const struct qv_stream_header *h, const uint8_t *payload, uint32_t crc,
                  struct qv_error *err)
{
    if (h->kind == QV_STREAM_DONE) {
        r->state.delivered = r->state.ended && memcmp(payload, &r->summary, sizeof(r->summary)) == 0;
        return 0;
    }
    int result = make_room(r, h->sequence, err);
    if (result != 0)
        return result;
    r->state.ends += h->kind == QV_STREAM_END ? 1 : 0;
    struct piece *piece = &r->piece[h->sequence];
    if (piece->there) {
        r->state.repeated++;
        r->state.conflicting = r->state.conflicting || piece->crc != crc;
        note_complete(r, false);
        return 0;
    }
    *piece = (struct piece){.there = true, .phys = h->phys, .length = 0, .crc = crc};
    r->state.frames++;
    if (h->kind == QV_STREAM_MEMORY) {
        piece->length = h->length;
        r->state.bytes += h->length;
        memcpy(r->memory + h->phys, payload, h->length);
    } else if (h->kind == QV_STREAM_END) {
        r->state.conflicting = r->state.conflicting || r->state.ended;
        r->state.ended = true;
        r->state.expected = h->sequence + 1;
        memcpy(&r->summary, payload, sizeof(r->summary));
    }
    note_complete(r, true);
    return 0;
}

/* 1: it was a frame; 0: it was not; negative: an error. */
static int take(struct stream_receiver *r, struct qv_error *err)
{
    uint8_t frame[QV_STREAM_MAX_FRAME];
    struct qv_stream_header h;
    uint32_t crc;
    size_t n = r->overlong ? 0 : qv_cobs_decode(r->encoded, r->n, frame, sizeof(frame));
    if (n < SHORTEST)
        return 0;
    memcpy(&h, frame, HEADER_BYTES);
    memcpy(&crc, frame + n - sizeof(crc), sizeof(crc));
    if (h.magic != QV_STREAM_MAGIC || qv_crc32(0, frame, n - sizeof(crc)) != crc)
        return 0;
    if (h.version != QV_STREAM_VERSION)
        return qv_error_set(err, -EPROTO, "the stream has version %u, this program knows version %u", h.version,
                            QV_STREAM_VERSION);
    if (!header_fits(r, &h, n))
        return 0;
    int result = accept(r, &h, frame + HEADER_BYTES, crc, err);
    return result != 0 ? result : 1;
}

static void hand_on(const struct stream_receiver *r, text_function text, void *context)
{
    if (text != NULL && r->n > 0)
        text(context, (const char *)r->encoded, r->n);
}

int stream_receiver_feed(struct stream_receiver *r, const void *data, size_t size, text_function text, void *context,
                         struct qv_error *err)
{
    const uint8_t *p = data;
    for (size_t i = 0; i < size; i++) {
        if (p[i] != QV_STREAM_DELIMITER) {
            if (r->n == sizeof(r->encoded)) { /* longer than any frame: text */
                hand_on(r, text, context);
                r->n = 0;
                r->overlong = true;
            }
            r->encoded[r->n++] = p[i];
            continue;
        }
        int result = take(r, err);
        if (result < 0)
            return result;
        if (result == 0) {
            r->state.damaged += r->n >= SHORTEST && !r->overlong ? 1 : 0;
            hand_on(r, text, context);
        }
        r->n = 0;
        r->overlong = false;
    }
    return 0;
}

void stream_receiver_look(const struct stream_receiver *r, struct stream_state *state)
{
    *state = r->state;
}

/* The first stretches of frames that are not there. */
static uint32_t missing(const struct stream_receiver *r, struct qv_stream_range range[QV_STREAM_MAX_RANGES])
{
    uint32_t n = 0;
    for (uint32_t i = 0; i < r->state.expected;) {
        uint32_t first = i;
        while (i < r->state.expected && (i >= r->capacity || !r->piece[i].there))
            i++;
        if (i > first && n == QV_STREAM_MAX_RANGES)
            break;
        if (i > first)
            range[n++] = (struct qv_stream_range){first, i - first};
        else
            i++;
    }
    return n;
}

size_t stream_receiver_answer(const struct stream_receiver *r, uint8_t out[QV_STREAM_MAX_ENCODED])
{
    struct qv_stream_range range[QV_STREAM_MAX_RANGES];
    uint8_t frame[QV_STREAM_MAX_FRAME];
    struct stream_state state;
    stream_receiver_look(r, &state);
    if (!state.ended)
        return 0;
    struct qv_stream_header h = {.magic = QV_STREAM_MAGIC, .version = QV_STREAM_VERSION, .kind = QV_STREAM_REQUEST};
    const void *payload = range;
    if (state.complete) {
        h.kind = QV_STREAM_DONE;
        h.length = sizeof(r->summary);
        payload = &r->summary;
    } else {
        h.length = missing(r, range) * (uint32_t)sizeof(range[0]);
    }
    if (h.length == 0) /* all there, and yet wrong: only a new beginning helps */
        return 0;
    memcpy(frame, &h, sizeof(h));
    memcpy(frame + sizeof(h), payload, h.length);
    uint32_t crc = qv_crc32(0, frame, sizeof(h) + h.length);
    memcpy(frame + sizeof(h) + h.length, &crc, sizeof(crc));
    size_t n = qv_cobs_encode(frame, sizeof(h) + h.length + sizeof(crc), out + 1);
    out[0] = out[n + 1] = QV_STREAM_DELIMITER;
    return n + 2;
}
