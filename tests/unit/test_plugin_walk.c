/* SPDX-License-Identifier: MIT */
/* Translation in the emulated PMU's model against cases worked out by hand. */
#include "plugin_machine.h"
#include "unit.h"

#define VIRT 0xffff800000000000ull

static struct model *model;
static struct model_core *core;
static uint64_t before[QV_EMUPMU_EVENT_SLOTS];

static void begin(const struct description *d)
{
    model = machine_new(d, 1);
    CU_ASSERT_PTR_NOT_NULL_FATAL(model);
    core = model_core(model, 0);
    memset(before, 0, sizeof(before));
}

static uint64_t since(enum qv_emupmu_event event)
{
    uint64_t grown = machine_page.count[0][event] - before[event];
    before[event] = machine_page.count[0][event];
    return grown;
}

static uint64_t walk_costs(uint64_t address, bool *walked, uint64_t *phys)
{
    (void)since(QV_EMUPMU_WALK_REFERENCES);
    struct model_access access = model_data(core, address, 4, false);
    *walked = access.walked;
    *phys = access.phys;
    return since(QV_EMUPMU_WALK_REFERENCES);
}

static void expect_walk(uint64_t address, uint64_t references, uint64_t phys)
{
    bool walked;
    uint64_t at;
    CU_ASSERT_EQUAL(walk_costs(address, &walked, &at), references);
    CU_ASSERT_TRUE(walked);
    CU_ASSERT_EQUAL(at, phys);
}

static void expect_hit(uint64_t address)
{
    bool walked;
    uint64_t at;
    CU_ASSERT_EQUAL(walk_costs(address, &walked, &at), 0);
    CU_ASSERT_FALSE(walked);
}

static void host_tables(void)
{
    machine_control[0].host_root = machine_table();
    machine_map(machine_control[0].host_root, VIRT, 0x5000, PAGE_4K, 0);
    machine_map(machine_control[0].host_root, VIRT + 0x1000, 0x9000, PAGE_4K, 0);
    machine_map(machine_control[0].host_root, VIRT + 0x400000, 0x600000, PAGE_2M, 0);
    machine_map(machine_control[0].host_root, VIRT + 0x40000000, 0x40000000, PAGE_1G, 0);
}

/* Four levels, three where the page is 2 MiB, two where it is 1 GiB. */
static void one_dimension(void)
{
    struct description d = machine_description();
    begin(&d);
    host_tables();
    expect_walk(VIRT + 0x123, 4, 0x5123);
    expect_hit(VIRT + 0xffc);
    expect_walk(VIRT + 0x1008, 4, 0x9008);
    expect_walk(VIRT + 0x412345, 3, 0x612345);
    expect_hit(VIRT + 0x5ffffc);
    expect_walk(VIRT + 0x40000010, 2, 0x40000010);
    CU_ASSERT_EQUAL(machine_page.count[0][QV_EMUPMU_DTLB_LOAD_WALKS], 4);
    CU_ASSERT_EQUAL(machine_page.count[0][QV_EMUPMU_DTLB_L1_MISSES], 4);
    CU_ASSERT_EQUAL(machine_page.count[0][QV_EMUPMU_NESTED_WALK_REFERENCES], 0);
    model_flush(core);
    expect_walk(VIRT + 0x123, 4, 0x5123);
    model_free(model);
}

/* The cache of last-level directories leaves one reference, the one of the level above two. */
static void walk_caches(void)
{
    struct description d = machine_description();
    d.walk.pde = (struct assoc_geometry){4, 4};
    begin(&d);
    host_tables();
    expect_walk(VIRT, 4, 0x5000);
    expect_walk(VIRT + 0x1000, 1, 0x9000);
    expect_walk(VIRT + 0x400000, 3, 0x600000); /* another directory entry: no table below it to know */
    model_flush(core);
    expect_walk(VIRT + 0x1000, 4, 0x9000);
    model_free(model);

    d = machine_description();
    d.walk.pdpte = (struct assoc_geometry){4, 4};
    begin(&d);
    host_tables();
    expect_walk(VIRT, 4, 0x5000);
    expect_walk(VIRT + 0x1000, 2, 0x9000);
    expect_walk(VIRT + 0x400000, 1, 0x600000);
    model_free(model);

    d = machine_description();
    d.walk.pml4e = (struct assoc_geometry){4, 4};
    begin(&d);
    host_tables();
    expect_walk(VIRT, 4, 0x5000);
    expect_walk(VIRT + 0x1000, 3, 0x9000);
    model_free(model);
}

