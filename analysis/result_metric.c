/* SPDX-License-Identifier: MIT */
/* Figures of a run by name. */
#include <stdio.h>
#include <string.h>

#include "analysis/names.h"
#include "analysis/result.h"
#include "qv/fault.h"

typedef bool metric_fn(const struct run_result *r, double *out);

const struct recovery *result_recovery(const struct run_result *r)
{
    for (size_t i = 0; i < r->recoveries.n; i++) {
        const struct recovery *x = &r->recoveries.item[i];
        if (x->complete && !phases_without_fault(&r->recoveries, x))
            return x;
    }
    for (size_t i = 0; i < r->recoveries.n; i++) {
        if (r->recoveries.item[i].complete)
            return &r->recoveries.item[i];
    }
    return r->recoveries.n > 0 ? &r->recoveries.item[0] : NULL;
}

static double to_us(const struct run_result *r, uint64_t ticks)
{
    return r->tick.hz > 0 ? (double)ticks * 1e6 / r->tick.hz : 0;
}

/* A figure that exists when `condition` holds. */
#define METRIC(name, condition, value)                                                                                 \
    static bool name(const struct run_result *r, double *out)                                                          \
    {                                                                                                                  \
        *out = (condition) ? (double)(value) : 0;                                                                      \
        return (condition);                                                                                            \
    }

METRIC(outage, r->has_load, r->load.outage_ms)
METRIC(sent, r->has_load, r->load.sent)
METRIC(good, r->has_load, r->load.good)
METRIC(errors, r->has_load, r->load.errors)
METRIC(lost, r->has_load, r->load.lost)
METRIC(wrong, r->has_load, r->load.wrong_ever)
METRIC(not_sent, r->has_load, r->load.by_class[LOAD_NOT_SENT])
METRIC(good_rate, r->has_load, r->load.good_rate)
METRIC(rate_before, r->has_split, r->load_before.good_rate)
METRIC(rate_after, r->has_split, r->load_after.good_rate)
METRIC(latency_p50, r->load.has_latency, r->load.latency_p50)
METRIC(latency_p90, r->load.has_latency, r->load.latency_p90)
METRIC(latency_p99, r->load.has_latency, r->load.latency_p99)
METRIC(latency_p999, r->load.has_latency, r->load.latency_p999)
METRIC(latency_max, r->load.has_latency, r->load.latency_max)
METRIC(breaches, r->isolation.checked, r->isolation.breaches)
METRIC(activations, r->has_trace, r->recoveries.activations)
METRIC(detections, r->has_trace, r->recoveries.detections)
METRIC(trace_lost, r->has_trace, r->trace_lost)
METRIC(ready, r->host.start_to_ready_ms > 0, r->host.start_to_ready_ms)
METRIC(first_reply, r->host.start_to_first_reply_ms > 0, r->host.start_to_first_reply_ms)
METRIC(wall, r->host.wall_s > 0, r->host.wall_s)

static uint64_t exits_of(const struct run_result *r, uint32_t stage)
{
    uint64_t sum = 0;
    for (uint32_t i = 0; i < QV_MAX_SANDBOXES; i++) {
        for (uint32_t k = 0; k < QV_EXIT_CAUSE_SLOTS; k++)
            sum += r->exits[i][stage][k];
    }
    return sum;
}

METRIC(exits_boot, r->has_directory, exits_of(r, QV_STAGE_BOOT))
METRIC(exits_steady, r->has_directory, exits_of(r, QV_STAGE_STEADY))
METRIC(exits_recovery, r->has_directory, exits_of(r, QV_STAGE_RECOVERY))

static bool probe_misses(const struct run_result *r, double *out)
{
    bool found = false;
    *out = 0;
    for (uint32_t i = 0; i < QV_MAX_SANDBOXES; i++) {
        if (r->sandbox[i].present && r->sandbox[i].status.probe_jobs > 0) {
            *out += (double)r->sandbox[i].status.probe_misses;
            found = true;
        }
    }
    return found;
}

static bool probe_worst(const struct run_result *r, double *out)
{
    bool found = false;
    *out = 0;
    for (uint32_t i = 0; i < QV_MAX_SANDBOXES; i++) {
        if (!r->sandbox[i].present || r->sandbox[i].status.probe_jobs == 0)
            continue;
        found = true;
        if ((double)r->sandbox[i].status.probe_worst_us > *out)
            *out = (double)r->sandbox[i].status.probe_worst_us;
    }
    return found;
}

static bool recoveries_complete(const struct run_result *r, double *out)
{
    *out = 0;
    for (size_t i = 0; i < r->recoveries.n; i++)
        *out += r->recoveries.item[i].complete;
    return r->has_trace;
}

static bool recoveries_incomplete(const struct run_result *r, double *out)
{
    double complete;
    bool known = recoveries_complete(r, &complete);
    *out = (double)r->recoveries.n - complete;
    return known;
}

