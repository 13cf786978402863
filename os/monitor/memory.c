/* SPDX-License-Identifier: MIT */
#include "lib/string.h"
#include "lib/x86.h"
#include "monitor/core.h"

#define PIECES 16u /* firmware leaves holes even here; more than so many pieces are not used */

static struct {
    uint64_t begin, end;
} piece[PIECES];
static unsigned n_pieces;
static uint64_t next; /* in one of the pieces, or at its end */

void monitor_memory_add(uint64_t begin, uint64_t end)
{
    begin = (begin + PAGE_SIZE - 1) & ~(PAGE_SIZE - 1);
    if (begin >= end || n_pieces == PIECES)
        return;
    piece[n_pieces].begin = begin;
    piece[n_pieces++].end = end;
    if (n_pieces == 1)
        next = begin;
}

/* Where `bytes` fit at or behind `at`, 0 = nowhere. */
static uint64_t place(uint64_t at, uint64_t bytes)
{
    for (unsigned i = 0; i < n_pieces; i++) {
        uint64_t from = at > piece[i].begin ? at : piece[i].begin;
        if (from <= piece[i].end && bytes <= piece[i].end - from)
            return from;
    }
    return 0;
}

static void *take(uint64_t count)
{
    uint64_t seen = __atomic_load_n(&next, __ATOMIC_RELAXED), at;
    do {
        at = place(seen, count * PAGE_SIZE);
        if (at == 0)
            return NULL;
    } while (
        !__atomic_compare_exchange_n(&next, &seen, at + count * PAGE_SIZE, true, __ATOMIC_RELAXED, __ATOMIC_RELAXED));
    return memset((void *)at, 0, count * PAGE_SIZE);
}

void *monitor_pages(uint64_t count)
{
    void *pages = take(count);
    if (!pages)
        monitor_panic("monitor memory exhausted: %lu KiB are not enough",
                      (machine.monitor_end - machine.monitor_begin) / 1024);
    return pages;
}

uint64_t monitor_memory_used(void)
{
    return next;
}

void *monitor_nested_page(void *context)
{
    (void)context;
    return take(1); /* a sandbox can cause this by a monitor call: running out is its error, not a panic */
}

uint64_t monitor_nested_phys(void *context, const void *page)
{
    (void)context;
    return (uint64_t)page; /* the monitor runs identity-mapped */
}

void *monitor_nested_virt(void *context, uint64_t phys)
{
    (void)context;
    return (void *)phys;
}
