/* SPDX-License-Identifier: MIT */
/*
 * The capability map: what the nested page table must not let through, tried access by access. Every sandbox tries all
 * of it at the same time.
 */
#include "tests/boot/boot_test.h"

static unsigned tried;

static void forbidden(enum access access, uint64_t phys, const char *what)
{
    EXPECT(access_refused(access, (uintptr_t)phys_to_virt(phys), phys), "%s at %lx: %s went through", what, phys,
           access == ACCESS_READ ? "read" : "write");
    tried++;
}

static void forbidden_both(uint64_t phys, const char *what)
{
    forbidden(ACCESS_READ, phys, what);
    forbidden(ACCESS_WRITE, phys, what);
}

/* First and last page of each region; what a sandbox may do with its own is checked elsewhere. */
static void try_region(const volatile struct qv_region *region)
{
    static const char *const names[] = {
        [QV_REGION_MONITOR] = "monitor",         [QV_REGION_NPT] = "nested page table",
        [QV_REGION_IMMUTABLE] = "foreign text",  [QV_REGION_CANARY] = "foreign free memory",
        [QV_REGION_MUTABLE] = "foreign data",    [QV_REGION_TRACE] = "foreign trace ring",
        [QV_REGION_DRIVER] = "foreign driver",   [QV_REGION_STANDBY] = "standby driver",
        [QV_REGION_PRISTINE] = "pristine image", [QV_REGION_SHARED] = "shared region",
    };
    bool mine = region->owner == handoff->id;
    uint64_t last = region->base + region->size - 8;

    if (region->size == 0 || region->kind == QV_REGION_SHARED)
        return;
    if (mine && region->kind != QV_REGION_STANDBY && region->kind != QV_REGION_NPT)
        return;
    forbidden(ACCESS_WRITE, region->base, names[region->kind]);
    forbidden(ACCESS_READ, last, names[region->kind]);
}

static void try_shared(void)
{
    for (unsigned i = 0; i < QV_MAX_NICS; i++) {
        const struct handoff_nic *nic = &handoff->nic[i];
        if (!nic->present || (nic->sharers >> handoff->id & 1u) != 0)
            continue;
        forbidden_both(nic->shared_phys, "shared region of a NIC of others");
        forbidden_both(nic->mmio_phys, "registers of a NIC of others");
    }
    forbidden(ACCESS_WRITE, handoff->base, "own hand-off page");
    forbidden(ACCESS_WRITE, handoff->base + PAGE_SIZE, "own read-only data");
    forbidden(ACCESS_WRITE, virt_to_phys((const void *)(uintptr_t)test_memory), "own text");
    forbidden(ACCESS_WRITE, QV_DIRECTORY_PHYS, "directory");
    forbidden(ACCESS_WRITE, QV_DIRECTORY_PHYS + QV_DIRECTORY_BYTES - 8, "directory");
    forbidden(ACCESS_WRITE, QV_MAILBOX_PHYS, "mailbox");
    for (unsigned i = 0; i < handoff->n_sandboxes; i++)
        if (i != handoff->id)
            forbidden(ACCESS_WRITE, QV_STATUS_PHYS(i), "status page of another sandbox");
}

static void try_holes(void)
{
    static const struct {
        uint64_t phys;
        const char *name;
    } holes[] = {
        {0x0, "interrupt vectors"},    {0x8000, "start-up trampoline"},
        {0xa0000, "display memory"},   {0xf0000, "firmware"},
        {0x80000000, "beyond memory"}, {0xb0000000, "PCI configuration window"},
        {0xfec00000, "I/O APIC"},      {0xfed00000, "HPET"},
        {0xfed90000, "IOMMU"},         {0xfee01000, "after the LAPIC"},
        {0xfff00000, "firmware"},      {0xfffff000, "last page"},
    };
    for (size_t i = 0; i < sizeof(holes) / sizeof(holes[0]); i++)
        forbidden_both(holes[i].phys, holes[i].name);
    /* Between the regions of the directory: monitor data, and the end of the status pages. */
    forbidden_both(directory()->region[0].base + directory()->region[0].size, "monitor data");
    forbidden_both(QV_DIRECTORY_PHYS - PAGE_SIZE, "end of monitor memory");
    forbidden_both(QV_STATUS_PHYS(QV_MAX_SANDBOXES), "after the status pages");
}

static void check_allowed(void)
{
    EXPECT(!access_refused(ACCESS_WRITE, (uintptr_t)test_page, virt_to_phys(test_page)), "own memory is refused");
    EXPECT(!access_refused(ACCESS_READ, (uintptr_t)phys_to_virt(handoff->base + PAGE_SIZE), 0), "own text is refused");
    EXPECT(!access_refused(ACCESS_READ, (uintptr_t)phys_to_virt(QV_STATUS_PHYS(0)), 0), "a status page is refused");
}

void test_memory(void)
{
    const volatile struct qv_directory *d = directory();

    test_barrier(1);
    check_allowed();
    for (unsigned i = 0; i < d->n_regions; i++)
        try_region(&d->region[i]);
    try_shared();
    try_holes();
    kprint("sandbox %u: %u accesses tried", handoff->id, tried);
    EXPECT(d->core[handoff->id].incarnation == 1, "the sandbox was restarted");
    EXPECT(d->core[handoff->id].attempts == tried, "%u recoveries of %u violations", d->core[handoff->id].attempts,
           tried);
    test_barrier(2);
}
