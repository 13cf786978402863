/* SPDX-License-Identifier: MIT */
#include "analysis/load_log.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/stats.h"

#define CLASS_NAME(sym, num, name) [num] = name,
static const char *const class_names[LOAD_CLASS_COUNT] = {LOAD_CLASSES(CLASS_NAME)};
static const char *const tool_names[] = {"qv", "httperf", "sandbox"};

const char *load_class_name(uint32_t cls)
{
    return cls < LOAD_CLASS_COUNT ? class_names[cls] : "unknown";
}

int load_class_by_name(const char *name)
{
    for (uint32_t i = 0; i < LOAD_CLASS_COUNT; i++) {
        if (strcmp(class_names[i], name) == 0)
            return (int)i;
    }
    return -1;
}

const char *load_tool_name(uint32_t tool)
{
    return tool < sizeof(tool_names) / sizeof(tool_names[0]) ? tool_names[tool] : "unknown";
}

int load_tool_by_name(const char *name)
{
    for (uint32_t i = 0; i < sizeof(tool_names) / sizeof(tool_names[0]); i++) {
        if (strcmp(tool_names[i], name) == 0)
            return (int)i;
    }
    return -1;
}

void load_log_init(struct load_log *log)
{
    memset(log, 0, sizeof(*log));
}

void load_log_free(struct load_log *log)
{
    free(log->record);
    memset(log, 0, sizeof(*log));
}

bool load_is_lost(uint32_t cls)
{
    return cls == LOAD_TIMEOUT || cls == LOAD_LOST;
}

static double to_ms(uint64_t ns)
{
    return (double)ns / 1e6;
}

/* Clocks of different observers may disagree by a little: a time that would be negative is none. */
static double elapsed_ms(uint64_t from, uint64_t to)
{
    return to > from ? to_ms(to - from) : 0;
}

static void latency_stats(double *intended, double *answer, size_t n, struct load_stats *out)
{
    struct stats_summary s;
    out->has_latency = n > 0 && stats_summarise(intended, n, &s);
    if (!out->has_latency)
        return;
    stats_sort(intended, n);
    stats_sort(answer, n);
    out->latency_min = s.min;
    out->latency_p50 = stats_percentile(intended, n, 50);
    out->latency_p90 = stats_percentile(intended, n, 90);
    out->latency_p99 = stats_percentile(intended, n, 99);
    out->latency_p999 = stats_percentile(intended, n, 99.9);
    out->latency_max = s.max;
    out->latency_mean = s.mean;
    out->latency_sd = s.sd;
    out->answer_p50 = stats_percentile(answer, n, 50);
    out->answer_p99 = stats_percentile(answer, n, 99);
    out->answer_max = answer[n - 1];
}

static void count_record(const struct load_record *r, struct load_stats *out)
{
    out->intended++;
    if (r->cls < LOAD_CLASS_COUNT)
        out->by_class[r->cls]++;
    if (r->cls != LOAD_NOT_SENT)
        out->sent++;
    if (r->cls == LOAD_GOOD)
        out->good++;
    else if (load_is_lost(r->cls))
        out->lost++;
    else if (r->cls != LOAD_NOT_SENT)
        out->errors++;
    if (r->sent_ns != LOAD_NEVER && elapsed_ms(r->intended_ns, r->sent_ns) > out->late_max_ms)
        out->late_max_ms = elapsed_ms(r->intended_ns, r->sent_ns);
}

/*
 * The longest gap between good replies in [from, to]. The interval's own ends count as its borders: a service that
 * never comes back has an outage that lasts to the end, not none. Good replies of requests sent before `from` count
 * too, since they show the service alive. Replies later than `limit` do not count. `done` is ascending.
 */
static void longest_gap(const double *done, size_t n, double from, double to, double limit, struct load_stats *out)
{
    double before = from;
    for (size_t i = 0; i < n; i++) {
        if (done[i] < from)
            continue;
        if (done[i] > limit)
            break;
        if (done[i] - before > out->outage_ms) {
            out->outage_ms = done[i] - before;
            out->outage_start_ms = before;
            out->outage_end_ms = done[i];
        }
        before = done[i];
    }
    if (to > before && to - before > out->outage_ms) {
        out->outage_ms = to - before;
        out->outage_start_ms = before;
        out->outage_end_ms = to;
        out->outage_open = true;
    }
}

