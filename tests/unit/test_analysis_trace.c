/* SPDX-License-Identifier: MIT */
/* Capturing rings that are being written, and decoding what was captured; and refusing what is damaged. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/names.h"
#include "analysis/trace_capture.h"
#include "analysis/trace_file.h"
#include "qv/draw.h"
#include "qv/fault.h"
#include "test_analysis_fixture.h"
#include "unit.h"

static size_t ring_bytes(const struct qv_trace_ring *ring)
{
    return sizeof(*ring) + ring->capacity * sizeof(struct qv_trace_record);
}

/* Two rings with a few records each; the file as bytes. */
static uint8_t *make_file(size_t *size)
{
    struct qv_trace_ring *ring[2] = {fixture_ring(0, QV_WRITER_SANDBOX, 8), fixture_ring(1, QV_WRITER_MONITOR, 8)};
    for (uint64_t i = 0; i < 5; i++) {
        fixture_put(ring[0], 100 + 20 * i, QV_TRACE_REQUEST, i, i);
        fixture_put(ring[1], 110 + 20 * i, QV_TRACE_EXIT, QV_EXIT_CPUID, 0x1000 + i);
    }
    uint8_t *data = fixture_file(ring, 2, size);
    free(ring[0]);
    free(ring[1]);
    return data;
}

/* The checksum is renewed, so that the check behind it is the one that has to notice. */
static void reseal(uint8_t *data, size_t size)
{
    struct trace_file_header h;
    memcpy(&h, data, sizeof(h));
    h.crc = qv_crc32(0, data + sizeof(h), size - sizeof(h));
    memcpy(data, &h, sizeof(h));
}

static void test_merge(void)
{
    size_t size;
    struct trace trace;
    struct qv_error err;
    uint8_t *data = make_file(&size);
    CU_ASSERT_EQUAL_FATAL(trace_decode(data, size, &trace, &err), 0);
    CU_ASSERT_EQUAL(trace.n, 10);
    CU_ASSERT_EQUAL(trace.n_rings, 2);
    CU_ASSERT_EQUAL(trace.tsc_hz, FIXTURE_HZ);
    CU_ASSERT_EQUAL(trace.lost, 0);
    for (size_t i = 0; i < trace.n; i++) {
        CU_ASSERT_EQUAL(trace.event[i].t, 100 + 10 * i);
        CU_ASSERT_EQUAL(trace.event[i].rec.core, i % 2);
    }
    CU_ASSERT_EQUAL(trace_find(&trace, 0, QV_TRACE_EXIT), 1);
    CU_ASSERT_EQUAL(trace_find(&trace, 2, QV_TRACE_EXIT), 3);
    CU_ASSERT_EQUAL(trace_find(&trace, 0, QV_TRACE_END), trace.n);
    trace_free(&trace);
    free(data);
}

/* Equal times: core, then writer, then the order in which they were written. */
static void test_ties(void)
{
    struct qv_trace_ring *ring[4] = {fixture_ring(1, 1, 8), fixture_ring(1, 0, 8), fixture_ring(0, 1, 8),
                                     fixture_ring(0, 0, 8)};
    struct trace trace;
    struct qv_error err;
    size_t size;
    for (uint64_t i = 0; i < 4; i++) {
        fixture_put(ring[i], 500, QV_TRACE_REQUEST, i, 0);
        fixture_put(ring[i], 500, QV_TRACE_REPLY, i, 1);
    }
    uint8_t *data = fixture_file(ring, 4, &size);
    CU_ASSERT_EQUAL_FATAL(trace_decode(data, size, &trace, &err), 0);
    static const uint64_t order[] = {3, 3, 2, 2, 1, 1, 0, 0};
    for (size_t i = 0; i < 8; i++) {
        CU_ASSERT_EQUAL(trace.event[i].rec.a, order[i]);
        CU_ASSERT_EQUAL(trace.event[i].rec.b, i % 2);
    }
    trace_free(&trace);
    free(data);
    for (size_t i = 0; i < 4; i++)
        free(ring[i]);
}

