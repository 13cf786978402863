/* SPDX-License-Identifier: MIT */
/* The reply parser, cut at every place; page contents; the schedule; httperf's lines. */
#include <errno.h>
#include <math.h>
#include <string.h>

#include "analysis/stats.h"
#include "host/load/http.h"
#include "host/load/httperf.h"
#include "host/load/load.h"
#include "unit.h"

static void make_page(char *out, size_t size)
{
    for (size_t k = 0; k < size; k++)
        out[k] = load_page_byte(k);
}

static void test_page(void)
{
    char page[5000];
    make_page(page, sizeof(page));
    CU_ASSERT_EQUAL(page[0], 'A');
    CU_ASSERT_EQUAL(page[25], 'Z');
    CU_ASSERT_EQUAL(page[26], 'A');
    CU_ASSERT_EQUAL(page[63], '\n');
    CU_ASSERT_EQUAL(page[64], 'A' + 64 % 26);
    for (size_t from = 0; from < 900; from++)
        CU_ASSERT(load_page_matches(page + from, sizeof(page) - from, from));
    CU_ASSERT(load_page_matches(page, 0, 77));
    CU_ASSERT(!load_page_matches(page, 100, 1));
    for (size_t k = 0; k < sizeof(page); k += 7) {
        page[k] ^= 0x20;
        CU_ASSERT(!load_page_matches(page, sizeof(page), 0));
        CU_ASSERT(load_page_matches(page, k, 0));
        page[k] ^= 0x20;
    }
}

/* Feeds `text` in two pieces cut at `cut`. */
static enum http_state feed_cut(struct http_reply *reply, const char *text, size_t size, size_t cut, size_t *used)
{
    enum http_state state = HTTP_MORE;
    size_t first = 0;
    *used = 0;
    http_reply_begin(reply, 100, true);
    if (cut > 0)
        state = http_reply_feed(reply, text, cut, &first);
    *used = first;
    if (state != HTTP_MORE || cut == size)
        return state;
    CU_ASSERT_EQUAL(first, cut);
    state = http_reply_feed(reply, text + cut, size - cut, &first);
    *used = cut + first;
    return state;
}

static void test_good_reply(void)
{
    char text[512];
    int head = snprintf(text, sizeof(text),
                        "HTTP/1.1 200 OK\r\nServer: x\r\ncontent-length:\t100\r\nConnection: keep-alive\r\n\r\n");
    make_page(text + head, 100);
    size_t size = (size_t)head + 100;
    memcpy(text + size, "extra", 5);
    for (size_t cut = 0; cut < size; cut++) {
        struct http_reply reply;
        size_t used;
        CU_ASSERT_EQUAL(feed_cut(&reply, text, size + 5, cut, &used), HTTP_DONE);
        CU_ASSERT_EQUAL(used, size);
        CU_ASSERT_EQUAL(reply.status, 200);
        CU_ASSERT(reply.keepalive);
        CU_ASSERT_EQUAL(http_reply_class(&reply), LOAD_GOOD);
    }
}

static void test_wrong_bodies(void)
{
    struct {
        const char *length;
        size_t body;
        size_t flip; /* SIZE_MAX = none */
        enum http_state state;
        uint8_t cls;
    } cases[] = {
        {"100", 100, 0, HTTP_DONE, LOAD_WRONG_BODY},      {"100", 100, 99, HTTP_DONE, LOAD_WRONG_BODY},
        {"99", 99, SIZE_MAX, HTTP_DONE, LOAD_WRONG_BODY}, {"101", 101, SIZE_MAX, HTTP_DONE, LOAD_WRONG_BODY},
        {"0", 0, SIZE_MAX, HTTP_DONE, LOAD_WRONG_BODY},   {"100", 100, SIZE_MAX, HTTP_DONE, LOAD_GOOD},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char text[512];
        int head = snprintf(text, sizeof(text), "HTTP/1.0 200 OK\nContent-Length: %s\n\n", cases[i].length);
        make_page(text + head, cases[i].body);
        if (cases[i].flip != SIZE_MAX)
            text[(size_t)head + cases[i].flip] ^= 1;
        for (size_t cut = 0; cut <= (size_t)head + cases[i].body; cut++) {
            struct http_reply reply;
            size_t used;
            CU_ASSERT_EQUAL(feed_cut(&reply, text, (size_t)head + cases[i].body, cut, &used), cases[i].state);
            CU_ASSERT_EQUAL(http_reply_class(&reply), cases[i].cls);
            CU_ASSERT(!reply.keepalive);
        }
    }
}

