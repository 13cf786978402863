/* SPDX-License-Identifier: MIT */
#include "lib/stream.h"

#include <stdbool.h>

#include "lib/string.h"
#include "qv/draw.h"

#define COBS_BLOCK 254u

/* A code byte tells how far the next zero (or the end of the block) is; the zeros themselves are not sent. */
static void send_encoded(const struct stream_sender *s, const uint8_t *data, size_t size)
{
    size_t at = 0;
    s->put(s->context, QV_STREAM_DELIMITER);
    for (bool more = true; more;) {
        size_t run = 0;
        while (run < COBS_BLOCK && at + run < size && data[at + run] != 0)
            run++;
        bool full = run == COBS_BLOCK;
        s->put(s->context, (uint8_t)(run + 1));
        for (size_t i = 0; i < run; i++)
            s->put(s->context, data[at + i]);
        at += run;
        more = at < size;
        if (more && !full)
            at++; /* the zero that the next code byte implies; one at the very end needs a block of its own */
        if (!full && more && at == size) {
            s->put(s->context, 1);
            more = false;
        }
    }
    s->put(s->context, QV_STREAM_DELIMITER);
}

static void send(struct stream_sender *s, enum qv_stream_kind kind, uint64_t phys, const void *payload, uint32_t length)
{
    uint8_t frame[QV_STREAM_MAX_FRAME];
    const struct qv_stream_header header = {
        .magic = QV_STREAM_MAGIC,
        .version = QV_STREAM_VERSION,
        .kind = (uint8_t)kind,
        .sequence = s->sequence++,
        .phys = phys,
        .length = length,
    };
    memcpy(frame, &header, sizeof(header));
    if (length > 0)
        memcpy(frame + sizeof(header), payload, length);
    uint32_t crc = qv_crc32(0, frame, sizeof(header) + length);
    memcpy(frame + sizeof(header) + length, &crc, sizeof(crc));
    send_encoded(s, frame, sizeof(header) + length + sizeof(crc));
}

void stream_begin(struct stream_sender *s, void (*put)(void *context, uint8_t byte), void *context)
{
    *s = (struct stream_sender){.put = put, .context = context};
    send(s, QV_STREAM_BEGIN, 0, NULL, 0);
}

static bool all_zero(const uint8_t *data, size_t size)
{
    for (size_t i = 0; i < size; i++)
        if (data[i] != 0)
            return false;
    return true;
}

/* Through a copy: after a panic others may still write what is sent here. */
void stream_memory(struct stream_sender *s, uint64_t phys, const void *data, size_t size)
{
    uint8_t copy[QV_STREAM_MAX_PAYLOAD];
    const uint8_t *p = data;
    for (size_t at = 0; at < size; at += QV_STREAM_MAX_PAYLOAD) {
        size_t left = size - at;
        uint32_t part = left < QV_STREAM_MAX_PAYLOAD ? (uint32_t)left : QV_STREAM_MAX_PAYLOAD;
        memcpy(copy, p + at, part);
        if (all_zero(copy, part))
            continue;
        s->bytes += part;
        s->crc = qv_crc32(s->crc, copy, part);
        send(s, QV_STREAM_MEMORY, phys + at, copy, part);
    }
}

void stream_end(struct stream_sender *s)
{
    const struct qv_stream_summary summary = {.bytes = s->bytes, .crc = s->crc};
    send(s, QV_STREAM_END, 0, &summary, sizeof(summary));
}
