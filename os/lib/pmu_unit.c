/* SPDX-License-Identifier: MIT */
#include "lib/pmu_unit.h"

#define INTEL_PMC0         0x0c1u
#define INTEL_PERFEVTSEL0  0x186u
#define INTEL_FIXED_CTR0   0x309u
#define INTEL_FIXED_CTRL   0x38du
#define INTEL_GLOBAL_CTRL  0x38fu
#define INTEL_RDPMC_FIXED  (1u << 30)
#define INTEL_INSTRUCTIONS 0x00c0u
#define INTEL_CYCLES       0x003cu
#define INTEL_FIXED_CYCLES 1u
#define INTEL_NO_CYCLES    (1u << 0) /* CPUID.0AH:EBX */
#define INTEL_NO_INSTR     (1u << 1) /* CPUID.0AH:EBX */

#define AMD_LEGACY_CTL   0xc0010000u
#define AMD_LEGACY_CTR   0xc0010004u
#define AMD_EXTENDED_CTL 0xc0010200u
#define AMD_INSTRUCTIONS 0xc0u
#define AMD_CYCLES       0x76u
#define AMD_EXT_CORE     (1u << 23) /* CPUID Fn8000_0001 ECX */
#define AMD_WIDTH        48u

/* Bits of a control register: alike on both (SDM fig. 19-6, APM vol. 2 fig. 13-9), the upper half is AMD's. */
#define CTL_EVENT     0x000000000000ffffull /* event and unit mask */
#define CTL_USR_OS    0x0000000000030000ull
#define CTL_EDGE      0x0000000000040000ull
#define CTL_ENABLE    0x0000000000400000ull
#define CTL_INV_CMASK 0x00000000ff800000ull
#define CTL_AMD_HIGH  0x0000000f00000000ull /* event number, upper four bits */
#define CTL_COUNTING  (CTL_EVENT | CTL_USR_OS | CTL_EDGE | CTL_ENABLE | CTL_INV_CMASK)

static void none(struct pmu_unit *unit, const char *reason)
{
    unit->source = QV_PMU_NONE;
    unit->reason = reason;
}

static unsigned at_most(unsigned value, unsigned limit)
{
    return value < limit ? value : limit;
}

static void detect_intel(struct pmu_unit *unit, const struct pmu_access *access, uint32_t last)
{
    struct pmu_leaf leaf = {0};

    if (last >= 0xa)
        access->cpuid(access->context, 0xa, 0, &leaf);
    unit->version = leaf.eax & 0xffu;
    unit->n_general = at_most((leaf.eax >> 8) & 0xffu, PMU_MAX_GENERAL);
    unit->width = (leaf.eax >> 16) & 0xffu;
    if (unit->version == 0 || unit->n_general == 0 || unit->width == 0) {
        none(unit, "CPUID leaf 0AH shows no counters");
        return;
    }
    unit->source = QV_PMU_INTEL;
    /* Beyond the length of the list nothing is known to exist. */
    unsigned listed = leaf.eax >> 24;
    unit->missing = leaf.ebx | (listed < 32 ? ~0u << listed : 0);
    unit->control = INTEL_PERFEVTSEL0;
    unit->stride = 1;
    if (unit->version < 2)
        return;
    unit->n_fixed = at_most(leaf.edx & 0x1fu, PMU_MAX_FIXED);
    unit->fixed_width = (leaf.edx >> 5) & 0xffu;
}

static void detect_amd(struct pmu_unit *unit, const struct pmu_access *access)
{
    struct pmu_leaf leaf = {0};
    uint32_t extended;

    if (unit->processor >> 16 < 6) {
        none(unit, "processors of this family have no such counters");
        return;
    }
    unit->source = QV_PMU_AMD;
    unit->width = AMD_WIDTH;
    access->cpuid(access->context, 0x80000000u, 0, &leaf);
    extended = leaf.eax;
    leaf = (struct pmu_leaf){0};
    if (extended >= 0x80000001u)
        access->cpuid(access->context, 0x80000001u, 0, &leaf);
    if ((leaf.ecx & AMD_EXT_CORE) == 0) {
        unit->version = 1;
        unit->n_general = 4;
        unit->control = AMD_LEGACY_CTL;
        unit->stride = 1;
        return;
    }
    unit->version = 2;
    unit->n_general = 6;
    unit->control = AMD_EXTENDED_CTL;
    unit->stride = 2;
    if (extended >= 0x80000022u) {
        access->cpuid(access->context, 0x80000022u, 0, &leaf);
        if ((leaf.eax & 1u) != 0 && (leaf.ebx & 0xfu) != 0)
            unit->n_general = at_most(leaf.ebx & 0xfu, PMU_MAX_GENERAL);
    }
}

