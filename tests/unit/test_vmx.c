/* SPDX-License-Identifier: MIT */
/* Protects the VMX controls, the bitmaps, the exit decoder, the audit of the VMCS and the format of extended page
 * tables. */
#include "monitor/vmx/vmx.h"

#include <string.h>

#include "lib/errno.h"
#include "lib/x86.h"
#include "monitor/core.h"
#include "unit.h"

/* --- controls, from the capability MSRs of Bochs 2.7's models as read on them --- */

struct recorded {
    const char *model;
    struct vmx_capabilities c;
    bool usable;
};

#define TRUE_PROC  0xf7f9fffe04006172ull
#define CR4_FIXED  .cr0_fixed0 = 0x80000021, .cr0_fixed1 = 0xffffffff, .cr4_fixed0 = 0x2000
#define COMMON     .feature_control = 5, .basic = 0xd810000000002bull, .proc = TRUE_PROC, CR4_FIXED
#define NEHALEM_ON .exit = 0x7fffff00036dfbull, .entry = 0xffff000011fbull

static const struct recorded recorded[] = {
    {"core2_penryn_t9600",
     {COMMON, .pin = 0x3f00000016, .proc2 = 0x4100000000, .exit = 0x3ffff00036dfb, .entry = 0x3fff000011fb,
      .ept_vpid = 0, .cr4_fixed1 = 0x467ff},
     false},
    {"corei5_lynnfield_750",
     {COMMON, NEHALEM_ON, .pin = 0x7f00000016, .proc2 = 0x7f00000000, .ept_vpid = 0xf0106114141, .cr4_fixed1 = 0x67ff},
     true},
    {"corei5_arrandale_m520",
     {COMMON, NEHALEM_ON, .pin = 0x7f00000016, .proc2 = 0xff00000000, .ept_vpid = 0xf0106114141, .cr4_fixed1 = 0x67ff},
     true},
    {"corei7_sandy_bridge_2600k",
     {COMMON, NEHALEM_ON, .pin = 0x7f00000016, .proc2 = 0xff00000000, .ept_vpid = 0xf0106114141, .cr4_fixed1 = 0x627ff},
     true},
    {"corei7_skylake_x",
     {COMMON, NEHALEM_ON, .pin = 0x7f00000016, .proc2 = 0x2177fff00000000, .ept_vpid = 0xf0106334141,
      .cr4_fixed1 = 0x3727ff},
     true},
};
#define SANDY_BRIDGE (recorded[3].c)

static bool within(uint32_t value, uint64_t capability)
{
    return (value & (uint32_t)capability) == (uint32_t)capability && (value & ~(uint32_t)(capability >> 32)) == 0;
}

static void test_recorded(void)
{
    for (size_t i = 0; i < sizeof(recorded) / sizeof(recorded[0]); i++) {
        const struct vmx_capabilities *c = &recorded[i].c;
        const char *reason = vmx_unusable(c);
        struct vmx_controls x;
        CU_ASSERT_EQUAL(reason == NULL, recorded[i].usable);
        if (!recorded[i].usable)
            continue;
        CU_ASSERT_PTR_NULL(vmx_choose_controls(c, &x));
        CU_ASSERT_TRUE(within(x.pin, c->pin) && within(x.proc, c->proc) && within(x.proc2, c->proc2));
        CU_ASSERT_TRUE(within(x.exit, c->exit) && within(x.entry, c->entry));
        CU_ASSERT_TRUE(x.pin & PIN_NMI);
        CU_ASSERT_FALSE(x.pin & (PIN_EXTERNAL_INTERRUPT | PIN_PREEMPTION_TIMER));
        CU_ASSERT_FALSE(x.exit & EXIT_SAVE_TIMER);
        CU_ASSERT_TRUE(x.timer);
        CU_ASSERT_FALSE(x.proc &
                        (PROC_HLT | PROC_RDTSC | PROC_CR3_LOAD | PROC_CR3_STORE | PROC_CR8_LOAD | PROC_CR8_STORE));
        CU_ASSERT_TRUE((x.proc2 & (PROC2_EPT | PROC2_VPID | PROC2_WBINVD | PROC2_RDTSCP)) ==
                       (PROC2_EPT | PROC2_VPID | PROC2_WBINVD | PROC2_RDTSCP));
        CU_ASSERT_FALSE(x.proc2 & PROC2_UNRESTRICTED);
    }
    CU_ASSERT_PTR_NOT_NULL(strstr(vmx_unusable(&recorded[0].c), "extended page tables"));
}

