/* SPDX-License-Identifier: MIT */
/* The filter in front of a small model of a bus: what it lets through is done to the model, and the model is watched.
 */
#include "monitor/pci_filter.h"

#include <string.h>

#include "lib/errno.h"
#include "qv/draw.h"
#include "unit.h"

#define NIC     (3u << 3)
#define OTHER   (4u << 3)
#define ADDRESS 0xcf8u
#define DATA    0xcfcu
#define ENABLE  0x80000000u

/* Configuration space of two devices; the second belongs to somebody else. */
static uint8_t nic_space[256], other_space[256];
static struct pci_filter filter;
static unsigned foreign_accesses; /* forwarded to anything but the NIC */

static void put32(uint8_t *space, uint32_t offset, uint32_t value)
{
    for (unsigned i = 0; i < 4; i++)
        space[offset + i] = (uint8_t)(value >> (8 * i));
}

static uint32_t get(const uint8_t *space, uint32_t offset, unsigned size)
{
    uint32_t value = 0;
    for (unsigned i = 0; i < size; i++)
        value |= (uint32_t)space[offset + i] << (8 * i);
    return value;
}

static uint32_t read32(void *context, uint32_t bdf, uint32_t offset)
{
    (void)context;
    CU_ASSERT_EQUAL(offset % 4, 0);
    if (bdf != NIC)
        foreign_accesses++;
    return get(nic_space, offset, 4);
}

/* BAR 0: 128 KiB of memory; 1: 64 bytes of I/O; 2: 64 bits, 16 KiB; 4: none; 5: 4 KiB of memory; ROM 256 KiB, off. */
static const struct pci_owned owned = {
    .bdf = NIC,
    .bar =
        {
            {0xfebc0000, 0xfffe0000},
            {0x0000c001, 0xffffffc1},
            {0xfe00000c, 0xffffc00c},
            {0x00000001, 0xffffffff},
            {0, 0},
            {0xfebe0000, 0xfffff000},
            {0xfeb80000, 0xfffc0000},
        },
};

static void start(void)
{
    memset(nic_space, 0x5a, sizeof(nic_space));
    memset(other_space, 0x33, sizeof(other_space));
    put32(nic_space, 0x00, 0x100e8086);
    put32(nic_space, 0x04, 0x02300103); /* status bits that could be cleared: none is set here */
    for (unsigned i = 0; i < 6; i++)
        put32(nic_space, 0x10 + 4 * i, owned.bar[i].value);
    put32(nic_space, 0x30, owned.bar[6].value);
    foreign_accesses = 0;
    pci_filter_init(&filter, read32, NULL);
    CU_ASSERT_EQUAL_FATAL(pci_filter_own(&filter, &owned), 0);
}

/* Does what the answer says, as a monitor would. */
static struct pci_action access(uint32_t port, unsigned size, bool write, uint32_t value, uint32_t *result)
{
    struct pci_action action = pci_filter_access(&filter, port, size, write, value);

    *result = action.value;
    if (action.verdict == PCI_FORWARD) {
        uint8_t *space = action.bdf == NIC ? nic_space : other_space;
        if (action.bdf != NIC)
            foreign_accesses++;
        CU_ASSERT_EQUAL(action.size, size);
        CU_ASSERT(action.offset % 4 + action.size <= 4);
        if (write)
            for (unsigned i = 0; i < size; i++)
                space[action.offset + i] = (uint8_t)(action.value >> (8 * i));
        else
            *result = get(space, action.offset, size);
    }
    CU_ASSERT_EQUAL(action.error, action.verdict == PCI_REFUSE ? -EPERM : 0);
    CU_ASSERT_EQUAL(action.reason != NULL, action.verdict == PCI_REFUSE);
    return action;
}

static void aim(uint32_t bdf, uint32_t offset)
{
    uint32_t ignored;
    CU_ASSERT_EQUAL(access(ADDRESS, 4, true, ENABLE | bdf << 8 | (offset & ~3u), &ignored).verdict, PCI_EMULATE);
}

static uint32_t read_config(uint32_t bdf, uint32_t offset, unsigned size)
{
    uint32_t value;
    aim(bdf, offset);
    access(DATA + offset % 4, size, false, 0, &value);
    return value;
}

static enum pci_verdict write_config(uint32_t bdf, uint32_t offset, unsigned size, uint32_t value)
{
    uint32_t ignored;
    aim(bdf, offset);
    return access(DATA + offset % 4, size, true, value, &ignored).verdict;
}

