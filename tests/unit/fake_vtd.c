/* SPDX-License-Identifier: MIT */
#include "fake_vtd.h"

#include <stdlib.h>
#include <string.h>

#define PAGE     4096u
#define STATES   0x96800000u /* TE, EAFL, QIE, IRE, CFI */
#define ONE_SHOT 0x69000000u
#define TE       (1u << 31)
#define SRTP     (1u << 30)
#define WBF      (1u << 27)
#define QIE      (1u << 26)
#define IRE      (1u << 25)
#define SIRTP    (1u << 24)
#define CFI      (1u << 23)
#define IQE      (1u << 4)
#define TOP      (1ull << 63)
#define ADDRESS  0x000ffffffffff000ull
#define PFO      1u
#define PPF      2u

static void complain(struct fake_vtd *fake, const char *what)
{
    if (fake->errors++ == 0)
        fake->error = what;
}

/* --- memory --- */

static void *page_alloc(void *context)
{
    struct fake_vtd *fake = context;
    if (fake->n_pages == fake->page_limit)
        return NULL;
    return fake->memory + PAGE * (size_t)fake->n_pages++;
}

static void cache_flush(void *context, const void *address, size_t bytes)
{
    struct fake_vtd *fake = context;
    size_t offset = (size_t)((const uint8_t *)address - fake->memory);
    if (offset + bytes > PAGE * (size_t)fake->n_pages) {
        complain(fake, "flush of foreign memory");
        return;
    }
    memcpy(fake->visible + offset, address, bytes);
    fake->flushed_bytes += bytes;
}

static uint64_t walk_read(struct fake_vtd *fake, uint64_t address)
{
    uint64_t offset = address - (uint64_t)(uintptr_t)fake->memory, value = UINT64_MAX;
    if (offset % 8 != 0 || offset >= PAGE * (uint64_t)fake->n_pages)
        complain(fake, "walk left the tables");
    else
        memcpy(&value, (fake->ecap & FAKE_ECAP_SNOOPS ? fake->memory : fake->visible) + offset, 8);
    return value;
}

/* --- registers --- */

static void flush_caches(struct fake_vtd *fake, bool context, bool iotlb)
{
    for (unsigned i = 0; i < FAKE_CACHE; i++) {
        fake->context[i].valid &= !context;
        fake->tlb[i].valid &= !iotlb;
    }
}

static void finish_command(struct fake_vtd *fake)
{
    uint32_t stuck = (fake->stuck & STUCK_TE ? TE : 0) | (fake->stuck & STUCK_SRTP ? SRTP : 0) |
                     (fake->stuck & STUCK_QIE ? QIE : 0) | (fake->stuck & STUCK_SIRTP ? SIRTP : 0) |
                     (fake->stuck & STUCK_IRE ? IRE : 0);
    uint32_t done = fake->pending & ~stuck;

    if (done & SRTP) {
        fake->root = fake->rtaddr;
        fake->gsts |= SRTP;
    }
    if (done & SIRTP) {
        fake->interrupts = fake->irta;
        fake->gsts |= SIRTP;
        fake->stale_interrupts = true;
    }
    if (done & QIE)
        fake->iqh = 0;
    if ((done & WBF) && !(fake->stuck & STUCK_WBF)) {
        fake->gsts &= ~WBF;
        fake->dirty_buffer = false;
        fake->buffer_flushes++;
    }
    fake->gsts = (fake->gsts & ~(done & STATES)) | (fake->wanted & done & STATES);
    fake->pending &= stuck;
}

static void finish(struct fake_vtd *fake)
{
    finish_command(fake);
    if (fake->pending_ccmd && !(fake->stuck & STUCK_CONTEXT)) {
        bool good = (fake->ccmd >> 61 & 3) == 1 && !(fake->refuses & REFUSE_CONTEXT);
        fake->pending_ccmd = false;
        fake->ccmd = good ? 1ull << 59 : 0;
        if (good)
            flush_caches(fake, true, false);
        fake->context_invalidations++;
    }
    if (fake->pending_iotlb && !(fake->stuck & STUCK_IOTLB)) {
        bool good = (fake->iotlb >> 60 & 7) == 1 && !(fake->refuses & REFUSE_IOTLB);
        fake->pending_iotlb = false;
        fake->iotlb = good ? 1ull << 57 : 0;
        if (good)
            flush_caches(fake, false, true);
        fake->iotlb_invalidations++;
    }
    if (fake->pending_pmen && !(fake->stuck & STUCK_PMEN)) {
        fake->pending_pmen = false;
        fake->pmen = fake->pmen & TE ? fake->pmen | 1 : fake->pmen & ~1u;
    }
}

