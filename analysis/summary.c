/* SPDX-License-Identifier: MIT */
#include "analysis/summary.h"

#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/names.h"
#include "analysis/table.h"
#include "qv/fault.h"

#define PATH_BYTES 4096

static uint32_t fault_of(const struct run_result *r)
{
    return r->n_faults > 0 ? r->fault[0].model : QV_FAULT_NONE;
}

long summary_groups(const struct run_result *const *results, size_t n, struct summary_group **out)
{
    struct summary_group *group = calloc(n + 1, sizeof(*group));
    size_t groups = 0;
    *out = group;
    if (group == NULL)
        return -ENOMEM;
    for (size_t i = 0; i < n; i++) {
        const struct run_result *r = results[i];
        size_t k = 0;
        while (k < groups && (strcmp(group[k].scenario, r->scenario) != 0 || group[k].fault != fault_of(r) ||
                              group[k].policy != r->policy))
            k++;
        if (k == groups)
            group[groups++] =
                (struct summary_group){.scenario = r->scenario, .fault = fault_of(r), .policy = r->policy};
        group[k].runs++;
        group[k].met += r->met;
        if ((unsigned)r->outcome < QV_OUTCOME_COUNT)
            group[k].outcome[r->outcome]++;
    }
    return (long)groups;
}

bool summary_metric_of(const struct run_result *const *results, size_t n, const char *name, struct summary_metric *out)
{
    double *value = calloc(n + 1, sizeof(*value));
    size_t found = 0;
    memset(out, 0, sizeof(*out));
    out->name = name;
    out->unit = result_metric_unit(name);
    for (size_t i = 0; value != NULL && i < n; i++) {
        if (result_metric(results[i], name, &value[found]))
            found++;
    }
    bool ok = value != NULL && out->unit != NULL && found > 0 && stats_summarise(value, found, &out->s);
    if (ok)
        out->median = stats_bootstrap_median(value, found, SUMMARY_SEED, SUMMARY_RESAMPLES, SUMMARY_LEVEL);
    free(value);
    return ok;
}

static FILE *create(const char *dir, const char *name, char *path, struct qv_error *err)
{
    (void)snprintf(path, PATH_BYTES, "%s/%s", dir, name);
    FILE *file = fopen(path, "w");
    if (file == NULL)
        (void)qv_error_set(err, -errno, "%s: %s", path, strerror(errno));
    return file;
}

static int finish(FILE *file, const char *path, struct qv_error *err)
{
    int failed = ferror(file);
    if (fclose(file) != 0 || failed)
        return qv_error_set(err, -EIO, "%s: cannot be written", path);
    return 0;
}

static int write_runs(const char *dir, const struct run_result *const *results, size_t n, struct qv_error *err)
{
    char path[PATH_BYTES];
    FILE *out = create(dir, "runs.csv", path, err);
    if (out == NULL)
        return -EIO;
    fprintf(out, "run,scenario,fault,policy,seed,verdict,outcome,detected_by");
    for (size_t m = 0; result_metric_list(m) != NULL; m++)
        fprintf(out, ",%s", result_metric_list(m));
    fputc('\n', out);
    for (size_t i = 0; i < n; i++) {
        const struct run_result *r = results[i];
        fprintf(out, "%u,%s,%s,%s,%llu,%s,%s,%s", r->run_index, r->scenario, qv_fault_name(fault_of(r)),
                qv_policy_name(r->policy), (unsigned long long)r->seed, r->met ? "met" : "not met",
                outcome_name(r->outcome), qv_detection_name(r->detected_by));
        for (size_t m = 0; result_metric_list(m) != NULL; m++) {
            double value;
            if (result_metric(r, result_metric_list(m), &value))
                fprintf(out, ",%.10g", value);
            else
                fputc(',', out);
        }
        fputc('\n', out);
    }
    return finish(out, path, err);
}

