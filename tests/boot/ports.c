/* SPDX-License-Identifier: MIT */
/* Ports: the serial console is free, PCI configuration is mediated (pci.c), all else is refused in either direction. */
#include "tests/boot/boot_test.h"

static const struct {
    uint16_t port;
    const char *name;
} refused[] = {
    {0xcf9, "reset control"},
    {0x64, "keyboard controller"},
    {0x60, "keyboard data"},
    {0x92, "fast reset"},
    {0xb2, "SMI command"},
    {0x604, "power off"},
    {0xb004, "power off"},
    {0xf4, "emulator exit"},
    {0x501, "emulator exit"},
    {0x505, "panic device"},
    {0x510, "firmware configuration"},
    {0x514, "firmware DMA"},
    {0x20, "interrupt controller"},
    {0xa1, "interrupt controller"},
    {0x40, "interval timer"},
    {0x43, "interval timer"},
    {0x61, "NMI mask"},
    {0x70, "CMOS"},
    {0x71, "CMOS"},
    {0x80, "diagnostics"},
    {0xe9, "debug console"},
    {0x0, "DMA controller"},
    {0x1f0, "disk"},
    {0x2f8, "second serial line"},
    {0x3f7, "before the console"},
    {0x400, "after the console"},
    {0x5658, "backdoor"},
    {0xae08, "hot plug"},
    {0x8900, "shutdown"},
    {0xffff, "last port"},
};

static void expect(uint32_t vector, uint32_t count, const char *name, const char *how)
{
    EXPECT(vector == VECTOR_GP, "%s %s: exception %u", how, name, vector);
    EXPECT(test_refused() == count + 1, "%s %s: not refused by the monitor", how, name);
}

static void try_port(uint16_t port, const char *name)
{
    uint32_t value = 0xffffffffu;
    uint32_t count = test_refused();
    expect(ATTEMPT("inb %%dx, %%al", : "+a"(value) : "d"(port) : "memory"), count, name, "IN of 8 bits");
    count = test_refused();
    value = 0x06; /* what would reset by CF9 */
    expect(ATTEMPT("outb %%al, %%dx", : "+a"(value) : "d"(port) : "memory"), count, name, "OUT of 8 bits");
    count = test_refused();
    value = 0x34; /* what would power off by the PM control register: its low half, sleep enable and type below */
    value |= 0x3400u;
    expect(ATTEMPT("outw %%ax, %%dx", : "+a"(value) : "d"(port) : "memory"), count, name, "OUT of 16 bits");
    count = test_refused();
    expect(ATTEMPT("outl %%eax, %%dx", : "+a"(value) : "d"(port) : "memory"), count, name, "OUT of 32 bits");
}

/* An access that begins on an allowed port and ends on another. */
static void try_overlap(void)
{
    uint32_t value = 0;
    uint32_t count = test_refused();
    expect(ATTEMPT("outl %%eax, %%dx",
                   : "+a"(value)
                   : "d"((uint16_t)0x3fd)
                   : "memory"),
           count, "of the console's end", "OUT of 32 bits");
    count = test_refused();
    expect(ATTEMPT("outw %%ax, %%dx",
                   : "+a"(value)
                   : "d"((uint16_t)0xcff)
                   : "memory"),
           count, "of the PCI data's end", "OUT of 16 bits");
    count = test_refused();
    expect(ATTEMPT("outw %%ax, %%dx",
                   : "+a"(value)
                   : "d"((uint16_t)0xcf8)
                   : "memory"),
           count, "of half the PCI address", "OUT of 16 bits");
}

static void try_string(uint16_t port, const char *name)
{
    uint64_t count = 4;
    uint64_t at = (uintptr_t)test_page;
    uint32_t before = test_refused();
    expect(ATTEMPT("rep insb", : "+c"(count), "+D"(at) : "d"(port) : "memory"), before, name, "string IN");
    count = 4;
    at = (uintptr_t)test_page;
    before = test_refused();
    expect(ATTEMPT("rep outsl", : "+c"(count), "+S"(at) : "d"(port) : "memory"), before, name, "string OUT");
}

void test_ports(void)
{
    test_barrier(1);
    for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++)
        try_port(refused[i].port, refused[i].name);
    try_overlap();
    try_string(0xcf9, "of the reset port");
    try_string(0xcfc, "of the PCI data port");
    try_string(0x64, "of the keyboard controller");
    uint64_t exits = test_exits_of(handoff->id, QV_EXIT_PORT);
    (void)inb(0x3fd);
    EXPECT(test_exits_of(handoff->id, QV_EXIT_PORT) == exits, "the console's ports leave guest mode");
    EXPECT(directory()->core[handoff->id].attempts == 0, "a refused port led to a recovery");
    test_barrier(2);
}