int load_stats_window(const struct load_log *log, uint64_t from_ns, uint64_t to_ns, struct load_stats *out,
                      struct qv_error *err)
{
    memset(out, 0, sizeof(*out));
    double *intended = malloc((log->n + 1) * sizeof(*intended));
    double *answer = malloc((log->n + 1) * sizeof(*answer));
    double *done = malloc((log->n + 1) * sizeof(*done));
    if (intended == NULL || answer == NULL || done == NULL) {
        free(intended);
        free(answer);
        free(done);
        return qv_error_set(err, -ENOMEM, "load: no memory for %zu latencies", log->n);
    }
    size_t n = 0;
    size_t n_done = 0;
    for (size_t i = 0; i < log->n; i++) {
        const struct load_record *r = &log->record[i];
        if (r->cls == LOAD_GOOD && r->done_ns != LOAD_NEVER) {
            done[n_done++] = to_ms(r->done_ns);
            if (r->done_ns > out->last_good_ns)
                out->last_good_ns = r->done_ns;
        }
        out->wrong_ever += r->cls == LOAD_WRONG_BODY;
        if (r->intended_ns < from_ns || r->intended_ns >= to_ns)
            continue;
        count_record(r, out);
        if (r->cls == LOAD_GOOD && r->done_ns != LOAD_NEVER && r->sent_ns != LOAD_NEVER) {
            intended[n] = elapsed_ms(r->intended_ns, r->done_ns);
            answer[n] = elapsed_ms(r->sent_ns, r->done_ns);
            n++;
        }
    }
    stats_sort(done, n_done);
    latency_stats(intended, answer, n, out);
    /* A reply after the end of the whole schedule still ends an outage; after a part of it, it is another part's. */
    longest_gap(done, n_done, to_ms(from_ns), to_ms(to_ns), to_ns < log->end_ns ? to_ms(to_ns) : INFINITY, out);
    out->duration_s = to_ns > from_ns ? (double)(to_ns - from_ns) / 1e9 : 0;
    if (out->duration_s > 0) {
        out->sent_rate = (double)out->sent / out->duration_s;
        out->good_rate = (double)out->good / out->duration_s;
    }
    free(intended);
    free(answer);
    free(done);
    return 0;
}

int load_stats_of(const struct load_log *log, struct load_stats *out, struct qv_error *err)
{
    return load_stats_window(log, log->warmup_ns, log->end_ns, out, err);
}

static struct load_bin *bin_at(struct load_bin *bins, size_t n, double bin_ms, uint64_t ns)
{
    if (ns == LOAD_NEVER)
        return NULL;
    double index = floor(to_ms(ns) / bin_ms);
    return index < (double)n ? &bins[(size_t)index] : NULL;
}

static void fill_bins(const struct load_log *log, double bin_ms, struct load_bin *bins, size_t n)
{
    for (size_t i = 0; i < log->n; i++) {
        const struct load_record *r = &log->record[i];
        struct load_bin *bin = bin_at(bins, n, bin_ms, r->intended_ns);
        if (bin != NULL)
            bin->intended++;
        bin = bin_at(bins, n, bin_ms, r->sent_ns);
        if (bin != NULL)
            bin->sent++;
        /* A loss shows where the request was due: when it is given up is a matter of the time limit only. */
        bin = bin_at(bins, n, bin_ms, load_is_lost(r->cls) ? r->intended_ns : r->done_ns);
        if (bin == NULL || r->cls == LOAD_NOT_SENT)
            continue;
        if (r->cls == LOAD_GOOD) {
            double latency = elapsed_ms(r->intended_ns, r->done_ns);
            bin->good++;
            if (isnan(bin->latency_max_ms) || latency > bin->latency_max_ms)
                bin->latency_max_ms = latency;
        } else if (load_is_lost(r->cls)) {
            bin->lost++;
        } else {
            bin->errors++;
        }
    }
}

long load_bins(const struct load_log *log, double bin_ms, struct load_bin **out, struct qv_error *err)
{
    *out = NULL;
    double end_ms = to_ms(log->end_ns);
    for (size_t i = 0; i < log->n; i++) {
        const struct load_record *r = &log->record[i];
        if (!load_is_lost(r->cls) && r->done_ns != LOAD_NEVER && to_ms(r->done_ns) > end_ms)
            end_ms = to_ms(r->done_ns);
    }
    double count = floor(end_ms / bin_ms) + 1;
    if (!(bin_ms > 0) || count > 10e6)
        return qv_error_set(err, -EINVAL, "load: %.0f ms do not go into bins of %g ms", end_ms, bin_ms);
    size_t n = (size_t)count;
    struct load_bin *bins = calloc(n, sizeof(*bins));
    if (bins == NULL)
        return qv_error_set(err, -ENOMEM, "load: no memory for %zu bins", n);
    for (size_t i = 0; i < n; i++) {
        bins[i].t_ms = (double)i * bin_ms;
        bins[i].latency_max_ms = NAN;
    }
    fill_bins(log, bin_ms, bins, n);
    *out = bins;
    return (long)n;
}