static int write_outcomes(const char *dir, const struct summary_group *group, size_t groups, struct qv_error *err)
{
    char path[PATH_BYTES];
    FILE *out = create(dir, "outcomes.csv", path, err);
    if (out == NULL)
        return -EIO;
    fprintf(out, "scenario,fault,policy,outcome,count,runs,share,wilson95_low,wilson95_high\n");
    for (size_t k = 0; k < groups; k++) {
        for (int o = 0; o < QV_OUTCOME_COUNT; o++) {
            const struct summary_group *g = &group[k];
            if (g->outcome[o] == 0)
                continue;
            struct stats_interval w = stats_wilson(g->outcome[o], g->runs, SUMMARY_LEVEL);
            fprintf(out, "%s,%s,%s,%s,%zu,%zu,%.6f,%.6f,%.6f\n", g->scenario, qv_fault_name(g->fault),
                    qv_policy_name(g->policy), outcome_name((enum qv_outcome)o), g->outcome[o], g->runs,
                    (double)g->outcome[o] / (double)g->runs, w.low, w.high);
        }
    }
    return finish(out, path, err);
}

static json_t *groups_json(const struct summary_group *group, size_t groups)
{
    json_t *list = json_array();
    for (size_t k = 0; list != NULL && k < groups; k++) {
        const struct summary_group *g = &group[k];
        json_t *outcomes = json_object();
        for (int o = 0; o < QV_OUTCOME_COUNT; o++) {
            struct stats_interval w = stats_wilson(g->outcome[o], g->runs, SUMMARY_LEVEL);
            if (g->outcome[o] > 0)
                (void)json_object_set_new(outcomes, outcome_name((enum qv_outcome)o),
                                          json_pack("{s:I,s:f,s:f}", "count", (json_int_t)g->outcome[o], "wilson95_low",
                                                    w.low, "wilson95_high", w.high));
        }
        (void)json_array_append_new(list,
                                    json_pack("{s:s,s:s,s:s,s:I,s:I,s:o}", "scenario", g->scenario, "fault",
                                              qv_fault_name(g->fault), "policy", qv_policy_name(g->policy), "runs",
                                              (json_int_t)g->runs, "met", (json_int_t)g->met, "outcomes", outcomes));
    }
    return list;
}

static json_t *metrics_json(const struct run_result *const *results, size_t n)
{
    json_t *object = json_object();
    for (size_t m = 0; object != NULL && result_metric_list(m) != NULL; m++) {
        struct summary_metric s;
        if (!summary_metric_of(results, n, result_metric_list(m), &s))
            continue;
        (void)json_object_set_new(object, s.name,
                                  json_pack("{s:s,s:I,s:f,s:f,s:f,s:f,s:f,s:f,s:f,s:f,s:f}", "unit", s.unit, "n",
                                            (json_int_t)s.s.n, "min", s.s.min, "q1", s.s.q1, "median", s.s.median, "q3",
                                            s.s.q3, "max", s.s.max, "mean", s.s.mean, "sd", s.s.sd, "median95_low",
                                            s.median.low, "median95_high", s.median.high));
    }
    return object;
}

static int write_json(const char *dir, const struct run_result *const *results, size_t n,
                      const struct summary_group *group, size_t groups, struct qv_error *err)
{
    char path[PATH_BYTES];
    json_t *root = json_pack("{s:i,s:s,s:s,s:I,s:o,s:o}", "schema", RESULT_SCHEMA, "kind", "summary", "platform",
                             n > 0 ? results[0]->platform : "", "runs", (json_int_t)n, "groups",
                             groups_json(group, groups), "metrics", metrics_json(results, n));
    FILE *out = root != NULL ? create(dir, "summary.json", path, err) : NULL;
    if (out == NULL) {
        json_decref(root);
        return root == NULL ? qv_error_set(err, -ENOMEM, "summary: no memory") : -EIO;
    }
    bool ok = json_dumpf(root, out, JSON_INDENT(2) | JSON_PRESERVE_ORDER | JSON_REAL_PRECISION(12)) == 0 &&
              fputc('\n', out) != EOF;
    json_decref(root);
    int code = finish(out, path, err);
    return ok ? code : qv_error_set(err, -EIO, "%s: cannot be written", path);
}

