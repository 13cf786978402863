/* SPDX-License-Identifier: MIT */
/*
 * User mode: calls and interrupts lead into the kernel and back with nothing lost; everything else that a program tries
 * ends the program and leaves the kernel as it was, without an exit.
 */
#include "sandbox/user.h"

#include "tests/boot/boot_test.h"

#define TICKS       20u
#define TICK_US     1000u
#define LAST_PAGE   0x00007ffffffff000ull /* of the lower half */
#define FOREIGN     0x800000ull           /* where a page of the monitor's is mapped for ring 3 */
#define BEYOND      0x0000800000000000ull
#define CALLED      1000u
#define ODD_FLAGS   0x44400u /* of user_programs.S */
#define PF_PRESENT  1u
#define PF_WRITE    2u
#define PF_USER     4u
#define PF_FETCH    16u
#define ERROR_TABLE 7u
#define ERROR_IDT   2u /* of a #GP: it came from a gate */

#define PROGRAM(name) extern const char user_test_##name[]
PROGRAM(sum);
PROGRAM(calls);
PROGRAM(interrupt);
PROGRAM(number);
PROGRAM(flags);
PROGRAM(wait);
PROGRAM(load);
PROGRAM(store);
PROGRAM(jump);
PROGRAM(cli);
PROGRAM(hlt);
PROGRAM(in);
PROGRAM(out);
PROGRAM(console);
PROGRAM(rdmsr);
PROGRAM(wrmsr);
PROGRAM(cr3);
PROGRAM(lgdt);
PROGRAM(sysret);
PROGRAM(swapgs);
PROGRAM(invlpg);
PROGRAM(timer);
PROGRAM(closed);
PROGRAM(kernel_code);
PROGRAM(vmcall);
PROGRAM(vmmcall);
PROGRAM(undefined);
PROGRAM(step);
PROGRAM(edge);

static int user_error;
static volatile bool ticking, pelting;
static volatile unsigned ticker_refused; /* when it tried to run a program beside the test's */
static struct component component = {.name = "user test", .state = COMPONENT_RUNNING};

static void send_nmi(unsigned sandbox)
{
    uint64_t flags = irq_save(); /* the two halves of a command belong together */
    lapic_write(LAPIC_ICR_HIGH, handoff->apic_id[sandbox] << 24);
    lapic_write(LAPIC_ICR_LOW, ICR_NMI | ICR_ASSERT);
    irq_restore(flags);
}

/* On a VCPU that comes before the test's: each tick is two changes of thread while ring 3 runs. */
static void ticker_main(void *argument)
{
    volatile uint64_t *word = user_data();
    struct user_end end;
    (void)argument;
    for (;;) {
        thread_sleep_us(TICK_US);
        if (!ticking)
            continue;
        if (user_run(user_address(user_test_sum), 0, 0, &end) == -EBUSY)
            ticker_refused++;
        if (pelting)
            send_nmi((handoff->id + 1u) % handoff->n_sandboxes);
        (*word)++;
    }
}

void user_test_init(void)
{
    user_error = user_init();
    if (!user_error)
        user_error = user_map(LAST_PAGE, virt_to_phys(user_test_edge) & ~(PAGE_SIZE - 1), 0);
    if (!user_error)
        user_error = user_map(FOREIGN, directory()->region[0].base, PTE_NX);
    if (!user_error && !thread_create("ticker", ticker_main, NULL, QV_VCPU_HEALTH))
        user_error = -ENOMEM;
}

static struct user_end run(const char *program, uint64_t a, uint64_t b)
{
    struct user_end end = {0};
    int error = user_run(user_address(program), a, b, &end);
    EXPECT(error == 0, "a program was not run: %d", error);
    return end;
}

static void expect_value(const char *program, uint64_t a, uint64_t b, uint64_t value, const char *name)
{
    struct user_end end = run(program, a, b);
    EXPECT(!end.fault, "%s: exception %lu error %lx at %lx, address %lx", name, end.vector, end.error, end.rip,
           end.address);
    EXPECT(end.fault || end.value == value, "%s gives %lx instead of %lx", name, end.value, value);
}

/* Ended by the processor, not by a monitor. */
static void expect_fault(const char *program, uint64_t a, uint64_t vector, uint64_t error, uint64_t address,
                         const char *name)
{
    struct user_end end = run(program, a, 0);
    EXPECT(end.fault, "%s went through", name);
    EXPECT(!end.fault || (end.vector == vector && end.error == error && end.address == address && !end.refused),
           "%s: exception %lu error %lx at %lx, address %lx", name, end.vector, end.error, end.rip, end.address);
}