static void test_lock(void)
{
    struct vmx_capabilities c = SANDY_BRIDGE;
    c.feature_control = 1; /* locked, VMX off */
    CU_ASSERT_PTR_NOT_NULL(strstr(vmx_unusable(&c), "locked by firmware"));
    c.feature_control = 3; /* only inside SMX */
    CU_ASSERT_PTR_NOT_NULL(strstr(vmx_unusable(&c), "locked by firmware"));
    c.feature_control = 0; /* not locked: the monitor turns it on itself */
    CU_ASSERT_PTR_NULL(vmx_unusable(&c));
}

/* Each control that is needed, taken away: the answer names it. */
static void test_missing(void)
{
    static const struct {
        uint32_t bit;
        size_t where;
        const char *name;
    } needed[] = {
        {PIN_NMI, offsetof(struct vmx_capabilities, pin), "NMI exiting"},
        {PROC_IO_BITMAPS, offsetof(struct vmx_capabilities, proc), "use I/O bitmaps"},
        {PROC_MSR_BITMAPS, offsetof(struct vmx_capabilities, proc), "use MSR bitmaps"},
        {PROC2_WBINVD, offsetof(struct vmx_capabilities, proc2), "WBINVD exiting"},
        {EXIT_HOST_64, offsetof(struct vmx_capabilities, exit), "host address-space size"},
        {EXIT_LOAD_EFER, offsetof(struct vmx_capabilities, exit), "load IA32_EFER on exit"},
        {ENTRY_IA32E, offsetof(struct vmx_capabilities, entry), "IA-32e mode guest"},
        {ENTRY_LOAD_EFER, offsetof(struct vmx_capabilities, entry), "load IA32_EFER on entry"},
    };
    for (size_t i = 0; i < sizeof(needed) / sizeof(needed[0]); i++) {
        struct vmx_capabilities c = SANDY_BRIDGE;
        uint64_t value;
        memcpy(&value, (const char *)&c + needed[i].where, sizeof(value));
        value &= ~((uint64_t)needed[i].bit << 32);
        memcpy((char *)&c + needed[i].where, &value, sizeof(value));
        CU_ASSERT_PTR_NOT_NULL_FATAL(vmx_unusable(&c));
        CU_ASSERT_STRING_EQUAL(vmx_unusable(&c), needed[i].name);
    }
}

/* VPID and RDTSCP are used where they are; CR3 exits that cannot be left off are an obstacle, as are interrupt exits.
 */
