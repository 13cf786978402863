/* SPDX-License-Identifier: MIT */
/*
 * A sandbox that drives a NIC tells it where to read and to write. It may name any address; the IOMMU must let it reach
 * nothing but the NIC's shared region, and the monitor must learn of the attempt. The NIC sends to itself (PHY
 * loopback), so that one frame is one read from where the sandbox likes and one write to where it likes.
 */
#include "tests/boot/boot_test.h"
#include "tests/boot/loopback.h"

#define FRAME_BYTES   64u
#define BEYOND_MEMORY 0x80000000ull
#define OWN_FRAME     0xee

static const struct handoff_nic *nic;

static uint8_t pattern(unsigned sandbox, unsigned i)
{
    return (uint8_t)(0x11u * (sandbox + 1) + 7u * i);
}

static bool send(uint64_t source, uint64_t sink)
{
    return loopback_send(source, FRAME_BYTES, &sink, 1);
}

/* An ordinary frame: what is in the shared region arrives there. Shows that the attempts below are real ones. */
static void expect_control(const char *when)
{
    uint64_t before = directory()->iommu_faults;

    memset(loopback_tx, 0xff, 6); /* to all */
    memset(loopback_tx + 6, OWN_FRAME, FRAME_BYTES - 6);
    memset(loopback_rx, 0, FRAME_BYTES);
    EXPECT(send(loopback_phys(loopback_tx), loopback_phys(loopback_rx)), "the NIC does not work (%s)", when);
    EXPECT(memcmp(loopback_tx, loopback_rx, FRAME_BYTES) == 0, "the frame does not arrive (%s)", when);
    EXPECT(directory()->iommu_faults == before, "an ordinary frame is blocked (%s)", when);
}

static void expect_noticed(uint64_t before, uint64_t phys, const char *what)
{
    uint64_t limit = time_now() + time_from_us(LOOPBACK_WAIT_US);

    while (directory()->iommu_faults == before && time_now() < limit)
        cpu_pause();
    EXPECT(directory()->iommu_faults > before, "%s at %lx: not noticed", what, phys);
    EXPECT(directory()->iommu_last_address == (phys & ~(uint64_t)(PAGE_SIZE - 1)), "%s at %lx: reported as %lx", what,
           phys, directory()->iommu_last_address);
}

static void try_write(uint64_t phys, const char *what)
{
    uint64_t before = directory()->iommu_faults;

    EXPECT(send(loopback_phys(loopback_tx), phys), "%s at %lx: the NIC stopped", what, phys);
    expect_noticed(before, phys, what);
}

/* What the device could not read it must not have: the frame that it sends instead holds nothing of the victim's. */
static void try_read(uint64_t phys, unsigned victim, const char *what)
{
    uint64_t before = directory()->iommu_faults;
    unsigned equal = 0;

    memset(loopback_rx, 0, FRAME_BYTES);
    EXPECT(send(phys, loopback_phys(loopback_rx)), "%s at %lx: the NIC stopped", what, phys);
    expect_noticed(before, phys, what);
    for (unsigned i = 0; i < FRAME_BYTES; i++)
        equal += loopback_rx[i] == pattern(victim, i);
    EXPECT(equal < FRAME_BYTES / 4, "%s at %lx: %u bytes read", what, phys, equal);
}

static void attack(void)
{
    const volatile struct qv_directory *d = directory();

    nic = &handoff->nic[0];
    EXPECT(d->features & QV_FEAT_IOMMU, "no IOMMU");
    EXPECT(nic->present, "no NIC");
    if (test_failures())
        return;
    loopback_start(LOOPBACK_RCTL);
    expect_control("before");
    for (unsigned i = 0; i < handoff->n_sandboxes; i++) {
        try_write(test_shown(i), i == 0 ? "own private memory, write" : "private memory of another, write");
        try_read(test_shown(i), i, i == 0 ? "own private memory, read" : "private memory of another, read");
    }
    for (unsigned i = 0; i < d->n_regions; i++) {
        uint32_t kind = d->region[i].kind;
        if (kind != QV_REGION_SHARED && d->region[i].size != 0 && kind != QV_REGION_MUTABLE)
            try_write(d->region[i].base + d->region[i].size - FRAME_BYTES, "a region of the directory, write");
    }
    try_write(nic->shared_phys - FRAME_BYTES, "below the shared region, write");
    try_write(nic->shared_phys + nic->shared_size, "above the shared region, write");
    try_write(QV_DIRECTORY_PHYS, "directory, write");
    try_write(QV_STATUS_PHYS(1), "status page, write");
    try_write(0x1000, "low memory, write");
    try_write(BEYOND_MEMORY, "beyond memory, write");
    try_write(nic->mmio_phys, "the NIC's own registers, write");
    expect_control("after");
    kprint("%lu accesses of the NIC blocked", d->iommu_faults);
}

void test_dma(void)
{
    const volatile struct qv_core_report *report = &directory()->core[handoff->id];

    for (unsigned i = 0; i < PAGE_SIZE; i++)
        test_page[i] = pattern(handoff->id, i);
    test_show(virt_to_phys(test_page));
    test_barrier(1);
    if (handoff->id == 0)
        attack();
    test_barrier(2);
    unsigned changed = 0;
    for (unsigned i = 0; i < PAGE_SIZE; i++)
        changed += test_page[i] != pattern(handoff->id, i);
    EXPECT(changed == 0, "%u bytes of private memory were changed", changed);
    EXPECT(report->incarnation == 1 && report->attempts == 0, "the sandbox was recovered");
    test_barrier(3);
}