static void test_offsets(void)
{
    struct qv_trace_ring *ring[3] = {fixture_ring(0, 0, 8), fixture_ring(1, 0, 8), fixture_ring(2, 0, 8)};
    struct trace trace;
    struct qv_error err;
    size_t size;
    fixture_put(ring[1], 2000, QV_TRACE_TSC_OFFSET, 1000, 10);        /* 1000 ahead of core 0 */
    fixture_put(ring[2], 100, QV_TRACE_TSC_OFFSET, (uint64_t)-5, 10); /* within its uncertainty: none */
    fixture_put(ring[0], 1500, QV_TRACE_REQUEST, 0, 0);
    fixture_put(ring[1], 2400, QV_TRACE_REQUEST, 1, 0); /* 1400 on core 0's clock */
    fixture_put(ring[2], 1450, QV_TRACE_REQUEST, 2, 0);
    uint8_t *data = fixture_file(ring, 3, &size);
    CU_ASSERT_EQUAL_FATAL(trace_decode(data, size, &trace, &err), 0);
    CU_ASSERT_EQUAL(trace.event[2].rec.a, 1);
    CU_ASSERT_EQUAL(trace.event[2].t, 1400);
    CU_ASSERT_EQUAL(trace.event[2].rec.tsc, 2400);
    CU_ASSERT_EQUAL(trace.event[3].rec.a, 2);
    CU_ASSERT_EQUAL(trace.event[3].t, 1450);
    CU_ASSERT_EQUAL(trace.event[4].rec.a, 0);
    CU_ASSERT_EQUAL(trace.ring[1].offset, 1000);
    CU_ASSERT_EQUAL(trace.ring[2].offset, 0);
    CU_ASSERT_EQUAL(trace.ring[2].uncertainty, 10);
    trace_free(&trace);
    free(data);
    for (size_t i = 0; i < 3; i++)
        free(ring[i]);
}

/* The order in which rings were found must not show. */
static void test_file_order(void)
{
    struct qv_trace_ring *ring[4] = {fixture_ring(1, 1, 8), fixture_ring(0, 0, 8), fixture_ring(1, 0, 8),
                                     fixture_ring(0, 1, 8)};
    struct qv_trace_ring *other[4] = {ring[3], ring[1], ring[0], ring[2]};
    size_t size[2];
    for (uint64_t i = 0; i < 4; i++)
        fixture_put(ring[i], 500 + i, QV_TRACE_REQUEST, i, 0);
    uint8_t *a = fixture_file(ring, 4, &size[0]);
    uint8_t *b = fixture_file(other, 4, &size[1]);
    CU_ASSERT_EQUAL(size[0], size[1]);
    CU_ASSERT_EQUAL(memcmp(a, b, size[0]), 0);
    free(a);
    free(b);
    for (size_t i = 0; i < 4; i++)
        free(ring[i]);
}