static void test_optional(void)
{
    struct vmx_capabilities c = SANDY_BRIDGE;
    struct vmx_controls x;
    c.proc2 &= ~((uint64_t)(PROC2_VPID | PROC2_RDTSCP) << 32);
    CU_ASSERT_PTR_NULL(vmx_unusable(&c));
    CU_ASSERT_PTR_NULL(vmx_choose_controls(&c, &x));
    CU_ASSERT_FALSE(x.proc2 & (PROC2_VPID | PROC2_RDTSCP));
    c.proc |= PROC_CR3_LOAD;
    CU_ASSERT_PTR_NOT_NULL_FATAL(vmx_unusable(&c));
    CU_ASSERT_PTR_NOT_NULL(strstr(vmx_unusable(&c), "CR3-load exiting"));
    c = SANDY_BRIDGE;
    CU_ASSERT_FALSE(vmx_choose_controls(&c, &x) || x.proc & PROC_TSC_OFFSET);
    c.proc |= PROC_TSC_OFFSET; /* would leave the sandbox with deadlines of another clock */
    CU_ASSERT_PTR_NOT_NULL_FATAL(vmx_unusable(&c));
    CU_ASSERT_PTR_NOT_NULL(strstr(vmx_unusable(&c), "TSC offsetting"));
    c = SANDY_BRIDGE;
    c.pin |= PIN_EXTERNAL_INTERRUPT;
    CU_ASSERT_PTR_NOT_NULL_FATAL(vmx_unusable(&c));
    CU_ASSERT_PTR_NOT_NULL(strstr(vmx_unusable(&c), "external-interrupt exiting"));
    c = SANDY_BRIDGE;
    c.exit &= ~((uint64_t)EXIT_SAVE_TIMER << 32);
    CU_ASSERT_PTR_NULL(vmx_choose_controls(&c, &x));
    CU_ASSERT_FALSE(x.timer);
    c = SANDY_BRIDGE;
    c.pin &= ~((uint64_t)PIN_PREEMPTION_TIMER << 32);
    CU_ASSERT_PTR_NULL(vmx_choose_controls(&c, &x));
    CU_ASSERT_FALSE(x.timer);
    c = SANDY_BRIDGE;
    c.ept_vpid &= ~VMX_INVEPT;
    CU_ASSERT_PTR_NOT_NULL(vmx_unusable(&c));
    CU_ASSERT_EQUAL(vmx_fix(0x10, 0x21, 0xff), 0x31);
    CU_ASSERT_EQUAL(vmx_fix(0x1f0, 0x21, 0xff), 0xf1);
}

/* --- bitmaps --- */

static void test_ports(void)
{
    static uint8_t map[VMX_PORT_MAP_BYTES];
    unsigned open = 0;
    vmx_fill_port_map(map);
    for (unsigned port = 0; port < 0x10000u; port++)
        open += !((unsigned)map[port / 8] >> (port % 8) & 1u);
    CU_ASSERT_EQUAL(open, 8); /* the serial console and nothing else */
    CU_ASSERT_EQUAL(map[0x3f8 / 8], 0);
    CU_ASSERT_EQUAL(map[0x402 / 8], 0xff);
    CU_ASSERT_EQUAL(map[0x8900 / 8], 0xff); /* Bochs' shutdown port */
}

static unsigned msr_exits(const uint8_t *map, uint32_t msr)
{
    unsigned base = msr < 0x2000u ? 0u : 0x400u;
    unsigned index = msr & 0x1fffu;
    unsigned read = (unsigned)map[base + index / 8] >> (index % 8) & 1u;
    unsigned write = (unsigned)map[0x800u + base + index / 8] >> (index % 8) & 1u;
    return read | write << 1;
}

static void test_msrs(void)
{
    static uint8_t map[VMX_MSR_MAP_BYTES];
    unsigned open = 0;
    vmx_fill_msr_map(map, false);
    CU_ASSERT_EQUAL(msr_exits(map, 0xc0000100u), 0); /* FS base */
    CU_ASSERT_EQUAL(msr_exits(map, 0xc0000082u), 0); /* LSTAR */
    CU_ASSERT_EQUAL(msr_exits(map, 0x174u), 0);      /* SYSENTER_CS */
    CU_ASSERT_EQUAL(msr_exits(map, 0xc0000080u), 2); /* EFER: read only */
    CU_ASSERT_EQUAL(msr_exits(map, 0x1bu), 2);       /* APIC base: read only */
    CU_ASSERT_EQUAL(msr_exits(map, 0x10u), 3);       /* TSC */
    CU_ASSERT_EQUAL(msr_exits(map, 0x3au), 3);       /* IA32_FEATURE_CONTROL */
    CU_ASSERT_EQUAL(msr_exits(map, 0x480u), 3);      /* VMX capabilities */
    CU_ASSERT_EQUAL(msr_exits(map, 0x830u), 3);      /* x2APIC's ICR */
    CU_ASSERT_EQUAL(msr_exits(map, 0x6e0u), 3);      /* TSC deadline: none to give */
    for (unsigned i = 0; i < VMX_MSR_MAP_BYTES * 8; i++)
        open += !((unsigned)map[i / 8] >> (i % 8) & 1u);
    CU_ASSERT_EQUAL(open, 10 + 13); /* writes and reads */

    static uint8_t given[VMX_MSR_MAP_BYTES];
    vmx_fill_msr_map(given, true);
    CU_ASSERT_EQUAL(msr_exits(given, 0x6e0u), 0);
    given[0x6e0u / 8] |= (uint8_t)(1u << (0x6e0u % 8));
    given[0x800u + 0x6e0u / 8] |= (uint8_t)(1u << (0x6e0u % 8));
    CU_ASSERT_EQUAL(memcmp(given, map, sizeof(map)), 0); /* and nothing else */
}

