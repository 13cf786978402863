/* SPDX-License-Identifier: MIT */
/* Statistics, histogram, sums, names, the outcome table, numbers as text, and the clock map. */
#include <math.h>
#include <string.h>

#include "analysis/clock_map.h"
#include "analysis/names.h"
#include "analysis/outcome.h"
#include "analysis/sha256.h"
#include "analysis/stats.h"
#include "analysis/text.h"
#include "qv/draw.h"
#include "qv/fault.h"
#include "qv/histogram.h"
#include "qv/trace.h"
#include "unit.h"

static void test_percentiles(void)
{
    double v[1000];
    for (int i = 0; i < 1000; i++)
        v[i] = i + 1;
    CU_ASSERT_EQUAL(stats_percentile(v, 1000, 50), 500);
    CU_ASSERT_EQUAL(stats_percentile(v, 1000, 90), 900);
    CU_ASSERT_EQUAL(stats_percentile(v, 1000, 99), 990);
    CU_ASSERT_EQUAL(stats_percentile(v, 1000, 99.9), 999);
    CU_ASSERT_EQUAL(stats_percentile(v, 1000, 100), 1000);
    CU_ASSERT_EQUAL(stats_percentile(v, 1000, 0.001), 1);
    CU_ASSERT_EQUAL(stats_percentile(v, 10, 99), 10);
    CU_ASSERT_EQUAL(stats_percentile(v, 1, 50), 1);
    CU_ASSERT_EQUAL(stats_percentile(v, 0, 50), 0);
    CU_ASSERT_EQUAL(stats_median(v, 1000), 500.5);
    CU_ASSERT_EQUAL(stats_median(v, 3), 2);
    CU_ASSERT_EQUAL(stats_quantile(v, 5, 0.25), 2);
    CU_ASSERT_DOUBLE_EQUAL(stats_quantile(v, 4, 0.25), 1.75, 1e-12);
    CU_ASSERT_EQUAL(stats_quantile(v, 4, 1), 4);
}

static void test_summary(void)
{
    double v[] = {9, 2, 4, 4, 5, 5, 7, 4};
    struct stats_summary s;
    CU_ASSERT(stats_summarise(v, 8, &s));
    CU_ASSERT_EQUAL(s.n, 8);
    CU_ASSERT_EQUAL(s.min, 2);
    CU_ASSERT_EQUAL(s.max, 9);
    CU_ASSERT_EQUAL(s.median, 4.5);
    CU_ASSERT_EQUAL(s.mean, 5);
    CU_ASSERT_DOUBLE_EQUAL(s.sd, 2.13809, 1e-5);
    CU_ASSERT_EQUAL(v[0], 9); /* the caller's order stays */
    CU_ASSERT(!stats_summarise(v, 0, &s));
    v[3] = NAN;
    CU_ASSERT(!stats_summarise(v, 8, &s));
    /* Large offset, small spread: the naive formula would lose all digits. */
    double ticks[] = {1e15 + 1, 1e15 + 2, 1e15 + 3};
    CU_ASSERT(stats_summarise(ticks, 3, &s));
    CU_ASSERT_DOUBLE_EQUAL(s.sd, 1, 1e-9);
}

static void test_wilson(void)
{
    /* Values of the closed formula, as printed in the reference on fault-injection campaigns. */
    struct stats_interval w = stats_wilson(428, 617, 0.95);
    CU_ASSERT_DOUBLE_EQUAL(w.low, 0.656, 0.0006);
    CU_ASSERT_DOUBLE_EQUAL(w.high, 0.729, 0.0006);
    w = stats_wilson(313, 317, 0.95);
    CU_ASSERT_DOUBLE_EQUAL(w.low, 0.968, 0.0006);
    CU_ASSERT_DOUBLE_EQUAL(w.high, 0.995, 0.0006);
    w = stats_wilson(0, 20, 0.95);
    CU_ASSERT_EQUAL(w.low, 0);
    CU_ASSERT_DOUBLE_EQUAL(w.high, 0.1611, 0.0002);
    w = stats_wilson(20, 20, 0.95);
    CU_ASSERT_EQUAL(w.high, 1);
    CU_ASSERT_DOUBLE_EQUAL(w.low, 0.8389, 0.0002);
    w = stats_wilson(0, 0, 0.95);
    CU_ASSERT(w.low == 0 && w.high == 1);
    CU_ASSERT_DOUBLE_EQUAL(stats_normal_quantile(0.975), 1.959963985, 1e-8);
    CU_ASSERT_DOUBLE_EQUAL(stats_normal_quantile(0.5), 0, 1e-12);
}

