/* SPDX-License-Identifier: MIT */
/* The first I/O APIC (82093AA data sheet, 3.2.4): its pins are all masked but for those that NICs drive. */
#include "boot/boot.h"
#include "lib/x86.h"
#include "monitor/trap.h"

#define PINS_MAX       24u
#define PIN_MASKED     (1u << 16)
#define PIN_LOW_ACTIVE (1u << 13)
#define PIN_LOGICAL    (1u << 11)
#define PIN_DELIVERY   0x7ffu /* delivery mode and vector, as in a message's data */
#define FIRST_PCI_PIN  3u     /* the timer and the cascade live below */

static uint64_t base;
static uint32_t pins;
static const struct acpi_info *firmware;

static volatile uint32_t *mmio(uint32_t offset)
{
    return (volatile uint32_t *)(base + offset);
}

static uint32_t read_register(uint32_t index)
{
    *mmio(0) = index;
    return *mmio(0x10);
}

static void write_register(uint32_t index, uint32_t value)
{
    *mmio(0) = index;
    *mmio(0x10) = value;
}

static uint32_t polarity(uint32_t pin)
{
    for (unsigned i = 0; i < firmware->n_overrides; i++)
        if (firmware->override[i].gsi == pin)
            return firmware->override[i].polarity == ACPI_POLARITY_LOW ? PIN_LOW_ACTIVE : 0;
    return pin >= 16 ? PIN_LOW_ACTIVE : 0; /* PCI lines are active low, ISA lines high */
}

static void mask_all(void)
{
    for (uint32_t pin = 0; pin < pins; pin++)
        write_register(0x10 + 2 * pin, PIN_MASKED);
}

void ioapic_start(const struct acpi_info *acpi)
{
    firmware = acpi;
    if (acpi->n_ioapics == 0)
        boot_fail("no I/O APIC in the MADT");
    base = acpi->ioapic[0].address;
    pins = ((read_register(1) >> 16) & 0xffu) + 1;
    if (pins > PINS_MAX)
        pins = PINS_MAX;
    mask_all();
}

/*
 * A pin's message is made of its entry: bits 63:48 are the address' bits 19:4, bit 11 its bit 2. So an entry can be
 * made of a message, whatever format an IOMMU gives that. Edge-triggered although PCI lines are levels: all sharers get
 * each edge, one of them acknowledges.
 */
void ioapic_route(uint32_t pin, struct interrupt_message message)
{
    uint32_t logical = message.address & MESSAGE_LOGICAL ? PIN_LOGICAL : 0;

    write_register(0x10 + 2 * pin, PIN_MASKED);
    write_register(0x11 + 2 * pin, (message.address >> 4 & 0xffffu) << 16);
    write_register(0x10 + 2 * pin, (message.data & PIN_DELIVERY) | logical | polarity(pin));
}

int ioapic_probe(uint32_t vector, void (*raise)(void *context), void (*lower)(void *context), void *context)
{
    uint32_t self = *lapic(LAPIC_ID) >> 24;
    int found = -1;

    for (uint32_t pin = 0; pin < pins; pin++) {
        trap_vector_seen[vector + pin] = 0;
        if (pin >= FIRST_PCI_PIN)
            ioapic_route(pin, message_to_core(self, vector + pin));
    }
    __asm__ volatile("sti");
    raise(context);
    for (unsigned wait = 0; wait < 200 && found < 0; wait++) {
        clock_wait_us(50);
        for (uint32_t pin = 0; pin < pins; pin++)
            if (trap_vector_seen[vector + pin])
                found = (int)pin;
    }
    lower(context);
    __asm__ volatile("cli");
    mask_all();
    return found;
}
