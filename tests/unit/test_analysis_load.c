/* SPDX-License-Identifier: MIT */
/* Figures of a load: classes, percentiles, outage, bins; requests.csv there and back; a client sandbox's records. */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/load_log.h"
#include "qv/draw.h"
#include "test_analysis_fixture.h"
#include "unit.h"

#define MS 1000000ull

/* n requests, one each ms, each answered after `latency_ms`. */
static struct load_log make_log(size_t n, double latency_ms)
{
    struct load_log log;
    load_log_init(&log);
    log.record = calloc(n + 1, sizeof(*log.record));
    if (log.record == NULL)
        abort();
    log.n = n;
    log.rate = 1000;
    log.end_ns = n * MS;
    for (size_t i = 0; i < n; i++)
        log.record[i] = (struct load_record){.intended_ns = i * MS,
                                             .sent_ns = i * MS + MS / 10,
                                             .first_ns = i * MS + MS / 5,
                                             .done_ns = i * MS + (uint64_t)(latency_ms * 1e6),
                                             .index = (uint32_t)i,
                                             .status = 200};
    return log;
}

static void test_counts(void)
{
    struct load_log log = make_log(1000, 0.5);
    struct load_stats s;
    struct qv_error err;
    log.warmup_ns = 100 * MS;
    log.record[50].cls = LOAD_WRONG_BODY; /* in the warm-up: counts nowhere but in wrong_ever */
    log.record[200].cls = LOAD_BAD_STATUS;
    log.record[300].cls = LOAD_WRONG_BODY;
    log.record[400].cls = LOAD_TIMEOUT;
    log.record[500].cls = LOAD_LOST;
    log.record[500].done_ns = LOAD_NEVER;
    log.record[600].cls = LOAD_REFUSED;
    log.record[600].sent_ns = LOAD_NEVER;
    log.record[700].cls = LOAD_NOT_SENT;
    log.record[700].sent_ns = LOAD_NEVER;
    CU_ASSERT_EQUAL(load_stats_of(&log, &s, &err), 0);
    CU_ASSERT_EQUAL(s.intended, 900);
    CU_ASSERT_EQUAL(s.sent, 899);
    CU_ASSERT_EQUAL(s.good, 894);
    CU_ASSERT_EQUAL(s.errors, 3);
    CU_ASSERT_EQUAL(s.lost, 2);
    CU_ASSERT_EQUAL(s.sent, s.good + s.errors + s.lost);
    CU_ASSERT_EQUAL(s.by_class[LOAD_WRONG_BODY], 1);
    CU_ASSERT_EQUAL(s.by_class[LOAD_NOT_SENT], 1);
    CU_ASSERT_EQUAL(s.wrong_ever, 2);
    CU_ASSERT_DOUBLE_EQUAL(s.duration_s, 0.9, 1e-12);
    CU_ASSERT_DOUBLE_EQUAL(s.good_rate, 894 / 0.9, 1e-9);
    load_log_free(&log);
}

static void test_latencies(void)
{
    struct load_log log = make_log(1000, 1);
    struct load_stats s;
    struct qv_error err;
    /* The i-th largest latency is known: 1000 different ones, shuffled. */
    for (size_t i = 0; i < 1000; i++)
        log.record[i].done_ns = log.record[i].intended_ns + ((i * 617) % 1000 + 1) * MS;
    CU_ASSERT_EQUAL(load_stats_of(&log, &s, &err), 0);
    CU_ASSERT_DOUBLE_EQUAL(s.latency_min, 1, 1e-9);
    CU_ASSERT_DOUBLE_EQUAL(s.latency_p50, 500, 1e-9);
    CU_ASSERT_DOUBLE_EQUAL(s.latency_p90, 900, 1e-9);
    CU_ASSERT_DOUBLE_EQUAL(s.latency_p99, 990, 1e-9);
    CU_ASSERT_DOUBLE_EQUAL(s.latency_p999, 999, 1e-9);
    CU_ASSERT_DOUBLE_EQUAL(s.latency_max, 1000, 1e-9);
    CU_ASSERT_DOUBLE_EQUAL(s.latency_mean, 500.5, 1e-9);
    CU_ASSERT_DOUBLE_EQUAL(s.answer_max, 999.9, 1e-9);
    CU_ASSERT_DOUBLE_EQUAL(s.late_max_ms, 0.1, 1e-9);
    load_log_free(&log);
}

