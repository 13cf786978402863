/* SPDX-License-Identifier: MIT */
/* Protects the stream of results: what is sent arrives, what is damaged is noticed and made good by a second pass. */
#include "analysis/stream.h"

#include <string.h>

#include "lib/stream.h"
#include "qv/draw.h"
#include "unit.h"

#define MEMORY (256u << 10)
#define LINE   (2u << 20)

static uint8_t source[MEMORY];
static uint8_t picture[MEMORY];
static uint8_t wire[LINE];
static size_t wire_used;
static size_t text_bytes;

static void put(void *context, uint8_t byte)
{
    (void)context;
    CU_ASSERT_FATAL(wire_used < sizeof(wire));
    wire[wire_used++] = byte;
}

static void text(void *context, const char *data, size_t size)
{
    (void)context;
    (void)data;
    text_bytes += size;
}

/* Stretches of noise, of zeros, and of bytes without any zero, so that all kinds of COBS blocks occur. */
static void fill_source(uint64_t seed)
{
    for (size_t i = 0; i < sizeof(source); i++) {
        uint64_t draw = qv_draw(seed, i);
        switch (i >> 11 & 3u) {
        case 0:
            source[i] = (uint8_t)draw;
            break;
        case 1:
            source[i] = (uint8_t)(draw % 255u + 1u);
            break;
        case 2:
            source[i] = draw % 64u == 0 ? 7 : 0;
            break;
        default:
            source[i] = 0;
        }
    }
}

static void send_pass(void)
{
    struct stream_sender sender;
    stream_begin(&sender, put, NULL, 1);
    stream_memory(&sender, 0, source, 1000);
    stream_memory(&sender, 1000, source + 1000, MEMORY - 1000);
    stream_end(&sender);
}

static struct stream_receiver *receiver(void)
{
    memset(picture, 0, sizeof(picture));
    text_bytes = 0;
    struct stream_receiver *r = stream_receiver_new(picture, sizeof(picture));
    CU_ASSERT_PTR_NOT_NULL_FATAL(r);
    return r;
}

static struct stream_state feed(struct stream_receiver *r, const uint8_t *data, size_t size)
{
    struct stream_state state;
    struct qv_error why = {""};
    for (size_t at = 0; at < size; at += 777) /* in pieces that know nothing of frames */
        CU_ASSERT_EQUAL(stream_receiver_feed(r, data + at, size - at < 777 ? size - at : 777, text, NULL, &why), 0);
    stream_receiver_look(r, &state);
    return state;
}

static void test_clean(void)
{
    for (uint64_t seed = 1; seed <= 8; seed++) {
        fill_source(seed);
        wire_used = 0;
        send_pass();
        struct stream_receiver *r = receiver();
        struct stream_state state = feed(r, wire, wire_used);
        CU_ASSERT_TRUE(state.complete && state.ended && !state.conflicting);
        CU_ASSERT_TRUE(state.damaged == 0 && state.repeated == 0 && state.frames == state.expected);
        CU_ASSERT_EQUAL(memcmp(picture, source, sizeof(source)), 0);
        CU_ASSERT_EQUAL(text_bytes, 0);
        CU_ASSERT_TRUE(state.bytes < MEMORY * 7u / 8u); /* the zeros are not sent */
        stream_receiver_free(r);
    }
}

/* Payloads of every length up to one frame and a bit: the ends of COBS blocks and of frames. */
static void test_lengths(void)
{
    for (size_t size = 1; size <= 1100; size++) {
        struct stream_sender sender;
        struct stream_receiver *r = receiver();
        memset(source, 0, sizeof(source));
        memset(source, 0x5a, size);
        if (size % 3 == 0)
            source[size - 1] = 0;
        source[0] = 1;
        wire_used = 0;
        stream_begin(&sender, put, NULL, 1);
        stream_memory(&sender, 64, source, size);
        stream_end(&sender);
        struct stream_state state = feed(r, wire, wire_used);
        CU_ASSERT_TRUE(state.complete);
        CU_ASSERT_EQUAL(memcmp(picture + 64, source, size), 0);
        stream_receiver_free(r);
    }
}

