/* SPDX-License-Identifier: MIT */
/* Values of schema fields as text: what is expected of one, and what one is. */
#ifndef QV_SCENARIO_SCHEMA_TEXT_H
#define QV_SCENARIO_SCHEMA_TEXT_H

#include "scenario/schema.h"

/* "a duration from 1ms to 1min, such as 250ms, or none". Returns out. */
char *schema_expected(char *out, size_t room, const struct field *field);

/* The number stored at base + offset. */
uint64_t schema_load(const struct field *field, const void *base);
void schema_store(const struct field *field, void *base, uint64_t value);

/* The value as a scenario would have it (not for maps and lists). Returns out. */
char *schema_value(char *out, size_t room, const struct field *field, const void *base);

#endif