static void owned_devices_are_read_others_are_not_there(void)
{
    start();
    CU_ASSERT_EQUAL(read_config(NIC, 0x00, 4), 0x100e8086);
    CU_ASSERT_EQUAL(read_config(NIC, 0x02, 2), 0x100e);
    CU_ASSERT_EQUAL(read_config(NIC, 0x01, 2), 0x0e80);
    CU_ASSERT_EQUAL(read_config(NIC, 0x03, 1), 0x10);
    CU_ASSERT_EQUAL(read_config(NIC, 0xfc, 4), 0x5a5a5a5a);
    for (uint32_t bdf = 0; bdf < 0x10000; bdf += 3)
        if (bdf != NIC) {
            CU_ASSERT_EQUAL(read_config(bdf, 0, 4), 0xffffffff);
            CU_ASSERT_EQUAL(read_config(bdf, 2, 2), 0xffff);
            CU_ASSERT_EQUAL(read_config(bdf, 1, 1), 0xff);
        }
    CU_ASSERT_EQUAL(filter.violations, 0); /* looking is allowed */
    CU_ASSERT_EQUAL(foreign_accesses, 0);
}

static void the_latch_is_the_sandbox_s_own(void)
{
    uint32_t value;

    start();
    CU_ASSERT_EQUAL(access(ADDRESS, 4, false, 0, &value).verdict, PCI_EMULATE);
    CU_ASSERT_EQUAL(value, 0);
    aim(NIC, 0x10);
    access(ADDRESS, 4, false, 0, &value);
    CU_ASSERT_EQUAL(value, ENABLE | NIC << 8 | 0x10);
    /* Not enabled: there is nothing at the data port. */
    access(ADDRESS, 4, true, NIC << 8, &value);
    CU_ASSERT_EQUAL(access(DATA, 4, false, 0, &value).verdict, PCI_EMULATE);
    CU_ASSERT_EQUAL(value, 0xffffffff);
    CU_ASSERT_EQUAL(access(DATA, 4, true, 0, &value).verdict, PCI_REFUSE);
    /* Register bits that some processors have between address and enable do not lead around the filter. */
    access(ADDRESS, 4, true, ENABLE | 1u << 24 | NIC << 8 | 4, &value);
    access(DATA, 4, false, 0, &value);
    CU_ASSERT_EQUAL(value, 0xffffffff);
    CU_ASSERT_EQUAL(access(DATA, 4, true, 6, &value).verdict, PCI_REFUSE);
    /* The two lowest bits do not count. */
    access(ADDRESS, 4, true, ENABLE | NIC << 8 | 3, &value);
    access(DATA, 4, false, 0, &value);
    CU_ASSERT_EQUAL(value, 0x100e8086);
    /* Another sandbox has another latch. */
    struct pci_filter second;
    pci_filter_init(&second, read32, NULL);
    CU_ASSERT_EQUAL(pci_filter_access(&second, ADDRESS, 4, false, 0).value, 0);
}

static void the_command_register_within_limits(void)
{
    start();
    CU_ASSERT_EQUAL(write_config(NIC, 4, 2, 0x0107), PCI_FORWARD); /* bus master on */
    CU_ASSERT_EQUAL(get(nic_space, 4, 2), 0x0107);
    CU_ASSERT_EQUAL(write_config(NIC, 4, 2, 0x0501), PCI_FORWARD); /* INTx off, memory and bus master off */
    CU_ASSERT_EQUAL(get(nic_space, 4, 2), 0x0501);
    CU_ASSERT_EQUAL(write_config(NIC, 4, 1, 0x07), PCI_FORWARD);
    CU_ASSERT_EQUAL(write_config(NIC, 5, 1, 0x01), PCI_FORWARD);
    CU_ASSERT_EQUAL(get(nic_space, 4, 2), 0x0107);
    /* Any other bit, either way. */
    for (unsigned bit = 0; bit < 16; bit++) {
        bool may = bit == 1 || bit == 2 || bit == 10;
        uint32_t before = get(nic_space, 4, 2);
        CU_ASSERT_EQUAL(write_config(NIC, 4, 2, before ^ 1u << bit), may ? PCI_FORWARD : PCI_REFUSE);
        CU_ASSERT_EQUAL(get(nic_space, 4, 2), may ? before ^ 1u << bit : before);
        CU_ASSERT_EQUAL(write_config(NIC, 4 + bit / 8, 1, (before >> (bit / 8 * 8)) & 0xff),
                        PCI_FORWARD); /* back again, byte by byte */
        CU_ASSERT_EQUAL(get(nic_space, 4, 2), before);
    }
    CU_ASSERT_EQUAL(write_config(NIC, 4, 4, 0xffff0107), PCI_FORWARD);
    CU_ASSERT_EQUAL(get(nic_space, 4, 4), 0xf9000107); /* the model stores what would clear */
    CU_ASSERT_EQUAL(write_config(NIC, 6, 2, 0xffff), PCI_FORWARD);
    CU_ASSERT_EQUAL(get(nic_space, 6, 2), 0xf900);
    CU_ASSERT_EQUAL(write_config(NIC, 7, 1, 0xff), PCI_FORWARD);
    CU_ASSERT_EQUAL(write_config(NIC, 5, 2, 0x0001), PCI_FORWARD); /* across the middle */
    CU_ASSERT_EQUAL(get(nic_space, 4, 2), 0x0107);
}

