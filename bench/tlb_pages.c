/* SPDX-License-Identifier: MIT */
/*
 * The pages that the TLB sweeps go through: a range of data, mapped with 4 KiB pages of its own beside the direct map's
 * 2 MiB ones, and a range of code. The latter is one page of the kernel's text, mapped over and over, because only that
 * may be executed: different pages for a TLB, the same lines for a cache.
 */
#include "bench/tlb.h"

#define SLOT        301u /* of the top-level table, unused by the kernel */
#define RANGE       (0xffff000000000000ull | (uint64_t)SLOT << 39)
#define CODE_OFFSET 0x4000000ull
#define TABLE_BITS  21u /* of an address, covered by one last-level table */

/*
 * A line of 64 bytes: counts down, and jumps to the same place QV_TLB_STRIDE further; the last line of the page, whose
 * next one is the first line of the page after the next page's start, jumps 64 bytes. At zero it jumps to where it was
 * told.
 */
__asm__(".section .text.tlb_code, \"ax\"\n"
        "        .balign 4096\n"
        "        .globl tlb_code_page\n"
        "tlb_code_page:\n"
        "        .set line, 0\n"
        "        .rept 64\n"
        "        .balign 64\n"
        "        decl %ecx\n"
        "        jz 1f\n"
        "        .if line == 63\n"
        "        jmp tlb_code_page + 63 * 64 + 64\n"
        "        .else\n"
        "        jmp tlb_code_page + line * 64 + 4160\n"
        "        .endif\n"
        "1:      jmp *%rdx\n"
        "        .set line, line + 1\n"
        "        .endr\n"
        "        .balign 4096\n"
        "        .previous\n");
extern const char tlb_code_page[];

static uint8_t *memory;

static uint64_t *table_at(uint64_t entry)
{
    return phys_to_virt(entry & PTE_ADDRESS);
}

/* Allocates what lies between `entry` and the tables below it, if it is not there. */
static uint64_t *table_under(uint64_t *entry)
{
    if (*entry & PTE_PRESENT)
        return table_at(*entry);
    uint64_t *table = page_alloc(1);
    if (table)
        *entry = virt_to_phys(table) | PTE_PRESENT | PTE_WRITE | PTE_ACCESSED;
    return table;
}

static bool map_page(uint64_t virt, uint64_t phys, uint64_t bits)
{
    uint64_t *table = table_at(read_cr3());
    for (unsigned shift = 39; shift >= TABLE_BITS && table; shift -= 9)
        table = table_under(&table[virt >> shift & 511u]);
    if (table)
        table[virt >> 12 & 511u] = phys | bits | PTE_PRESENT | PTE_ACCESSED | PTE_DIRTY;
    return table != NULL;
}

bool tlb_pages_make(void)
{
    /* The direct map's view must have the same offset in its pages as ours, so that both touch the same lines. */
    const uint64_t bytes = (TLB_PAGES_MAX * QV_TLB_STRIDE + PAGE_SIZE) & ~(uint64_t)(PAGE_SIZE - 1);
    bool good = true;
    memory = page_alloc(bytes / PAGE_SIZE);
    if (!memory)
        return false;
    for (uint64_t at = 0; at < bytes && good; at += PAGE_SIZE)
        good = map_page(RANGE + at, virt_to_phys(memory) + at, PTE_WRITE | PTE_NX);
    for (uint64_t i = 0; i < TLB_PAGES_MAX + TLB_PAGES_MAX / 64 + 1 && good; i++)
        good = map_page(RANGE + CODE_OFFSET + i * PAGE_SIZE, virt_to_phys(tlb_code_page), 0);
    return good;
}

uint8_t *tlb_data(bool large_pages)
{
    return large_pages ? memory : (uint8_t *)RANGE;
}

const void *tlb_code(void)
{
    return (const void *)(RANGE + CODE_OFFSET);
}
