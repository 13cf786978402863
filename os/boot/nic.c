/* SPDX-License-Identifier: MIT */
/*
 * Finds the NICs, and which I/O APIC pin each drives: the wiring of PCI interrupts is described only in ACPI's AML, so
 * instead of interpreting that the NIC is made to raise its interrupt while every pin has a vector of its own.
 */
#include "boot/boot.h"
#include "lib/print.h"
#include "lib/x86.h"
#include "monitor/trap.h"

#define PCI_ADDRESS        0xcf8u
#define PCI_DATA           0xcfcu
#define PCI_CLASS_ETHERNET 0x0200u
#define PCI_CLASS_BRIDGE   0x0604u
#define PROBE_VECTOR       0x60u
#define IOAPIC_PINS        24u
#define IOAPIC_MASKED      (1u << 16)
#define IOAPIC_LOGICAL     (1u << 11)
#define IOAPIC_LOW_ACTIVE  (1u << 13)
#define MAX_BUSES          32u

/* 8254x registers that the probe needs (8254x Software Developer's Manual, 13.4). */
#define NIC_ICR       0xc0u
#define NIC_ICS       0xc8u
#define NIC_IMS       0xd0u
#define NIC_IMC       0xd8u
#define NIC_CAUSE_LSC 0x4u

static const uint32_t known_nics[] = {0x100e8086u}; /* 82540EM */

static uint64_t ioapic_base;
static uint32_t ioapic_pins;
static const struct acpi_info *firmware;
static uint32_t nic_pin[QV_MAX_NICS];

static uint32_t config_read(uint32_t bdf, uint32_t offset)
{
    outl(PCI_ADDRESS, 0x80000000u | bdf << 8 | offset);
    return inl(PCI_DATA);
}

static void config_write(uint32_t bdf, uint32_t offset, uint32_t value)
{
    outl(PCI_ADDRESS, 0x80000000u | bdf << 8 | offset);
    outl(PCI_DATA, value);
}

static volatile uint32_t *mmio(uint64_t base, uint32_t offset)
{
    return (volatile uint32_t *)(base + offset);
}

static uint32_t ioapic_read(uint32_t index)
{
    *mmio(ioapic_base, 0) = index;
    return *mmio(ioapic_base, 0x10);
}

static void ioapic_write(uint32_t index, uint32_t value)
{
    *mmio(ioapic_base, 0) = index;
    *mmio(ioapic_base, 0x10) = value;
}

static uint32_t pin_polarity(uint32_t pin)
{
    for (unsigned i = 0; i < firmware->n_overrides; i++)
        if (firmware->override[i].gsi == pin)
            return firmware->override[i].polarity == ACPI_POLARITY_LOW ? IOAPIC_LOW_ACTIVE : 0;
    return pin >= 16 ? IOAPIC_LOW_ACTIVE : 0; /* PCI lines are active low, ISA lines high */
}

static void pin_set(uint32_t pin, uint32_t low, uint32_t destination)
{
    ioapic_write(0x11 + 2 * pin, destination << 24);
    ioapic_write(0x10 + 2 * pin, low | pin_polarity(pin));
}

static void mask_all_pins(void)
{
    for (uint32_t pin = 0; pin < ioapic_pins; pin++)
        ioapic_write(0x10 + 2 * pin, IOAPIC_MASKED);
}

/* The pin that rises when the NIC raises its interrupt (the highest, if its line is wired to an ISA pin too), or -1. */
static int probe_pin(const struct handoff_nic *nic)
{
    uint32_t self = *mmio(LAPIC_PHYS, LAPIC_ID) >> 24;
    int found = -1;
    *mmio(nic->mmio_phys, NIC_IMC) = 0xffffffffu;
    (void)*mmio(nic->mmio_phys, NIC_ICR);
    for (uint32_t pin = 0; pin < ioapic_pins; pin++) {
        trap_vector_seen[PROBE_VECTOR + pin] = 0;
        if (pin > 2) /* the timer and the cascade live below */
            pin_set(pin, PROBE_VECTOR + pin, self);
    }
    __asm__ volatile("sti");
    *mmio(nic->mmio_phys, NIC_IMS) = NIC_CAUSE_LSC;
    *mmio(nic->mmio_phys, NIC_ICS) = NIC_CAUSE_LSC;
    for (unsigned wait = 0; wait < 200 && found < 0; wait++) {
        clock_wait_us(50);
        for (uint32_t pin = 0; pin < ioapic_pins; pin++)
            if (trap_vector_seen[PROBE_VECTOR + pin])
                found = (int)pin;
    }
    *mmio(nic->mmio_phys, NIC_IMC) = 0xffffffffu;
    (void)*mmio(nic->mmio_phys, NIC_ICR);
    __asm__ volatile("cli");
    mask_all_pins();
    return found;
}

