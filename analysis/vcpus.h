/* SPDX-License-Identifier: MIT */
/*
 * Processor time by VCPU: the totals that the kernels keep (qv/vcpu.h), and the samples in the trace (QV_TRACE_SAMPLE),
 * from which shares and rates over any part of a run follow. docs/results.md has the files.
 */
#ifndef QV_ANALYSIS_VCPUS_H
#define QV_ANALYSIS_VCPUS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "analysis/error.h"
#include "analysis/trace.h"
#include "qv/vcpu.h"

#define VCPU_NAME 32u

struct run_vcpu {
    uint32_t sandbox;
    uint32_t number; /* in its kernel */
    uint32_t work;   /* entry of the scenario's work loads, QV_NO_WORK = a standard VCPU */
    uint32_t copy;
    char name[VCPU_NAME]; /* "service", "hog", "hog#3" */
    char kind[12];        /* main, pibs, server */
    bool background;
    uint64_t budget, period; /* ticks, like all that follows but the counts */
    uint32_t utilization_ppm;
    uint64_t used, background_time, overrun;
    uint64_t replenishments, list_full, dispatches;
    uint64_t jobs, misses, worst_response, bytes;
};

/* The accounts of one core; known = false: its kernel said nothing. */
struct run_core_time {
    bool known;
    uint64_t start, time, idle, sched, handlers, retired, path;
};

/* One moment in one sandbox: a total of one kind. */
struct vcpu_sample {
    uint64_t t; /* tsc */
    uint64_t value;
    uint32_t kind; /* enum qv_sample_kind */
    uint16_t number;
    uint16_t sandbox;
};

struct run_vcpus {
    struct run_vcpu *vcpu; /* owned */
    uint32_t n;
    struct run_core_time core[QV_MAX_SANDBOXES];
    struct vcpu_sample *sample; /* owned; in order of time; not kept in result.json */
    size_t n_samples;
    uint64_t ready_tsc; /* what times count from */
    uint64_t tsc_hz;
};

void vcpus_free(struct run_vcpus *v);

/* Writes the name of a VCPU; `context` is the caller's. */
typedef void vcpu_namer(void *context, uint32_t sandbox, const struct qv_vcpu_report *report, char name[VCPU_NAME]);

/* Adds what a sandbox published. `area` may hold anything; -EINVAL if it is no such area. */
int vcpus_take_area(struct run_vcpus *v, uint32_t sandbox, const struct qv_vcpu_area *area, vcpu_namer *namer,
                    void *context, struct qv_error *err);

/* Takes the samples out of a trace. */
int vcpus_take_trace(struct run_vcpus *v, const struct trace *trace, uint64_t ready_tsc, struct qv_error *err);

/*
 * Growth of a total between the first sample at or after from_us and the last at or before until_us (0 = the end), both
 * counted from ready: in *ticks the time between them, in *growth that of the total. False if there are not two
 * samples.
 */
bool vcpus_window(const struct run_vcpus *v, uint32_t sandbox, uint32_t kind, uint32_t number, uint64_t from_us,
                  uint64_t until_us, uint64_t *ticks, uint64_t *growth);

/* vcpus.csv: share and jobs of every VCPU between one sample and the next. */
void vcpus_write_samples(FILE *out, const struct run_vcpus *v);

/* The table of all VCPUs, as Markdown or for a terminal (which leaves out sandboxes without work loads). */
void vcpus_write_markdown(FILE *out, const struct run_vcpus *v);
void vcpus_print(FILE *out, const struct run_vcpus *v);

/* Writes vcpus.gp, which draws vcpus.svg and vcpus.png, and runs it. Without samples nothing is drawn. */
int vcpus_plot(const char *dir, const struct run_vcpus *v, const char *title, const char *caption, bool run_gnuplot,
               struct qv_error *err);

#endif
