/* SPDX-License-Identifier: MIT */
/* The caches of the emulated PMU's model against cases worked out by hand. */
#include "plugin_machine.h"
#include "unit.h"

#define BASE 0x40000000ull /* of a page of 1 GiB, mapped to itself */

static struct model *model;

static void begin(const struct description *d, unsigned cores)
{
    model = machine_new(d, cores);
    CU_ASSERT_PTR_NOT_NULL_FATAL(model);
    uint64_t root = machine_table();
    machine_map(root, BASE, BASE, PAGE_1G, 0);
    machine_map(root, 2 * BASE, 2 * BASE, PAGE_1G, 0);
    for (unsigned i = 0; i < cores; i++) {
        machine_control[i].host_root = root;
        (void)model_data(model_core(model, i), BASE, 1, false); /* the one walk */
        model_flush_caches(model_core(model, i));
    }
    memset(&machine_page, 0, sizeof(machine_page));
}

static uint64_t round_of(unsigned core, uint64_t lines, enum qv_emupmu_event event)
{
    uint64_t before = machine_page.count[core][event];
    for (uint64_t i = 0; i < lines; i++)
        (void)model_data(model_core(model, core), BASE + i * 64, 4, i % 2 != 0);
    return machine_page.count[core][event] - before;
}

/* 64 sets of 8: 512 lines fit; of 513 nine share the first set. */
static void capacity(void)
{
    struct description d = machine_description();
    begin(&d, 1);
    CU_ASSERT_EQUAL(round_of(0, 512, QV_EMUPMU_L1D_MISSES), 512);
    CU_ASSERT_EQUAL(round_of(0, 512, QV_EMUPMU_L1D_MISSES), 0);
    (void)round_of(0, 513, QV_EMUPMU_LOADS);
    CU_ASSERT_EQUAL(round_of(0, 513, QV_EMUPMU_L1D_MISSES), 9);
    CU_ASSERT_EQUAL(machine_page.count[0][QV_EMUPMU_LLC_MISSES], 513);
    CU_ASSERT_EQUAL(machine_page.count[0][QV_EMUPMU_L2_MISSES], 0); /* there is none */
    model_free(model);
}

/* A second level of 256 KiB: 4,096 lines; what the first does not hold it has. */
static void levels(void)
{
    struct description d = machine_description();
    d.l2 = (struct cache_description){262144, 8};
    begin(&d, 1);
    CU_ASSERT_EQUAL(round_of(0, 4096, QV_EMUPMU_L2_MISSES), 4096);
    CU_ASSERT_EQUAL(round_of(0, 4096, QV_EMUPMU_L2_MISSES), 0);
    CU_ASSERT_EQUAL(round_of(0, 4096, QV_EMUPMU_L1D_MISSES), 4096);
    CU_ASSERT_EQUAL(machine_page.count[0][QV_EMUPMU_LLC_MISSES], 4096);
    /* 4,096 from memory, then twice 4,096 from the second level */
    CU_ASSERT_EQUAL(machine_page.count[0][QV_EMUPMU_MEMORY_CYCLES], 4096u * 200 + 2u * 4096 * 12);
    model_flush_caches(model_core(model, 0));
    CU_ASSERT_EQUAL(round_of(0, 16, QV_EMUPMU_LLC_MISSES), 16);
    model_free(model);
}

/* An access over the end of a line is two lines; code has a first level of its own. */
static void lines(void)
{
    struct description d = machine_description();
    begin(&d, 1);
    struct model_core *core = model_core(model, 0);
    (void)model_data(core, BASE + 60, 8, false);
    CU_ASSERT_EQUAL(machine_page.count[0][QV_EMUPMU_LOADS], 1);
    CU_ASSERT_EQUAL(machine_page.count[0][QV_EMUPMU_L1D_MISSES], 2);
    (void)model_data(core, BASE + 0xffc, 8, false); /* and over the end of a page */
    CU_ASSERT_EQUAL(machine_page.count[0][QV_EMUPMU_L1D_MISSES], 4);
    model_fetch(core, BASE, 130, 40);
    CU_ASSERT_EQUAL(machine_page.count[0][QV_EMUPMU_L1I_MISSES], 3);
    CU_ASSERT_EQUAL(machine_page.count[0][QV_EMUPMU_LLC_MISSES], 4 + 1 + 2); /* two were there; a walk has two */
    model_free(model);
}

/* Device memory, behind the end, is not cached. */
static void devices(void)
{
    struct description d = machine_description();
    begin(&d, 1);
    (void)model_data(model_core(model, 0), 2 * BASE, 4, true);
    (void)model_data(model_core(model, 0), 2 * BASE, 4, true);
    CU_ASSERT_EQUAL(machine_page.count[0][QV_EMUPMU_STORES], 2);
    CU_ASSERT_EQUAL(machine_page.count[0][QV_EMUPMU_L1D_MISSES], 0);
    model_free(model);
}

static uint64_t owned(void)
{
    uint64_t sum = 0;
    for (unsigned i = 0; i < QV_MAX_SANDBOXES; i++)
        for (unsigned tag = 0; tag < QV_EMUPMU_TAGS; tag++)
            sum += machine_page.occupancy[i][tag];
    return sum;
}

static void touch(unsigned core, uint64_t first, uint64_t count)
{
    for (uint64_t i = first; i < first + count; i++)
        (void)model_data(model_core(model, core), BASE + i * 64, 4, false);
}

/* 16,384 lines in all, owned by whoever brought them in. */
static void occupancy(void)
{
    struct description d = machine_description();
    const uint64_t all = (1 << 20) / 64;
    begin(&d, 2);
    touch(0, 0, 1000);
    machine_control[0].tag = 3;
    touch(0, 1000, 500);
    touch(1, 0, 100); /* there already: they stay the first one's */
    touch(1, 1500, 200);
    CU_ASSERT_EQUAL(machine_page.occupancy[0][0], 1000);
    CU_ASSERT_EQUAL(machine_page.occupancy[0][3], 500);
    CU_ASSERT_EQUAL(machine_page.occupancy[1][0], 200);
    CU_ASSERT_EQUAL(machine_page.llc_total_misses, 1700);
    machine_control[1].tag = 9; /* beyond the tags: taken modulo */
    touch(1, all, all);
    CU_ASSERT_EQUAL(machine_page.occupancy[1][1], all);
    CU_ASSERT_EQUAL(machine_page.occupancy[0][0] + machine_page.occupancy[0][3] + machine_page.occupancy[1][0], 0);
    CU_ASSERT_EQUAL(owned(), all);
    model_flush_caches(model_core(model, 0));
    CU_ASSERT_EQUAL(owned(), 0);
    model_free(model);
}

int main(void)
{
    static const struct unit_test tests[] = {
        {"capacity", capacity}, {"levels", levels}, {"lines", lines}, {"devices", devices}, {"occupancy", occupancy}};
    return unit_run("emulated PMU: caches", tests, sizeof(tests) / sizeof(tests[0]));
}
