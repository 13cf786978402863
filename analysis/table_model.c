/* SPDX-License-Identifier: MIT */
#include "analysis/table_model.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/names.h"
#include "analysis/result_json.h"
#include "analysis/text.h"
#include "qv/fault.h"

const struct table_row table_rows[TABLE_ROWS] = {
    {"detection", "Detection", TABLE_PHASE, QV_PHASE_DETECTION, false},
    {"vm_exit", "VM-Exit", TABLE_PHASE, QV_PHASE_VM_EXIT, true},
    {"decision", "Decision", TABLE_PHASE, QV_PHASE_DECISION, false},
    {"driver_switch", "Driver Switch", TABLE_PHASE, QV_PHASE_DRIVER_SWITCH, true},
    {"sandbox_reload", "Sandbox Reload", TABLE_PHASE, QV_PHASE_SANDBOX_RELOAD, false},
    {"ipi", "IPI, one way", TABLE_PHASE, QV_PHASE_IPI, false},
    {"ipi_round_trip", "IPI Round Trip", TABLE_PHASE, QV_PHASE_IPI_ROUND_TRIP, true},
    {"vm_enter", "VM-Enter", TABLE_PHASE, QV_PHASE_VM_ENTER, true},
    {"resume", "Resume", TABLE_PHASE, QV_PHASE_RESUME, false},
    {"kernel_boot", "Kernel Boot", TABLE_PHASE, QV_PHASE_KERNEL_BOOT, false},
    {"driver_reinit", "Driver Re-initialization", TABLE_PHASE, QV_PHASE_DRIVER_REINIT, true},
    {"net_reinit", "Network Re-initialization", TABLE_PHASE, QV_PHASE_NET_REINIT, true},
    {"first_reply", "First Good Reply", TABLE_PHASE, QV_PHASE_FIRST_REPLY, false},
    {"phase_sum", "Sum of phases", TABLE_SUM, 0, false},
    {"end_to_end", "Fault to first good reply", TABLE_END_TO_END, 0, false},
    {"difference", "Sum against end-to-end", TABLE_DIFFERENCE, 0, false},
    {"outage", "Outage seen by the client", TABLE_OUTAGE, 0, false},
};

static const uint32_t policies[TABLE_POLICIES] = {QV_POLICY_LOCAL, QV_POLICY_REMOTE, QV_POLICY_RESTART};

static bool add_sample(struct table_cell *cell, double value)
{
    double *sample = realloc(cell->sample, (cell->n + 1) * sizeof(*sample));
    if (sample == NULL)
        return false;
    cell->sample = sample;
    cell->sample[cell->n++] = value;
    return true;
}

static bool add_recovery(struct table_column *column, const struct recovery *x)
{
    bool ok = true;
    for (size_t row = 0; ok && row < TABLE_ROWS; row++) {
        uint64_t ticks;
        struct table_cell *cell = &column->cell[row];
        switch (table_rows[row].kind) {
        case TABLE_PHASE:
            if (phases_ticks(x, table_rows[row].phase, &ticks))
                ok = add_sample(cell, (double)ticks);
            break;
        case TABLE_SUM:
            ok = add_sample(cell, (double)x->phase_sum);
            break;
        case TABLE_END_TO_END:
            ok = add_sample(cell, (double)x->end_to_end);
            break;
        case TABLE_DIFFERENCE:
            ok = add_sample(cell, 100 * x->difference);
            break;
        case TABLE_OUTAGE:
            break; /* of a run, not of a recovery */
        }
    }
    return ok;
}

static bool add_result(struct table *t, const struct run_result *r)
{
    for (uint32_t c = 0; c < TABLE_POLICIES; c++) {
        struct table_column *column = &t->column[c];
        size_t before = column->complete;
        for (size_t i = 0; i < r->recoveries.n; i++) {
            const struct recovery *x = &r->recoveries.item[i];
            if (x->policy != column->policy)
                continue;
            if (phases_without_fault(&r->recoveries, x)) {
                column->unfounded++;
                continue;
            }
            if (!x->complete) {
                column->incomplete++;
                continue;
            }
            column->complete++;
            column->in_place += phases_in_place(x);
            column->flagged += x->flagged;
            if (!add_recovery(column, x))
                return false;
        }
        if (column->complete > before && r->has_load && !add_sample(&column->cell[TABLE_ROWS - 1], r->outage_ms))
            return false;
    }
    return true;
}