static bool detection_us(const struct run_result *r, double *out)
{
    const struct recoveries *rs = &r->recoveries;
    *out = 0;
    if (rs->first_activation == 0 || rs->first_detected < rs->first_activation)
        return false;
    *out = to_us(r, rs->first_detected - rs->first_activation);
    return true;
}

/* The recovery that stands for the run, if it is complete. */
static const struct recovery *complete_recovery(const struct run_result *r)
{
    const struct recovery *x = result_recovery(r);
    return x != NULL && x->complete ? x : NULL;
}

static bool end_to_end_us(const struct run_result *r, double *out)
{
    const struct recovery *x = complete_recovery(r);
    *out = x != NULL ? to_us(r, x->end_to_end) : 0;
    return x != NULL;
}

static bool phase_sum_us(const struct run_result *r, double *out)
{
    const struct recovery *x = complete_recovery(r);
    *out = x != NULL ? to_us(r, x->phase_sum) : 0;
    return x != NULL;
}

static bool phase_difference(const struct run_result *r, double *out)
{
    const struct recovery *x = complete_recovery(r);
    *out = x != NULL ? 100 * x->difference : 0;
    return x != NULL;
}

static const struct {
    const char *name;
    const char *unit;
    metric_fn *get;
} metrics[] = {
    {"outage_ms", "ms", outage},
    {"load.sent", "1", sent},
    {"load.good", "1", good},
    {"load.errors", "1", errors},
    {"load.lost", "1", lost},
    {"load.wrong", "1", wrong},
    {"load.not_sent", "1", not_sent},
    {"load.good_rate", "1/s", good_rate},
    {"load.good_rate_before", "1/s", rate_before},
    {"load.good_rate_after", "1/s", rate_after},
    {"load.latency_p50_ms", "ms", latency_p50},
    {"load.latency_p90_ms", "ms", latency_p90},
    {"load.latency_p99_ms", "ms", latency_p99},
    {"load.latency_p999_ms", "ms", latency_p999},
    {"load.latency_max_ms", "ms", latency_max},
    {"exits.boot", "1", exits_boot},
    {"exits.steady", "1", exits_steady},
    {"exits.recovery", "1", exits_recovery},
    {"isolation.breaches", "1", breaches},
    {"probe.misses", "1", probe_misses},
    {"probe.worst_us", "us", probe_worst},
    {"start_to_ready_ms", "ms", ready},
    {"start_to_first_reply_ms", "ms", first_reply},
    {"wall_s", "s", wall},
    {"fault.activations", "1", activations},
    {"fault.detections", "1", detections},
    {"recoveries.complete", "1", recoveries_complete},
    {"recoveries.incomplete", "1", recoveries_incomplete},
    {"detection_us", "us", detection_us},
    {"end_to_end_us", "us", end_to_end_us},
    {"phase_sum_us", "us", phase_sum_us},
    {"phase_difference_percent", "%", phase_difference},
    {"trace.lost", "1", trace_lost},
};
#define METRICS (sizeof(metrics) / sizeof(metrics[0]))

#define PHASE_METRIC(sym, num, name, text) {num, "phase." name "_us", "phase." name "_ticks"},
static const struct {
    uint32_t phase;
    const char *us;
    const char *ticks;
} phase_metrics[] = {QV_PHASES(PHASE_METRIC)};
#define PHASE_METRICS (sizeof(phase_metrics) / sizeof(phase_metrics[0]))

bool result_metric(const struct run_result *r, const char *name, double *value)
{
    *value = 0;
    for (size_t i = 0; i < METRICS; i++) {
        if (strcmp(metrics[i].name, name) == 0)
            return metrics[i].get(r, value);
    }
    for (size_t i = 0; i < PHASE_METRICS; i++) {
        bool us = strcmp(phase_metrics[i].us, name) == 0;
        uint64_t ticks;
        if (!us && strcmp(phase_metrics[i].ticks, name) != 0)
            continue;
        const struct recovery *x = result_recovery(r);
        if (x == NULL || !phases_ticks(x, phase_metrics[i].phase, &ticks))
            return false;
        *value = us ? to_us(r, ticks) : (double)ticks;
        return true;
    }
    return false;
}

const char *result_metric_unit(const char *name)
{
    for (size_t i = 0; i < METRICS; i++) {
        if (strcmp(metrics[i].name, name) == 0)
            return metrics[i].unit;
    }
    for (size_t i = 0; i < PHASE_METRICS; i++) {
        if (strcmp(phase_metrics[i].us, name) == 0)
            return "us";
        if (strcmp(phase_metrics[i].ticks, name) == 0)
            return "ticks";
    }
    return NULL;
}

bool result_metric_known(const char *name)
{
    return result_metric_unit(name) != NULL;
}

const char *result_metric_list(size_t i)
{
    if (i < METRICS)
        return metrics[i].name;
    i -= METRICS;
    if (i >= 2 * PHASE_METRICS)
        return NULL;
    return i % 2 == 0 ? phase_metrics[i / 2].us : phase_metrics[i / 2].ticks;
}