/* No replies from 400 to 460 ms; what was due then is answered at once at 460. */
static void test_outage(void)
{
    struct load_log log = make_log(1000, 0.5);
    struct load_stats s;
    struct qv_error err;
    for (size_t i = 400; i < 460; i++)
        log.record[i].done_ns = 460 * MS + i * 10;
    CU_ASSERT_EQUAL(load_stats_of(&log, &s, &err), 0);
    CU_ASSERT_DOUBLE_EQUAL(s.outage_start_ms, 399.5, 1e-9);
    CU_ASSERT_DOUBLE_EQUAL(s.outage_end_ms, 460.004, 1e-9);
    CU_ASSERT_DOUBLE_EQUAL(s.outage_ms, 60.504, 1e-9);
    CU_ASSERT(!s.outage_open);
    CU_ASSERT(s.latency_max >= 60);
    /* A part of the load ends where it ends: what came back later is not its affair. */
    CU_ASSERT_EQUAL(load_stats_window(&log, 0, 420 * MS, &s, &err), 0);
    CU_ASSERT_DOUBLE_EQUAL(s.outage_ms, 20.5, 1e-9);
    CU_ASSERT(s.outage_open);
    CU_ASSERT_EQUAL(s.intended, 420);
    CU_ASSERT_EQUAL(load_stats_of(&log, &s, &err), 0);
    /* Errors in between are no replies; a single good one splits the gap. */
    log.record[430].cls = LOAD_RESET;
    log.record[430].done_ns = 430 * MS;
    CU_ASSERT_EQUAL(load_stats_of(&log, &s, &err), 0);
    CU_ASSERT_DOUBLE_EQUAL(s.outage_ms, 60.504, 1e-9);
    log.record[430].cls = LOAD_GOOD;
    CU_ASSERT_EQUAL(load_stats_of(&log, &s, &err), 0);
    CU_ASSERT_DOUBLE_EQUAL(s.outage_ms, 30.5, 1e-9);
    load_log_free(&log);
}

/* What happened in the warm-up is no outage; a gap across its end counts from its end. */
static void test_outage_in_warmup(void)
{
    struct load_log log = make_log(1000, 0.5);
    struct load_stats s;
    struct qv_error err;
    for (size_t i = 100; i < 200; i++)
        log.record[i].cls = LOAD_RESET;
    log.warmup_ns = 300 * MS;
    CU_ASSERT_EQUAL(load_stats_of(&log, &s, &err), 0);
    CU_ASSERT_DOUBLE_EQUAL(s.outage_ms, 1, 1e-9);
    log.warmup_ns = 150 * MS;
    CU_ASSERT_EQUAL(load_stats_of(&log, &s, &err), 0);
    CU_ASSERT_DOUBLE_EQUAL(s.outage_ms, 50.5, 1e-9);
    load_log_free(&log);
}

