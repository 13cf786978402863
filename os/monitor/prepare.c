/* SPDX-License-Identifier: MIT */
/* What the boot processor sets up for each core before it runs: report, nested table, filters, recovery policy. */
#include "lib/print.h"
#include "lib/x86.h"
#include "monitor/core.h"
#include "monitor/partition.h"

static void prepare_guard(struct core *core)
{
    struct lapic_guard *guard = &core->lapic;
    guard->n_sandboxes = machine.n_cores;
    guard->self = core->index;
    guard->tsc_deadline = machine.tsc_deadline;
    for (unsigned i = 0; i < machine.n_cores; i++) {
        guard->apic_id[i] = (uint8_t)cores[i].apic_id;
        guard->logical_id[i] = (uint8_t)(1u << i);
    }
}

void core_prepare(struct core *core)
{
    uint32_t nic = machine.cfg->sandbox[core->index].nic;
    report_init(core);
    if (partition_place(core))
        monitor_panic("core %u: %lu MiB are too small for the sandbox image", core->index, core->part.size >> 20);
    if (!vendor)
        return;
    recovery_init(core);
    prepare_guard(core);
    if (nic < QV_MAX_NICS && machine.nic[nic].present)
        device_own(core, &machine.nic_pci[nic]);
    core->nested_begin = monitor_memory_used();
    if (partition_protect(core))
        monitor_panic("core %u: nested page table", core->index);
    core->nested_end = monitor_memory_used();
}
