/* SPDX-License-Identifier: MIT */
/*
 * Confines the NICs' DMA to their shared regions, and the interrupts that devices can send to the one of each NIC;
 * every other device is blocked.
 */
#include "boot/boot.h"
#include "lib/errno.h"
#include "lib/print.h"
#include "monitor/iommu/iommu.h"
#include "monitor/remap.h"

static struct iommu units[ACPI_MAX_DRHDS];
static unsigned n_units;
static struct interrupt_message message[QV_MAX_NICS]; /* where interrupts are remapped */
static bool remapped;

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

/* Who sends the NIC's interrupt, and through which unit. */
static int find_sender(const struct acpi_info *acpi, unsigned nic, uint16_t *source)
{
    *source = (uint16_t)machine.nic[nic].bdf;
    return nic_sends_message(nic) ? acpi_drhd_of(acpi, *source) : acpi_ioapic_source(acpi, acpi->ioapic[0].id, source);
}

static int route_interrupts(const struct acpi_info *acpi, const char **why)
{
    *why = "the firmware does not offer it";
    if (!(acpi->dmar_flags & ACPI_DMAR_INTR_REMAP))
        return -ENODEV;
    for (unsigned i = 0; i < machine.cfg->n_nics; i++) {
        const struct handoff_nic *nic = &machine.nic[i];
        struct iommu_interrupt interrupt = {.vector = (uint8_t)nic->vector, .cores = (uint8_t)nic->sharers};
        int unit = find_sender(acpi, i, &interrupt.source);
        *why = "no unit has the I/O APIC in its care";
        if (unit < 0)
            return -ENODEV;
        int error = iommu_route(&units[unit], &interrupt, &message[i]);
        *why = units[unit].error;
        if (error)
            return error;
    }
    for (unsigned i = 0; i < n_units; i++) {
        int error = iommu_remap(&units[i]);
        *why = units[i].error;
        if (error)
            return error;
    }
    return 0;
}

static void confine_interrupts(const struct acpi_info *acpi)
{
    const char *why = NULL;
    int error = route_interrupts(acpi, &why);
    bool some = false;

    for (unsigned i = 0; i < n_units; i++)
        some = some || units[i].remaps;
    /* A unit that cannot is no reason to stop; one of several that does not follow the others is. */
    if (error && (error != -ENODEV || some))
        boot_fail("interrupt remapping: error %d, %s", error, why ? why : "no reason given");
    remapped = error == 0;
    if (remapped)
        directory()->features |= QV_FEAT_INTR_REMAP;
    kprint("interrupts of devices are %s%s", remapped ? "remapped" : "NOT remapped: ", remapped ? "" : why);
}

struct interrupt_message dma_message(unsigned nic)
{
    return remapped ? message[nic] : message_to_cores(machine.nic[nic].sharers, machine.nic[nic].vector);
}

void dma_confine(const struct acpi_info *acpi)
{
    if (machine.cfg->flags & QV_CFG_NO_IOMMU || machine.cfg->mode == QV_MODE_NATIVE || acpi->n_drhds == 0) {
        kprint("DMA and interrupts of devices are NOT confined: %s",
               acpi->n_drhds == 0 ? "the machine has no IOMMU that is driven here"
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
    confine_interrupts(acpi);
    kprint("DMA confined by %u IOMMU unit%s", n_units, n_units == 1 ? "" : "s");
}
