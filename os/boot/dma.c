/* SPDX-License-Identifier: MIT */
/* Confines the NICs' DMA to their shared regions; every other device is blocked. */
#include "boot/boot.h"
#include "lib/print.h"
#include "monitor/iommu/iommu.h"
#include "monitor/remap.h"

static struct iommu units[ACPI_MAX_DRHDS];
static unsigned n_units;

static void *page(void *context)
{
    (void)context;
    return monitor_pages(1);
}

static int start_unit(struct iommu *unit, unsigned index, const struct acpi_info *acpi)
{
    const struct acpi_drhd *drhd = &acpi->drhd[index];
    struct iommu_platform platform;
    iommu_platform_native(&platform, page, NULL);
    int error = iommu_init(unit, &vtd_ops, &platform, drhd->base, acpi->host_address_width);
    for (unsigned i = 0; i < machine.cfg->n_nics && !error; i++) {
        const struct handoff_nic *nic = &machine.nic[i];
        if (acpi_drhd_of(acpi, (uint16_t)nic->bdf) != (int)index)
            continue;
        struct iommu_range range = {nic->shared_phys, nic->shared_size, IOMMU_READ | IOMMU_WRITE};
        error = iommu_assign(unit, (uint16_t)nic->bdf, &range, 1);
    }
    return error ? error : iommu_enable(unit);
}

void dma_confine(const struct acpi_info *acpi)
{
    if (machine.cfg->flags & QV_CFG_NO_IOMMU || machine.cfg->mode == QV_MODE_NATIVE || acpi->n_drhds == 0) {
        kprint("DMA is NOT confined: %s", acpi->n_drhds == 0 ? "the machine has no IOMMU that is driven here"
                                                             : "switched off by the configuration");
        return;
    }
    for (unsigned i = 0; i < acpi->n_drhds; i++) {
        int error = start_unit(&units[n_units], i, acpi);
        if (error)
            boot_fail("IOMMU at %lx: error %d, %s", acpi->drhd[i].base, error,
                      units[n_units].error ? units[n_units].error : "no reason given");
        n_units++;
    }
    machine.iommu = true;
    directory()->features |= QV_FEAT_IOMMU;
    remap_init(units, n_units);
    kprint("DMA confined by %u IOMMU unit%s", n_units, n_units == 1 ? "" : "s");
}