/* Display family and model: SDM vol. 2, CPUID leaf 01H; APM vol. 3, Fn0000_0001, which has the same. */
static uint32_t processor_of(uint32_t eax)
{
    uint32_t family = (eax >> 8) & 0xfu;
    uint32_t model = (eax >> 4) & 0xfu;

    if (family == 6 || family == 0xf)
        model |= (eax >> 12) & 0xf0u;
    if (family == 0xf)
        family += (eax >> 20) & 0xffu;
    return family << 16 | model;
}

bool pmu_unit_is_one_of(const struct pmu_unit *unit, const struct qv_pmu_models *models, unsigned n)
{
    uint32_t family = unit->processor >> 16;
    uint32_t model = unit->processor & 0xffffu;

    for (unsigned i = 0; i < n && i < QV_PMU_MODELS; i++)
        if (models[i].family == family && model >= models[i].first && model <= models[i].last)
            return true;
    return n == 0;
}

void pmu_unit_detect(struct pmu_unit *unit, const struct pmu_access *access)
{
    struct pmu_leaf leaf = {0};

    *unit = (struct pmu_unit){.source = QV_PMU_NONE, .instructions = PMU_NOT_ASSIGNED};
    for (unsigned i = 0; i < QV_PMU_EVENTS; i++)
        unit->index[i] = PMU_NOT_ASSIGNED;
    access->cpuid(access->context, 1, 0, &leaf);
    unit->processor = processor_of(leaf.eax);
    access->cpuid(access->context, 0, 0, &leaf);
    if (leaf.ebx == 0x756e6547u && leaf.edx == 0x49656e69u && leaf.ecx == 0x6c65746eu) /* GenuineIntel */
        detect_intel(unit, access, leaf.eax);
    else if ((leaf.ebx == 0x68747541u && leaf.edx == 0x69746e65u && leaf.ecx == 0x444d4163u) || /* AuthenticAMD */
             (leaf.ebx == 0x6f677948u && leaf.edx == 0x6e65476eu && leaf.ecx == 0x656e6975u))   /* HygonGenuine */
        detect_amd(unit, access);
    else
        none(unit, "the processor is of neither maker whose counters are known");
}

/* --- starting --- */

struct start {
    struct pmu_unit *unit;
    const struct pmu_access *access;
    unsigned general; /* next one that is free */
    uint32_t fixed;   /* bit mask of those in use */
    bool refused;
};

static void write(struct start *s, uint32_t msr, uint64_t value)
{
    if (!s->refused)
        s->refused = !s->access->write(s->access->context, msr, value);
}

static uint32_t counter_msr(const struct pmu_unit *unit, unsigned i)
{
    if (unit->source == QV_PMU_INTEL)
        return INTEL_PMC0 + i;
    return unit->control == AMD_LEGACY_CTL ? AMD_LEGACY_CTR + i : unit->control + unit->stride * i + 1u;
}

static uint32_t use_general(struct start *s, uint64_t code)
{
    const struct pmu_unit *unit = s->unit;
    uint64_t allowed = CTL_EVENT | CTL_EDGE | CTL_INV_CMASK | (unit->source == QV_PMU_AMD ? CTL_AMD_HIGH : 0);

    allowed &= ~CTL_ENABLE;
    if (s->general == unit->n_general || (code & ~allowed) != 0)
        return PMU_NOT_ASSIGNED;
    unsigned i = s->general++;
    write(s, counter_msr(unit, i), 0);
    write(s, unit->control + unit->stride * i, code | CTL_USR_OS | CTL_ENABLE);
    return i;
}

static uint32_t use_fixed(struct start *s, uint64_t number)
{
    if (number >= s->unit->n_fixed)
        return PMU_NOT_ASSIGNED;
    if ((s->fixed & 1u << number) == 0)
        write(s, INTEL_FIXED_CTR0 + (uint32_t)number, 0);
    s->fixed |= 1u << number;
    return INTEL_RDPMC_FIXED | (uint32_t)number;
}

static void assign_instructions(struct start *s)
{
    struct pmu_unit *unit = s->unit;

    if (unit->source == QV_PMU_AMD)
        unit->instructions = use_general(s, AMD_INSTRUCTIONS);
    else if (unit->n_fixed > 0)
        unit->instructions = use_fixed(s, 0);
    else if ((unit->missing & INTEL_NO_INSTR) == 0)
        unit->instructions = use_general(s, INTEL_INSTRUCTIONS);
}

static uint32_t use_cycles(struct start *s)
{
    if (s->unit->source == QV_PMU_AMD)
        return use_general(s, AMD_CYCLES);
    if (s->unit->n_fixed > INTEL_FIXED_CYCLES)
        return use_fixed(s, INTEL_FIXED_CYCLES);
    return s->unit->missing & INTEL_NO_CYCLES ? PMU_NOT_ASSIGNED : use_general(s, INTEL_CYCLES);
}

