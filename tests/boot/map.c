/* SPDX-License-Identifier: MIT */
/* The mapping call can give up rights to the caller's own free memory, and give them back; nothing else. */
#include "tests/boot/boot_test.h"

enum rights { NONE = 0, READ = 1, WRITE = 2, EXECUTE = 4 };

extern const char window_begin[], window_end[];

static int64_t map(uint64_t phys, uint64_t pages, uint64_t rights)
{
    return monitor_call3(QV_CALL_MAP, phys, pages, rights).rax;
}

static void try_foreign(void)
{
    const volatile struct qv_directory *d = directory();
    const uint64_t places[] = {0,
                               0x8000,
                               QV_DIRECTORY_PHYS,
                               QV_MAILBOX_PHYS,
                               QV_STATUS_PHYS(handoff->id),
                               LAPIC_PHYS,
                               0xfec00000ull,
                               handoff->base - PAGE_SIZE,
                               handoff->base + handoff->size,
                               handoff->base + handoff->size - PAGE_SIZE /* standby driver */,
                               handoff->base,
                               virt_to_phys((const void *)((uintptr_t)test_map & ~(PAGE_SIZE - 1))),
                               virt_to_phys(window_begin),
                               virt_to_phys(window_end) - PAGE_SIZE};

    for (unsigned i = 0; i < d->n_regions; i++)
        if (d->region[i].size != 0 && d->region[i].owner != handoff->id)
            EXPECT(map(d->region[i].base & ~(PAGE_SIZE - 1), 1, READ | WRITE) == -EPERM, "region %u of kind %u", i,
                   d->region[i].kind);
    for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++)
        EXPECT(map(places[i], 1, READ | WRITE) == -EPERM, "page at %lx", places[i]);
}

static void try_nonsense(void)
{
    uint64_t own = virt_to_phys(test_page);

    EXPECT(map(own + 1, 1, READ) == -EINVAL, "misaligned");
    EXPECT(map(own, 0, READ) == -EINVAL, "no pages");
    EXPECT(map(own, 1, 8) == -EINVAL, "unknown rights");
    EXPECT(map(own, ~0ull, READ) == -EINVAL, "all pages");
    EXPECT(map(own, 1ull << 52, READ) == -EINVAL, "as many pages as wrap around");
    EXPECT(map(own, handoff->size / PAGE_SIZE, READ) == -EPERM, "beyond the partition");
    EXPECT(map(own, 1, READ | WRITE | EXECUTE) == -EPERM, "execution");
    EXPECT(map(own, 1, EXECUTE) == -EPERM, "execution");
    EXPECT(map(own, 1, WRITE) == -EPERM, "writing alone");
}

static void try_own(void)
{
    uint64_t own = virt_to_phys(test_page);
    volatile uint32_t *word = (volatile uint32_t *)test_page;

    *word = 0x600du;
    EXPECT(map(own, 1, READ) == 0, "giving up writing");
    EXPECT(*word == 0x600du, "content of a read-only page");
    EXPECT(access_refused(ACCESS_WRITE, (uintptr_t)word, own), "a page given up was written");
    EXPECT(map(own, 1, NONE) == 0, "giving up a page");
    EXPECT(access_refused(ACCESS_READ, (uintptr_t)word, own), "a page given up was read");
    EXPECT(map(own, 1, READ | WRITE) == 0, "taking a page back");
    EXPECT(*word == 0x600du, "content of a page taken back");
    EXPECT(!access_refused(ACCESS_WRITE, (uintptr_t)word, own), "a page taken back is not writable");
}

void test_map(void)
{
    test_barrier(1);
    try_foreign();
    try_nonsense();
    try_own();
    EXPECT(directory()->core[handoff->id].attempts == 2, "%u recoveries", directory()->core[handoff->id].attempts);
    test_barrier(2);
}
