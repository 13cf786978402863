/* SPDX-License-Identifier: MIT */
#include "analysis/trace_capture.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/trace_file.h"
#include "qv/draw.h"

#define MAX_CAPACITY (1u << 24) /* records; a larger ring is taken for a corrupted header */

struct source {
    const volatile struct qv_trace_ring *ring;
    uint32_t capacity;
    uint8_t core;
    uint8_t writer;
    bool broken;   /* its header changed under us: keep what we have, read no more */
    uint64_t next; /* first record not yet looked at */
    uint64_t lost;
    struct qv_trace_record *record;
    size_t n;
    size_t room;
};

struct trace_capture {
    uint64_t tsc_hz;
    struct source source[QV_MAX_RINGS];
    uint32_t n_sources;
};

struct trace_capture *trace_capture_new(uint64_t tsc_hz)
{
    struct trace_capture *capture = calloc(1, sizeof(*capture));
    if (capture != NULL)
        capture->tsc_hz = tsc_hz;
    return capture;
}

void trace_capture_set_hz(struct trace_capture *capture, uint64_t tsc_hz)
{
    capture->tsc_hz = tsc_hz;
}

void trace_capture_free(struct trace_capture *capture)
{
    if (capture == NULL)
        return;
    for (uint32_t i = 0; i < capture->n_sources; i++)
        free(capture->source[i].record);
    free(capture);
}

int trace_capture_add(struct trace_capture *capture, const volatile void *memory, size_t available,
                      struct qv_error *err)
{
    const volatile struct qv_trace_ring *ring = memory;
    if (capture->n_sources == QV_MAX_RINGS)
        return qv_error_set(err, -EINVAL, "trace ring: more than %u rings", QV_MAX_RINGS);
    if (available < sizeof(*ring))
        return qv_error_set(err, -EINVAL, "trace ring: header of %zu bytes, %zu mapped", sizeof(*ring), available);
    uint32_t capacity = ring->capacity;
    if (ring->magic != QV_TRACE_MAGIC)
        return qv_error_set(err, -EINVAL, "trace ring: magic 0x%08x, expected 0x%08x", ring->magic, QV_TRACE_MAGIC);
    if (ring->version != QV_TRACE_VERSION)
        return qv_error_set(err, -EINVAL, "trace ring: version %u, expected %u", ring->version, QV_TRACE_VERSION);
    if (capacity == 0 || (capacity & (capacity - 1)) != 0 || capacity > MAX_CAPACITY)
        return qv_error_set(err, -EINVAL, "trace ring: capacity %u, expected a power of two up to %u", capacity,
                            MAX_CAPACITY);
    if ((available - sizeof(*ring)) / sizeof(struct qv_trace_record) < capacity)
        return qv_error_set(err, -EINVAL, "trace ring: %u records do not fit into the %zu bytes mapped", capacity,
                            available);
    uint8_t core = ring->core;
    uint8_t writer = ring->writer;
    if (core >= QV_MAX_SANDBOXES || writer > QV_WRITER_MONITOR)
        return qv_error_set(err, -EINVAL, "trace ring: core %u, writer %u do not exist", core, writer);
    for (uint32_t i = 0; i < capture->n_sources; i++) {
        if (capture->source[i].core == core && capture->source[i].writer == writer)
            return qv_error_set(err, -EINVAL, "trace ring: core %u, writer %u is there twice", core, writer);
    }
    struct source *source = &capture->source[capture->n_sources++];
    *source = (struct source){.ring = ring, .capacity = capacity, .core = core, .writer = writer};
    return 0;
}

static bool header_intact(const struct source *source, uint64_t head)
{
    const volatile struct qv_trace_ring *ring = source->ring;
    return ring->magic == QV_TRACE_MAGIC && ring->version == QV_TRACE_VERSION && ring->capacity == source->capacity &&
           ring->core == source->core && ring->writer == source->writer && head >= source->next;
}

static int make_room(struct source *source, size_t more)
{
    if (source->room - source->n >= more)
        return 0;
    size_t room = source->room == 0 ? 1024 : source->room;
    while (room - source->n < more)
        room *= 2;
    struct qv_trace_record *record = realloc(source->record, room * sizeof(*record));
    if (record == NULL)
        return -ENOMEM;
    source->record = record;
    source->room = room;
    return 0;
}

static uint64_t load_head(const struct source *source)
{
    return __atomic_load_n(&source->ring->head, __ATOMIC_ACQUIRE);
}

/* Copies [from, to), then gives up what the writer may have overwritten meanwhile. Returns how many were kept. */
static long take(struct source *source, uint64_t from, uint64_t to)
{
    size_t count = (size_t)(to - from);
    if (count == 0)
        return 0;
    if (make_room(source, count) != 0)
        return -ENOMEM;
    struct qv_trace_record *target = &source->record[source->n];
    for (size_t i = 0; i < count; i++) {
        const volatile struct qv_trace_record *slot = &source->ring->record[(from + i) & (source->capacity - 1)];
        memcpy(&target[i], (const void *)(uintptr_t)slot, sizeof(target[i]));
    }
    __atomic_thread_fence(__ATOMIC_ACQUIRE);
    uint64_t head = load_head(source);
    /* The slot of record `head` may be half written, and it was that of record head - capacity. */
    uint64_t safe = head >= source->capacity ? head - source->capacity + 1 : 0;
    size_t spoilt = safe > from ? (size_t)(safe - from) : 0;
    if (spoilt > count)
        spoilt = count;
    memmove(target, &target[spoilt], (count - spoilt) * sizeof(*target));
    source->n += count - spoilt;
    source->lost += spoilt;
    source->next = to;
    return (long)(count - spoilt);
}

