/* SPDX-License-Identifier: MIT */
/*
 * PCI configuration space by mechanism 1 (PCI Local Bus Specification 3.0, 3.2.2.3.2) and the registers that we use
 * (6.1, 6.8.1). The address and data ports belong together and all cores meet there: locking is the caller's.
 */
#ifndef QV_OS_PCI_H
#define QV_OS_PCI_H

#include "lib/x86.h"

#define PCI_ADDRESS 0xcf8u
#define PCI_DATA    0xcfcu
#define PCI_ENABLE  0x80000000u

#define PCI_ID           0x00u /* device << 16 | vendor; all ones: nothing there */
#define PCI_COMMAND      0x04u /* the upper half is the status register, whose bits are cleared by writing ones */
#define PCI_CLASS        0x08u
#define PCI_HEADER       0x0cu
#define PCI_BAR0         0x10u
#define PCI_BUSES        0x18u /* of a bridge */
#define PCI_SUBSYSTEM    0x2cu /* device << 16 | vendor */
#define PCI_ROM_BAR      0x30u
#define PCI_CAPABILITIES 0x34u

#define PCI_COMMAND_MEMORY  (1u << 1)
#define PCI_COMMAND_MASTER  (1u << 2)
#define PCI_COMMAND_NO_INTX (1u << 10)
#define PCI_COMMAND_DECODE  3u /* ports and memory */
#define PCI_STATUS_LIST     (1u << 20)
#define PCI_VENDOR_QEMU     0x1af4u
#define PCI_HEADER_MULTI    (1u << 23)

/* bdf: bus << 8 | device << 3 | function; offset: of the byte, the access is to the four bytes around it. */
static inline uint32_t pci_read32(uint32_t bdf, uint32_t offset)
{
    outl(PCI_ADDRESS, PCI_ENABLE | bdf << 8 | (offset & 0xfcu));
    return inl(PCI_DATA);
}

static inline void pci_write32(uint32_t bdf, uint32_t offset, uint32_t value)
{
    outl(PCI_ADDRESS, PCI_ENABLE | bdf << 8 | (offset & 0xfcu));
    outl(PCI_DATA, value);
}

#endif
