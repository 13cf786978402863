/* SPDX-License-Identifier: MIT */
/* What boot code and monitors do to a device's configuration space; sandboxes never do these things. */
#ifndef QV_MONITOR_PCI_CONFIG_H
#define QV_MONITOR_PCI_CONFIG_H

#include <stdint.h>

#include "monitor/message.h"
#include "monitor/pci_filter.h"

#define PCI_CAPABILITY_MSI 0x05u

/* Boot time only: sizes the base address registers with decoding off meanwhile. `device` gets everything. */
void pci_examine(uint32_t bdf, struct pci_owned *device);

/* Bits of the command register, its other bits and the status register's stay. */
void pci_command(uint32_t bdf, uint32_t clear, uint32_t set);

/* Offset of the first capability with this id, or 0. */
uint32_t pci_capability(uint32_t bdf, uint8_t id);

/* From here on the device sends this one message, and no longer uses its pin. `capability`: of MSI. */
void pci_set_message(uint32_t bdf, uint32_t capability, struct interrupt_message message);

#endif