/* Polled while it is written, a ring gives every record once; what was overwritten before is counted as lost. */
static void test_capture(void)
{
    struct qv_trace_ring *ring = fixture_ring(3, 0, 16);
    struct trace_capture *capture = trace_capture_new(1);
    struct trace trace;
    struct qv_error err;
    struct qv_trace_record first;
    uint64_t latest;
    CU_ASSERT_EQUAL_FATAL(trace_capture_add(capture, ring, ring_bytes(ring), &err), 0);
    CU_ASSERT_EQUAL(trace_capture_poll(capture, &latest, &err), 0);
    CU_ASSERT_EQUAL(latest, 0);
    uint64_t n = 0;
    for (size_t round = 0; round < 10; round++) {
        for (size_t i = 0; i < 7; i++, n++)
            fixture_put(ring, 1000 + n, QV_TRACE_REQUEST, n, 0);
        CU_ASSERT_EQUAL(trace_capture_poll(capture, &latest, &err), 7);
        CU_ASSERT_EQUAL(latest, 1000 + n - 1);
    }
    CU_ASSERT_EQUAL(trace_capture_count(capture, QV_TRACE_REQUEST, &first), 70);
    CU_ASSERT_EQUAL(first.a, 0);
    CU_ASSERT_EQUAL(trace_capture_count(capture, QV_TRACE_END, &first), 0);
    /* 40 at once into 16 places: 24 are gone, and the oldest one left may be under the writer's hand. */
    for (size_t i = 0; i < 40; i++, n++)
        fixture_put(ring, 1000 + n, QV_TRACE_REQUEST, n, 0);
    CU_ASSERT_EQUAL(trace_capture_poll(capture, &latest, &err), 15);
    trace_capture_set_hz(capture, 77);
    CU_ASSERT_EQUAL_FATAL(trace_capture_decode(capture, &trace, &err), 0);
    CU_ASSERT_EQUAL(trace.tsc_hz, 77);
    CU_ASSERT_EQUAL(trace.n, 85);
    CU_ASSERT_EQUAL(trace.lost, 25);
    CU_ASSERT_EQUAL(trace.event[69].rec.a, 69);
    CU_ASSERT_EQUAL(trace.event[70].rec.a, 95);
    CU_ASSERT_EQUAL(trace.ring[0].head, 110);
    trace_free(&trace);
    trace_capture_free(capture);
    free(ring);
}

static void test_capture_refuses(void)
{
    struct trace_capture *capture = trace_capture_new(1);
    struct qv_trace_ring *ring = fixture_ring(2, 1, 16);
    struct qv_error err;
    size_t bytes = ring_bytes(ring);
#define REFUSED(change, undo, says)                                                                                    \
    do {                                                                                                               \
        change;                                                                                                        \
        CU_ASSERT_EQUAL(trace_capture_add(capture, ring, bytes, &err), -EINVAL);                                       \
        CU_ASSERT(strstr(err.text, says) != NULL);                                                                     \
        undo;                                                                                                          \
    } while (0)
    REFUSED(ring->magic++, ring->magic--, "magic");
    REFUSED(ring->version++, ring->version--, "version");
    REFUSED(ring->capacity = 15, ring->capacity = 16, "power of two");
    REFUSED(ring->capacity = 0, ring->capacity = 16, "power of two");
    REFUSED(ring->capacity = 32, ring->capacity = 16, "do not fit");
    REFUSED(ring->capacity = 1u << 31, ring->capacity = 16, "power of two");
    REFUSED(ring->core = 8, ring->core = 2, "core");
    REFUSED(ring->writer = 2, ring->writer = 1, "writer");
    REFUSED(bytes = 63, bytes = ring_bytes(ring), "header");
    CU_ASSERT_EQUAL_FATAL(trace_capture_add(capture, ring, bytes, &err), 0);
    REFUSED((void)0, (void)0, "twice");
    trace_capture_free(capture);
    free(ring);
}

/* A fault may write over a ring's header: the others and what was captured before must survive it. */
static void test_capture_survives(void)
{
    struct qv_trace_ring *ring[2] = {fixture_ring(0, 0, 16), fixture_ring(1, 0, 16)};
    struct trace_capture *capture = trace_capture_new(FIXTURE_HZ);
    struct trace trace;
    struct qv_error err;
    for (size_t i = 0; i < 2; i++) {
        CU_ASSERT_EQUAL_FATAL(trace_capture_add(capture, ring[i], ring_bytes(ring[i]), &err), 0);
        fixture_put(ring[i], 10, QV_TRACE_REQUEST, i, 0);
    }
    CU_ASSERT_EQUAL(trace_capture_poll(capture, NULL, &err), 2);
    ring[0]->head = UINT64_MAX;
    ring[0]->capacity = 1u << 30;
    fixture_put(ring[1], 20, QV_TRACE_REQUEST, 1, 0);
    CU_ASSERT_EQUAL(trace_capture_poll(capture, NULL, &err), -EINVAL);
    CU_ASSERT(strstr(err.text, "core 0") != NULL);
    fixture_put(ring[1], 30, QV_TRACE_REQUEST, 1, 0);
    CU_ASSERT_EQUAL(trace_capture_poll(capture, NULL, &err), 1);
    CU_ASSERT_EQUAL_FATAL(trace_capture_decode(capture, &trace, &err), 0);
    CU_ASSERT_EQUAL(trace.n, 4);
    trace_free(&trace);
    /* Going backwards is damage too. */
    ring[1]->head = 1;
    CU_ASSERT_EQUAL(trace_capture_poll(capture, NULL, &err), -EINVAL);
    trace_capture_free(capture);
    free(ring[0]);
    free(ring[1]);
}

