/* SPDX-License-Identifier: MIT */
/*
 * TLB sweeps (bench/tlb.c in the OS, include/qv/tlb.h): taken from the OS's result area, kept as tlb.csv in the result
 * directory, and the figures that follow from them. Figures are per access, with what the same measurement shows
 * without any access taken off.
 */
#ifndef QV_ANALYSIS_TLB_H
#define QV_ANALYSIS_TLB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "analysis/error.h"
#include "qv/tlb.h"

#define TLB_CSV      "tlb.csv"
#define TLB_NO_KNEE  UINT32_MAX
#define TLB_KNEE_PPM 100000u /* share of accesses that may walk up to the knee */

struct tlb_sweep {
    uint32_t counted; /* bit per enum qv_emupmu_event; 0: there were no counters */
    uint32_t nested;  /* enum qv_tlb_nested */
    bool emulated;
    char model[32]; /* of the modelled processor, if emulated */
    size_t n;
    struct qv_tlb_point point[QV_TLB_POINTS];
};

/* 0; -EPROTO if the bytes are not a result area of this version or contradict themselves, -EINPROGRESS if not done. */
int tlb_take_area(struct tlb_sweep *sweep, const void *bytes, size_t size, struct qv_error *err);

int tlb_write_csv(const struct tlb_sweep *sweep, const char *path, struct qv_error *err);
/* -ENOENT if there is no such file, -EINVAL with line and column if it is not one that tlb_write_csv() wrote. */
int tlb_read_csv(struct tlb_sweep *sweep, const char *path, struct qv_error *err);

const char *tlb_pattern_name(uint32_t pattern); /* "?" if there is none */
const char *tlb_case_name(uint32_t what);
const char *tlb_nested_name(uint32_t nested); /* "none", "2MiB", "4KiB" */

const struct qv_tlb_point *tlb_find(const struct tlb_sweep *sweep, uint32_t pattern, uint32_t what, uint32_t pages);
/* An event's count per access; false where it was not counted, or the point without pages is missing. */
bool tlb_per_access(const struct tlb_sweep *sweep, const struct qv_tlb_point *point, enum qv_emupmu_event event,
                    double *value);
/* Ticks per access. */
bool tlb_ticks(const struct tlb_sweep *sweep, const struct qv_tlb_point *point, double *value);
/* Page walks per access: of data, or for `code` of fetches. */
bool tlb_walks(const struct tlb_sweep *sweep, const struct qv_tlb_point *point, double *value);

/*
 * The knee: the most pages up to which, in the base case, at most TLB_KNEE_PPM of the accesses walk. TLB_NO_KNEE if
 * that holds for all, or nothing was counted.
 */
uint32_t tlb_knee(const struct tlb_sweep *sweep, uint32_t pattern);
/*
 * Walks per access beyond those of the base case, with `what` between the rounds: least and most of all points up to
 * the knee. False if there are none.
 */
bool tlb_beyond_base(const struct tlb_sweep *sweep, uint32_t pattern, uint32_t what, double *least, double *most);

#endif
