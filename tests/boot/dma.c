/* SPDX-License-Identifier: MIT */
/*
 * A sandbox that drives a NIC tells it where to read and to write. It may name any address; the IOMMU must let it reach
 * nothing but the NIC's shared region, and the monitor must learn of the attempt. The NIC sends to itself (PHY
 * loopback), so that one frame is one read from where the sandbox likes and one write to where it likes.
 */
#include "sandbox/nic/nic_regs.h"
#include "tests/boot/boot_test.h"

#define REG_MDIC      0x0020u
#define MDIC_WRITE    (1u << 26 | 1u << 21) /* to the PHY, which has address 1 */
#define MDIC_READY    (1u << 28)
#define MDIC_TRIES    1000u
#define PHY_LOOPBACK  0x4140u /* register 0: loopback, 1000 Mb/s, full duplex, no negotiation */
#define RCTL_ALL      (NIC_RCTL_EN | NIC_RCTL_BAM | 1u << 3) /* any unicast address, too */
#define RING          8u
#define FRAME_BYTES   64u
#define NOTICE_US     2000000u
#define SETTLE_US     1200000u /* an emulated receiver takes no frame for a second after it was configured */
#define BEYOND_MEMORY 0x80000000ull
#define OWN_FRAME     0xee

static const struct handoff_nic *nic;
static volatile void *mmio;
static volatile uint64_t *tx_ring, *rx_ring; /* in the shared region, like the two buffers */
static uint8_t *tx_buffer, *rx_buffer;
static unsigned next; /* descriptor of both rings: every frame sent is one received */

static uint8_t pattern(unsigned sandbox, unsigned i)
{
    return (uint8_t)(0x11u * (sandbox + 1) + 7u * i);
}

static uint64_t shared_phys(const volatile void *virt)
{
    return (uint64_t)(uintptr_t)virt - DIRECT_MAP;
}

static void start_nic(void)
{
    uint8_t *shared = phys_to_virt(nic->shared_phys);

    mmio = phys_to_virt(nic->mmio_phys);
    tx_ring = (volatile uint64_t *)(void *)shared;
    rx_ring = (volatile uint64_t *)(void *)(shared + PAGE_SIZE);
    tx_buffer = shared + 2 * PAGE_SIZE;
    rx_buffer = shared + 3 * PAGE_SIZE;
    mmio_write32(mmio, NIC_REG_IMC, UINT32_MAX);
    mmio_write32(mmio, NIC_REG_CTRL, mmio_read32(mmio, NIC_REG_CTRL) | NIC_CTRL_SLU);
    mmio_write32(mmio, REG_MDIC, MDIC_WRITE | PHY_LOOPBACK);
    for (unsigned i = 0; i < MDIC_TRIES && !(mmio_read32(mmio, REG_MDIC) & MDIC_READY); i++)
        cpu_pause();
    mmio_write32(mmio, NIC_REG_RCTL, 0);
    mmio_write32(mmio, NIC_REG_TDBAL, (uint32_t)shared_phys(tx_ring));
    mmio_write32(mmio, NIC_REG_TDBAH, 0);
    mmio_write32(mmio, NIC_REG_TDLEN, 16 * RING);
    mmio_write32(mmio, NIC_REG_TDH, 0);
    mmio_write32(mmio, NIC_REG_TDT, 0);
    mmio_write32(mmio, NIC_REG_RDBAL, (uint32_t)shared_phys(rx_ring));
    mmio_write32(mmio, NIC_REG_RDBAH, 0);
    mmio_write32(mmio, NIC_REG_RDLEN, 16 * RING);
    mmio_write32(mmio, NIC_REG_RDH, 0);
    mmio_write32(mmio, NIC_REG_RDT, 0);
    mmio_write32(mmio, NIC_REG_TCTL, NIC_TCTL_VALUE);
    mmio_write32(mmio, NIC_REG_RCTL, RCTL_ALL);
    test_sleep_us(SETTLE_US);
}

/* One frame from `source` to `sink`, both physical. False if the device did not take or did not deliver it. */
static bool send(uint64_t source, uint64_t sink)
{
    volatile uint64_t *tx = &tx_ring[2 * next], *rx = &rx_ring[2 * next];
    uint64_t limit = time_now() + time_from_us(NOTICE_US);

    next = (next + 1) % RING;
    rx[0] = sink;
    rx[1] = 0;
    tx[0] = source;
    tx[1] = FRAME_BYTES | NIC_TXD_SEND;
    mmio_write32(mmio, NIC_REG_RDT, next);
    mmio_write32(mmio, NIC_REG_TDT, next);
    while (!(tx[1] & NIC_TXD_DD) || !(rx[1] & NIC_RXD_DD)) {
        if (time_now() > limit)
            return false;
        cpu_pause();
    }
    return true;
}

/* An ordinary frame: what is in the shared region arrives there. Shows that the attempts below are real ones. */
static void expect_control(const char *when)
{
    uint64_t before = directory()->iommu_faults;

    memset(tx_buffer, 0xff, 6); /* to all */
    memset(tx_buffer + 6, OWN_FRAME, FRAME_BYTES - 6);
    memset(rx_buffer, 0, FRAME_BYTES);
    EXPECT(send(shared_phys(tx_buffer), shared_phys(rx_buffer)), "the NIC does not work (%s)", when);
    EXPECT(memcmp(tx_buffer, rx_buffer, FRAME_BYTES) == 0, "the frame does not arrive (%s)", when);
    EXPECT(directory()->iommu_faults == before, "an ordinary frame is blocked (%s)", when);
}

static void expect_noticed(uint64_t before, uint64_t phys, const char *what)
{
    uint64_t limit = time_now() + time_from_us(NOTICE_US);

    while (directory()->iommu_faults == before && time_now() < limit)
        cpu_pause();
    EXPECT(directory()->iommu_faults > before, "%s at %lx: not noticed", what, phys);
    EXPECT(directory()->iommu_last_address == (phys & ~(uint64_t)(PAGE_SIZE - 1)), "%s at %lx: reported as %lx", what,
           phys, directory()->iommu_last_address);
}

static void try_write(uint64_t phys, const char *what)
{
    uint64_t before = directory()->iommu_faults;

    EXPECT(send(shared_phys(tx_buffer), phys), "%s at %lx: the NIC stopped", what, phys);
    expect_noticed(before, phys, what);
}

/* What the device could not read it must not have: the frame that it sends instead holds nothing of the victim's. */
static void try_read(uint64_t phys, unsigned victim, const char *what)
{
    uint64_t before = directory()->iommu_faults;
    unsigned equal = 0;

    memset(rx_buffer, 0, FRAME_BYTES);
    EXPECT(send(phys, shared_phys(rx_buffer)), "%s at %lx: the NIC stopped", what, phys);
    expect_noticed(before, phys, what);
    for (unsigned i = 0; i < FRAME_BYTES; i++)
        equal += rx_buffer[i] == pattern(victim, i);
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
    start_nic();
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
