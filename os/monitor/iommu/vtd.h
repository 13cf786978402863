/* SPDX-License-Identifier: MIT */
/*
 * Intel VT-d, shared by the files that drive it: registers, and the ways to reach them (vtd.c). Sections are those of
 * the Intel Virtualization Technology for Directed I/O specification, revision 3.3.
 */
#ifndef QV_MONITOR_VTD_H
#define QV_MONITOR_VTD_H

#include "monitor/iommu/iommu.h"

/* Registers, 10.4. */
#define REG_VER     0x00u
#define REG_CAP     0x08u
#define REG_ECAP    0x10u
#define REG_GCMD    0x18u
#define REG_GSTS    0x1cu
#define REG_RTADDR  0x20u
#define REG_CCMD    0x28u
#define REG_FSTS    0x34u
#define REG_FECTL   0x38u
#define REG_FEDATA  0x3cu
#define REG_FEADDR  0x40u
#define REG_FEUADDR 0x44u
#define REG_PMEN    0x64u
#define REG_IQH     0x80u
#define REG_IQT     0x88u
#define REG_IQA     0x90u
#define REG_IRTA    0xb8u

/* Capabilities, 10.4.2 and 10.4.3. */
#define CAP_RWBF       (1ull << 4)
#define CAP_PLMR       (1ull << 5)
#define CAP_PHMR       (1ull << 6)
#define CAP_SAGAW(cap) ((unsigned)((cap) >> 8) & 0x1fu)
#define CAP_MGAW(cap)  (((unsigned)((cap) >> 16) & 0x3fu) + 1u)
#define CAP_FRO(cap)   (((unsigned)((cap) >> 24) & 0x3ffu) * 16u)
#define CAP_SLLPS_2M   (1ull << 34)
#define CAP_NFR(cap)   (((unsigned)((cap) >> 40) & 0xffu) + 1u)
#define CAP_DWD        (1ull << 54)
#define CAP_DRD        (1ull << 55)
#define ECAP_C         (1ull << 0)
#define ECAP_QI        (1ull << 1)
#define ECAP_IR        (1ull << 3)
#define ECAP_IRO(ecap) (((unsigned)((ecap) >> 8) & 0x3ffu) * 16u)

/* Global command and status have the same bits, 10.4.4 and 10.4.5. Those of GSTS_KEEP are states, the others events. */
#define GCMD_TE    (1u << 31)
#define GCMD_SRTP  (1u << 30)
#define GCMD_EAFL  (1u << 28)
#define GCMD_WBF   (1u << 27)
#define GCMD_QIE   (1u << 26)
#define GCMD_IRE   (1u << 25)
#define GCMD_SIRTP (1u << 24)
#define GCMD_CFI   (1u << 23)
#define GSTS_KEEP  (GCMD_TE | GCMD_EAFL | GCMD_QIE | GCMD_IRE | GCMD_CFI)

/* Invalidation, 10.4.7 and 10.4.8.1; the IOTLB register is the second at ECAP.IRO. */
#define CCMD_ICC       (1ull << 63)
#define CCMD_GLOBAL    (1ull << 61)
#define CCMD_CAIG(v)   ((unsigned)((v) >> 59) & 3u)
#define IOTLB_OFFSET   8u
#define IOTLB_IVT      (1ull << 63)
#define IOTLB_GLOBAL   (1ull << 60)
#define IOTLB_IAIG(v)  ((unsigned)((v) >> 57) & 3u)
#define IOTLB_DR       (1ull << 49)
#define IOTLB_DW       (1ull << 48)
#define GRANULE_FAILED 0u

/* Faults, 10.4.9, 10.4.10 and 10.4.14. */
#define FSTS_PFO       (1u << 0)
#define FSTS_PPF       (1u << 1)
#define FSTS_IQE       (7u << 4) /* of the invalidation queue: bad descriptor, or no answer */
#define FSTS_FRI(v)    (((v) >> 8) & 0xffu)
#define FECTL_IM       (1u << 31)
#define FRCD_BYTES     16u
#define FRCD_HIGH      8u
#define FRCD_TOP       12u
#define FRCD_F         (1ull << 63)
#define FRCD_TOP_F     (1u << 31)
#define FRCD_READ      (1ull << 62)
#define FRCD_REASON(v) ((unsigned)((v) >> 32) & 0xffu)
#define FRCD_INDEX(v)  ((v) >> 48) /* low half, of a blocked interrupt */
#define FRCD_SID(v)    ((uint16_t)((v)&0xffffu))

#define PMEN_EPM (1u << 31)
#define PMEN_PRS (1u << 0)

/* Root entry 9.1, context entry 9.3 (translation type 0: second-level only), second-level entries 9.8. */
#define ENTRY_PRESENT    1ull
#define CONTEXT_AW(n)    ((uint64_t)(n)-2u)
#define CONTEXT_DID(id)  ((uint64_t)(id) << 8)
#define SL_READ          1ull
#define SL_WRITE         2ull
#define SL_LARGE         (1ull << 7)
#define ENTRY_ADDRESS    0x000ffffffffff000ull
#define TABLE_BITS       9u
#define LARGE_PAGE_BYTES (1ull << 21)

static inline uint32_t vtd_read32(const struct iommu *iommu, unsigned reg)
{
    return iommu->platform.read32(iommu->platform.context, iommu->registers + reg);
}

static inline uint64_t vtd_read64(const struct iommu *iommu, unsigned reg)
{
    return iommu->platform.read64(iommu->platform.context, iommu->registers + reg);
}

static inline void vtd_write32(const struct iommu *iommu, unsigned reg, uint32_t value)
{
    iommu->platform.write32(iommu->platform.context, iommu->registers + reg, value);
}

static inline void vtd_write64(const struct iommu *iommu, unsigned reg, uint64_t value)
{
    iommu->platform.write64(iommu->platform.context, iommu->registers + reg, value);
}

/* Looks at a register before the unit is given up: some 50 ms where an uncached read takes half a microsecond. */
#define WAIT_LOOKS 100000u

int vtd_fail(struct iommu *iommu, int error, const char *why);
/* One command bit at a time, the states kept, and the status awaited (10.4.4). */
int vtd_command(struct iommu *iommu, uint32_t bit, bool on, const char *what);
void vtd_set_entry(const struct iommu *iommu, uint64_t *entry, uint64_t value);
uint64_t *vtd_new_table(struct iommu *iommu); /* NULL: no memory */

/* vtd_interrupts.c */
int vtd_route(struct iommu *iommu, const struct iommu_interrupt *interrupt, struct interrupt_message *message);
int vtd_remap(struct iommu *iommu);

#endif
