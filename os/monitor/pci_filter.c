/* SPDX-License-Identifier: MIT */
/* PCI Local Bus Specification 3.0: mechanism 1 in 3.2.2.3.2, the header in 6.1 and 6.2. */
#include "monitor/pci_filter.h"

#include "lib/errno.h"

#define PORT_ADDRESS 0xcf8u
#define PORT_DATA    0xcfcu
#define PORT_LAST    0xcffu

#define ADDRESS_ENABLE   (1u << 31)
#define ADDRESS_RESERVED 0x7f000000u /* some processors put more register bits there: not for sandboxes */

#define REG_COMMAND 0x04u
#define REG_BIST    0x0cu /* cache line size, latency timer, header type, self test */
#define REG_BAR0    0x10u
#define REG_BAR5    0x24u
#define REG_ROM     0x30u
#define REG_INTLINE 0x3cu /* scratch for software; the rest of the register is read-only */
#define BAR_ROM     6u

/* Memory enable, bus master enable, INTx disable. */
#define COMMAND_WRITABLE ((1u << 1) | (1u << 2) | (1u << 10))
/* Status bits that are cleared by writing 1; the others are read-only. */
#define STATUS_CLEARABLE 0xf9000000u
#define BIST_START       (1u << 30)

#define BAR_IO          (1u << 0)
#define BAR_TYPE        (3u << 1)
#define BAR_64_BIT      (2u << 1)
#define BAR_IO_MASK     0xfffffffcu
#define BAR_MEMORY_MASK 0xfffffff0u
#define ROM_MASK        0xfffff800u
#define ROM_ENABLE      (1u << 0)

void pci_filter_init(struct pci_filter *filter, uint32_t (*read32)(void *context, uint32_t bdf, uint32_t offset),
                     void *context)
{
    *filter = (struct pci_filter){.read32 = read32, .context = context};
}

int pci_filter_own(struct pci_filter *filter, const struct pci_owned *device)
{
    if (device->bdf > 0xffff)
        return -EINVAL;
    for (uint32_t i = 0; i < filter->n_owned; i++)
        if (filter->owned[i].bdf == device->bdf)
            return -EEXIST;
    if (filter->n_owned == PCI_FILTER_DEVICES)
        return -ENOSPC;
    filter->owned[filter->n_owned++] = *device;
    return 0;
}

static uint32_t ones(unsigned size)
{
    return size == 4 ? UINT32_MAX : (1u << (8 * size)) - 1;
}

static struct pci_action emulate(uint32_t value)
{
    return (struct pci_action){.verdict = PCI_EMULATE, .value = value};
}

static struct pci_action refuse(struct pci_filter *filter, unsigned size, const char *reason)
{
    filter->violations++;
    return (struct pci_action){
        .verdict = PCI_REFUSE,
        .value = size <= 4 ? ones(size) : UINT32_MAX,
        .error = -EPERM,
        .reason = reason,
    };
}

/* An access to the data port: a register of a device, and which of its bytes. */
struct access {
    struct pci_filter *filter;
    struct pci_owned *device;
    uint8_t *probing;
    uint32_t reg;   /* multiple of 4 */
    uint32_t lane;  /* first byte, 0..3 */
    uint32_t size;  /* 1, 2, 4 */
    uint32_t value; /* of a write, shifted to its bytes */
    uint32_t bytes; /* mask of the bytes concerned */
};

static struct pci_action forward(const struct access *a, uint32_t value)
{
    return (struct pci_action){
        .verdict = PCI_FORWARD,
        .value = (value >> (8 * a->lane)) & ones(a->size),
        .bdf = a->device->bdf,
        .offset = a->reg + a->lane,
        .size = a->size,
    };
}

static int bar_at(uint32_t reg)
{
    if (reg >= REG_BAR0 && reg <= REG_BAR5)
        return (int)((reg - REG_BAR0) / 4);
    return reg == REG_ROM ? (int)BAR_ROM : -1;
}

static bool is_upper_half(const struct pci_owned *device, unsigned bar)
{
    bool upper = false;
    for (unsigned i = 1; i <= bar; i++) {
        uint32_t below = device->bar[i - 1].probe;
        upper = !upper && below != 0 && !(below & BAR_IO) && (below & BAR_TYPE) == BAR_64_BIT;
    }
    return upper;
}

/* The bits of the register that hardware implements as address: what must not change. */
static uint32_t bar_address_bits(const struct pci_owned *device, unsigned bar)
{
    uint32_t probe = device->bar[bar].probe;
    if (bar == BAR_ROM)
        return probe & ROM_MASK;
    if (is_upper_half(device, bar))
        return probe;
    return probe & (probe & BAR_IO ? BAR_IO_MASK : BAR_MEMORY_MASK);
}