/* A service that never comes back, one that is not there at first, and none at all. */
static void test_outage_borders(void)
{
    struct load_log log = make_log(1000, 0.5);
    struct load_stats s;
    struct qv_error err;
    for (size_t i = 700; i < 1000; i++)
        log.record[i].cls = LOAD_TIMEOUT;
    CU_ASSERT_EQUAL(load_stats_of(&log, &s, &err), 0);
    CU_ASSERT_DOUBLE_EQUAL(s.outage_ms, 300.5, 1e-9);
    CU_ASSERT(s.outage_open);
    for (size_t i = 0; i < 400; i++)
        log.record[i].cls = LOAD_REFUSED;
    CU_ASSERT_EQUAL(load_stats_of(&log, &s, &err), 0);
    CU_ASSERT_DOUBLE_EQUAL(s.outage_ms, 400.5, 1e-9);
    CU_ASSERT(!s.outage_open);
    log.warmup_ns = 500 * MS;
    CU_ASSERT_EQUAL(load_stats_of(&log, &s, &err), 0);
    CU_ASSERT_DOUBLE_EQUAL(s.outage_ms, 300.5, 1e-9);
    for (size_t i = 400; i < 700; i++)
        log.record[i].cls = LOAD_LOST;
    CU_ASSERT_EQUAL(load_stats_of(&log, &s, &err), 0);
    CU_ASSERT_DOUBLE_EQUAL(s.outage_ms, 500, 1e-9);
    CU_ASSERT(s.outage_open && !s.has_latency);
    CU_ASSERT_EQUAL(s.last_good_ns, 0);
    load_log_free(&log);
    struct load_log empty;
    load_log_init(&empty);
    CU_ASSERT_EQUAL(load_stats_of(&empty, &s, &err), 0);
    CU_ASSERT_EQUAL(s.sent, 0);
}

static void test_bins(void)
{
    struct load_log log = make_log(1000, 0.5);
    struct load_bin *bin;
    struct qv_error err;
    log.record[55].cls = LOAD_RESET;
    log.record[56].cls = LOAD_TIMEOUT;
    log.record[56].done_ns = 6000 * MS; /* given up then, but due in bin 5 */
    log.record[57].cls = LOAD_LOST;
    log.record[57].done_ns = LOAD_NEVER;
    log.record[58].done_ns = 1234 * MS; /* after the schedule's end: still has its bin */
    log.record[59].cls = LOAD_NOT_SENT;
    log.record[59].sent_ns = LOAD_NEVER;
    long n = load_bins(&log, 10, &bin, &err);
    CU_ASSERT_EQUAL_FATAL(n, 124);
    CU_ASSERT_EQUAL(bin[5].intended, 10);
    CU_ASSERT_EQUAL(bin[5].sent, 9);
    CU_ASSERT_EQUAL(bin[5].good, 5);
    CU_ASSERT_EQUAL(bin[5].errors, 1);
    CU_ASSERT_EQUAL(bin[5].lost, 2);
    CU_ASSERT_EQUAL(bin[123].good, 1);
    CU_ASSERT_DOUBLE_EQUAL(bin[123].latency_max_ms, 1176, 1e-9);
    CU_ASSERT_DOUBLE_EQUAL(bin[4].latency_max_ms, 0.5, 1e-9);
    CU_ASSERT(isnan(bin[110].latency_max_ms));
    uint32_t intended = 0;
    uint32_t good = 0;
    for (long i = 0; i < n; i++) {
        CU_ASSERT_EQUAL(bin[i].t_ms, 10.0 * (double)i);
        intended += bin[i].intended;
        good += bin[i].good;
    }
    CU_ASSERT_EQUAL(intended, 1000);
    CU_ASSERT_EQUAL(good, 996);
    free(bin);
    CU_ASSERT_EQUAL(load_bins(&log, 0, &bin, &err), -EINVAL);
    CU_ASSERT_EQUAL(load_bins(&log, 1e-9, &bin, &err), -EINVAL);
    load_log_free(&log);
}

static void make_path(char path[32])
{
    strcpy(path, "/tmp/qv-load-XXXXXX");
    int fd = mkstemp(path);
    CU_ASSERT_FATAL(fd >= 0);
    fclose(fdopen(fd, "w"));
}

