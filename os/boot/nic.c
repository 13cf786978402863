/* SPDX-License-Identifier: MIT */
/*
 * Finds the NICs, resets them, and finds out how each one's interrupt arrives: as a message of its own (MSI), or by a
 * pin of the I/O APIC. Which pin is described only in ACPI's AML, so instead of interpreting that the NIC is made to
 * raise its interrupt while every pin has a vector of its own.
 */
#include "boot/boot.h"
#include "lib/pci.h"
#include "lib/print.h"
#include "monitor/pci_config.h"
#include "monitor/trap.h"
#include "sandbox/nic/nic_regs.h" /* registers only */

#define PCI_CLASS_ETHERNET 0x0200u
#define PCI_CLASS_BRIDGE   0x0604u
#define PROBE_VECTOR       0x60u
#define MAX_BUSES          32u
#define RESET_TRIES        200u
#define RESET_STEP_US      50u
#define SMALLEST_RING      128u /* bytes */

static const struct known_nic {
    uint32_t id; /* device << 16 | vendor */
    const char *name;
    bool message; /* its interrupt comes as one, and not by a pin */
} known_nics[] = {{NIC_ID_82540EM, "82540EM", false}, {NIC_ID_82574L, "82574L", true}};

/* How the interrupt leaves the NIC. */
static struct wire {
    uint32_t pin;
    uint32_t capability; /* of MSI; 0: the pin */
} wires[QV_MAX_NICS];

static volatile uint32_t *nic_register(const struct handoff_nic *nic, uint32_t offset)
{
    return (volatile uint32_t *)(nic->mmio_phys + offset);
}

static void raise_interrupt(void *nic)
{
    *nic_register(nic, NIC_REG_IMS) = NIC_INT_LSC;
    *nic_register(nic, NIC_REG_ICS) = NIC_INT_LSC;
}

static void lower_interrupt(void *nic)
{
    *nic_register(nic, NIC_REG_IMC) = 0xffffffffu;
    (void)*nic_register(nic, NIC_REG_ICR);
}

/* Whatever the firmware was at with it is over. */
static void reset(const struct handoff_nic *nic)
{
    *nic_register(nic, NIC_REG_IMC) = 0xffffffffu;
    *nic_register(nic, NIC_REG_RCTL) = 0;
    *nic_register(nic, NIC_REG_TCTL) = 0;
    *nic_register(nic, NIC_REG_CTRL) |= NIC_CTRL_RST;
    clock_wait_us(RESET_STEP_US);
    for (unsigned i = 0; i < RESET_TRIES && (*nic_register(nic, NIC_REG_CTRL) & NIC_CTRL_RST) != 0; i++)
        clock_wait_us(RESET_STEP_US);
    *nic_register(nic, NIC_REG_IMC) = 0xffffffffu;
}

/*
 * QEMU's 82540EM takes in no frame for a second after its receiver was switched on. So it is now, with a ring that has
 * no descriptor: nothing is received and the device reads and writes nothing (8254x manual, 3.2.6) until the driver
 * starts it for good. Nowhere else: nothing is gained there, and Bochs' does not heed that rule.
 */
static void begin_receiver_delay(const struct handoff_nic *nic)
{
    if ((nic->subsystem & 0xffffu) != PCI_VENDOR_QEMU)
        return;
    *nic_register(nic, NIC_REG_RDBAL) = (uint32_t)nic->shared_phys;
    *nic_register(nic, NIC_REG_RDBAH) = 0;
    *nic_register(nic, NIC_REG_RDLEN) = SMALLEST_RING;
    *nic_register(nic, NIC_REG_RDH) = 0;
    *nic_register(nic, NIC_REG_RDT) = 0;
    *nic_register(nic, NIC_REG_RCTL) = NIC_RCTL_VALUE;
}

/* Does the message that the NIC is told to send arrive? */
static bool probe_message(struct handoff_nic *nic, uint32_t capability)
{
    pci_set_message(nic->bdf, capability, message_to_core(*lapic(LAPIC_ID) >> 24, PROBE_VECTOR));
    trap_vector_seen[PROBE_VECTOR] = 0;
    __asm__ volatile("sti");
    raise_interrupt(nic);
    for (unsigned wait = 0; wait < 200 && trap_vector_seen[PROBE_VECTOR] == 0; wait++)
        clock_wait_us(50);
    lower_interrupt(nic);
    __asm__ volatile("cli");
    return trap_vector_seen[PROBE_VECTOR] != 0;
}

static bool find_wire(struct handoff_nic *nic, const struct known_nic *known, struct wire *wire)
{
    lower_interrupt(nic);
    wire->capability = known->message ? pci_capability(nic->bdf, PCI_CAPABILITY_MSI) : 0;
    if (wire->capability != 0)
        return probe_message(nic, wire->capability);
    int pin = ioapic_probe(PROBE_VECTOR, raise_interrupt, lower_interrupt, nic);
    wire->pin = (uint32_t)pin;
    return pin >= 0;
}