static void bars_can_be_sized_but_not_moved(void)
{
    static const struct {
        uint32_t offset, probe, value;
    } bars[] = {
        {0x10, 0xfffe0000, 0xfebc0000}, {0x14, 0xffffffc1, 0x0000c001}, {0x18, 0xffffc00c, 0xfe00000c},
        {0x1c, 0xffffffff, 0x00000001}, {0x24, 0xfffff000, 0xfebe0000}, {0x30, 0xfffc0000, 0xfeb80000},
    };
    for (size_t i = 0; i < sizeof(bars) / sizeof(bars[0]); i++) {
        uint32_t at = bars[i].offset;
        start();
        CU_ASSERT_EQUAL(read_config(NIC, at, 4), bars[i].value);
        CU_ASSERT_EQUAL(write_config(NIC, at, 4, bars[i].value), PCI_EMULATE);
        CU_ASSERT_EQUAL(write_config(NIC, at, 4, 0xffffffff), PCI_EMULATE);
        CU_ASSERT_EQUAL(read_config(NIC, at, 4), bars[i].probe);
        CU_ASSERT_EQUAL(read_config(NIC, at + 2, 2), bars[i].probe >> 16);
        CU_ASSERT_EQUAL(read_config(NIC, at + 1, 1), bars[i].probe >> 8 & 0xff);
        for (size_t k = 0; k < sizeof(bars) / sizeof(bars[0]); k++)
            if (k != i)
                CU_ASSERT_EQUAL(read_config(NIC, bars[k].offset, 4), bars[k].value);
        CU_ASSERT_EQUAL(write_config(NIC, at, 1, bars[i].value & 0xff), PCI_REFUSE); /* half a restore */
        CU_ASSERT_EQUAL(read_config(NIC, at, 4), bars[i].probe);
        CU_ASSERT_EQUAL(write_config(NIC, at, 4, bars[i].value), PCI_EMULATE);
        CU_ASSERT_EQUAL(read_config(NIC, at, 4), bars[i].value);
        CU_ASSERT_EQUAL(write_config(NIC, at + 2, 2, bars[i].value >> 16), PCI_EMULATE);
        CU_ASSERT_EQUAL(filter.violations, 1);
        /* Every single bit of the address, and zero. */
        for (unsigned bit = 0; bit < 32; bit++) {
            bool address = at == 0x1c || (bars[i].probe >> bit & 1 && bit >= (at == 0x14 ? 2 : 4));
            uint32_t moved = bars[i].value ^ 1u << bit;
            enum pci_verdict verdict = write_config(NIC, at, 4, moved);
            if (at == 0x30 && bit == 0)
                address = true; /* would turn the ROM on */
            CU_ASSERT_EQUAL(verdict, address ? PCI_REFUSE : PCI_EMULATE);
            verdict = write_config(NIC, at + bit / 8, 1, moved >> (bit / 8 * 8) & 0xff);
            CU_ASSERT_EQUAL(verdict, address ? PCI_REFUSE : PCI_EMULATE);
        }
        CU_ASSERT_EQUAL(write_config(NIC, at, 4, 0), PCI_REFUSE);
        CU_ASSERT_EQUAL(get(nic_space, at, 4), bars[i].value);
    }
    /* The usual probes of a ROM, a memory and an I/O register. */
    start();
    CU_ASSERT_EQUAL(write_config(NIC, 0x30, 4, 0xfffff800), PCI_EMULATE);
    CU_ASSERT_EQUAL(read_config(NIC, 0x30, 4), 0xfffc0000);
    CU_ASSERT_EQUAL(write_config(NIC, 0x10, 4, 0xfffffff0), PCI_EMULATE);
    CU_ASSERT_EQUAL(read_config(NIC, 0x10, 4), 0xfffe0000);
    CU_ASSERT_EQUAL(write_config(NIC, 0x14, 4, 0xfffffffc), PCI_EMULATE);
    CU_ASSERT_EQUAL(read_config(NIC, 0x14, 4), 0xffffffc1);
    /* Not implemented: nothing that could move. */
    CU_ASSERT_EQUAL(write_config(NIC, 0x20, 4, 0xffffffff), PCI_EMULATE);
    CU_ASSERT_EQUAL(read_config(NIC, 0x20, 4), 0);
    CU_ASSERT_EQUAL(write_config(NIC, 0x20, 4, 0x1000), PCI_EMULATE);
    CU_ASSERT_EQUAL(filter.violations, 0);
}