static void start(struct fake_vtd *fake)
{
    fake->countdown = fake->delay;
    if (fake->countdown == 0)
        finish(fake);
}

static void relax(void *context)
{
    struct fake_vtd *fake = context;
    fake->relaxes++;
    if (fake->countdown > 0 && --fake->countdown == 0)
        finish(fake);
}

static void write_gcmd(struct fake_vtd *fake, uint32_t value)
{
    uint32_t changed = ((value ^ fake->gsts) & STATES) | (value & ONE_SHOT);

    if (fake->pending)
        complain(fake, "command before the last one ended");
    if (changed == 0)
        complain(fake, "command that changes nothing");
    if ((changed & WBF) && !(fake->cap & FAKE_CAP_RWBF))
        complain(fake, "write buffer flush where there is no such buffer");
    if (changed & (changed - 1))
        complain(fake, "more than one command at a time");
    if ((changed & TE) && (value & TE) && !(fake->gsts & SRTP))
        complain(fake, "translation without a root table");
    if ((changed & IRE) && (value & IRE) && (!(fake->gsts & SIRTP) || fake->stale_interrupts))
        complain(fake, "interrupt remapping without a table, or with old entries in the cache");
    if ((changed & QIE) && !(value & QIE) && fake->iqh != fake->iqt)
        complain(fake, "queue taken away before it was empty");
    if (changed & SRTP)
        fake->gsts &= ~SRTP;
    if (changed & SIRTP)
        fake->gsts &= ~SIRTP;
    if (changed & WBF)
        fake->gsts |= WBF;
    fake->pending = changed;
    fake->wanted = value;
    start(fake);
}

#define FECTL_MASKED  (1u << 31)
#define FECTL_PENDING (1u << 30)

/* A fault became pending, or the mask was taken away while one was due. */
static void fault_event(struct fake_vtd *fake)
{
    if (fake->fectl & FECTL_MASKED) {
        fake->fectl |= FECTL_PENDING;
        return;
    }
    fake->fectl &= ~FECTL_PENDING;
    fake->messages++;
}

static void write_fectl(struct fake_vtd *fake, uint32_t value)
{
    fake->fectl = (fake->fectl & FECTL_PENDING) | (value & FECTL_MASKED);
    if (fake->fectl == FECTL_PENDING)
        fault_event(fake);
}

static void write_message(struct fake_vtd *fake, uint32_t *reg, uint32_t value)
{
    if (!(fake->fectl & FECTL_MASKED))
        complain(fake, "message changed while it may be sent");
    *reg = value;
}

/* Nothing to report any more: nothing is due. */
static void update_event(struct fake_vtd *fake)
{
    if (!(fake->fsts & (PFO | PPF)))
        fake->fectl &= ~FECTL_PENDING;
}

static void write_record(struct fake_vtd *fake, uint64_t offset, uint32_t value)
{
    unsigned index = (unsigned)(offset / 16), records = (unsigned)(fake->cap >> 40 & 0xff) + 1;
    bool any = false;

    if (index >= records || offset % 16 != 12) {
        complain(fake, "write beside a fault record");
        return;
    }
    if (value & (1u << 31))
        fake->high[index] &= ~TOP;
    for (unsigned i = 0; i < records; i++)
        any |= (fake->high[i] & TOP) != 0;
    fake->fsts = any ? fake->fsts | PPF : fake->fsts & ~PPF;
    update_event(fake);
}

static uint32_t read32(void *context, uint64_t address)
{
    struct fake_vtd *fake = context;
    fake->register_reads++;
    switch (address - FAKE_BASE) {
    case 0x00:
        return fake->version;
    case 0x1c:
        return fake->gsts;
    case 0x34:
        return fake->fsts;
    case 0x38:
        return fake->fectl;
    case 0x64:
        if (!(fake->cap & (FAKE_CAP_PLMR | FAKE_CAP_PHMR)))
            complain(fake, "protected memory where there is none");
        return fake->pmen;
    default:
        complain(fake, "32-bit read of an unknown register");
        return 0;
    }
}