static void test_csv(void)
{
    struct fixture f;
    struct load_log back;
    struct qv_error err = {""};
    char path[32];
    fixture_make(&f, FIXTURE_REMOTE, 200, 10, 4000, 70, UINT64_MAX);
    f.log.record[7].first_ns = LOAD_NEVER;
    f.log.keepalive = true;
    f.log.late_max_ns = 12345;
    f.log.summary.present = true;
    f.log.summary.reply_ms_avg = 1.0 / 3;
    f.log.summary.errors_reset = NAN;
    make_path(path);
    CU_ASSERT_EQUAL(load_log_write_csv(&f.log, path, &err), 0);
    int code = load_log_read_csv(path, &back, &err);
    if (code != 0)
        printf("%s\n", err.text);
    CU_ASSERT_EQUAL_FATAL(code, 0);
    CU_ASSERT_EQUAL_FATAL(back.n, f.log.n);
    CU_ASSERT_EQUAL(memcmp(back.record, f.log.record, back.n * sizeof(*back.record)), 0);
    CU_ASSERT_EQUAL(back.seed, UINT64_MAX);
    CU_ASSERT_EQUAL(back.rate, f.log.rate);
    CU_ASSERT_EQUAL(back.epoch_ns, f.log.epoch_ns);
    CU_ASSERT_EQUAL(back.warmup_ns, f.log.warmup_ns);
    CU_ASSERT_EQUAL(back.end_ns, f.log.end_ns);
    CU_ASSERT_EQUAL(back.timeout_ns, f.log.timeout_ns);
    CU_ASSERT_EQUAL(back.page_bytes, f.log.page_bytes);
    CU_ASSERT_EQUAL(back.late_max_ns, 12345);
    CU_ASSERT(back.keepalive && !back.poisson && !back.printed && !back.guest_time);
    CU_ASSERT(back.summary.present && isnan(back.summary.errors_reset));
    CU_ASSERT_EQUAL(back.summary.reply_ms_avg, 1.0 / 3);
    load_log_free(&back);
    fixture_free(&f);
    remove(path);
}

static void test_csv_refuses(void)
{
    static const struct {
        const char *text;
        const char *line;
    } cases[] = {
        {"", ":0:"},
        {"# tool qv\n", ":1:"},
        {"# tool wrk\n", ":1:"},
        {"# colour blue\n", ":1:"},
        {"# rate fast\n", ":1:"},
        {"# seed 18446744073709551616\n", ":1:"},
        {"# qv-requests 2\n", ":1:"},
        {"# tool\n", ":1:"},
        {"index,intended\n", ":1:"},
        {"HEAD\n0,1.000,2.000,3.000,4.000,good,200\n", ":2:"},
        {"HEAD\n0,1.000,2.000,3.000,4.000,good,200,0,9\n", ":2:"},
        {"HEAD\n0,1.000,2.000,3.000,4.000,fine,200,0\n", ":2:"},
        {"HEAD\n0,1.00,2.000,3.000,4.000,good,200,0\n", ":2:"},
        {"HEAD\n0,1.000,2.000,3.000,4.000,good,70000,0\n", ":2:"},
        {"HEAD\n0,1.000,2.000,3.000,4.000,good,200,2\n", ":2:"},
        {"HEAD\n-1,1.000,2.000,3.000,4.000,good,200,0\n", ":2:"},
        {"HEAD\n0,1.000,2.000,3.000,4.000,good,200,0\n\n", ":3:"},
        {"HEAD\n0,99999999999999999999.000,2.000,3.000,4.000,good,200,0\n", ":2:"},
    };
    char path[32];
    make_path(path);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct load_log log;
        struct qv_error err = {""};
        FILE *out = fopen(path, "w");
        bool head = strncmp(cases[i].text, "HEAD", 4) == 0;
        fprintf(out, "%s%s", head ? "index,intended_us,sent_us,first_us,done_us,class,status,warmup" : "",
                cases[i].text + (head ? 4 : 0));
        fclose(out);
        CU_ASSERT_EQUAL(load_log_read_csv(path, &log, &err), -EINVAL);
        if (strstr(err.text, cases[i].line) == NULL)
            printf("case %zu: %s\n", i, err.text);
        CU_ASSERT(strstr(err.text, cases[i].line) != NULL);
        CU_ASSERT(log.record == NULL && log.n == 0);
    }
    remove(path);
}

