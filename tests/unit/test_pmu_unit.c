/* SPDX-License-Identifier: MIT */
/*
 * The counters of recorded processors. The CPUID values are those of the raw dumps in the test data of libcpuid
 * (github.com/anrieff/libcpuid, tests/, the file is named with each), reduced to the leaves that matter here; the
 * registers behind them are a model: a counter counts while everything that switches it on is on.
 */
#include <string.h>

#include "lib/pmu_unit.h"
#include "unit.h"

#define REGISTERS 64u

struct recorded {
    const char *name;
    struct pmu_leaf leaf0, leaf1, leafa; /* 0, 1, 0AH */
    struct pmu_leaf ext0, ext1, ext22;   /* 8000_0000H, 8000_0001H, 8000_0022H */
    enum qv_pmu_source source;
    unsigned version, n_general, n_fixed, width, fixed_width;
    uint32_t control;
};

#define INTEL(max)                                                                                                     \
    {                                                                                                                  \
        max, 0x756e6547, 0x6c65746e, 0x49656e69                                                                        \
    }
#define AMD(max)                                                                                                       \
    {                                                                                                                  \
        max, 0x68747541, 0x444d4163, 0x69746e65                                                                        \
    }

/* clang-format off */
static const struct recorded yonah = { /* intel/core2/yonah.test: Core Duo T2400 */
    "Yonah", INTEL(0xa), {0x6e8, 0x01020800, 0xc1a9, 0xbfe9fbff}, {0x07280201, 0, 0, 0},
    {0x80000008, 0, 0, 0}, {0, 0, 0, 0x00100000}, {0}, QV_PMU_INTEL, 1, 2, 0, 40, 0, 0x186};
static const struct recorded conroe = { /* intel/core2/conroe.test: Core 2 6420, whose leaf forgets the fixed ones */
    "Conroe", INTEL(0xa), {0x6f6, 0x00020800, 0xe3bd, 0xbfebfbff}, {0x07280202, 0, 0, 0},
    {0x80000008, 0, 0, 0}, {0, 0, 1, 0x20100000}, {0}, QV_PMU_INTEL, 2, 2, 0, 40, 0, 0x186};
static const struct recorded gainestown = { /* intel/core_1st_gen/xeon-gainestown.test: Xeon E5520 */
    "Gainestown", INTEL(0xb), {0x106a5, 0x01100800, 0x009ce3bd, 0xbfebfbff}, {0x07300403, 0x44, 0, 0x603},
    {0x80000008, 0, 0, 0}, {0, 0, 1, 0x28100000}, {0}, QV_PMU_INTEL, 3, 4, 3, 48, 48, 0x186};
static const struct recorded sandy_bridge = { /* intel/core_2nd_gen/sandy-bridge-i7.test: i7-2600K */
    "Sandy Bridge", INTEL(0xd), {0x206a7, 0x00100800, 0x1f9ae3bf, 0xbfebfbff}, {0x07300403, 0, 0, 0x603},
    {0x80000008, 0, 0, 0}, {0, 0, 1, 0x28100000}, {0}, QV_PMU_INTEL, 3, 4, 3, 48, 48, 0x186};
static const struct recorded alder_lake = { /* intel/core_12th_gen/alder-lake-s-i9.test: i9-12900K */
    "Alder Lake", INTEL(0x20), {0x90672, 0x00800800, 0x7ffafbff, 0xbfebfbff}, {0x07300605, 0, 7, 0x8603},
    {0x80000008, 0, 0, 0}, {0, 0, 0x121, 0x2c100000}, {0}, QV_PMU_INTEL, 5, 6, 3, 48, 48, 0x186};
static const struct recorded pentium_4 = { /* intel/ia-32/netburst/intel-pentium-4-cpu-2.40ghz.test */
    "Pentium 4", INTEL(2), {0xf27, 0x00010809, 0x4400, 0xbfebfbff}, {0},
    {0x80000004, 0, 0, 0}, {0}, {0}, QV_PMU_NONE, 0, 0, 0, 0, 0, 0};