static uint64_t read64(void *context, uint64_t address)
{
    struct fake_vtd *fake = context;
    uint64_t reg = address - FAKE_BASE;

    fake->register_reads++;
    if (reg % 8 == 0 && reg >= FAKE_FRO && reg < FAKE_FRO + 16 * ((fake->cap >> 40 & 0xff) + 1))
        return (reg % 16 ? fake->high : fake->low)[(reg - FAKE_FRO) / 16];
    switch (reg) {
    case 0x08:
        return fake->cap;
    case 0x10:
        return fake->ecap;
    case 0x28:
        return fake->ccmd;
    case FAKE_IRO + 8:
        return fake->iotlb;
    default:
        complain(fake, "64-bit read of an unknown register");
        return 0;
    }
}

static void write32(void *context, uint64_t address, uint32_t value)
{
    struct fake_vtd *fake = context;
    uint64_t reg = address - FAKE_BASE;

    if (reg == 0x18)
        write_gcmd(fake, value);
    else if (reg == 0x34) {
        fake->fsts &= ~(value & PFO);
        update_event(fake);
    } else if (reg == 0x38)
        write_fectl(fake, value);
    else if (reg == 0x3c)
        write_message(fake, &fake->fedata, value);
    else if (reg == 0x40)
        write_message(fake, &fake->feaddr, value);
    else if (reg == 0x44)
        write_message(fake, &fake->feuaddr, value);
    else if (reg == 0x64) {
        if (!(fake->pmen & 1))
            complain(fake, "protected memory is not on");
        fake->pmen = (fake->pmen & 1) | (value & TE);
        fake->pending_pmen = true;
        start(fake);
    } else if (reg >= FAKE_FRO)
        write_record(fake, reg - FAKE_FRO, value);
    else
        complain(fake, "32-bit write of an unknown register");
}

static void queue_descriptor(struct fake_vtd *fake, uint64_t low, uint64_t high)
{
    if (low == 4) {
        fake->stale_interrupts = false;
    } else if ((low & 0xffffffff) == (5 | 1 << 5) && high % 4 == 0) {
        uint64_t offset = high - (uint64_t)(uintptr_t)fake->memory;
        uint32_t data = (uint32_t)(low >> 32);
        if (offset >= PAGE * (uint64_t)fake->n_pages)
            complain(fake, "status beside the driver's memory");
        else
            memcpy(fake->memory + offset, &data, sizeof(data));
    } else {
        complain(fake, "descriptor without a meaning");
    }
    fake->queued++;
}

static void write_tail(struct fake_vtd *fake, uint64_t value)
{
    fake->iqt = value;
    if (!(fake->gsts & QIE)) {
        if (value != 0)
            complain(fake, "descriptors without a queue");
        return;
    }
    if (fake->refuses & REFUSE_QUEUE)
        fake->fsts |= IQE;
    while (fake->iqh != fake->iqt && !(fake->fsts & IQE) && !(fake->stuck & STUCK_QUEUE)) {
        uint64_t at = (fake->iqa & ADDRESS) + fake->iqh;
        queue_descriptor(fake, walk_read(fake, at), walk_read(fake, at + 8));
        fake->iqh += 16;
    }
    /* What does not end is nobody's fault but the unit's. */
    if ((fake->fsts & IQE) || (fake->stuck & STUCK_QUEUE))
        fake->iqh = fake->iqt;
}

static void write64(void *context, uint64_t address, uint64_t value)
{
    struct fake_vtd *fake = context;
    uint64_t reg = address - FAKE_BASE;

    switch (reg) {
    case 0x20:
        fake->rtaddr = value;
        return;
    case 0x88:
        write_tail(fake, value);
        return;
    case 0x90:
        if (fake->gsts & QIE)
            complain(fake, "queue moved while it is in use");
        fake->iqa = value;
        return;
    case 0xb8:
        fake->irta = value;
        return;
    default:
        break;
    }
    if (!(value & TOP) || (reg != 0x28 && reg != FAKE_IRO + 8)) {
        complain(fake, "64-bit write without a meaning");
        return;
    }
    if (fake->pending_ccmd || fake->pending_iotlb)
        complain(fake, "invalidation before the last one ended");
    uint64_t drain = (fake->cap & FAKE_CAP_DRD ? 1ull << 49 : 0) | (fake->cap & FAKE_CAP_DWD ? 1ull << 48 : 0);
    if (value != (reg == 0x28 ? TOP | 1ull << 61 : TOP | 1ull << 60 | drain))
        complain(fake, "invalidation that is not global, or does not drain what it should");
    if (fake->gsts & QIE)
        complain(fake, "invalidation by register beside a queue");
    if (fake->dirty_buffer)
        complain(fake, "write buffer not flushed");
    if (reg == 0x28) {
        fake->ccmd = value;
        fake->pending_ccmd = true;
    } else {
        fake->iotlb = value;
        fake->pending_iotlb = true;
        fake->dirty_buffer = fake->cap & FAKE_CAP_RWBF;
    }
    start(fake);
}

