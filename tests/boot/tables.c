/* SPDX-License-Identifier: MIT */
/*
 * What a sandbox can do with its own page tables: nothing that its nested page table does not allow. Text stays
 * unwritable and data unexecutable whatever they say, and tables in foreign memory are not walked.
 */
#include "tests/boot/boot_test.h"

#define FREE_SLOT 300u /* of the top-level table, unused by the kernel */
#define RETURN    0xc3u

static uint8_t code_in_data[64] __attribute__((aligned(64))) = {RETURN};

static uint64_t *table_at(uint64_t entry)
{
    return phys_to_virt(entry & PTE_ADDRESS);
}

static void flush(void)
{
    write_cr3(read_cr3());
}

/* The entry that maps an address of the image (4 KiB pages) or of the direct map (2 MiB pages). */
static uint64_t *leaf_of(uintptr_t virt)
{
    uint64_t *table = table_at(read_cr3());

    for (unsigned level = 3; level > 0; level--) {
        uint64_t *entry = &table[(virt >> (12 + 9 * level)) & 511u];
        if (level == 1 && (*entry & PTE_LARGE))
            return entry;
        table = table_at(*entry);
    }
    return &table[(virt >> 12) & 511u];
}

static void expect_refused(enum access access, uintptr_t virt, uint64_t set, uint64_t clear, uint64_t phys,
                           const char *what)
{
    uint64_t *leaf = leaf_of(virt);
    uint64_t old = *leaf;

    *leaf = (old | set) & ~clear;
    flush();
    EXPECT(access_refused(access, virt, phys), "%s went through", what);
    *leaf = old;
    flush();
}

static void try_foreign_walk(void)
{
    uint64_t *top = table_at(read_cr3());
    uint64_t foreign = directory()->region[0].base; /* monitor text */
    uintptr_t virt = 0xffff000000000000ull | (uintptr_t)FREE_SLOT << 39;

    top[FREE_SLOT] = foreign | PTE_PRESENT | PTE_WRITE;
    flush();
    EXPECT(access_refused(ACCESS_READ, virt, foreign), "a page table in monitor memory was walked");
    top[FREE_SLOT] = 0;
    flush();
}

void test_tables(void)
{
    uintptr_t text = (uintptr_t)test_tables;
    uintptr_t handoff_page = (uintptr_t)handoff;
    uintptr_t data = (uintptr_t)test_page;

    test_barrier(1);
    expect_refused(ACCESS_WRITE, text, PTE_WRITE, 0, virt_to_phys((const void *)text), "a write to text");
    expect_refused(ACCESS_WRITE, handoff_page, PTE_WRITE, 0, handoff->base, "a write to the hand-off page");
    *test_page = RETURN;
    expect_refused(ACCESS_EXECUTE, data, 0, PTE_NX, virt_to_phys(test_page), "execution of data");
    expect_refused(ACCESS_EXECUTE, (uintptr_t)code_in_data, 0, PTE_NX, virt_to_phys(code_in_data),
                   "execution of the kernel's data");
    expect_refused(ACCESS_EXECUTE, (uintptr_t)phys_to_virt(QV_STATUS_PHYS(handoff->id)), 0, PTE_NX,
                   QV_STATUS_PHYS(handoff->id), "execution of shared memory");
    try_foreign_walk();
    EXPECT(directory()->core[handoff->id].incarnation == 1, "the sandbox was restarted");
    test_barrier(2);
}
