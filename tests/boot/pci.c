/* SPDX-License-Identifier: MIT */
/*
 * PCI configuration space as a sandbox may see it: its NIC, but not where that lies in memory nor what it may do beyond
 * bus mastering; nobody else's device.
 */
#include "tests/boot/boot_test.h"

#define ADDRESS     0xcf8u
#define DATA        0xcfcu
#define BAR0        0x10u
#define BARS_END    0x28u
#define ROM         0x30u
#define COMMAND     0x04u
#define LINE        0x3cu
#define STATUS_LIST (1u << 20) /* in the register of the command: there is a list of capabilities */
#define CAP_LIST    0x34u
#define CAP_MSI     5u
#define MSI_BYTES   16u
#define CAPABILITY  0x40u
#define HOST_BRIDGE 0x0000u
#define LPC_BRIDGE  0x00f8u /* 0:1f.0 of q35; nothing there on other machines */

/* Selects a register, then writes it; gives the exception of the second. */
static uint32_t config_write(uint32_t bdf, uint32_t offset, uint32_t value)
{
    uint64_t flags = irq_save();
    outl(ADDRESS, 0x80000000u | bdf << 8 | offset);
    uint32_t vector = ATTEMPT("outl %%eax, %%dx", ::"a"(value), "d"((uint16_t)DATA) : "memory");
    irq_restore(flags);
    return vector;
}

static void expect_refused(uint32_t bdf, uint32_t offset, uint32_t value, const char *what)
{
    uint32_t before = pci_config_read(bdf, offset);
    uint32_t refused = test_refused();

    EXPECT(config_write(bdf, offset, value) == VECTOR_GP, "%s is not refused", what);
    EXPECT(test_refused() == refused + 1, "%s is not counted as refused", what);
    EXPECT(pci_config_read(bdf, offset) == before, "%s: register %x changed from %x to %x", what, offset, before,
           pci_config_read(bdf, offset));
}

/* The port range, whichever register it has; moved by its own size. */
static void try_ports(uint32_t bdf)
{
    for (uint32_t bar = BAR0; bar < BARS_END; bar += 4) {
        uint32_t value = pci_config_read(bdf, bar);
        if ((value & 1u) != 0) {
            expect_refused(bdf, bar, value ^ 0x400u, "moving the ports");
            return;
        }
    }
    test_failed("no port range");
}

/* Where the NIC's interrupt goes, and which it is, is the monitor's business alone. */
static void try_message(uint32_t bdf)
{
    uint32_t at = pci_config_read(bdf, COMMAND) & STATUS_LIST ? pci_config_read(bdf, CAP_LIST) & 0xfcu : 0;
    unsigned tried = 0;

    for (unsigned i = 0; i < 48 && at != 0; i++) {
        uint32_t header = pci_config_read(bdf, at);
        for (uint32_t reg = 0; (header & 0xffu) == CAP_MSI && reg < MSI_BYTES; reg += 4, tried++)
            expect_refused(bdf, at + reg, pci_config_read(bdf, at + reg) ^ (reg == 0 ? 1u << 16 : 0x1000u), "MSI");
        at = header >> 8 & 0xfcu;
    }
    kprint("%u registers of MSI tried", tried);
}

static void try_own(const struct handoff_nic *nic)
{
    uint32_t bar = pci_config_read(nic->bdf, BAR0);
    uint32_t command = pci_config_read(nic->bdf, COMMAND) & 0xffffu;

    EXPECT(pci_config_read(nic->bdf, 0) == nic->vendor_device, "the own NIC is not there");
    EXPECT((bar & ~0xfu) == nic->mmio_phys, "base address register: %x", bar);
    expect_refused(nic->bdf, BAR0, (uint32_t)handoff->base, "moving the registers over memory");
    expect_refused(nic->bdf, BAR0, (uint32_t)LAPIC_PHYS, "moving the registers over the local APIC");
    expect_refused(nic->bdf, BAR0, bar + 0x20000u, "moving the registers");
    try_ports(nic->bdf);
    try_message(nic->bdf);
    /* There is no ROM: the register takes nothing, and a write is not worth an exception. */
    (void)config_write(nic->bdf, ROM, 0xfe000001u);
    EXPECT(pci_config_read(nic->bdf, ROM) == 0, "an expansion ROM: %x", pci_config_read(nic->bdf, ROM));
    expect_refused(nic->bdf, COMMAND, command ^ 1u, "port decoding");
    expect_refused(nic->bdf, COMMAND, command ^ (1u << 6), "parity response");
    expect_refused(nic->bdf, CAPABILITY, 0xffffffffu, "a capability");
    /* Sizing is answered, without the registers ever moving. */
    EXPECT(config_write(nic->bdf, BAR0, 0xffffffffu) == NO_EXCEPTION, "sizing is refused");
    EXPECT(pci_config_read(nic->bdf, BAR0) == (uint32_t) ~(nic->mmio_size - 1), "sizing says %x",
           pci_config_read(nic->bdf, BAR0));
    EXPECT(config_write(nic->bdf, BAR0, bar) == NO_EXCEPTION, "what is there may not be written");
    EXPECT(pci_config_read(nic->bdf, BAR0) == bar, "base address register after sizing");
    EXPECT(config_write(nic->bdf, COMMAND, command) == NO_EXCEPTION, "an unchanged command is refused");
    EXPECT(config_write(nic->bdf, LINE, 0) == NO_EXCEPTION, "the interrupt line is refused");
}

static void try_foreign(uint32_t bdf, const char *what)
{
    uint32_t refused = test_refused();

    EXPECT(pci_config_read(bdf, 0) == 0xffffffffu, "%s can be seen", what);
    EXPECT(test_refused() == refused, "looking for %s is refused", what);
    EXPECT(config_write(bdf, COMMAND, 0) == VECTOR_GP, "%s can be written", what);
    EXPECT(config_write(bdf, BAR0, 0xfee00000u) == VECTOR_GP, "%s can be moved", what);
    EXPECT(test_refused() == refused + 2, "writes to %s are not counted as refused", what);
}

void test_pci(void)
{
    const struct handoff_nic *nic = &handoff->nic[0];
    bool owner = handoff->cfg.sandbox[handoff->id].nic == 0;

    test_barrier(1);
    EXPECT(nic->present, "the test needs a NIC");
    if (owner) {
        try_own(nic);
        try_foreign(HOST_BRIDGE, "the host bridge");
        try_foreign(LPC_BRIDGE, "the LPC bridge");
    } else {
        uint32_t refused = test_refused();
        EXPECT(ATTEMPT("inl %%dx, %%eax", ::"d"((uint16_t)DATA)
                       : "eax", "memory") == VECTOR_GP,
               "configuration space without a device of one's own");
        EXPECT(test_refused() == refused + 1, "not counted as refused");
    }
    test_barrier(2);
    if (nic->present && owner)
        EXPECT((pci_config_read(nic->bdf, BAR0) & ~0xfu) == nic->mmio_phys, "the registers moved");
}
