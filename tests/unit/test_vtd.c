/* SPDX-License-Identifier: MIT */
/* The VT-d driver against a unit that caches, delays, refuses, hangs and runs out of fault records. */
#include <string.h>

#include "fake_vtd.h"
#include "lib/errno.h"
#include "qv/draw.h"
#include "unit.h"

#define NIC   ((uint16_t)(3 << 3))
#define DISK  ((uint16_t)(4 << 3))
#define OTHER ((uint16_t)(2 << 8 | 1 << 3 | 1))
#define MIB   (1ull << 20)

static struct fake_vtd fake;
static struct iommu iommu;

static int start_unit(uint64_t cap, uint64_t ecap, unsigned address_width)
{
    fake_vtd_start(&fake, cap, ecap);
    struct iommu_platform platform = fake_vtd_platform(&fake);
    return iommu_init(&iommu, &vtd_ops, &platform, FAKE_BASE, address_width);
}

static void start_qemu(void)
{
    CU_ASSERT_EQUAL_FATAL(start_unit(FAKE_CAP(2, 39, 1) | FAKE_CAP_2M, FAKE_ECAP, 39), 0);
}

static void end_unit(void)
{
    if (fake.errors)
        printf("\n    unit: %s", fake.error);
    CU_ASSERT_EQUAL(fake.errors, 0);
    fake_vtd_end(&fake);
}

static unsigned dma(uint16_t bdf, uint64_t address, bool write)
{
    return fake_vtd_dma(&fake, bdf, address, write);
}

static const struct iommu_range ranges[] = {
    {0x00400000, 4 * MIB, IOMMU_READ | IOMMU_WRITE},
    {0x00801000, 0x3000, IOMMU_READ},
    {0x7fffff000, 0x1000, IOMMU_WRITE},
};

static void a_device_reaches_its_ranges_and_nothing_else(void)
{
    start_qemu();
    CU_ASSERT_EQUAL(iommu_assign(&iommu, NIC, ranges, 3), 0);
    CU_ASSERT_EQUAL(dma(NIC, 0, true), 0); /* not yet */
    CU_ASSERT_EQUAL(iommu_enable(&iommu), 0);
    CU_ASSERT_TRUE(iommu.enabled);
    CU_ASSERT_EQUAL(iommu_enable(&iommu), 0);

    CU_ASSERT_EQUAL(dma(NIC, 0x00400000, false), 0);
    CU_ASSERT_EQUAL(dma(NIC, 0x007fffff, true), 0);
    CU_ASSERT_EQUAL(dma(NIC, 0x003fffff, false), 6);
    CU_ASSERT_EQUAL(dma(NIC, 0x003fffff, true), 5);
    CU_ASSERT_EQUAL(dma(NIC, 0x00800000, true), 5);
    CU_ASSERT_EQUAL(dma(NIC, 0x00801000, false), 0);
    CU_ASSERT_EQUAL(dma(NIC, 0x00801000, true), 5);
    CU_ASSERT_EQUAL(dma(NIC, 0x00803fff, false), 0);
    CU_ASSERT_EQUAL(dma(NIC, 0x00804000, false), 6);
    CU_ASSERT_EQUAL(dma(NIC, 0x7ffffffff, true), 0);
    CU_ASSERT_EQUAL(dma(NIC, 0x7ffffffff, false), 6);
    CU_ASSERT_EQUAL(dma(NIC, 1ull << 39, false), 4);
    CU_ASSERT_EQUAL(dma(DISK, 0x00400000, false), 2);  /* same bus */
    CU_ASSERT_EQUAL(dma(OTHER, 0x00400000, false), 1); /* another bus */

    CU_ASSERT_EQUAL(iommu_disable(&iommu), 0);
    CU_ASSERT_EQUAL(dma(OTHER, 0, true), 0);
    CU_ASSERT_EQUAL(iommu_disable(&iommu), 0);
    CU_ASSERT_EQUAL(iommu_enable(&iommu), 0);
    CU_ASSERT_EQUAL(dma(NIC, 0x00400000, false), 0);
    CU_ASSERT_EQUAL(dma(OTHER, 0, true), 1);
    end_unit();
}

static void without_assignments_everything_is_blocked(void)
{
    start_qemu();
    CU_ASSERT_EQUAL(iommu_enable(&iommu), 0);
    for (unsigned bdf = 0; bdf < 0x10000; bdf += 7)
        CU_ASSERT_EQUAL(dma((uint16_t)bdf, 0x100000, bdf & 1), 1);
    /* A domain that reaches nothing. */
    CU_ASSERT_EQUAL(iommu_assign(&iommu, NIC, NULL, 0), 0);
    CU_ASSERT_EQUAL(dma(NIC, 0x100000, true), 5);
    end_unit();
}