static void test_bootstrap(void)
{
    double v[101];
    for (int i = 0; i < 101; i++)
        v[i] = (double)((i * 37) % 101);
    struct stats_interval a = stats_bootstrap_median(v, 101, 5, 1000, 0.95);
    struct stats_interval b = stats_bootstrap_median(v, 101, 5, 1000, 0.95);
    struct stats_interval c = stats_bootstrap_median(v, 101, 6, 1000, 0.95);
    CU_ASSERT(a.low == b.low && a.high == b.high);
    CU_ASSERT(a.low < 50 && a.high > 50);
    /* The normal approximation of a median's interval: 50 +- 1.96 * 1.2533 * 29.3 / sqrt(101) = 50 +- 7.2, wider for a
     * flat distribution (+- 9.9). */
    CU_ASSERT(a.low > 35 && a.high < 65);
    CU_ASSERT(fabs(a.low - c.low) < 5);
    double one = 7;
    a = stats_bootstrap_median(&one, 1, 1, 100, 0.95);
    CU_ASSERT(a.low == 7 && a.high == 7);
    a = stats_bootstrap_median(&one, 0, 1, 100, 0.95);
    CU_ASSERT(a.low == 0 && a.high == 0);
}

static void test_histogram_buckets(void)
{
    /* Every bucket's edges fall into it, and the next value into the next one. */
    for (uint32_t i = 0; i < QV_HIST_BUCKETS; i++) {
        CU_ASSERT_EQUAL(qv_hist_index(qv_hist_low(i)), i);
        CU_ASSERT_EQUAL(qv_hist_index(qv_hist_high(i)), i);
        if (i + 1 < QV_HIST_BUCKETS)
            CU_ASSERT_EQUAL(qv_hist_high(i) + 1, qv_hist_low(i + 1));
        if (qv_hist_low(i) >= 32)
            CU_ASSERT((double)(qv_hist_high(i) - qv_hist_low(i)) / (double)qv_hist_low(i) < 1.0 / 32 + 1e-12);
    }
    CU_ASSERT_EQUAL(qv_hist_index(0), 0);
    CU_ASSERT_EQUAL(qv_hist_index(UINT64_MAX), QV_HIST_BUCKETS - 1);
}

static void test_histogram_quantiles(void)
{
    static struct qv_histogram h;
    static struct qv_histogram other;
    static double v[20000];
    qv_hist_init(&h);
    qv_hist_init(&other);
    CU_ASSERT_EQUAL(qv_hist_quantile(&h, 500000), 0);
    for (size_t i = 0; i < 20000; i++) {
        uint64_t x = qv_draw(3, i) >> (24 + qv_draw_below(4, i, 30));
        v[i] = (double)x;
        qv_hist_add(i % 2 == 0 ? &h : &other, x);
    }
    qv_hist_merge(&h, &other);
    stats_sort(v, 20000);
    CU_ASSERT_EQUAL(h.count, 20000);
    CU_ASSERT_EQUAL((double)h.min, v[0]);
    CU_ASSERT_EQUAL((double)h.max, v[19999]);
    static const uint32_t ppm[] = {1, 10000, 250000, 500000, 900000, 990000, 999000, 1000000};
    for (size_t i = 0; i < sizeof(ppm) / sizeof(ppm[0]); i++) {
        double exact = stats_percentile(v, 20000, ppm[i] / 1e4);
        double got = (double)qv_hist_quantile(&h, ppm[i]);
        CU_ASSERT(got >= exact); /* never flatters */
        CU_ASSERT(got <= exact * (1 + 1.0 / 32) + 1);
    }
    CU_ASSERT_EQUAL(qv_hist_quantile(&h, 1000000), h.max);
}