/* Console text before, between and behind the frames. */
static void test_text(void)
{
    static const char line[] = "[m0] Quest-V Testbed monitor\n";
    fill_source(3);
    wire_used = 0;
    for (const char *p = line; *p; p++)
        put(NULL, (uint8_t)*p);
    send_pass();
    for (const char *p = line; *p; p++)
        put(NULL, (uint8_t)*p);
    put(NULL, 0);
    struct stream_receiver *r = receiver();
    struct stream_state state = feed(r, wire, wire_used);
    CU_ASSERT_TRUE(state.complete);
    CU_ASSERT_EQUAL(text_bytes, 2 * strlen(line));
    stream_receiver_free(r);
}

/* Flips a bit of about one byte in `rate`, or drops it. Returns the new length. */
static size_t disturb(uint8_t *data, size_t size, uint64_t seed, uint64_t rate)
{
    size_t kept = 0;
    for (size_t i = 0; i < size; i++) {
        uint64_t draw = qv_draw(seed, i);
        uint8_t byte = data[i];
        if (draw % rate == 0 && (draw >> 40 & 1u))
            continue;
        if (draw % rate == 0)
            byte = (uint8_t)(byte ^ 1u << (draw >> 41 & 7u));
        data[kept++] = byte;
    }
    return kept;
}

/* Nothing wrong is ever taken for right, and two or more disturbed passes make one whole one. */
static void test_noise(void)
{
    unsigned whole = 0;
    unsigned broken_first = 0;
    for (uint64_t seed = 1; seed <= 20; seed++) {
        struct stream_receiver *r = receiver();
        struct stream_state state = {.complete = false};
        fill_source(seed);
        for (unsigned pass = 0; pass < 12 && !state.complete; pass++) {
            wire_used = 0;
            send_pass();
            size_t size = disturb(wire, wire_used, qv_draw(seed, pass), 1500);
            state = feed(r, wire, size);
            broken_first += pass == 0 && !state.complete;
            CU_ASSERT_FALSE(state.conflicting);
        }
        whole += state.complete;
        CU_ASSERT_TRUE(!state.complete || memcmp(picture, source, sizeof(source)) == 0);
        stream_receiver_free(r);
    }
    CU_ASSERT_EQUAL(whole, 20);
    CU_ASSERT_EQUAL(broken_first, 20);
}

/* A frame that is cut out leaves the stream incomplete and says so; a receiver that came late lacks the beginning. */
static void test_holes(void)
{
    struct stream_receiver *r = receiver();
    fill_source(5);
    wire_used = 0;
    send_pass();
    struct stream_state state = feed(r, wire + 5000, wire_used - 5000);
    CU_ASSERT_TRUE(state.ended && !state.complete && state.frames < state.expected);
    state = feed(r, wire, wire_used); /* the second pass fills it */
    CU_ASSERT_TRUE(state.complete && state.repeated > 0);
    stream_receiver_free(r);
    r = receiver();
    state = feed(r, wire, wire_used / 2);
    CU_ASSERT_TRUE(!state.ended && !state.complete && state.expected == 0);
    stream_receiver_free(r);
}

/* Two runs on one line are not one result. */
static void test_mixed(void)
{
    struct stream_receiver *r = receiver();
    fill_source(6);
    wire_used = 0;
    send_pass();
    (void)feed(r, wire, wire_used);
    fill_source(7);
    wire_used = 0;
    send_pass();
    struct stream_state state = feed(r, wire, wire_used);
    CU_ASSERT_TRUE(state.conflicting && !state.complete);
    stream_receiver_free(r);
}

/* Memory outside the picture, and a version that is not known. */
static void test_refused(void)
{
    struct stream_sender sender;
    struct stream_receiver *r = receiver();
    struct qv_error why = {""};
    fill_source(8);
    wire_used = 0;
    stream_begin(&sender, put, NULL, 1);
    stream_memory(&sender, MEMORY - 100, source, 512);
    stream_memory(&sender, ~0ull - 100, source, 512);
    stream_end(&sender);
    struct stream_state state = feed(r, wire, wire_used);
    CU_ASSERT_TRUE(state.ended && !state.complete && state.frames == 2 && state.damaged == 2);
    stream_receiver_free(r);

    r = receiver();
    struct qv_stream_header header = {.magic = QV_STREAM_MAGIC, .version = 9, .kind = QV_STREAM_BEGIN};
    uint8_t frame[64] = {0};
    size_t at = 1;
    uint8_t raw[28];
    memcpy(raw, &header, sizeof(header));
    uint32_t crc = qv_crc32(0, raw, sizeof(header));
    memcpy(raw + sizeof(header), &crc, sizeof(crc));
    for (size_t i = 0; i < sizeof(raw);) { /* encoded by hand, not by the code under test */
        size_t run = 0;
        while (i + run < sizeof(raw) && raw[i + run] != 0)
            run++;
        frame[at++] = (uint8_t)(run + 1);
        memcpy(frame + at, raw + i, run);
        at += run;
        i += run + 1;
    }
    CU_ASSERT_EQUAL(stream_receiver_feed(r, frame, at + 1, NULL, NULL, &why), -71); /* EPROTO */
    CU_ASSERT_PTR_NOT_NULL(strstr(why.text, "version 9"));
    stream_receiver_free(r);
}

