/* SPDX-License-Identifier: MIT */
/* A report as JSON and back. Samples are kept as counts of each value, which is exact and short. */
#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "analysis/json_fields.h"
#include "analysis/result_json.h"
#include "bench/report.h"

#define MAX_SAMPLES 1000000u

static const char *const status_names[] = {"not-run", "measured", "not-measurable", "failed"};
#define STATUS_COUNT (sizeof(status_names) / sizeof(status_names[0]))

static const struct json_field row_fields[] = {
    JSON_TEXT(struct bench_row, name),    JSON_TEXT(struct bench_row, what),  JSON_TEXT(struct bench_row, reason),
    JSON_U32(struct bench_row, revision), JSON_U32(struct bench_row, warmup), JSON_U32(struct bench_row, probes),
    JSON_U32(struct bench_row, below),    JSON_U32(struct bench_row, bytes),
};
static const struct json_field column_fields[] = {
    JSON_TEXT(struct bench_column, mode),  JSON_TEXT(struct bench_column, vendor),
    JSON_TEXT(struct bench_column, cpu),   JSON_U32(struct bench_column, sandboxes),
    JSON_U64(struct bench_column, tsc_hz),
};
static const struct json_field timer_field[] = {JSON_TEXT(struct bench_column, timer)};
static const struct json_field overhead_fields[] = {
    JSON_U64(struct qv_bench_overhead, min),    JSON_U64(struct qv_bench_overhead, q1),
    JSON_U64(struct qv_bench_overhead, median), JSON_U64(struct qv_bench_overhead, q3),
    JSON_U64(struct qv_bench_overhead, max),    JSON_U64(struct qv_bench_overhead, again),
};
static const struct json_field stats_fields[] = {
    JSON_DOUBLE(struct stats_summary, min),    JSON_DOUBLE(struct stats_summary, q1),
    JSON_DOUBLE(struct stats_summary, median), JSON_DOUBLE(struct stats_summary, mean),
    JSON_DOUBLE(struct stats_summary, q3),     JSON_DOUBLE(struct stats_summary, max),
    JSON_DOUBLE(struct stats_summary, sd),
};

static bool put(json_t *object, const char *key, json_t *value)
{
    return json_object_set_new(object, key, value) == 0;
}

/* [[value, how often], ...], ascending */
static json_t *counts_of(const struct bench_row *row)
{
    json_t *list = json_array();
    double *sorted = malloc((row->n + 1) * sizeof(*sorted));
    bool good = list != NULL && sorted != NULL;
    if (good && row->n > 0) {
        memcpy(sorted, row->value, row->n * sizeof(*sorted));
        stats_sort(sorted, row->n);
    }
    for (size_t i = 0, j; good && i < row->n; i = j) {
        for (j = i; j < row->n && sorted[j] <= sorted[i]; j++)
            ;
        good = json_array_append_new(list, json_pack("[I,I]", (json_int_t)sorted[i], (json_int_t)(j - i))) == 0;
    }
    free(sorted);
    if (!good) {
        json_decref(list);
        return NULL;
    }
    return list;
}

/* [[lowest, highest, how many], ...] of the buckets that are not empty */
static json_t *histogram_of(const struct bench_row *row)
{
    json_t *list = json_array();
    struct qv_histogram *h = malloc(sizeof(*h));
    bool good = list != NULL && h != NULL;
    if (h != NULL)
        qv_hist_init(h);
    for (size_t i = 0; good && i < row->n; i++)
        qv_hist_add(h, (uint64_t)row->value[i]);
    for (uint32_t i = 0; good && i < QV_HIST_BUCKETS; i++)
        if (h->bucket[i] != 0)
            good = json_array_append_new(list, json_pack("[I,I,I]", (json_int_t)qv_hist_low(i),
                                                         (json_int_t)qv_hist_high(i), (json_int_t)h->bucket[i])) == 0;
    free(h);
    if (!good) {
        json_decref(list);
        return NULL;
    }
    return list;
}

static json_t *row_json(const struct bench_row *row)
{
    json_t *o = json_object();
    bool good = o != NULL && json_put_fields(o, row, row_fields, JSON_COUNT(row_fields)) &&
                put(o, "status", json_string(status_names[row->status])) &&
                put(o, "n", json_integer((json_int_t)row->n));
    if (good && row->n > 0)
        good = json_put_fields(o, &row->s, stats_fields, JSON_COUNT(stats_fields)) &&
               put(o, "p99", json_real(row->p99)) && put(o, "counts", counts_of(row)) &&
               put(o, "histogram", histogram_of(row));
    if (!good) {
        json_decref(o);
        return NULL;
    }
    return o;
}

