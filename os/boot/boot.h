/* SPDX-License-Identifier: MIT */
/* Parts of the boot code that see each other. All run on the boot processor unless said otherwise. */
#ifndef QV_BOOT_BOOT_H
#define QV_BOOT_BOOT_H

#include <stdint.h>

#include "boot/acpi.h"
#include "boot/ram.h"
#include "monitor/core.h"
#include "monitor/message.h"

/* clock.c: TSC and local-APIC timer against the PIT. */
void clock_calibrate(uint64_t *tsc_hz, uint64_t *lapic_hz);
void clock_wait_us(uint64_t us); /* by the PIT: works before calibration */

/* lapic.c: this core's local APIC on: spurious vector, flat logical id 1 << index, everything else masked. */
void lapic_start(unsigned index);

/* layout.c: cuts memory; stops with a message if it does not fit. */
void layout_make(const struct ram *ram);

/*
 * quiet.c: no interrupt and no DMA of any device: what firmware had in use would write where it no longer may, and hold
 * interrupt lines that a NIC shares.
 */
void quiet_devices(const struct acpi_info *acpi);

/* ioapic.c: the first I/O APIC with all pins masked; stops with a message if there is none. */
void ioapic_start(const struct acpi_info *acpi);
void ioapic_route(uint32_t pin, struct interrupt_message message);
/* The pin that rises when `raise` is called (the highest, if its line is wired to an ISA pin too), or -1. Takes a
 * vector for each pin, from `vector` on; all pins are masked afterwards. */
int ioapic_probe(uint32_t vector, void (*raise)(void *context), void (*lower)(void *context), void *context);

/* nic.c: NICs (PCI class 0200, known ids) in bus order: reset, their registers, the way their interrupts take. */
void nic_discover(const struct acpi_info *acpi);
bool nic_sends_message(unsigned index); /* by MSI; false: a pin of the I/O APIC does it for the NIC */
void nic_connect(unsigned index, struct interrupt_message message); /* what its interrupt is from here on */

/* dma.c: confines the NICs to their shared regions where the machine has an IOMMU. */
void dma_confine(const struct acpi_info *acpi);
/* What the NIC, or the I/O APIC for it, has to send from then on. */
struct interrupt_message dma_message(unsigned nic);

/* paging.c: the monitor's own page tables with W^X; loaded on each core. */
void paging_init(void);
void paging_load(void);

/* smp.c: starts the other cores; each ends in boot_core(). Their first instructions are copied to low memory. */
#define TRAMPOLINE_PHYS 0x8000u
void smp_start(const struct acpi_info *acpi);

/* native.c: starts the sandbox kernel on this core with no monitor below it. */
struct guest_start;
_Noreturn void native_run(struct core *core, const struct guest_start *start);

_Noreturn void boot_fail(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* warm_reset.c: where the boot processor begins after an INIT, and that it does so once. */
void warm_reset_point(uint32_t trampoline);
void warm_reset_arm(void);

#endif
