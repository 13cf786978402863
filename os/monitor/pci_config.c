/* SPDX-License-Identifier: MIT */
/* PCI Local Bus Specification 3.0: sizing 6.2.5.1, capabilities 6.7, MSI 6.8.1. */
#include "monitor/pci_config.h"

#include "lib/pci.h"

#define CAPABILITIES_MAX 48u /* as many as fit: a list that is longer is a circle */

#define MSI_CONTROL_ENABLE   (1u << 16)
#define MSI_CONTROL_MULTIPLE (7u << 20) /* number of messages: one is 0 */
#define MSI_CONTROL_64       (1u << 23)
#define MSI_ADDRESS          4u
#define MSI_ADDRESS_HIGH     8u
#define MSI_DATA(wide)       ((wide) ? 12u : 8u)

void pci_command(uint32_t bdf, uint32_t clear, uint32_t set)
{
    uint32_t command = pci_read32(bdf, PCI_COMMAND) & 0xffffu;

    pci_write32(bdf, PCI_COMMAND, (command & ~clear) | set);
}

void pci_examine(uint32_t bdf, struct pci_owned *device)
{
    uint32_t command = pci_read32(bdf, PCI_COMMAND) & 0xffffu;

    *device = (struct pci_owned){.bdf = bdf};
    pci_command(bdf, PCI_COMMAND_DECODE, 0);
    for (unsigned i = 0; i < PCI_FILTER_BARS; i++) {
        uint32_t offset = i < 6 ? PCI_BAR0 + 4 * i : PCI_ROM_BAR;
        device->bar[i].value = pci_read32(bdf, offset);
        pci_write32(bdf, offset, 0xffffffffu);
        device->bar[i].probe = pci_read32(bdf, offset);
        pci_write32(bdf, offset, device->bar[i].value);
    }
    pci_write32(bdf, PCI_COMMAND, command);
}

uint32_t pci_capability(uint32_t bdf, uint8_t id)
{
    uint32_t at = pci_read32(bdf, PCI_COMMAND) & PCI_STATUS_LIST ? pci_read32(bdf, PCI_CAPABILITIES) & 0xfcu : 0;

    for (unsigned i = 0; i < CAPABILITIES_MAX && at >= 0x40; i++) {
        uint32_t header = pci_read32(bdf, at);
        if ((header & 0xffu) == id)
            return at;
        at = header >> 8 & 0xfcu;
    }
    return 0;
}

void pci_set_message(uint32_t bdf, uint32_t capability, struct interrupt_message message)
{
    uint32_t control = pci_read32(bdf, capability) & ~(MSI_CONTROL_ENABLE | MSI_CONTROL_MULTIPLE);
    uint32_t wide = control & MSI_CONTROL_64;

    pci_write32(bdf, capability, control); /* nothing is sent while it is half changed */
    pci_command(bdf, 0, PCI_COMMAND_NO_INTX);
    pci_write32(bdf, capability + MSI_ADDRESS, message.address);
    if (wide)
        pci_write32(bdf, capability + MSI_ADDRESS_HIGH, 0);
    pci_write32(bdf, capability + MSI_DATA(wide), message.data);
    pci_write32(bdf, capability, control | MSI_CONTROL_ENABLE);
}
