/* SPDX-License-Identifier: MIT */
/* The table of VCPUs. */
#include <inttypes.h>
#include <string.h>

#include "analysis/vcpus.h"

struct row {
    char cell[13][24];
};

static const char *const heads[13] = {"sandbox",     "VCPU",           "kind",        "C/T, ms",  "used, ms",
                                      "share, %",    "background, ms", "overrun, ms", "dispatch", "replenish",
                                      "missed/jobs", "worst, ms",      "full"};

static double ms(const struct run_vcpus *v, uint64_t ticks)
{
    return v->tsc_hz > 0 ? (double)ticks * 1e3 / (double)v->tsc_hz : 0;
}

static void fill(const struct run_vcpus *v, const struct run_vcpu *x, struct row *row)
{
    const struct run_core_time *core = &v->core[x->sandbox];
    double elapsed = (double)(core->time - core->start);
    double consumed = (double)(x->used + x->background_time);
    memset(row, 0, sizeof(*row));
#define CELL(i, ...) (void)snprintf(row->cell[i], sizeof(row->cell[i]), __VA_ARGS__)
    CELL(0, "%u", x->sandbox);
    CELL(1, "%.23s", x->name);
    CELL(2, "%s%s", x->kind, x->background ? "+bg" : "");
    if (x->utilization_ppm > 0)
        CELL(3, "%.4g %%", x->utilization_ppm / 1e4);
    else
        CELL(3, "%.4g/%.4g", ms(v, x->budget), ms(v, x->period));
    CELL(4, "%.3f", ms(v, x->used));
    CELL(5, "%.2f", elapsed > 0 ? 100 * consumed / elapsed : 0);
    CELL(6, "%.3f", ms(v, x->background_time));
    CELL(7, "%.3f", ms(v, x->overrun));
    CELL(8, "%" PRIu64, x->dispatches);
    CELL(9, "%" PRIu64, x->replenishments);
    if (x->jobs > 0) {
        CELL(10, "%" PRIu64 "/%" PRIu64, x->misses, x->jobs);
        CELL(11, "%.3f", ms(v, x->worst_response));
    } else {
        CELL(10, "-");
        CELL(11, "-");
    }
    CELL(12, "%" PRIu64, x->list_full);
#undef CELL
}

static void core_line(FILE *out, const struct run_vcpus *v, uint32_t sandbox)
{
    const struct run_core_time *c = &v->core[sandbox];
    double elapsed = (double)(c->time - c->start);
    if (!c->known || elapsed <= 0)
        return;
    fprintf(out, "sandbox %u: %.3f s in all, idle %.2f %%, scheduler %.3f %%, interrupt handlers %.3f %%\n", sandbox,
            ms(v, c->time - c->start) / 1e3, 100 * (double)c->idle / elapsed, 100 * (double)c->path / elapsed,
            100 * (double)c->handlers / elapsed);
}

void vcpus_write_markdown(FILE *out, const struct run_vcpus *v)
{
    struct row row;
    for (unsigned i = 0; i < 13; i++)
        fprintf(out, "| %s ", heads[i]);
    fprintf(out, "|\n");
    for (unsigned i = 0; i < 13; i++)
        fprintf(out, "|%s", i == 1 || i == 2 ? "---" : "---:");
    fprintf(out, "|\n");
    for (uint32_t i = 0; i < v->n; i++) {
        fill(v, &v->vcpu[i], &row);
        for (unsigned k = 0; k < 13; k++)
            fprintf(out, "| %s ", row.cell[k]);
        fprintf(out, "|\n");
    }
    fprintf(out, "\n");
    for (uint32_t i = 0; i < QV_MAX_SANDBOXES; i++) {
        if (v->core[i].known) {
            fprintf(out, "- ");
            core_line(out, v, i);
        }
    }
}

static bool has_work(const struct run_vcpus *v, uint32_t sandbox)
{
    for (uint32_t i = 0; i < v->n; i++) {
        if (v->vcpu[i].sandbox == sandbox && v->vcpu[i].work != QV_NO_WORK)
            return true;
    }
    return false;
}

void vcpus_print(FILE *out, const struct run_vcpus *v)
{
    static const int width[13] = {0, -14, 9, 14, 12, 8, 0, 0, 9, 10, 16, 10, 6};
    struct row row;
    bool any = false;
    for (uint32_t i = 0; i < v->n; i++) {
        if (!has_work(v, v->vcpu[i].sandbox))
            continue;
        if (i == 0 || v->vcpu[i].sandbox != v->vcpu[i - 1].sandbox) {
            fprintf(out, "  ");
            core_line(out, v, v->vcpu[i].sandbox);
            for (unsigned k = 1; k < 13; k++) {
                if (width[k] != 0)
                    fprintf(out, "%s%*s", k == 1 ? "    " : " ", width[k], heads[k]);
            }
            fprintf(out, "\n");
        }
        any = true;
        fill(v, &v->vcpu[i], &row);
        for (unsigned k = 1; k < 13; k++) {
            if (width[k] != 0)
                fprintf(out, "%s%*s", k == 1 ? "    " : " ", width[k], row.cell[k]);
        }
        fprintf(out, "\n");
    }
    if (any)
        fprintf(out, "\n");
}
