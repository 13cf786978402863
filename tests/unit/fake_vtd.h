/* SPDX-License-Identifier: MIT */
/*
 * A VT-d unit for tests: its registers, its caches and its page walk, written from the specification and not from the
 * driver. It is stricter than an emulator: what the specification forbids is counted in `errors`.
 *
 * Memory that does not snoop: the unit sees a page only as it was when the driver last flushed it; a page that was
 * never flushed is full of ones.
 */
#ifndef QV_FAKE_VTD_H
#define QV_FAKE_VTD_H

#include <stdbool.h>
#include <stdint.h>

#include "monitor/iommu/iommu.h"

#define FAKE_BASE    0xfed90000ull
#define FAKE_PAGES   512u
#define FAKE_RECORDS 4u
#define FAKE_CACHE   256u

/* Capabilities of a unit: 16 domains, no more. Without FAKE_ECAP_SNOOPS it does not see the caches, like QEMU's. */
#define FAKE_FRO 0x220ull
#define FAKE_IRO 0xf0ull
#define FAKE_CAP(sagaw, mgaw, records)                                                                                 \
    ((uint64_t)(sagaw) << 8 | ((uint64_t)(mgaw)-1) << 16 | (FAKE_FRO / 16) << 24 | ((uint64_t)(records)-1) << 40)
#define FAKE_CAP_RWBF    (1ull << 4)
#define FAKE_CAP_PLMR    (1ull << 5)
#define FAKE_CAP_PHMR    (1ull << 6)
#define FAKE_CAP_DWD     (1ull << 54)
#define FAKE_CAP_DRD     (1ull << 55)
#define FAKE_CAP_2M      (1ull << 34)
#define FAKE_ECAP_SNOOPS 1ull
#define FAKE_ECAP        ((FAKE_IRO / 16) << 8)
#define FAKE_ECAP_REMAPS (1ull << 1 | 1ull << 3) /* an invalidation queue, and interrupt remapping */

enum fake_stuck {
    STUCK_TE = 1,
    STUCK_SRTP = 2,
    STUCK_CONTEXT = 4,
    STUCK_IOTLB = 8,
    STUCK_WBF = 16,
    STUCK_PMEN = 32,
    STUCK_QIE = 64,
    STUCK_SIRTP = 128,
    STUCK_IRE = 256,
    STUCK_QUEUE = 512,
};

enum fake_refusal { REFUSE_CONTEXT = 1, REFUSE_IOTLB = 2, REFUSE_QUEUE = 4 };

struct fake_vtd {
    uint32_t version, gsts, fsts, fectl, pmen;
    uint64_t cap, ecap, rtaddr, root, ccmd, iotlb;
    uint64_t low[FAKE_RECORDS], high[FAKE_RECORDS];
    unsigned next_record;
    uint32_t fedata, feaddr, feuaddr;
    unsigned messages;              /* fault interrupts sent */
    uint64_t iqa, irta, interrupts; /* the table as last taken */
    uint64_t iqh, iqt;
    bool stale_interrupts; /* a table was taken and the entry cache not flushed since */
    unsigned queued;       /* descriptors done */

    unsigned stuck;   /* enum fake_stuck: operations that never end */
    unsigned refuses; /* enum fake_refusal: invalidations that report failure */
    unsigned delay;   /* looks until an operation ends */
    unsigned countdown;
    uint32_t pending; /* command bits under way */
    uint32_t wanted;  /* states to be reached */
    bool pending_ccmd, pending_iotlb, pending_pmen;
    bool dirty_buffer; /* context cache was invalidated without a write-buffer flush before */

    unsigned errors;
    const char *error; /* the first one */
    uint64_t relaxes, flushed_bytes, register_reads;
    unsigned context_invalidations, iotlb_invalidations, buffer_flushes;

    uint8_t *memory;  /* what the driver writes */
    uint8_t *visible; /* what the unit sees where it does not snoop */
    unsigned n_pages, page_limit;

    struct {
        bool valid;
        uint16_t bdf;
        uint64_t lo, hi;
    } context[FAKE_CACHE];
    struct {
        bool valid;
        uint16_t domain;
        uint64_t page;
        uint64_t leaf;
    } tlb[FAKE_CACHE];
    unsigned next_context, next_tlb;
};

void fake_vtd_start(struct fake_vtd *fake, uint64_t cap, uint64_t ecap);
void fake_vtd_end(struct fake_vtd *fake);
struct iommu_platform fake_vtd_platform(struct fake_vtd *fake);

/* An access by a device. 0: it reached memory at this very address; else the fault reason, which is also recorded. */
unsigned fake_vtd_dma(struct fake_vtd *fake, uint16_t bdf, uint64_t address, bool write);

/*
 * An interrupt message. 0: it is delivered, in *delivered as vector << 8 | cores where it was remapped and 0 where it
 * went through as it was; else the fault reason, which is also recorded.
 */
unsigned fake_vtd_interrupt(struct fake_vtd *fake, uint16_t bdf, uint64_t address, uint32_t data, unsigned *delivered);

#endif
