/* SPDX-License-Identifier: MIT */
/*
 * The recovery-phase table: the poster's rows and ours, one column per recovery policy, beside the poster's figures.
 */
#ifndef QV_ANALYSIS_TABLE_H
#define QV_ANALYSIS_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "analysis/error.h"
#include "analysis/result.h"

/*
 * All of these take any number of results: the runs of a repetition, or of several scenarios (nic-fault-local and
 * nic-fault-remote give both columns). Each recovery found is one sample of its policy's column. `published` =
 * directory that holds quest-v-poster.csv, or NULL.
 */
int table_write_markdown(FILE *out, const struct run_result *const *results, size_t n, const char *published,
                         struct qv_error *err);
int table_write_csv(FILE *out, const struct run_result *const *results, size_t n, const char *published,
                    struct qv_error *err);

/* For the terminal: aligned, with colours if `colour` (table_wants_colour says whether a stream should have them). */
int table_print(FILE *out, const struct run_result *const *results, size_t n, const char *published, bool colour,
                struct qv_error *err);
bool table_wants_colour(FILE *out);

/* Verdict, outcome, expectations, load figures and threats of one run, for the terminal. */
void table_print_run(FILE *out, const struct run_result *r, bool colour);

/* Summary of a repetition, for the terminal: verdicts, outcomes with Wilson intervals, min/median/max of the figures.
 */
void table_print_summary(FILE *out, const struct run_result *const *results, size_t n, bool colour);

/* summary.json, summary.md, outcomes.csv and runs.csv of N results into `dir`. */
int table_write_summary(const char *dir, const struct run_result *const *results, size_t n, const char *published,
                        struct qv_error *err);

/* Why this platform's ticks cannot stand beside a published machine's cycles; one sentence. */
void table_not_comparable(const struct run_result *r, const char *machine, char *out, size_t size);

#endif
