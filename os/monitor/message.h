/* SPDX-License-Identifier: MIT */
/*
 * An interrupt as a write to memory: what a device with MSI sends, and what an I/O APIC sends for a pin. Intel SDM
 * vol. 3, 10.11 (message address and data).
 */
#ifndef QV_MONITOR_MESSAGE_H
#define QV_MONITOR_MESSAGE_H

#include <stdint.h>

struct interrupt_message {
    uint32_t address;
    uint32_t data;
};

#define MESSAGE_ADDRESS 0xfee00000u
#define MESSAGE_LOGICAL (1u << 2)
#define MESSAGE_NMI     (4u << 8)

/* Fixed delivery, edge: to one core by its APIC id, or to all cores of a mask of flat logical ids. */
static inline struct interrupt_message message_to_core(uint32_t apic_id, uint32_t vector)
{
    return (struct interrupt_message){MESSAGE_ADDRESS | apic_id << 12, vector};
}

static inline struct interrupt_message message_to_cores(uint32_t logical_mask, uint32_t vector)
{
    return (struct interrupt_message){MESSAGE_ADDRESS | MESSAGE_LOGICAL | logical_mask << 12, vector};
}

#endif
