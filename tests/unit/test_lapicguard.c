/* SPDX-License-Identifier: MIT */
/* The store decoder against what the assembler makes of every addressing form, and the register rules. */
#include "monitor/lapic_guard.h"

#include <string.h>

#include "lib/errno.h"
#include "qv/draw.h"
#include "unit.h"

/* --- instructions the assembler made, each with what it should decode to --- */

/* X(name, text, operand size, immediate?, register, value) */
#define STORES(X)                                                                                                      \
    X(reg_base, "movl %eax, (%rbx)", 4, false, 0, 0)                                                                   \
    X(reg_disp8, "movl %ecx, 0x40(%rbx)", 4, false, 1, 0)                                                              \
    X(reg_disp32, "movl %edx, 0x300(%rdi)", 4, false, 2, 0)                                                            \
    X(reg_rsp, "movl %ebp, 0x10(%rsp)", 4, false, 5, 0)                                                                \
    X(reg_rbp, "movl %esp, (%rbp)", 4, false, 4, 0)                                                                    \
    X(reg_r12, "movl %esi, (%r12)", 4, false, 6, 0)                                                                    \
    X(reg_r13, "movl %edi, (%r13)", 4, false, 7, 0)                                                                    \
    X(reg_high, "movl %r8d, 0x380(%r9)", 4, false, 8, 0)                                                               \
    X(reg_r15, "movl %r15d, 0x7ee00300(,%r14,8)", 4, false, 15, 0)                                                     \
    X(reg_absolute, "movl %ebx, 0x7ee00300", 4, false, 3, 0)                                                           \
    X(reg_rip, "movl %ebx, 0x300(%rip)", 4, false, 3, 0)                                                               \
    X(reg_index, "movl %ebx, 0x20(%rax,%rcx,4)", 4, false, 3, 0)                                                       \
    X(reg_index0, "movl %ebx, (%rax,%rcx,1)", 4, false, 3, 0)                                                          \
    X(reg_addr32, "movl %ebx, 0x300(%eax)", 4, false, 3, 0)                                                            \
    X(reg_fs, "movl %ebx, %fs:0x300(%rax)", 4, false, 3, 0)                                                            \
    X(reg_gs32, "movl %r9d, %gs:(%eax,%r9d,2)", 4, false, 9, 0)                                                        \
    X(reg_16, "movw %bx, 0x300(%rax)", 2, false, 3, 0)                                                                 \
    X(reg_64, "movq %rbx, 0x300(%rax)", 8, false, 3, 0)                                                                \
    X(reg_r64, "movq %r10, 0x300(%r10)", 8, false, 10, 0)                                                              \
    X(imm_base, "movl $0, 0xb0(%rax)", 4, true, 0, 0)                                                                  \
    X(imm_disp8, "movl $0x12345678, 0x40(%rax)", 4, true, 0, 0x12345678)                                               \
    X(imm_negative, "movl $-1, (%rax)", 4, true, 0, 0xffffffff)                                                        \
    X(imm_sib, "movl $0x4fe, 0x300(%r8,%r9,8)", 4, true, 0, 0x4fe)                                                     \
    X(imm_absolute, "movl $0xc4500, 0x7ee00300", 4, true, 0, 0xc4500)                                                  \
    X(imm_rip, "movl $7, 0x100(%rip)", 4, true, 0, 7)                                                                  \
    X(imm_16, "movw $0x8001, (%rax)", 2, true, 0, 0x8001)                                                              \
    X(imm_64, "movq $-2, 0x10(%r12)", 8, true, 0, 0xfffffffffffffffe)                                                  \
    X(imm_fs, "movl $9, %fs:(%edi)", 4, true, 0, 9)                                                                    \
    X(moffs, "movabsl %eax, 0xffff8000fee00300", 4, false, 0, 0)                                                       \
    X(moffs_64, "movabsq %rax, 0xffff8000fee00300", 8, false, 0, 0)                                                    \
    X(moffs_16, "movabsw %ax, 0xffff8000fee00300", 2, false, 0, 0)                                                     \
    X(moffs_gs, "movabsl %eax, %gs:0xffff8000fee00300", 4, false, 0, 0)                                                \
    X(moffs_32, "addr32 mov %eax, 0x7ee00300", 4, false, 0, 0)

