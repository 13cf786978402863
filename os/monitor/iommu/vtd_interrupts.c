/* SPDX-License-Identifier: MIT */
/*
 * VT-d interrupt remapping (chapter 5). A message names an entry of the table and is sent as that says, if it comes
 * from the source that the entry says. All entries are made before remapping is switched on and never change.
 */
#include "lib/errno.h"
#include "monitor/iommu/vtd.h"

#define ENTRIES     256u /* of 16 bytes: one page */
#define IRTA_SIZE   7u   /* 2^(7+1) entries; the extended mode of x2APIC stays off */
#define QUEUE_BYTES 16u  /* of a descriptor */

/* Interrupt remapping table entry, 9.10. Reserved and left out: posted, level, redirected, other than fixed. */
#define IRTE_PRESENT   1ull
#define IRTE_LOGICAL   (1ull << 2)
#define IRTE_VECTOR(v) ((uint64_t)(v) << 16)
#define IRTE_CORES(m)  ((uint64_t)(m) << 40) /* 8-bit destinations lie in bits 15:8 of the field */
#define IRTE_VERIFY    (1ull << 18)          /* high half: all 16 bits of the source must be the same */

/* Message address in remappable format, 5.1.2.2. */
#define MESSAGE_REMAPPED (1u << 4)
#define MESSAGE_INDEX(i) (((i)&0x7fffu) << 5 | ((i) >> 15) << 2)

/* Invalidation descriptors, 6.5.2. */
#define QUEUE_INTERRUPTS 4ull /* all of the interrupt entry cache */
#define QUEUE_WAIT       5ull
#define QUEUE_STATUS     (1ull << 5) /* of a wait: written when everything before is done */
#define QUEUE_DONE       0x51u

int vtd_route(struct iommu *iommu, const struct iommu_interrupt *interrupt, struct interrupt_message *message)
{
    unsigned index = iommu->n_interrupts;

    if (!(iommu->extended & ECAP_IR) || !(iommu->extended & ECAP_QI))
        return vtd_fail(iommu, -ENODEV, "unit does not remap interrupts");
    if (index == ENTRIES)
        return vtd_fail(iommu, -ENOSPC, "too many interrupts");
    if (!iommu->interrupts && !(iommu->interrupts = vtd_new_table(iommu)))
        return -ENOMEM;
    vtd_set_entry(iommu, &iommu->interrupts[2 * index + 1], interrupt->source | IRTE_VERIFY);
    vtd_set_entry(iommu, &iommu->interrupts[2 * index],
                  IRTE_PRESENT | IRTE_LOGICAL | IRTE_VECTOR(interrupt->vector) | IRTE_CORES(interrupt->cores));
    iommu->n_interrupts++;
    /* The data is not looked at in a device's message, but a pin's has to have the entry's vector (5.1.5.1). */
    *message = (struct interrupt_message){MESSAGE_ADDRESS | MESSAGE_REMAPPED | MESSAGE_INDEX(index), interrupt->vector};
    return 0;
}

static int await_queue(struct iommu *iommu, const volatile uint32_t *done)
{
    for (unsigned i = 0; i < WAIT_LOOKS; i++) {
        if (*done == QUEUE_DONE)
            return 0;
        if (vtd_read32(iommu, REG_FSTS) & FSTS_IQE)
            return vtd_fail(iommu, -EIO, "invalidation queue refused");
        iommu->platform.relax(iommu->platform.context);
    }
    return vtd_fail(iommu, -ETIMEDOUT, "interrupt entry cache not invalidated");
}

/*
 * This cache is flushed by way of the queue only (6.5.2.7), and while there is a queue the registers must not be used.
 * It is needed once, so it is taken away again and all else goes by register.
 */
static int flush_entry_cache(struct iommu *iommu)
{
    uint64_t *queue = vtd_new_table(iommu);
    if (!queue)
        return -ENOMEM;
    volatile uint32_t *done = (volatile uint32_t *)(void *)((uint8_t *)queue + IOMMU_PAGE_BYTES / 2);

    vtd_set_entry(iommu, &queue[0], QUEUE_INTERRUPTS);
    vtd_set_entry(iommu, &queue[2], QUEUE_WAIT | QUEUE_STATUS | (uint64_t)QUEUE_DONE << 32);
    vtd_set_entry(iommu, &queue[3], (uint64_t)(uintptr_t)done);
    vtd_write64(iommu, REG_IQT, 0);
    vtd_write64(iommu, REG_IQA, (uint64_t)(uintptr_t)queue);
    int error = vtd_command(iommu, GCMD_QIE, true, "invalidation queue does not start");
    if (error)
        return error;
    vtd_write64(iommu, REG_IQT, 2u * QUEUE_BYTES);
    error = await_queue(iommu, done);
    int stopped = vtd_command(iommu, GCMD_QIE, false, "invalidation queue does not stop");
    return error ? error : stopped;
}

int vtd_remap(struct iommu *iommu)
{
    if (!(iommu->extended & ECAP_IR) || !(iommu->extended & ECAP_QI))
        return vtd_fail(iommu, -ENODEV, "unit does not remap interrupts");
    if (!iommu->interrupts && !(iommu->interrupts = vtd_new_table(iommu)))
        return -ENOMEM;
    vtd_write64(iommu, REG_IRTA, (uint64_t)(uintptr_t)iommu->interrupts | IRTA_SIZE);
    int error = vtd_command(iommu, GCMD_SIRTP, true, "interrupt remapping table not taken");
    if (!error)
        error = flush_entry_cache(iommu);
    if (!error && (vtd_read32(iommu, REG_GSTS) & GCMD_CFI))
        error = vtd_command(iommu, GCMD_CFI, false, "firmware's interrupts without remapping do not stop");
    if (!error)
        error = vtd_command(iommu, GCMD_IRE, true, "interrupt remapping does not start");
    iommu->remaps = error == 0;
    return error;
}