static const struct recorded k6 = { /* amd/k6/amd-k6-iii-sharptooth.test */
    "K6-III", AMD(1), {0x591, 0, 0, 0x008021bf}, {0},
    {0x80000006, 0, 0, 0}, {0x691, 0, 0, 0x808029bf}, {0}, QV_PMU_NONE, 0, 0, 0, 0, 0, 0};
static const struct recorded phenom = { /* amd/k10/phenom-2-deneb.test: Phenom II X4 940 */
    "Phenom II", AMD(5), {0x100f42, 0x00040800, 0x00802009, 0x178bfbff}, {0},
    {0x8000001b, 0, 0, 0}, {0x100f42, 0x10001a86, 0x000037ff, 0xefd3fbff}, {0},
    QV_PMU_AMD, 1, 4, 0, 48, 0, 0xc0010000};
static const struct recorded bulldozer = { /* amd/bulldozer/amd-fx-8150-eight-core-processor.test */
    "FX-8150", AMD(0xd), {0x600f12, 0x00080800, 0x1e98220b, 0x178bfbff}, {0},
    {0x8000001e, 0, 0, 0}, {0x600f12, 0x10000000, 0x01c9bfff, 0x2fd3fbff}, {0},
    QV_PMU_AMD, 2, 6, 0, 48, 0, 0xc0010200};
static const struct recorded zen4 = { /* amd/zen4/amd-ryzen-7-7700x-8-core-processor.test */
    "Zen 4", AMD(0x10), {0xa60f12, 0x00100800, 0x7ef8320b, 0x178bfbff}, {0},
    {0x80000028, 0, 0, 0}, {0xa60f12, 0, 0x75c237ff, 0x2fd3fbff}, {3, 0x84106, 3, 0},
    QV_PMU_AMD, 2, 6, 0, 48, 0, 0xc0010200};
/* clang-format on */
static const struct recorded *const processors[] = {&yonah,     &conroe, &gainestown, &sandy_bridge, &alder_lake,
                                                    &pentium_4, &k6,     &phenom,     &bulldozer,    &zen4};

/* A processor at work: its registers, and what is wrong with it. */
static struct machine {
    const struct recorded *cpu;
    struct {
        uint32_t msr;
        uint64_t value;
    } reg[REGISTERS];
    unsigned n;
    unsigned writes;
    uint64_t ran; /* instructions */
    bool dead;    /* CPUID promises, nothing counts: an emulator */
    bool refuses_writes, refuses_reads;
} machine;

static uint64_t reg(uint32_t msr)
{
    for (unsigned i = 0; i < machine.n; i++)
        if (machine.reg[i].msr == msr)
            return machine.reg[i].value;
    return 0;
}

static void ask_cpuid(void *context, uint32_t leaf, uint32_t subleaf, struct pmu_leaf *out)
{
    const struct recorded *cpu = machine.cpu;
    (void)context;
    (void)subleaf;
    *out = leaf == 0             ? cpu->leaf0
           : leaf == 1           ? cpu->leaf1
           : leaf == 0xa         ? cpu->leafa
           : leaf == 0x80000000u ? cpu->ext0
           : leaf == 0x80000001u ? cpu->ext1
           : leaf == 0x80000022u ? cpu->ext22
                                 : (struct pmu_leaf){0};
}

static bool write_msr(void *context, uint32_t msr, uint64_t value)
{
    struct pmu_unit unit;
    const struct pmu_access access = {.cpuid = ask_cpuid};
    (void)context;
    if (machine.refuses_writes)
        return false;
    /* Whatever the driver of the counters writes, its own monitor must let pass. */
    pmu_unit_detect(&unit, &access);
    CU_ASSERT_TRUE(pmu_write_allowed(&unit, msr, value));
    machine.writes++;
    for (unsigned i = 0; i < machine.n; i++) {
        if (machine.reg[i].msr == msr) {
            machine.reg[i].value = value;
            return true;
        }
    }
    CU_ASSERT_FATAL(machine.n < REGISTERS);
    machine.reg[machine.n].msr = msr;
    machine.reg[machine.n++].value = value;
    return true;
}

