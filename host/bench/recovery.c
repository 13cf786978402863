/* SPDX-License-Identifier: MIT */
/*
 * What only happens in a recovery (driver switch, driver and network re-initialisation) is taken from the trace of a
 * run in which a driver fails again and again: each recovery is one sample of each phase.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "bench/report.h"
#include "cmd/paths.h"
#include "platform/platform.h"
#include "run/run.h"
#include "scenario/scenario.h"
#include "scenario/words.h"

/* By platform: a hub joins the NICs of a load from inside, or the host makes the load. */
static const char *const scenarios[] = {[SCENARIO_PLATFORM_QEMU] = "bench/recovery.yaml",
                                        [SCENARIO_PLATFORM_BOCHS] = "bench/recovery-host.yaml",
                                        [SCENARIO_PLATFORM_KVM] = "bench/recovery.yaml"};

static const struct {
    uint32_t phase;
    const char *name;
    const char *what;
    bool monitors_only;
} rows[] = {
    {QV_PHASE_DRIVER_SWITCH, "driver-switch", "standby driver image mapped in place of the failed one", false},
    {QV_PHASE_DRIVER_REINIT, "driver-reinit", "device reset, rings rebuilt, receiver and transmitter on", false},
    {QV_PHASE_NET_REINIT, "net-reinit", "interface up, address announced", false},
};

bool bench_is_recovery_name(const char *name)
{
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        if (strcmp(name, rows[i].name) == 0)
            return true;
    return false;
}

void bench_recovery_names(FILE *out)
{
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        fprintf(out, "%s%s", i > 0 ? ", " : "", rows[i].name);
}

static int add_phase(struct bench_column *column, const struct run_result *run, size_t index)
{
    double value[PHASES_MAX_RECOVERIES];
    size_t n = 0;
    for (size_t i = 0; i < run->recoveries.n && n < PHASES_MAX_RECOVERIES; i++) {
        uint64_t ticks;
        if (run->recoveries.item[i].complete && phases_ticks(&run->recoveries.item[i], rows[index].phase, &ticks))
            value[n++] = (double)ticks;
    }
    struct bench_row row = {.status = n > 0 ? QV_BENCH_MEASURED : QV_BENCH_INVALID, .revision = 1};
    snprintf(row.name, sizeof(row.name), "%s", rows[index].name);
    snprintf(row.what, sizeof(row.what), "%s, in local recoveries", rows[index].what);
    if (n == 0)
        snprintf(row.reason, sizeof(row.reason), "no recovery has this phase here");
    return bench_add_row(column, &row, value, n);
}

static int take(struct bench_column *column, const struct run_result *run, const char *only, struct qv_error *err)
{
    if (run->outcome == QV_OUTCOME_HARNESS_ERROR)
        return qv_error_set(err, -EIO, "%s", run->host.message);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        int result = only == NULL || strcmp(only, rows[i].name) == 0 ? add_phase(column, run, i) : 0;
        if (result != 0)
            return qv_error_set(err, result, "out of memory");
    }
    return 0;
}

int bench_recovery(const struct bench_options *options, uint32_t mode, struct bench_column *column,
                   struct qv_error *err)
{
    const struct scenario_setting setting[] = {
        {"platform.kind", platform_by_kind(options->platform)->name},
        {"platform.mode", mode == QV_MODE_NATIVE ? "native" : "monitor"},
        {"platform.clock", options->icount ? "icount" : "real"},
        {"platform.timer", words_name(words_timers, options->timer)},
        {"platform.cpu", options->cpu != NULL ? options->cpu : "auto"},
    };
    char path[4200], folder[4200];
    char *reproduce[] = {NULL};
    struct scenario scenario;
    struct diag diag;
    struct run_result *run = NULL;

    snprintf(path, sizeof(path), "%s", paths_in_root(scenarios[options->platform]));
    if (scenario_read(path, setting, sizeof(setting) / sizeof(setting[0]), &scenario, &diag) != 0) {
        diag_print(&diag, stderr);
        return qv_error_set(err, -EIO, "%s cannot be used", path);
    }
    if (paths_join(folder, sizeof(folder), options->folder, "recovery") != 0)
        return qv_error_set(err, -ENAMETOOLONG, "%s: name too long", options->folder);
    const struct run_options run_options = {
        .scenario = &scenario, .scenario_path = path, .folder = folder, .reproduce = reproduce, .quiet = true};
    int result = run_scenario(&run_options, &run, err);
    if (result != 0)
        return result;
    result = take(column, run, options->only, err);
    result_free(run);
    return result;
}