/* Does this event count what the counter of instructions counts anyway? */
static bool is_instructions(const struct pmu_unit *unit, const struct qv_pmu_event *event)
{
    if (event->fixed)
        return event->code == 0;
    return event->code == (unit->source == QV_PMU_AMD ? AMD_INSTRUCTIONS : INTEL_INSTRUCTIONS);
}

static void assign(struct start *s, const struct qv_pmu_event *event, unsigned n)
{
    struct pmu_unit *unit = s->unit;

    for (unsigned i = 0; i < n && i < QV_PMU_EVENTS; i++) {
        if (event[i].portable == QV_PMU_CYCLES)
            unit->index[i] = use_cycles(s);
        if (event[i].vendor != unit->source)
            continue;
        if (is_instructions(unit, &event[i]))
            unit->index[i] = unit->instructions;
        else if (event[i].fixed)
            unit->index[i] = use_fixed(s, event[i].code);
        else
            unit->index[i] = use_general(s, event[i].code);
    }
}

static void enable_intel(struct start *s)
{
    uint64_t fixed = 0;

    for (unsigned i = 0; i < s->unit->n_fixed; i++)
        if (s->fixed & 1u << i)
            fixed |= 3ull << (4u * i); /* all rings, no interrupt */
    if (s->unit->n_fixed > 0)
        write(s, INTEL_FIXED_CTRL, fixed);
    if (s->unit->version >= 2)
        write(s, INTEL_GLOBAL_CTRL, (uint64_t)s->fixed << 32 | ((1ull << s->general) - 1u));
}

void pmu_unit_start(struct pmu_unit *unit, const struct pmu_access *access, const struct qv_pmu_event *event,
                    unsigned n_events, void (*spin)(void))
{
    struct start s = {.unit = unit, .access = access};
    uint64_t before = 0;
    uint64_t after = 0;

    if (unit->source == QV_PMU_NONE)
        return;
    if (unit->source == QV_PMU_INTEL && unit->version >= 2)
        write(&s, INTEL_GLOBAL_CTRL, 0);
    for (unsigned i = 0; i < unit->n_general; i++)
        write(&s, unit->control + unit->stride * i, 0);
    assign_instructions(&s);
    assign(&s, event, n_events);
    if (unit->source == QV_PMU_INTEL)
        enable_intel(&s);
    if (s.refused) {
        none(unit, "the counters cannot be set up: a write was refused");
        return;
    }
    if (unit->instructions == PMU_NOT_ASSIGNED) {
        none(unit, "there is no counter of retired instructions");
        return;
    }
    bool readable = access->counter(access->context, unit->instructions, &before);
    spin();
    if (!readable || !access->counter(access->context, unit->instructions, &after))
        none(unit, "the counters cannot be read: RDPMC was refused");
    else if (before == after)
        none(unit, "CPUID promises counters, but they do not count");
}

uint64_t pmu_unit_step(const struct pmu_unit *unit, uint32_t index, uint64_t before, uint64_t after)
{
    unsigned width = unit->source == QV_PMU_INTEL && (index & INTEL_RDPMC_FIXED) != 0 ? unit->fixed_width : unit->width;

    return (after - before) & (width == 0 || width >= 64 ? UINT64_MAX : (1ull << width) - 1u);
}

/* --- what a sandbox may write --- */

static bool allowed_intel(const struct pmu_unit *unit, uint32_t msr, uint64_t value)
{
    if (msr - INTEL_PERFEVTSEL0 < unit->n_general)
        return (value & ~CTL_COUNTING) == 0;
    if (msr - INTEL_PMC0 < unit->n_general || msr - INTEL_FIXED_CTR0 < unit->n_fixed)
        return value == 0;
    if (unit->version < 2)
        return false;
    if (msr == INTEL_FIXED_CTRL) {
        uint64_t rings = 0;
        for (unsigned i = 0; i < unit->n_fixed; i++)
            rings |= 3ull << (4u * i);
        return (value & ~rings) == 0;
    }
    if (msr == INTEL_GLOBAL_CTRL)
        return (value & ~(((1ull << unit->n_fixed) - 1u) << 32 | ((1ull << unit->n_general) - 1u))) == 0;
    return false;
}

static bool allowed_amd(const struct pmu_unit *unit, uint32_t msr, uint64_t value)
{
    for (unsigned i = 0; i < unit->n_general; i++) {
        if (msr == unit->control + unit->stride * i)
            return (value & ~(CTL_COUNTING | CTL_AMD_HIGH)) == 0;
        if (msr == counter_msr(unit, i))
            return value == 0;
    }
    return false;
}

bool pmu_write_allowed(const struct pmu_unit *unit, uint32_t msr, uint64_t value)
{
    if (unit->source == QV_PMU_INTEL)
        return allowed_intel(unit, msr, value);
    return unit->source == QV_PMU_AMD && allowed_amd(unit, msr, value);
}
