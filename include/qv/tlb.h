/* SPDX-License-Identifier: MIT */
/*
 * Results of the TLB sweeps (bench/tlb.c). Sandbox 0 allocates one struct qv_tlb_area, publishes it in its status page
 * (bench_phys, bench_bytes) and fills it. One point is one access pattern over a number of pages, with one thing done
 * between its rounds: all figures are sums over the measured rounds, raw. The same with no page at all is measured
 * too: what reading the counters costs is in it, and is taken off by whoever reads the figures. Little endian.
 */
#ifndef QV_TLB_H
#define QV_TLB_H

#include <stdint.h>

#include "qv/emupmu.h"

#define QV_TLB_TEST    "tlb"                 /* the boot configuration's `test` */
#define QV_TLB_MAGIC   0x31303042544c5651ull /* "QVLTB001" */
#define QV_TLB_VERSION 1u
#define QV_TLB_POINTS  512u

#define QV_TLB_STRIDE                                                                                                  \
    4160u /* bytes from one page's access to the next: another line in each page, another cache set                    \
           */

/* How pages are accessed: one access to each, in one round. X(symbol, number, name, what) */
#define QV_TLB_PATTERNS(X)                                                                                             \
    X(DATA, 0, "data", "one 4-byte read in each 4 KiB page, in order")                                                 \
    X(DATA_LARGE, 1, "data-2m", "the same addresses apart, through 2 MiB pages of the sandbox")                        \
    X(CHASE, 2, "chase", "one 8-byte read in each 4 KiB page; it holds the address of the next, in random order")      \
    X(CODE, 3, "code", "one jump in each 4 KiB page, to the next page")
#define QV_ENUM_ENTRY_TLB_PATTERN(sym, num, name, what) QV_TLB_##sym = num,
enum qv_tlb_pattern { QV_TLB_PATTERNS(QV_ENUM_ENTRY_TLB_PATTERN) QV_TLB_PATTERN_COUNT = 4 };

/* What happens between two rounds. */
#define QV_TLB_CASES(X)                                                                                                \
    X(BASE, 0, "base", "nothing")                                                                                      \
    X(FLUSH, 1, "flush", "CR3 is loaded again, with the value it has")                                                 \
    X(EXIT, 2, "exit", "a monitor call that does nothing")
#define QV_ENUM_ENTRY_TLB_CASE(sym, num, name, what) QV_TLB_##sym = num,
enum qv_tlb_case { QV_TLB_CASES(QV_ENUM_ENTRY_TLB_CASE) QV_TLB_CASE_COUNT = 3 };

/* Pages of the nested page table. */
enum qv_tlb_nested { QV_TLB_NESTED_NONE = 0, QV_TLB_NESTED_2M = 1, QV_TLB_NESTED_4K = 2, QV_TLB_NESTED_COUNT = 3 };

enum qv_tlb_state { QV_TLB_RUNNING = 1, QV_TLB_DONE = 2 };

struct qv_tlb_point {
    uint32_t pattern; /* enum qv_tlb_pattern */
    uint32_t between; /* enum qv_tlb_case */
    uint32_t pages;   /* 0: nothing accessed */
    uint32_t rounds;
    uint64_t ticks;
    uint64_t reserved;
    uint64_t count[QV_EMUPMU_EVENT_SLOTS]; /* by enum qv_emupmu_event, where `counted` has its bit */
};

struct qv_tlb_area {
    uint64_t magic;
    uint32_t version;
    uint32_t size;
    uint32_t state; /* enum qv_tlb_state, written last, release order */
    uint32_t n_points;
    uint32_t counted;  /* bit per enum qv_emupmu_event; 0: there were no counters */
    uint16_t nested;   /* enum qv_tlb_nested */
    uint16_t emulated; /* 1: the counts are those of a model, of: */
    char model[32];    /* NUL terminated */
    struct qv_tlb_point point[QV_TLB_POINTS];
};
_Static_assert(sizeof(struct qv_tlb_point) == 32 + 8 * QV_EMUPMU_EVENT_SLOTS, "layout");
_Static_assert(sizeof(struct qv_tlb_area) == 64 + QV_TLB_POINTS * sizeof(struct qv_tlb_point), "layout");

#endif
