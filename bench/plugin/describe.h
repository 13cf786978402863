/* SPDX-License-Identifier: MIT */
/*
 * Description of a processor's memory hierarchy, read from a file of models/. One `key = value` to a line, `#` begins a
 * comment; every key at most once. docs/pmu.md has the keys. What is left out does not exist (no second-level TLB, no
 * page-walk cache, ...); `name`, the first-level TLBs for 4 KiB pages, `l1d`, `llc` and the latencies are required.
 */
#ifndef QV_PLUGIN_DESCRIBE_H
#define QV_PLUGIN_DESCRIBE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bench/plugin/assoc.h"

enum page_size { PAGE_4K = 0, PAGE_2M = 1, PAGE_1G = 2, PAGE_SIZES = 3 };

/* One level of translation. */
struct tlb_description {
    struct assoc_geometry by_size[PAGE_SIZES];
    bool any_size; /* by_size[PAGE_4K] holds pages of all sizes */
};

/* Page-walk caches: what they hold is the address of the next table, found by the bits of the address above it. */
struct walk_description {
    struct assoc_geometry pde;   /* by address >> 21: leads to the last table */
    struct assoc_geometry pdpte; /* by address >> 30 */
    struct assoc_geometry pml4e; /* by address >> 39 */
};

struct cache_description {
    uint32_t bytes; /* 0 = there is none */
    uint32_t ways;
};

struct description {
    char name[32];
    char processor[128];
    uint32_t line; /* bytes, of all caches */
    struct tlb_description dtlb, itlb;
    struct tlb_description l2tlb;     /* for data, and for code too if ... */
    struct tlb_description l2itlb;    /* ... this is empty */
    struct walk_description walk;     /* of linear addresses, in guest mode leading to host-physical tables */
    struct assoc_geometry nested_tlb; /* guest-physical to host-physical pages, all sizes */
    struct walk_description nested_walk;
    bool transition_flushes; /* TLBs and walk caches of linear addresses are emptied at VM entry and exit */
    struct cache_description l1i, l1d, l2, llc;
    struct {
        uint32_t l1, l2, llc, memory; /* cycles from asking to having a line of this level */
        uint32_t l2tlb;               /* added by the second-level TLB, whether it has the page or not */
    } latency;
};

/*
 * Reads a description. 0, or -1 and `message` is "file:line:column: what is wrong, expected ...". `file` is only for
 * the message.
 */
int describe_parse(const char *file, const char *text, struct description *out, char *message, size_t size);
/* The same from a file; the name in it must be `name` (NULL: any). */
int describe_read(const char *path, const char *name, struct description *out, char *message, size_t size);

#endif
