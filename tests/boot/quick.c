/* SPDX-License-Identifier: MIT */
/*
 * Monitor calls under a rain of NMIs: sandbox 0 makes quick calls and others in turn while its neighbours send NMIs to
 * its core at ever different distances. An NMI may come at any instruction, also of the monitor's way back into the
 * sandbox: every call must give its result, exactly once, and leave all other registers alone.
 */
#include "tests/boot/boot_test.h"

#define CALLS      5000u
#define FEWEST     100u /* NMIs, or the test has tested little: it goes on until they have come */
#define LONGEST    300u /* PAUSEs between two NMIs */
#define STEP       1103515245u
#define PATTERN(i) (0x1111111111111111ull * (i) ^ 0x5a5a00000000a5a5ull)

struct registers {
    uint64_t rax, rbx, rcx, rdx, rsi, rdi, rbp, r8, r9, r10, r11, r12, r13, r14, r15;
};

#define CALL_WITH(instruction, registers)                                                                              \
    __asm__ volatile("pushq %%rbp\n\tpushq %%rdi\n\t"                                                                  \
                     "movq 0(%%rdi), %%rax\n\tmovq 8(%%rdi), %%rbx\n\tmovq 16(%%rdi), %%rcx\n\t"                       \
                     "movq 24(%%rdi), %%rdx\n\tmovq 32(%%rdi), %%rsi\n\tmovq 48(%%rdi), %%rbp\n\t"                     \
                     "movq 56(%%rdi), %%r8\n\tmovq 64(%%rdi), %%r9\n\tmovq 72(%%rdi), %%r10\n\t"                       \
                     "movq 80(%%rdi), %%r11\n\tmovq 88(%%rdi), %%r12\n\tmovq 96(%%rdi), %%r13\n\t"                     \
                     "movq 104(%%rdi), %%r14\n\tmovq 112(%%rdi), %%r15\n\tmovq 40(%%rdi), %%rdi\n\t" instruction       \
                     "\n\txchgq %%rdi, (%%rsp)\n\t"                                                                    \
                     "movq %%rax, 0(%%rdi)\n\tmovq %%rbx, 8(%%rdi)\n\tmovq %%rcx, 16(%%rdi)\n\t"                       \
                     "movq %%rdx, 24(%%rdi)\n\tmovq %%rsi, 32(%%rdi)\n\tmovq %%rbp, 48(%%rdi)\n\t"                     \
                     "movq %%r8, 56(%%rdi)\n\tmovq %%r9, 64(%%rdi)\n\tmovq %%r10, 72(%%rdi)\n\t"                       \
                     "movq %%r11, 80(%%rdi)\n\tmovq %%r12, 88(%%rdi)\n\tmovq %%r13, 96(%%rdi)\n\t"                     \
                     "movq %%r14, 104(%%rdi)\n\tmovq %%r15, 112(%%rdi)\n\tpopq 40(%%rdi)\n\tpopq %%rbp"                \
                     : "+D"(registers)                                                                                 \
                     :                                                                                                 \
                     : "rax", "rbx", "rcx", "rdx", "rsi", "r8", "r9", "r10", "r11", "r12", "r13", "r14", "r15",        \
                       "memory", "cc")

static void call_with(struct registers *registers)
{
    if (monitor_call_is_vmmcall())
        CALL_WITH("vmmcall", registers);
    else
        CALL_WITH("vmcall", registers);
}

/* Without pages MAP gives an error; beyond the last number there is none, the long way. */
static const struct {
    uint64_t number;
    int64_t result;
} call[] = {
    {QV_CALL_NOP, 0}, {QV_CALL_STAMP, 0}, {QV_CALL_MAP, -EINVAL}, {QV_CALL_NOP, 0}, {QV_CALL_COUNT, -ENOSYS},
};

/* Returns how many it made. */
static uint32_t make_calls(uint64_t nmis_before)
{
    uint64_t want[sizeof(struct registers) / 8];
    uint32_t i;
    for (i = 0; i < CALLS || test_exits_of(0, QV_EXIT_NMI) - nmis_before < FEWEST; i++) {
        unsigned kind = i % (sizeof(call) / sizeof(call[0]));
        for (unsigned r = 0; r < sizeof(want) / 8; r++)
            want[r] = PATTERN(r + i);
        want[0] = call[kind].number;
        want[4] = 0; /* RSI: MAP's number of pages */
        struct registers registers;
        memcpy(&registers, want, sizeof(registers));
        call_with(&registers);
        if (call[kind].number == QV_CALL_STAMP)
            registers.rdx = want[3];
        want[0] = (uint64_t)call[kind].result;
        EXPECT(memcmp(&registers, want, sizeof(want)) == 0, "call %lu, the %uth: result %ld or another register",
               call[kind].number, i, (int64_t)registers.rax);
    }
    return i;
}

static void send_nmis(void)
{
    volatile uint8_t *apic = phys_to_virt(LAPIC_PHYS);
    uint32_t distance = handoff->id;
    while (test_shown(0) == 0) {
        distance = distance * STEP + 12345u;
        for (unsigned i = 0; i < (distance >> 16) % LONGEST; i++)
            cpu_pause();
        uint64_t flags = irq_save(); /* the two halves of a command belong together */
        mmio_write32(apic, LAPIC_ICR_HIGH, (uint32_t)handoff->apic_id[0] << 24);
        mmio_write32(apic, LAPIC_ICR_LOW, ICR_NMI | ICR_ASSERT);
        irq_restore(flags);
    }
}

void test_quick(void)
{
    uint64_t calls = test_exits_of(0, QV_EXIT_CALL);
    uint64_t nmis = test_exits_of(0, QV_EXIT_NMI);
    test_barrier(1);
    if (handoff->id == 0) {
        uint32_t made = make_calls(nmis);
        calls = test_exits_of(0, QV_EXIT_CALL) - calls;
        test_show(1);
        EXPECT(calls == made, "%lu calls counted of %u", calls, made);
    } else {
        send_nmis();
    }
    test_barrier(2);
}