static void blocking_acts_at_once(void)
{
    start_qemu();
    CU_ASSERT_EQUAL(iommu_assign(&iommu, NIC, ranges, 3), 0);
    CU_ASSERT_EQUAL(iommu_assign(&iommu, DISK, ranges, 1), 0);
    CU_ASSERT_EQUAL(iommu_enable(&iommu), 0);
    CU_ASSERT_EQUAL(dma(NIC, 0x00400000, true), 0); /* cached from here on */
    CU_ASSERT_EQUAL(dma(DISK, 0x00400000, true), 0);
    CU_ASSERT_EQUAL(iommu_block(&iommu, NIC), 0);
    CU_ASSERT_EQUAL(dma(NIC, 0x00400000, true), 2);
    CU_ASSERT_EQUAL(dma(DISK, 0x00400000, true), 0);
    CU_ASSERT_EQUAL(iommu_block(&iommu, NIC), 0);
    CU_ASSERT_TRUE(iommu.device[0].blocked);
    CU_ASSERT_EQUAL(iommu_unblock(&iommu, NIC), 0);
    CU_ASSERT_FALSE(iommu.device[0].blocked);
    CU_ASSERT_EQUAL(dma(NIC, 0x00400000, true), 0);
    CU_ASSERT_EQUAL(dma(NIC, 0x00801000, true), 5);
    CU_ASSERT_EQUAL(iommu_block(&iommu, OTHER + 1), -ENODEV);
    CU_ASSERT_EQUAL(iommu_unblock(&iommu, OTHER + 1), -ENODEV);

    CU_ASSERT_EQUAL(iommu_assign(&iommu, OTHER, ranges, 1), 0);
    CU_ASSERT_EQUAL(dma(OTHER, 0x00400000, true), 0);
    CU_ASSERT_EQUAL(iommu_block(&iommu, OTHER), 0);
    CU_ASSERT_EQUAL(dma(OTHER, 0x00400000, true), 2);
    CU_ASSERT_EQUAL(dma(NIC, 0x00400000, true), 0);
    CU_ASSERT_EQUAL(iommu_unblock(&iommu, OTHER), 0);

    /* Before translation starts there is nothing to flush. */
    CU_ASSERT_EQUAL(iommu_disable(&iommu), 0);
    CU_ASSERT_EQUAL(iommu_block(&iommu, OTHER), 0);
    CU_ASSERT_EQUAL(iommu_enable(&iommu), 0);
    CU_ASSERT_EQUAL(dma(OTHER, 0x00400000, true), 2);

    /* The flush is not confirmed: that is said, and the device counts as blocked. */
    fake.stuck = STUCK_IOTLB;
    CU_ASSERT_EQUAL(iommu_block(&iommu, NIC), -ETIMEDOUT);
    CU_ASSERT_TRUE(iommu.device[0].blocked);
    CU_ASSERT_PTR_NOT_NULL(iommu.error);
    CU_ASSERT_EQUAL(iommu_unblock(&iommu, NIC), -ETIMEDOUT);
    CU_ASSERT_TRUE(iommu.device[0].blocked);
    end_unit();
}

static void bad_assignments_are_refused(void)
{
    static const struct {
        struct iommu_range range[2];
        size_t n;
    } bad[] = {
        {{{0x1000, 0, IOMMU_READ}}, 1},
        {{{0x1001, 0x1000, IOMMU_READ}}, 1},
        {{{0x1000, 0x1001, IOMMU_READ}}, 1},
        {{{0x1000, 0x1000, 0}}, 1},
        {{{0x1000, 0x1000, 4}}, 1},
        {{{1ull << 39, 0x1000, IOMMU_READ}}, 1},
        {{{(1ull << 39) - 0x1000, 0x2000, IOMMU_READ}}, 1},
        {{{0x1000, UINT64_MAX - 0xfff, IOMMU_READ}}, 1},
        {{{UINT64_MAX - 0xfff, 0x1000, IOMMU_READ}}, 1},
        {{{0x1000, 0x3000, IOMMU_READ}, {0x3000, 0x1000, IOMMU_WRITE}}, 2},
        {{{0x3000, 0x1000, IOMMU_READ}, {0x1000, 0x3000, IOMMU_WRITE}}, 2},
        {{{0x3000, 0x1000, IOMMU_READ}, {0x3000, 0x1000, IOMMU_READ}}, 2},
    };
    static const struct iommu_range touching[] = {{0x3000, 0x1000, IOMMU_READ}, {0x2000, 0x1000, IOMMU_WRITE}};

    start_qemu();
    uint32_t pages = iommu.pages;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        CU_ASSERT_EQUAL(iommu_assign(&iommu, NIC, bad[i].range, bad[i].n), -EINVAL);
        CU_ASSERT_PTR_NOT_NULL(iommu.error);
    }
    CU_ASSERT_EQUAL(iommu.pages, pages);
    CU_ASSERT_EQUAL(iommu_assign(&iommu, NIC, ranges, 1), 0);
    CU_ASSERT_PTR_NULL(iommu.error);
    CU_ASSERT_EQUAL(iommu_assign(&iommu, NIC, ranges, 1), -EEXIST);
    for (uint16_t i = 1; i < IOMMU_MAX_DEVICES; i++)
        CU_ASSERT_EQUAL(iommu_assign(&iommu, (uint16_t)(NIC + i), ranges, 1), 0);
    CU_ASSERT_EQUAL(iommu_assign(&iommu, OTHER, ranges, 1), -ENOSPC);
    end_unit();
    start_qemu();
    CU_ASSERT_EQUAL(iommu_assign(&iommu, NIC, touching, 2), 0);
    end_unit();
}