/* Any bytes whatever: no crash, nothing taken for a frame. */
static void test_garbage(void)
{
    static uint8_t garbage[1u << 20];
    struct stream_receiver *r = receiver();
    for (size_t i = 0; i < sizeof(garbage); i++)
        garbage[i] = (uint8_t)(qv_draw(99, i) % (i & 1u << 16 ? 256u : 4u));
    struct stream_state state = feed(r, garbage, sizeof(garbage));
    CU_ASSERT_TRUE(state.frames == 0 && !state.ended && state.damaged > 0);
    stream_receiver_free(r);
}

/* --- both sides of a delivery, with a bad cable between them --- */

struct cable {
    struct stream_receiver *host;
    uint64_t seed, rate, position, now;
    uint32_t answered;
    bool deaf;          /* nothing of the host's arrives */
    uint8_t back[4096]; /* what the host has sent and the machine has not yet taken */
    size_t back_used, back_taken;
    unsigned restarts_left; /* so often the host loses all and begins anew, at an END */
};

/* One byte through the cable: 0, 1 or 2 come out. */
static size_t through(struct cable *c, uint8_t byte, uint8_t out[2])
{
    uint64_t draw = qv_draw(c->seed, c->position++);
    out[0] = byte;
    if (c->rate == 0 || draw % c->rate != 0)
        return 1;
    if ((draw >> 40) % 3 == 0)
        return 0;
    out[0] = (uint8_t)(byte ^ 1u << (draw >> 48 & 7u));
    out[1] = byte;
    return (draw >> 40) % 3;
}

/* The host's side: answers each END at once. */
static void host_answers(struct cable *c)
{
    uint8_t answer[QV_STREAM_MAX_ENCODED], out[2];
    struct stream_state state;
    stream_receiver_look(c->host, &state);
    CU_ASSERT_FALSE(state.conflicting);
    if (state.ends == c->answered)
        return;
    c->answered = state.ends;
    if (c->restarts_left > 0) {
        c->restarts_left--;
        stream_receiver_free(c->host);
        c->host = receiver();
        c->answered = 0;
        return;
    }
    size_t n = stream_receiver_answer(c->host, answer);
    for (size_t i = 0; i < n && !c->deaf; i++) {
        size_t k = through(c, answer[i], out);
        CU_ASSERT_FATAL(c->back_used + k <= sizeof(c->back));
        memcpy(c->back + c->back_used, out, k);
        c->back_used += k;
    }
}

static void machine_puts(void *context, uint8_t byte)
{
    struct cable *c = context;
    struct qv_error why = {""};
    uint8_t out[2];
    size_t n = through(c, byte, out);
    CU_ASSERT_EQUAL_FATAL(stream_receiver_feed(c->host, out, n, NULL, NULL, &why), 0);
    if (n > 0 && out[n - 1] == QV_STREAM_DELIMITER)
        host_answers(c);
}

static int machine_gets(void *context)
{
    struct cable *c = context;
    if (c->back_taken < c->back_used)
        return c->back[c->back_taken++];
    c->back_taken = c->back_used = 0;
    return -1;
}

static uint64_t machine_ms(void *context)
{
    return ((struct cable *)context)->now++;
}

static void walk(void *context, struct stream_sender *sender)
{
    (void)context;
    stream_memory(sender, 0, source, 1000);
    stream_memory(sender, 1000, source + 1000, MEMORY - 1000);
}

static bool deliver(struct cable *c, uint64_t give_up_ms, struct stream_state *state)
{
    const struct stream_line line = {machine_puts, machine_gets, machine_ms, c, 77, give_up_ms};
    c->host = receiver();
    bool done = stream_deliver(&line, walk, NULL);
    stream_receiver_look(c->host, state);
    stream_receiver_free(c->host);
    return done;
}

