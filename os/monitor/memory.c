/* SPDX-License-Identifier: MIT */
#include "lib/string.h"
#include "lib/x86.h"
#include "monitor/core.h"

static uint64_t next;
static uint64_t limit;

void monitor_memory_init(uint64_t begin, uint64_t end)
{
    next = (begin + PAGE_SIZE - 1) & ~(PAGE_SIZE - 1);
    limit = end;
}

static void *take(uint64_t count)
{
    uint64_t at = __atomic_load_n(&next, __ATOMIC_RELAXED);
    do {
        if (count * PAGE_SIZE > limit - at)
            return NULL;
    } while (
        !__atomic_compare_exchange_n(&next, &at, at + count * PAGE_SIZE, true, __ATOMIC_RELAXED, __ATOMIC_RELAXED));
    return memset((void *)at, 0, count * PAGE_SIZE);
}

void *monitor_pages(uint64_t count)
{
    void *pages = take(count);
    if (!pages)
        monitor_panic("monitor memory exhausted: %lu KiB are not enough", (limit - machine.monitor_begin) / 1024);
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