static json_t *column_json(const struct bench_column *column)
{
    json_t *o = json_object();
    json_t *overhead = json_object();
    json_t *list = json_array();
    bool good = o != NULL && overhead != NULL && list != NULL &&
                json_put_fields(o, column, column_fields, JSON_COUNT(column_fields)) &&
                put(o, "timer", json_string(column->timer)) &&
                json_put_fields(overhead, &column->overhead, overhead_fields, JSON_COUNT(overhead_fields));
    for (size_t i = 0; good && i < column->n_rows; i++)
        good = json_array_append_new(list, row_json(&column->row[i])) == 0;
    if (!good) {
        json_decref(o);
        json_decref(overhead);
        json_decref(list);
        return NULL;
    }
    (void)put(o, "probe_overhead", overhead);
    (void)put(o, "benchmarks", list);
    return o;
}

static json_t *provenance_json(const struct provenance *p)
{
    json_t *commands = json_object();
    for (uint32_t i = 0; commands != NULL && i < p->n_commands; i++)
        (void)put(commands, p->command[i].role, json_string(p->command[i].line));
    json_t *hashes = json_object();
    for (uint32_t i = 0; hashes != NULL && i < p->n_hashes; i++)
        (void)put(hashes, p->hash[i].name, json_string(p->hash[i].sha256));
    return json_pack("{s:s,s:b,s:s,s:s,s:s,s:s,s:i,s:s,s:s,s:f,s:s,s:s,s:o,s:o}", "commit", p->commit, "dirty",
                     p->dirty, "emulator", p->qemu_version, "compiler", p->compiler, "build_type", p->build_type,
                     "host_cpu", p->host_cpu, "host_cores", (int)p->host_cores, "host_kernel", p->host_kernel,
                     "host_os", p->host_os, "load_average", p->load_average, "time", p->time, "reproduce", p->reproduce,
                     "commands", commands, "sha256", hashes);
}

int bench_write_json(const char *path, const struct bench_report *report, struct qv_error *err)
{
    json_t *columns = json_array();
    bool good = columns != NULL;
    for (size_t i = 0; good && i < report->n_columns; i++)
        good = json_array_append_new(columns, column_json(&report->column[i])) == 0;
    json_t *root = good ? json_pack("{s:s,s:i,s:s,s:{s:s,s:s,s:b},s:O,s:o}", "kind", "qv-bench", "schema", BENCH_SCHEMA,
                                    "platform", report->platform, "tick", "kind", result_tick_name(report->tick.kind),
                                    "what", report->tick.what, "deterministic", report->tick.deterministic, "columns",
                                    columns, "provenance", provenance_json(&report->provenance))
                        : NULL;
    json_decref(columns);
    if (root == NULL)
        return qv_error_set(err, -ENOMEM, "out of memory");
    int failed = json_dump_file(root, path, JSON_INDENT(1));
    json_decref(root);
    return failed ? qv_error_set(err, -EIO, "%s: cannot be written", path) : 0;
}

static int read_counts(const json_t *list, double **value, size_t *n, const char *where, struct qv_error *err)
{
    size_t total = 0, i;
    json_t *pair;
    json_array_foreach(list, i, pair)
    {
        json_int_t v = json_integer_value(json_array_get(pair, 0));
        json_int_t count = json_integer_value(json_array_get(pair, 1));
        if (json_array_size(pair) != 2 || !json_is_integer(json_array_get(pair, 0)) || v < 0 || count < 1 ||
            count > MAX_SAMPLES || total + (size_t)count > MAX_SAMPLES)
            return qv_error_set(err, -EINVAL, "%s.counts[%zu]: expected [value, count]", where, i);
        total += (size_t)count;
    }
    *value = malloc((total + 1) * sizeof(**value));
    if (*value == NULL)
        return qv_error_set(err, -ENOMEM, "out of memory");
    *n = 0;
    json_array_foreach(list, i, pair) for (json_int_t k = 0; k < json_integer_value(json_array_get(pair, 1));
                                           k++)(*value)[(*n)++] = (double)json_integer_value(json_array_get(pair, 0));
    stats_sort(*value, *n);
    return 0;
}

static int read_row(const json_t *o, struct bench_column *column, const char *where, struct qv_error *err)
{
    struct bench_row row = {.n = 0};
    const char *status = json_string_value(json_object_get(o, "status"));
    double *value = NULL;
    size_t n = 0;
    int result = json_get_fields(o, &row, row_fields, JSON_COUNT(row_fields), where, err);
    while (result == 0 && row.status < STATUS_COUNT &&
           (status == NULL || strcmp(status, status_names[row.status]) != 0))
        row.status++;
    if (result == 0 && row.status == STATUS_COUNT)
        result =
            qv_error_set(err, -EINVAL, "%s.status: expected one of measured, not-measurable, failed, not-run", where);
    if (result == 0)
        result = read_counts(json_object_get(o, "counts"), &value, &n, where, err);
    if (result == 0 && (row.status == QV_BENCH_MEASURED) != (n > 0))
        result = qv_error_set(err, -EINVAL, "%s.counts: %zu samples, but the status is %s", where, n, status);
    if (result == 0)
        result = bench_add_row(column, &row, value, n);
    free(value);
    return result;
}

