/* SPDX-License-Identifier: MIT */
/*
 * Names of the shared enumerations as they stand in scenario files and results. The lookups by number return "unknown"
 * for a number without a name; the lookups by name return -1. No allocation; the strings are constants.
 */
#ifndef QV_ANALYSIS_NAMES_H
#define QV_ANALYSIS_NAMES_H

#include <stdint.h>

const char *qv_fault_name(uint32_t fault);
const char *qv_point_name(uint32_t point);
const char *qv_trigger_name(uint32_t trigger);
const char *qv_policy_name(uint32_t policy);
const char *qv_detection_name(uint32_t detection);
const char *qv_phase_name(uint32_t phase);
const char *qv_trace_name(uint32_t id);
const char *qv_exit_name(uint32_t cause);
const char *qv_stage_name(uint32_t stage);
const char *qv_state_name(uint32_t state);
const char *qv_region_name(uint32_t kind);
const char *qv_machine_name(uint32_t state);
const char *qv_mode_name(uint32_t mode);
const char *qv_timer_name(uint32_t timer);

/* What the fields a and b of a trace record mean; NULL for an id that does not exist. */
const char *qv_trace_meaning_a(uint32_t id);
const char *qv_trace_meaning_b(uint32_t id);

int qv_fault_by_name(const char *name);
int qv_policy_by_name(const char *name);
int qv_detection_by_name(const char *name);
int qv_phase_by_name(const char *name);
int qv_exit_by_name(const char *name);
int qv_mode_by_name(const char *name);
int qv_timer_by_name(const char *name);

#endif
