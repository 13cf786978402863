/* SPDX-License-Identifier: MIT */
/* Nested page tables of AMD processors: the ordinary long-mode format; every entry needs the U bit (APM 15.25.5). */
#include "monitor/svm/svm.h"

#include "lib/x86.h"

/* Accessed and dirty are set beforehand, so that the processor never writes the table: its bytes can be hashed. */
#define USED (PTE_PRESENT | PTE_USER | PTE_ACCESSED)

static uint64_t table(uint64_t phys)
{
    return phys | USED | PTE_WRITE;
}

static uint64_t leaf(uint64_t phys, unsigned rights, enum nested_memory memory, bool large)
{
    uint64_t entry = phys | USED | PTE_DIRTY;
    if (rights & NESTED_WRITE)
        entry |= PTE_WRITE;
    if (!(rights & NESTED_EXECUTE))
        entry |= PTE_NX;
    if (memory == NESTED_UNCACHED)
        entry |= PTE_PCD | PTE_PWT;
    return large ? entry | PTE_LARGE : entry;
}

static bool present(uint64_t entry)
{
    return (entry & PTE_PRESENT) != 0;
}

static bool is_leaf(uint64_t entry)
{
    return (entry & PTE_LARGE) != 0;
}

static unsigned rights(uint64_t entry)
{
    return NESTED_READ | (entry & PTE_WRITE ? NESTED_WRITE : 0u) | (entry & PTE_NX ? 0u : NESTED_EXECUTE);
}

const struct nested_format svm_nested_format = {
    .table = table,
    .leaf = leaf,
    .present = present,
    .is_leaf = is_leaf,
    .rights = rights,
    .address_mask = PTE_ADDRESS,
};
