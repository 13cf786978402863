/* SPDX-License-Identifier: MIT */
/*
 * Instruction formats: Intel SDM volume 2, chapter 2 and MOV. APIC registers: Intel SDM volume 3, chapter "Advanced
 * Programmable Interrupt Controller" (AMD's, in APM volume 2 chapter 16, agree in what is used here).
 */
#include "monitor/lapic_guard.h"

#include "lib/errno.h"

/* --- the instruction --- */

#define OPCODE_MOV_REG   0x89u
#define OPCODE_MOV_IMM   0xc7u
#define OPCODE_MOV_MOFFS 0xa3u

struct reader {
    const uint8_t *code;
    size_t available;
    size_t at;
};

/* The next byte, or a negative error. */
static int next_byte(struct reader *r)
{
    if (r->at == LAPIC_INSN_MAX)
        return -EINVAL;
    if (r->at == r->available)
        return -EAGAIN;
    return r->code[r->at++];
}

/* Steps over `n` bytes, giving their value, little endian. */
static int next_value(struct reader *r, unsigned n, uint64_t *value)
{
    *value = 0;
    for (unsigned i = 0; i < n; i++) {
        int byte = next_byte(r);
        if (byte < 0)
            return byte;
        *value |= (uint64_t)byte << (8 * i);
    }
    return 0;
}

struct prefixes {
    bool operand16, address32;
    uint8_t rex; /* 0: none */
};

/* Reads prefixes; returns the opcode or a negative error. LOCK and REP are not among those that a plain store has. */
static int read_prefixes(struct reader *r, struct prefixes *p)
{
    *p = (struct prefixes){0};
    for (;;) {
        int byte = next_byte(r);
        if (byte < 0)
            return byte;
        switch (byte) {
        case 0x66:
            p->operand16 = true;
            break;
        case 0x67:
            p->address32 = true;
            break;
        case 0x26: /* segment overrides */
        case 0x2e:
        case 0x36:
        case 0x3e:
        case 0x64:
        case 0x65:
            break;
        default:
            if ((byte & 0xf0) != 0x40)
                return byte;
            p->rex = (uint8_t)byte;
            continue;
        }
        p->rex = 0; /* a REX prefix that does not stand right before the opcode has no effect */
    }
}

/* Steps over ModRM, SIB and displacement of a memory operand; gives ModRM. In 64-bit mode the forms do not depend on
 * 67h. */
static int read_memory_operand(struct reader *r, uint8_t *modrm)
{
    int byte = next_byte(r);
    if (byte < 0)
        return byte;
    *modrm = (uint8_t)byte;

    unsigned mod = *modrm >> 6, rm = *modrm & 7u, displacement = mod == 1 ? 1 : mod == 2 ? 4 : 0;
    if (mod == 3)
        return -EINVAL; /* a register */
    if (rm == 4) {
        int sib = next_byte(r);
        if (sib < 0)
            return sib;
        if (mod == 0 && (sib & 7) == 5)
            displacement = 4;
    } else if (mod == 0 && rm == 5) {
        displacement = 4; /* relative to RIP */
    }
    uint64_t ignored;
    return next_value(r, displacement, &ignored);
}

static int read_immediate(struct reader *r, struct lapic_store *store)
{
    uint64_t value;
    int error = next_value(r, store->size == 2 ? 2 : 4, &value);
    if (error)
        return error;
    store->immediate = true;
    store->value = store->size == 8 ? (uint64_t)(int64_t)(int32_t)(uint32_t)value : value;
    return 0;
}

int lapic_decode(const uint8_t *code, size_t available, struct lapic_store *store)
{
    struct reader r = {.code = code, .available = available};
    struct prefixes p;
    uint8_t modrm = 0;
    uint64_t ignored;
    int error;

    *store = (struct lapic_store){0};
    int opcode = read_prefixes(&r, &p);
    if (opcode < 0)
        return opcode;
    store->size = p.rex & 8u ? 8 : p.operand16 ? 2 : 4;
    switch ((unsigned)opcode) {
    case OPCODE_MOV_REG:
        error = read_memory_operand(&r, &modrm);
        store->reg = (uint8_t)(((modrm >> 3) & 7u) | (p.rex & 4u ? 8u : 0u));
        break;
    case OPCODE_MOV_IMM:
        error = read_memory_operand(&r, &modrm);
        if (!error && ((modrm >> 3) & 7u) != 0)
            error = -EINVAL;
        if (!error)
            error = read_immediate(&r, store);
        break;
    case OPCODE_MOV_MOFFS:
        error = next_value(&r, p.address32 ? 4 : 8, &ignored);
        break;
    default:
        return -EINVAL;
    }
    store->length = (uint8_t)r.at;
    return error;
}

