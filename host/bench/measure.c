/* SPDX-License-Identifier: MIT */
/* A whole report: with monitors, then native, each machine in a folder of its own. */
#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bench/report.h"
#include "cmd/paths.h"
#include "platform/platform.h"

static const struct {
    uint32_t mode;
    const char *name;
} modes[BENCH_COLUMNS] = {{QV_MODE_MONITOR, "monitors"}, {QV_MODE_NATIVE, "native"}};

static int measure_mode(const struct bench_options *options, size_t index, struct bench_report *report,
                        struct qv_error *err)
{
    char folder[4200];
    struct bench_column *column = &report->column[report->n_columns++];
    struct bench_options inner = *options;
    bool named = options->only != NULL && bench_is_recovery_name(options->only);
    bool recovery = options->only == NULL || named;
    bool machine = !named;
    int result = 0;

    if (paths_join(folder, sizeof(folder), options->folder, modes[index].name) != 0)
        return qv_error_set(err, -ENAMETOOLONG, "%s: name too long", options->folder);
    if (mkdir(folder, 0777) != 0)
        return qv_error_set(err, -errno, "%s: %s", folder, strerror(errno));
    inner.folder = folder;
    snprintf(column->mode, sizeof(column->mode), "%s", modes[index].name);
    if (machine && !options->quiet)
        fprintf(stderr, "qv: microbenchmarks, %s\n", column->mode);
    if (machine)
        result = bench_machine(&inner, modes[index].mode, report, err);
    if (result == 0 && recovery && !options->quiet)
        fprintf(stderr, "qv: recoveries, %s\n", column->mode);
    if (result == 0 && recovery)
        result = bench_recovery(&inner, modes[index].mode, column, err);
    return result;
}

int bench_measure(const struct bench_options *options, struct bench_report *report, struct qv_error *err)
{
    const struct platform *platform = platform_by_kind(options->platform);
    int result = 0;

    memset(report, 0, sizeof(*report));
    snprintf(report->platform, sizeof(report->platform), "%s", platform->label);
    platform_tick(platform, options->icount, &report->tick);
    provenance_collect(&report->provenance, paths_root());
    if (platform->version != NULL)
        platform->version(report->provenance.qemu_version, sizeof(report->provenance.qemu_version));
    else
        provenance_set_version(&report->provenance, platform->program);
    for (size_t i = 0; i < BENCH_COLUMNS && result == 0; i++)
        result = measure_mode(options, i, report, err);
    return result;
}
