/* SPDX-License-Identifier: MIT */
/*
 * Intel VT-d in legacy mode with register-based invalidation. Sections are those of the Intel Virtualization Technology
 * for Directed I/O specification, revision 3.3.
 *
 * Everything is invalidated globally: tables change at boot and when a device is cut off, never on a hot path.
 */
#include "monitor/iommu/vtd.h"

#include "lib/errno.h"

#define REASON_INTERRUPT      0x20u
#define REASON_INTERRUPT_LAST 0x28u

/* Every unit has at least 16 domain ids, 0 not for use with some. */
_Static_assert(IOMMU_MAX_DEVICES < 16, "domain ids");

int vtd_fail(struct iommu *iommu, int error, const char *why)
{
    iommu->error = why;
    return error;
}

static int wait32(struct iommu *iommu, unsigned reg, uint32_t mask, uint32_t want, const char *what)
{
    for (unsigned i = 0; i < WAIT_LOOKS; i++) {
        if ((vtd_read32(iommu, reg) & mask) == want)
            return 0;
        iommu->platform.relax(iommu->platform.context);
    }
    return vtd_fail(iommu, -ETIMEDOUT, what);
}

static int wait64(struct iommu *iommu, unsigned reg, uint64_t mask, const char *what)
{
    for (unsigned i = 0; i < WAIT_LOOKS; i++) {
        if ((vtd_read64(iommu, reg) & mask) == 0)
            return 0;
        iommu->platform.relax(iommu->platform.context);
    }
    return vtd_fail(iommu, -ETIMEDOUT, what);
}

int vtd_command(struct iommu *iommu, uint32_t bit, bool on, const char *what)
{
    uint32_t keep = vtd_read32(iommu, REG_GSTS) & GSTS_KEEP & ~bit;
    vtd_write32(iommu, REG_GCMD, on ? keep | bit : keep);
    return wait32(iommu, REG_GSTS, bit, on ? bit : 0, what);
}

/* --- tables --- */

void vtd_set_entry(const struct iommu *iommu, uint64_t *entry, uint64_t value)
{
    *(volatile uint64_t *)entry = value;
    if (!iommu->snoops)
        iommu->platform.cache_flush(iommu->platform.context, entry, sizeof(*entry));
}

uint64_t *vtd_new_table(struct iommu *iommu)
{
    uint64_t *table = (uint64_t *)iommu->platform.page_alloc(iommu->platform.context);
    if (!table) {
        iommu->error = "no memory for tables";
        return NULL;
    }
    iommu->pages++;
    if (!iommu->snoops)
        iommu->platform.cache_flush(iommu->platform.context, table, IOMMU_PAGE_BYTES);
    return table;
}

static uint64_t *table_of(uint64_t entry)
{
    return (uint64_t *)(uintptr_t)(entry & ENTRY_ADDRESS);
}

/* The table that *entry points to; made, with `bits` set beside its address, where there is none. */
static uint64_t *descend(struct iommu *iommu, uint64_t *entry, uint64_t bits)
{
    if ((*entry & bits) == 0) {
        uint64_t *table = vtd_new_table(iommu);
        if (!table)
            return NULL;
        vtd_set_entry(iommu, entry, (uint64_t)(uintptr_t)table | bits);
    }
    return table_of(*entry);
}

static int map_page(struct iommu *iommu, uint64_t *table, uint64_t address, unsigned leaf_level, uint64_t leaf)
{
    for (unsigned level = iommu->levels; level > leaf_level; level--) {
        unsigned shift = 12 + TABLE_BITS * (level - 1);
        table = descend(iommu, &table[(address >> shift) & 511u], SL_READ | SL_WRITE);
        if (!table)
            return -ENOMEM;
    }
    vtd_set_entry(iommu, &table[(address >> (12 + TABLE_BITS * (leaf_level - 1))) & 511u], address | leaf);
    return 0;
}