/* A general protection (SDM vol. 1, 3.3.7.1); in the emulation of QEMU 8.2 a page fault. */
static void expect_no_address(const char *program, const char *name)
{
    struct user_end end = run(program, BEYOND, 0);
    EXPECT(end.fault && (end.vector == VECTOR_GP || (end.vector == VECTOR_PF && end.address == BEYOND)) && !end.refused,
           "%s: exception %lu error %lx address %lx", name, end.vector, end.error, end.address);
}

/* The error names the gate: vector * 8 (SDM vol. 3, 6.13), in QEMU's emulation * 16. */
static void expect_gate_fault(const char *program, const char *name)
{
    struct user_end end = run(program, 0, 0);
    EXPECT(end.fault && end.vector == VECTOR_GP && (end.error & ERROR_TABLE) == ERROR_IDT && !end.refused,
           "%s: exception %lu error %lx", name, end.vector, end.error);
}

static void try_calls(void)
{
    expect_value(user_test_sum, 40, 2, 42, "a sum");
    for (unsigned i = 0; i < CALLED; i++)
        expect_value(user_test_calls, 0, 0, 0, "SYSCALL");
    user_open_gate(true);
    expect_value(user_test_interrupt, 0, 0, 0, "INT");
    user_open_gate(false);
    expect_value(user_test_number, USER_CALLS, 0, (uint64_t)-ENOSYS, "the first unknown call");
    expect_value(user_test_number, ~0ull, 0, (uint64_t)-ENOSYS, "the last unknown call");
    expect_value(user_test_number, 1ull << 63, 0, (uint64_t)-ENOSYS, "a negative call");
    expect_value(user_test_flags, 0, 0, ODD_FLAGS, "odd flags");
    EXPECT((rdmsr(MSR_SFMASK) & ODD_FLAGS) == ODD_FLAGS, "odd flags come into the kernel");
}

/* The timer interrupts ring 3, another thread runs, and ring 3 goes on with all registers. */
static void try_interrupts(void)
{
    volatile uint64_t *word = user_data();
    uint64_t from = *word;
    ticker_refused = 0;
    ticking = true;
    expect_value(user_test_wait, USER_DATA, from + TICKS, 0, "a program that is interrupted");
    ticking = false;
    EXPECT(*word >= from + TICKS, "%lu ticks", *word - from);
    EXPECT(ticker_refused >= TICKS / 2, "a second program at the same time: refused %u times", ticker_refused);
}

/* NMIs are the monitors': they take ring 3 out of guest mode and put it back. */
static void try_nmis(void)
{
    uint64_t before = test_exits_of(handoff->id, QV_EXIT_NMI);
    pelting = true;
    try_interrupts();
    pelting = false;
    test_barrier(3);
    EXPECT(test_exits_of(handoff->id, QV_EXIT_NMI) > before, "no NMI came");
}

static void try_memory(void)
{
    const struct {
        uint64_t address;
        const char *name;
    } kernel[] = {
        {(uint64_t)handoff, "hand-off page"},
        {(uint64_t)test_user & ~7ull, "kernel text"},
        {(uint64_t)&user_error, "kernel data"},
        {(uint64_t)user_test_sum, "its own text by the kernel's address"},
        {(uint64_t)test_page, "kernel memory"},
        {(uint64_t)user_data(), "its own data by the kernel's address"},
        {(uint64_t)phys_to_virt(read_cr3() & PTE_ADDRESS), "page tables"},
        {(uint64_t)phys_to_virt(LAPIC_PHYS), "local APIC"},
        {(uint64_t)phys_to_virt(QV_STATUS_PHYS(0)), "status page"},
        {(uint64_t)phys_to_virt(directory()->region[0].base), "monitor memory"},
    };
    for (size_t i = 0; i < sizeof(kernel) / sizeof(kernel[0]); i++) {
        uint64_t at = kernel[i].address;
        expect_fault(user_test_load, at, VECTOR_PF, PF_PRESENT | PF_USER, at, kernel[i].name);
        expect_fault(user_test_store, at, VECTOR_PF, PF_PRESENT | PF_USER | PF_WRITE, at, kernel[i].name);
    }
    expect_fault(user_test_jump, (uint64_t)test_user, VECTOR_PF, PF_PRESENT | PF_USER | PF_FETCH, (uint64_t)test_user,
                 "execution of the kernel");
    expect_fault(user_test_jump, USER_DATA, VECTOR_PF, PF_PRESENT | PF_USER | PF_FETCH, USER_DATA,
                 "execution of its data");
    expect_fault(user_test_store, USER_TEXT, VECTOR_PF, PF_PRESENT | PF_USER | PF_WRITE, USER_TEXT,
                 "a write to its text");
    expect_fault(user_test_load, USER_STACK_TOP, VECTOR_PF, PF_USER, USER_STACK_TOP, "what is not mapped");
    expect_fault(user_test_load, 0, VECTOR_PF, PF_USER, 0, "address 0");
    expect_no_address(user_test_load, "what is no address");
}

