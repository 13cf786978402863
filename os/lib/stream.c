/* SPDX-License-Identifier: MIT */
#include "lib/stream.h"

#include "lib/string.h"
#include "qv/draw.h"

#define SHORTEST (sizeof(struct qv_stream_header) + sizeof(uint32_t))

static void put_frame(void (*put)(void *context, uint8_t byte), void *context, struct qv_stream_header header,
                      const void *payload)
{
    uint8_t frame[QV_STREAM_MAX_FRAME];
    uint8_t encoded[QV_COBS_MAX(QV_STREAM_MAX_FRAME)];
    header.magic = QV_STREAM_MAGIC;
    header.version = QV_STREAM_VERSION;
    memcpy(frame, &header, sizeof(header));
    if (header.length > 0)
        memcpy(frame + sizeof(header), payload, header.length);
    uint32_t crc = qv_crc32(0, frame, sizeof(header) + header.length);
    memcpy(frame + sizeof(header) + header.length, &crc, sizeof(crc));
    size_t n = qv_cobs_encode(frame, sizeof(header) + header.length + sizeof(crc), encoded);
    put(context, QV_STREAM_DELIMITER);
    for (size_t i = 0; i < n; i++)
        put(context, encoded[i]);
    put(context, QV_STREAM_DELIMITER);
}

static bool wanted(const struct stream_sender *s, uint32_t sequence)
{
    for (uint32_t i = 0; i < s->n_wanted; i++)
        if (sequence >= s->wanted[i].first && sequence - s->wanted[i].first < s->wanted[i].count)
            return true;
    return !s->selective;
}

static void send(struct stream_sender *s, enum qv_stream_kind kind, uint64_t phys, const void *payload, uint32_t length)
{
    uint32_t sequence = s->sequence++;
    if (kind != QV_STREAM_END && !wanted(s, sequence))
        return;
    put_frame(s->put, s->context,
              (struct qv_stream_header){.kind = (uint8_t)kind, .sequence = sequence, .phys = phys, .length = length},
              payload);
}

static void begin_again(struct stream_sender *s, uint64_t id)
{
    s->sequence = 0;
    s->bytes = 0;
    s->crc = 0;
    send(s, QV_STREAM_BEGIN, id, NULL, 0);
}

void stream_begin(struct stream_sender *s, void (*put)(void *context, uint8_t byte), void *context, uint64_t id)
{
    memset(s, 0, sizeof(*s));
    s->put = put;
    s->context = context;
    begin_again(s, id);
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

size_t stream_ring_bytes(const volatile struct qv_trace_ring *ring, size_t room)
{
    uint64_t records = ring->head; /* each is read once: what was checked must not change afterwards */
    uint64_t capacity = ring->capacity;
    uint64_t fit = room < sizeof(*ring) ? 0 : (room - sizeof(*ring)) / sizeof(ring->record[0]);
    records = records < capacity ? records : capacity;
    records = records < fit ? records : fit;
    return room < sizeof(*ring) ? room : sizeof(*ring) + records * sizeof(ring->record[0]);
}

/* --- what the host says --- */

enum heard { HEARD_SILENCE, HEARD_NOISE, HEARD_REQUEST, HEARD_DONE };

struct listener {
    uint8_t encoded[QV_COBS_MAX(QV_STREAM_MAX_FRAME)];
    size_t n;
};

static enum heard understand(const struct listener *l, struct stream_sender *s)
{
    uint8_t frame[QV_STREAM_MAX_FRAME];
    struct qv_stream_header header;
    struct qv_stream_summary summary;
    uint32_t crc;
    size_t n = qv_cobs_decode(l->encoded, l->n, frame, sizeof(frame));
    if (n < SHORTEST)
        return HEARD_NOISE;
    memcpy(&header, frame, sizeof(header));
    memcpy(&crc, frame + n - sizeof(crc), sizeof(crc));
    if (header.magic != QV_STREAM_MAGIC || header.version != QV_STREAM_VERSION || header.length != n - SHORTEST ||
        qv_crc32(0, frame, n - sizeof(crc)) != crc)
        return HEARD_NOISE;
    if (header.kind == QV_STREAM_DONE && header.length == sizeof(summary)) {
        memcpy(&summary, frame + sizeof(header), sizeof(summary));
        return summary.bytes == s->bytes && summary.crc == s->crc ? HEARD_DONE : HEARD_NOISE;
    }
    if (header.kind != QV_STREAM_REQUEST || header.length == 0 || header.length > sizeof(s->wanted) ||
        header.length % sizeof(s->wanted[0]) != 0)
        return HEARD_NOISE;
    memcpy(s->wanted, frame + sizeof(header), header.length);
    s->n_wanted = header.length / (uint32_t)sizeof(s->wanted[0]);
    return HEARD_REQUEST;
}

/* Lets the host speak out: a frame that was cut in two must not be answered twice. */
static void hear_out(const struct stream_line *line)
{
    uint64_t last = line->now_ms(line->context);
    while (line->now_ms(line->context) - last < QV_STREAM_QUIET_MS)
        if (line->get(line->context) >= 0)
            last = line->now_ms(line->context);
}

/* Until a frame or an end of noise has come, or nothing for QV_STREAM_LISTEN_MS. */
static enum heard listen(const struct stream_line *line, struct stream_sender *s)
{
    struct listener l = {.n = 0};
    uint64_t last = line->now_ms(line->context);
    while (line->now_ms(line->context) - last < QV_STREAM_LISTEN_MS) {
        int byte = line->get(line->context);
        if (byte < 0)
            continue;
        last = line->now_ms(line->context);
        if (byte != QV_STREAM_DELIMITER) {
            l.n += l.n < sizeof(l.encoded) ? 1 : 0; /* too long: the last byte is written over, and it is noise */
            l.encoded[l.n - 1] = (uint8_t)byte;
        } else if (l.n > 0) {
            hear_out(line);
            return understand(&l, s);
        }
    }
    return l.n > 0 ? HEARD_NOISE : HEARD_SILENCE;
}

bool stream_deliver(const struct stream_line *line, void (*walk)(void *context, struct stream_sender *sender),
                    void *context)
{
    struct stream_sender s;
    unsigned silences = 0;
    uint64_t begin = line->now_ms(line->context);
    stream_begin(&s, line->put, line->context, line->id);
    for (;;) {
        walk(context, &s);
        stream_end(&s);
        enum heard heard;
        while ((heard = listen(line, &s)) == HEARD_SILENCE || heard == HEARD_NOISE) {
            if (line->give_up_ms != 0 && line->now_ms(line->context) - begin > line->give_up_ms)
                return false;
            silences = heard == HEARD_SILENCE ? silences + 1 : 0;
            if (silences == QV_STREAM_PATIENCE)
                break;
            s.sequence--;
            stream_end(&s);
        }
        if (heard == HEARD_DONE)
            break;
        s.selective = heard == HEARD_REQUEST;
        s.n_wanted = s.selective ? s.n_wanted : 0;
        silences = 0;
        begin_again(&s, line->id);
    }
    const struct qv_stream_summary summary = {.bytes = s.bytes, .crc = s.crc};
    put_frame(line->put, line->context,
              (struct qv_stream_header){.kind = QV_STREAM_DONE, .sequence = s.sequence, .length = sizeof(summary)},
              &summary);
    return true;
}
