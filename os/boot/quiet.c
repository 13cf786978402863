/* SPDX-License-Identifier: MIT */
/* 8259A and 82093AA (I/O APIC) data sheets: the mask registers. */
#include "boot/boot.h"
#include "lib/x86.h"

#define PIC1_MASK          0x21u
#define PIC2_MASK          0xa1u
#define IOAPIC_VERSION     1u
#define IOAPIC_REDIRECTION 0x10u
#define IOAPIC_MASKED      (1u << 16)

static volatile uint32_t *ioapic_window(const struct acpi_ioapic *ioapic, uint32_t index)
{
    *(volatile uint32_t *)(uintptr_t)ioapic->address = index;
    return (volatile uint32_t *)(uintptr_t)(ioapic->address + 0x10u);
}

void quiet_devices(const struct acpi_info *acpi)
{
    outb(PIC1_MASK, 0xff);
    outb(PIC2_MASK, 0xff);
    for (uint32_t i = 0; i < acpi->n_ioapics; i++) {
        const struct acpi_ioapic *ioapic = &acpi->ioapic[i];
        uint32_t pins = ((*ioapic_window(ioapic, IOAPIC_VERSION) >> 16) & 0xffu) + 1;
        for (uint32_t pin = 0; pin < pins; pin++)
            *ioapic_window(ioapic, IOAPIC_REDIRECTION + 2 * pin) = IOAPIC_MASKED;
    }
}
