/* SPDX-License-Identifier: MIT */
/* The picture of a report: medians with a bar from the least to the 99th percentile, one row per benchmark. */
#include <errno.h>
#include <string.h>

#include "analysis/gnuplot.h"
#include "bench/report.h"
#include "cmd/paths.h"

static const char *const colours[BENCH_COLUMNS] = {"#1f5fa8", "#d9822b"};

/* What the axis has to hold, with a margin on both sides, so that it is not empty where all values are equal. */
struct extent {
    double least, most;
};

/* The axis is logarithmic: nothing lies below half a tick. */
static double shown(double ticks)
{
    return ticks < 0.5 ? 0.5 : ticks;
}

static void data(FILE *out, const struct bench_report *report, size_t c, size_t *rows, struct extent *extent)
{
    const struct bench_column *first = &report->column[0];
    double shift = c == 0 ? 0.14 : -0.14;
    *rows = 0;
    fprintf(out, "$c%zu << END\n", c);
    for (size_t i = 0; i < first->n_rows; i++) {
        const struct bench_row *row = bench_find(&report->column[c], first->row[i].name);
        if (row == NULL || row->n == 0)
            continue;
        fprintf(out, "%.6g %.2f %.6g %.6g\n", shown(row->s.median), (double)(first->n_rows - i) + shift,
                shown(row->s.min), shown(row->p99));
        if (extent->most <= 0 || shown(row->s.min) < extent->least)
            extent->least = shown(row->s.min);
        if (shown(row->p99) > extent->most)
            extent->most = shown(row->p99);
        (*rows)++;
    }
    fprintf(out, "END\n");
}

static bool script(FILE *out, const struct bench_report *report)
{
    const struct bench_column *first = &report->column[0];
    size_t rows[BENCH_COLUMNS] = {0};
    const char *comma = "";
    struct extent extent = {1, 0};
    for (size_t c = 0; c < report->n_columns; c++)
        data(out, report, c, &rows[c], &extent);
    fprintf(out,
            "set logscale x\nset grid xtics lc rgb '#dddddd'\nset border 3\nset tics nomirror out\n"
            "set xlabel \"ticks; one tick is %s\" noenhanced\n"
            "set title \"%s: median, and from the least to the 99th percentile\" noenhanced\n"
            "set key outside top right horizontal\nset xrange [%.6g:%.6g]\nset yrange [0.3:%zu.7]\n"
            "set ytics noenhanced (",
            report->tick.what, report->platform, extent.least / 2, extent.most * 2, first->n_rows);
    for (size_t i = 0; i < first->n_rows; i++)
        fprintf(out, "%s\"%s\" %zu", i > 0 ? ", " : "", first->row[i].name, first->n_rows - i);
    fprintf(out,
            ")\ndo for [t in 'svg png'] {\n"
            "  if (t eq 'svg') { set terminal svg size 1000,%zu font 'sans,13' background rgb 'white' }\n"
            "  else { set terminal png size 1000,%zu font 'sans,11' background rgb 'white' }\n"
            "  set output 'bench.'.t\n  plot ",
            160 + 26 * first->n_rows, 160 + 26 * first->n_rows);
    for (size_t c = 0; c < report->n_columns; c++) {
        if (rows[c] == 0)
            continue;
        fprintf(out, "%s$c%zu using 1:2:3:4 with xerrorbars pt 7 ps 0.8 lw 1.6 lc rgb '%s' title '%s'", comma, c,
                colours[c], report->column[c].mode);
        comma = ", ";
    }
    fprintf(out, "\n  set output\n}\n");
    return *comma != '\0';
}

int bench_plot(const char *folder, const struct bench_report *report, struct qv_error *err)
{
    char path[4200];
    if (paths_join(path, sizeof(path), folder, "bench.gp") != 0)
        return qv_error_set(err, -ENAMETOOLONG, "%s: name too long", folder);
    FILE *out = fopen(path, "w");
    if (out == NULL)
        return qv_error_set(err, -errno, "%s: %s", path, strerror(errno));
    bool any = script(out, report);
    if (fclose(out) != 0)
        return qv_error_set(err, -EIO, "%s: cannot be written", path);
    return any ? gnuplot_run(folder, "bench.gp", err) : qv_error_set(err, -ENODATA, "nothing was measured: no picture");
}
