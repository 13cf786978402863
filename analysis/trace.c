/* SPDX-License-Identifier: MIT */
#include "analysis/trace.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "analysis/names.h"
#include "analysis/trace_file.h"
#include "qv/draw.h"

/* What is left to read; every read goes through take(). */
struct input {
    const uint8_t *data;
    size_t size;
    size_t at;
    struct qv_error *err;
};

static int refuse(const struct input *in, size_t at, const char *what, uint64_t found, const char *expected)
{
    return qv_error_set(in->err, -EINVAL, "trace: offset %zu: %s is 0x%llx, expected %s", at, what,
                        (unsigned long long)found, expected);
}

static int take(struct input *in, void *out, size_t size, const char *what)
{
    if (in->size - in->at < size)
        return qv_error_set(in->err, -EINVAL, "trace: offset %zu: cut off, expected %zu bytes of %s, found %zu", in->at,
                            size, what, in->size - in->at);
    memcpy(out, in->data + in->at, size);
    in->at += size;
    return 0;
}

static int take_file_header(struct input *in, struct trace *out)
{
    struct trace_file_header h;
    int code = take(in, &h, sizeof(h), "file header");
    if (code != 0)
        return code;
    if (h.magic != TRACE_FILE_MAGIC)
        return refuse(in, offsetof(struct trace_file_header, magic), "magic", h.magic, "\"QV0TRC01\"");
    if (h.version != TRACE_FILE_VERSION)
        return refuse(in, offsetof(struct trace_file_header, version), "file version", h.version, "1");
    if (h.record_version != QV_TRACE_VERSION)
        return refuse(in, offsetof(struct trace_file_header, record_version), "record version", h.record_version, "1");
    if (h.n_rings > QV_MAX_RINGS)
        return refuse(in, offsetof(struct trace_file_header, n_rings), "number of rings", h.n_rings, "16 at most");
    if (h.tsc_hz == 0)
        return refuse(in, offsetof(struct trace_file_header, tsc_hz), "tsc_hz", 0, "a rate above zero");
    uint32_t crc = qv_crc32(0, in->data + in->at, in->size - in->at);
    if (crc != h.crc)
        return refuse(in, offsetof(struct trace_file_header, crc), "checksum", h.crc,
                      "that of the bytes that follow (the file is damaged or cut off)");
    out->tsc_hz = h.tsc_hz;
    out->n_rings = h.n_rings;
    return 0;
}

static int take_ring_header(struct input *in, struct trace *out, uint32_t index)
{
    struct trace_file_ring h;
    size_t at = in->at;
    int code = take(in, &h, sizeof(h), "ring header");
    if (code != 0)
        return code;
    if (h.magic != QV_TRACE_MAGIC)
        return refuse(in, at, "ring magic", h.magic, "\"VTRC\"");
    if (h.capacity == 0 || (h.capacity & (h.capacity - 1)) != 0)
        return refuse(in, at + offsetof(struct trace_file_ring, capacity), "capacity", h.capacity, "a power of two");
    if (h.core >= QV_MAX_SANDBOXES)
        return refuse(in, at + offsetof(struct trace_file_ring, core), "core", h.core, "below 8");
    if (h.writer > QV_WRITER_MONITOR)
        return refuse(in, at + offsetof(struct trace_file_ring, writer), "writer", h.writer, "0 or 1");
    if (h.reserved != 0 || h.reserved2 != 0)
        return refuse(in, at + offsetof(struct trace_file_ring, reserved), "reserved field", h.reserved, "0");
    if (h.count > h.head || h.lost != h.head - h.count)
        return refuse(in, at + offsetof(struct trace_file_ring, lost), "lost", h.lost, "head - count");
    for (uint32_t i = 0; i < index; i++) {
        if (out->ring[i].core == h.core && out->ring[i].writer == h.writer)
            return refuse(in, at + offsetof(struct trace_file_ring, core), "core", h.core, "each writer only once");
    }
    if (h.count > (in->size - in->at) / sizeof(struct qv_trace_record))
        return refuse(in, at + offsetof(struct trace_file_ring, count), "count", h.count,
                      "as many records as follow (cut off)");
    out->ring[index] = (struct trace_ring_info){
        .core = h.core, .writer = h.writer, .capacity = h.capacity, .head = h.head, .count = h.count, .lost = h.lost};
    return 0;
}

static int take_records(struct input *in, struct trace *out, struct trace_ring_info *ring)
{
    uint64_t before = 0;
    for (uint64_t i = 0; i < ring->count; i++) {
        struct trace_event *event = &out->event[out->n];
        size_t at = in->at;
        int code = take(in, &event->rec, sizeof(event->rec), "record");
        if (code != 0)
            return code;
        if (qv_trace_meaning_a(event->rec.id) == NULL)
            return refuse(in, at + offsetof(struct qv_trace_record, id), "record id", event->rec.id,
                          "an id of this version");
        if (event->rec.core != ring->core)
            return refuse(in, at + offsetof(struct qv_trace_record, core), "core", event->rec.core, "its ring's core");
        if (event->rec.writer != ring->writer)
            return refuse(in, at + offsetof(struct qv_trace_record, writer), "writer", event->rec.writer,
                          "its ring's writer");
        if (event->rec.tsc < before)
            ring->backwards++;
        before = event->rec.tsc;
        event->index = i;
        out->n++;
    }
    return 0;
}

