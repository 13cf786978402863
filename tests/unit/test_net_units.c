/* SPDX-License-Identifier: MIT */
/* The parts of the network that are pure code: queue, text, schedule of arrivals, recognition of the first reply. */
#include <math.h>
#include <pthread.h>
#include <string.h>

#include "arrivals.h"
#include "replies.h"
#include "spsc.h"
#include "text.h"
#include "unit.h"

/* --- queue --- */

static void queue_keeps_order_and_bounds(void)
{
    uint32_t item[4];
    uint32_t value = 0;
    struct spsc queue;

    spsc_init(&queue, item, 4);
    queue.head = queue.tail = UINT32_MAX - 5; /* the counters wrap in the middle of this */
    for (uint32_t round = 0; round < 5; round++) {
        CU_ASSERT_FALSE(spsc_take(&queue, &value));
        for (uint32_t i = 0; i < 4; i++) {
            CU_ASSERT_TRUE(spsc_put(&queue, round * 10 + i));
        }
        CU_ASSERT_FALSE(spsc_put(&queue, 99));
        CU_ASSERT_EQUAL(spsc_count(&queue), 4);
        for (uint32_t i = 0; i < 4; i++) {
            CU_ASSERT_TRUE(spsc_peek(&queue, &value));
            CU_ASSERT_EQUAL(value, round * 10 + i);
            CU_ASSERT_TRUE(spsc_take(&queue, &value));
            CU_ASSERT_EQUAL(value, round * 10 + i);
        }
    }
}

#define STRESS 200000u
static uint32_t stress_item[64];
static uint32_t stress_payload[64];
static struct spsc stress_queue;

static void *stress_producer(void *argument)
{
    for (uint32_t i = 0; i < STRESS; i++) {
        /* The payload is written without any synchronisation of its own, as frames are. */
        while (spsc_count(&stress_queue) == 64) {
        }
        stress_payload[i % 64] = i * 7;
        if (!spsc_put(&stress_queue, i)) {
            return argument;
        }
    }
    return NULL;
}

static void queue_between_two_threads(void)
{
    pthread_t producer;
    void *failed = NULL;
    uint32_t wrong = 0;
    uint32_t value;

    spsc_init(&stress_queue, stress_item, 64);
    CU_ASSERT_EQUAL_FATAL(pthread_create(&producer, NULL, stress_producer, &stress_queue), 0);
    for (uint32_t i = 0; i < STRESS;) {
        if (spsc_peek(&stress_queue, &value)) {
            wrong += value != i || stress_payload[i % 64] != i * 7;
            spsc_drop(&stress_queue);
            i++;
        }
    }
    pthread_join(producer, &failed);
    CU_ASSERT_PTR_NULL(failed);
    CU_ASSERT_EQUAL(wrong, 0);
}

/* --- text --- */

static void text_is_cut_at_the_end(void)
{
    char buffer[16];
    struct text text = {.buffer = buffer, .size = 12};

    memset(buffer, '#', sizeof(buffer));
    text_number(&text, 0);
    text_string(&text, " ");
    text_address(&text, 0x0a000210u);
    CU_ASSERT_EQUAL(text.used, 11);
    text_number(&text, UINT64_MAX);
    CU_ASSERT_EQUAL(text.used, 12);
    CU_ASSERT_NSTRING_EQUAL(buffer, "0 10.0.2.161####", 16);
}

/* --- arrivals --- */

static void constant_arrivals_are_exact(void)
{
    struct arrivals arrivals;

    arrivals_init(&arrivals, 1, 120000, false); /* 120/s */
    for (uint64_t i = 0; i < 100000; i++) {
        uint64_t exact = i * 1000000000ull / 120;

        CU_ASSERT_EQUAL(arrivals.index, i);
        if (arrivals_time_ns(&arrivals) != exact) {
            CU_FAIL("not the time that it should be");
            return;
        }
        arrivals_next(&arrivals);
    }
    arrivals_init(&arrivals, 1, 1, false); /* one in 1000 s: the slowest there is */
    arrivals_next(&arrivals);
    CU_ASSERT_EQUAL(arrivals_time_ns(&arrivals), 1000000000000ull);
}