static void units_that_cannot_be_used_are_refused(void)
{
    uint64_t cap = FAKE_CAP(2, 39, 1);
    struct iommu_fault fault;

    fake_vtd_start(&fake, cap, FAKE_ECAP);
    struct iommu_platform platform = fake_vtd_platform(&fake);
    CU_ASSERT_EQUAL(iommu_init(&iommu, &vtd_ops, &platform, 0, 39), -ENODEV);
    CU_ASSERT_EQUAL(iommu_init(&iommu, &vtd_ops, &platform, FAKE_BASE + 8, 39), -ENODEV);
    /* A unit that was never initialised does nothing. */
    CU_ASSERT_EQUAL(iommu_assign(&iommu, NIC, NULL, 0), -ENODEV);
    CU_ASSERT_EQUAL(iommu_enable(&iommu), -ENODEV);
    CU_ASSERT_EQUAL(iommu_disable(&iommu), 0);
    CU_ASSERT_EQUAL(iommu_poll(&iommu, &fault, 1), 0);
    iommu_signal(&iommu, 0, 0);
    iommu_silence(&iommu);
    CU_ASSERT_EQUAL(fake.fectl, 0);

    static const uint32_t versions[] = {0, UINT32_MAX, 0x60, 0x70};
    for (size_t i = 0; i < 4; i++) {
        fake.version = versions[i];
        CU_ASSERT_EQUAL(iommu_init(&iommu, &vtd_ops, &platform, FAKE_BASE, 39), -ENODEV);
        CU_ASSERT_PTR_NOT_NULL(iommu.error);
    }
    fake.version = 0x41;
    CU_ASSERT_EQUAL(iommu_init(&iommu, &vtd_ops, &platform, FAKE_BASE, 39), 0);
    static const uint64_t widths[] = {0, 1, 8, 16};
    for (size_t i = 0; i < 4; i++) {
        fake.cap = FAKE_CAP(widths[i], 39, 1);
        CU_ASSERT_EQUAL(iommu_init(&iommu, &vtd_ops, &platform, FAKE_BASE, 39), -ENODEV);
    }
    fake.cap = cap & ~(0x3ffull << 24);
    CU_ASSERT_EQUAL(iommu_init(&iommu, &vtd_ops, &platform, FAKE_BASE, 39), -ENODEV);
    fake.cap = cap;
    fake.ecap = 0;
    CU_ASSERT_EQUAL(iommu_init(&iommu, &vtd_ops, &platform, FAKE_BASE, 39), -ENODEV);
    CU_ASSERT_EQUAL(fake.gsts, 0);
    end_unit();
}

static void the_width_follows_the_unit_and_the_machine(void)
{
    static const struct {
        unsigned sagaw, mgaw, machine, levels, width;
    } cases[] = {
        {2, 39, 39, 3, 39}, {2, 39, 48, 3, 39}, {6, 48, 39, 3, 39}, {6, 48, 40, 4, 48},
        {4, 48, 36, 4, 48}, {6, 42, 46, 4, 42}, {2, 36, 36, 3, 36}, {0xe, 57, 57, 4, 48},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        CU_ASSERT_EQUAL_FATAL(start_unit(FAKE_CAP(cases[i].sagaw, cases[i].mgaw, 1), FAKE_ECAP, cases[i].machine), 0);
        CU_ASSERT_EQUAL(iommu.levels, cases[i].levels);
        CU_ASSERT_EQUAL(iommu.width, cases[i].width);
        struct iommu_range last = {(1ull << cases[i].width) - 0x1000, 0x1000, IOMMU_READ};
        CU_ASSERT_EQUAL(iommu_assign(&iommu, NIC, &last, 1), 0);
        CU_ASSERT_EQUAL(iommu_enable(&iommu), 0);
        CU_ASSERT_EQUAL(dma(NIC, last.base, false), 0);
        CU_ASSERT_EQUAL(dma(NIC, last.base - 1, false), 6);
        CU_ASSERT_EQUAL(dma(NIC, last.base + 0x1000, false), 4);
        last.base += 0x1000;
        CU_ASSERT_EQUAL(iommu_assign(&iommu, DISK, &last, 1), -EINVAL);
        end_unit();
    }
}

static void large_pages_only_where_the_unit_has_them(void)
{
    static const struct iommu_range range = {2 * MIB - 0x1000, 64 * MIB + 0x2000, IOMMU_READ | IOMMU_WRITE};

    for (int large = 0; large < 2; large++) {
        CU_ASSERT_EQUAL_FATAL(
            start_unit(FAKE_CAP(2, 39, 1) | (large ? FAKE_CAP_2M : 0), FAKE_ECAP | FAKE_ECAP_SNOOPS, 39), 0);
        CU_ASSERT_EQUAL(iommu_assign(&iommu, NIC, &range, 1), 0);
        CU_ASSERT_EQUAL(iommu_enable(&iommu), 0);
        /* root, contexts, two upper levels; page tables: the two ends, and 32 between them without large pages */
        CU_ASSERT_EQUAL(iommu.pages, large ? 4 + 2 : 4 + 34);
        for (uint64_t page = range.base - 0x2000; page < range.base + range.size + 0x2000; page += 0x1000) {
            bool inside = page >= range.base && page < range.base + range.size;
            CU_ASSERT_EQUAL(dma(NIC, page, true), inside ? 0 : 5);
        }
        CU_ASSERT_EQUAL(fake.flushed_bytes, 0); /* it snoops */
        end_unit();
    }
    static const struct iommu_range exact = {2 * MIB, 2 * MIB, IOMMU_READ};
    start_qemu();
    CU_ASSERT_EQUAL(iommu_assign(&iommu, NIC, &exact, 1), 0);
    CU_ASSERT_EQUAL(iommu.pages, 4);
    end_unit();
}