/* --- the registers --- */

#define REG_ICR_LOW  0x300u
#define REG_ICR_HIGH 0x310u

#define FIRST_VECTOR 0x20u /* below are the processor's exceptions */

#define LVT_MASKED      (1u << 16)
#define LVT_DELIVERY(v) (((v) >> 8) & 7u)
/* What may be 1 in a written value; delivery status and remote IRR are read-only, but a read-modify-write has them. */
#define LVT_WRITABLE      0x1f7ffu /* vector, delivery mode, status, polarity, remote IRR, trigger, mask */
#define TIMER_WRITABLE    0x710ffu /* vector, status, mask, mode */
#define TIMER_MODE(v)     (((v) >> 17) & 3u)
#define TIMER_DEADLINE    2u
#define TIMER_NO_MODE     3u
#define SPURIOUS_WRITABLE 0x3ffu
#define DIVIDE_WRITABLE   0xbu
#define FLAT_FORMAT       0xffffffffu
#define DELIVERY_FIXED    0u

#define ICR_VECTOR(v)    ((v)&0xffu)
#define ICR_DELIVERY(v)  (((v) >> 8) & 7u)
#define ICR_LOGICAL      (1u << 11)
#define ICR_STATUS       (1u << 12) /* read-only */
#define ICR_ASSERT       (1u << 14)
#define ICR_LEVEL        (1u << 15)
#define ICR_SHORTHAND(v) (((v) >> 18) & 3u)
#define ICR_KNOWN        0xcdfffu
#define ICR_BROADCAST    0xffu

enum shorthand { TO_FIELD = 0, TO_SELF = 1, TO_ALL = 2, TO_OTHERS = 3 };

/* Why a value may not be written, or NULL. */
typedef const char *(*rule_fn)(const struct lapic_guard *guard, uint32_t value);

static const char *any_value(const struct lapic_guard *guard, uint32_t value)
{
    (void)guard;
    (void)value;
    return NULL;
}

static const char *never(const struct lapic_guard *guard, uint32_t value)
{
    (void)guard;
    (void)value;
    return "not writable by a sandbox";
}

static const char *priority(const struct lapic_guard *guard, uint32_t value)
{
    (void)guard;
    return value > 0xff ? "reserved bits" : NULL;
}

static const char *logical_id(const struct lapic_guard *guard, uint32_t value)
{
    if (guard->started)
        return "logical destination is fixed once started";
    return value == (uint32_t)guard->logical_id[guard->self] << 24 ? NULL : "logical destination of somebody else";
}

static const char *logical_format(const struct lapic_guard *guard, uint32_t value)
{
    if (guard->started)
        return "logical format is fixed once started";
    return value == FLAT_FORMAT ? NULL : "logical format must be flat";
}

static const char *spurious(const struct lapic_guard *guard, uint32_t value)
{
    (void)guard;
    if (value & ~SPURIOUS_WRITABLE)
        return "reserved bits";
    return (value & 0xffu) < FIRST_VECTOR ? "vector of an exception" : NULL;
}

static const char *timer_entry(const struct lapic_guard *guard, uint32_t value)
{
    if ((value & ~TIMER_WRITABLE) || TIMER_MODE(value) == TIMER_NO_MODE)
        return "reserved bits or mode";
    if (TIMER_MODE(value) == TIMER_DEADLINE && !guard->tsc_deadline)
        return "TSC-deadline mode is not the sandbox's";
    return !(value & LVT_MASKED) && (value & 0xffu) < FIRST_VECTOR ? "vector of an exception" : NULL;
}

static const char *local_entry(const struct lapic_guard *guard, uint32_t value)
{
    (void)guard;
    if (value & ~LVT_WRITABLE)
        return "reserved bits";
    if (LVT_DELIVERY(value) != DELIVERY_FIXED)
        return "delivery mode other than fixed";
    return !(value & LVT_MASKED) && (value & 0xffu) < FIRST_VECTOR ? "vector of an exception" : NULL;
}