#define ASSEMBLE(name, text, ...)                                                                                      \
    __asm__(".pushsection .rodata\nqv_store_" #name ": " text "\nqv_store_end_" #name ":\n.popsection\n");             \
    extern const uint8_t qv_store_##name[], qv_store_end_##name[];
STORES(ASSEMBLE)

static const struct store_case {
    const char *text;
    const uint8_t *begin, *end;
    uint8_t size;
    bool immediate;
    uint8_t reg;
    uint64_t value;
} stores[] = {
#define STORE_CASE(name, text, size, immediate, reg, value)                                                            \
    {text, qv_store_##name, qv_store_end_##name, size, immediate, reg, value},
    STORES(STORE_CASE)};

/*
 * Every base with every displacement size and, half of them, with every index: the assembler chooses the encodings with
 * their exceptions. Table entries: begin, end (offsets from the table), register.
 */
__asm__(".pushsection .rodata\n"
        ".macro qv_entry text:vararg\n"
        "  .pushsection .rodata.sweep, \"a\"\n  .balign 1\n771: \\text\n772:\n  .popsection\n"
        "  .long 771b - qv_sweep_code, 772b - qv_sweep_code, qv_reg\n"
        ".endm\n"
        ".pushsection .rodata.sweep, \"a\"\nqv_sweep_code:\n.popsection\n"
        ".balign 4\nqv_sweep:\n"
        ".set qv_reg, 0\n"
        ".irp reg,eax,ecx,edx,ebx,esp,ebp,esi,edi,r8d,r9d,r10d,r11d,r12d,r13d,r14d,r15d\n"
        "  .irp base,rax,rcx,rdx,rbx,rsp,rbp,rsi,rdi,r8,r9,r10,r11,r12,r13,r14,r15\n"
        "    qv_entry movl %\\reg, (%\\base)\n"
        "    qv_entry movl %\\reg, 0x7f(%\\base)\n"
        "    qv_entry movl %\\reg, 0x80(%\\base)\n"
        "    .irp index,rax,rcx,rdx,rbx,rbp,rsi,rdi,r8,r9,r10,r11,r12,r13,r14,r15\n"
        "      qv_entry movl %\\reg, -0x80(%\\base,%\\index,2)\n"
        "      qv_entry movl %\\reg, (%\\base,%\\index,8)\n"
        "      qv_entry movl %\\reg, 0x300(%\\base,%\\index,1)\n"
        "    .endr\n"
        "  .endr\n"
        "  .set qv_reg, qv_reg + 1\n"
        ".endr\n"
        "qv_sweep_end:\n.popsection\n");
struct sweep_entry {
    uint32_t begin, end, reg;
};
extern const struct sweep_entry qv_sweep[], qv_sweep_end[];
extern const uint8_t qv_sweep_code[];

/* Decodes from a heap block that ends where the bytes end, so that a step beyond is seen. */
static int decode(const uint8_t *code, size_t available, struct lapic_store *store)
{
    uint8_t *copy = malloc(available ? available : 1);
    memcpy(copy, code, available);
    int error = lapic_decode(copy, available, store);
    free(copy);
    return error;
}

static void the_assembler_s_stores_are_decoded(void)
{
    struct lapic_store store;
    uint8_t padded[32];

    for (size_t i = 0; i < sizeof(stores) / sizeof(stores[0]); i++) {
        const struct store_case *c = &stores[i];
        size_t length = (size_t)(c->end - c->begin);
        int error = decode(c->begin, length, &store);
        bool right = error == 0 && store.length == length && store.size == c->size && store.immediate == c->immediate &&
                     store.value == c->value && (c->immediate || store.reg == c->reg);
        if (!right)
            printf("\n    %s: error %d, length %u of %zu", c->text, error, store.length, length);
        CU_ASSERT_TRUE(right);
        /* What follows does not matter; what is missing does. */
        memset(padded, 0xcc, sizeof(padded));
        memcpy(padded, c->begin, length);
        CU_ASSERT_EQUAL(decode(padded, sizeof(padded), &store), 0);
        CU_ASSERT_EQUAL(store.length, length);
        for (size_t part = 0; part < length; part++)
            CU_ASSERT_EQUAL(decode(c->begin, part, &store), -EAGAIN);
    }
}

static void every_addressing_form(void)
{
    size_t n = (size_t)(qv_sweep_end - qv_sweep), wrong = 0;

    CU_ASSERT_EQUAL(n, 16 * 16 * (3 + 3 * 15));
    for (size_t i = 0; i < n; i++) {
        const uint8_t *code = qv_sweep_code + qv_sweep[i].begin;
        size_t length = qv_sweep[i].end - qv_sweep[i].begin;
        struct lapic_store store;
        int error = decode(code, length, &store);
        wrong += error != 0 || store.length != length || store.reg != qv_sweep[i].reg || store.size != 4;
        wrong += decode(code, length - 1, &store) != -EAGAIN;
    }
    CU_ASSERT_EQUAL(wrong, 0);
}

static void bytes_written_by_hand(void)
{
    static const struct {
        uint8_t bytes[16];
        size_t available;
        int error;
        uint8_t length, size;
    } cases[] = {
        {{0x89, 0x03}, 2, 0, 2, 4},
        {{0x48, 0x66, 0x89, 0x03}, 4, 0, 4, 2},             /* REX not right before the opcode: void */
        {{0x48, 0x41, 0x89, 0x03}, 4, 0, 4, 4},             /* the last REX counts */
        {{0x66, 0x48, 0x89, 0x03}, 4, 0, 4, 8},             /* REX.W beats 66 */
        {{0x66, 0x48, 0xc7, 0x03, 1, 2, 3, 4}, 8, 0, 8, 8}, /* and the immediate has 4 bytes */
        {{0x2e, 0x36, 0x3e, 0x26, 0x64, 0x65, 0x67, 0x89, 0x03}, 9, 0, 9, 4},
        {{0x89, 0x04, 0x25, 0, 3, 0xe0, 0xfe}, 7, 0, 7, 4},       /* no base, no index */
        {{0x41, 0x89, 0x05, 0, 3, 0xe0, 0xfe}, 7, 0, 7, 4},       /* relative to RIP also with REX.B */
        {{0x41, 0x89, 0x04, 0x25, 0, 3, 0xe0, 0xfe}, 8, 0, 8, 4}, /* no base also with REX.B */
        {{0x89, 0xc3}, 2, -EINVAL, 0, 0},                         /* to a register */
        {{0xc7, 0xc0, 1, 0, 0, 0}, 6, -EINVAL, 0, 0},
        {{0xc7, 0xf8, 1, 0, 0, 0}, 6, -EINVAL, 0, 0}, /* XBEGIN */
        {{0xc7, 0x08, 1, 0, 0, 0}, 6, -EINVAL, 0, 0}, /* /1 */
        {{0xf0, 0x89, 0x03}, 3, -EINVAL, 0, 0},       /* LOCK */
        {{0xf3, 0x89, 0x03}, 3, -EINVAL, 0, 0},       /* XRELEASE */
        {{0xf2, 0x89, 0x03}, 3, -EINVAL, 0, 0},
        {{0x88, 0x03}, 2, -EINVAL, 0, 0},                   /* 8 bits */
        {{0xc6, 0x03, 0}, 3, -EINVAL, 0, 0},                /* 8 bits */
        {{0x8b, 0x03}, 2, -EINVAL, 0, 0},                   /* a load */
        {{0x87, 0x03}, 2, -EINVAL, 0, 0},                   /* XCHG */
        {{0x01, 0x03}, 2, -EINVAL, 0, 0},                   /* ADD */
        {{0xab}, 1, -EINVAL, 0, 0},                         /* STOS */
        {{0xa2, 0, 0, 0, 0, 0, 0, 0, 0}, 9, -EINVAL, 0, 0}, /* 8 bits */
        {{0xff, 0x33}, 2, -EINVAL, 0, 0},                   /* PUSH */
        {{0x0f, 0xc3, 0x03}, 3, -EINVAL, 0, 0},             /* MOVNTI */
        {{0x0f, 0x89, 0x03}, 3, -EINVAL, 0, 0},
        {{0xc5, 0xf8, 0x11, 0x03}, 4, -EINVAL, 0, 0}, /* VEX */
        {{0x62, 0xf1, 0x7c, 0x48}, 4, -EINVAL, 0, 0}, /* EVEX */
        {{0}, 0, -EAGAIN, 0, 0},
        {{0x66}, 1, -EAGAIN, 0, 0},
    };
    struct lapic_store store;

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        int error = decode(cases[i].bytes, cases[i].available, &store);
        if (error != cases[i].error)
            printf("\n    case %zu: %d", i, error);
        CU_ASSERT_EQUAL(error, cases[i].error);
        if (error == 0) {
            CU_ASSERT_EQUAL(store.length, cases[i].length);
            CU_ASSERT_EQUAL(store.size, cases[i].size);
        }
    }
}

static void fifteen_bytes_at_most(void)
{
    struct lapic_store store;
    uint8_t code[32];

    for (size_t prefixes = 0; prefixes < 20; prefixes++) {
        memset(code, 0x3e, sizeof(code));
        memcpy(code + prefixes, "\x89\x03", 2);
        CU_ASSERT_EQUAL(decode(code, sizeof(code), &store), prefixes + 2 <= 15 ? 0 : -EINVAL);
    }
    memset(code, 0x66, sizeof(code));
    CU_ASSERT_EQUAL(decode(code, sizeof(code), &store), -EINVAL);
}

/* One byte opcodes: three are stores, 18 are prefixes, and every other is refused, whatever follows. */
static void every_other_opcode_is_refused(void)
{
    struct lapic_store store;
    unsigned accepted = 0;

    for (unsigned opcode = 0; opcode < 256; opcode++) {
        uint8_t code[16] = {(uint8_t)opcode, 0x03};
        bool prefix = (opcode & 0xf0) == 0x40 || opcode == 0x66 || opcode == 0x67 || opcode == 0x26 || opcode == 0x2e ||
                      opcode == 0x36 || opcode == 0x3e || opcode == 0x64 || opcode == 0x65;
        bool is_store = opcode == 0x89 || opcode == 0xc7 || opcode == 0xa3;
        int error = decode(code, sizeof(code), &store);
        accepted += error == 0;
        if (!prefix)
            CU_ASSERT_EQUAL(error, is_store ? 0 : -EINVAL);
    }
    CU_ASSERT_EQUAL(accepted, 3); /* 03h, the byte after a prefix, is ADD */
}

static void random_bytes_are_decoded_or_refused(void)
{
    unsigned good = 0, bad = 0;

    for (uint64_t i = 0; i < 300000; i++) {
        uint8_t code[16];
        uint64_t words[2] = {qv_draw(7, 2 * i), qv_draw(7, 2 * i + 1)};
        struct lapic_store store;
        memcpy(code, words, sizeof(code));
        if (i % 2)
            code[i / 2 % 3] = i % 4 == 1 ? 0x89 : 0xc7;
        size_t available = i % 17;
        int error = decode(code, available, &store);
        if (error == 0) {
            good++;
            if (store.length > available || store.length > LAPIC_INSN_MAX || store.length < 2 || store.reg > 15)
                bad++;
        } else if (error != -EINVAL && error != -EAGAIN) {
            bad++;
        }
    }
    CU_ASSERT_EQUAL(bad, 0);
    CU_ASSERT(good > 1000);
}

/* --- registers --- */

static struct lapic_guard guard;

/* Sandboxes on cores 0, 2 and 5 of a machine with more cores. */
static void start(bool only_sandboxes)
{
    guard = (struct lapic_guard){
        .n_sandboxes = 3,
        .apic_id = {0, 2, 5, 7}, /* what lies beyond the count does not count */
        .logical_id = {1, 2, 4, 8},
        .self = 1,
        .only_sandboxes = only_sandboxes,
        .started = true,
    };
}

static bool passes(uint32_t offset, uint32_t value)
{
    uint32_t refused = guard.refused;
    struct lapic_action action = lapic_guard_write(&guard, offset, 4, value);
    bool ok = action.verdict != LAPIC_REFUSE;

    CU_ASSERT_EQUAL(guard.refused - refused, ok ? 0 : 1);
    CU_ASSERT_EQUAL(action.reason == NULL, ok);
    CU_ASSERT_PTR_NOT_NULL(action.name);
    return ok;
}

static bool sends(uint32_t high, uint32_t low)
{
    CU_ASSERT_TRUE(passes(0x310, high));
    bool ok = passes(0x300, low);
    struct lapic_action action = lapic_guard_write(&guard, 0x300, 4, low);
    CU_ASSERT_EQUAL(action.verdict, ok ? LAPIC_SEND : LAPIC_REFUSE);
    if (ok) {
        CU_ASSERT_EQUAL(action.high, high & 0xff000000);
        CU_ASSERT_EQUAL(action.value, (low & ~0x1000u) | 0x4000);
    }
    return ok;
}

static void everyday_registers(void)
{
    start(false);
    CU_ASSERT_TRUE(passes(0x0b0, 0));
    CU_ASSERT_TRUE(passes(0x080, 0));
    CU_ASSERT_TRUE(passes(0x080, 0xff));
    CU_ASSERT_FALSE(passes(0x080, 0x100));
    CU_ASSERT_TRUE(passes(0x0f0, 0x1ff));
    CU_ASSERT_TRUE(passes(0x0f0, 0x120));
    CU_ASSERT_FALSE(passes(0x0f0, 0x11f));
    CU_ASSERT_FALSE(passes(0x0f0, 0x10f));
    CU_ASSERT_FALSE(passes(0x0f0, 0x11ff));
    CU_ASSERT_TRUE(passes(0x280, 0));
    CU_ASSERT_TRUE(passes(0x380, 0xffffffff));
    CU_ASSERT_TRUE(passes(0x3e0, 0xb));
    CU_ASSERT_FALSE(passes(0x3e0, 0x4));
    struct lapic_action action = lapic_guard_write(&guard, 0x380, 4, 12345);
    CU_ASSERT_EQUAL(action.verdict, LAPIC_WRITE);
    CU_ASSERT_EQUAL(action.value, 12345);
    CU_ASSERT_STRING_EQUAL(action.name, "timer initial count");
}

static void every_other_offset_is_refused(void)
{
    static const uint16_t writable[] = {0x080, 0x0b0, 0x0f0, 0x280, 0x2f0, 0x300, 0x310, 0x320,
                                        0x330, 0x340, 0x350, 0x360, 0x370, 0x380, 0x3e0};
    start(true);
    CU_ASSERT_TRUE(passes(0x310, 2u << 24));
    for (uint32_t offset = 0; offset < 4096; offset++) {
        bool may = false;
        for (size_t i = 0; i < sizeof(writable) / sizeof(writable[0]); i++)
            may |= writable[i] == offset;
        uint32_t value = offset == 0x3e0 ? 0xb : offset == 0x310 ? 2u << 24 : 0xe0;
        CU_ASSERT_EQUAL(passes(offset, value), may);
        /* Only whole registers. */
        CU_ASSERT_EQUAL(lapic_guard_write(&guard, offset, 2, value).verdict, LAPIC_REFUSE);
        CU_ASSERT_EQUAL(lapic_guard_write(&guard, offset, 8, value).verdict, LAPIC_REFUSE);
        CU_ASSERT_EQUAL(lapic_guard_write(&guard, offset, 1, value).verdict, LAPIC_REFUSE);
    }
}

static void local_vector_table(void)
{
    static const uint16_t entries[] = {0x2f0, 0x330, 0x340, 0x350, 0x360, 0x370};

    start(false);
    for (size_t i = 0; i < sizeof(entries) / sizeof(entries[0]); i++) {
        for (uint32_t mode = 0; mode < 8; mode++) {
            CU_ASSERT_EQUAL(passes(entries[i], mode << 8 | 0x40), mode == 0);
            CU_ASSERT_EQUAL(passes(entries[i], 0x10000 | mode << 8 | 0x40), mode == 0); /* masked or not */
        }
        CU_ASSERT_TRUE(passes(entries[i], 0x10000));
        CU_ASSERT_TRUE(passes(entries[i], 0x1d040)); /* status, remote IRR and trigger read back */
        CU_ASSERT_FALSE(passes(entries[i], 0x1f));
        CU_ASSERT_TRUE(passes(entries[i], 0x20));
        CU_ASSERT_FALSE(passes(entries[i], 0x20040));
        CU_ASSERT_FALSE(passes(entries[i], 0x80000040));
    }
    CU_ASSERT_TRUE(passes(0x320, 0x00040));  /* one-shot */
    CU_ASSERT_TRUE(passes(0x320, 0x20040));  /* periodic */
    CU_ASSERT_FALSE(passes(0x320, 0x40040)); /* TSC deadline, and it was not given one */
    CU_ASSERT_FALSE(passes(0x320, 0x50040));
    guard.tsc_deadline = true;
    CU_ASSERT_TRUE(passes(0x320, 0x40040));
    CU_ASSERT_TRUE(passes(0x320, 0x50040));
    CU_ASSERT_FALSE(passes(0x320, 0x4001f));
    CU_ASSERT_FALSE(passes(0x320, 0x60040));
    CU_ASSERT_TRUE(passes(0x320, 0x10000));
    CU_ASSERT_TRUE(passes(0x320, 0x11040));
    CU_ASSERT_FALSE(passes(0x320, 0x0001f));
    CU_ASSERT_TRUE(passes(0x320, 0x00020));
    for (uint32_t mode = 1; mode < 8; mode++)
        CU_ASSERT_FALSE(passes(0x320, mode << 8 | 0x40));
}

static void logical_destinations_only_before_the_start(void)
{
    start(false);
    guard.started = false;
    CU_ASSERT_TRUE(passes(0x0d0, 2u << 24));
    CU_ASSERT_FALSE(passes(0x0d0, 1u << 24)); /* somebody else's interrupts */
    CU_ASSERT_FALSE(passes(0x0d0, 7u << 24));
    CU_ASSERT_TRUE(passes(0x0e0, 0xffffffff));
    CU_ASSERT_FALSE(passes(0x0e0, 0x0fffffff)); /* clusters */
    CU_ASSERT_FALSE(passes(0x020, 1u << 24));
    guard.started = true;
    CU_ASSERT_FALSE(passes(0x0d0, 2u << 24));
    CU_ASSERT_FALSE(passes(0x0e0, 0xffffffff));
}

static void interrupts_to_sandboxes_only(void)
{
    start(false);
    for (uint32_t id = 0; id < 256; id++) {
        bool physical = id == 0 || id == 2 || id == 5;
        bool logical = id != 0 && (id & ~7u) == 0;
        CU_ASSERT_EQUAL(sends(id << 24, 0x040e0), physical);
        CU_ASSERT_EQUAL(sends(id << 24, 0x048e0), logical);
    }
    CU_ASSERT_TRUE(sends(0xff000000, 0x440e0)); /* to itself, whatever the field says */
    CU_ASSERT_FALSE(sends(0, 0x840e0));
    CU_ASSERT_FALSE(sends(0, 0xc40e0));
    guard.logical_id[0] = 0x10;
    CU_ASSERT_FALSE(sends(0x01000000, 0x048e0));
    CU_ASSERT_TRUE(sends(0x12000000, 0x048e0));
    start(true);
    CU_ASSERT_TRUE(sends(0, 0x840e0));
    CU_ASSERT_TRUE(sends(0, 0xc40e0));
    CU_ASSERT_TRUE(sends(0xff000000, 0x040e0));
    CU_ASSERT_TRUE(sends(0xff000000, 0x048e0));
    CU_ASSERT_FALSE(sends(0x08000000, 0x048e0));
}

static void only_fixed_interrupts_with_a_vector_of_their_own(void)
{
    start(true);
    for (uint32_t vector = 0; vector < 256; vector++)
        CU_ASSERT_EQUAL(sends(2u << 24, 0x4000 | vector), vector >= 0x20);
    /* Lowest priority, SMI, reserved, NMI, INIT, SIPI, ExtINT: to anybody, also to oneself. */
    for (uint32_t mode = 1; mode < 8; mode++)
        for (uint32_t shorthand = 0; shorthand < 4; shorthand++)
            CU_ASSERT_FALSE(sends(2u << 24, shorthand << 18 | mode << 8 | 0x40e0));
    CU_ASSERT_TRUE(sends(2u << 24, 0x000e0));  /* without the assert bit: it is added */
    CU_ASSERT_TRUE(sends(2u << 24, 0x050e0));  /* delivery status read back */
    CU_ASSERT_FALSE(sends(2u << 24, 0x0c0e0)); /* level */
    for (unsigned bit = 0; bit < 32; bit++)
        if (bit == 13 || bit == 16 || bit == 17 || bit >= 20)
            CU_ASSERT_FALSE(sends(2u << 24, 0x40e0 | 1u << bit));
}

static void the_high_half_is_kept_for_the_sandbox(void)
{
    start(false);
    struct lapic_action action = lapic_guard_write(&guard, 0x310, 4, 0x05ffffff);
    CU_ASSERT_EQUAL(action.verdict, LAPIC_WRITE);
    CU_ASSERT_EQUAL(action.value, 0x05000000);
    action = lapic_guard_write(&guard, 0x300, 4, 0xe0);
    CU_ASSERT_EQUAL(action.verdict, LAPIC_SEND);
    CU_ASSERT_EQUAL(action.high, 0x05000000);
    CU_ASSERT_EQUAL(action.value, 0x40e0);
    /* A destination that is not allowed may stand there, as long as nothing is sent to it. */
    CU_ASSERT_TRUE(passes(0x310, 0x09000000));
    CU_ASSERT_FALSE(passes(0x300, 0xe0));
    CU_ASSERT_TRUE(passes(0x300, 0x400e0));
}

static const struct unit_test tests[] = {
    {"the assembler's stores are decoded", the_assembler_s_stores_are_decoded},
    {"every addressing form", every_addressing_form},
    {"bytes written by hand", bytes_written_by_hand},
    {"fifteen bytes at most", fifteen_bytes_at_most},
    {"every other opcode is refused", every_other_opcode_is_refused},
    {"random bytes are decoded or refused", random_bytes_are_decoded_or_refused},
    {"everyday registers", everyday_registers},
    {"every other offset is refused", every_other_offset_is_refused},
    {"local vector table", local_vector_table},
    {"logical destinations only before the start", logical_destinations_only_before_the_start},
    {"interrupts to sandboxes only", interrupts_to_sandboxes_only},
    {"only fixed interrupts with a vector of their own", only_fixed_interrupts_with_a_vector_of_their_own},
    {"the high half is kept for the sandbox", the_high_half_is_kept_for_the_sandbox},
};

int main(void)
{
    return unit_run("lapic guard", tests, sizeof(tests) / sizeof(tests[0]));
}