static int decode(struct input *in, struct trace *out)
{
    int code = take_file_header(in, out);
    if (code != 0)
        return code;
    /* No more records than bytes for them, so one allocation does for all rings. */
    size_t most = (in->size - in->at) / sizeof(struct qv_trace_record);
    out->event = calloc(most + 1, sizeof(*out->event));
    if (out->event == NULL)
        return qv_error_set(in->err, -ENOMEM, "trace: no memory for %zu records", most);
    for (uint32_t i = 0; i < out->n_rings; i++) {
        code = take_ring_header(in, out, i);
        if (code == 0)
            code = take_records(in, out, &out->ring[i]);
        if (code != 0)
            return code;
    }
    if (in->at != in->size)
        return qv_error_set(in->err, -EINVAL, "trace: offset %zu: expected the end, %zu bytes are left over", in->at,
                            in->size - in->at);
    return 0;
}

/*
 * Offsets are written as record a = this core's tsc - core 0's, b = uncertainty. Where the offset is within its
 * uncertainty it is taken for zero: correcting by noise would only add noise.
 */
static void find_offsets(struct trace *trace)
{
    for (size_t i = 0; i < trace->n; i++) {
        const struct qv_trace_record *rec = &trace->event[i].rec;
        if (rec->id != QV_TRACE_TSC_OFFSET)
            continue;
        int64_t offset = (int64_t)rec->a;
        uint64_t size = offset < 0 ? 0 - rec->a : rec->a;
        for (uint32_t k = 0; k < trace->n_rings; k++) {
            if (trace->ring[k].core == rec->core) {
                trace->ring[k].offset = size > rec->b ? offset : 0;
                trace->ring[k].uncertainty = rec->b;
            }
        }
    }
}

static void apply_offsets(struct trace *trace)
{
    size_t i = 0;
    for (uint32_t k = 0; k < trace->n_rings; k++) {
        for (uint64_t j = 0; j < trace->ring[k].count; j++, i++)
            trace->event[i].t = trace->event[i].rec.tsc - (uint64_t)trace->ring[k].offset;
    }
}

static int compare_events(const void *a, const void *b)
{
    const struct trace_event *x = a;
    const struct trace_event *y = b;
    if (x->t != y->t)
        return x->t < y->t ? -1 : 1;
    if (x->rec.core != y->rec.core)
        return x->rec.core < y->rec.core ? -1 : 1;
    if (x->rec.writer != y->rec.writer)
        return x->rec.writer < y->rec.writer ? -1 : 1;
    return (x->index > y->index) - (x->index < y->index);
}

int trace_decode(const void *data, size_t size, struct trace *out, struct qv_error *err)
{
    struct input in = {.data = data, .size = size, .err = err};
    memset(out, 0, sizeof(*out));
    int code = decode(&in, out);
    if (code != 0) {
        trace_free(out);
        return code;
    }
    find_offsets(out);
    apply_offsets(out);
    qsort(out->event, out->n, sizeof(*out->event), compare_events);
    for (uint32_t i = 0; i < out->n_rings; i++) {
        out->lost += out->ring[i].lost;
        out->backwards += out->ring[i].backwards;
    }
    return 0;
}

int trace_read(const char *path, struct trace *out, struct qv_error *err)
{
    memset(out, 0, sizeof(*out));
    FILE *file = fopen(path, "rb");
    struct stat st;
    if (file == NULL || fstat(fileno(file), &st) != 0) {
        int code = errno;
        if (file != NULL)
            fclose(file);
        return qv_error_set(err, -code, "%s: %s", path, strerror(code));
    }
    size_t size = st.st_size > 0 ? (size_t)st.st_size : 0;
    uint8_t *data = malloc(size + 1);
    bool complete = data != NULL && fread(data, 1, size + 1, file) == size;
    fclose(file);
    int code;
    if (data == NULL) {
        code = qv_error_set(err, -ENOMEM, "%s: no memory for %zu bytes", path, size);
    } else if (!complete) {
        code = qv_error_set(err, -EIO, "%s: changed while it was read", path);
    } else {
        struct qv_error inner;
        code = trace_decode(data, size, out, &inner);
        if (code != 0)
            (void)qv_error_set(err, code, "%s: %s", path, inner.text);
    }
    free(data);
    return code;
}

void trace_free(struct trace *trace)
{
    free(trace->event);
    memset(trace, 0, sizeof(*trace));
}

size_t trace_find(const struct trace *trace, size_t from, uint32_t id)
{
    while (from < trace->n && trace->event[from].rec.id != id)
        from++;
    return from;
}
