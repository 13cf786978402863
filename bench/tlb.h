/* SPDX-License-Identifier: MIT */
/* Parts of the TLB sweeps. */
#ifndef QV_BENCH_TLB_H
#define QV_BENCH_TLB_H

#include "bench/bench.h"
#include "qv/tlb.h"

#define TLB_PAGES_MAX 1024u

/* tlb_pages.c. False: not enough memory. Before memory is sealed. */
bool tlb_pages_make(void);
/* The first of TLB_PAGES_MAX places QV_TLB_STRIDE bytes apart; both ranges are the same memory. */
uint8_t *tlb_data(bool large_pages);
/*
 * Code that makes ECX jumps, each into the page behind the one it is in, and then jumps to the address in RDX; it
 * changes RCX and the flags.
 */
const void *tlb_code(void);

#endif
