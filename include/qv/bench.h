/* SPDX-License-Identifier: MIT */
/*
 * Results of the microbenchmarks inside the OS. Sandbox 0 allocates one struct qv_bench_area, publishes it in its
 * status page (bench_phys, bench_bytes) and fills it; whoever reads it (the host, from guest memory or from a stream of
 * its bytes) waits for `state` to be DONE. Little endian, fixed size.
 *
 * A sample is a number of ticks of the machine's TSC with the probe's own cost taken off (`overhead` times
 * `probes`). Samples are kept as they came; the histogram is made by the OS, so that a reader can check one by the
 * other.
 */
#ifndef QV_BENCH_H
#define QV_BENCH_H

#include <stdint.h>

#include "qv/histogram.h"

#define QV_BENCH_MAGIC   0x31304e4542305651ull /* "QV0BEN01" */
#define QV_BENCH_VERSION 1u
#define QV_BENCH_SAMPLES 1024u
#define QV_BENCH_MAX     48u

#define QV_BENCH_TEST "bench" /* the boot configuration's `test`: this alone, or this, ':' and one benchmark's name */

enum qv_bench_state {
    QV_BENCH_RUNNING = 1,
    QV_BENCH_DONE = 2,
    QV_BENCH_NO_SUCH = 3, /* the configuration names a benchmark that does not exist */
    QV_BENCH_UNSTABLE = 4 /* the probe's own cost varied too much: nothing was measured */
};

enum qv_bench_status {
    QV_BENCH_NOT_RUN = 0,  /* another one was asked for */
    QV_BENCH_MEASURED = 1, /* samples are there */
    QV_BENCH_INVALID = 2,  /* cannot be measured on this machine; `reason` says why */
    QV_BENCH_FAILED = 3,   /* went wrong; `reason` says how */
};

struct qv_bench_entry {
    char name[32];
    char what[128];
    char reason[96];
    uint32_t status;   /* enum qv_bench_status */
    uint32_t revision; /* changes when what is measured changes: figures of different revisions do not compare */
    uint32_t warmup;   /* samples taken and thrown away first */
    uint32_t n;        /* samples kept, <= QV_BENCH_SAMPLES */
    uint32_t probes;   /* probe costs taken off each sample */
    uint32_t below;    /* samples that were below zero then, and are kept as zero */
    uint32_t bytes;    /* moved by one sample, one way; 0 = not a transfer */
    uint32_t reserved;
    struct qv_histogram histogram;
    uint64_t sample[QV_BENCH_SAMPLES]; /* in the order in which they were taken */
};

/* What an empty probe costs, ticks. */
struct qv_bench_overhead {
    uint64_t min, q1, median, q3, max;
    uint64_t again;    /* median, after the last benchmark */
    uint32_t attempts; /* calibrations until one was stable */
    uint32_t reserved;
};

struct qv_bench_area {
    uint64_t magic; /* written before `state` */
    uint32_t version;
    uint32_t size;
    uint32_t state; /* enum qv_bench_state, written last, release order */
    uint32_t n_entries;
    uint32_t mode; /* enum qv_mode */
    uint32_t n_sandboxes;
    struct qv_bench_overhead overhead;
    struct qv_bench_entry entry[QV_BENCH_MAX];
};
_Static_assert(sizeof(struct qv_bench_overhead) == 56, "layout");
_Static_assert(sizeof(struct qv_bench_entry) == 288 + sizeof(struct qv_histogram) + 8 * QV_BENCH_SAMPLES, "layout");

#endif
