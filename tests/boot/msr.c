/* SPDX-License-Identifier: MIT */
/* Model-specific registers: a short list is the sandbox's own, the rest is refused, also to read. */
#include "tests/boot/boot_test.h"

static const struct {
    uint32_t msr;
    const char *name;
} refused_writes[] = {
    {0xc0000080, "EFER"},
    {0x1b, "APIC_BASE"},
    {0xc0010117, "VM_HSAVE_PA"},
    {0xc0010114, "VM_CR"},
    {0x277, "PAT"},
    {0x2ff, "MTRR default"},
    {0x200, "MTRR base 0"},
    {0x250, "MTRR fixed"},
    {0x10, "TSC"},
    {0x3b, "TSC adjust"},
    {0xc0010010, "SYSCFG"},
    {0xc0010015, "HWCR"},
    {0xc0010111, "SMM base"},
    {0xc0010112, "SMM address"},
    {0xc0000103, "TSC_AUX"},
    {0x17a, "MCG status"},
    {0x400, "MC0 control"},
    {0x1d9, "debug control"},
    {0xc0010000, "PERF_CTL0"},
    {0x830, "x2APIC command"},
    {0x80b, "x2APIC end of IRQ"},
    {0x3a, "feature control"},
    {0x8b, "microcode"},
    {0xc0011029, "decode configuration"},
    {0x40000000, "beyond the map"},
    {0xffffffff, "beyond the map"},
};

static const struct {
    uint32_t msr;
    const char *name;
} refused_reads[] = {
    {0xc0010117, "VM_HSAVE_PA"}, {0xc0010114, "VM_CR"},    {0x10, "TSC"},      {0xc0010015, "HWCR"},
    {0x2ff, "MTRR default"},     {0xc0010111, "SMM base"}, {0x179, "MCG cap"}, {0x40000000, "beyond the map"},
};

/* The sandbox's own, kept for it across exits. */
static const uint32_t own[] = {MSR_SYSENTER_CS, MSR_SYSENTER_ESP, MSR_SYSENTER_EIP, MSR_STAR,    MSR_LSTAR,
                               MSR_CSTAR,       MSR_SFMASK,       MSR_FS_BASE,      MSR_GS_BASE, MSR_KERNEL_GS_BASE};
static const uint32_t readable[] = {MSR_EFER, MSR_APIC_BASE, MSR_PAT};

static void expect_refused(uint32_t vector, uint32_t refused, const char *name, const char *how)
{
    EXPECT(vector == VECTOR_GP, "%s of %s: exception %u", how, name, vector);
    EXPECT(test_refused() == refused + 1, "%s of %s: not refused by the monitor", how, name);
}

static void try_write(uint32_t msr, const char *name)
{
    uint32_t refused = test_refused();
    uint32_t vector = ATTEMPT("wrmsr", ::"c"(msr), "a"(0), "d"(0) : "memory");
    expect_refused(vector, refused, name, "write");
}

static void try_refused(void)
{
    for (size_t i = 0; i < sizeof(refused_writes) / sizeof(refused_writes[0]); i++)
        try_write(refused_writes[i].msr, refused_writes[i].name);
    if (!cpu_has_tsc_deadline())
        try_write(MSR_TSC_DEADLINE, "TSC deadline"); /* else the sandbox's own: timer.c */
    for (size_t i = 0; i < sizeof(refused_reads) / sizeof(refused_reads[0]); i++) {
        uint32_t refused = test_refused();
        uint32_t low = 0, high = 0;
        uint32_t vector = ATTEMPT("rdmsr", : "=a"(low), "=d"(high) : "c"(refused_reads[i].msr) : "memory");
        expect_refused(vector, refused, refused_reads[i].name, "read");
    }
}

/* A different value in each sandbox, an exit in between: what comes back is its own. */
static void check_own(void)
{
    uint64_t exits = test_exits_of(handoff->id, QV_EXIT_MSR);
    uint64_t old[sizeof(own) / sizeof(own[0])];

    for (size_t i = 0; i < sizeof(own) / sizeof(own[0]); i++) {
        old[i] = rdmsr(own[i]);
        wrmsr(own[i], 0x1000u * (handoff->id + 1u) + i);
    }
    test_barrier(2);
    EXPECT(monitor_call(QV_CALL_NOP, 0) == 0, "monitor call");
    for (size_t i = 0; i < sizeof(own) / sizeof(own[0]); i++) {
        uint64_t value = rdmsr(own[i]);
        EXPECT(value == 0x1000u * (handoff->id + 1u) + i, "MSR %x came back as %lx", own[i], value);
        wrmsr(own[i], old[i]);
    }
    for (size_t i = 0; i < sizeof(readable) / sizeof(readable[0]); i++)
        (void)rdmsr(readable[i]);
    EXPECT((rdmsr(MSR_EFER) & (EFER_LMA | EFER_NXE)) == (EFER_LMA | EFER_NXE), "EFER is %lx", rdmsr(MSR_EFER));
    EXPECT(test_exits_of(handoff->id, QV_EXIT_MSR) == exits, "the sandbox's own registers leave guest mode");
}

void test_msr(void)
{
    test_barrier(1);
    try_refused();
    check_own();
    test_barrier(3);
}