static void refuse(const uint8_t *data, size_t size, const char *text)
{
    struct trace trace;
    struct qv_error err = {""};
    CU_ASSERT_EQUAL(trace_decode(data, size, &trace, &err), -EINVAL);
    if (strstr(err.text, text) == NULL || strstr(err.text, "offset") == NULL)
        printf("\"%s\" says neither \"%s\" nor an offset\n", err.text, text);
    CU_ASSERT(strstr(err.text, text) != NULL && strstr(err.text, "offset") != NULL);
    CU_ASSERT(trace.event == NULL && trace.n == 0);
}

#define FIRST_RING   sizeof(struct trace_file_header)
#define FIRST_RECORD (FIRST_RING + sizeof(struct trace_file_ring))

static void test_refuses_damage(void)
{
    static const struct {
        size_t at;
        uint8_t size;
        uint64_t value;
        const char *text;
        bool reseal;
    } cases[] = {
        {0, 8, 0x1234, "magic", true},
        {8, 4, 2, "file version", true},
        {12, 4, 17, "number of rings", true},
        {12, 4, 1, "expected the end", true},
        {12, 4, 3, "ring header", true},
        {16, 8, 0, "tsc_hz", true},
        {24, 4, 9, "record version", true},
        {28, 4, 1, "checksum", false},
        {FIRST_RECORD + 3, 1, 0xee, "checksum", false},
        {FIRST_RING, 4, 1, "ring magic", true},
        {FIRST_RING + 4, 4, 12, "capacity", true},
        {FIRST_RING + 4, 4, 0, "capacity", true},
        {FIRST_RING + 8, 1, 8, "core", true},
        {FIRST_RING + 9, 1, 2, "writer", true},
        {FIRST_RING + 10, 2, 1, "reserved", true},
        {FIRST_RING + 12, 4, 1, "reserved", true},
        {FIRST_RING + 16, 8, 4, "lost", true},
        {FIRST_RING + 24, 8, 1, "lost", true},
        {FIRST_RING + 32, 8, 6, "lost", true},
        {FIRST_RECORD + 8, 2, 21, "record id", true},
        {FIRST_RECORD + 8, 2, 0, "record id", true},
        {FIRST_RECORD + 8, 2, 0xffff, "record id", true},
        {FIRST_RECORD + 10, 1, 1, "core", true},
        {FIRST_RECORD + 11, 1, 1, "writer", true},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        size_t size;
        uint8_t *data = make_file(&size);
        memcpy(data + cases[i].at, &cases[i].value, cases[i].size);
        if (cases[i].reseal)
            reseal(data, size);
        refuse(data, size, cases[i].text);
        free(data);
    }
}

/* Cut off at every place, sealed again or not. */
static void test_refuses_truncation(void)
{
    size_t size;
    uint8_t *data = make_file(&size);
    for (size_t cut = 0; cut < size; cut++) {
        /* A copy of just that size, so that reading past it is found. */
        uint8_t *piece = malloc(cut + 1);
        CU_ASSERT_PTR_NOT_NULL_FATAL(piece);
        memcpy(piece, data, cut);
        refuse(piece, cut, "");
        if (cut >= sizeof(struct trace_file_header)) {
            reseal(piece, cut);
            refuse(piece, cut, "");
        }
        free(piece);
    }
    uint8_t *longer = calloc(1, size + 1);
    CU_ASSERT_PTR_NOT_NULL_FATAL(longer);
    memcpy(longer, data, size);
    reseal(longer, size + 1);
    refuse(longer, size + 1, "left over");
    free(longer);
    free(data);
}