static void test_sums(void)
{
    static const char nine[] = "123456789";
    struct sha256 s;
    uint8_t digest[SHA256_BYTES];
    char hex[65];
    CU_ASSERT_EQUAL(qv_crc32(0, nine, 9), 0xcbf43926u);
    CU_ASSERT_EQUAL(qv_crc32(qv_crc32(0, nine, 4), nine + 4, 5), 0xcbf43926u);
    sha256_init(&s);
    sha256_update(&s, "abc", 3);
    sha256_final(&s, digest);
    sha256_hex(digest, hex);
    CU_ASSERT_STRING_EQUAL(hex, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    sha256_init(&s);
    sha256_final(&s, digest);
    sha256_hex(digest, hex);
    CU_ASSERT_STRING_EQUAL(hex, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    /* A million times 'a', in pieces of all sizes. */
    static char a[1000];
    memset(a, 'a', sizeof(a));
    sha256_init(&s);
    size_t left = 1000000;
    for (size_t piece = 1; left > 0; piece = piece % 997 + 1) {
        size_t n = piece < left ? piece : left;
        sha256_update(&s, a, n);
        left -= n;
    }
    sha256_final(&s, digest);
    sha256_hex(digest, hex);
    CU_ASSERT_STRING_EQUAL(hex, "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
    struct qv_error err;
    CU_ASSERT(sha256_file("/nonexistent/file", hex, &err) < 0);
    CU_ASSERT(strstr(err.text, "/nonexistent/file") != NULL);
}

static void test_names(void)
{
    CU_ASSERT_STRING_EQUAL(qv_fault_name(QV_FAULT_DESC_ADDRESS), "desc-address");
    CU_ASSERT_STRING_EQUAL(qv_phase_name(QV_PHASE_IPI_ROUND_TRIP), "ipi_round_trip");
    CU_ASSERT_STRING_EQUAL(qv_phase_name(4711), "unknown");
    CU_ASSERT_EQUAL(qv_policy_by_name("remote"), QV_POLICY_REMOTE);
    CU_ASSERT_EQUAL(qv_policy_by_name("unknown"), -1);
    CU_ASSERT_EQUAL(qv_exit_by_name("nested-page"), 2);
    CU_ASSERT_PTR_NULL(qv_trace_meaning_a(12345));
    CU_ASSERT_PTR_NOT_NULL(qv_trace_meaning_b(QV_TRACE_END));
    for (uint32_t i = 0; i < QV_FAULT_MODEL_COUNT; i++)
        CU_ASSERT_EQUAL(qv_fault_by_name(qv_fault_name(i)), (int)i);
    for (int i = 0; i < QV_OUTCOME_COUNT; i++)
        CU_ASSERT_EQUAL(outcome_by_name(outcome_name((enum qv_outcome)i)), i);
    CU_ASSERT_EQUAL(outcome_by_name("fine"), -1);
}

#define RUNS (FACT_FAULT_PLANNED | FACT_ACTIVATED | FACT_SERVICE_UP)

static void test_outcomes(void)
{
    static const struct {
        uint32_t facts;
        enum qv_outcome outcome;
    } cases[] = {
        {FACT_SERVICE_UP, QV_OUTCOME_NO_FAULT},
        {FACT_SERVICE_UP | FACT_SERVICE_WORSE, QV_OUTCOME_DEGRADED},
        {0, QV_OUTCOME_HANG},
        {FACT_SERVICE_UP | FACT_DETECTED | FACT_EARLY_DETECTION, QV_OUTCOME_FALSE_ALARM},
        {FACT_SERVICE_UP | FACT_DETECTED, QV_OUTCOME_FALSE_ALARM},
        {RUNS | FACT_DETECTED | FACT_RECOVERED_LOCAL | FACT_EARLY_DETECTION, QV_OUTCOME_FALSE_ALARM},
        {FACT_FAULT_PLANNED | FACT_SERVICE_UP, QV_OUTCOME_NOT_ACTIVATED},
        {FACT_FAULT_PLANNED, QV_OUTCOME_HANG},
        {RUNS, QV_OUTCOME_MASKED},
        {RUNS | FACT_STATE_DIFFERS, QV_OUTCOME_LATENT},
        {RUNS | FACT_SERVICE_WORSE, QV_OUTCOME_DEGRADED},
        {RUNS | FACT_SERVICE_WORSE | FACT_STATE_DIFFERS, QV_OUTCOME_DEGRADED},
        {RUNS | FACT_DETECTED, QV_OUTCOME_CONTAINED},
        {RUNS | FACT_DETECTED | FACT_STOPPED, QV_OUTCOME_CONTAINED},
        {(RUNS & ~FACT_SERVICE_UP) | FACT_DETECTED | FACT_STOPPED, QV_OUTCOME_CONTAINED},
        {(RUNS & ~FACT_SERVICE_UP) | FACT_DETECTED, QV_OUTCOME_HANG},
        {RUNS & ~FACT_SERVICE_UP, QV_OUTCOME_HANG},
        {(RUNS & ~FACT_SERVICE_UP) | FACT_DETECTED | FACT_RECOVERED_LOCAL, QV_OUTCOME_HANG},
        {RUNS | FACT_DETECTED | FACT_RECOVERED_LOCAL, QV_OUTCOME_RECOVERED_LOCAL},
        {RUNS | FACT_DETECTED | FACT_RECOVERED_LOCAL | FACT_SERVICE_WORSE, QV_OUTCOME_RECOVERED_LOCAL},
        {RUNS | FACT_DETECTED | FACT_RECOVERED_REMOTE | FACT_STOPPED, QV_OUTCOME_RECOVERED_REMOTE},
        {RUNS | FACT_DETECTED | FACT_RECOVERED_LOCAL | FACT_RECOVERED_REMOTE, QV_OUTCOME_RECOVERED_REMOTE},
        {RUNS | FACT_DETECTED | FACT_RECOVERED_RESTART, QV_OUTCOME_RECOVERED_RESTART},
        {RUNS | FACT_DETECTED | FACT_REPAIRED, QV_OUTCOME_REPAIRED_IN_PLACE},
        {RUNS | FACT_DETECTED | FACT_REPAIRED | FACT_SERVICE_WORSE, QV_OUTCOME_REPAIRED_IN_PLACE},
        {RUNS | FACT_DETECTED | FACT_REPAIRED | FACT_RECOVERED_LOCAL, QV_OUTCOME_RECOVERED_LOCAL},
        {RUNS | FACT_DETECTED | FACT_REPAIRED | FACT_STOPPED, QV_OUTCOME_CONTAINED},
        {(RUNS & ~FACT_SERVICE_UP) | FACT_DETECTED | FACT_REPAIRED, QV_OUTCOME_HANG},
        {RUNS | FACT_DETECTED | FACT_RECOVERED_RESTART | FACT_GAVE_UP, QV_OUTCOME_GAVE_UP},
        {RUNS | FACT_DETECTED | FACT_RECOVERED_LOCAL | FACT_WRONG_OUTPUT, QV_OUTCOME_SILENT_WRONG_OUTPUT},
        {RUNS | FACT_WRONG_OUTPUT | FACT_OTHERS_DEAD, QV_OUTCOME_SYSTEM_FAILURE},
        {RUNS | FACT_MACHINE_DIED, QV_OUTCOME_SYSTEM_FAILURE},
        {RUNS | FACT_MACHINE_DIED | FACT_MONITOR_FAILED, QV_OUTCOME_MONITOR_FAILURE},
        {RUNS | FACT_DETECTED | FACT_RECOVERED_LOCAL | FACT_BREACH, QV_OUTCOME_ISOLATION_BREACH},
        {RUNS | FACT_BREACH | FACT_MONITOR_FAILED, QV_OUTCOME_ISOLATION_BREACH},
        {RUNS | FACT_BREACH | FACT_HARNESS_ERROR, QV_OUTCOME_HARNESS_ERROR},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        enum qv_outcome got = outcome_classify(cases[i].facts);
        if (got != cases[i].outcome)
            printf("case %zu: %s, expected %s\n", i, outcome_name(got), outcome_name(cases[i].outcome));
        CU_ASSERT_EQUAL(got, cases[i].outcome);
    }
}

/* Properties that hold for every one of the 2^19 sets of facts. */
static void test_all_outcomes(void)
{
    size_t seen[QV_OUTCOME_COUNT] = {0};
    size_t wrong = 0;
    for (uint32_t facts = 0; facts < 1u << 19; facts++) {
        enum qv_outcome o = outcome_classify(facts);
        seen[o]++;
        bool recovered = o == QV_OUTCOME_RECOVERED_LOCAL || o == QV_OUTCOME_RECOVERED_REMOTE ||
                         o == QV_OUTCOME_RECOVERED_RESTART || o == QV_OUTCOME_REPAIRED_IN_PLACE;
        bool harmless = recovered || o == QV_OUTCOME_MASKED || o == QV_OUTCOME_NO_FAULT || o == QV_OUTCOME_LATENT ||
                        o == QV_OUTCOME_NOT_ACTIVATED;
        wrong += (o == QV_OUTCOME_HARNESS_ERROR) != ((facts & FACT_HARNESS_ERROR) != 0);
        wrong += harmless && (facts & (FACT_BREACH | FACT_MONITOR_FAILED | FACT_MACHINE_DIED | FACT_OTHERS_DEAD |
                                       FACT_WRONG_OUTPUT)) != 0;
        wrong += harmless && (facts & FACT_SERVICE_UP) == 0;
        wrong += (recovered || o == QV_OUTCOME_MASKED || o == QV_OUTCOME_LATENT || o == QV_OUTCOME_CONTAINED ||
                  o == QV_OUTCOME_GAVE_UP) &&
                 (facts & FACT_ACTIVATED) == 0;
        wrong += o == QV_OUTCOME_NO_FAULT && (facts & (FACT_FAULT_PLANNED | FACT_DETECTED)) != 0;
    }
    CU_ASSERT_EQUAL(wrong, 0);
    for (int i = 0; i < QV_OUTCOME_COUNT; i++)
        CU_ASSERT(seen[i] > 0);
}

static void test_text(void)
{
    char t[32];
    CU_ASSERT_STRING_EQUAL(text_count(t, sizeof(t), 0), "0");
    CU_ASSERT_STRING_EQUAL(text_count(t, sizeof(t), 999), "999");
    CU_ASSERT_STRING_EQUAL(text_count(t, sizeof(t), 1000), "1,000");
    CU_ASSERT_STRING_EQUAL(text_count(t, sizeof(t), -14500000), "-14,500,000");
    CU_ASSERT_STRING_EQUAL(text_count(t, sizeof(t), NAN), "-");
    CU_ASSERT_STRING_EQUAL(text_count(t, 4, 1234567), "1,2");
    CU_ASSERT_STRING_EQUAL(text_ms(t, sizeof(t), 0), "0 ms");
    CU_ASSERT_STRING_EQUAL(text_ms(t, sizeof(t), 0.000270), "270 ns");
    CU_ASSERT_STRING_EQUAL(text_ms(t, sizeof(t), 0.0032), "3.20 µs");
    CU_ASSERT_STRING_EQUAL(text_ms(t, sizeof(t), 0.9999), "1.00 ms");
    CU_ASSERT_STRING_EQUAL(text_ms(t, sizeof(t), 58.34), "58.3 ms");
    CU_ASSERT_STRING_EQUAL(text_ms(t, sizeof(t), 3945), "3.94 s");
    CU_ASSERT_EQUAL(text_width("3.20 µs"), 7);
}

static void test_clock_map(void)
{
    static struct clock_map map;
    uint64_t ns = 0;
    clock_map_init(&map, 1000000000u);
    CU_ASSERT(!clock_map_to_host(&map, 5, &ns));
    /* The guest's clock runs 0.1 % fast against its own word and its samples come up to 2 ms late. */
    for (uint64_t i = 0; i < 40000; i++) {
        double host_s = (double)i * 0.00025;
        uint64_t tsc = (uint64_t)(7e9 + host_s * 1.001e9);
        double seen_s = 100 + host_s + 0.002 * (double)qv_draw_below(9, i, 1000) / 1000;
        clock_map_sample(&map, (uint64_t)(seen_s * 1e9), tsc);
    }
    CU_ASSERT(map.n > 30);
    double worst = 0;
    for (double host_s = 0.2; host_s < 9.8; host_s += 0.0137) {
        CU_ASSERT(clock_map_to_host(&map, (uint64_t)(7e9 + host_s * 1.001e9), &ns));
        double error = (double)ns / 1e9 - 100 - host_s;
        worst = fmax(worst, fabs(error));
    }
    /* One offset for the whole run would be wrong by up to 10 ms; here the drift of half a window remains. */
    CU_ASSERT(worst < 0.0005);
    /* An older stamp seen again changes nothing. */
    size_t n = map.n;
    clock_map_sample(&map, 1, 7000000000u);
    CU_ASSERT_EQUAL(map.n, n);
}

static const struct unit_test tests[] = {
    {"percentiles and quartiles", test_percentiles},
    {"summary", test_summary},
    {"Wilson interval", test_wilson},
    {"bootstrap", test_bootstrap},
    {"histogram: buckets", test_histogram_buckets},
    {"histogram: quantiles against exact ones", test_histogram_quantiles},
    {"CRC-32 and SHA-256", test_sums},
    {"names", test_names},
    {"outcomes, one by one", test_outcomes},
    {"outcomes, all sets of facts", test_all_outcomes},
    {"numbers as text", test_text},
    {"clock map", test_clock_map},
};

int main(void)
{
    return unit_run("analysis: statistics and judgement", tests, sizeof(tests) / sizeof(tests[0]));
}