static void try_instructions(void)
{
    const struct {
        const char *program, *name;
    } privileged[] = {
        {user_test_cli, "CLI"},
        {user_test_hlt, "HLT"},
        {user_test_in, "IN"},
        {user_test_out, "OUT"},
        {user_test_console, "OUT to the console"},
        {user_test_rdmsr, "RDMSR"},
        {user_test_wrmsr, "WRMSR"},
        {user_test_cr3, "CR3"},
        {user_test_lgdt, "LGDT"},
        {user_test_sysret, "SYSRET"},
        {user_test_swapgs, "SWAPGS"},
        {user_test_invlpg, "INVLPG"},
    };
    for (size_t i = 0; i < sizeof(privileged) / sizeof(privileged[0]); i++)
        expect_fault(privileged[i].program, read_cr3(), VECTOR_GP, 0, 0, privileged[i].name);
    expect_gate_fault(user_test_timer, "the timer's gate");
    expect_gate_fault(user_test_closed, "a gate that is closed");
    expect_fault(user_test_kernel_code, (uint64_t)test_user, VECTOR_GP, SEL_CODE, 0, "a far return to the kernel");
    expect_fault(user_test_undefined, 0, VECTOR_UD, 0, 0, "UD2");
    expect_fault(user_test_step, 0, 1, 0, 0, "a single step");
}

/* A call from the end of the lower half must not be answered by SYSRET: that would fault in ring 0. */
static void try_edge(void)
{
    struct user_end end = {0};
    int error = user_run(LAST_PAGE + PAGE_SIZE - 2, 0, 0, &end);
    EXPECT(error == 0 && end.fault && end.vector == VECTOR_GP && end.rip == BEYOND,
           "a return to nowhere: %d, exception %lu at %lx", error, end.vector, end.rip);
    EXPECT(user_run(BEYOND, 0, 0, &end) == -EINVAL, "a program at no address");
}

/* `ours` leaves to the monitor. KVM below answers the others in its own way: its hypercall, and the other maker's. */
static void expect_call(const char *program, bool ours, const char *name)
{
    bool kvm = strcmp((const char *)(uintptr_t)directory()->hypervisor, "KVMKVMKVM") == 0;
    struct user_end end = run(program, 0, 0);
    EXPECT((kvm && !ours) || (end.fault && end.vector == VECTOR_UD && end.refused == ours), "%s: exception %lu", name,
           end.vector);
}

/* Of both makers' instructions: one is the processor's and exits, the other is none. */
static void try_monitor_calls(void)
{
    bool native = handoff->mode == QV_MODE_NATIVE;
    bool vmmcall = monitor_call_is_vmmcall();
    uint32_t refused = test_refused();
    expect_call(user_test_vmmcall, !native && vmmcall, "VMMCALL");
    expect_call(user_test_vmcall, !native && !vmmcall, "VMCALL");
    EXPECT(native || test_refused() == refused + 1, "%u calls refused", test_refused() - refused);
}

/*
 * The kernel gives a program a page that it has not got: the violation happens in ring 3, and what the monitor enters
 * is the kernel, in ring 0. The frame around the program ends, and so does the program.
 */
static void try_foreign_page(void)
{
    uint64_t before = test_exits_of(handoff->id, QV_EXIT_NESTED_PAGE);
    volatile bool through = false;
    struct component_frame frame;

    if (component_enter(&component, &frame) == 0) {
        (void)run(user_test_load, FOREIGN, 0);
        through = true;
        component_leave(&frame);
    }
    EXPECT(!through, "monitor memory was read");
    EXPECT(test_exits_of(handoff->id, QV_EXIT_NESTED_PAGE) == before + 1, "no violation");
    EXPECT(monitor_call(QV_CALL_RECOVERED, 0) == 0, "the monitor knows of no recovery");
    expect_value(user_test_sum, 1, 2, 3, "a program after one that was lost");
}

void test_user(void)
{
    uint64_t exits;

    test_barrier(1);
    EXPECT(user_error == 0, "no user mode: %d", user_error);
    if (user_error)
        return;
    exits = test_exits(handoff->id, QV_STAGE_STEADY);
    try_calls();
    try_interrupts();
    try_memory();
    try_instructions();
    try_edge();
    EXPECT(test_exits(handoff->id, QV_STAGE_STEADY) == exits, "user mode leaves guest mode");
    test_barrier(2);
    try_monitor_calls();
    if (handoff->mode == QV_MODE_MONITOR) {
        try_nmis();
        try_foreign_page();
    }
    EXPECT(directory()->core[handoff->id].incarnation == 1, "the sandbox was restarted");
    test_barrier(4);
}
