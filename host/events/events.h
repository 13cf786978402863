/* SPDX-License-Identifier: MIT */
/*
 * Names of performance events, as vendors' manuals have them, to the codes that the OS programs; by libpfm4, for any
 * processor it knows and not only the host's. A processor is called as libpfm4 does ("snb", "amd64_fam17h_zen2"), or
 * by one of the common names in events_aliases ("sandybridge", "zen2").
 */
#ifndef QV_EVENTS_EVENTS_H
#define QV_EVENTS_EVENTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "qv/cost.h"

#define EVENTS_WHY    256u
#define EVENTS_CYCLES "cycles" /* an event of every processor, named or not */

/*
 * The event `name` ("DTLB_LOAD_MISSES:MISS_CAUSES_A_WALK") of `processor`. True; or false and in `why` what is wrong
 * with it, with the nearest names there are.
 */
bool events_resolve(const char *processor, const char *name, struct qv_pmu_event *out, char why[EVENTS_WHY]);

/*
 * The processors that libpfm4 means by this name, as their CPUID numbers them: for anybody else the codes may mean
 * other events. Returns how many entries of `out` are filled in, 0 if it is not known here.
 */
uint32_t events_models(const char *processor, struct qv_pmu_models out[QV_PMU_MODELS]);

/* Is it one? Else `why` has the nearest. */
bool events_processor(const char *processor, char why[EVENTS_WHY]);

/* Every event of the processor whose name or description contains `pattern` (any case; "" = all): name, code, and what
 * it counts. Returns how many, or -1 if there is no such processor. */
int events_list(FILE *out, const char *processor, const char *pattern);

/* All processors, one on a line. */
void events_list_processors(FILE *out);

#endif