/* --- exits --- */

static struct exit_info decode(struct vmx_exit raw)
{
    struct exit_info exit = {0};
    vmx_decode_exit(&raw, &exit);
    return exit;
}

static void test_events(void)
{
    struct exit_info e = decode((struct vmx_exit){.reason = 0, .interruption = 0x80000202u, .length = 9});
    CU_ASSERT_EQUAL(e.cause, QV_EXIT_NMI);
    CU_ASSERT_EQUAL(e.length, 0);
    e = decode((struct vmx_exit){.reason = 0, .interruption = 0x80000b0eu});
    CU_ASSERT_TRUE(e.cause == QV_EXIT_EXCEPTION && e.vector == 14);
}

static void test_nested_page(void)
{
    /* Values seen under Bochs: read of an unmapped page, write to a read-only one, fetch from one without execution. */
    struct exit_info e =
        decode((struct vmx_exit){.reason = 48, .qualification = 0x181, .gpa = 0x12345678, .length = 3});
    CU_ASSERT_EQUAL(e.cause, QV_EXIT_NESTED_PAGE);
    CU_ASSERT_TRUE(e.gpa == 0x12345678 && !e.write && !e.execute && !e.present && !e.table_walk && e.length == 0);
    e = decode((struct vmx_exit){.reason = 48, .qualification = 0x1aa, .gpa = 0x1000});
    CU_ASSERT_TRUE(e.write && e.present && !e.execute && !e.table_walk);
    e = decode((struct vmx_exit){.reason = 48, .qualification = 0x19c, .gpa = 0x1000});
    CU_ASSERT_TRUE(e.execute && e.present && !e.write);
    e = decode((struct vmx_exit){.reason = 48, .qualification = 0x0a2, .gpa = 0x1000}); /* on the guest's own walk */
    CU_ASSERT_TRUE(e.write && e.table_walk);
    e = decode((struct vmx_exit){.reason = 48, .qualification = 0xe01aa, .gpa = 0x1000}); /* newer bits are ignored */
    CU_ASSERT_TRUE(e.write && e.present && !e.table_walk);
}

static void test_port_exit(void)
{
    struct exit_info e = decode((struct vmx_exit){.reason = 30, .qualification = 0x0cfc0003u | 0x8u, .length = 1});
    CU_ASSERT_EQUAL(e.cause, QV_EXIT_PORT);
    CU_ASSERT_TRUE(e.port == 0xcfc && e.port_size == 4 && e.port_in && !e.port_string && e.length == 1);
    e = decode((struct vmx_exit){.reason = 30, .qualification = 0x00640010u, .length = 2});
    CU_ASSERT_TRUE(e.port == 0x64 && e.port_size == 1 && !e.port_in && e.port_string);
}