static void the_handshakes_wait(void)
{
    static const uint64_t drains[] = {0, FAKE_CAP_DWD, FAKE_CAP_DRD, FAKE_CAP_DWD | FAKE_CAP_DRD};

    for (unsigned delay = 0; delay < 50; delay += 7) {
        fake_vtd_start(&fake, FAKE_CAP(2, 39, 1) | FAKE_CAP_RWBF | FAKE_CAP_PLMR | drains[delay % 4], FAKE_ECAP);
        fake.delay = delay;
        /* The firmware left everything on. */
        fake.gsts = 1u << 31 | 1u << 30 | 1u << 28 | 1u << 26 | 1u << 25 | 1u << 23;
        fake.pmen = 1u << 31 | 1;
        struct iommu_platform platform = fake_vtd_platform(&fake);
        CU_ASSERT_EQUAL(iommu_init(&iommu, &vtd_ops, &platform, FAKE_BASE, 39), 0);
        CU_ASSERT_EQUAL(fake.gsts, 1u << 30 | 1u << 23);
        CU_ASSERT_EQUAL(fake.fectl, 1u << 31);
        CU_ASSERT_EQUAL(iommu_assign(&iommu, NIC, ranges, 3), 0);
        CU_ASSERT_EQUAL(iommu_enable(&iommu), 0);
        CU_ASSERT_EQUAL(fake.gsts, 1u << 31 | 1u << 30 | 1u << 23);
        CU_ASSERT_EQUAL(fake.pmen, 0);
        CU_ASSERT_EQUAL(fake.buffer_flushes, 1);
        CU_ASSERT_EQUAL(fake.context_invalidations, 1);
        CU_ASSERT_EQUAL(fake.iotlb_invalidations, 1);
        CU_ASSERT_EQUAL(dma(NIC, 0x400000, true), 0);
        CU_ASSERT_EQUAL(iommu_block(&iommu, NIC), 0);
        CU_ASSERT_EQUAL(fake.buffer_flushes, 2);
        CU_ASSERT_EQUAL(dma(NIC, 0x400000, true), 2);
        end_unit();
    }
}

static void a_unit_that_hangs_is_given_up(void)
{
    static const unsigned hangs[] = {STUCK_TE, STUCK_SRTP, STUCK_CONTEXT, STUCK_IOTLB, STUCK_WBF, STUCK_PMEN};

    for (size_t i = 0; i < sizeof(hangs) / sizeof(hangs[0]); i++) {
        CU_ASSERT_EQUAL_FATAL(start_unit(FAKE_CAP(2, 39, 1) | FAKE_CAP_RWBF | FAKE_CAP_PHMR, FAKE_ECAP, 39), 0);
        fake.pmen = 1u << 31 | 1;
        fake.stuck = hangs[i];
        fake.relaxes = 0;
        CU_ASSERT_EQUAL(iommu_enable(&iommu), -ETIMEDOUT);
        CU_ASSERT_PTR_NOT_NULL(iommu.error);
        CU_ASSERT(fake.relaxes > 1000);
        CU_ASSERT(fake.relaxes < 1000000);
        CU_ASSERT_EQUAL(iommu.enabled, hangs[i] == STUCK_PMEN);
        CU_ASSERT_EQUAL((fake.gsts & 1u << 31) != 0, iommu.enabled);
        end_unit();
    }
    static const unsigned left_on[] = {STUCK_TE, STUCK_QIE};
    for (size_t i = 0; i < 2; i++) {
        fake_vtd_start(&fake, FAKE_CAP(2, 39, 1), FAKE_ECAP);
        fake.gsts = 1u << 31 | 1u << 30 | 1u << 26;
        fake.stuck = left_on[i];
        struct iommu_platform platform = fake_vtd_platform(&fake);
        CU_ASSERT_EQUAL(iommu_init(&iommu, &vtd_ops, &platform, FAKE_BASE, 39), -ETIMEDOUT);
        end_unit();
    }
    start_qemu();
    CU_ASSERT_EQUAL(iommu_enable(&iommu), 0);
    fake.stuck = STUCK_TE;
    CU_ASSERT_EQUAL(iommu_disable(&iommu), -ETIMEDOUT);
    CU_ASSERT_TRUE(iommu.enabled);
    end_unit();
}

static void a_refused_invalidation_is_an_error(void)
{
    for (unsigned refuses = REFUSE_CONTEXT; refuses <= REFUSE_IOTLB; refuses++) {
        start_qemu();
        fake.refuses = refuses;
        CU_ASSERT_EQUAL(iommu_enable(&iommu), -EIO);
        CU_ASSERT_FALSE(iommu.enabled);
        fake.refuses = 0;
        CU_ASSERT_EQUAL(iommu_enable(&iommu), 0);
        end_unit();
    }
}