static const char *divide(const struct lapic_guard *guard, uint32_t value)
{
    (void)guard;
    return value & ~DIVIDE_WRITABLE ? "reserved bits" : NULL;
}

static const char *destination(const struct lapic_guard *guard, uint32_t icr_low)
{
    uint32_t to = guard->icr_high >> 24;

    if (to == ICR_BROADCAST && !(icr_low & ICR_LOGICAL))
        return guard->only_sandboxes ? NULL : "broadcast would reach cores without a sandbox";
    uint32_t reachable = 0;
    for (uint32_t i = 0; i < guard->n_sandboxes; i++) {
        if (!(icr_low & ICR_LOGICAL) && guard->apic_id[i] == to)
            return NULL;
        reachable |= guard->logical_id[i];
    }
    if (!(icr_low & ICR_LOGICAL))
        return "destination runs no sandbox";
    if (to == 0)
        return "no destination";
    return to & ~reachable && !(to == ICR_BROADCAST && guard->only_sandboxes) ? "destination runs no sandbox" : NULL;
}

static const char *command(const struct lapic_guard *guard, uint32_t value)
{
    if (value & ~ICR_KNOWN)
        return "reserved bits";
    if (ICR_DELIVERY(value) != DELIVERY_FIXED)
        return "delivery mode other than fixed";
    if (ICR_VECTOR(value) < FIRST_VECTOR)
        return "vector of an exception";
    if (value & ICR_LEVEL)
        return "level-triggered interrupt between processors";
    switch (ICR_SHORTHAND(value)) {
    case TO_SELF:
        return NULL;
    case TO_ALL:
    case TO_OTHERS:
        return guard->only_sandboxes ? NULL : "broadcast would reach cores without a sandbox";
    default:
        return destination(guard, value);
    }
}

static const struct lapic_rule {
    uint16_t offset;
    const char *name;
    rule_fn check;
} rules[] = {
    {0x020, "id", never},
    {0x030, "version", never},
    {0x080, "task priority", priority},
    {0x090, "arbitration priority", never},
    {0x0a0, "processor priority", never},
    {0x0b0, "end of interrupt", any_value},
    {0x0c0, "remote read", never},
    {0x0d0, "logical destination", logical_id},
    {0x0e0, "destination format", logical_format},
    {0x0f0, "spurious vector", spurious},
    {0x280, "error status", any_value},
    {0x2f0, "LVT corrected machine check", local_entry},
    {REG_ICR_LOW, "interrupt command", command},
    {REG_ICR_HIGH, "interrupt command, high", any_value},
    {0x320, "LVT timer", timer_entry},
    {0x330, "LVT thermal", local_entry},
    {0x340, "LVT performance counters", local_entry},
    {0x350, "LVT LINT0", local_entry},
    {0x360, "LVT LINT1", local_entry},
    {0x370, "LVT error", local_entry},
    {0x380, "timer initial count", any_value},
    {0x390, "timer current count", never},
    {0x3e0, "timer divide", divide},
};

static const struct lapic_rule unknown_rule = {0, "unknown register", never};

static const struct lapic_rule *rule_of(uint32_t offset)
{
    for (unsigned i = 0; i < sizeof(rules) / sizeof(rules[0]); i++)
        if (rules[i].offset == offset)
            return &rules[i];
    return &unknown_rule;
}

struct lapic_action lapic_guard_write(struct lapic_guard *guard, uint32_t offset, unsigned size, uint32_t value)
{
    const struct lapic_rule *rule = rule_of(offset);
    struct lapic_action action = {.verdict = LAPIC_WRITE, .value = value, .name = rule->name};

    action.reason = size != 4 ? "registers take 32 bits" : rule->check(guard, value);
    if (action.reason) {
        guard->refused++;
        action.verdict = LAPIC_REFUSE;
        return action;
    }
    if (offset == REG_ICR_HIGH) {
        guard->icr_high = value & 0xff000000u;
        action.value = guard->icr_high;
    } else if (offset == REG_ICR_LOW) {
        action.verdict = LAPIC_SEND;
        action.value = (value & ~ICR_STATUS) | ICR_ASSERT;
        action.high = guard->icr_high;
    }
    return action;
}
