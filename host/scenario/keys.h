/* SPDX-License-Identifier: MIT */
/* The scenario's keys as tables for the schema engine, and the numbers that stand for "to be worked out". */
#ifndef QV_SCENARIO_KEYS_H
#define QV_SCENARIO_KEYS_H

#include "scenario/scenario.h"
#include "scenario/schema.h"

extern const struct field scenario_keys[];

/* What "auto" leaves in a member until resolve.c has put the real value there. */
#define AUTO_INDEX8  0xfeu
#define AUTO_INDEX32 0xfffffffeu
#define AUTO_PERIOD  (UINT64_MAX - 1u)

#endif