/*
 * Guest-physical addresses lie 4 MiB below host-physical ones, so that mixing them up is seen. The guest's tables are
 * built where they lie in host memory; their entries name guest-physical addresses.
 */
#define SHIFT 0x400000ull

static void guest_tables(enum page_size guest, enum page_size nested)
{
    const uint64_t gpa = 0x200000; /* of the data */
    uint64_t tables[4];            /* guest-physical */
    unsigned levels = 4u - (unsigned)guest;
    machine_control[0].nested_root = machine_table();
    for (unsigned i = 0; i < levels; i++)
        tables[i] = (i + 1) * 0x1000u;
    for (unsigned i = 0; i < levels; i++) {
        uint64_t next = i + 1 < levels ? tables[i + 1] : gpa;
        uint64_t leaf = i + 1 == levels && guest != PAGE_4K ? 1u << 7 : 0u;
        unsigned index = (unsigned)(VIRT >> (39 - 9 * i) & 511);
        machine_memory[(tables[i] + SHIFT) / 8 + index] = next | leaf | 1;
        if (i + 1 == levels && guest == PAGE_4K)
            machine_memory[(tables[i] + SHIFT) / 8 + index + 1] = (gpa + 0x1000) | 1;
    }
    machine_control[0].guest_root = tables[0];
    if (nested == PAGE_2M) {
        machine_map(machine_control[0].nested_root, 0, SHIFT, PAGE_2M, 0);
        machine_map(machine_control[0].nested_root, gpa, gpa + SHIFT, PAGE_2M, 0);
        return;
    }
    for (uint64_t at = 0; at < 0x8000; at += 0x1000) {
        machine_map(machine_control[0].nested_root, at, at + SHIFT, PAGE_4K, 0);
        machine_map(machine_control[0].nested_root, gpa + at, gpa + at + SHIFT, PAGE_4K, 0);
    }
}

/* (g + 1) * (n + 1) - 1 references with g and n levels, of them (g + 1) * n nested. */
static void two_dimensions(void)
{
    static const struct {
        enum page_size guest, nested;
        uint64_t references, nested_references;
    } cases[] = {
        {PAGE_4K, PAGE_4K, 24, 20}, {PAGE_4K, PAGE_2M, 19, 15}, {PAGE_2M, PAGE_4K, 19, 16}, {PAGE_2M, PAGE_2M, 15, 12}};
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct description d = machine_description();
        begin(&d);
        guest_tables(cases[i].guest, cases[i].nested);
        model_enter_guest(core);
        expect_walk(VIRT + 0x88, cases[i].references, 0x200088 + SHIFT);
        CU_ASSERT_EQUAL(since(QV_EMUPMU_NESTED_WALK_REFERENCES), cases[i].nested_references);
        expect_hit(VIRT + 0xf88);
        model_free(model);
    }
}

/* A large page of the guest over small nested ones: an entry covers the smaller of the two. */
static void splintered(void)
{
    struct description d = machine_description();
    begin(&d);
    guest_tables(PAGE_2M, PAGE_4K);
    model_enter_guest(core);
    expect_walk(VIRT, 19, 0x200000 + SHIFT);
    expect_walk(VIRT + 0x1000, 19, 0x201000 + SHIFT);
    model_free(model);
    begin(&d);
    guest_tables(PAGE_2M, PAGE_2M);
    model_enter_guest(core);
    expect_walk(VIRT, 15, 0x200000 + SHIFT);
    expect_hit(VIRT + 0x1000);
    model_free(model);
}

/*
 * The walk cache leads straight to the guest's last table (1 reference); the data page's nested translation costs 4, or
 * 1 with a nested walk cache, because the page before it has the same last nested table.
 */