static bool on(uint32_t index)
{
    const struct recorded *cpu = machine.cpu;
    bool fixed = (index & 1u << 30) != 0;
    uint32_t i = index & 0xffu;
    if (cpu->source == QV_PMU_INTEL && cpu->version >= 2 && (reg(0x38f) >> (fixed ? 32 + i : i) & 1u) == 0)
        return false;
    if (fixed)
        return i < cpu->n_fixed && (reg(0x38d) >> (4 * i) & 3u) == 3;
    uint32_t stride = cpu->control == 0xc0010200u ? 2 : 1;
    return i < cpu->n_general && (reg(cpu->control + stride * i) & 0x430000u) == 0x430000u;
}

static bool read_counter(void *context, uint32_t index, uint64_t *value)
{
    (void)context;
    *value = !machine.dead && on(index) ? machine.ran : 0;
    return !machine.refuses_reads;
}

static void spin(void)
{
    machine.ran += 1000;
}

static const struct pmu_access access = {.cpuid = ask_cpuid, .write = write_msr, .counter = read_counter};

static void begin(const struct recorded *cpu, struct pmu_unit *unit)
{
    memset(&machine, 0, sizeof(machine));
    machine.cpu = cpu;
    pmu_unit_detect(unit, &access);
}

static void found_as_recorded(void)
{
    for (size_t i = 0; i < sizeof(processors) / sizeof(processors[0]); i++) {
        const struct recorded *cpu = processors[i];
        struct pmu_unit unit;
        begin(cpu, &unit);
        CU_ASSERT_EQUAL(unit.source, cpu->source);
        CU_ASSERT_EQUAL(machine.writes, 0);
        if (cpu->source == QV_PMU_NONE) {
            CU_ASSERT_PTR_NOT_NULL(unit.reason);
            continue;
        }
        CU_ASSERT_EQUAL(unit.version, cpu->version);
        CU_ASSERT_EQUAL(unit.n_general, cpu->n_general);
        CU_ASSERT_EQUAL(unit.n_fixed, cpu->n_fixed);
        CU_ASSERT_EQUAL(unit.width, cpu->width);
        CU_ASSERT_EQUAL(unit.fixed_width, cpu->fixed_width);
        CU_ASSERT_EQUAL(unit.control, cpu->control);
    }
}

static void without_counters_nothing_is_written(void)
{
    const struct qv_pmu_event event = {.code = 0x3c, .vendor = QV_PMU_INTEL};
    const struct recorded *const none[] = {&pentium_4, &k6};
    for (size_t i = 0; i < 2; i++) {
        struct pmu_unit unit;
        begin(none[i], &unit);
        pmu_unit_start(&unit, &access, &event, 1, spin);
        CU_ASSERT_EQUAL(unit.source, QV_PMU_NONE);
        CU_ASSERT_EQUAL(machine.writes, 0);
        CU_ASSERT_FALSE(pmu_write_allowed(&unit, 0x186, 0));
        CU_ASSERT_FALSE(pmu_write_allowed(&unit, 0xc0010000u, 0));
    }
}

static void neither_maker(void)
{
    static const struct recorded other = {"VIA Nano", {0xa, 0x746e6543, 0x736c7561, 0x48727561},
                                          {0},        {0x07280202, 0, 0, 0},
                                          {0},        {0},
                                          {0},        QV_PMU_NONE,
                                          0,          0,
                                          0,          0,
                                          0,          0};
    struct pmu_unit unit;
    begin(&other, &unit);
    CU_ASSERT_EQUAL(unit.source, QV_PMU_NONE);
}