/* A count that would overflow the multiplication by the record's size. */
static void test_refuses_huge_count(void)
{
    size_t size;
    uint8_t *data = make_file(&size);
    uint64_t huge = 1ull << 60;
    memcpy(data + FIRST_RING + 16, &huge, 8);
    uint64_t lost = 0;
    memcpy(data + FIRST_RING + 24, &lost, 8);
    memcpy(data + FIRST_RING + 32, &huge, 8);
    reseal(data, size);
    refuse(data, size, "count");
    free(data);
}

static void test_files(void)
{
    struct trace trace;
    struct qv_error err;
    CU_ASSERT_EQUAL(trace_read("/nonexistent/trace.bin", &trace, &err), -ENOENT);
    CU_ASSERT(strstr(err.text, "/nonexistent/trace.bin") != NULL);
    char path[] = "/tmp/qv-trace-XXXXXX";
    int fd = mkstemp(path);
    CU_ASSERT_FATAL(fd >= 0);
    FILE *file = fdopen(fd, "wb");
    size_t size;
    uint8_t *data = make_file(&size);
    CU_ASSERT_EQUAL(fwrite(data, 1, size, file), size);
    fclose(file);
    CU_ASSERT_EQUAL(trace_read(path, &trace, &err), 0);
    CU_ASSERT_EQUAL(trace.n, 10);
    trace_free(&trace);
    remove(path);
    free(data);
}

/* Every id is printed by name, with its numbers or their meaning. */
static void test_print(void)
{
    struct qv_trace_ring *ring = fixture_ring(0, 1, 128);
    struct trace trace;
    struct qv_error err;
    size_t size;
    for (uint16_t id = 0; id < 128; id++) {
        if (qv_trace_meaning_a(id) != NULL)
            fixture_put(ring, 1000 + id, id, 1, 1);
    }
    fixture_put(ring, 5000, QV_TRACE_PHASE_BEGIN, QV_PHASE_DRIVER_REINIT, 2ull << 32 | 7);
    uint8_t *data = fixture_file(&ring, 1, &size);
    CU_ASSERT_EQUAL_FATAL(trace_decode(data, size, &trace, &err), 0);
    char *text = NULL;
    size_t length = 0;
    FILE *out = open_memstream(&text, &length);
    trace_print(out, &trace, NULL);
    fclose(out);
    for (size_t i = 0; i < trace.n; i++)
        CU_ASSERT(strstr(text, qv_trace_name(trace.event[i].rec.id)) != NULL);
    CU_ASSERT(strstr(text, "driver_reinit, sandbox 2, recovery 7") != NULL);
    CU_ASSERT(strstr(text, "wild-write-sandbox") != NULL);
    size_t lines = 0;
    for (const char *c = text; *c != '\0'; c++)
        lines += *c == '\n';
    CU_ASSERT_EQUAL(lines, trace.n + 1);
    free(text);
    trace_free(&trace);
    free(data);
    free(ring);
}

static const struct unit_test tests[] = {
    {"merge by time", test_merge},
    {"ties", test_ties},
    {"clock offsets", test_offsets},
    {"rings in order in the file", test_file_order},
    {"capture while written", test_capture},
    {"capture refuses what is no ring", test_capture_refuses},
    {"capture survives a damaged ring", test_capture_survives},
    {"decoder refuses damage", test_refuses_damage},
    {"decoder refuses truncation", test_refuses_truncation},
    {"decoder refuses a huge count", test_refuses_huge_count},
    {"files", test_files},
    {"printing", test_print},
};

int main(void)
{
    return unit_run("analysis: trace", tests, sizeof(tests) / sizeof(tests[0]));
}