static void out_of_memory_leaves_the_device_blocked(void)
{
    start_qemu();
    unsigned first = fake.n_pages;
    CU_ASSERT_EQUAL(iommu_assign(&iommu, NIC, ranges, 3), 0);
    unsigned needed = fake.n_pages;
    end_unit();

    for (unsigned limit = 0; limit < needed; limit++) {
        fake_vtd_start(&fake, FAKE_CAP(2, 39, 1) | FAKE_CAP_2M, FAKE_ECAP);
        fake.page_limit = limit;
        struct iommu_platform platform = fake_vtd_platform(&fake);
        int error = iommu_init(&iommu, &vtd_ops, &platform, FAKE_BASE, 39);
        CU_ASSERT_EQUAL(error, limit < first ? -ENOMEM : 0);
        if (error == 0) {
            CU_ASSERT_EQUAL(iommu_assign(&iommu, NIC, ranges, 3), -ENOMEM);
            CU_ASSERT_PTR_NOT_NULL(iommu.error);
            CU_ASSERT_EQUAL(iommu_enable(&iommu), 0);
            CU_ASSERT_NOT_EQUAL(dma(NIC, 0x400000, true), 0);
            fake.page_limit = FAKE_PAGES;
            CU_ASSERT_EQUAL(iommu_assign(&iommu, NIC, ranges, 3), 0);
            CU_ASSERT_EQUAL(dma(NIC, 0x400000, true), 0);
            CU_ASSERT_EQUAL(dma(DISK, 0x400000, true), 2);
        }
        end_unit();
    }
}

static void faults_are_found_by_polling(void)
{
    struct iommu_fault fault[8];

    start_qemu();
    CU_ASSERT_EQUAL(iommu_assign(&iommu, NIC, ranges, 3), 0);
    CU_ASSERT_EQUAL(iommu_enable(&iommu), 0);
    uint64_t reads = fake.register_reads;
    CU_ASSERT_EQUAL(iommu_poll(&iommu, fault, 8), 0);
    CU_ASSERT_EQUAL(fake.register_reads, reads + 1); /* cheap: it may be called often */

    CU_ASSERT_EQUAL(dma(NIC, 0x12345678, true), 5);
    CU_ASSERT_EQUAL(dma(NIC, 0x22345678, true), 5); /* compressed */
    CU_ASSERT_EQUAL(iommu_poll(&iommu, fault, 0), 0);
    CU_ASSERT_EQUAL(iommu_poll(&iommu, fault, 8), 1);
    CU_ASSERT_EQUAL(fault[0].address, 0x12345000);
    CU_ASSERT_EQUAL(fault[0].bdf, NIC);
    CU_ASSERT_EQUAL(fault[0].reason, 5);
    CU_ASSERT_EQUAL(fault[0].kind, IOMMU_FAULT_WRITE);
    CU_ASSERT_TRUE(fault[0].write);
    CU_ASSERT_EQUAL(iommu.overflows, 0);
    CU_ASSERT_EQUAL(iommu_poll(&iommu, fault, 8), 0);

    /* One record: the second device's fault is lost, which is counted, and recording goes on. */
    CU_ASSERT_EQUAL(dma(NIC, 0x1000, false), 6);
    CU_ASSERT_EQUAL(dma(OTHER, 0x2000, false), 1);
    CU_ASSERT_EQUAL(iommu_poll(&iommu, fault, 8), 1);
    CU_ASSERT_EQUAL(fault[0].kind, IOMMU_FAULT_READ);
    CU_ASSERT_FALSE(fault[0].write);
    CU_ASSERT_EQUAL(iommu.overflows, 1);
    CU_ASSERT_EQUAL(dma(OTHER, 0x2000, true), 1);
    CU_ASSERT_EQUAL(iommu_poll(&iommu, fault, 8), 1);
    CU_ASSERT_EQUAL(fault[0].bdf, OTHER);
    CU_ASSERT_EQUAL(fault[0].kind, IOMMU_FAULT_NO_DOMAIN);
    CU_ASSERT_EQUAL(dma(NIC, 1ull << 40, true), 4);
    CU_ASSERT_EQUAL(iommu_poll(&iommu, fault, 8), 1);
    CU_ASSERT_EQUAL(fault[0].kind, IOMMU_FAULT_WIDTH);
    CU_ASSERT_EQUAL(iommu.faults, 4);
    CU_ASSERT_EQUAL(iommu.overflows, 1);
    end_unit();
}

static void records_are_a_ring(void)
{
    struct iommu_fault fault[8];

    CU_ASSERT_EQUAL_FATAL(start_unit(FAKE_CAP(2, 39, FAKE_RECORDS), FAKE_ECAP, 39), 0);
    CU_ASSERT_EQUAL(iommu_enable(&iommu), 0);
    for (uint16_t round = 0; round < 10; round++) {
        for (uint16_t i = 0; i < 3; i++)
            CU_ASSERT_EQUAL(dma(i, 0x1000ull * round, false), 1);
        /* Two calls for three records; they come in the order in which they happened. */
        CU_ASSERT_EQUAL(iommu_poll(&iommu, fault, 2), 2);
        CU_ASSERT_EQUAL(iommu_poll(&iommu, fault + 2, 2), 1);
        for (uint16_t i = 0; i < 3; i++) {
            CU_ASSERT_EQUAL(fault[i].bdf, i);
            CU_ASSERT_EQUAL(fault[i].address, 0x1000ull * round);
        }
    }
    CU_ASSERT_EQUAL(iommu.overflows, 0);
    /* More than fit: an overflow is not cleared before there is room. */
    for (uint16_t i = 0; i < 9; i++)
        CU_ASSERT_EQUAL(dma(i, 0, false), 1);
    CU_ASSERT_EQUAL(iommu_poll(&iommu, fault, 3), 3);
    CU_ASSERT_EQUAL(iommu.overflows, 0);
    CU_ASSERT_EQUAL(iommu_poll(&iommu, fault, 3), 1);
    CU_ASSERT_EQUAL(iommu.overflows, 1);
    CU_ASSERT_EQUAL(iommu_poll(&iommu, fault, 3), 0);
    CU_ASSERT_EQUAL(iommu.faults, 34);
    end_unit();
}