static bool add_nic(unsigned index, uint32_t bdf, const struct known_nic *known)
{
    struct handoff_nic *nic = &machine.nic[index];
    struct pci_owned *pci = &machine.nic_pci[index];
    struct wire *wire = &wires[index];
    char way[16];

    pci_examine(bdf, pci);
    nic->bdf = bdf;
    nic->vendor_device = known->id;
    nic->subsystem = pci_read32(bdf, PCI_SUBSYSTEM);
    nic->mmio_phys = pci->bar[0].value & ~0xfu;
    nic->mmio_size = ~(pci->bar[0].probe & ~0xfu) + 1;
    nic->vector = VECTOR_NIC0 + index;
    nic->sharers = 0;
    for (unsigned i = 0; i < machine.n_cores; i++)
        if (machine.cfg->sandbox[i].nic == index)
            nic->sharers |= 1u << i;
    if (nic->mmio_phys == 0) {
        kprint("nic %u at %x: no address given by the firmware, not used", index, bdf);
        return false;
    }
    pci_command(bdf, PCI_COMMAND_MASTER | PCI_COMMAND_NO_INTX, PCI_COMMAND_MEMORY);
    reset(nic);
    begin_receiver_delay(nic);
    pci_command(bdf, 0, PCI_COMMAND_MASTER);
    if (!find_wire(nic, known, wire)) {
        pci_command(bdf, PCI_COMMAND_MASTER, 0);
        kprint("nic %u at %x: its interrupt does not arrive, not used", index, bdf);
        return false;
    }
    nic->present = 1;
    if (wire->capability)
        print_to(way, sizeof(way), "message");
    else
        print_to(way, sizeof(way), "pin %u", wire->pin);
    kprint("nic %u: %s at %x, registers %lx, interrupt by %s, sharers %x", index, known->name, bdf, nic->mmio_phys, way,
           nic->sharers);
    return true;
}

static unsigned scan_function(uint32_t bdf, unsigned found, uint8_t *next_bus, unsigned *buses)
{
    uint32_t id = pci_read32(bdf, PCI_ID);
    uint32_t class = pci_read32(bdf, PCI_CLASS) >> 16;
    if (class == PCI_CLASS_BRIDGE && *buses < MAX_BUSES) {
        next_bus[*buses] = (uint8_t)(pci_read32(bdf, PCI_BUSES) >> 8);
        if (next_bus[*buses] != 0)
            ++*buses;
    }
    for (unsigned i = 0; i < sizeof(known_nics) / sizeof(known_nics[0]); i++)
        if (class == PCI_CLASS_ETHERNET && id == known_nics[i].id && found < machine.cfg->n_nics)
            return found + (add_nic(found, bdf, &known_nics[i]) ? 1 : 0);
    return found;
}

static bool is_there(uint32_t bdf)
{
    return (pci_read32(bdf, PCI_ID) & 0xffffu) != 0xffffu;
}

/* A pin has one vector, and each edge of it belongs to one NIC. */
static void check_pins(unsigned found)
{
    for (unsigned i = 1; i < found; i++)
        for (unsigned j = 0; j < i; j++)
            if (wires[i].capability == 0 && wires[j].capability == 0 && wires[i].pin == wires[j].pin)
                boot_fail("nic %u and nic %u share interrupt pin %u: another slot is needed for one", j, i,
                          wires[i].pin);
}

void nic_discover(const struct acpi_info *acpi)
{
    uint8_t bus[MAX_BUSES] = {0};
    unsigned buses = 1, found = 0;
    outb(0x21, 0xff); /* both PICs masked: interrupts come by the I/O APIC */
    outb(0xa1, 0xff);
    if (machine.cfg->n_nics == 0)
        return;
    ioapic_start(acpi);
    for (unsigned b = 0; b < buses; b++)
        for (uint32_t device = 0; device < 32; device++) {
            uint32_t bdf = (uint32_t)bus[b] << 8 | device << 3;
            if (!is_there(bdf))
                continue;
            uint32_t functions = pci_read32(bdf, PCI_HEADER) & PCI_HEADER_MULTI ? 8 : 1;
            for (uint32_t f = 0; f < functions; f++)
                if (is_there(bdf | f))
                    found = scan_function(bdf | f, found, bus, &buses);
        }
    check_pins(found);
    if (found < machine.cfg->n_nics)
        boot_fail("the configuration needs %u NICs, %u usable ones were found", machine.cfg->n_nics, found);
}

bool nic_sends_message(unsigned index)
{
    return wires[index].capability != 0;
}

void nic_connect(unsigned index, struct interrupt_message message)
{
    if (nic_sends_message(index))
        pci_set_message(machine.nic[index].bdf, wires[index].capability, message);
    else
        ioapic_route(wires[index].pin, message);
}
