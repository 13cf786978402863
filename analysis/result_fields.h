/* SPDX-License-Identifier: MIT */
/* The parts of result.json that are a structure's fields one by one: one table each for writer and reader. */
#ifndef QV_ANALYSIS_RESULT_FIELDS_H
#define QV_ANALYSIS_RESULT_FIELDS_H

#include "analysis/json_fields.h"
#include "analysis/result.h"

struct field_table {
    const struct json_field *field;
    size_t n;
};

extern const struct field_table result_head_fields;       /* struct run_result: names, seed */
extern const struct field_table result_tick_fields;       /* struct run_tick */
extern const struct field_table result_host_fields;       /* struct run_host */
extern const struct field_table result_load_fields;       /* struct run_result: configuration of the load */
extern const struct field_table result_stats_fields;      /* struct load_stats: counts and rates */
extern const struct field_table result_latency_fields;    /* struct load_stats: latencies */
extern const struct field_table result_tool_fields;       /* struct load_tool_summary */
extern const struct field_table result_isolation_fields;  /* struct run_isolation */
extern const struct field_table result_breach_fields;     /* struct run_breach */
extern const struct field_table result_sandbox_fields;    /* struct run_sandbox */
extern const struct field_table result_status_fields;     /* struct qv_sandbox_status */
extern const struct field_table result_recovery_fields;   /* struct recovery */
extern const struct field_table result_activity_fields;   /* struct recoveries */
extern const struct field_table result_trace_fields;      /* struct run_result: the trace's counts */
extern const struct field_table result_provenance_fields; /* struct provenance */
extern const struct field_table result_expect_fields;     /* struct run_expectation */
extern const struct field_table result_fault_fields;      /* struct run_fault */
extern const struct field_table result_injection_fields;  /* struct run_injection */
extern const struct field_table result_vcpu_fields;       /* struct run_vcpu */
extern const struct field_table result_vcpus_fields;      /* struct run_vcpus: its clock */
extern const struct field_table result_core_fields;       /* struct run_core_time */
extern const struct field_table result_change_fields;     /* struct run_change */

static inline bool put_table(json_t *object, const void *base, const struct field_table *table)
{
    return json_put_fields(object, base, table->field, table->n);
}

static inline int get_table(const json_t *object, void *base, const struct field_table *table, const char *where,
                            struct qv_error *err)
{
    return json_get_fields(object, base, table->field, table->n, where, err);
}

#endif
