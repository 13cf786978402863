/* SPDX-License-Identifier: MIT */
#include "analysis/outcomes.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/names.h"
#include "analysis/summary.h"
#include "qv/fault.h"

static uint32_t fault_of(const struct run_result *r)
{
    return r->n_faults > 0 ? r->fault[0].model : QV_FAULT_NONE;
}

static struct outcomes_row *row_of(struct outcomes *o, const struct run_result *r)
{
    for (size_t i = 0; i < o->n; i++) {
        if (o->row[i].fault == fault_of(r) && o->row[i].policy == r->policy)
            return &o->row[i];
    }
    o->row[o->n] = (struct outcomes_row){.fault = fault_of(r), .policy = r->policy};
    return &o->row[o->n++];
}

static bool is_recovered(enum qv_outcome outcome)
{
    return outcome == QV_OUTCOME_RECOVERED_LOCAL || outcome == QV_OUTCOME_RECOVERED_REMOTE ||
           outcome == QV_OUTCOME_RECOVERED_RESTART || outcome == QV_OUTCOME_REPAIRED_IN_PLACE;
}

static void add_run(struct outcomes *o, struct outcomes_row *row, const struct run_result *r)
{
    row->n++;
    if ((unsigned)r->outcome < QV_OUTCOME_COUNT) {
        row->outcome[r->outcome]++;
        o->total[r->outcome]++;
    }
    row->detected[r->detected_by < OUTCOMES_DETECTIONS ? r->detected_by : OUTCOMES_DETECTIONS - 1]++;
    row->recovered += is_recovered(r->outcome);
    row->unchecked += !r->isolation.checked;
    row->breaches += r->isolation.breaches;
    row->loaded += r->has_load;
    row->errors += r->has_load ? r->load.errors : 0;
    row->lost += r->has_load ? r->load.lost : 0;
}

/* `value` has room for all results. */
static void finish_row(struct outcomes_row *row, const struct run_result *const *results, size_t n, double *value)
{
    size_t found = 0;
    for (size_t i = 0; i < n; i++) {
        if (results[i]->has_load && fault_of(results[i]) == row->fault && results[i]->policy == row->policy)
            value[found++] = results[i]->outage_ms;
    }
    stats_sort(value, found);
    row->outage_median = stats_median(value, found);
    row->outage_max = found > 0 ? value[found - 1] : 0;
    row->share = stats_wilson(row->recovered, row->n, SUMMARY_LEVEL);
}

static int by_fault_and_policy(const void *a, const void *b)
{
    const struct outcomes_row *x = a;
    const struct outcomes_row *y = b;
    if (x->fault != y->fault)
        return x->fault < y->fault ? -1 : 1;
    return x->policy < y->policy ? -1 : x->policy > y->policy;
}

int outcomes_count(struct outcomes *out, const struct run_result *const *results, size_t n, struct qv_error *err)
{
    double *value = calloc(n + 1, sizeof(*value));
    memset(out, 0, sizeof(*out));
    out->row = calloc(n + 1, sizeof(*out->row));
    if (value == NULL || out->row == NULL) {
        free(value);
        outcomes_free(out);
        return qv_error_set(err, -ENOMEM, "outcomes: no memory");
    }
    for (size_t i = 0; i < n; i++)
        add_run(out, row_of(out, results[i]), results[i]);
    qsort(out->row, out->n, sizeof(*out->row), by_fault_and_policy);
    for (size_t i = 0; i < out->n; i++)
        finish_row(&out->row[i], results, n, value);
    free(value);
    return 0;
}

void outcomes_free(struct outcomes *outcomes)
{
    free(outcomes->row);
    memset(outcomes, 0, sizeof(*outcomes));
}

char *outcomes_detections_text(const struct outcomes_row *row, char *out, size_t size)
{
    bool shown[OUTCOMES_DETECTIONS] = {false};
    size_t length = 0;
    out[0] = '\0';
    while (length < size) {
        uint32_t most = OUTCOMES_DETECTIONS;
        for (uint32_t d = 0; d < OUTCOMES_DETECTIONS; d++) {
            if (!shown[d] && row->detected[d] > 0 &&
                (most == OUTCOMES_DETECTIONS || row->detected[d] > row->detected[most]))
                most = d;
        }
        if (most == OUTCOMES_DETECTIONS)
            break;
        shown[most] = true;
        length += (size_t)snprintf(out + length, size - length, "%s%s %zu", length > 0 ? ", " : "",
                                   qv_detection_name(most), row->detected[most]);
    }
    return out;
}
