/* SPDX-License-Identifier: MIT */
/*
 * The benchmarks seen from the host: one report has one platform and one kind of tick, and a column for each way of
 * running the OS on it (with monitors, native). A report is made by bench_measure(), written by bench_write() and read
 * back by bench_read(); bench_compare() sets two of them side by side.
 */
#ifndef QV_BENCH_REPORT_H
#define QV_BENCH_REPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "analysis/error.h"
#include "analysis/provenance.h"
#include "analysis/result.h"
#include "analysis/stats.h"
#include "guest/guest.h"
#include "qv/bench.h"

#define BENCH_COLUMNS 2u
#define BENCH_SCHEMA  1

struct bench_row {
    char name[48];
    char what[160];
    char reason[96];
    uint32_t status; /* enum qv_bench_status */
    uint32_t revision, warmup, probes, below, bytes;
    size_t n;
    double *value; /* owned; ticks, as they came (after bench_read(): ascending) */
    struct stats_summary s;
    double p99;
};

struct bench_column {
    char mode[16];   /* "monitors" or "native" */
    char vendor[16]; /* as the OS says: "svm", "vmx", "native" */
    char cpu[48];
    char timer[16]; /* as qv_timer_name() calls what drives the timer of the sandbox that measures */
    uint32_t sandboxes;
    uint64_t tsc_hz;
    struct qv_bench_overhead overhead;
    struct bench_row *row; /* owned */
    size_t n_rows;
};

struct bench_report {
    char platform[48];
    struct run_tick tick;
    struct bench_column column[BENCH_COLUMNS];
    size_t n_columns;
    struct provenance provenance;
};

struct bench_options {
    uint32_t platform;  /* enum scenario_platform_kind */
    uint32_t timer;     /* enum scenario_timer */
    const char *cpu;    /* in words_cpus, NULL = the platform's own choice */
    const char *only;   /* NULL = all */
    const char *folder; /* exists; consoles and boot configurations go there */
    bool icount;
    bool quiet;
};

/*
 * area.c: a column out of the bytes that the OS filled. The column's rows are new; -EPROTO if the bytes are not what
 * this program knows or contradict themselves, -ENOENT if the OS knows no benchmark of that name (err lists them),
 * -EAGAIN if the probe was unstable, -EINPROGRESS if the OS is not done.
 */
int bench_take_area(struct bench_column *column, const void *bytes, size_t size, struct qv_error *err);
/* Adds a row with these samples (copied) to a column. */
int bench_add_row(struct bench_column *column, const struct bench_row *like, const double *value, size_t n);
const struct bench_row *bench_find(const struct bench_column *column, const char *name);
/* Fills s and p99 from the samples. False if memory is short. */
bool bench_summarise(struct bench_row *row);
void bench_free(struct bench_report *report);

/* machine.c: runs the OS in one mode and takes what it measured. recovery.c: phases of local recoveries, as rows. */
int bench_machine(const struct bench_options *options, uint32_t mode, struct bench_report *report,
                  struct qv_error *err);
/* The boot configuration of that; and what is in the memory of a machine that ran it. */
void bench_make_bootcfg(const struct bench_options *options, uint32_t mode, struct qv_bootcfg *cfg);
int bench_collect(const struct guest *guest, uint32_t mode, struct bench_column *column, struct qv_error *err);
int bench_recovery(const struct bench_options *options, uint32_t mode, struct bench_column *column,
                   struct qv_error *err);
bool bench_is_recovery_name(const char *name);
void bench_recovery_names(FILE *out);

/* All columns. */
int bench_measure(const struct bench_options *options, struct bench_report *report, struct qv_error *err);

/* write.c: all files of a result directory. Whether a benchmark went wrong. */
int bench_write(const char *folder, const struct bench_report *report, struct qv_error *err);
bool bench_any_failed(const struct bench_report *report);

/* json.c */
int bench_write_json(const char *path, const struct bench_report *report, struct qv_error *err);
/* `path`: the file, or the folder that holds bench.json. */
int bench_read(const char *path, struct bench_report *report, struct qv_error *err);

/* table.c; `published` = folder of published figures or NULL */
void bench_print(FILE *out, const struct bench_report *report, const char *published);
void bench_markdown(FILE *out, const struct bench_report *report, const char *published);
void bench_csv(FILE *out, const struct bench_report *report);
void bench_samples(FILE *out, const struct bench_report *report);

/* beside.c: reports of different platforms as one Markdown table, each in columns and ticks of its own. */
void bench_beside(FILE *out, const struct bench_report *const *report, size_t n);

/* plot.c: bench.gp in `folder`, and bench.svg and bench.png by gnuplot. */
int bench_plot(const char *folder, const struct bench_report *report, struct qv_error *err);

/*
 * compare.c: -EINVAL if the two do not measure the same (and why), else one line per benchmark and mode with the ratio
 * of medians B/A and its bootstrap interval.
 */
int bench_compare(FILE *out, const struct bench_report *a, const struct bench_report *b, struct qv_error *err);
/* Percentile bootstrap interval of median(b)/median(a), both ascending; false if median(a) is 0. */
bool bench_ratio(const struct bench_row *a, const struct bench_row *b, double *ratio, struct stats_interval *interval);

#endif