static void test_from_trace(void)
{
    struct qv_trace_ring *ring = fixture_ring(3, QV_WRITER_SANDBOX, 64);
    struct load_log log;
    struct load_stats s;
    struct trace trace;
    struct qv_error err;
    size_t size;
    uint64_t ms = FIXTURE_HZ / 1000;
    for (uint64_t i = 0; i < 6; i++)
        fixture_put(ring, (100 + i * 10) * ms + ms, QV_TRACE_CLIENT_SEND, i, (100 + i * 10) * ms);
    fixture_put(ring, 103 * ms, QV_TRACE_CLIENT_DONE, 0, 0);
    fixture_put(ring, 113 * ms, QV_TRACE_CLIENT_DONE, 1, QV_CLIENT_RESET);
    fixture_put(ring, 123 * ms, QV_TRACE_CLIENT_DONE, 2, 77);
    fixture_put(ring, 133 * ms, QV_TRACE_CLIENT_DONE, 3, 0);
    fixture_put(ring, 143 * ms, QV_TRACE_CLIENT_DONE, 4, 0);
    fixture_put(ring, 144 * ms, QV_TRACE_CLIENT_DONE, 4, QV_CLIENT_RESET); /* only the first end counts */
    fixture_put(ring, 150 * ms, QV_TRACE_CLIENT_DONE, 99, 0);              /* of a request nobody sent */
    uint8_t *data = fixture_file(&ring, 1, &size);
    CU_ASSERT_EQUAL_FATAL(trace_decode(data, size, &trace, &err), 0);
    load_log_init(&log);
    log.rate = 100;
    log.warmup_ns = 5 * MS;
    CU_ASSERT_EQUAL_FATAL(load_log_from_trace(&log, &trace, &err), 0);
    CU_ASSERT(log.guest_time && log.tool == LOAD_TOOL_SANDBOX);
    CU_ASSERT_EQUAL(log.n, 6);
    CU_ASSERT_EQUAL(log.epoch_ns, 100 * MS);
    CU_ASSERT_EQUAL(log.record[0].warmup, 1);
    CU_ASSERT_EQUAL(log.record[1].intended_ns, 10 * MS);
    CU_ASSERT_EQUAL(log.record[1].sent_ns, 11 * MS);
    CU_ASSERT_EQUAL(log.record[1].cls, LOAD_RESET);
    CU_ASSERT_EQUAL(log.record[2].cls, LOAD_OTHER);
    CU_ASSERT_EQUAL(log.record[4].cls, LOAD_GOOD);
    CU_ASSERT_EQUAL(log.record[4].done_ns, 43 * MS);
    CU_ASSERT_EQUAL(log.record[5].cls, LOAD_LOST);
    CU_ASSERT_EQUAL(load_stats_of(&log, &s, &err), 0);
    CU_ASSERT_EQUAL(s.good, 2);
    CU_ASSERT_DOUBLE_EQUAL(s.latency_max, 3, 1e-9);
    load_log_free(&log);
    trace_free(&trace);
    free(data);
    free(ring);
    ring = fixture_ring(3, QV_WRITER_SANDBOX, 64);
    data = fixture_file(&ring, 1, &size);
    CU_ASSERT_EQUAL_FATAL(trace_decode(data, size, &trace, &err), 0);
    CU_ASSERT_EQUAL(load_log_from_trace(&log, &trace, &err), -ENOENT);
    load_log_free(&log);
    trace_free(&trace);
    free(data);
    free(ring);
}

static const struct unit_test tests[] = {
    {"counts", test_counts},
    {"latencies", test_latencies},
    {"outage", test_outage},
    {"outage and warm-up", test_outage_in_warmup},
    {"outage at the borders", test_outage_borders},
    {"bins", test_bins},
    {"requests.csv, there and back", test_csv},
    {"requests.csv, refused", test_csv_refuses},
    {"a client sandbox's load", test_from_trace},
};

int main(void)
{
    return unit_run("analysis: load", tests, sizeof(tests) / sizeof(tests[0]));
}