/* A clean line takes one pass and one DONE; both sides know at the end. */
static void test_delivery_clean(void)
{
    struct cable c = {.rate = 0};
    struct stream_state state;
    fill_source(11);
    CU_ASSERT_TRUE(deliver(&c, 0, &state));
    CU_ASSERT_TRUE(state.complete && state.delivered && state.ends == 1 && state.repeated == 0 && state.damaged == 0);
    CU_ASSERT_EQUAL(memcmp(picture, source, sizeof(source)), 0);
}

/* Whatever is lost in either direction: the memory arrives, and only what was lost is sent again. */
static void test_delivery_noise(void)
{
    unsigned told = 0;
    for (uint64_t seed = 1; seed <= 20; seed++) {
        struct cable c = {.seed = seed, .rate = seed % 2 ? 400 : 3000};
        struct stream_state state;
        fill_source(seed);
        CU_ASSERT_TRUE(deliver(&c, 0, &state));
        CU_ASSERT_TRUE(state.complete && state.damaged > 0);
        CU_ASSERT_EQUAL(memcmp(picture, source, sizeof(source)), 0);
        CU_ASSERT_TRUE(state.repeated < state.frames); /* no second pass */
        told += state.delivered;                       /* the machine's last word may be lost too */
    }
    CU_ASSERT_TRUE(told > 10);
}

/* A host that loses everything, twice, asks for everything again. */
static void test_delivery_resumed(void)
{
    struct cable c = {.seed = 5, .rate = 2000, .restarts_left = 2};
    struct stream_state state;
    fill_source(12);
    CU_ASSERT_TRUE(deliver(&c, 0, &state));
    CU_ASSERT_TRUE(state.complete);
    CU_ASSERT_EQUAL(memcmp(picture, source, sizeof(source)), 0);
}

/* A line without a way back: whole passes, again and again, until the host has all. */
static void test_delivery_one_way(void)
{
    struct cable c = {.seed = 6, .rate = 3000, .deaf = true};
    struct stream_state state;
    fill_source(13);
    CU_ASSERT_FALSE(deliver(&c, 12ull * QV_STREAM_PATIENCE * QV_STREAM_LISTEN_MS, &state));
    CU_ASSERT_TRUE(state.complete && !state.delivered && state.repeated > state.frames);
    CU_ASSERT_EQUAL(memcmp(picture, source, sizeof(source)), 0);
}

/* The header of a trace ring is the sandbox's word, the room for it is the monitor's. */
static void test_ring_bytes(void)
{
    const size_t header = sizeof(struct qv_trace_ring), record = sizeof(struct qv_trace_record);
    const size_t room = header + 20 * record + 5; /* more than the 16 records of the ring, and a part of one */
    struct qv_trace_ring ring = {.capacity = 16, .head = 3};
    CU_ASSERT_EQUAL(stream_ring_bytes(&ring, room), header + 3 * record);
    ring.head = 1000;
    CU_ASSERT_EQUAL(stream_ring_bytes(&ring, room), header + 16 * record);
    ring.head = 0;
    CU_ASSERT_EQUAL(stream_ring_bytes(&ring, room), header);
    static const uint64_t wrong[] = {21, UINT32_MAX, 1ull << 59, (1ull << 59) + 1, UINT64_MAX};
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        ring.head = wrong[i];
        ring.capacity = UINT32_MAX;
        CU_ASSERT_EQUAL(stream_ring_bytes(&ring, room), header + 20 * record);
        CU_ASSERT_EQUAL(stream_ring_bytes(&ring, header), header);
        CU_ASSERT_EQUAL(stream_ring_bytes(&ring, header - 1), header - 1);
        CU_ASSERT_EQUAL(stream_ring_bytes(&ring, 0), 0);
    }
}

int main(void)
{
    static const struct unit_test tests[] = {
        {"undisturbed", test_clean},
        {"all lengths", test_lengths},
        {"text on the same line", test_text},
        {"noise is noticed and made good", test_noise},
        {"holes", test_holes},
        {"two streams on one line", test_mixed},
        {"refused", test_refused},
        {"garbage", test_garbage},
        {"delivery on a clean line", test_delivery_clean},
        {"delivery through noise in both directions", test_delivery_noise},
        {"a host that begins anew", test_delivery_resumed},
        {"a line without a way back", test_delivery_one_way},
        {"a damaged trace ring", test_ring_bytes},
    };
    return unit_run("stream", tests, sizeof(tests) / sizeof(tests[0]));
}
