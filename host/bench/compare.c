/* SPDX-License-Identifier: MIT */
/* Two reports side by side, if they measure the same in the same ticks. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/result_json.h"
#include "bench/report.h"
#include "qv/draw.h"

#define RESAMPLES 1000u
#define LEVEL     0.95
#define SEED      1u

/* Median of a resample of ascending values: which of them were drawn is counted, so nothing is sorted. */
static double resampled_median(const struct bench_row *row, uint32_t *count, uint64_t stream, uint32_t round)
{
    size_t n = row->n;
    memset(count, 0, n * sizeof(*count));
    for (size_t i = 0; i < n; i++)
        count[qv_draw_below(stream, (uint64_t)round * n + i, n)]++;
    size_t seen = 0, i = 0;
    while (seen + count[i] <= (n - 1) / 2)
        seen += count[i++];
    double low = row->value[i];
    while (seen + count[i] <= n / 2)
        seen += count[i++];
    return (low + row->value[i]) / 2;
}

bool bench_ratio(const struct bench_row *a, const struct bench_row *b, double *ratio, struct stats_interval *interval)
{
    size_t most = a->n > b->n ? a->n : b->n;
    if (a->n == 0 || b->n == 0 || !(a->s.median > 0))
        return false;
    uint32_t *count = malloc(most * sizeof(*count));
    double *drawn = malloc(RESAMPLES * sizeof(*drawn));
    size_t n = 0;
    for (uint32_t i = 0; count != NULL && drawn != NULL && i < RESAMPLES; i++) {
        double below = resampled_median(a, count, SEED, i);
        double above = resampled_median(b, count, SEED + 1, i);
        if (below > 0)
            drawn[n++] = above / below;
    }
    if (n > 0) {
        stats_sort(drawn, n);
        *ratio = b->s.median / a->s.median;
        interval->low = stats_percentile(drawn, n, 100 * (1 - LEVEL) / 2);
        interval->high = stats_percentile(drawn, n, 100 * (1 + LEVEL) / 2);
    }
    free(count);
    free(drawn);
    return n > 0;
}

static int refuse(const struct bench_report *a, const struct bench_report *b, struct qv_error *err)
{
    if (a->tick.kind != b->tick.kind)
        return qv_error_set(err, -EINVAL, "a tick is not the same in both: %s (%s) and %s (%s)",
                            result_tick_name(a->tick.kind), a->tick.what, result_tick_name(b->tick.kind), b->tick.what);
    if (strcmp(a->platform, b->platform) != 0)
        return qv_error_set(err, -EINVAL, "not the same platform: %s (a tick is %s) and %s (a tick is %s)", a->platform,
                            a->tick.what, b->platform, b->tick.what);
    return 0;
}

/* Why these two rows have no ratio, NULL if they may have one. */
static const char *row_refused(const struct bench_row *a, const struct bench_row *b)
{
    if (b == NULL)
        return "not in the second report";
    if (a->revision != b->revision)
        return "another revision: not the same is measured under this name";
    if (strcmp(a->what, b->what) != 0)
        return "described otherwise: not the same is measured under this name";
    if (a->bytes != b->bytes)
        return "other sizes";
    if (a->status != QV_BENCH_MEASURED || b->status != QV_BENCH_MEASURED)
        return "not measured in both";
    return NULL;
}

static void compare_row(FILE *out, const char *mode, const struct bench_row *a, const struct bench_row *b)
{
    const char *why = row_refused(a, b);
    double ratio;
    struct stats_interval interval;
    if (why == NULL && !bench_ratio(a, b, &ratio, &interval))
        why = "the first median is 0";
    if (why != NULL) {
        fprintf(out, "%-24s %-9s %s\n", a->name, mode, why);
        return;
    }
    const char *verdict = interval.low > 1 ? "more" : interval.high < 1 ? "less" : "no difference shown";
    fprintf(out, "%-24s %-9s %12.6g %12.6g %8.3f  [%.3f, %.3f]  %s\n", a->name, mode, a->s.median, b->s.median, ratio,
            interval.low, interval.high, verdict);
}

int bench_compare(FILE *out, const struct bench_report *a, const struct bench_report *b, struct qv_error *err)
{
    int result = refuse(a, b, err);
    if (result != 0)
        return result;
    fprintf(out, "Platform %s. One tick is %s.\n", a->platform, a->tick.what);
    fprintf(out, "Ratio of medians B/A, %.0f %% bootstrap interval of %u resamples.\n\n%-24s %-9s %12s %12s %8s\n",
            100 * LEVEL, RESAMPLES, "", "mode", "A", "B", "B/A");
    for (size_t c = 0; c < a->n_columns; c++) {
        const struct bench_column *other = NULL;
        for (size_t k = 0; k < b->n_columns; k++)
            if (strcmp(a->column[c].mode, b->column[k].mode) == 0)
                other = &b->column[k];
        for (size_t i = 0; i < a->column[c].n_rows; i++) {
            const struct bench_row *row = &a->column[c].row[i];
            compare_row(out, a->column[c].mode, row, other != NULL ? bench_find(other, row->name) : NULL);
        }
    }
    return 0;
}