static void test_reply_without_length(void)
{
    struct http_reply reply;
    size_t used;
    char text[256];
    int head = snprintf(text, sizeof(text), "HTTP/1.1 200 OK\r\nConnection: keep-alive\r\n\r\n");
    make_page(text + head, 100);
    CU_ASSERT_EQUAL(feed_cut(&reply, text, (size_t)head + 60, 10, &used), HTTP_MORE);
    CU_ASSERT_EQUAL(http_reply_end(&reply), HTTP_DONE);
    CU_ASSERT_EQUAL(http_reply_class(&reply), LOAD_WRONG_BODY); /* cut short, and nobody else would notice */
    CU_ASSERT_EQUAL(feed_cut(&reply, text, (size_t)head + 100, 50, &used), HTTP_MORE);
    CU_ASSERT_EQUAL(http_reply_end(&reply), HTTP_DONE);
    CU_ASSERT_EQUAL(http_reply_class(&reply), LOAD_GOOD);
    CU_ASSERT(!reply.keepalive);
}

static void test_invalid_replies(void)
{
    static const char *const bad[] = {
        "220 ready\r\n\r\n",
        "HTTP/2.0 200 OK\r\n\r\n",
        "HTTP/1.1 2x0 OK\r\n\r\n",
        "HTTP/1.1 20\r\n\r\n",
        "HTTP/1.1 2000\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: \r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
        "\r\n\r\n",
    };
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        for (size_t cut = 0; cut <= strlen(bad[i]); cut++) {
            struct http_reply reply;
            size_t used;
            CU_ASSERT_EQUAL(feed_cut(&reply, bad[i], strlen(bad[i]), cut, &used), HTTP_INVALID);
        }
    }
    static char long_head[HTTP_HEAD_MAX + 100];
    memset(long_head, 'x', sizeof(long_head));
    struct http_reply reply;
    size_t used;
    http_reply_begin(&reply, 1, true);
    CU_ASSERT_EQUAL(http_reply_feed(&reply, long_head, sizeof(long_head), &used), HTTP_INVALID);
    http_reply_begin(&reply, 1, true);
    CU_ASSERT_EQUAL(http_reply_feed(&reply, "HTTP/1.1 200", 12, &used), HTTP_MORE);
    CU_ASSERT_EQUAL(http_reply_end(&reply), HTTP_INVALID);
}

static void test_constant_schedule(void)
{
    struct load_config config;
    struct qv_error err;
    uint64_t *due;
    load_config_default(&config);
    config.port = 1;
    config.rate = 250;
    config.warmup_ns = 500000000;
    config.duration_ns = 1500000000;
    CU_ASSERT_EQUAL_FATAL(load_schedule(&config, &due, &err), 500);
    for (size_t i = 0; i < 500; i++)
        CU_ASSERT_EQUAL(due[i], i * 4000000);
    free(due);
}

