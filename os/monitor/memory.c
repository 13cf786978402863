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

void *monitor_pages(uint64_t count)
{
    uint64_t at = __atomic_fetch_add(&next, count * PAGE_SIZE, __ATOMIC_RELAXED);
    if (at + count * PAGE_SIZE > limit)
        monitor_panic("monitor memory exhausted: %lu KiB are not enough", (limit - machine.monitor_begin) / 1024);
    void *pages = (void *)at;
    memset(pages, 0, count * PAGE_SIZE);
    return pages;
}

uint64_t monitor_memory_used(void)
{
    return next;
}

void *monitor_nested_page(void *context)
{
    (void)context;
    return monitor_pages(1);
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