static bool same_platform(const struct run_result *a, const struct run_result *b)
{
    return strcmp(a->platform, b->platform) == 0 && a->tick.kind == b->tick.kind;
}

static void summarise(struct table *t)
{
    double us = t->example != NULL && t->example->tick.hz > 0 ? 1e6 / t->example->tick.hz : 0;
    for (uint32_t c = 0; c < TABLE_POLICIES; c++) {
        struct table_column *column = &t->column[c];
        column->shown = column->complete > 0 || column->policy != QV_POLICY_RESTART;
        for (size_t row = 0; row < TABLE_ROWS; row++) {
            struct table_cell *cell = &column->cell[row];
            if (cell->n > 0 && stats_summarise(cell->sample, cell->n, &cell->ticks) &&
                table_rows[row].kind <= TABLE_END_TO_END)
                cell->median_us = cell->ticks.median * us;
        }
    }
}

int table_build(struct table *t, const struct run_result *const *results, size_t n, const char *published,
                struct qv_error *err)
{
    memset(t, 0, sizeof(*t));
    for (uint32_t c = 0; c < TABLE_POLICIES; c++)
        t->column[c].policy = policies[c];
    t->n_results = n;
    t->example = n > 0 ? results[0] : NULL;
    for (size_t i = 0; i < n; i++) {
        if (!same_platform(results[0], results[i])) {
            int code = qv_error_set(err, -EINVAL,
                                    "table: %s (%s ticks) and %s (%s ticks): figures of different platforms do not go "
                                    "into one table",
                                    results[0]->platform, result_tick_name(results[0]->tick.kind), results[i]->platform,
                                    result_tick_name(results[i]->tick.kind));
            table_free(t);
            return code;
        }
        if (!add_result(t, results[i])) {
            table_free(t);
            return qv_error_set(err, -ENOMEM, "table: no memory");
        }
    }
    if (published != NULL) {
        char path[4096];
        (void)snprintf(path, sizeof(path), "%s/quest-v-poster.csv", published);
        int code = published_read(path, &t->poster, err);
        if (code != 0) {
            table_free(t);
            return code;
        }
        t->has_poster = true;
    }
    summarise(t);
    return 0;
}

void table_free(struct table *t)
{
    for (uint32_t c = 0; c < TABLE_POLICIES; c++) {
        for (size_t row = 0; row < TABLE_ROWS; row++)
            free(t->column[c].cell[row].sample);
    }
    published_free(&t->poster);
    memset(t, 0, sizeof(*t));
}

bool table_row_shown(const struct table *t, size_t row)
{
    bool shown = table_rows[row].poster;
    for (uint32_t c = 0; c < TABLE_POLICIES; c++)
        shown = shown || t->column[c].cell[row].n > 0;
    return shown;
}

static char *value_text(enum table_kind kind, double value, char *out, size_t size)
{
    if (kind == TABLE_DIFFERENCE)
        (void)snprintf(out, size, "%+.1f %%", value);
    else if (kind == TABLE_OUTAGE)
        (void)snprintf(out, size, "%.1f ms", value);
    else
        (void)text_count(out, size, value);
    return out;
}

char *table_ticks_text(const struct table_cell *cell, enum table_kind kind, char *out, size_t size)
{
    char min[32];
    char median[32];
    char max[32];
    out[0] = '\0';
    if (cell->n == 0)
        return out;
    (void)value_text(kind, cell->ticks.min, min, sizeof(min));
    (void)value_text(kind, cell->ticks.median, median, sizeof(median));
    (void)value_text(kind, cell->ticks.max, max, sizeof(max));
    if (cell->n == 1)
        (void)snprintf(out, size, "%s", median);
    else
        (void)snprintf(out, size, "%s / %s / %s", min, median, max);
    return out;
}

char *table_time_text(const struct table_cell *cell, enum table_kind kind, char *out, size_t size)
{
    out[0] = '\0';
    if (cell->n > 0 && kind <= TABLE_END_TO_END && cell->median_us > 0)
        (void)text_ms(out, size, cell->median_us / 1e3);
    return out;
}

char *table_poster_text(const struct table *t, size_t row, const char *policy, char *out, size_t size)
{
    out[0] = '\0';
    if (!t->has_poster || !table_rows[row].poster)
        return out;
    const struct published_figure *figure = published_find(&t->poster, table_rows[row].key, policy);
    if (figure == NULL)
        (void)snprintf(out, size, "n/a");
    else
        (void)text_count(out, size, figure->value);
    return out;
}