static void test_plain_exits(void)
{
    static const struct {
        uint32_t reason;
        enum qv_exit_cause cause;
    } expected[] = {
        {1, QV_EXIT_INTERRUPT},
        {2, QV_EXIT_SHUTDOWN},
        {3, QV_EXIT_INIT},
        {9, QV_EXIT_OTHER},
        {10, QV_EXIT_CPUID},
        {11, QV_EXIT_VIRT_INSN},
        {12, QV_EXIT_HLT},
        {13, QV_EXIT_CACHE},
        {18, QV_EXIT_CALL},
        {19, QV_EXIT_VIRT_INSN},
        {20, QV_EXIT_VIRT_INSN},
        {23, QV_EXIT_VIRT_INSN},
        {27, QV_EXIT_VIRT_INSN},
        {28, QV_EXIT_CONTROL_REGISTER},
        {31, QV_EXIT_MSR},
        {32, QV_EXIT_MSR},
        {36, QV_EXIT_OTHER},
        {39, QV_EXIT_OTHER},
        {49, QV_EXIT_INVALID},
        {50, QV_EXIT_VIRT_INSN},
        {52, QV_EXIT_TIMER},
        {53, QV_EXIT_VIRT_INSN},
        {54, QV_EXIT_CACHE},
        {55, QV_EXIT_CONTROL_REGISTER},
        {59, QV_EXIT_VIRT_INSN},
        {77, QV_EXIT_OTHER},
        {0x80000021u, QV_EXIT_INVALID},
        {0x80000022u, QV_EXIT_INVALID},
    };
    for (size_t i = 0; i < sizeof(expected) / sizeof(expected[0]); i++) {
        struct exit_info e = decode((struct vmx_exit){.reason = expected[i].reason, .length = 3});
        CU_ASSERT_EQUAL(e.cause, expected[i].cause);
        CU_ASSERT_EQUAL(e.vendor_code, expected[i].reason);
    }
    CU_ASSERT_TRUE(decode((struct vmx_exit){.reason = 18, .length = 3, .user = true}).user);
    CU_ASSERT_FALSE(decode((struct vmx_exit){.reason = 18, .length = 3}).user);
    CU_ASSERT_TRUE(decode((struct vmx_exit){.reason = 32}).msr_write);
    CU_ASSERT_FALSE(decode((struct vmx_exit){.reason = 31}).msr_write);
}

/* --- audit --- */

static struct vmx_audit_fields sound(void)
{
    struct vmx_controls x = {0};
    CU_ASSERT_PTR_NULL(vmx_choose_controls(&SANDY_BRIDGE, &x));
    return (struct vmx_audit_fields){
        .pin = x.pin,
        .proc = x.proc,
        .proc2 = x.proc2,
        .exit = x.exit,
        .entry = x.entry,
        .vpid = 1,
        .io_bitmap_a = 0x1000,
        .io_bitmap_b = 0x2000,
        .msr_bitmap = 0x3000,
        .eptp = vmx_eptp(0x4000),
        .host_cr0 = 0x80010033,
        .host_cr3 = 0x5000,
        .host_cr4 = 0x20a0,
        .host_efer = 0xd00,
        .host_cs = 8,
        .host_ss = 16,
        .host_ds = 16,
        .host_tr = 24,
        .host_tr_base = 0x6000,
        .host_gdtr_base = 0x7000,
        .host_idtr_base = 0x8000,
        .host_rip = 0x100000,
        .cr0 = 0x80010033,
        .cr3 = 0x9000,
        .cr4 = 0x20a0,
        .efer = 0xd01,
        .dr7 = 0x400,
        .cs_rights = 0xa09b,
        .ss_rights = 0xc093,
        .tr_rights = 0x8b,
        .tr_limit = 0x67,
        .tr = 24,
        .rip = 0xffffffff80001000ull,
        .rsp = 0xffff800000001000ull,
        .rflags = 2,
        .link = ~0ull,
    };
}

struct break_rule {
    size_t field;
    uint64_t value;
    const char *words; /* of the rule that must be named */
};
#define BREAK(member, value, words)                                                                                    \
    {                                                                                                                  \
        offsetof(struct vmx_audit_fields, member), value, words                                                        \
    }