static void logarithm_agrees_with_libm(void)
{
    uint64_t value = UINT64_MAX;
    double worst = 0;

    for (int i = 0; i < 4000 && value > 0; i++) {
        double expected = -log((double)value / 18446744073709551616.0);
        double got = (double)arrivals_minus_ln(value) / 4294967296.0;
        double error = fabs(expected - got);

        worst = error > worst ? error : worst;
        value -= value / 91 + 1;
    }
    CU_ASSERT_TRUE(worst < 1e-9);
    CU_ASSERT_EQUAL(arrivals_minus_ln(UINT64_MAX), 0);
    CU_ASSERT_EQUAL(arrivals_minus_ln(1) >> 32, 44); /* 64 ln 2 = 44.36 */
}

static void poisson_arrivals_have_mean_and_spread(void)
{
    enum { N = 50000 };
    struct arrivals arrivals, again, other;
    double sum = 0, squares = 0;
    uint64_t last = 0, longer = 0;
    bool same = true;

    arrivals_init(&arrivals, 7, 1000000, true);
    arrivals_init(&again, 7, 1000000, true);
    arrivals_init(&other, 8, 1000000, true);
    CU_ASSERT_NOT_EQUAL(arrivals_time_ns(&arrivals), arrivals_time_ns(&other));
    for (int i = 0; i < N; i++) {
        uint64_t time = arrivals_time_ns(&arrivals);
        double distance = (double)(time - last);

        same = same && time == arrivals_time_ns(&again);
        sum += distance;
        squares += distance * distance;
        longer += time - last > 1000000;
        last = time;
        arrivals_next(&arrivals);
        arrivals_next(&again);
    }
    CU_ASSERT_TRUE(same);
    /* Mean 1 ms, standard deviation 1 ms, P(longer than the mean) = 1/e; the bounds are five standard errors. */
    CU_ASSERT_TRUE(fabs(sum / N - 1e6) < 5e6 / sqrt(N));
    CU_ASSERT_TRUE(fabs(sqrt(squares / N - (sum / N) * (sum / N)) - 1e6) < 1e7 / sqrt(N));
    CU_ASSERT_TRUE(fabs((double)longer / N - exp(-1)) < 2.5 / sqrt(N));
}

/* --- the first reply --- */

static struct replies replies;

/* A TCP segment 10.0.2.16:80 to 10.0.2.2:port. */
static size_t segment(uint8_t *frame, uint16_t port, uint32_t sequence, uint16_t payload)
{
    static const uint8_t from[4] = {10, 0, 2, 16}, to[4] = {10, 0, 2, 2};
    uint16_t total = (uint16_t)(40 + payload);

    memset(frame, 0, 54);
    frame[12] = 8;
    frame[14] = 0x45;
    frame[16] = (uint8_t)(total >> 8);
    frame[17] = (uint8_t)total;
    frame[23] = 6;
    memcpy(frame + 26, from, 4);
    memcpy(frame + 30, to, 4);
    frame[35] = 80;
    frame[36] = (uint8_t)(port >> 8);
    frame[37] = (uint8_t)port;
    for (int i = 0; i < 4; i++) {
        frame[38 + i] = (uint8_t)(sequence >> (24 - 8 * i));
    }
    frame[46] = 5 << 4;
    return 54;
}

static struct reply_mark mark(uint16_t port, uint32_t end)
{
    struct reply_mark made = {.end = end, .bytes = 100, .remote_port = port};

    memcpy(&made.local, (const uint8_t[4]){10, 0, 2, 16}, 4);
    memcpy(&made.remote, (const uint8_t[4]){10, 0, 2, 2}, 4);
    return made;
}

