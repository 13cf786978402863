/* SPDX-License-Identifier: MIT */
/*
 * A set-associative array with least-recently-used replacement: the one building block of TLBs, page-walk caches and
 * caches. A key's set is its remainder by the number of sets, so the low bits of a key are those of a page or line
 * number.
 */
#ifndef QV_PLUGIN_ASSOC_H
#define QV_PLUGIN_ASSOC_H

#include <stdbool.h>
#include <stdint.h>

struct assoc_geometry {
    uint32_t entries; /* 0 = there is no such array: it never holds anything */
    uint32_t ways;    /* divides entries; == entries: fully associative */
};

struct assoc {
    struct assoc_geometry geometry;
    uint32_t sets;
    uint64_t *key;   /* [set][way], most recently used first; 0 = empty, else the key + 1 */
    uint64_t *value; /* the same order */
};

struct assoc_victim {
    bool any;
    uint64_t key, value;
};

/* False if memory is short. */
bool assoc_init(struct assoc *array, struct assoc_geometry geometry);
void assoc_free(struct assoc *array);

/* The value of a key, which becomes the most recently used of its set; NULL if it is not there. */
uint64_t *assoc_find(struct assoc *array, uint64_t key);
/* As assoc_find() for a key that is not there before: the least recently used of the set makes room. */
struct assoc_victim assoc_insert(struct assoc *array, uint64_t key, uint64_t value);

void assoc_clear(struct assoc *array);
/* Removes every key that has the value `match` under `mask`. */
void assoc_clear_matching(struct assoc *array, uint64_t mask, uint64_t match);

#endif