static void test_audit(void)
{
    static const struct break_rule rules[] = {
        BREAK(pin, 0, "pin-based"),
        BREAK(proc, 0, "processor-based"),
        BREAK(vpid, 0, "VPID is zero"),
        BREAK(cr3_targets, 5, "CR3 targets"),
        BREAK(io_bitmap_b, 0x2010, "I/O bitmap"),
        BREAK(msr_bitmap, 0x3001, "MSR bitmap"),
        BREAK(eptp, 0x4005, "memory type"),
        BREAK(eptp, 0x4016, "walk length"),
        BREAK(exit, 0, "exit controls"),
        BREAK(entry, 0, "entry controls"),
        BREAK(event, 0x80000100u, "reserved type"),
        BREAK(event, 0x80000306u | 0x800u, "error code"),
        BREAK(event, 0x8000030du, "error code"),
        BREAK(event, 0x80000203u, "vector than 2"),
        BREAK(event, 0x80000320u, "above 31"),
        BREAK(host_cr0, 0x80010013, "host CR0"),
        BREAK(host_cr4, 0xa0, "host CR4"),
        BREAK(host_cs, 9, "RPL or TI"),
        BREAK(host_tr, 0, "null"),
        BREAK(host_gdtr_base, 1ull << 60, "canonical"),
        BREAK(host_efer, 0x100, "host EFER"),
        BREAK(cr0, 0x00010033, "guest CR0"),
        BREAK(cr4, 0x20, "guest CR4"),
        BREAK(cr4, 0x100020a0, "guest CR4"),
        BREAK(dr7, 1ull << 40, "DR7"),
        BREAK(efer, 0x101, "guest EFER"),
        BREAK(tr_rights, 0x89, "guest TR"),
        BREAK(cs_rights, 0xe09b, "L and D"),
        BREAK(cs_rights, 0x1a09b, "guest CS"),
        BREAK(ss_rights, 0xc091, "guest SS"),
        BREAK(rip, 1ull << 50, "guest RIP"),
        BREAK(rflags, 0, "RFLAGS"),
        BREAK(activity, 7, "activity"),
        BREAK(shadow, 1, "IF clear"),
        BREAK(link, 0, "link pointer"),
    };
    struct vmx_audit_fields fields = sound();
    CU_ASSERT_PTR_NULL(vmx_audit(&fields, &SANDY_BRIDGE));
    for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++) {
        fields = sound();
        memcpy((char *)&fields + rules[i].field, &rules[i].value, sizeof(uint64_t));
        const char *broken = vmx_audit(&fields, &SANDY_BRIDGE);
        CU_ASSERT_PTR_NOT_NULL_FATAL(broken);
        if (!strstr(broken, rules[i].words))
            fprintf(stderr, "rule %zu: expected \"%s\", was \"%s\"\n", i, rules[i].words, broken);
        CU_ASSERT_PTR_NOT_NULL(strstr(broken, rules[i].words));
    }
    fields = sound();
    fields.activity = ACTIVITY_HLT;
    fields.shadow = SHADOW_MOV_SS;
    CU_ASSERT_PTR_NOT_NULL(vmx_audit(&fields, &SANDY_BRIDGE));
    fields = sound();
    fields.exit |= EXIT_SAVE_TIMER;
    CU_ASSERT_PTR_NOT_NULL(strstr(vmx_audit(&fields, &SANDY_BRIDGE), "preemption timer"));
    fields.pin |= PIN_PREEMPTION_TIMER;
    CU_ASSERT_PTR_NULL(vmx_audit(&fields, &SANDY_BRIDGE));
    fields = sound();
    fields.event = EVENT_VALID | EVENT_EXCEPTION | EVENT_HAS_ERROR | 13u; /* what a refused operation gives */
    CU_ASSERT_PTR_NULL(vmx_audit(&fields, &SANDY_BRIDGE));
}

/* --- extended page tables, walked bit by bit --- */

#define POOL_PAGES 16u
static uint64_t pool[POOL_PAGES][512] __attribute__((aligned(4096)));
static unsigned pool_used;

static void *pool_page(void *context)
{
    (void)context;
    return pool_used < POOL_PAGES ? memset(pool[pool_used++], 0, 4096) : NULL;
}
static uint64_t pool_phys(void *context, const void *page)
{
    (void)context;
    return 0x10000000ull + (uint64_t)((const char *)page - (const char *)pool);
}
static void *pool_virt(void *context, uint64_t phys)
{
    (void)context;
    return (char *)pool + (phys - 0x10000000ull);
}

/* The leaf entry for gpa as a processor finds it, or the entry that stops its walk. */
static uint64_t walk(const uint64_t *root, uint64_t gpa, int *level)
{
    const uint64_t *table = root;
    for (*level = 3;; --*level) {
        uint64_t entry = table[gpa >> (12 + 9 * *level) & 511u];
        if ((entry & 7u) == 0 || *level == 0 || (*level < 3 && (entry & 0x80u)))
            return entry;
        CU_ASSERT_EQUAL(entry & ~0x000ffffffffff007ull, 0); /* bits 3 to 11 of a table entry are reserved or ignored */
        CU_ASSERT_EQUAL(entry & 7u, 7u);
        table = pool_virt(NULL, entry & 0x000ffffffffff000ull);
    }
}