static void first_reply_is_found_once(void)
{
    uint8_t frame[64];
    size_t size = segment(frame, 5000, 0xffffffc0u, 100); /* the sequence number wraps */

    memset(&replies, 0, sizeof(replies));
    replies_note(&replies, mark(5000, 0x24));
    CU_ASSERT_PTR_NULL(replies_match(&replies, frame, size, false)); /* no recovery */
    replies_arm(&replies, 0);
    CU_ASSERT_PTR_NULL(replies_match(&replies, frame, size, false)); /* made before: sent again */
    replies_note(&replies, mark(5000, 0x24));
    CU_ASSERT_PTR_NOT_NULL(replies_match(&replies, frame, size, false));
    CU_ASSERT_PTR_NULL(replies_match(&replies, frame, size, false)); /* once */
    replies_arm(&replies, 0);
    CU_ASSERT_PTR_NOT_NULL(replies_match(&replies, frame, size, true)); /* made before, but held back */
}

static void other_frames_are_not_the_first_reply(void)
{
    uint8_t frame[64];
    size_t size;

    memset(&replies, 0, sizeof(replies));
    replies_arm(&replies, 0);
    replies_note(&replies, mark(5000, 1000));
    size = segment(frame, 5000, 800, 100);
    CU_ASSERT_PTR_NULL(replies_match(&replies, frame, size, false)); /* not its last byte */
    size = segment(frame, 5001, 900, 100);
    CU_ASSERT_PTR_NULL(replies_match(&replies, frame, size, false)); /* another connection */
    size = segment(frame, (uint16_t)(5000 + REPLIES_KEPT), 900, 100);
    CU_ASSERT_PTR_NULL(replies_match(&replies, frame, size, false)); /* another one in the same place */
    size = segment(frame, 5000, 1000, 0);
    CU_ASSERT_PTR_NULL(replies_match(&replies, frame, size, false)); /* an acknowledgement */
    size = segment(frame, 5000, 900, 100);
    CU_ASSERT_PTR_NULL(replies_match(&replies, frame, size - 1, false)); /* too short to tell */
    frame[23] = 17;
    CU_ASSERT_PTR_NULL(replies_match(&replies, frame, size, false)); /* UDP */
    frame[23] = 6;
    frame[29] = 17;
    CU_ASSERT_PTR_NULL(replies_match(&replies, frame, size, false)); /* from another address */
    frame[29] = 16;
    CU_ASSERT_PTR_NOT_NULL(replies_match(&replies, frame, size, false));
}

static void only_the_taken_over_address_counts(void)
{
    uint8_t frame[64];
    size_t size = segment(frame, 5000, 900, 100);
    uint32_t other;

    memset(&replies, 0, sizeof(replies));
    memcpy(&other, (const uint8_t[4]){10, 0, 2, 17}, 4);
    replies_arm(&replies, other);
    replies_note(&replies, mark(5000, 1000));
    CU_ASSERT_PTR_NULL(replies_match(&replies, frame, size, false));
    replies_arm(&replies, mark(0, 0).local);
    replies_note(&replies, mark(5000, 1000));
    CU_ASSERT_PTR_NOT_NULL(replies_match(&replies, frame, size, false));
}

static const struct unit_test tests[] = {
    {"queue keeps order and bounds", queue_keeps_order_and_bounds},
    {"queue between two threads", queue_between_two_threads},
    {"text is cut at the end", text_is_cut_at_the_end},
    {"constant arrivals are exact", constant_arrivals_are_exact},
    {"logarithm agrees with libm", logarithm_agrees_with_libm},
    {"Poisson arrivals have mean and spread", poisson_arrivals_have_mean_and_spread},
    {"first reply is found once", first_reply_is_found_once},
    {"other frames are not the first reply", other_frames_are_not_the_first_reply},
    {"only the taken-over address counts", only_the_taken_over_address_counts},
};

int main(void)
{
    return unit_run("network: pure parts", tests, sizeof(tests) / sizeof(tests[0]));
}