static void records_from_before_are_dropped(void)
{
    struct iommu_fault fault;

    CU_ASSERT_EQUAL_FATAL(start_unit(FAKE_CAP(2, 39, FAKE_RECORDS), FAKE_ECAP, 39), 0);
    for (unsigned i = 0; i < FAKE_RECORDS; i++)
        fake.high[i] = 1ull << 63 | 0x25ull << 32 | i;
    fake.fsts = 3;
    CU_ASSERT_EQUAL(iommu_enable(&iommu), 0);
    CU_ASSERT_EQUAL(iommu_poll(&iommu, &fault, 1), 0);
    CU_ASSERT_EQUAL(iommu.faults, 0);
    CU_ASSERT_EQUAL(iommu.overflows, 0);
    CU_ASSERT_EQUAL(fake.fsts & 3u, 0);
    end_unit();
}

static void faults_can_be_signalled(void)
{
    struct iommu_fault fault;

    start_qemu();
    fake.messages = 0;
    CU_ASSERT_EQUAL(iommu_enable(&iommu), 0);
    CU_ASSERT_EQUAL(dma(NIC, 0x1000, true), 1);
    CU_ASSERT_EQUAL(fake.messages, 0); /* not asked for */
    iommu_signal(&iommu, 0x1fee05000, 4 << 8);
    CU_ASSERT_EQUAL(fake.messages, 1); /* that one was due */
    CU_ASSERT_EQUAL(fake.feaddr, 0xfee05000);
    CU_ASSERT_EQUAL(fake.feuaddr, 1);
    CU_ASSERT_EQUAL(fake.fedata, 0x400);
    CU_ASSERT_EQUAL(dma(NIC, 0x1000, true), 1);
    CU_ASSERT_EQUAL(fake.messages, 1); /* still the same */
    CU_ASSERT_EQUAL(iommu_poll(&iommu, &fault, 1), 1);
    CU_ASSERT_EQUAL(dma(NIC, 0x1000, true), 1);
    CU_ASSERT_EQUAL(fake.messages, 2);
    iommu_signal(&iommu, 0xfee06000, 0x60); /* somebody else from now on */
    CU_ASSERT_EQUAL(fake.feaddr, 0xfee06000);
    CU_ASSERT_EQUAL(fake.feuaddr, 0);
    CU_ASSERT_EQUAL(fake.messages, 2);
    CU_ASSERT_EQUAL(iommu_poll(&iommu, &fault, 1), 1);
    iommu_silence(&iommu);
    CU_ASSERT_EQUAL(dma(NIC, 0x1000, true), 1);
    CU_ASSERT_EQUAL(fake.messages, 2);
    CU_ASSERT_EQUAL(iommu_poll(&iommu, &fault, 1), 1);
    iommu_signal(&iommu, 0xfee06000, 0x60); /* what was polled meanwhile is not due any more */
    CU_ASSERT_EQUAL(fake.messages, 2);
    end_unit();
}

static void reasons_are_sorted_into_kinds(void)
{
    static const uint8_t kinds[] = {
        IOMMU_FAULT_OTHER, IOMMU_FAULT_NO_DOMAIN, IOMMU_FAULT_NO_DOMAIN, IOMMU_FAULT_TABLE, IOMMU_FAULT_WIDTH,
        IOMMU_FAULT_WRITE, IOMMU_FAULT_READ,      IOMMU_FAULT_TABLE,     IOMMU_FAULT_TABLE, IOMMU_FAULT_TABLE,
        IOMMU_FAULT_TABLE, IOMMU_FAULT_TABLE,     IOMMU_FAULT_TABLE,
    };
    struct iommu_fault fault;

    start_qemu();
    for (unsigned reason = 0; reason < 256; reason++) {
        fake.high[0] = 1ull << 63 | (uint64_t)reason << 32 | NIC;
        fake.fsts = 2;
        CU_ASSERT_EQUAL(iommu_poll(&iommu, &fault, 1), 1);
        CU_ASSERT_EQUAL(fault.reason, reason);
        CU_ASSERT_EQUAL(fault.kind, reason < sizeof(kinds)             ? kinds[reason]
                                    : reason >= 0x20 && reason <= 0x28 ? IOMMU_FAULT_INTERRUPT
                                                                       : IOMMU_FAULT_OTHER);
    }
    end_unit();
}

/* What the list of ranges says about an address. */
static bool permitted(const struct iommu_range *range, size_t n, uint64_t address, bool write)
{
    for (size_t i = 0; i < n; i++)
        if (address >= range[i].base && address - range[i].base < range[i].size)
            return range[i].rights & (write ? IOMMU_WRITE : IOMMU_READ);
    return false;
}