/* Instructions, and two events: each with a counter of its own that is switched on. */
static void every_unit_counts(void)
{
    for (size_t i = 0; i < sizeof(processors) / sizeof(processors[0]); i++) {
        const struct recorded *cpu = processors[i];
        const uint16_t vendor = (uint16_t)cpu->source;
        const struct qv_pmu_event event[] = {{.code = 0xc0, .vendor = vendor}, {.code = 0x0108, .vendor = vendor}};
        struct pmu_unit unit;
        begin(cpu, &unit);
        pmu_unit_start(&unit, &access, event, 2, spin);
        CU_ASSERT_EQUAL(unit.source, cpu->source);
        if (cpu->source == QV_PMU_NONE)
            continue;
        CU_ASSERT_NOT_EQUAL(unit.instructions, PMU_NOT_ASSIGNED);
        CU_ASSERT_EQUAL(unit.index[0], unit.instructions); /* asked for as an event as well: one counter for both */
        CU_ASSERT_NOT_EQUAL(unit.index[1], PMU_NOT_ASSIGNED);
        CU_ASSERT_NOT_EQUAL(unit.index[1], unit.instructions);
        CU_ASSERT_TRUE(on(unit.instructions));
        CU_ASSERT_TRUE(on(unit.index[1]));
        uint32_t stride = cpu->control == 0xc0010200u ? 2 : 1;
        CU_ASSERT_EQUAL(reg(cpu->control + stride * unit.index[1]), 0x430108); /* USR, OS, EN, and no INT */
    }
}

static void more_events_than_counters(void)
{
    struct qv_pmu_event event[QV_PMU_EVENTS];
    struct pmu_unit unit;
    for (unsigned i = 0; i < QV_PMU_EVENTS; i++)
        event[i] = (struct qv_pmu_event){.code = 0x100 + i, .vendor = QV_PMU_INTEL};
    begin(&sandy_bridge, &unit);
    pmu_unit_start(&unit, &access, event, QV_PMU_EVENTS, spin);
    for (unsigned i = 0; i < QV_PMU_EVENTS; i++)
        CU_ASSERT_EQUAL(unit.index[i] == PMU_NOT_ASSIGNED, i >= 4);
    begin(&yonah, &unit); /* one of its two counts instructions */
    pmu_unit_start(&unit, &access, event, QV_PMU_EVENTS, spin);
    for (unsigned i = 0; i < QV_PMU_EVENTS; i++)
        CU_ASSERT_EQUAL(unit.index[i] == PMU_NOT_ASSIGNED, i >= 1);
}

static void codes_of_another_maker_and_nonsense(void)
{
    const struct qv_pmu_event event[] = {{.code = 0x76, .vendor = QV_PMU_AMD},
                                         {.code = 0x100076, .vendor = QV_PMU_INTEL}, /* would interrupt */
                                         {.code = 0x200076, .vendor = QV_PMU_INTEL}, /* counts the other thread */
                                         {.code = 7, .vendor = QV_PMU_INTEL, .fixed = 1},
                                         {.code = 1, .vendor = QV_PMU_INTEL, .fixed = 1}};
    struct pmu_unit unit;
    begin(&sandy_bridge, &unit);
    pmu_unit_start(&unit, &access, event, 5, spin);
    CU_ASSERT_EQUAL(unit.source, QV_PMU_INTEL);
    for (unsigned i = 0; i < 4; i++)
        CU_ASSERT_EQUAL(unit.index[i], PMU_NOT_ASSIGNED);
    CU_ASSERT_EQUAL(unit.index[4], 1u << 30 | 1u);
    CU_ASSERT_EQUAL(reg(0x38d), 0x33);
    CU_ASSERT_EQUAL(reg(0x38f), 3ull << 32);
}