static int read_column(const json_t *o, struct bench_column *column, size_t index, struct qv_error *err)
{
    char where[64];
    snprintf(where, sizeof(where), "columns[%zu]", index);
    const json_t *list = json_object_get(o, "benchmarks");
    int result = json_get_fields(o, column, column_fields, JSON_COUNT(column_fields), where, err);
    if (result == 0 && json_object_get(o, "timer") != NULL) /* results of versions before this was added have none */
        result = json_get_fields(o, column, timer_field, JSON_COUNT(timer_field), where, err);
    if (result == 0)
        result = json_get_fields(json_object_get(o, "probe_overhead"), &column->overhead, overhead_fields,
                                 JSON_COUNT(overhead_fields), "probe_overhead", err);
    if (result == 0 && !json_is_array(list))
        result = qv_error_set(err, -EINVAL, "%s.benchmarks: expected a list", where);
    for (size_t i = 0; result == 0 && i < json_array_size(list); i++) {
        snprintf(where, sizeof(where), "columns[%zu].benchmarks[%zu]", index, i);
        result = read_row(json_array_get(list, i), column, where, err);
    }
    return result;
}

static int read_root(const json_t *root, struct bench_report *report, struct qv_error *err)
{
    const json_t *tick = json_object_get(root, "tick");
    const char *kind = json_string_value(json_object_get(tick, "kind"));
    const char *what = json_string_value(json_object_get(tick, "what"));
    const char *platform = json_string_value(json_object_get(root, "platform"));
    const json_t *columns = json_object_get(root, "columns");
    const char *magic = json_string_value(json_object_get(root, "kind"));
    unsigned k = 0;
    if (magic == NULL || strcmp(magic, "qv-bench") != 0)
        return qv_error_set(err, -EINVAL, "kind: expected \"qv-bench\", a file that qv bench has written");
    if (json_integer_value(json_object_get(root, "schema")) != BENCH_SCHEMA)
        return qv_error_set(err, -EINVAL, "schema: expected %d", BENCH_SCHEMA);
    while (k < RUN_TICK_KINDS && (kind == NULL || strcmp(kind, result_tick_name((enum run_tick_kind)k)) != 0))
        k++;
    if (k == RUN_TICK_KINDS || what == NULL || platform == NULL)
        return qv_error_set(err, -EINVAL, "platform, tick: expected a platform and a known kind of tick");
    if (!json_is_array(columns) || json_array_size(columns) < 1 || json_array_size(columns) > BENCH_COLUMNS)
        return qv_error_set(err, -EINVAL, "columns: expected 1 to %u", BENCH_COLUMNS);
    report->tick.kind = (enum run_tick_kind)k;
    report->tick.deterministic = json_is_true(json_object_get(tick, "deterministic"));
    snprintf(report->tick.what, sizeof(report->tick.what), "%s", what);
    snprintf(report->platform, sizeof(report->platform), "%s", platform);
    int result = 0;
    for (size_t i = 0; result == 0 && i < json_array_size(columns); i++)
        result = read_column(json_array_get(columns, i), &report->column[report->n_columns++], i, err);
    return result;
}

int bench_read(const char *path, struct bench_report *report, struct qv_error *err)
{
    char file[4200];
    struct stat st;
    json_error_t where;
    struct qv_error why = {""};

    memset(report, 0, sizeof(*report));
    bool folder = stat(path, &st) == 0 && S_ISDIR(st.st_mode);
    if (snprintf(file, sizeof(file), "%s%s", path, folder ? "/bench.json" : "") >= (int)sizeof(file))
        return qv_error_set(err, -ENAMETOOLONG, "%s: name too long", path);
    json_t *root = json_load_file(file, JSON_REJECT_DUPLICATES, &where);
    if (root == NULL)
        return where.line > 0 ? qv_error_set(err, -EINVAL, "%s:%d:%d: %s", file, where.line, where.column, where.text)
                              : qv_error_set(err, -EINVAL, "%s: %s", file, where.text);
    int result = read_root(root, report, &why);
    json_decref(root);
    if (result != 0) {
        bench_free(report);
        return qv_error_set(err, result, "%s: %s", file, why.text);
    }
    return 0;
}
