/* SPDX-License-Identifier: MIT */
/* A result as JSON (docs/results.md) and back. */
#ifndef QV_ANALYSIS_RESULT_JSON_H
#define QV_ANALYSIS_RESULT_JSON_H

#include <jansson.h>

#include "analysis/result.h"

/* A new reference; NULL if memory is short. `files` (may be NULL) becomes the key of that name. */
json_t *result_to_json(const struct run_result *r, json_t *files);

/* -EINVAL and where for anything that is not as result_to_json writes it. *r is new (result_new). */
int result_from_json(const json_t *root, struct run_result *r, struct qv_error *err);

/* Names of enum run_tick_kind. */
const char *result_tick_name(enum run_tick_kind kind);

#endif
