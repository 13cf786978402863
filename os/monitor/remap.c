/* SPDX-License-Identifier: MIT */
#include "monitor/remap.h"

#include "lib/x86.h"
#include "monitor/core.h"

#define MSI_NMI (4u << 8) /* delivery mode of the interrupt message; the vector is ignored */

/* A device gone mad can have DMA blocked at the bus's speed; after so many reports core 0 listens no more. */
#define REPORTS_MAX 256u

static struct iommu *unit;
static unsigned n_units;
static unsigned reports;

void remap_init(struct iommu *units, unsigned count)
{
    unit = units;
    n_units = count;
    for (unsigned i = 0; i < count; i++)
        iommu_signal(&unit[i], (uint32_t)LAPIC_PHYS | cores[0].apic_id << 12, MSI_NMI);
}

bool remap_poll(struct core *core)
{
    struct iommu_fault fault;
    bool any = false;
    if (core->index != 0)
        return false;
    for (unsigned i = 0; i < n_units; i++) {
        while (iommu_poll(&unit[i], &fault, 1) == 1) {
            if (!any)
                monitor_trace(core, QV_TRACE_VIOLATION, QV_EXIT_DMA, fault.address);
            any = true;
            if (++reports == REPORTS_MAX)
                iommu_silence(&unit[i]);
            directory()->iommu_last_address = fault.address;
            __atomic_fetch_add(&directory()->iommu_faults, 1, __ATOMIC_RELEASE);
        }
    }
    return any;
}
