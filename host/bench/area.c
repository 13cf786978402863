/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "bench/report.h"

#define KIND(text, field) snprintf(text, sizeof(text), "%.*s", (int)sizeof(field) - 1, field)

bool bench_summarise(struct bench_row *row)
{
    row->p99 = 0;
    memset(&row->s, 0, sizeof(row->s));
    if (row->n == 0)
        return true;
    double *sorted = malloc(row->n * sizeof(*sorted));
    if (sorted == NULL)
        return false;
    memcpy(sorted, row->value, row->n * sizeof(*sorted));
    stats_sort(sorted, row->n);
    row->p99 = stats_percentile(sorted, row->n, 99);
    free(sorted);
    return stats_summarise(row->value, row->n, &row->s);
}

int bench_add_row(struct bench_column *column, const struct bench_row *like, const double *value, size_t n)
{
    struct bench_row *grown = realloc(column->row, (column->n_rows + 1) * sizeof(*grown));
    if (grown == NULL)
        return -ENOMEM;
    column->row = grown;
    struct bench_row *row = &grown[column->n_rows];
    *row = *like;
    row->n = n;
    row->value = NULL;
    if (n > 0) {
        row->value = malloc(n * sizeof(*row->value));
        if (row->value == NULL)
            return -ENOMEM;
        memcpy(row->value, value, n * sizeof(*value));
    }
    column->n_rows++;
    return bench_summarise(row) ? 0 : -ENOMEM;
}

const struct bench_row *bench_find(const struct bench_column *column, const char *name)
{
    for (size_t i = 0; i < column->n_rows; i++)
        if (strcmp(column->row[i].name, name) == 0)
            return &column->row[i];
    return NULL;
}

void bench_free(struct bench_report *report)
{
    for (size_t c = 0; c < report->n_columns; c++) {
        for (size_t i = 0; i < report->column[c].n_rows; i++)
            free(report->column[c].row[i].value);
        free(report->column[c].row);
    }
    memset(report, 0, sizeof(*report));
}

/* The OS counted the same samples a second time, in its histogram. */
static bool agrees(const struct qv_bench_entry *e)
{
    struct qv_histogram h;
    qv_hist_init(&h);
    for (uint32_t i = 0; i < e->n; i++)
        qv_hist_add(&h, e->sample[i]);
    return memcmp(&h, &e->histogram, sizeof(h)) == 0;
}

static int take_entry(struct bench_column *column, const struct qv_bench_entry *e, struct qv_error *err)
{
    struct bench_row row = {.status = e->status,
                            .revision = e->revision,
                            .warmup = e->warmup,
                            .probes = e->probes,
                            .below = e->below,
                            .bytes = e->bytes};
    double *value = NULL;
    KIND(row.name, e->name);
    KIND(row.what, e->what);
    KIND(row.reason, e->reason);
    if (e->status > QV_BENCH_FAILED || e->n > QV_BENCH_SAMPLES || (e->status == QV_BENCH_MEASURED) != (e->n > 0))
        return e->status == QV_BENCH_FAILED && e->n <= QV_BENCH_SAMPLES
                   ? bench_add_row(column, &row, NULL, 0)
                   : qv_error_set(err, -EPROTO, "benchmark %s: status %u with %u samples", row.name, e->status, e->n);
    if (!agrees(e))
        return qv_error_set(err, -EPROTO, "benchmark %s: samples and histogram do not agree", row.name);
    if (e->n > 0) {
        value = malloc(e->n * sizeof(*value));
        if (value == NULL)
            return qv_error_set(err, -ENOMEM, "out of memory");
        for (uint32_t i = 0; i < e->n; i++)
            value[i] = (double)e->sample[i];
    }
    int result = e->status == QV_BENCH_NOT_RUN ? 0 : bench_add_row(column, &row, value, e->n);
    free(value);
    return result;
}

static int refuse_name(const struct qv_bench_area *area, struct qv_error *err)
{
    char names[400] = "";
    size_t used = 0;
    for (uint32_t i = 0; i < area->n_entries && used < sizeof(names) - 40; i++)
        used += (size_t)snprintf(names + used, sizeof(names) - used, "%s%.31s", i > 0 ? ", " : "", area->entry[i].name);
    return qv_error_set(err, -ENOENT, "no benchmark of this name, expected one of %s", names);
}

int bench_take_area(struct bench_column *column, const void *bytes, size_t size, struct qv_error *err)
{
    const struct qv_bench_area *area = bytes;
    if (size < sizeof(*area) || area->magic != QV_BENCH_MAGIC || area->version != QV_BENCH_VERSION ||
        area->size != sizeof(*area) || area->n_entries > QV_BENCH_MAX)
        return qv_error_set(err, -EPROTO, "the OS's result area is not one that this program knows: build both");
    uint32_t state = __atomic_load_n(&area->state, __ATOMIC_ACQUIRE);
    if (state == QV_BENCH_RUNNING)
        return qv_error_set(err, -EINPROGRESS, "the benchmarks did not come to their end");
    if (state == QV_BENCH_NO_SUCH)
        return refuse_name(area, err);
    if (state == QV_BENCH_UNSTABLE)
        return qv_error_set(
            err, -EAGAIN,
            "the empty probe's cost is not stable (quartiles %llu to %llu ticks, median %llu at the end): "
            "nothing is reported; try again on a quieter machine, or with --icount",
            (unsigned long long)area->overhead.q1, (unsigned long long)area->overhead.q3,
            (unsigned long long)area->overhead.again);
    if (state != QV_BENCH_DONE)
        return qv_error_set(err, -EPROTO, "the OS's result area is in the unknown state %u", state);
    column->overhead = area->overhead;
    column->sandboxes = area->n_sandboxes;
    int result = 0;
    for (uint32_t i = 0; i < area->n_entries && result == 0; i++)
        result = take_entry(column, &area->entry[i], err);
    return result;
}
