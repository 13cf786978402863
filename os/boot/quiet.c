/* SPDX-License-Identifier: MIT */
/*
 * 8259A and 82093AA (I/O APIC) data sheets: the mask registers. PCI Local Bus Specification 3.0, section 6.2.2: the
 * command register. Firmware leaves controllers running, of USB above all, if it booted from them.
 */
#include "boot/boot.h"
#include "lib/pci.h"
#include "monitor/pci_config.h"

#define PIC1_MASK          0x21u
#define PIC2_MASK          0xa1u
#define IOAPIC_VERSION     1u
#define IOAPIC_REDIRECTION 0x10u
#define IOAPIC_MASKED      (1u << 16)

#define CLASS_BASE_BRIDGE   0x06u
#define CLASS_BRIDGE_TO_PCI 0x0604u
#define NOBODY              0xffffffffu
#define BUSES               256u

static volatile uint32_t *ioapic_window(const struct acpi_ioapic *ioapic, uint32_t index)
{
    *(volatile uint32_t *)(uintptr_t)ioapic->address = index;
    return (volatile uint32_t *)(uintptr_t)(ioapic->address + 0x10u);
}

/* Bridges pass on what others do, and do nothing themselves; the bus behind one is looked at later. */
static void quiet_function(uint32_t bdf, bool bus_there[BUSES])
{
    uint32_t class = pci_read32(bdf, PCI_CLASS) >> 16;
    if (class == CLASS_BRIDGE_TO_PCI)
        bus_there[pci_read32(bdf, PCI_BUSES) >> 8 & 0xffu] = true;
    if (class >> 8 == CLASS_BASE_BRIDGE)
        return;
    pci_command(bdf, PCI_COMMAND_MASTER, PCI_COMMAND_NO_INTX);
}

static void quiet_pci(void)
{
    bool bus_there[BUSES] = {true};
    for (uint32_t bus = 0; bus < BUSES; bus++) { /* a bridge's second bus has a higher number than its first */
        for (uint32_t device = 0; bus_there[bus] && device < 32; device++) {
            uint32_t bdf = bus << 8 | device << 3;
            if (pci_read32(bdf, PCI_ID) == NOBODY)
                continue;
            uint32_t functions = pci_read32(bdf, PCI_HEADER) & PCI_HEADER_MULTI ? 8 : 1;
            for (uint32_t f = 0; f < functions; f++)
                if (pci_read32(bdf | f, PCI_ID) != NOBODY)
                    quiet_function(bdf | f, bus_there);
        }
    }
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
    quiet_pci();
}