static void test_poisson_schedule(void)
{
    struct load_config config;
    struct qv_error err;
    uint64_t *due;
    uint64_t *again;
    load_config_default(&config);
    config.port = 1;
    config.rate = 2000;
    config.arrivals = LOAD_POISSON;
    config.warmup_ns = 0;
    config.duration_ns = 10000000000u;
    config.seed = 42;
    long n = load_schedule(&config, &due, &err);
    CU_ASSERT_FATAL(n > 0);
    CU_ASSERT_EQUAL_FATAL(load_schedule(&config, &again, &err), n);
    CU_ASSERT_EQUAL(memcmp(due, again, (size_t)n * sizeof(*due)), 0);
    free(again);
    /* The number is Poisson with mean and variance 20,000: five standard deviations. The seed is fixed, so it is always
     * the same draw that is judged. */
    CU_ASSERT(fabs((double)n - 20000) < 5 * sqrt(20000));
    double *gap = malloc((size_t)n * sizeof(*gap));
    CU_ASSERT_PTR_NOT_NULL_FATAL(gap);
    for (long i = 0; i < n; i++) {
        CU_ASSERT(i == 0 || due[i] >= due[i - 1]);
        gap[i] = (double)(due[i] - (i > 0 ? due[i - 1] : 0)) / 1e6;
    }
    struct stats_summary s;
    CU_ASSERT(stats_summarise(gap, (size_t)n, &s));
    CU_ASSERT_DOUBLE_EQUAL(s.mean, 0.5, 0.02);
    CU_ASSERT_DOUBLE_EQUAL(s.sd, 0.5, 0.03);        /* exponential: as large as the mean */
    CU_ASSERT_DOUBLE_EQUAL(s.median, 0.3466, 0.02); /* mean x ln 2 */
    free(gap);
    config.seed = 43;
    long other = load_schedule(&config, &again, &err);
    CU_ASSERT_FATAL(other > 0);
    CU_ASSERT(other != n || memcmp(due, again, (size_t)n * sizeof(*due)) != 0);
    free(again);
    free(due);
}

static void test_config_limits(void)
{
    struct load_config good;
    struct qv_error err;
    load_config_default(&good);
    good.port = 80;
    CU_ASSERT(load_config_check(&good, &err));
#define REFUSED(field, value)                                                                                          \
    do {                                                                                                               \
        struct load_config bad = good;                                                                                 \
        bad.field = value;                                                                                             \
        err.text[0] = '\0';                                                                                            \
        CU_ASSERT(!load_config_check(&bad, &err));                                                                     \
        CU_ASSERT(strstr(err.text, "expected") != NULL);                                                               \
    } while (0)
    REFUSED(port, 0);
    REFUSED(rate, 0);
    REFUSED(rate, -5);
    REFUSED(rate, NAN);
    REFUSED(rate, 1e9);
    REFUSED(duration_ns, 0);
    REFUSED(duration_ns, UINT64_MAX / 2);
    REFUSED(timeout_ns, 0);
    REFUSED(timeout_ns, UINT64_MAX);
    REFUSED(connections, 0);
    REFUSED(connections, 1u << 20);
    REFUSED(page_bytes, 0);
    REFUSED(page_bytes, UINT32_MAX);
    REFUSED(arrivals, (enum load_arrivals)7);
}

static void test_httperf_command(void)
{
    struct load_config config;
    struct qv_error err;
    char **argv;
    load_config_default(&config);
    config.port = 8080;
    config.rate = 120;
    CU_ASSERT_EQUAL_FATAL(load_httperf_command(&config, &argv, &err), 0);
    static const char *const expected[] = {"httperf",
                                           "--hog",
                                           "--server",
                                           "127.0.0.1",
                                           "--port",
                                           "8080",
                                           "--uri",
                                           "/1024",
                                           "--num-conns",
                                           "1320",
                                           "--num-calls",
                                           "1",
                                           "--rate",
                                           "120",
                                           "--timeout",
                                           "5",
                                           "--print-request=header",
                                           "--print-reply=header"};
    size_t n = sizeof(expected) / sizeof(expected[0]);
    for (size_t i = 0; i < n; i++)
        CU_ASSERT_STRING_EQUAL(argv[i], expected[i]);
    CU_ASSERT_PTR_NULL(argv[n]);
    free(argv);
    config.arrivals = LOAD_POISSON;
    CU_ASSERT_EQUAL_FATAL(load_httperf_command(&config, &argv, &err), 0);
    CU_ASSERT_STRING_EQUAL(argv[12], "--period");
    CU_ASSERT_STRING_EQUAL(argv[13], "e0.008333333");
    free(argv);
    config.rate = 1000;
    CU_ASSERT_EQUAL(load_httperf_command(&config, &argv, &err), -E2BIG);
    CU_ASSERT_PTR_NULL(argv);
}