/*
 * Only two things may be written: what is there, and all ones to learn the size. Neither reaches the hardware; the
 * second is answered from what the boot code found, until the first ends it.
 */
static struct pci_action write_bar(struct access *a, unsigned bar)
{
    const struct pci_bar *reg = &a->device->bar[bar];
    uint32_t address = bar_address_bits(a->device, bar);
    uint32_t fixed = bar == BAR_ROM && address ? address | ROM_ENABLE : address;
    uint8_t bit = (uint8_t)(1u << bar);

    if (((a->value ^ reg->value) & fixed & a->bytes) == 0 && (a->size == 4 || !(*a->probing & bit))) {
        *a->probing &= (uint8_t)~bit;
        return emulate(0);
    }
    if (a->size == 4 && (a->value & address) == address) {
        *a->probing |= bit;
        return emulate(0);
    }
    return refuse(a->filter, a->size, "base address register");
}

static struct pci_action write_command(const struct access *a)
{
    uint32_t old = a->filter->read32(a->filter->context, a->device->bdf, REG_COMMAND);
    uint32_t changed = (a->value ^ old) & a->bytes & 0xffffu;

    if (changed & ~COMMAND_WRITABLE)
        return refuse(a->filter, a->size, "command register bits beyond memory, bus master and INTx");
    return forward(a, (a->value & 0xffffu) | (a->value & STATUS_CLEARABLE));
}

static struct pci_action write_owned(struct access *a)
{
    int bar = bar_at(a->reg);

    if (bar >= 0)
        return write_bar(a, (unsigned)bar);
    if (a->reg == REG_COMMAND)
        return write_command(a);
    if (a->reg == REG_INTLINE || (a->reg == REG_BIST && !(a->value & BIST_START)))
        return emulate(0); /* harmless, and without effect */
    return refuse(a->filter, a->size, a->reg >= 0x40 ? "capability or device-specific register" : "header register");
}

static struct pci_action read_owned(const struct access *a)
{
    int bar = bar_at(a->reg);

    if (bar >= 0 && (*a->probing & (1u << bar)))
        return emulate((a->device->bar[bar].probe >> (8 * a->lane)) & ones(a->size));
    return forward(a, 0);
}

static struct pci_action access_data(struct pci_filter *filter, uint32_t lane, unsigned size, bool write,
                                     uint32_t value)
{
    struct access a = {
        .filter = filter,
        .reg = filter->address & 0xfcu,
        .lane = lane,
        .size = size,
        .value = (value & ones(size)) << (8 * lane),
        .bytes = ones(size) << (8 * lane),
    };

    if ((filter->address & ADDRESS_ENABLE) && !(filter->address & ADDRESS_RESERVED))
        for (uint32_t i = 0; i < filter->n_owned; i++)
            if (filter->owned[i].bdf == ((filter->address >> 8) & 0xffffu)) {
                a.device = &filter->owned[i];
                a.probing = &filter->probing[i];
            }
    /* Looking for devices is no crime: what is not owned is not there. */
    if (!a.device)
        return write ? refuse(filter, size, "device of somebody else") : emulate(ones(size));
    return write ? write_owned(&a) : read_owned(&a);
}

struct pci_action pci_filter_access(struct pci_filter *filter, uint32_t port, unsigned size, bool write, uint32_t value)
{
    if ((size != 1 && size != 2 && size != 4) || port_class(port, size) != PORT_PCI)
        return refuse(filter, size, port_name(port, size));
    if (port >= PORT_DATA)
        return access_data(filter, port - PORT_DATA, size, write, value);
    /* The latch takes 32 bits at once; hardware leaves anything else to whatever lies at the port. */
    if (size != 4)
        return write ? refuse(filter, size, "partial write of the PCI address") : emulate(ones(size));
    if (write)
        filter->address = value & ~3u;
    return emulate(write ? 0 : filter->address);
}

/* --- names --- */