/* --- the walk --- */

static unsigned record_fault(struct fake_vtd *fake, uint16_t bdf, uint64_t address, bool write, unsigned reason)
{
    unsigned records = (unsigned)(fake->cap >> 40 & 0xff) + 1, at = fake->next_record;

    if (fake->fsts & PFO)
        return reason;
    for (unsigned i = 0; i < records; i++) /* compressed: one pending record per requester */
        if ((fake->high[i] & TOP) && (fake->high[i] & 0xffff) == bdf)
            return reason;
    if (fake->high[at] & TOP) {
        fake->fsts |= PFO;
        return reason;
    }
    fake->low[at] = address & ~0xfffull;
    fake->high[at] = TOP | (write ? 0 : 1ull << 62) | (uint64_t)reason << 32 | bdf;
    bool first = !(fake->fsts & PPF);
    if (first)
        fake->fsts = (fake->fsts & ~0xff00u) | at << 8;
    fake->fsts |= PPF;
    if (first)
        fault_event(fake);
    fake->next_record = (at + 1) % records;
    return reason;
}

static unsigned find_context(struct fake_vtd *fake, uint16_t bdf, uint64_t *lo, uint64_t *hi)
{
    for (unsigned i = 0; i < FAKE_CACHE; i++)
        if (fake->context[i].valid && fake->context[i].bdf == bdf) {
            *lo = fake->context[i].lo;
            *hi = fake->context[i].hi;
            return 0;
        }
    uint64_t root = walk_read(fake, fake->root + 16u * (bdf >> 8));
    if (!(root & 1))
        return 1;
    if ((root & 0xffeull) || walk_read(fake, fake->root + 16u * (bdf >> 8) + 8) != 0)
        return 0xa;
    *lo = walk_read(fake, (root & ADDRESS) + 16u * (bdf & 0xff));
    *hi = walk_read(fake, (root & ADDRESS) + 16u * (bdf & 0xff) + 8);
    if (!(*lo & 1))
        return 2;
    if ((*lo & 0xff0) || (*hi & ~0xffff07ull))
        return 0xb;
    /* Domain 0 is reserved by units with caching mode; there are 2^(4 + 2 ND). */
    if (*hi >> 8 == 0 || *hi >> 8 >= 1u << (4 + 2 * (fake->cap & 7)))
        complain(fake, "no such domain");
    if ((*lo & 0xc) || !((fake->cap >> 8 & 0x1f) & (1u << (*hi & 7))))
        return 3;
    unsigned at = fake->next_context++ % FAKE_CACHE;
    fake->context[at].valid = true;
    fake->context[at].bdf = bdf;
    fake->context[at].lo = *lo;
    fake->context[at].hi = *hi;
    return 0;
}

/* The leaf for the address, with its address and the rights of the whole walk; or a reason. */
static unsigned walk(struct fake_vtd *fake, uint64_t lo, uint64_t hi, uint64_t address, bool write, uint64_t *leaf)
{
    unsigned levels = (unsigned)(hi & 7) + 2, mgaw = (unsigned)(fake->cap >> 16 & 0x3f) + 1;
    uint64_t table = lo & ADDRESS, rights = 3;

    if (address >> (12 + 9 * levels) || address >> mgaw)
        return 4;
    for (unsigned level = levels;; level--) {
        uint64_t entry = walk_read(fake, table + 8 * (address >> (12 + 9 * (level - 1)) & 511));
        rights &= entry;
        if (!(rights & (write ? 2 : 1)))
            return write ? 5 : 6;
        if (level == 1 || (entry & 0x80)) {
            uint64_t span = 1ull << (12 + 9 * (level - 1));
            if ((level == 2 && !(fake->cap & FAKE_CAP_2M)) || level > 2 || (level == 1 && (entry & 0x80)) ||
                (entry & ADDRESS & (span - 1)) || (entry & 0xf7c))
                return 0xc;
            *leaf = ((entry & ADDRESS) | (address & (span - 1) & ADDRESS)) | rights;
            return 0;
        }
        if (entry & 0xffc)
            return 0xc;
        table = entry & ADDRESS;
    }
}

