/* SPDX-License-Identifier: MIT */
/* The vendor-neutral part: who has a domain, and whether what is asked for makes sense. */
#include "monitor/iommu/iommu.h"

#include "lib/errno.h"

static int fail(struct iommu *iommu, int error, const char *why)
{
    iommu->error = why;
    return error;
}

static struct iommu_device *find(struct iommu *iommu, uint16_t bdf)
{
    for (unsigned i = 0; i < iommu->n_devices; i++)
        if (iommu->device[i].bdf == bdf)
            return &iommu->device[i];
    return NULL;
}

int iommu_init(struct iommu *iommu, const struct iommu_ops *ops, const struct iommu_platform *platform,
               uint64_t registers, unsigned address_width)
{
    *iommu = (struct iommu){.platform = *platform, .ops = ops, .registers = registers};
    if (registers == 0 || registers % IOMMU_PAGE_BYTES != 0)
        return fail(iommu, -ENODEV, "registers not at a page boundary");
    return ops->init(iommu, address_width);
}

static const char *check_range(const struct iommu *iommu, const struct iommu_range *range)
{
    uint64_t limit = 1ull << iommu->width;
    if (range->size == 0 || range->base % IOMMU_PAGE_BYTES != 0 || range->size % IOMMU_PAGE_BYTES != 0)
        return "range empty or not page aligned";
    if (range->base >= limit || range->size > limit - range->base)
        return "range beyond the unit's address width";
    if (range->rights == 0 || (range->rights & ~(uint32_t)(IOMMU_READ | IOMMU_WRITE)) != 0)
        return "rights must be read, write or both";
    return NULL;
}

static const char *check_ranges(const struct iommu *iommu, const struct iommu_range *range, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        const char *why = check_range(iommu, &range[i]);
        if (why)
            return why;
        for (size_t j = 0; j < i; j++)
            if (range[i].base < range[j].base + range[j].size && range[j].base < range[i].base + range[i].size)
                return "ranges overlap";
    }
    return NULL;
}

int iommu_assign(struct iommu *iommu, uint16_t bdf, const struct iommu_range *range, size_t n)
{
    iommu->error = NULL;
    if (!iommu->root)
        return fail(iommu, -ENODEV, "unit not initialised");
    if (find(iommu, bdf))
        return fail(iommu, -EEXIST, "device already has a domain");
    if (iommu->n_devices == IOMMU_MAX_DEVICES)
        return fail(iommu, -ENOSPC, "too many devices");
    const char *why = check_ranges(iommu, range, n);
    if (why)
        return fail(iommu, -EINVAL, why);

    /* Built aside and counted in only when whole: a device with half a domain must not exist. */
    struct iommu_device *device = &iommu->device[iommu->n_devices];
    *device = (struct iommu_device){.bdf = bdf, .domain = (uint16_t)(iommu->n_devices + 1)};
    for (size_t i = 0; i < n; i++) {
        int error = iommu->ops->map(iommu, device, &range[i]);
        if (error)
            return error;
    }
    int error = iommu->ops->attach(iommu, device);
    if (error == 0)
        iommu->n_devices++;
    return error;
}

int iommu_block(struct iommu *iommu, uint16_t bdf)
{
    struct iommu_device *device = find(iommu, bdf);
    iommu->error = NULL;
    if (!device)
        return fail(iommu, -ENODEV, "device has no domain");
    device->blocked = true; /* whether or not the flush is confirmed: the entry is gone */
    return iommu->ops->detach(iommu, device);
}

int iommu_unblock(struct iommu *iommu, uint16_t bdf)
{
    struct iommu_device *device = find(iommu, bdf);
    iommu->error = NULL;
    if (!device)
        return fail(iommu, -ENODEV, "device has no domain");
    int error = iommu->ops->attach(iommu, device);
    device->blocked = error != 0;
    return error;
}

int iommu_route(struct iommu *iommu, const struct iommu_interrupt *interrupt, struct interrupt_message *message)
{
    iommu->error = NULL;
    if (!iommu->root)
        return fail(iommu, -ENODEV, "unit not initialised");
    if (iommu->remaps)
        return fail(iommu, -EBUSY, "interrupts are remapped already");
    return iommu->ops->route(iommu, interrupt, message);
}

int iommu_remap(struct iommu *iommu)
{
    iommu->error = NULL;
    if (!iommu->root)
        return fail(iommu, -ENODEV, "unit not initialised");
    return iommu->remaps ? 0 : iommu->ops->remap(iommu);
}

int iommu_enable(struct iommu *iommu)
{
    iommu->error = NULL;
    if (!iommu->root)
        return fail(iommu, -ENODEV, "unit not initialised");
    return iommu->enabled ? 0 : iommu->ops->enable(iommu);
}

int iommu_disable(struct iommu *iommu)
{
    iommu->error = NULL;
    return iommu->enabled ? iommu->ops->disable(iommu) : 0;
}

size_t iommu_poll(struct iommu *iommu, struct iommu_fault *fault, size_t max)
{
    return iommu->root ? iommu->ops->poll(iommu, fault, max) : 0;
}

void iommu_signal(struct iommu *iommu, uint64_t address, uint32_t data)
{
    if (iommu->root)
        iommu->ops->signal(iommu, address, data);
}

void iommu_silence(struct iommu *iommu)
{
    if (iommu->root)
        iommu->ops->silence(iommu);
}
