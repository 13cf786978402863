/* SPDX-License-Identifier: MIT */
#include "analysis/stats.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "qv/draw.h"

static int compare_doubles(const void *a, const void *b)
{
    double x = *(const double *)a;
    double y = *(const double *)b;
    return (x > y) - (x < y);
}

void stats_sort(double *values, size_t n)
{
    if (n > 1)
        qsort(values, n, sizeof(*values), compare_doubles);
}

double stats_percentile(const double *sorted, size_t n, double p)
{
    if (n == 0)
        return 0;
    /* The small step keeps a rank that is a whole number in exact arithmetic (99.9 % of 1,000) from rounding up. */
    double rank = ceil(p / 100.0 * (double)n - 1e-9);
    if (rank < 1)
        rank = 1;
    if (rank > (double)n)
        rank = (double)n;
    return sorted[(size_t)rank - 1];
}

double stats_median(const double *sorted, size_t n)
{
    if (n == 0)
        return 0;
    if (n % 2 == 1)
        return sorted[n / 2];
    return sorted[n / 2 - 1] / 2 + sorted[n / 2] / 2;
}

double stats_quantile(const double *sorted, size_t n, double q)
{
    if (n == 0)
        return 0;
    double position = q * (double)(n - 1);
    size_t below = (size_t)position;
    if (below >= n - 1)
        return sorted[n - 1];
    double fraction = position - (double)below;
    return sorted[below] + fraction * (sorted[below + 1] - sorted[below]);
}

bool stats_summarise(const double *values, size_t n, struct stats_summary *out)
{
    memset(out, 0, sizeof(*out));
    if (n == 0)
        return false;
    double *sorted = malloc(n * sizeof(*sorted));
    if (sorted == NULL)
        return false;
    /* Welford's recurrence: stable where the spread is small against the values, as with TSC ticks. */
    double mean = 0;
    double squares = 0;
    for (size_t i = 0; i < n; i++) {
        if (!isfinite(values[i])) {
            free(sorted);
            return false;
        }
        sorted[i] = values[i];
        double delta = values[i] - mean;
        mean += delta / (double)(i + 1);
        squares += delta * (values[i] - mean);
    }
    stats_sort(sorted, n);
    out->n = n;
    out->min = sorted[0];
    out->q1 = stats_quantile(sorted, n, 0.25);
    out->median = stats_median(sorted, n);
    out->q3 = stats_quantile(sorted, n, 0.75);
    out->max = sorted[n - 1];
    out->mean = mean;
    out->sd = n > 1 ? sqrt(squares / (double)(n - 1)) : 0;
    free(sorted);
    return true;
}

double stats_normal_quantile(double p)
{
    if (p <= 0)
        return -INFINITY;
    if (p >= 1)
        return INFINITY;
    /* Bisection on the error function: slow, exact enough, and nothing to get wrong. */
    double low = -40;
    double high = 40;
    for (int i = 0; i < 200; i++) {
        double middle = (low + high) / 2;
        if (erfc(-middle / M_SQRT2) / 2 < p)
            low = middle;
        else
            high = middle;
    }
    return (low + high) / 2;
}

struct stats_interval stats_wilson(uint64_t k, uint64_t n, double level)
{
    if (n == 0)
        return (struct stats_interval){0, 1};
    double z = stats_normal_quantile(0.5 + level / 2);
    double trials = (double)n;
    double p = (double)k / trials;
    double denominator = 1 + z * z / trials;
    double centre = (p + z * z / (2 * trials)) / denominator;
    double half = z * sqrt(p * (1 - p) / trials + z * z / (4 * trials * trials)) / denominator;
    /* At the ends the interval reaches 0 and 1 exactly; rounding must not move it inside. */
    double low = k == 0 ? 0 : fmax(0, centre - half);
    double high = k == n ? 1 : fmin(1, centre + half);
    return (struct stats_interval){low, high};
}

struct stats_interval stats_bootstrap_median(const double *values, size_t n, uint64_t seed, uint32_t resamples,
                                             double level)
{
    struct stats_interval none = {0, 0};
    if (n == 0 || resamples == 0)
        return none;
    double *sample = malloc(n * sizeof(*sample));
    double *median = malloc(resamples * sizeof(*median));
    if (sample == NULL || median == NULL) {
        free(sample);
        free(median);
        return none;
    }
    for (uint32_t r = 0; r < resamples; r++) {
        for (size_t i = 0; i < n; i++)
            sample[i] = values[qv_draw_below(seed, (uint64_t)r * n + i, n)];
        stats_sort(sample, n);
        median[r] = stats_median(sample, n);
    }
    stats_sort(median, resamples);
    struct stats_interval out = {stats_percentile(median, resamples, (1 - level) / 2 * 100),
                                 stats_percentile(median, resamples, (1 + level) / 2 * 100)};
    free(sample);
    free(median);
    return out;
}
