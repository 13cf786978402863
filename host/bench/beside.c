/* SPDX-License-Identifier: MIT */
/*
 * Reports of several platforms in one table. Each platform keeps columns and a unit of its own, and no figure is
 * computed from two of them: what may be compared is which rows are long, and what monitors cost.
 */
#include <string.h>

#include "analysis/text.h"
#include "bench/report.h"

static bool measured(const struct bench_row *row)
{
    return row != NULL && row->status == QV_BENCH_MEASURED;
}

static const struct bench_row *row_of(const struct bench_report *report, size_t column, const char *name)
{
    return column < report->n_columns ? bench_find(&report->column[column], name) : NULL;
}

static void median(const struct bench_row *row, char *out, size_t size)
{
    if (measured(row))
        (void)text_count(out, size, row->s.median);
    else
        snprintf(out, size, "-");
}

static void print_row(FILE *out, const struct bench_report *const *report, size_t n, const struct bench_row *like)
{
    fprintf(out, "| %s |", like->name);
    for (size_t i = 0; i < n; i++) {
        const struct bench_row *monitors = row_of(report[i], 0, like->name);
        const struct bench_row *native = row_of(report[i], 1, like->name);
        char a[32], b[32];
        median(monitors, a, sizeof(a));
        median(native, b, sizeof(b));
        fprintf(out, " %s | %s |", a, b);
        if (measured(monitors) && measured(native) && native->s.median > 0)
            fprintf(out, " %.2f |", monitors->s.median / native->s.median);
        else
            fprintf(out, " - |");
    }
    fprintf(out, " %s |\n", like->what);
}

static bool in_earlier(const struct bench_report *const *report, size_t n, const char *name)
{
    for (size_t i = 0; i < n; i++)
        if (row_of(report[i], 0, name) != NULL)
            return true;
    return false;
}

void bench_beside(FILE *out, const struct bench_report *const *report, size_t n)
{
    fprintf(out, "# Benchmarks side by side\n\n| benchmark |");
    for (size_t i = 0; i < n; i++)
        fprintf(out, " %s: monitors | native | price |", report[i]->platform);
    fprintf(out, " what |\n|---|");
    for (size_t i = 0; i < n; i++)
        fprintf(out, "--:|--:|--:|");
    fprintf(out, "---|\n");
    for (size_t i = 0; i < n; i++) {
        for (size_t k = 0; report[i]->n_columns > 0 && k < report[i]->column[0].n_rows; k++) {
            const struct bench_row *row = &report[i]->column[0].row[k];
            if (!in_earlier(report, i, row->name))
                print_row(out, report, n, row);
        }
    }
    fprintf(out, "\nMedians. price: monitors / native.\n\n");
    for (size_t i = 0; i < n; i++) {
        fprintf(out, "- %s: one tick is %s.\n", report[i]->platform, report[i]->tick.what);
        for (size_t c = 0; c < report[i]->n_columns; c++)
            for (size_t k = 0; k < report[i]->column[c].n_rows; k++) {
                const struct bench_row *row = &report[i]->column[c].row[k];
                if (row->status == QV_BENCH_FAILED)
                    fprintf(out, "- %s, %s, %s: failed: %s\n", report[i]->platform, report[i]->column[c].mode,
                            row->name, row->reason);
                else if (row->status != QV_BENCH_MEASURED && c == 0)
                    fprintf(out, "- %s, %s, %s: not measured: %s\n", report[i]->platform, report[i]->column[c].mode,
                            row->name, row->reason);
            }
    }
    fprintf(out,
            "- The platforms' ticks are not the same: compare the order of rows and the prices, not the figures of "
            "two platforms.\n");
}