unsigned fake_vtd_dma(struct fake_vtd *fake, uint16_t bdf, uint64_t address, bool write)
{
    uint64_t lo, hi, leaf = 0;

    if (!(fake->gsts & TE))
        return 0;
    unsigned reason = find_context(fake, bdf, &lo, &hi);
    if (reason)
        return record_fault(fake, bdf, address, write, reason);
    for (unsigned i = 0; i < FAKE_CACHE; i++)
        if (fake->tlb[i].valid && fake->tlb[i].domain == hi >> 8 && fake->tlb[i].page == address >> 12 &&
            (fake->tlb[i].leaf & (write ? 2 : 1)))
            leaf = fake->tlb[i].leaf;
    if (!leaf) {
        reason = walk(fake, lo, hi, address, write, &leaf);
        if (reason)
            return record_fault(fake, bdf, address, write, reason);
        unsigned at = fake->next_tlb++ % FAKE_CACHE;
        fake->tlb[at].valid = true;
        fake->tlb[at].domain = (uint16_t)(hi >> 8);
        fake->tlb[at].page = address >> 12;
        fake->tlb[at].leaf = leaf;
    }
    if ((leaf & ADDRESS) != (address & ADDRESS))
        complain(fake, "access led elsewhere");
    return 0;
}

unsigned fake_vtd_interrupt(struct fake_vtd *fake, uint16_t bdf, uint64_t address, uint32_t data, unsigned *delivered)
{
    uint64_t index = (address >> 5 & 0x7fff) | (address >> 2 & 1) << 15;

    *delivered = 0;
    if (address >> 20 != 0xfee)
        complain(fake, "no interrupt message");
    if (!(fake->gsts & IRE))
        return 0;
    if (!(address & 0x10))
        return fake->gsts & CFI ? 0 : record_fault(fake, bdf, 0, true, 0x25);
    if (address & 8)
        index += data & 0xffff;
    if (index >= 2ull << (fake->interrupts & 0xf))
        return record_fault(fake, bdf, index << 48, true, 0x21);
    uint64_t low = walk_read(fake, (fake->interrupts & ADDRESS) + 16 * index);
    uint64_t high = walk_read(fake, (fake->interrupts & ADDRESS) + 16 * index + 8);
    if (!(low & 1))
        return record_fault(fake, bdf, index << 48, true, 0x22);
    if ((low & ~0xff0000ff0005ull) || (high & ~0xfffffull) || (fake->interrupts & 0xff0))
        return record_fault(fake, bdf, index << 48, true, 0x24);
    if (high >> 16 != 4) /* SVT 1, SQ 0 */
        complain(fake, "source not verified");
    if ((high & 0xffff) != bdf)
        return record_fault(fake, bdf, index << 48, true, 0x26);
    *delivered = (unsigned)(low >> 16 & 0xff) << 8 | (unsigned)(low >> 40 & 0xff);
    return 0;
}

/* --- */

void fake_vtd_start(struct fake_vtd *fake, uint64_t cap, uint64_t ecap)
{
    *fake = (struct fake_vtd){.version = 0x10, .cap = cap, .ecap = ecap, .page_limit = FAKE_PAGES};
    fake->memory = aligned_alloc(PAGE, PAGE * FAKE_PAGES);
    fake->visible = malloc(PAGE * FAKE_PAGES);
    memset(fake->memory, 0, PAGE * FAKE_PAGES);
    memset(fake->visible, 0xff, PAGE * FAKE_PAGES);
    fake->dirty_buffer = cap & FAKE_CAP_RWBF;
}

void fake_vtd_end(struct fake_vtd *fake)
{
    free(fake->memory);
    free(fake->visible);
}

struct iommu_platform fake_vtd_platform(struct fake_vtd *fake)
{
    return (struct iommu_platform){
        .context = fake,
        .read32 = read32,
        .read64 = read64,
        .write32 = write32,
        .write64 = write64,
        .page_alloc = page_alloc,
        .cache_flush = cache_flush,
        .relax = relax,
    };
}
