/* SPDX-License-Identifier: MIT */
#include "cmd/plot_tlb.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "analysis/tlb_plot.h"
#include "cmd/cmd.h"
#include "cmd/paths.h"

bool plot_has_tlb(const char *dir)
{
    char path[4200];
    return paths_join(path, sizeof(path), dir, TLB_CSV) == 0 && access(path, F_OK) == 0;
}

static int tell(int code, const char *folder, const struct qv_error *why)
{
    if (code == 0) {
        printf("%s/tlb.svg\n%s/tlb.png\n", folder, folder);
        return STATUS_MET;
    }
    fprintf(stderr, "qv plot: %s\n", why->text);
    return code == -EINVAL || code == -ENOENT || code == -ENODATA ? STATUS_BAD : STATUS_PLATFORM;
}

int plot_tlb(const char *dir)
{
    struct qv_error why = {""};
    int code = tlb_redraw(dir, &why);
    return tell(code, dir, &why);
}

static int load(const char *dir, struct tlb_plot_run *run, struct tlb_sweep *sweep, struct qv_error *why)
{
    char path[4200];
    if (!plot_has_tlb(dir) || paths_join(path, sizeof(path), dir, TLB_CSV) != 0)
        return qv_error_set(why, -ENOENT, "%s: no " TLB_CSV ", expected the result of an experiment tlb", dir);
    int code = tlb_read_csv(sweep, path, why);
    run->sweep = sweep;
    run->result = code == 0 ? result_read(dir, why) : NULL;
    return code == 0 && run->result == NULL ? -EINVAL : code;
}

int plot_tlb_together(const char *out, char *const *dirs, size_t n)
{
    struct tlb_plot_run run[TLB_PLOT_RUNS] = {{NULL, NULL}};
    struct tlb_sweep *sweeps = calloc(TLB_PLOT_RUNS, sizeof(*sweeps));
    struct qv_error why = {""};
    int code = 0;

    if (sweeps == NULL)
        code = qv_error_set(&why, -ENOMEM, "out of memory");
    else if (n > TLB_PLOT_RUNS)
        code = qv_error_set(&why, -EINVAL, "%zu results, expected at most %u for one picture", n, TLB_PLOT_RUNS);
    for (size_t i = 0; i < n && code == 0; i++)
        code = load(dirs[i], &run[i], &sweeps[i], &why);
    if (code == 0 && mkdir(out, 0777) != 0 && errno != EEXIST)
        code = qv_error_set(&why, -errno, "%s: %s", out, strerror(errno));
    if (code == 0)
        code = tlb_plot(out, run, n, &why);
    for (size_t i = 0; i < TLB_PLOT_RUNS; i++)
        result_free((struct run_result *)(uintptr_t)run[i].result);
    free(sweeps);
    return tell(code, out, &why);
}