static void test_httperf_lines(void)
{
    struct load_record record[5];
    struct load_log log = {.record = record, .n = 5, .page_bytes = 1024, .rate = 10, .timeout_ns = 1000000000};
    log.end_ns = 500000000;
    log.warmup_ns = 50000000;
    httperf_begin(&log);
    httperf_line(&log, "httperf: warning: open file limit > FD_SETSIZE", 1);
    httperf_line(&log, "SH0:GET /1024 HTTP/1.1", 1);
    httperf_line(&log, "SS0: header 66 content 0", 2000000);
    httperf_line(&log, "SS1: header 66 content 0", 100000000);
    httperf_line(&log, "RH1:HTTP/1.0 200 OK", 101000000);
    httperf_line(&log, "RH1:Content-Length: 1024", 109000000);
    httperf_line(&log, "RS1: header 202 content 1024 footer 0", 102000000);
    httperf_line(&log, "SS2: header 66 content 0", 200000000);
    httperf_line(&log, "RH2:HTTP/1.0 200 OK", 201000000);
    httperf_line(&log, "RS2: header 202 content 1023 footer 0", 202000000);
    httperf_line(&log, "SS3: header 66 content 0", 300000000);
    httperf_line(&log, "RH3:HTTP/1.1 503 Busy", 301000000);
    httperf_line(&log, "RS3: header 20 content 0 footer 0", 302000000);
    httperf_line(&log, "SS99: header 66 content 0", 1);
    httperf_line(&log, "SS: header", 1);
    httperf_line(&log, "Total: connections 5 requests 4 replies 3 test-duration 0.512 s", 1);
    httperf_line(&log, "Connection time [ms]: min 1.6 avg 4.9 max 11.3 median 1.5 stddev 5.6", 1);
    httperf_line(&log, "Reply rate [replies/s]: min 0.0 avg 7.5 max 0.0 stddev 0.0 (0 samples)", 1);
    httperf_line(&log, "Reply time [ms]: response 4.5 transfer 0.2", 1);
    httperf_line(&log, "Errors: total 2 client-timo 1 socket-timo 0 connrefused 1 connreset 0", 1);
    httperf_end(&log);
    CU_ASSERT_EQUAL(record[0].index, 0);
    CU_ASSERT_EQUAL(record[0].cls, LOAD_TIMEOUT);
    CU_ASSERT_EQUAL(record[0].warmup, 1);
    CU_ASSERT_EQUAL(record[0].done_ns, 1002000000);
    CU_ASSERT_EQUAL(record[1].cls, LOAD_GOOD);
    CU_ASSERT_EQUAL(record[1].status, 200);
    CU_ASSERT_EQUAL(record[1].sent_ns, 100000000);
    CU_ASSERT_EQUAL(record[1].first_ns, 101000000);
    CU_ASSERT_EQUAL(record[1].done_ns, 102000000);
    CU_ASSERT_EQUAL(record[1].warmup, 0);
    CU_ASSERT_EQUAL(record[2].cls, LOAD_WRONG_BODY);
    CU_ASSERT_EQUAL(record[3].cls, LOAD_BAD_STATUS);
    CU_ASSERT_EQUAL(record[4].cls, LOAD_REFUSED);
    CU_ASSERT_EQUAL(record[4].intended_ns, 400000000);
    CU_ASSERT(log.printed && log.summary.present);
    CU_ASSERT_DOUBLE_EQUAL(log.summary.reply_rate_avg, 7.5, 0);
    CU_ASSERT_DOUBLE_EQUAL(log.summary.connect_ms_median, 1.5, 0);
    CU_ASSERT_DOUBLE_EQUAL(log.summary.duration_s, 0.512, 0);
}

static const struct unit_test tests[] = {
    {"page contents", test_page},
    {"good reply, cut anywhere", test_good_reply},
    {"wrong bodies", test_wrong_bodies},
    {"reply without length", test_reply_without_length},
    {"what is no reply", test_invalid_replies},
    {"constant arrivals", test_constant_schedule},
    {"Poisson arrivals", test_poisson_schedule},
    {"limits of the configuration", test_config_limits},
    {"httperf's command line", test_httperf_command},
    {"httperf's output", test_httperf_lines},
};

int main(void)
{
    return unit_run("load: parsing and schedule", tests, sizeof(tests) / sizeof(tests[0]));
}
