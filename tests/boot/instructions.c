/* SPDX-License-Identifier: MIT */
/* Instructions that would let a sandbox past its monitor, or past the nested page table: each refused and counted. */
#include "tests/boot/boot_test.h"

#define CACHE_BITS (CR0_CD | CR0_NW)

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

/* With an address of its own, and with one of its monitor: the second is what the intercept is for. */
static void try_virtualization(uint64_t phys)
{
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
    uint32_t refused = test_refused();
    uint32_t vector = ATTEMPT("rsm", ::: "memory");
    EXPECT(vector == VECTOR_GP || vector == VECTOR_UD, "RSM: exception %u", vector);
    EXPECT(test_refused() == refused + 1, "RSM: not counted as refused");
}

/* What a kernel needs all the time stays its own. */
static void check_free(void)
{
    uint64_t exits = test_exits(handoff->id, QV_STAGE_STEADY);

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