static void nested_caches(void)
{
    struct description d = machine_description();
    d.walk.pde = (struct assoc_geometry){4, 4};
    begin(&d);
    guest_tables(PAGE_4K, PAGE_4K);
    model_enter_guest(core);
    expect_walk(VIRT, 24, 0x200000 + SHIFT);
    expect_walk(VIRT + 0x1000, 5, 0x201000 + SHIFT);
    model_free(model);

    d.nested_walk.pde = (struct assoc_geometry){4, 4};
    begin(&d);
    guest_tables(PAGE_4K, PAGE_4K);
    model_enter_guest(core);
    /* tables' pages: 4 for the first, 1 for each of three others; data 4; guest's own 4 */
    expect_walk(VIRT, 4 + 3 + 4 + 4, 0x200000 + SHIFT);
    expect_walk(VIRT + 0x1000, 2, 0x201000 + SHIFT);
    model_free(model);

    d.nested_tlb = (struct assoc_geometry){16, 16};
    d.nested_walk.pde.entries = 0;
    begin(&d);
    guest_tables(PAGE_4K, PAGE_2M);
    model_enter_guest(core);
    /* one 2 MiB page has all tables (3), another the data (3); guest's own 4 */
    expect_walk(VIRT, 3 + 3 + 4, 0x200000 + SHIFT);
    expect_walk(VIRT + 0x1000, 1, 0x201000 + SHIFT);
    model_free(model);
}

/* Exits without tags empty what is linear, and keep what is guest-physical until the monitor says otherwise. */
static void transitions(void)
{
    struct description d = machine_description();
    d.nested_tlb = (struct assoc_geometry){16, 16};
    begin(&d);
    guest_tables(PAGE_4K, PAGE_2M);
    host_tables();
    model_enter_guest(core);
    expect_walk(VIRT, 3 + 3 + 4, 0x200000 + SHIFT);
    model_leave_guest(core);
    CU_ASSERT_EQUAL(machine_page.count[0][QV_EMUPMU_VM_EXITS], 1);
    expect_walk(VIRT, 4, 0x5000); /* the same address in the monitor */
    model_enter_guest(core);
    CU_ASSERT_EQUAL(machine_page.count[0][QV_EMUPMU_TLB_FLUSHES], 3);
    expect_walk(VIRT, 4, 0x200000 + SHIFT);
    machine_control[0].nested_flushes++;
    model_flush(core);
    expect_walk(VIRT, 10, 0x200000 + SHIFT);
    model_flush_all(core);
    expect_walk(VIRT, 10, 0x200000 + SHIFT);
    model_free(model);
}

/* With tags nothing is emptied, and neither space's entries serve the other. */
static void tagged(void)
{
    struct description d = machine_description();
    d.transition_flushes = false;
    begin(&d);
    guest_tables(PAGE_4K, PAGE_4K);
    host_tables();
    model_enter_guest(core);
    expect_walk(VIRT, 24, 0x200000 + SHIFT);
    model_leave_guest(core);
    expect_walk(VIRT, 4, 0x5000);
    model_enter_guest(core);
    expect_hit(VIRT);
    model_flush(core); /* of the guest alone */
    model_leave_guest(core);
    expect_hit(VIRT);
    model_enter_guest(core);
    expect_walk(VIRT, 24, 0x200000 + SHIFT);
    model_free(model);
}

static uint64_t round_of(uint64_t pages, enum qv_emupmu_event event)
{
    (void)since(event);
    for (uint64_t i = 0; i < pages; i++)
        (void)model_data(core, VIRT + i * 0x1000, 4, false);
    return since(event);
}

/*
 * 512 entries in 128 sets of 4: 512 pages in a row fit. Of 513 the first and the last share a set with three others:
 * five in turn in four ways, and least recently used misses all five. 640 fill every set with five.
 */
