/* SPDX-License-Identifier: MIT */
/* Instructions that would let a sandbox past its monitor, or past the nested page table: each refused and counted. */
#include "tests/boot/boot_test.h"

#define CACHE_BITS  (CR0_CD | CR0_NW)
#define CR4_VMXE    (1ull << 13)
#define CPUID_VMX   (1u << 5)
#define CPUID_XSAVE (1u << 26)

static void expect(uint32_t vector, uint32_t wanted, enum qv_exit_cause cause, uint64_t exits, uint32_t refused,
                   const char *name)
{
    EXPECT(vector == wanted, "%s: exception %u instead of %u", name, vector, wanted);
    EXPECT(test_exits_of(handoff->id, cause) == exits + 1, "%s: no exit, or of another cause", name);
    EXPECT(test_refused() == refused + 1, "%s: not counted as refused", name);
}

#define TRY(wanted, cause, name, code, ...)                                                                            \
    do {                                                                                                               \
        uint64_t exits_ = test_exits_of(handoff->id, cause);                                                           \
        uint32_t refused_ = test_refused();                                                                            \
        uint32_t vector_ = ATTEMPT(code, __VA_ARGS__);                                                                 \
        expect(vector_, wanted, cause, exits_, refused_, name);                                                        \
    } while (0)

#define ABSENT(name, code, ...)                                                                                        \
    do {                                                                                                               \
        uint32_t vector_ = ATTEMPT(code, __VA_ARGS__);                                                                 \
        EXPECT(vector_ == VECTOR_UD, "%s: exception %u instead of %u", name, vector_, VECTOR_UD);                      \
    } while (0)

static bool vmx(void)
{
    return directory()->vendor[0] == 'v';
}

/* Each is unknown to the sandbox, whatever the processor itself thinks of it. */
static void try_vmx(uint64_t phys)
{
    const uint64_t descriptor[2] = {phys, 0};
    uint64_t value = phys;

    TRY(VECTOR_UD, QV_EXIT_VIRT_INSN, "VMXON", "vmxon %0", ::"m"(value) : "memory", "cc");
    TRY(VECTOR_UD, QV_EXIT_VIRT_INSN, "VMXOFF", "vmxoff", ::: "memory", "cc");
    TRY(VECTOR_UD, QV_EXIT_VIRT_INSN, "VMCLEAR", "vmclear %0", ::"m"(value) : "memory", "cc");
    TRY(VECTOR_UD, QV_EXIT_VIRT_INSN, "VMPTRLD", "vmptrld %0", ::"m"(value) : "memory", "cc");
    TRY(VECTOR_UD, QV_EXIT_VIRT_INSN, "VMPTRST", "vmptrst %0", : "+m"(value)::"memory", "cc");
    TRY(VECTOR_UD, QV_EXIT_VIRT_INSN, "VMREAD", "vmread %1, %0", : "+r"(value) : "r"(0ull) : "memory", "cc");
    TRY(VECTOR_UD, QV_EXIT_VIRT_INSN, "VMWRITE", "vmwrite %0, %1", ::"r"(value), "r"(0ull) : "memory", "cc");
    TRY(VECTOR_UD, QV_EXIT_VIRT_INSN, "VMLAUNCH", "vmlaunch", ::: "memory", "cc");
    TRY(VECTOR_UD, QV_EXIT_VIRT_INSN, "VMRESUME", "vmresume", ::: "memory", "cc");
    TRY(VECTOR_UD, QV_EXIT_VIRT_INSN, "INVEPT", "invept %0, %1", ::"m"(descriptor), "r"(2ull) : "memory", "cc");
    TRY(VECTOR_UD, QV_EXIT_VIRT_INSN, "INVVPID", "invvpid %0, %1", ::"m"(descriptor), "r"(2ull) : "memory", "cc");
    ABSENT("VMFUNC", ".byte 0x0f, 0x01, 0xd4", ::"a"(0), "c"(0) : "memory");
    ABSENT("VMRUN", "vmrun %%rax", ::"a"(phys) : "memory");
    ABSENT("VMSAVE", "vmsave %%rax", ::"a"(phys) : "memory");
}