/* The most dangerous first: an access is named after the first rule that it touches. */
static const struct port_rule {
    uint16_t first, last;
    enum port_class class;
    const char *name;
} port_rules[] = {
    {0x0cf9, 0x0cf9, PORT_RESET, "reset control register"},
    {0x0064, 0x0064, PORT_RESET, "keyboard controller command (reset line)"},
    {0x0060, 0x0060, PORT_RESET, "keyboard controller data (output port)"},
    {0x0092, 0x0092, PORT_RESET, "system control port A (fast reset)"},
    {0x00b2, 0x00b3, PORT_RESET, "system management command"},
    {0x0600, 0x067f, PORT_RESET, "power management (sleep, power off)"},
    {0xb000, 0xb03f, PORT_RESET, "power management (sleep, power off)"},
    {0xafe0, 0xafe3, PORT_RESET, "PCI hot plug"},
    {0xae00, 0xae13, PORT_RESET, "PCI hot plug (ejects devices)"},
    {0x8900, 0x8900, PORT_RESET, "emulator shutdown"},
    {0x0501, 0x0501, PORT_DEBUG, "emulator exit"},
    {0x00f4, 0x00f4, PORT_DEBUG, "emulator exit"},
    {0x0505, 0x0505, PORT_DEBUG, "emulator panic notification"},
    {0x0510, 0x051b, PORT_DEBUG, "firmware configuration (does DMA)"},
    {0x0402, 0x0402, PORT_DEBUG, "firmware debug console"},
    {0x00e9, 0x00e9, PORT_DEBUG, "debug console"},
    {0x5658, 0x5659, PORT_DEBUG, "hypervisor backdoor"},
    {0x8a00, 0x8a01, PORT_DEBUG, "emulator debugger"},
    {0x0080, 0x0080, PORT_DEBUG, "diagnostic code"},
    {0x0020, 0x0021, PORT_IRQ, "interrupt controller 1"},
    {0x00a0, 0x00a1, PORT_IRQ, "interrupt controller 2"},
    {0x04d0, 0x04d1, PORT_IRQ, "interrupt trigger modes"},
    {0x0022, 0x0023, PORT_IRQ, "interrupt mode configuration"},
    {0x0070, 0x0071, PORT_IRQ, "CMOS memory (NMI mask)"},
    {0x0061, 0x0061, PORT_IRQ, "system control port B (NMI mask)"},
    {0x0040, 0x0043, PORT_TIMER, "interval timer"},
    {0x0072, 0x0073, PORT_TIMER, "CMOS memory, upper bank"},
    {0x0000, 0x000f, PORT_DMA, "DMA controller 1"},
    {0x0081, 0x008f, PORT_DMA, "DMA page registers"},
    {0x00c0, 0x00df, PORT_DMA, "DMA controller 2"},
    {0x01f0, 0x01f7, PORT_DISK, "disk controller 1"},
    {0x0170, 0x0177, PORT_DISK, "disk controller 2"},
    {0x03f6, 0x03f6, PORT_DISK, "disk controller 1"},
    {0x0376, 0x0376, PORT_DISK, "disk controller 2"},
    {0x03f0, 0x03f5, PORT_DISK, "floppy controller"},
    {0x03f8, 0x03ff, PORT_CONSOLE, "serial line 1"},
    {0x02f8, 0x02ff, PORT_CONSOLE, "serial line 2"},
    {0x03e8, 0x03ef, PORT_CONSOLE, "serial line 3"},
    {0x02e8, 0x02ef, PORT_CONSOLE, "serial line 4"},
    {0x03b0, 0x03df, PORT_CONSOLE, "display adapter"},
    {0x0378, 0x037f, PORT_CONSOLE, "parallel port"},
    {0x0cf8, 0x0cff, PORT_OTHER, "PCI configuration ports, across their boundary"},
};
static const struct port_rule pci_rule = {PORT_ADDRESS, PORT_LAST, PORT_PCI, "PCI configuration"};
static const struct port_rule other_rule = {0, 0xffff, PORT_OTHER, "port"};

static const struct port_rule *rule_of(uint32_t port, unsigned size)
{
    uint32_t last = port + (size ? size - 1 : 0);

    /* A whole access to the latch overlaps the reset register, but is none. */
    if ((port == PORT_ADDRESS && size == 4) || (port >= PORT_DATA && last <= PORT_LAST))
        return &pci_rule;
    for (unsigned i = 0; i < sizeof(port_rules) / sizeof(port_rules[0]); i++)
        if (port <= port_rules[i].last && last >= port_rules[i].first) {
            bool latch = port >= PORT_ADDRESS && last < PORT_DATA && port_rules[i].class == PORT_OTHER;
            return latch ? &pci_rule : &port_rules[i];
        }
    return &other_rule;
}

enum port_class port_class(uint32_t port, unsigned size)
{
    return rule_of(port, size)->class;
}

const char *port_name(uint32_t port, unsigned size)
{
    return rule_of(port, size)->name;
}
