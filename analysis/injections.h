/* SPDX-License-Identifier: MIT */
/*
 * What was injected, from the trace: for each planned fault when it was armed and first activated, and every word that
 * it changed.
 */
#ifndef QV_ANALYSIS_INJECTIONS_H
#define QV_ANALYSIS_INJECTIONS_H

#include <stdint.h>

#include "analysis/address.h"
#include "analysis/trace.h"
#include "qv/bootcfg.h"

#define INJECTION_MAX_CHANGES 16u

/* The bytes that differ, from the first to the last of them, as they lie in memory; all four where none does. */
struct run_change {
    uint64_t tsc;     /* common clock */
    char address[20]; /* of the first byte shown, "0x..." */
    struct address_name name;
    char before[12]; /* "24", "24 00" */
    char after[12];
};

struct run_injection {
    uint32_t model;            /* enum qv_fault_model */
    uint32_t target;           /* sandbox */
    uint32_t point;            /* as armed; as planned (0 = the model's default) if it never was */
    uint64_t armed, activated; /* first time of each in ticks on the common clock, 0 = never */
    uint32_t activations;
    char activation_address[20]; /* "" = none: not activated, or the model concerns no address */
    struct address_name activation_name;
    uint32_t n_changes; /* all of them; the first INJECTION_MAX_CHANGES are kept */
    struct run_change change[INJECTION_MAX_CHANGES];
};

/*
 * `injection[0..n)` come with model, target and point as planned, in the order of the plans, and are filled. Records of
 * changes and activations do not name the plan. An activation belongs to the plan with its model and sandbox; if there
 * are several, to the one with the fewest so far. A change belongs to the plan of its sandbox; if there are several, to
 * that whose activation is nearest in time. `namer` may be NULL.
 */
void injections_find(const struct trace *trace, const struct address_namer *namer, struct run_injection *injection,
                     uint32_t n);

/* The bytes of a 32-bit word that changed: fills address, before and after of *out. */
void injection_put_bytes(struct run_change *out, uint64_t address, uint32_t before, uint32_t after);

#endif