static int vtd_map(struct iommu *iommu, struct iommu_device *device, const struct iommu_range *range)
{
    uint64_t rights = (range->rights & IOMMU_READ ? SL_READ : 0) | (range->rights & IOMMU_WRITE ? SL_WRITE : 0);
    uint64_t address = range->base, end = range->base + range->size;

    if (!device->table && !(device->table = vtd_new_table(iommu)))
        return -ENOMEM;
    while (address < end) {
        bool large = iommu->large_pages && address % LARGE_PAGE_BYTES == 0 && end - address >= LARGE_PAGE_BYTES;
        int error = map_page(iommu, device->table, address, large ? 2 : 1, large ? rights | SL_LARGE : rights);
        if (error)
            return error;
        address += large ? LARGE_PAGE_BYTES : IOMMU_PAGE_BYTES;
    }
    return 0;
}

/* --- invalidation --- */

static int flush_write_buffer(struct iommu *iommu)
{
    if (!(iommu->capability & CAP_RWBF))
        return 0;
    /* 6.8: unlike the other commands this one acknowledges by clearing its status bit. */
    vtd_write32(iommu, REG_GCMD, (vtd_read32(iommu, REG_GSTS) & GSTS_KEEP) | GCMD_WBF);
    return wait32(iommu, REG_GSTS, GCMD_WBF, 0, "write buffer not flushed");
}

static int flush_context_cache(struct iommu *iommu)
{
    vtd_write64(iommu, REG_CCMD, CCMD_ICC | CCMD_GLOBAL);
    int error = wait64(iommu, REG_CCMD, CCMD_ICC, "context cache not invalidated");
    if (!error && CCMD_CAIG(vtd_read64(iommu, REG_CCMD)) == GRANULE_FAILED)
        error = vtd_fail(iommu, -EIO, "context cache invalidation refused");
    return error;
}

static int flush_iotlb(struct iommu *iommu, unsigned reg)
{
    uint64_t drain = (iommu->capability & CAP_DRD ? IOTLB_DR : 0) | (iommu->capability & CAP_DWD ? IOTLB_DW : 0);

    vtd_write64(iommu, reg, IOTLB_IVT | IOTLB_GLOBAL | drain);
    int error = wait64(iommu, reg, IOTLB_IVT, "IOTLB not invalidated");
    if (!error && IOTLB_IAIG(vtd_read64(iommu, reg)) == GRANULE_FAILED)
        error = vtd_fail(iommu, -EIO, "IOTLB invalidation refused");
    return error;
}

static int invalidate(struct iommu *iommu)
{
    unsigned iotlb = ECAP_IRO(iommu->extended) + IOTLB_OFFSET;

    /* One that timed out may still be under way, and a unit takes one at a time. */
    int error = wait64(iommu, REG_CCMD, CCMD_ICC, "context cache busy");
    if (!error)
        error = wait64(iommu, iotlb, IOTLB_IVT, "IOTLB busy");
    if (!error)
        error = flush_write_buffer(iommu);
    if (!error)
        error = flush_context_cache(iommu); /* before the IOTLB, which is filled from it (6.5.1.1) */
    return error ? error : flush_iotlb(iommu, iotlb);
}

/* --- devices --- */

static int vtd_attach(struct iommu *iommu, struct iommu_device *device)
{
    uint64_t *contexts = descend(iommu, &iommu->root[2u * (device->bdf >> 8)], ENTRY_PRESENT);
    if (!contexts || (!device->table && !(device->table = vtd_new_table(iommu))))
        return -ENOMEM;
    uint64_t *entry = &contexts[2u * (device->bdf & 0xffu)];
    vtd_set_entry(iommu, entry + 1, CONTEXT_DID(device->domain) | CONTEXT_AW(iommu->levels));
    vtd_set_entry(iommu, entry, (uint64_t)(uintptr_t)device->table | ENTRY_PRESENT); /* last: this makes it valid */
    return iommu->enabled ? invalidate(iommu) : 0;
}

static int vtd_detach(struct iommu *iommu, struct iommu_device *device)
{
    uint64_t *contexts = table_of(iommu->root[2u * (device->bdf >> 8)]);
    vtd_set_entry(iommu, &contexts[2u * (device->bdf & 0xffu)], 0);
    return iommu->enabled ? invalidate(iommu) : 0;
}

/* --- the unit --- */

static int choose_width(struct iommu *iommu, unsigned address_width)
{
    unsigned supported = CAP_SAGAW(iommu->capability), most = CAP_MGAW(iommu->capability);

    for (unsigned levels = 3; levels <= 4; levels++) {
        if (!(supported & (1u << (levels - 2))))
            continue;
        iommu->levels = levels;
        iommu->width = 12 + TABLE_BITS * levels;
        if (iommu->width >= address_width)
            break; /* fewer levels, fewer tables */
    }
    if (iommu->levels == 0)
        return vtd_fail(iommu, -ENODEV, "neither 3 nor 4 levels of tables supported");
    if (iommu->width > most)
        iommu->width = most;
    return 0;
}

