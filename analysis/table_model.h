/* SPDX-License-Identifier: MIT */
/* What the recovery table holds, before anybody lays it out. */
#ifndef QV_ANALYSIS_TABLE_MODEL_H
#define QV_ANALYSIS_TABLE_MODEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "analysis/error.h"
#include "analysis/published.h"
#include "analysis/result.h"
#include "analysis/stats.h"

#define TABLE_POLICIES 3u /* local, remote, restart */

/* Rows: the phases in order, then what is computed from them. */
enum table_kind {
    TABLE_PHASE,
    TABLE_SUM,        /* of the phases on the critical path */
    TABLE_END_TO_END, /* fault to first good reply */
    TABLE_DIFFERENCE, /* per cent */
    TABLE_OUTAGE,     /* ms, as the client saw it */
};

struct table_row {
    const char *key;
    const char *title;
    enum table_kind kind;
    uint32_t phase;
    bool poster; /* a row of the poster: always shown */
};

#define TABLE_ROWS 17u
extern const struct table_row table_rows[TABLE_ROWS];

/* Samples of one row under one policy, one per recovery (or run). */
struct table_cell {
    double *sample; /* owned; ticks, but per cent and ms where the kind says so */
    size_t n;
    struct stats_summary ticks; /* n > 0 */
    double median_us;           /* 0 for per cent and ms */
};

struct table_column {
    uint32_t policy;
    bool shown;
    size_t complete, incomplete, flagged, unfounded; /* recoveries */
    size_t in_place;                                 /* of the complete ones: see phases_in_place() */
    struct table_cell cell[TABLE_ROWS];
};

struct table {
    const struct run_result *example; /* for the platform's name and tick; borrowed */
    size_t n_results;
    struct table_column column[TABLE_POLICIES];
    struct published_set poster;
    bool has_poster;
};

/* -EINVAL if the results are of different platforms or ticks: such figures do not go into one table. */
int table_build(struct table *t, const struct run_result *const *results, size_t n, const char *published,
                struct qv_error *err);
void table_free(struct table *t);

/* Whether any column has the row, or the poster has it. */
bool table_row_shown(const struct table *t, size_t row);

/* "12,345" or "10,000 / 12,345 / 13,000"; "" without samples. */
char *table_ticks_text(const struct table_cell *cell, enum table_kind kind, char *out, size_t size);
/* The median's time, "5.37 µs"; "" where there is none. */
char *table_time_text(const struct table_cell *cell, enum table_kind kind, char *out, size_t size);
/* The poster's figure, "885", "n/a" where the poster says so; "" where it has no such row. */
char *table_poster_text(const struct table *t, size_t row, const char *policy, char *out, size_t size);

#endif