static void test_tables(void)
{
    struct nested_table t;
    uint64_t hpa = 0;
    int level;
    pool_used = 0;
    CU_ASSERT_EQUAL(nested_init(&t, &vmx_nested_format, NULL, pool_page, pool_phys, pool_virt), 0);
    CU_ASSERT_EQUAL(nested_map(&t, 0x400000, 0x400000, 0x400000, NESTED_READ | NESTED_WRITE, NESTED_WRITE_BACK, true),
                    0);
    CU_ASSERT_EQUAL(walk(t.root, 0x400000, &level), 0x400000u | 0xb3u); /* large, WB, write, read */
    CU_ASSERT_EQUAL(level, 1);
    CU_ASSERT_EQUAL(nested_map(&t, 0x403000, 0x403000, 0x1000, NESTED_READ | NESTED_EXECUTE, NESTED_WRITE_BACK, true),
                    0);
    CU_ASSERT_EQUAL(walk(t.root, 0x403000, &level), 0x403000u | 0x35u); /* WB, execute, read */
    CU_ASSERT_EQUAL(level, 0);
    CU_ASSERT_EQUAL(walk(t.root, 0x402000, &level), 0x402000u | 0x33u);
    CU_ASSERT_EQUAL(walk(t.root, 0x600000, &level), 0x600000u | 0xb3u);
    CU_ASSERT_EQUAL(nested_map(&t, 0xfee00000, 0xfee00000, 0x1000, NESTED_READ | NESTED_WRITE, NESTED_UNCACHED, true),
                    0);
    CU_ASSERT_EQUAL(walk(t.root, 0xfee00000, &level), 0xfee00000u | 0x3u); /* memory type 0: uncacheable */
    CU_ASSERT_EQUAL(walk(t.root, 0xfee01000, &level), 0);
    CU_ASSERT_EQUAL(nested_map(&t, 0x403000, 0, 0x1000, NESTED_NONE, NESTED_WRITE_BACK, true), 0);
    CU_ASSERT_EQUAL(walk(t.root, 0x403000, &level) & 7u, 0);
    CU_ASSERT_EQUAL(nested_lookup(&t, 0x404123, &hpa), NESTED_READ | NESTED_WRITE);
    CU_ASSERT_EQUAL(hpa, 0x404123);
}

/* No combination of rights gives an entry that the processor calls misconfigured (28.2.3.1). */
static void test_no_misconfiguration(void)
{
    for (unsigned rights = 1; rights < 8; rights++) {
        uint64_t entry = vmx_nested_format.leaf(0x1000, rights, NESTED_WRITE_BACK, false);
        CU_ASSERT_NOT_EQUAL(entry & 7u, 2u);
        CU_ASSERT_NOT_EQUAL(entry & 7u, 6u);
        CU_ASSERT_NOT_EQUAL(entry & 7u, 4u); /* execute-only needs a capability that not all have */
        CU_ASSERT_EQUAL(vmx_nested_format.rights(entry), rights | NESTED_READ);
    }
    CU_ASSERT_EQUAL(vmx_eptp(0x4000), 0x401eu);
}

int main(void)
{
    static const struct unit_test tests[] = {
        {"capability sets of Bochs' models", test_recorded},
        {"lock by firmware", test_lock},
        {"a missing control is named", test_missing},
        {"optional controls and obstacles", test_optional},
        {"port bitmap", test_ports},
        {"MSR bitmap", test_msrs},
        {"NMIs and exceptions", test_events},
        {"EPT violations", test_nested_page},
        {"port exits", test_port_exit},
        {"other exits", test_plain_exits},
        {"audit of the VMCS", test_audit},
        {"extended page tables", test_tables},
        {"no misconfigured entries", test_no_misconfiguration},
    };
    return unit_run("vmx", tests, sizeof(tests) / sizeof(tests[0]));
}
