/* SPDX-License-Identifier: MIT */
/* Protects the SVM permission maps, the exit decoder and the VMCB audit. */
#include "monitor/svm/svm.h"

#include <string.h>

#include "lib/string.h"
#include "monitor/core.h"
#include "unit.h"

static bool port_intercepted(const uint8_t *map, unsigned port)
{
    return (unsigned)map[port / 8] >> (port % 8) & 1u;
}

static void test_ports(void)
{
    static uint8_t map[0x3000];
    static const uint16_t closed[] = {0xcf8, 0xcfc, 0xcf9, 0x64, 0x60,  0x92,  0x70,  0x20,  0x21,
                                      0xa1,  0x43,  0x61,  0xf4, 0x505, 0x3f7, 0x400, 0xffff};
    svm_fill_port_map(map);
    for (unsigned i = 0; i < sizeof(closed) / sizeof(closed[0]); i++)
        CU_ASSERT_TRUE(port_intercepted(map, closed[i]));
    unsigned open = 0;
    for (unsigned port = 0; port < 0x10000u; port++)
        open += !port_intercepted(map, port);
    CU_ASSERT_EQUAL(open, 8);              /* the serial console and nothing else */
    CU_ASSERT_EQUAL(map[0x2000] & 7u, 7u); /* accesses that run over port FFFFh */
}

static unsigned msr_bits(const uint8_t *map, uint32_t msr)
{
    unsigned bit = (msr < 0x2000u ? 0u : msr < 0xc0010000u ? 0x4000u : 0x8000u) + (msr & 0x1fffu) * 2u;
    return (unsigned)map[bit / 8] >> (bit % 8) & 3u;
}

static void test_msrs(void)
{
    static uint8_t map[0x2000];
    svm_fill_msr_map(map, false);
    CU_ASSERT_EQUAL(msr_bits(map, 0x6e0u), 3);      /* TSC deadline: none to give */
    CU_ASSERT_EQUAL(msr_bits(map, 0xc0000100u), 0); /* FS base: the sandbox's own */
    CU_ASSERT_EQUAL(msr_bits(map, 0xc0000082u), 0); /* LSTAR */
    CU_ASSERT_EQUAL(msr_bits(map, 0xc0000080u), 2); /* EFER: read only */
    CU_ASSERT_EQUAL(msr_bits(map, 0x1bu), 2);       /* APIC base: read only */
    CU_ASSERT_EQUAL(msr_bits(map, 0x10u), 3);       /* TSC */
    CU_ASSERT_EQUAL(msr_bits(map, 0xc0010117u), 3); /* VM_HSAVE_PA */
    CU_ASSERT_EQUAL(msr_bits(map, 0xc0010114u), 3); /* VM_CR */
    CU_ASSERT_EQUAL(msr_bits(map, 0x200u), 3);      /* MTRRs */

    static uint8_t given[0x2000];
    svm_fill_msr_map(given, true);
    CU_ASSERT_EQUAL(msr_bits(given, 0x6e0u), 0);
    given[0x6e0u * 2 / 8] |= (uint8_t)(3u << (0x6e0u * 2 % 8));
    CU_ASSERT_EQUAL(memcmp(given, map, sizeof(map)), 0); /* and nothing else */
}

static struct exit_info decode(uint64_t code, uint64_t info1, uint64_t info2, uint64_t rip)
{
    static struct vmcb vmcb;
    struct guest_registers registers = {0};
    struct exit_info exit = {0};
    vmcb.exit_code = code;
    vmcb.exit_info1 = info1;
    vmcb.exit_info2 = info2;
    vmcb.rip = rip;
    svm_decode_exit(&vmcb, &registers, &exit);
    return exit;
}

static void test_nested_page_exit(void)
{
    struct exit_info e = decode(0x400, 0x100000006ull, 0x12345678, 0);
    CU_ASSERT_EQUAL(e.cause, QV_EXIT_NESTED_PAGE);
    CU_ASSERT_EQUAL(e.gpa, 0x12345678);
    CU_ASSERT_TRUE(e.write && !e.present && !e.execute && !e.table_walk);
    e = decode(0x400, 0x200000015ull, 0x1000, 0);
    CU_ASSERT_TRUE(e.present && e.execute && !e.write && e.table_walk);
}