static int check_unit(struct iommu *iommu)
{
    uint32_t version = vtd_read32(iommu, REG_VER);

    if (version == UINT32_MAX || ((version >> 4) & 0xfu) == 0)
        return vtd_fail(iommu, -ENODEV, "no remapping unit at this address");
    if (((version >> 4) & 0xfu) >= 6) /* 6.5: from here on invalidation by register may not work */
        return vtd_fail(iommu, -ENODEV, "unit needs queued invalidation");
    iommu->capability = vtd_read64(iommu, REG_CAP);
    iommu->extended = vtd_read64(iommu, REG_ECAP);
    if (CAP_FRO(iommu->capability) == 0 || ECAP_IRO(iommu->extended) == 0)
        return vtd_fail(iommu, -ENODEV, "fault or IOTLB registers missing");
    iommu->large_pages = iommu->capability & CAP_SLLPS_2M;
    iommu->snoops = iommu->extended & ECAP_C;
    return 0;
}

/* What the firmware may have left on. Translation first, so that nothing is translated by half of a setting. */
static int quiesce(struct iommu *iommu)
{
    static const struct {
        uint32_t bit;
        const char *what;
    } off[] = {
        {GCMD_TE, "firmware's translation does not stop"},
        {GCMD_QIE, "firmware's invalidation queue does not stop"},
        {GCMD_IRE, "firmware's interrupt remapping does not stop"},
        {GCMD_EAFL, "firmware's fault log does not stop"},
    };
    for (unsigned i = 0; i < sizeof(off) / sizeof(off[0]); i++) {
        if (!(vtd_read32(iommu, REG_GSTS) & off[i].bit))
            continue;
        int error = vtd_command(iommu, off[i].bit, false, off[i].what);
        if (error)
            return error;
    }
    return 0;
}

static int vtd_init(struct iommu *iommu, unsigned address_width)
{
    int error = check_unit(iommu);
    if (!error)
        error = choose_width(iommu, address_width);
    if (!error)
        error = quiesce(iommu);
    if (error)
        return error;
    iommu->root = vtd_new_table(iommu);
    if (!iommu->root)
        return -ENOMEM;
    vtd_write32(iommu, REG_FECTL, FECTL_IM); /* faults are polled for until somebody wants to be told */
    return 0;
}

/* Protected memory regions block DMA below translation; with translation on they only get in the way (10.4.16). */
static int drop_protected_regions(struct iommu *iommu)
{
    if (!(iommu->capability & (CAP_PLMR | CAP_PHMR)) || !(vtd_read32(iommu, REG_PMEN) & PMEN_PRS))
        return 0;
    vtd_write32(iommu, REG_PMEN, vtd_read32(iommu, REG_PMEN) & ~PMEN_EPM);
    return wait32(iommu, REG_PMEN, PMEN_PRS, 0, "protected memory regions do not open");
}

static int vtd_enable(struct iommu *iommu)
{
    struct iommu_fault stale;
    uint64_t faults = iommu->faults, overflows = iommu->overflows;

    vtd_write64(iommu, REG_RTADDR, (uint64_t)(uintptr_t)iommu->root);
    int error = vtd_command(iommu, GCMD_SRTP, true, "root table not taken");
    if (!error)
        error = invalidate(iommu);
    if (error)
        return error;
    /* Records from before are not about our tables. */
    for (unsigned i = 0; i < 2 * CAP_NFR(iommu->capability) && iommu->ops->poll(iommu, &stale, 1) == 1; i++)
        ;
    iommu->faults = faults;
    iommu->overflows = overflows;
    error = vtd_command(iommu, GCMD_TE, true, "translation does not start");
    if (error)
        return error;
    iommu->enabled = true;
    return drop_protected_regions(iommu);
}

static int vtd_disable(struct iommu *iommu)
{
    int error = vtd_command(iommu, GCMD_TE, false, "translation does not stop");
    if (!error)
        iommu->enabled = false;
    return error;
}