static void random_domains_mean_what_they_say(void)
{
    unsigned allowed = 0, denied = 0, wrong = 0;

    for (uint64_t round = 0; round < 60; round++) {
        uint64_t draw = 0, cap = round & 1 ? FAKE_CAP_2M : 0;
        unsigned width = round & 2 ? 39 : 48;
        CU_ASSERT_EQUAL_FATAL(
            start_unit(FAKE_CAP(6, 48, 2) | cap, FAKE_ECAP | (round & 4 ? FAKE_ECAP_SNOOPS : 0), width), 0);
        struct iommu_range range[6];
        uint16_t bdf[2] = {NIC, OTHER};
        struct iommu_range kept[2][6];
        size_t n[2] = {0, 0};
        for (unsigned d = 0; d < 2; d++) {
            uint64_t base = qv_draw_below(round, draw++, 1ull << (width - 14)) << 12;
            for (n[d] = 0; n[d] < 6; n[d]++) {
                uint64_t most = 1 + qv_draw_below(round, draw++, 1500);
                uint64_t pages = 1 + qv_draw_below(round, draw++, most);
                range[n[d]] = (struct iommu_range){base, pages << 12, 1 + (uint32_t)qv_draw_below(round, draw++, 3)};
                base += (pages + qv_draw_below(round, draw++, 600)) << 12;
            }
            CU_ASSERT_EQUAL_FATAL(iommu_assign(&iommu, bdf[d], range, n[d]), 0);
            memcpy(kept[d], range, sizeof(range));
        }
        CU_ASSERT_EQUAL_FATAL(iommu_enable(&iommu), 0);
        for (unsigned k = 0; k < 4000; k++) {
            unsigned d = k & 1;
            const struct iommu_range *near = &kept[d][qv_draw_below(round, draw++, n[d])];
            uint64_t address = near->base - 0x100000 + qv_draw_below(round, draw++, near->size + 0x200000);
            if (k % 3 == 0) /* the ends are where mistakes are */
                address = (k % 2 ? near->base : near->base + near->size) - qv_draw_below(round, draw++, 2);
            bool write = qv_draw_below(round, draw++, 2);
            bool may = permitted(kept[d], n[d], address, write);
            unsigned reason = dma(bdf[d], address, write);
            wrong += may ? reason != 0 : reason != (write ? 5u : 6u);
            allowed += may;
            denied += !may;
        }
        end_unit();
    }
    CU_ASSERT_EQUAL(wrong, 0);
    CU_ASSERT(allowed > 10000);
    CU_ASSERT(denied > 10000);
}

/* --- interrupts --- */

#define IOAPIC      ((uint16_t)0xff00)
#define REMAPS_ECAP (FAKE_ECAP | FAKE_ECAP_REMAPS)

static const struct iommu_interrupt nic_interrupt = {NIC, 0x50, 0x0b};
static const struct iommu_interrupt pin_interrupt = {IOAPIC, 0x51, 0x80};

static void start_remapping_unit(void)
{
    CU_ASSERT_EQUAL_FATAL(start_unit(FAKE_CAP(2, 39, 4), REMAPS_ECAP, 39), 0);
}

static unsigned interrupt(uint16_t bdf, uint64_t address, uint32_t data, unsigned *delivered)
{
    return fake_vtd_interrupt(&fake, bdf, address, data, delivered);
}

static void expect_blocked(uint16_t bdf, uint64_t address, uint32_t data, unsigned reason, uint64_t index)
{
    struct iommu_fault fault;
    unsigned delivered;

    CU_ASSERT_EQUAL(interrupt(bdf, address, data, &delivered), reason);
    CU_ASSERT_EQUAL(delivered, 0);
    CU_ASSERT_EQUAL_FATAL(iommu_poll(&iommu, &fault, 1), 1);
    CU_ASSERT_EQUAL(fault.kind, IOMMU_FAULT_INTERRUPT);
    CU_ASSERT_EQUAL(fault.bdf, bdf);
    CU_ASSERT_EQUAL(fault.reason, reason);
    CU_ASSERT_EQUAL(fault.address, index);
}

static void only_routed_interrupts_pass(void)
{
    struct interrupt_message nic, pin;
    unsigned delivered;

    start_remapping_unit();
    CU_ASSERT_EQUAL(iommu_route(&iommu, &nic_interrupt, &nic), 0);
    CU_ASSERT_EQUAL(iommu_route(&iommu, &pin_interrupt, &pin), 0);
    CU_ASSERT_EQUAL(pin.data, 0x51);                                   /* a pin's entry has to name the vector */
    CU_ASSERT_EQUAL(interrupt(DISK, 0xfee00000, 0x30, &delivered), 0); /* not yet */
    fake.gsts |= 1u << 23;                                             /* the firmware let the old format pass */
    CU_ASSERT_EQUAL(iommu_remap(&iommu), 0);
    CU_ASSERT_EQUAL(iommu_remap(&iommu), 0);
    CU_ASSERT_EQUAL(iommu_assign(&iommu, NIC, ranges, 1), 0);
    for (unsigned round = 0; round < 2; round++) { /* translation on and off again does not touch it */
        CU_ASSERT_EQUAL(interrupt(NIC, nic.address, nic.data, &delivered), 0);
        CU_ASSERT_EQUAL(delivered, 0x500b);
        CU_ASSERT_EQUAL(interrupt(IOAPIC, pin.address, pin.data, &delivered), 0);
        CU_ASSERT_EQUAL(delivered, 0x5180);
        expect_blocked(NIC, pin.address, pin.data, 0x26, 1);          /* another's */
        expect_blocked(DISK, nic.address, nic.data, 0x26, 0);         /* likewise */
        expect_blocked(NIC, nic.address | 8, 1, 0x26, 1);             /* by a subhandle */
        expect_blocked(NIC, 0xfee00050, 0, 0x22, 2);                  /* nobody's */
        expect_blocked(NIC, 0xfee00010 | 300u << 5, 0, 0x21, 300);    /* beyond the table */
        expect_blocked(NIC, 0xfee00014, 0, 0x21, 0x8000);             /* bit 15 of the index */
        expect_blocked(NIC, 0xfee00000, 0x30, 0x25, 0);               /* the old format */
        expect_blocked(NIC, 0xfee00000 | 1u << 12, 4u << 8, 0x25, 0); /* an NMI */
        CU_ASSERT_EQUAL(round == 0 ? iommu_enable(&iommu) : iommu_disable(&iommu), 0);
    }
    CU_ASSERT_EQUAL(iommu_route(&iommu, &nic_interrupt, &nic), -EBUSY);
    end_unit();
}