static void test_port_exit(void)
{
    struct exit_info e = decode(0x7b, 0x0cf80000u | 1u << 4 | 1u, 0x1002, 0x1000); /* in al, dx */
    CU_ASSERT_EQUAL(e.cause, QV_EXIT_PORT);
    CU_ASSERT_EQUAL(e.port, 0xcf8);
    CU_ASSERT_EQUAL(e.port_size, 1);
    CU_ASSERT_EQUAL(e.length, 2);
    CU_ASSERT_TRUE(e.port_in && !e.port_string);
    e = decode(0x7b, 0x00640000u | 4u << 4 | 4u, 0x1003, 0x1000);
    CU_ASSERT_TRUE(!e.port_in && e.port_string && e.port_size == 4);
}

static void test_other_exits(void)
{
    CU_ASSERT_EQUAL(decode(0x81, 0, 0, 0).cause, QV_EXIT_CALL);
    CU_ASSERT_EQUAL(decode(0x81, 0, 0, 0).length, 3);
    CU_ASSERT_TRUE(decode(0x7c, 1, 0, 0).msr_write);
    CU_ASSERT_FALSE(decode(0x7c, 0, 0, 0).msr_write);
    CU_ASSERT_EQUAL(decode(~0ull, 0, 0, 0).cause, QV_EXIT_INVALID);
    CU_ASSERT_EQUAL(decode(0x4d, 0, 0, 0).cause, QV_EXIT_EXCEPTION);
    CU_ASSERT_EQUAL(decode(0x4d, 0, 0, 0).vector, 13);
    static const uint64_t virtualization[] = {0x7a, 0x80, 0x82, 0x83, 0x84, 0x85, 0x86};
    for (unsigned i = 0; i < sizeof(virtualization) / sizeof(virtualization[0]); i++)
        CU_ASSERT_EQUAL(decode(virtualization[i], 0, 0, 0).cause, QV_EXIT_VIRT_INSN);
    CU_ASSERT_EQUAL(decode(0x8f, 0, 0, 0).cause, QV_EXIT_OTHER); /* unknown: not mistaken for a known one */
}

static void good(struct vmcb *v)
{
    memset(v, 0, sizeof(*v));
    v->efer = 1u << 12 | 1u << 8 | 1u << 10 | 1u << 11;
    v->cr0 = 0x80010033u;
    v->cr4 = 0xa0;
    v->cs.attributes = 0x29b;
    v->intercept_misc2 = INTERCEPT_VMRUN;
    v->asid = 1;
}

static void test_audit(void)
{
    static struct vmcb v;
    good(&v);
    CU_ASSERT_PTR_NULL(svm_audit(&v));
    v.efer &= ~(1ull << 12);
    CU_ASSERT_PTR_NOT_NULL(svm_audit(&v));
    good(&v);
    v.asid = 0;
    CU_ASSERT_PTR_NOT_NULL(svm_audit(&v));
    good(&v);
    v.intercept_misc2 = 0;
    CU_ASSERT_PTR_NOT_NULL(svm_audit(&v));
    good(&v);
    v.cs.attributes = 0x69b; /* L and D */
    CU_ASSERT_PTR_NOT_NULL(svm_audit(&v));
    good(&v);
    v.cr4 = 0;
    CU_ASSERT_PTR_NOT_NULL(svm_audit(&v));
}

static const struct unit_test tests[] = {
    {"only the console's ports are open", test_ports},
    {"only harmless MSRs are open", test_msrs},
    {"nested page fault decoded", test_nested_page_exit},
    {"port access decoded", test_port_exit},
    {"other exits decoded", test_other_exits},
    {"the audit names each broken rule", test_audit},
};

int main(void)
{
    return unit_run("SVM", tests, sizeof(tests) / sizeof(tests[0]));
}