/* Four bytes of I/O: the low bits of the size mask look like those of a 64-bit register. */
static void a_small_io_bar_is_not_half_of_another(void)
{
    struct pci_owned device = {.bdf = NIC, .bar = {{0xc001, 0xfffffffd}, {0xfebc0000, 0xfffe0000}}};

    start();
    pci_filter_init(&filter, read32, NULL);
    CU_ASSERT_EQUAL(pci_filter_own(&filter, &device), 0);
    CU_ASSERT_EQUAL(write_config(NIC, 0x14, 4, 0xfebc0008), PCI_EMULATE);
    CU_ASSERT_EQUAL(write_config(NIC, 0x14, 4, 0xfffffff0), PCI_EMULATE);
    CU_ASSERT_EQUAL(read_config(NIC, 0x14, 4), 0xfffe0000);
    /* Nor is the lowest register, or one after a 64-bit pair. */
    device = (struct pci_owned){
        .bdf = NIC,
        .bar = {{0xfe000004, 0xffff0004}, {1, 0xffffffff}, {0xfebc0000, 0xfffe0000}},
    };
    pci_filter_init(&filter, read32, NULL);
    CU_ASSERT_EQUAL(pci_filter_own(&filter, &device), 0);
    CU_ASSERT_EQUAL(write_config(NIC, 0x10, 4, 0xfe000008), PCI_EMULATE);
    CU_ASSERT_EQUAL(write_config(NIC, 0x14, 4, 0), PCI_REFUSE);
    CU_ASSERT_EQUAL(write_config(NIC, 0x18, 4, 0xfebc0008), PCI_EMULATE);
}

static void the_rest_of_the_space_is_read_only(void)
{
    start();
    for (uint32_t offset = 0; offset < 256; offset += 4) {
        bool bar = (offset >= 0x10 && offset <= 0x24) || offset == 0x30;
        if (bar || offset == 4)
            continue;
        bool harmless = offset == 0x0c || offset == 0x3c;
        enum pci_verdict expected = harmless ? PCI_EMULATE : PCI_REFUSE;
        CU_ASSERT_EQUAL(write_config(NIC, offset, 4, 0x00000010), expected);
        CU_ASSERT_EQUAL(write_config(NIC, offset + 1, 2, 0), expected);
        CU_ASSERT_EQUAL(write_config(NIC, offset + 3, 1, 0), expected);
        CU_ASSERT_EQUAL(get(nic_space, offset, 4), offset ? 0x5a5a5a5a : 0x100e8086);
    }
    /* The self test takes the device off the bus. */
    CU_ASSERT_EQUAL(write_config(NIC, 0x0f, 1, 0x40), PCI_REFUSE);
    CU_ASSERT_EQUAL(write_config(NIC, 0x0c, 4, 0x40000000), PCI_REFUSE);
}

static void other_devices_are_not_written(void)
{
    start();
    for (uint32_t offset = 0; offset < 256; offset += 4)
        CU_ASSERT_EQUAL(write_config(OTHER, offset, 4, 0), PCI_REFUSE);
    CU_ASSERT_EQUAL(filter.violations, 64);
    CU_ASSERT_EQUAL(foreign_accesses, 0);
}

