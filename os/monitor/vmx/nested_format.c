/* SPDX-License-Identifier: MIT */
/* Extended page tables: 28.2.2, tables 28-1 to 28-7. */
#include "monitor/vmx/vmx.h"

#define EPT_READ    (1ull << 0)
#define EPT_WRITE   (1ull << 1)
#define EPT_EXECUTE (1ull << 2)
#define EPT_RIGHTS  (EPT_READ | EPT_WRITE | EPT_EXECUTE)
#define EPT_UC      (0ull << 3) /* memory type; the guest's PAT can only make it weaker (28.2.7.2) */
#define EPT_WB      (6ull << 3)
#define EPT_LARGE   (1ull << 7)
#define EPT_ADDRESS 0x000ffffffffff000ull
#define EPTP_WALK_4 (3ull << 3)
#define EPTP_WB     6ull

static uint64_t table(uint64_t phys)
{
    return phys | EPT_RIGHTS;
}

/* Every mapped page is readable: writable but not readable is a misconfiguration, execute-only not known everywhere. */
static uint64_t leaf(uint64_t phys, unsigned rights, enum nested_memory memory, bool large)
{
    uint64_t entry = phys | EPT_READ | (memory == NESTED_UNCACHED ? EPT_UC : EPT_WB);
    if (rights & NESTED_WRITE)
        entry |= EPT_WRITE;
    if (rights & NESTED_EXECUTE)
        entry |= EPT_EXECUTE;
    return large ? entry | EPT_LARGE : entry;
}

static bool present(uint64_t entry)
{
    return (entry & EPT_RIGHTS) != 0;
}

static bool is_leaf(uint64_t entry)
{
    return (entry & EPT_LARGE) != 0;
}

static unsigned rights(uint64_t entry)
{
    return (entry & EPT_READ ? NESTED_READ : 0u) | (entry & EPT_WRITE ? NESTED_WRITE : 0u) |
           (entry & EPT_EXECUTE ? NESTED_EXECUTE : 0u);
}

uint64_t vmx_eptp(uint64_t root_phys)
{
    return root_phys | EPTP_WALK_4 | EPTP_WB;
}

const struct nested_format vmx_nested_format = {
    .table = table,
    .leaf = leaf,
    .present = present,
    .is_leaf = is_leaf,
    .rights = rights,
    .address_mask = EPT_ADDRESS,
};