/* Cycles are counted on any processor that has a counter left: by the fixed counter for them, or as the maker says. */
static void cycles_on_any_processor(void)
{
    const struct qv_pmu_event event = {.portable = QV_PMU_CYCLES, .emulated = QV_PMU_NO_EMULATED};
    for (size_t i = 0; i < sizeof(processors) / sizeof(processors[0]); i++) {
        const struct recorded *cpu = processors[i];
        struct pmu_unit unit;
        begin(cpu, &unit);
        pmu_unit_start(&unit, &access, &event, 1, spin);
        CU_ASSERT_EQUAL(unit.source, cpu->source);
        if (cpu->source == QV_PMU_NONE) {
            CU_ASSERT_EQUAL(unit.index[0], PMU_NOT_ASSIGNED);
            continue;
        }
        CU_ASSERT_NOT_EQUAL_FATAL(unit.index[0], PMU_NOT_ASSIGNED);
        CU_ASSERT_NOT_EQUAL(unit.index[0], unit.instructions);
        CU_ASSERT_TRUE(on(unit.index[0]));
        uint32_t stride = cpu->control == 0xc0010200u ? 2 : 1;
        if (cpu->n_fixed > 1) { /* CPU_CLK_UNHALTED.CORE: SDM vol. 3, table 19-2 */
            CU_ASSERT_EQUAL(unit.index[0], 1u << 30 | 1u);
        } else {
            uint64_t code = cpu->source == QV_PMU_AMD ? 0x430076 : 0x43003c;
            CU_ASSERT_EQUAL(reg(cpu->control + stride * unit.index[0]), code);
        }
    }
    struct recorded without = yonah;
    struct pmu_unit unit;
    without.leafa.ebx = 1; /* CPUID says that this one has no such event */
    begin(&without, &unit);
    pmu_unit_start(&unit, &access, &event, 1, spin);
    CU_ASSERT_EQUAL(unit.source, QV_PMU_INTEL);
    CU_ASSERT_EQUAL(unit.index[0], PMU_NOT_ASSIGNED);
}

/* Family and model as makers number them, and whether codes are for them. */
static void models_are_told_apart(void)
{
    static const uint32_t expected[] = {0x6000e, 0x6000f, 0x6001a,  0x6002a,  0x60097,
                                        0xf0002, 0x50009, 0x100004, 0x150001, 0x190061};
    const struct qv_pmu_models snb[] = {{6, 0x2a, 0x2a}, {6, 0x2d, 0x2d}};
    const struct qv_pmu_models ryzen[] = {{0x19, 0x10, 0x1f}, {0x19, 0x60, 0xaf}};
    for (size_t i = 0; i < sizeof(processors) / sizeof(processors[0]); i++) {
        struct pmu_unit unit;
        begin(processors[i], &unit);
        CU_ASSERT_EQUAL(unit.processor, expected[i]);
        CU_ASSERT_EQUAL(pmu_unit_is_one_of(&unit, snb, 2), processors[i] == &sandy_bridge);
        CU_ASSERT_EQUAL(pmu_unit_is_one_of(&unit, ryzen, 2), processors[i] == &zen4);
        CU_ASSERT_TRUE(pmu_unit_is_one_of(&unit, snb, 0)); /* of whom the codes are is not known */
    }
}

/* What an emulator does: the leaf promises, and nothing moves; or the instructions are refused. */
static void promises_are_probed(void)
{
    static const char *const expected[] = {"do not count", "cannot be set up", "cannot be read"};
    for (unsigned how = 0; how < 3; how++) {
        for (size_t i = 0; i < sizeof(processors) / sizeof(processors[0]); i++) {
            struct pmu_unit unit;
            begin(processors[i], &unit);
            if (unit.source == QV_PMU_NONE)
                continue;
            machine.dead = how == 0;
            machine.refuses_writes = how == 1;
            machine.refuses_reads = how == 2;
            pmu_unit_start(&unit, &access, NULL, 0, spin);
            CU_ASSERT_EQUAL(unit.source, QV_PMU_NONE);
            CU_ASSERT_PTR_NOT_NULL_FATAL(unit.reason);
            CU_ASSERT_PTR_NOT_NULL(strstr(unit.reason, expected[how]));
        }
    }
}