static void ports_around_the_mechanism(void)
{
    static const struct {
        uint32_t port;
        unsigned size;
        enum pci_verdict read, write;
        enum port_class class;
    } cases[] = {
        {0xcf9, 1, PCI_REFUSE, PCI_REFUSE, PORT_RESET}, /* the reset register in the middle of the latch */
        {0xcf8, 2, PCI_REFUSE, PCI_REFUSE, PORT_RESET},   {0xcf9, 2, PCI_REFUSE, PCI_REFUSE, PORT_RESET},
        {0xcf9, 4, PCI_REFUSE, PCI_REFUSE, PORT_RESET},   {0xcf6, 4, PCI_REFUSE, PCI_REFUSE, PORT_RESET},
        {0xcf8, 1, PCI_EMULATE, PCI_REFUSE, PORT_PCI},    {0xcfa, 1, PCI_EMULATE, PCI_REFUSE, PORT_PCI},
        {0xcfb, 1, PCI_EMULATE, PCI_REFUSE, PORT_PCI},    {0xcfa, 2, PCI_EMULATE, PCI_REFUSE, PORT_PCI},
        {0xcfa, 4, PCI_REFUSE, PCI_REFUSE, PORT_OTHER},   {0xcfb, 2, PCI_REFUSE, PCI_REFUSE, PORT_OTHER},
        {0xcf7, 2, PCI_REFUSE, PCI_REFUSE, PORT_OTHER},   {0xcfd, 4, PCI_REFUSE, PCI_REFUSE, PORT_OTHER},
        {0xcff, 2, PCI_REFUSE, PCI_REFUSE, PORT_OTHER},   {0xd00, 4, PCI_REFUSE, PCI_REFUSE, PORT_OTHER},
        {0x064, 1, PCI_REFUSE, PCI_REFUSE, PORT_RESET},   {0x061, 4, PCI_REFUSE, PCI_REFUSE, PORT_RESET},
        {0x092, 1, PCI_REFUSE, PCI_REFUSE, PORT_RESET},   {0x08f, 4, PCI_REFUSE, PCI_REFUSE, PORT_RESET},
        {0x604, 2, PCI_REFUSE, PCI_REFUSE, PORT_RESET},   {0x0b2, 1, PCI_REFUSE, PCI_REFUSE, PORT_RESET},
        {0x040, 1, PCI_REFUSE, PCI_REFUSE, PORT_TIMER},   {0x021, 1, PCI_REFUSE, PCI_REFUSE, PORT_IRQ},
        {0x3f8, 1, PCI_REFUSE, PCI_REFUSE, PORT_CONSOLE}, {0x501, 1, PCI_REFUSE, PCI_REFUSE, PORT_DEBUG},
        {0x1f0, 4, PCI_REFUSE, PCI_REFUSE, PORT_DISK},    {0x000, 1, PCI_REFUSE, PCI_REFUSE, PORT_DMA},
        {0x2000, 1, PCI_REFUSE, PCI_REFUSE, PORT_OTHER},  {0xffff, 4, PCI_REFUSE, PCI_REFUSE, PORT_OTHER},
        {0xcf8, 3, PCI_REFUSE, PCI_REFUSE, PORT_RESET},   {0xcfc, 8, PCI_REFUSE, PCI_REFUSE, PORT_OTHER},
        {0xcfc, 0, PCI_REFUSE, PCI_REFUSE, PORT_PCI},     {0xcfc, 3, PCI_REFUSE, PCI_REFUSE, PORT_PCI},
    };
    start();
    aim(NIC, 0);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        uint32_t value, expected = 0;
        CU_ASSERT_EQUAL(access(cases[i].port, cases[i].size, true, 0, &value).verdict, cases[i].write);
        CU_ASSERT_EQUAL(access(cases[i].port, cases[i].size, false, 0, &value).verdict, cases[i].read);
        for (unsigned k = 0; k < cases[i].size && k < 4; k++)
            expected |= 0xffu << (8 * k);
        if (cases[i].size == 1 || cases[i].size == 2 || cases[i].size == 4)
            CU_ASSERT_EQUAL(value, expected);
        CU_ASSERT_EQUAL(port_class(cases[i].port, cases[i].size), cases[i].class);
        CU_ASSERT(strlen(port_name(cases[i].port, cases[i].size)) > 0);
    }
    CU_ASSERT_STRING_EQUAL(port_name(0xcf9, 1), "reset control register");
    CU_ASSERT_EQUAL(filter.address, ENABLE | NIC << 8);
}

