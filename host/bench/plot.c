/* SPDX-License-Identifier: MIT */
/* The picture of a report: medians with a bar from the least to the 99th percentile, one row per benchmark. */
#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench/report.h"
#include "cmd/paths.h"

extern char **environ;

static const char *const colours[BENCH_COLUMNS] = {"#1f5fa8", "#d9822b"};

static void data(FILE *out, const struct bench_report *report, size_t c, size_t *rows)
{
    const struct bench_column *first = &report->column[0];
    double shift = c == 0 ? 0.14 : -0.14;
    *rows = 0;
    fprintf(out, "$c%zu << END\n", c);
    for (size_t i = 0; i < first->n_rows; i++) {
        const struct bench_row *row = bench_find(&report->column[c], first->row[i].name);
        if (row == NULL || row->n == 0)
            continue;
        /* the axis is logarithmic: nothing lies below half a tick */
        fprintf(out, "%.6g %.2f %.6g %.6g\n", row->s.median < 0.5 ? 0.5 : row->s.median,
                (double)(first->n_rows - i) + shift, row->s.min < 0.5 ? 0.5 : row->s.min,
                row->p99 < 0.5 ? 0.5 : row->p99);
        (*rows)++;
    }
    fprintf(out, "END\n");
}

static bool script(FILE *out, const struct bench_report *report)
{
    const struct bench_column *first = &report->column[0];
    size_t rows[BENCH_COLUMNS] = {0};
    const char *comma = "";
    for (size_t c = 0; c < report->n_columns; c++)
        data(out, report, c, &rows[c]);
    fprintf(out,
            "set logscale x\nset grid xtics lc rgb '#dddddd'\nset border 3\nset tics nomirror out\n"
            "set xlabel \"ticks; one tick is %s\" noenhanced\n"
            "set title \"%s: median, and from the least to the 99th percentile\" noenhanced\n"
            "set key outside top right horizontal\nset yrange [0.3:%zu.7]\nset ytics noenhanced (",
            report->tick.what, report->platform, first->n_rows);
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

static int run_gnuplot(const char *folder, struct qv_error *err)
{
    char *const argv[] = {"timeout", "60", "gnuplot", "bench.gp", NULL};
    posix_spawn_file_actions_t actions;
    pid_t pid;
    int status = 0;
    if (posix_spawn_file_actions_init(&actions) != 0)
        return qv_error_set(err, -ENOMEM, "out of memory");
    (void)posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
    (void)posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0);
    (void)posix_spawn_file_actions_addchdir_np(&actions, folder);
    int code = posix_spawnp(&pid, argv[0], &actions, NULL, argv, environ);
    (void)posix_spawn_file_actions_destroy(&actions);
    if (code != 0)
        return qv_error_set(err, -code, "gnuplot: %s", strerror(code));
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
        ;
    return WIFEXITED(status) && WEXITSTATUS(status) == 0
               ? 0
               : qv_error_set(err, -EIO, "%s/bench.gp: gnuplot failed, or is not installed", folder);
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
    return any ? run_gnuplot(folder, err) : qv_error_set(err, -ENODATA, "nothing was measured: no picture");
}
