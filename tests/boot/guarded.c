/* SPDX-License-Identifier: MIT */
/*
 * The guarded local APIC: what a kernel needs of it works, what would reach another core in any other way than as an
 * ordinary interrupt of a sandbox is refused. The machine has a core more than sandboxes.
 */
#include "tests/boot/boot_test.h"

#define TICKS   50u
#define TICK_US 2000u

#define SHORTHAND_ALL    (2u << 18)
#define SHORTHAND_OTHERS (3u << 18)
#define LOGICAL          (1u << 11)
#define LEVEL            (1u << 15)
#define SMI              (2u << 8)
#define LOWEST_PRIORITY  (1u << 8)
#define EXTERNAL         (7u << 8)
#define NOBODYS_APIC     0x55u
#define BROADCAST        0xffu

static volatile uint64_t received;

static void on_wake(void)
{
    test_show(++received);
}

static uint32_t store(uint32_t offset, uint32_t value)
{
    return ATTEMPT("movl %0, (%1)", ::"r"(value), "r"((uint8_t *)phys_to_virt(LAPIC_PHYS) + offset) : "memory");
}

static void expect_refused(uint32_t offset, uint32_t value, const char *what)
{
    uint32_t refused = test_refused();

    EXPECT(store(offset, value) == VECTOR_GP, "%s: no exception", what);
    EXPECT(test_refused() == refused + 1, "%s: not refused", what);
}

static void try_command(uint32_t destination, uint32_t command, const char *what)
{
    uint64_t flags = irq_save();

    lapic_write(LAPIC_ICR_HIGH, destination << 24);
    expect_refused(LAPIC_ICR_LOW, command, what);
    irq_restore(flags);
}

static void try_commands(void)
{
    uint32_t next = handoff->apic_id[(handoff->id + 1u) % handoff->n_sandboxes];
    uint32_t no_sandbox = handoff->n_sandboxes; /* APIC ids of the emulator count up, and one more core is there */

    try_command(next, ICR_INIT | ICR_ASSERT, "INIT");
    try_command(next, ICR_INIT | ICR_ASSERT | LEVEL, "INIT, level");
    try_command(next, ICR_NMI | ICR_ASSERT, "NMI");
    try_command(next, ICR_SIPI | ICR_ASSERT | 0x08u, "SIPI");
    try_command(next, SMI | ICR_ASSERT, "SMI");
    try_command(next, EXTERNAL | ICR_ASSERT, "external interrupt");
    try_command(next, LOWEST_PRIORITY | ICR_ASSERT | VECTOR_IPI_WAKE, "lowest priority");
    try_command(next, ICR_ASSERT | VECTOR_NMI, "vector of an exception");
    try_command(next, ICR_ASSERT | LEVEL | VECTOR_IPI_WAKE, "level-triggered");
    try_command(no_sandbox, ICR_ASSERT | VECTOR_IPI_WAKE, "a core without sandbox");
    try_command(NOBODYS_APIC, ICR_ASSERT | VECTOR_IPI_WAKE, "no core at all");
    try_command(BROADCAST, ICR_ASSERT | VECTOR_IPI_WAKE, "broadcast");
    try_command(BROADCAST, LOGICAL | ICR_ASSERT | VECTOR_IPI_WAKE, "logical broadcast");
    try_command(0, SHORTHAND_ALL | VECTOR_IPI_WAKE, "all");
    try_command(0, SHORTHAND_OTHERS | VECTOR_IPI_WAKE, "all others");
    try_command(0, SHORTHAND_OTHERS | ICR_NMI, "NMI to all others");
    try_command(0, SHORTHAND_OTHERS | ICR_INIT, "INIT to all others");
}

static void try_registers(void)
{
    expect_refused(LAPIC_ID, 0, "identity");
    expect_refused(LAPIC_LDR, 0xff000000u, "logical destination of everybody");
    expect_refused(LAPIC_DFR, 0x0fffffffu, "cluster format");
    expect_refused(LAPIC_SVR, 0x10fu, "spurious vector of an exception");
    expect_refused(LAPIC_LVT_TIMER, VECTOR_NMI, "timer with the vector of an exception");
    if (!cpu_has_tsc_deadline())
        expect_refused(LAPIC_LVT_TIMER, LAPIC_LVT_DEADLINE | VECTOR_TIMER, "timer mode that the sandbox has not");
    expect_refused(LAPIC_LVT_LINT0, ICR_NMI, "NMI by LINT0");
    expect_refused(LAPIC_LVT_LINT1, SMI, "SMI by LINT1");
    expect_refused(LAPIC_LVT_ERROR, ICR_INIT, "INIT by the error entry");
    expect_refused(0x3f0, 1, "self-IPI of x2APIC");
    expect_refused(0x1000 - 4, 1, "the page's end");
}

/* Timer, interrupts to others, to itself, end of interrupt. */
static void check_working(void)
{
    unsigned next = (handoff->id + 1u) % handoff->n_sandboxes;

    for (unsigned tick = 1; tick <= TICKS; tick++) {
        ipi_send(next, VECTOR_IPI_WAKE);
        thread_sleep_us(TICK_US);
        while (test_shown(next) < tick) /* the same vector, twice pending, counts once */
            thread_sleep_us(TICK_US);
    }
    test_barrier(2);
    EXPECT(received == TICKS, "%lu interrupts of %u", received, TICKS);
    ipi_send(handoff->id, VECTOR_IPI_WAKE);
    while (received < TICKS + 1)
        thread_sleep_us(TICK_US);
}

void test_guarded(void)
{
    irq_register(VECTOR_IPI_WAKE, on_wake);
    EXPECT((handoff->cfg.flags & QV_CFG_LAPIC_GUARDED) != 0, "the test needs the guarded APIC");
    test_barrier(1);
    check_working();
    test_barrier(3);
    try_commands();
    try_registers();
    test_barrier(4);
    EXPECT(received == TICKS + 1, "%lu interrupts arrived that nobody was allowed to send", received - TICKS - 1);
    for (unsigned i = 0; i < handoff->n_sandboxes; i++)
        EXPECT(directory()->core[i].state == QV_SB_RUNNING && directory()->core[i].incarnation == 1,
               "sandbox %u in state %u, incarnation %u", i, directory()->core[i].state,
               directory()->core[i].incarnation);
    test_barrier(5);
}