static void ownership(void)
{
    struct pci_owned device = owned;

    start();
    CU_ASSERT_EQUAL(pci_filter_own(&filter, &device), -EEXIST);
    device.bdf = 0x10000;
    CU_ASSERT_EQUAL(pci_filter_own(&filter, &device), -EINVAL);
    struct pci_filter ends;
    pci_filter_init(&ends, read32, NULL);
    device.bdf = 0;
    CU_ASSERT_EQUAL(pci_filter_own(&ends, &device), 0);
    device.bdf = 0xffff;
    CU_ASSERT_EQUAL(pci_filter_own(&ends, &device), 0);
    for (uint32_t i = 1; i < PCI_FILTER_DEVICES; i++) {
        device.bdf = NIC + i;
        CU_ASSERT_EQUAL(pci_filter_own(&filter, &device), 0);
    }
    device.bdf = NIC + PCI_FILTER_DEVICES;
    CU_ASSERT_EQUAL(pci_filter_own(&filter, &device), -ENOSPC);
    /* Each device has its own probing state. */
    CU_ASSERT_EQUAL(write_config(NIC + 1, 0x10, 4, 0xffffffff), PCI_EMULATE);
    CU_ASSERT_EQUAL(read_config(NIC + 1, 0x10, 4), 0xfffe0000);
    CU_ASSERT_EQUAL(read_config(NIC, 0x10, 4), 0xfebc0000);
}

/* Whatever a sandbox does to the ports, only the three command bits and the clearable status bits ever change. */
static void random_accesses_move_nothing(void)
{
    uint8_t before[256];
    unsigned verdicts[3] = {0}, moved = 0;

    start();
    memcpy(before, nic_space, sizeof(before));
    for (uint64_t i = 0; i < 400000; i++) {
        static const unsigned sizes[] = {1, 2, 4, 4};
        uint64_t draw = 8 * i;
        unsigned size = sizes[qv_draw_below(1, draw, 4)];
        uint32_t port = 0xcf6 + (uint32_t)qv_draw_below(1, draw + 1, 12);
        uint32_t value = (uint32_t)qv_draw(1, draw + 2), result;
        uint64_t kind = qv_draw_below(1, draw + 3, 8);
        if (kind < 3) { /* a sensible address */
            port = ADDRESS;
            size = 4;
            value = ENABLE | (kind ? NIC : OTHER) << 8 | (uint32_t)qv_draw_below(1, draw + 4, 64) * 4;
        } else if (kind == 3) {
            value = (uint32_t)0 - (uint32_t)qv_draw_below(1, draw + 4, 3);
        } else if (kind == 4) {
            value = owned.bar[qv_draw_below(1, draw + 4, 7)].value;
        } else if (kind == 5) {
            value = 0x100 | (uint32_t)qv_draw_below(1, draw + 4, 2048);
        }
        verdicts[access(port, size, qv_draw_below(1, draw + 5, 3) > 0, value, &result).verdict]++;
        for (unsigned k = 0; k < 256; k++) {
            uint8_t may = k == 4 ? 0x06 : k == 5 ? 0x04 : k == 7 ? 0xff : k == 6 ? 0xff : 0;
            moved += ((nic_space[k] ^ before[k]) & ~may & 0xff) != 0;
        }
    }
    CU_ASSERT_EQUAL(moved, 0);
    CU_ASSERT_EQUAL(foreign_accesses, 0);
    for (unsigned i = 0; i < 3; i++)
        CU_ASSERT(verdicts[i] > 5000);
    CU_ASSERT_EQUAL(filter.violations, verdicts[PCI_REFUSE]);
    CU_ASSERT_NOT_EQUAL(memcmp(before, nic_space, 256), 0); /* something did get through */
}

static const struct unit_test tests[] = {
    {"owned devices are read, others are not there", owned_devices_are_read_others_are_not_there},
    {"the latch is the sandbox's own", the_latch_is_the_sandbox_s_own},
    {"the command register within limits", the_command_register_within_limits},
    {"BARs can be sized but not moved", bars_can_be_sized_but_not_moved},
    {"a small I/O BAR is not half of another", a_small_io_bar_is_not_half_of_another},
    {"the rest of the space is read-only", the_rest_of_the_space_is_read_only},
    {"other devices are not written", other_devices_are_not_written},
    {"ports around the mechanism", ports_around_the_mechanism},
    {"ownership", ownership},
    {"random accesses move nothing", random_accesses_move_nothing},
};

int main(void)
{
    return unit_run("pci filter", tests, sizeof(tests) / sizeof(tests[0]));
}
