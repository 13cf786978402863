/* SPDX-License-Identifier: MIT */
/* The files of a report. */
#include <errno.h>
#include <limits.h>
#include <string.h>

#include "bench/report.h"
#include "cmd/paths.h"

static void writer_csv(FILE *out, const struct bench_report *report)
{
    bench_csv(out, report);
}

static void writer_markdown(FILE *out, const struct bench_report *report)
{
    bench_markdown(out, report, paths_in_root("results/published"));
}

static int write_file(const char *folder, const char *name, void (*write)(FILE *, const struct bench_report *),
                      const struct bench_report *report, struct qv_error *err)
{
    char path[PATH_MAX + 128];
    snprintf(path, sizeof(path), "%s/%s", folder, name);
    FILE *out = fopen(path, "w");
    if (out == NULL)
        return qv_error_set(err, -errno, "%s: %s", path, strerror(errno));
    write(out, report);
    bool failed = ferror(out) != 0;
    return fclose(out) == 0 && !failed ? 0 : qv_error_set(err, -EIO, "%s: cannot be written", path);
}

/* bench.json comes last: a folder that has it is whole. */
int bench_write(const char *folder, const struct bench_report *report, struct qv_error *err)
{
    struct qv_error picture = {""};
    char path[PATH_MAX + 128];
    int result = write_file(folder, "bench.csv", writer_csv, report, err);
    if (result == 0)
        result = write_file(folder, "samples.csv", bench_samples, report, err);
    if (result == 0)
        result = write_file(folder, "bench.md", writer_markdown, report, err);
    if (result == 0 && bench_plot(folder, report, &picture) != 0)
        fprintf(stderr, "qv bench: %s\n", picture.text); /* a picture does not cost the figures */
    snprintf(path, sizeof(path), "%s/bench.json", folder);
    return result == 0 ? bench_write_json(path, report, err) : result;
}

bool bench_any_failed(const struct bench_report *report)
{
    bool failed = false;
    for (size_t c = 0; c < report->n_columns; c++)
        for (size_t i = 0; i < report->column[c].n_rows; i++)
            failed = failed || report->column[c].row[i].status == QV_BENCH_FAILED;
    return failed;
}