/* With an address of its own, and with one of its monitor: the second is what the intercept is for. */
static void try_virtualization(uint64_t phys)
{
    if (vmx()) {
        try_vmx(phys);
        return;
    }

    TRY(VECTOR_UD, QV_EXIT_VIRT_INSN, "VMRUN", "vmrun %%rax", ::"a"(phys) : "memory");
    TRY(VECTOR_UD, QV_EXIT_VIRT_INSN, "VMLOAD", "vmload %%rax", ::"a"(phys) : "memory");
    TRY(VECTOR_UD, QV_EXIT_VIRT_INSN, "VMSAVE", "vmsave %%rax", ::"a"(phys) : "memory");
    TRY(VECTOR_UD, QV_EXIT_VIRT_INSN, "CLGI", "clgi", ::: "memory");
    TRY(VECTOR_UD, QV_EXIT_VIRT_INSN, "STGI", "stgi", ::: "memory");
    TRY(VECTOR_UD, QV_EXIT_VIRT_INSN, "SKINIT", "skinit %%eax", ::"a"(phys) : "memory");
    TRY(VECTOR_UD, QV_EXIT_VIRT_INSN, "INVLPGA", "invlpga %%rax, %%ecx", ::"a"(phys), "c"(0) : "memory");
}

static void try_privileged(void)
{
    uint64_t cr0 = read_cr0();

    TRY(VECTOR_GP, QV_EXIT_CACHE, "WBINVD", "wbinvd", ::: "memory");
    TRY(VECTOR_GP, QV_EXIT_CACHE, "INVD", "invd", ::: "memory");
    TRY(VECTOR_GP, QV_EXIT_CONTROL_REGISTER, "CR0.CD", "movq %0, %%cr0", ::"r"(cr0 | CACHE_BITS) : "memory");
    TRY(VECTOR_GP, QV_EXIT_CONTROL_REGISTER, "CR0.WP off", "movq %0, %%cr0", ::"r"(cr0 & ~CR0_WP) : "memory");
    TRY(VECTOR_GP, QV_EXIT_CONTROL_REGISTER, "paging off", "movq %0, %%cr0", ::"r"(cr0 & ~CR0_PG) : "memory");
    EXPECT(read_cr0() == cr0, "CR0 changed from %lx to %lx", cr0, read_cr0());
    if (vmx()) {
        uint64_t cr4 = read_cr4();
        EXPECT(!(cr4 & CR4_VMXE), "CR4 shows VMXE");
        TRY(VECTOR_GP, QV_EXIT_CONTROL_REGISTER, "CR4.VMXE", "movq %0, %%cr4", ::"r"(cr4 | CR4_VMXE) : "memory");
        ABSENT("RSM", "rsm", ::: "memory"); /* outside system management it is no instruction at all */
        return;
    }
    uint32_t refused = test_refused();
    uint32_t vector = ATTEMPT("rsm", ::: "memory");
    EXPECT(vector == VECTOR_GP || vector == VECTOR_UD, "RSM: exception %u", vector);
    EXPECT(test_refused() == refused + 1, "RSM: not counted as refused");
}

/* What a kernel needs all the time stays its own. */
static void check_free(void)
{
    if (vmx()) /* there CPUID leaves guest mode whatever the monitor wants */
        EXPECT(!(cpuid(1, 0).ecx & (CPUID_VMX | CPUID_XSAVE)), "CPUID shows what a sandbox cannot use");

    uint64_t exits = test_exits(handoff->id, QV_STAGE_STEADY);
    if (!vmx())
        (void)cpuid(0, 0);

    write_cr4(read_cr4());
    write_cr3(read_cr3());
    EXPECT(ATTEMPT("clts", ::: "memory") == NO_EXCEPTION, "CLTS is refused");
    EXPECT(ATTEMPT("invlpg (%0)", ::"r"(0) : "memory") == NO_EXCEPTION, "INVLPG is refused");
    EXPECT(test_exits(handoff->id, QV_STAGE_STEADY) == exits, "ordinary instructions leave guest mode");
}

void test_instructions(void)
{
    test_barrier(1);
    check_free();
    try_virtualization(virt_to_phys(test_page));
    try_virtualization(directory()->region[0].base);
    try_privileged();
    EXPECT(directory()->core[handoff->id].incarnation == 1 && directory()->core[handoff->id].attempts == 0,
           "a refused instruction led to a recovery");
    test_barrier(2);
}