long trace_capture_poll(struct trace_capture *capture, uint64_t *latest_tsc, struct qv_error *err)
{
    long total = 0;
    int failed = 0;
    if (latest_tsc != NULL)
        *latest_tsc = 0;
    for (uint32_t i = 0; i < capture->n_sources; i++) {
        struct source *source = &capture->source[i];
        if (source->broken)
            continue;
        uint64_t head = load_head(source);
        if (!header_intact(source, head)) {
            source->broken = true;
            failed = qv_error_set(err, -EINVAL, "trace ring of core %u, writer %u: its header was overwritten",
                                  source->core, source->writer);
            continue;
        }
        uint64_t from = source->next;
        if (head - from > source->capacity) {
            source->lost += head - from - source->capacity;
            from = head - source->capacity;
        }
        long kept = take(source, from, head);
        if (kept < 0)
            return qv_error_set(err, -ENOMEM, "trace: no memory for %zu records", source->n);
        total += kept;
        if (latest_tsc != NULL && kept > 0 && source->record[source->n - 1].tsc > *latest_tsc)
            *latest_tsc = source->record[source->n - 1].tsc;
    }
    return failed != 0 ? failed : total;
}

uint64_t trace_capture_count(const struct trace_capture *capture, uint32_t id, struct qv_trace_record *first)
{
    uint64_t count = 0;
    for (uint32_t i = 0; i < capture->n_sources; i++) {
        const struct source *source = &capture->source[i];
        for (size_t k = 0; k < source->n; k++) {
            if (source->record[k].id != id)
                continue;
            if (first != NULL && (count == 0 || source->record[k].tsc < first->tsc))
                *first = source->record[k];
            count++;
        }
    }
    return count;
}

static struct trace_file_ring ring_header(const struct source *source)
{
    return (struct trace_file_ring){.magic = QV_TRACE_MAGIC,
                                    .capacity = source->capacity,
                                    .core = source->core,
                                    .writer = source->writer,
                                    .head = source->lost + source->n,
                                    .lost = source->lost,
                                    .count = source->n};
}

/*
 * Rings in order of core and writer: the order in which they were found depends on the moments of looking, and two
 * equal runs shall give equal files.
 */
static void file_order(const struct trace_capture *capture, const struct source *order[QV_MAX_RINGS])
{
    for (uint32_t i = 0; i < capture->n_sources; i++) {
        const struct source *source = &capture->source[i];
        uint32_t k = i;
        for (; k > 0 && (order[k - 1]->core > source->core ||
                         (order[k - 1]->core == source->core && order[k - 1]->writer > source->writer));
             k--)
            order[k] = order[k - 1];
        order[k] = source;
    }
}

static struct trace_file_header file_header(const struct trace_capture *capture, const struct source *const *order)
{
    uint32_t crc = 0;
    for (uint32_t i = 0; i < capture->n_sources; i++) {
        const struct source *source = order[i];
        struct trace_file_ring ring = ring_header(source);
        crc = qv_crc32(crc, &ring, sizeof(ring));
        crc = qv_crc32(crc, source->record, source->n * sizeof(*source->record));
    }
    return (struct trace_file_header){.magic = TRACE_FILE_MAGIC,
                                      .version = TRACE_FILE_VERSION,
                                      .n_rings = capture->n_sources,
                                      .tsc_hz = capture->tsc_hz,
                                      .record_version = QV_TRACE_VERSION,
                                      .crc = crc};
}

static bool write_to(const struct trace_capture *capture, FILE *file)
{
    const struct source *order[QV_MAX_RINGS] = {NULL};
    file_order(capture, order);
    struct trace_file_header header = file_header(capture, order);
    bool ok = fwrite(&header, sizeof(header), 1, file) == 1;
    for (uint32_t i = 0; ok && i < capture->n_sources; i++) {
        const struct source *source = order[i];
        struct trace_file_ring ring = ring_header(source);
        ok = fwrite(&ring, sizeof(ring), 1, file) == 1 &&
             (source->n == 0 || fwrite(source->record, sizeof(*source->record), source->n, file) == source->n);
    }
    return ok;
}

int trace_capture_write(const struct trace_capture *capture, const char *path, struct qv_error *err)
{
    FILE *file = fopen(path, "wb");
    if (file == NULL) {
        int code = errno;
        return qv_error_set(err, -code, "%s: %s", path, strerror(code));
    }
    bool ok = write_to(capture, file);
    if (fclose(file) != 0 || !ok)
        return qv_error_set(err, -EIO, "%s: cannot be written", path);
    return 0;
}

int trace_capture_decode(const struct trace_capture *capture, struct trace *out, struct qv_error *err)
{
    char *data = NULL;
    size_t size = 0;
    memset(out, 0, sizeof(*out));
    FILE *file = open_memstream(&data, &size);
    if (file == NULL)
        return qv_error_set(err, -ENOMEM, "trace: no memory");
    bool ok = write_to(capture, file);
    if (fclose(file) != 0 || !ok) {
        free(data);
        return qv_error_set(err, -ENOMEM, "trace: no memory");
    }
    int code = trace_decode(data, size, out, err);
    free(data);
    return code;
}