static void nothing_routed_nothing_passes(void)
{
    unsigned delivered;

    start_remapping_unit();
    CU_ASSERT_EQUAL(iommu_remap(&iommu), 0);
    CU_ASSERT_EQUAL(interrupt(NIC, 0xfee00010, 0, &delivered), 0x22);
    end_unit();
    CU_ASSERT_EQUAL_FATAL(start_unit(FAKE_CAP(2, 39, 1), FAKE_ECAP, 39), 0);
    struct interrupt_message message;
    CU_ASSERT_EQUAL(iommu_route(&iommu, &nic_interrupt, &message), -ENODEV);
    CU_ASSERT_PTR_NOT_NULL(iommu.error);
    CU_ASSERT_EQUAL(iommu_remap(&iommu), -ENODEV);
    CU_ASSERT_FALSE(iommu.remaps);
    end_unit();
}

static void interrupts_have_room_for_a_table(void)
{
    struct interrupt_message message;

    start_remapping_unit();
    for (unsigned i = 0; i < 256; i++)
        CU_ASSERT_EQUAL(iommu_route(&iommu, &nic_interrupt, &message), 0);
    CU_ASSERT_EQUAL(message.address, 0xfee00010u | 255u << 5);
    CU_ASSERT_EQUAL(iommu_route(&iommu, &nic_interrupt, &message), -ENOSPC);
    end_unit();
    start_remapping_unit();
    fake.page_limit = fake.n_pages;
    CU_ASSERT_EQUAL(iommu_route(&iommu, &nic_interrupt, &message), -ENOMEM);
    CU_ASSERT_EQUAL(iommu_remap(&iommu), -ENOMEM);
    fake.page_limit++;
    CU_ASSERT_EQUAL(iommu_remap(&iommu), -ENOMEM); /* the queue */
    CU_ASSERT_FALSE(iommu.remaps);
    end_unit();
}

static void a_unit_that_does_not_remap_is_reported(void)
{
    static const unsigned stuck[] = {STUCK_SIRTP, STUCK_QIE, STUCK_QUEUE, STUCK_IRE};

    for (unsigned i = 0; i < sizeof(stuck) / sizeof(stuck[0]); i++) {
        start_remapping_unit();
        fake.stuck = stuck[i];
        CU_ASSERT_EQUAL(iommu_remap(&iommu), -ETIMEDOUT);
        CU_ASSERT_PTR_NOT_NULL(iommu.error);
        CU_ASSERT_FALSE(iommu.remaps);
        end_unit();
    }
    start_remapping_unit();
    fake.refuses = REFUSE_QUEUE;
    CU_ASSERT_EQUAL(iommu_remap(&iommu), -EIO);
    CU_ASSERT_FALSE(iommu.remaps);
    CU_ASSERT_EQUAL(fake.gsts & (1u << 26 | 1u << 25), 0);
    end_unit();
}

static const struct unit_test tests[] = {
    {"a device reaches its ranges and nothing else", a_device_reaches_its_ranges_and_nothing_else},
    {"without assignments everything is blocked", without_assignments_everything_is_blocked},
    {"blocking acts at once", blocking_acts_at_once},
    {"bad assignments are refused", bad_assignments_are_refused},
    {"units that cannot be used are refused", units_that_cannot_be_used_are_refused},
    {"the width follows the unit and the machine", the_width_follows_the_unit_and_the_machine},
    {"large pages only where the unit has them", large_pages_only_where_the_unit_has_them},
    {"the handshakes wait", the_handshakes_wait},
    {"a unit that hangs is given up", a_unit_that_hangs_is_given_up},
    {"a refused invalidation is an error", a_refused_invalidation_is_an_error},
    {"out of memory leaves the device blocked", out_of_memory_leaves_the_device_blocked},
    {"faults are found by polling", faults_are_found_by_polling},
    {"records are a ring", records_are_a_ring},
    {"records from before are dropped", records_from_before_are_dropped},
    {"faults can be signalled", faults_can_be_signalled},
    {"reasons are sorted into kinds", reasons_are_sorted_into_kinds},
    {"random domains mean what they say", random_domains_mean_what_they_say},
    {"only routed interrupts pass", only_routed_interrupts_pass},
    {"nothing routed, nothing passes", nothing_routed_nothing_passes},
    {"room in the interrupt table", interrupts_have_room_for_a_table},
    {"a unit that does not remap is reported", a_unit_that_does_not_remap_is_reported},
};

int main(void)
{
    return unit_run("vt-d", tests, sizeof(tests) / sizeof(tests[0]));
}