static void markdown_outcomes(FILE *out, const struct summary_group *group, size_t groups)
{
    fprintf(out, "| Scenario | Fault | Policy | Runs | Met | Outcomes (Wilson 95 %%) |\n|---|---|---|---:|---:|---|\n");
    for (size_t k = 0; k < groups; k++) {
        const struct summary_group *g = &group[k];
        fprintf(out, "| %s | %s | %s | %zu | %zu |", g->scenario, qv_fault_name(g->fault), qv_policy_name(g->policy),
                g->runs, g->met);
        const char *before = " ";
        for (int o = 0; o < QV_OUTCOME_COUNT; o++) {
            struct stats_interval w = stats_wilson(g->outcome[o], g->runs, SUMMARY_LEVEL);
            if (g->outcome[o] == 0)
                continue;
            fprintf(out, "%s%s %zu [%.1f-%.1f %%]", before, outcome_name((enum qv_outcome)o), g->outcome[o],
                    100 * w.low, 100 * w.high);
            before = ", ";
        }
        fprintf(out, " |\n");
    }
}

static int write_markdown(const char *dir, const struct run_result *const *results, size_t n,
                          const struct summary_group *group, size_t groups, const char *published, struct qv_error *err)
{
    char path[PATH_BYTES];
    FILE *out = create(dir, "summary.md", path, err);
    if (out == NULL)
        return -EIO;
    fprintf(out, "<!-- SPDX-License-Identifier: MIT -->\n# %zu runs\n\n", n);
    markdown_outcomes(out, group, groups);
    /* Figures of different scenarios have no common spread. */
    if (groups == 1) {
        fprintf(out, "\n| Figure | Unit | n | min | q1 | median | q3 | max | median, 95 %% |\n"
                     "|---|---|---:|---:|---:|---:|---:|---:|---:|\n");
        for (size_t m = 0; result_metric_list(m) != NULL; m++) {
            struct summary_metric s;
            if (summary_metric_of(results, n, result_metric_list(m), &s))
                fprintf(out, "| %s | %s | %zu | %.6g | %.6g | **%.6g** | %.6g | %.6g | %.6g - %.6g |\n", s.name, s.unit,
                        s.s.n, s.s.min, s.s.q1, s.s.median, s.s.q3, s.s.max, s.median.low, s.median.high);
        }
    }
    int code = finish(out, path, err);
    if (code != 0)
        return code;
    out = create(dir, "recovery.md", path, err);
    if (out == NULL)
        return -EIO;
    code = table_write_markdown(out, results, n, published, err);
    int closed = finish(out, path, code == 0 ? err : NULL);
    if (code != 0 || closed != 0)
        return code != 0 ? code : closed;
    out = create(dir, "recovery.csv", path, err);
    if (out == NULL)
        return -EIO;
    code = table_write_csv(out, results, n, published, err);
    closed = finish(out, path, code == 0 ? err : NULL);
    return code != 0 ? code : closed;
}

int table_write_summary(const char *dir, const struct run_result *const *results, size_t n, const char *published,
                        struct qv_error *err)
{
    struct summary_group *group;
    long groups = summary_groups(results, n, &group);
    if (groups < 0)
        return qv_error_set(err, (int)groups, "summary: no memory");
    int code = write_runs(dir, results, n, err);
    if (code == 0)
        code = write_outcomes(dir, group, (size_t)groups, err);
    if (code == 0)
        code = write_markdown(dir, results, n, group, (size_t)groups, published, err);
    if (code == 0)
        code = write_json(dir, results, n, group, (size_t)groups, err);
    free(group);
    return code;
}
