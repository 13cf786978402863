/* SPDX-License-Identifier: MIT */
#include "sandbox/kernel.h"

#define PCI_ADDRESS 0xcf8u
#define PCI_DATA    0xcfcu

/* The address and data ports belong together, also natively, where an interrupt could come between. */
uint32_t pci_config_read(uint32_t bdf, uint32_t offset)
{
    uint64_t flags = irq_save();
    outl(PCI_ADDRESS, 0x80000000u | bdf << 8 | (offset & 0xfcu));
    uint32_t value = inl(PCI_DATA);
    irq_restore(flags);
    return value;
}

void pci_config_write(uint32_t bdf, uint32_t offset, uint32_t value)
{
    uint64_t flags = irq_save();
    outl(PCI_ADDRESS, 0x80000000u | bdf << 8 | (offset & 0xfcu));
    outl(PCI_DATA, value);
    irq_restore(flags);
}