static uint32_t bar_bytes(uint32_t bdf)
{
    uint32_t value = config_read(bdf, 0x10);
    uint32_t command = config_read(bdf, 4);
    config_write(bdf, 4, command & 0xfffcu);
    config_write(bdf, 0x10, 0xffffffffu);
    uint32_t mask = config_read(bdf, 0x10) & ~0xfu;
    config_write(bdf, 0x10, value);
    config_write(bdf, 4, command & 0xffffu);
    return ~mask + 1;
}

static bool add_nic(unsigned index, uint32_t bdf, uint32_t id)
{
    struct handoff_nic *nic = &machine.nic[index];
    nic->bdf = bdf;
    nic->vendor_device = id;
    nic->subsystem = config_read(bdf, 0x2c);
    nic->mmio_phys = config_read(bdf, 0x10) & ~0xfu;
    nic->mmio_size = bar_bytes(bdf);
    nic->vector = VECTOR_NIC0 + index;
    for (unsigned i = 0; i < machine.n_cores; i++)
        if (machine.cfg->sandbox[i].nic == index)
            nic->sharers |= 1u << i;
    config_write(bdf, 4, (config_read(bdf, 4) & 0xffffu) | 6u); /* memory, bus master */
    int pin = nic->mmio_phys != 0 ? probe_pin(nic) : -1;
    if (pin < 0) {
        kprint("nic %u at %x: no interrupt pin found, not used", index, bdf);
        return false;
    }
    nic->present = 1;
    nic_pin[index] = (uint32_t)pin;
    kprint("nic %u: %x:%x at %x, registers %lx, interrupt pin %d, sharers %x", index, id & 0xffffu, id >> 16, bdf,
           nic->mmio_phys, pin, nic->sharers);
    return true;
}

static unsigned scan_function(uint32_t bdf, unsigned found, uint8_t *next_bus, unsigned *buses)
{
    uint32_t id = config_read(bdf, 0);
    uint32_t class = config_read(bdf, 8) >> 16;
    if (class == PCI_CLASS_BRIDGE && *buses < MAX_BUSES) {
        next_bus[*buses] = (uint8_t)(config_read(bdf, 0x18) >> 8);
        if (next_bus[*buses] != 0)
            ++*buses;
    }
    for (unsigned i = 0; i < sizeof(known_nics) / sizeof(known_nics[0]); i++)
        if (class == PCI_CLASS_ETHERNET && id == known_nics[i] && found < machine.cfg->n_nics)
            return found + (add_nic(found, bdf, id) ? 1 : 0);
    return found;
}

void nic_discover(const struct acpi_info *acpi)
{
    uint8_t bus[MAX_BUSES] = {0};
    unsigned buses = 1, found = 0;
    firmware = acpi;
    outb(0x21, 0xff); /* both PICs masked: interrupts come by the I/O APIC */
    outb(0xa1, 0xff);
    if (machine.cfg->n_nics == 0)
        return;
    if (acpi->n_ioapics == 0)
        boot_fail("no I/O APIC in the MADT");
    ioapic_base = acpi->ioapic[0].address;
    ioapic_pins = ((ioapic_read(1) >> 16) & 0xffu) + 1;
    if (ioapic_pins > IOAPIC_PINS)
        ioapic_pins = IOAPIC_PINS;
    mask_all_pins();
    for (unsigned b = 0; b < buses; b++)
        for (uint32_t device = 0; device < 32; device++) {
            uint32_t bdf = (uint32_t)bus[b] << 8 | device << 3;
            if ((config_read(bdf, 0) & 0xffffu) == 0xffffu)
                continue;
            uint32_t functions = config_read(bdf, 0xc) & 0x800000u ? 8 : 1;
            for (uint32_t f = 0; f < functions; f++)
                if ((config_read(bdf | f, 0) & 0xffffu) != 0xffffu)
                    found = scan_function(bdf | f, found, bus, &buses);
        }
    /* Edge-triggered although PCI lines are levels: all sharers get each edge, one of them acknowledges. */
    for (unsigned i = 0; i < found; i++)
        pin_set(nic_pin[i], machine.nic[i].vector | IOAPIC_LOGICAL, machine.nic[i].sharers);
    if (found < machine.cfg->n_nics)
        boot_fail("the configuration needs %u NICs, %u usable ones were found", machine.cfg->n_nics, found);
}