/* --- faults --- */

/* Fault reasons of legacy mode, 7.1.3 (requests without PASID), and those of interrupts (5.1.4.1). */
static uint8_t kind_of(unsigned reason)
{
    if (reason >= REASON_INTERRUPT && reason <= REASON_INTERRUPT_LAST)
        return IOMMU_FAULT_INTERRUPT;
    static const uint8_t kinds[] = {
        [0x1] = IOMMU_FAULT_NO_DOMAIN, /* root entry not present */
        [0x2] = IOMMU_FAULT_NO_DOMAIN, /* context entry not present */
        [0x3] = IOMMU_FAULT_TABLE,     /* context entry invalid */
        [0x4] = IOMMU_FAULT_WIDTH,     [0x5] = IOMMU_FAULT_WRITE, [0x6] = IOMMU_FAULT_READ,
        [0x7] = IOMMU_FAULT_TABLE, /* page table not readable */
        [0x8] = IOMMU_FAULT_TABLE, /* root table not readable */
        [0x9] = IOMMU_FAULT_TABLE, /* context table not readable */
        [0xa] = IOMMU_FAULT_TABLE,     [0xb] = IOMMU_FAULT_TABLE, [0xc] = IOMMU_FAULT_TABLE, /* reserved bits set */
    };
    return reason < sizeof(kinds) ? kinds[reason] : (uint8_t)IOMMU_FAULT_OTHER;
}

static size_t vtd_poll(struct iommu *iommu, struct iommu_fault *fault, size_t max)
{
    uint32_t status = vtd_read32(iommu, REG_FSTS);
    if (!(status & (FSTS_PPF | FSTS_PFO)))
        return 0;

    size_t taken = 0;
    unsigned records = CAP_NFR(iommu->capability);
    unsigned index = FSTS_FRI(status) % records; /* the oldest; the records are a ring */
    for (unsigned seen = 0; seen < records && taken < max; seen++, index = (index + 1) % records) {
        unsigned reg = CAP_FRO(iommu->capability) + index * FRCD_BYTES;
        uint64_t high = vtd_read64(iommu, reg + FRCD_HIGH);
        if (!(high & FRCD_F))
            continue;
        fault[taken++] = (struct iommu_fault){
            .address = kind_of(FRCD_REASON(high)) == IOMMU_FAULT_INTERRUPT
                           ? FRCD_INDEX(vtd_read64(iommu, reg))
                           : vtd_read64(iommu, reg) & ~(uint64_t)(IOMMU_PAGE_BYTES - 1),
            .bdf = FRCD_SID(high),
            .reason = (uint8_t)FRCD_REASON(high),
            .kind = kind_of(FRCD_REASON(high)),
            .write = !(high & FRCD_READ),
        };
        vtd_write32(iommu, reg + FRCD_TOP, FRCD_TOP_F); /* the record is free again */
    }
    iommu->faults += taken;
    /* Recording stays off until the overflow is cleared: only when there is room again. */
    if ((vtd_read32(iommu, REG_FSTS) & (FSTS_PPF | FSTS_PFO)) == FSTS_PFO) {
        iommu->overflows++;
        vtd_write32(iommu, REG_FSTS, FSTS_PFO);
    }
    return taken;
}

/* The message is not changed while it may be sent (10.4.10). */
static void vtd_signal(struct iommu *iommu, uint64_t address, uint32_t data)
{
    vtd_write32(iommu, REG_FECTL, FECTL_IM);
    vtd_write32(iommu, REG_FEDATA, data);
    vtd_write32(iommu, REG_FEADDR, (uint32_t)address);
    vtd_write32(iommu, REG_FEUADDR, (uint32_t)(address >> 32));
    vtd_write32(iommu, REG_FECTL, 0);
}

static void vtd_silence(struct iommu *iommu)
{
    vtd_write32(iommu, REG_FECTL, FECTL_IM);
}

const struct iommu_ops vtd_ops = {
    .name = "vt-d",
    .init = vtd_init,
    .map = vtd_map,
    .attach = vtd_attach,
    .detach = vtd_detach,
    .route = vtd_route,
    .remap = vtd_remap,
    .enable = vtd_enable,
    .disable = vtd_disable,
    .poll = vtd_poll,
    .signal = vtd_signal,
    .silence = vtd_silence,
};
