/* SPDX-License-Identifier: MIT */
/*
 * Statistics on raw samples: exact order statistics, moments, Wilson intervals and bootstrap intervals whose draws are
 * a pure function of a seed. Nothing here rounds, bins or allocates behind the caller's back, except where a function
 * says that it works on a copy.
 */
#ifndef QV_ANALYSIS_STATS_H
#define QV_ANALYSIS_STATS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct stats_interval {
    double low;
    double high;
};

struct stats_summary {
    size_t n;
    double min, q1, median, q3, max;
    double mean;
    double sd; /* sample standard deviation (n - 1); 0 for n < 2 */
};

/* Sorts ascending, in place. */
void stats_sort(double *values, size_t n);

/* Nearest-rank percentile (0 < p <= 100) of ascending values: always one of the samples. 0 for n = 0. */
double stats_percentile(const double *sorted, size_t n, double p);

/* Median of ascending values: the middle one, or the mean of the middle two. 0 for n = 0. */
double stats_median(const double *sorted, size_t n);

/* Quartile by linear interpolation between order statistics (Hyndman-Fan type 7), 0 <= q <= 1. */
double stats_quantile(const double *sorted, size_t n, double q);

/* Summary of unsorted values (works on a copy). False if n is 0, a value is not finite, or memory is short. */
bool stats_summarise(const double *values, size_t n, struct stats_summary *out);

/* Wilson score interval of k successes in n trials at confidence `level` (0.95, ...). n = 0 gives [0, 1]. */
struct stats_interval stats_wilson(uint64_t k, uint64_t n, double level);

/* Percentile bootstrap interval of the median; draws come from qv_draw(seed, i). n = 0 gives [0, 0]. */
struct stats_interval stats_bootstrap_median(const double *values, size_t n, uint64_t seed, uint32_t resamples,
                                             double level);

/* Quantile of the standard normal distribution, 0 < p < 1 (accurate to about 1e-9). */
double stats_normal_quantile(double p);

#endif
