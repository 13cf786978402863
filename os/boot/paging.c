/* SPDX-License-Identifier: MIT */
/* The monitor's page tables: low 4 GiB mapped identically, nothing both writable and executable. */
#include "boot/boot.h"
#include "lib/x86.h"

#define UNCACHED_FROM 0xc0000000ull

extern const char monitor_text_begin[], monitor_text_end[], monitor_rodata_end[];

static uint64_t root;

/* The first 2 MiB hold the monitor's text: 4 KiB pages there. The null page is not mapped. */
static uint64_t low_table(void)
{
    uint64_t *table = monitor_pages(1);
    uint64_t text = (uint64_t)monitor_text_begin;
    uint64_t text_end = (uint64_t)monitor_text_end;
    uint64_t rodata_end = (uint64_t)monitor_rodata_end;
    for (uint64_t page = 1; page < 512; page++) {
        uint64_t at = page * PAGE_SIZE;
        uint64_t bits = PTE_PRESENT | PTE_WRITE | PTE_NX;
        if (at >= text && at < text_end)
            bits = PTE_PRESENT;
        else if (at >= text_end && at < rodata_end)
            bits = PTE_PRESENT | PTE_NX;
        table[page] = at | bits;
    }
    return (uint64_t)table;
}

void paging_init(void)
{
    uint64_t *pml4 = monitor_pages(1);
    uint64_t *pdpt = monitor_pages(1);
    pml4[0] = (uint64_t)pdpt | PTE_PRESENT | PTE_WRITE;
    for (uint64_t gib = 0; gib < 4; gib++) {
        uint64_t *directory_page = monitor_pages(1);
        pdpt[gib] = (uint64_t)directory_page | PTE_PRESENT | PTE_WRITE;
        for (uint64_t i = 0; i < 512; i++) {
            uint64_t at = gib << 30 | i << 21;
            uint64_t cache = at >= UNCACHED_FROM ? PTE_PCD | PTE_PWT : 0;
            directory_page[i] = at | PTE_PRESENT | PTE_WRITE | PTE_LARGE | PTE_NX | cache;
        }
        if (gib == 0)
            directory_page[0] = low_table() | PTE_PRESENT | PTE_WRITE;
    }
    root = (uint64_t)pml4;
}

void paging_load(void)
{
    write_cr3(root);
}