static void capacity(void)
{
    struct description d = machine_description();
    d.l2tlb.by_size[PAGE_4K] = (struct assoc_geometry){512, 4};
    begin(&d);
    machine_control[0].host_root = machine_table();
    for (uint64_t i = 0; i < 1024; i++)
        machine_map(machine_control[0].host_root, VIRT + i * 0x1000, i * 0x1000, PAGE_4K, 0);
    CU_ASSERT_EQUAL(round_of(64, QV_EMUPMU_DTLB_LOAD_WALKS), 64);
    CU_ASSERT_EQUAL(round_of(64, QV_EMUPMU_DTLB_L1_MISSES), 0);
    CU_ASSERT_EQUAL(round_of(65, QV_EMUPMU_DTLB_LOAD_WALKS), 1);
    CU_ASSERT_EQUAL(round_of(65, QV_EMUPMU_DTLB_L1_MISSES), 5);
    CU_ASSERT_EQUAL(round_of(65, QV_EMUPMU_DTLB_HITS_L2), 5);
    (void)round_of(512, QV_EMUPMU_LOADS);
    CU_ASSERT_EQUAL(round_of(512, QV_EMUPMU_DTLB_LOAD_WALKS), 0);
    CU_ASSERT_EQUAL(round_of(512, QV_EMUPMU_DTLB_HITS_L2), 512);
    (void)round_of(513, QV_EMUPMU_LOADS);
    CU_ASSERT_EQUAL(round_of(513, QV_EMUPMU_DTLB_LOAD_WALKS), 5);
    (void)round_of(640, QV_EMUPMU_LOADS);
    CU_ASSERT_EQUAL(round_of(640, QV_EMUPMU_DTLB_LOAD_WALKS), 640);
    CU_ASSERT_EQUAL(round_of(640, QV_EMUPMU_LOADS), 640);
    model_free(model);
}

/* Code has a first level of its own and shares the second, unless there is one for code. */
static void fetches(void)
{
    struct description d = machine_description();
    d.l2tlb.by_size[PAGE_4K] = (struct assoc_geometry){512, 4};
    begin(&d);
    host_tables();
    model_fetch(core, VIRT + 0xff8, 16, 3); /* over the end of the page */
    CU_ASSERT_EQUAL(since(QV_EMUPMU_INSTRUCTIONS), 3);
    CU_ASSERT_EQUAL(since(QV_EMUPMU_ITLB_WALKS), 2);
    CU_ASSERT_EQUAL(since(QV_EMUPMU_ITLB_L1_MISSES), 2);
    expect_hit(VIRT); /* in the shared second level */
    CU_ASSERT_EQUAL(since(QV_EMUPMU_DTLB_HITS_L2), 1);
    model_free(model);
    d.l2itlb.by_size[PAGE_4K] = (struct assoc_geometry){512, 4};
    begin(&d);
    host_tables();
    model_fetch(core, VIRT, 16, 3);
    expect_walk(VIRT, 4, 0x5000);
    model_free(model);
}

/* What is not mapped, or whose tables nobody named, is counted and does no harm. */
static void unmapped(void)
{
    struct description d = machine_description();
    begin(&d);
    CU_ASSERT_EQUAL(model_data(core, VIRT, 8, true).walked, false);
    CU_ASSERT_EQUAL(since(QV_EMUPMU_STORES), 1);
    CU_ASSERT_EQUAL(since(QV_EMUPMU_WALK_REFERENCES), 0);
    host_tables();
    CU_ASSERT_EQUAL(model_data(core, 0x1000, 8, false).walked, false);
    CU_ASSERT_EQUAL(since(QV_EMUPMU_WALK_REFERENCES), 1); /* the top entry is empty */
    machine_control[0].host_root = 0x7ffff000;            /* a table outside of memory */
    CU_ASSERT_EQUAL(model_data(core, VIRT, 8, false).walked, false);
    model_enter_guest(core);
    CU_ASSERT_EQUAL(model_data(core, VIRT, 8, false).walked, false);
    CU_ASSERT_EQUAL(since(QV_EMUPMU_L1D_MISSES), 0);
    model_free(model);
}

int main(void)
{
    static const struct unit_test tests[] = {{"one dimension", one_dimension},
                                             {"walk caches", walk_caches},
                                             {"two dimensions", two_dimensions},
                                             {"splintered pages", splintered},
                                             {"nested caches", nested_caches},
                                             {"transitions", transitions},
                                             {"tagged", tagged},
                                             {"capacity", capacity},
                                             {"fetches", fetches},
                                             {"unmapped", unmapped}};
    return unit_run("emulated PMU: translation", tests, sizeof(tests) / sizeof(tests[0]));
}
