/* SPDX-License-Identifier: MIT */
/* Starts the other cores: INIT, 10 ms, SIPI, 200 us, SIPI (Intel SDM vol. 3, 8.4.4.1; the same on AMD). */
#include "boot/boot.h"
#include "lib/string.h"
#include "lib/x86.h"

extern const char trampoline_begin[], trampoline_end[];
extern volatile uint32_t boot_apic_ids[QV_MAX_SANDBOXES];

void smp_start(const struct acpi_info *acpi)
{
    uint32_t self = *lapic(LAPIC_ID) >> 24;
    if (acpi->n_cpus < machine.n_cores)
        boot_fail("the configuration needs %u cores, the machine has %u", machine.n_cores, acpi->n_cpus);
    /* The boot processor is core 0; the others follow in the order of their APIC ids. */
    cores[0].apic_id = self;
    unsigned next = 1;
    for (unsigned i = 0; i < acpi->n_cpus && next < machine.n_cores; i++)
        if (acpi->apic_id[i] != self)
            cores[next++].apic_id = acpi->apic_id[i];
    if (next < machine.n_cores)
        boot_fail("the boot processor is not in the MADT");
    for (unsigned i = 0; i < machine.n_cores; i++) {
        cores[i].index = i;
        boot_apic_ids[i] = cores[i].apic_id;
    }
    warm_reset_point(TRAMPOLINE_PHYS);
    if (vendor)
        warm_reset_arm();
    memcpy((void *)(uintptr_t)TRAMPOLINE_PHYS, trampoline_begin, (size_t)(trampoline_end - trampoline_begin));
    for (unsigned i = 1; i < machine.n_cores; i++)
        lapic_ipi(cores[i].apic_id, ICR_INIT);
    clock_wait_us(10000);
    for (unsigned round = 0; round < 2; round++) {
        for (unsigned i = 1; i < machine.n_cores; i++)
            if (!__atomic_load_n(&cores[i].entered, __ATOMIC_ACQUIRE))
                lapic_ipi(cores[i].apic_id, ICR_SIPI | (TRAMPOLINE_PHYS >> 12));
        clock_wait_us(200);
    }
    for (unsigned wait = 0; wait < 1000; wait++) {
        unsigned up = 1;
        for (unsigned i = 1; i < machine.n_cores; i++)
            up += __atomic_load_n(&cores[i].entered, __ATOMIC_ACQUIRE) != 0;
        if (up == machine.n_cores)
            return;
        clock_wait_us(1000);
    }
    boot_fail("not all of %u cores came up", machine.n_cores);
}