static void counters_wrap(void)
{
    struct pmu_unit unit;
    begin(&yonah, &unit);
    CU_ASSERT_EQUAL(pmu_unit_step(&unit, 0, (1ull << 40) - 5, 7), 12);
    begin(&sandy_bridge, &unit);
    CU_ASSERT_EQUAL(pmu_unit_step(&unit, 1u << 30, (1ull << 48) - 1, 0), 1);
    CU_ASSERT_EQUAL(pmu_unit_step(&unit, 0, 100, 350), 250);
}

static void monitor_lets_pass_counting_only(void)
{
    struct pmu_unit unit;
    begin(&sandy_bridge, &unit);
    CU_ASSERT_TRUE(pmu_write_allowed(&unit, 0x186, 0x430108));
    CU_ASSERT_TRUE(pmu_write_allowed(&unit, 0x189, 0x1c3010e));       /* inverted, with a threshold */
    CU_ASSERT_FALSE(pmu_write_allowed(&unit, 0x18a, 0x430108));       /* there is no fifth */
    CU_ASSERT_FALSE(pmu_write_allowed(&unit, 0x186, 0x530108));       /* interrupt */
    CU_ASSERT_FALSE(pmu_write_allowed(&unit, 0x186, 0x630108));       /* any thread */
    CU_ASSERT_FALSE(pmu_write_allowed(&unit, 0x186, 0x100430108ull)); /* reserved */
    CU_ASSERT_TRUE(pmu_write_allowed(&unit, 0xc1, 0));
    CU_ASSERT_FALSE(pmu_write_allowed(&unit, 0xc1, 0xfffffff0)); /* about to overflow */
    CU_ASSERT_TRUE(pmu_write_allowed(&unit, 0x38d, 0x333));
    CU_ASSERT_FALSE(pmu_write_allowed(&unit, 0x38d, 0x8)); /* interrupt */
    CU_ASSERT_FALSE(pmu_write_allowed(&unit, 0x38d, 0x4)); /* any thread */
    CU_ASSERT_TRUE(pmu_write_allowed(&unit, 0x38f, 0x70000000full));
    CU_ASSERT_FALSE(pmu_write_allowed(&unit, 0x38f, 0x10));
    CU_ASSERT_FALSE(pmu_write_allowed(&unit, 0x1d9, 0));
    begin(&bulldozer, &unit);
    CU_ASSERT_TRUE(pmu_write_allowed(&unit, 0xc0010200u, 0x1004300c0ull)); /* upper bits of the event */
    CU_ASSERT_TRUE(pmu_write_allowed(&unit, 0xc001020bu, 0));
    CU_ASSERT_FALSE(pmu_write_allowed(&unit, 0xc001020cu, 0));
    CU_ASSERT_FALSE(pmu_write_allowed(&unit, 0xc0010200u, 0x5300c0));
    CU_ASSERT_FALSE(pmu_write_allowed(&unit, 0xc0010000u, 0)); /* one set of registers is enough */
    begin(&phenom, &unit);
    CU_ASSERT_TRUE(pmu_write_allowed(&unit, 0xc0010003u, 0x4300c0));
    CU_ASSERT_TRUE(pmu_write_allowed(&unit, 0xc0010007u, 0));
    CU_ASSERT_FALSE(pmu_write_allowed(&unit, 0xc0010008u, 0));
    CU_ASSERT_FALSE(pmu_write_allowed(&unit, 0xc0010010u, 0)); /* SYSCFG */
}

int main(void)
{
    static const struct unit_test tests[] = {
        {"counters are found as recorded", found_as_recorded},
        {"without counters nothing is written", without_counters_nothing_is_written},
        {"neither maker", neither_maker},
        {"every unit counts", every_unit_counts},
        {"more events than counters", more_events_than_counters},
        {"codes of another maker, and nonsense", codes_of_another_maker_and_nonsense},
        {"cycles on any processor", cycles_on_any_processor},
        {"models are told apart", models_are_told_apart},
        {"promises are probed", promises_are_probed},
        {"counters wrap", counters_wrap},
        {"a monitor lets pass counting only", monitor_lets_pass_counting_only},
    };
    return unit_run("pmu_unit", tests, sizeof(tests) / sizeof(tests[0]));
}
