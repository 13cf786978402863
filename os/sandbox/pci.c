/* SPDX-License-Identifier: MIT */
#include "lib/pci.h"

#include "sandbox/kernel.h"

/* The address and data ports belong together, also natively, where an interrupt could come between. */
uint32_t pci_config_read(uint32_t bdf, uint32_t offset)
{
    uint64_t flags = irq_save();
    uint32_t value = pci_read32(bdf, offset);
    irq_restore(flags);
    return value;
}

void pci_config_write(uint32_t bdf, uint32_t offset, uint32_t value)
{
    uint64_t flags = irq_save();
    pci_write32(bdf, offset, value);
    irq_restore(flags);
}
