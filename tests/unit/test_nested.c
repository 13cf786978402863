/* SPDX-License-Identifier: MIT */
/* Protects the memory capabilities: what a nested page table maps, splits, narrows and refuses. */
#include "monitor/nested.h"
#include "monitor/svm/svm.h"

#include <stdlib.h>
#include <string.h>

#include "lib/errno.h"
#include "qv/draw.h"
#include "unit.h"

#define MIB        (1ull << 20)
#define POOL_PAGES 64u

struct pool {
    uint8_t *memory;
    unsigned used, limit;
};

static struct pool pool;

static void *pool_page(void *context)
{
    struct pool *p = context;
    if (p->used == p->limit)
        return NULL;
    void *page = p->memory + 4096u * p->used++;
    memset(page, 0, 4096);
    return page;
}

static uint64_t pool_phys(void *context, const void *page)
{
    const struct pool *p = context;
    return 0x10000000ull + (uint64_t)((const uint8_t *)page - p->memory);
}

static void *pool_virt(void *context, uint64_t phys)
{
    struct pool *p = context;
    return p->memory + (phys - 0x10000000ull);
}

static void begin(struct nested_table *table, unsigned pages)
{
    free(pool.memory);
    pool.memory = aligned_alloc(4096, 4096u * POOL_PAGES);
    pool.used = 0;
    pool.limit = pages;
    CU_ASSERT_EQUAL_FATAL(nested_init(table, &svm_nested_format, &pool, pool_page, pool_phys, pool_virt), 0);
}

static void test_unmapped_is_nothing(void)
{
    struct nested_table t;
    begin(&t, POOL_PAGES);
    CU_ASSERT_EQUAL(nested_lookup(&t, 0, NULL), NESTED_NONE);
    CU_ASSERT_EQUAL(nested_lookup(&t, 0x123456789000ull, NULL), NESTED_NONE);
}

static void test_maps_exactly_the_range(void)
{
    struct nested_table t;
    uint64_t hpa = 0;
    begin(&t, POOL_PAGES);
    CU_ASSERT_EQUAL(nested_map(&t, 4 * MIB, 8 * MIB, 4 * MIB, NESTED_READ | NESTED_WRITE, NESTED_WRITE_BACK, true), 0);
    CU_ASSERT_EQUAL(nested_lookup(&t, 4 * MIB - 1, NULL), NESTED_NONE);
    CU_ASSERT_EQUAL(nested_lookup(&t, 4 * MIB, &hpa), NESTED_READ | NESTED_WRITE);
    CU_ASSERT_EQUAL(hpa, 8 * MIB);
    CU_ASSERT_EQUAL(nested_lookup(&t, 8 * MIB - 1, &hpa), NESTED_READ | NESTED_WRITE);
    CU_ASSERT_EQUAL(hpa, 12 * MIB - 1);
    CU_ASSERT_EQUAL(nested_lookup(&t, 8 * MIB, NULL), NESTED_NONE);
    CU_ASSERT_EQUAL(pool.used, 3); /* root, two levels; two large leaves */
}

static void test_split_keeps_the_rest(void)
{
    struct nested_table t;
    uint64_t hpa = 0;
    begin(&t, POOL_PAGES);
    CU_ASSERT_EQUAL(nested_map(&t, 0, 0, 2 * MIB, NESTED_READ | NESTED_WRITE, NESTED_WRITE_BACK, true), 0);
    CU_ASSERT_EQUAL(nested_map(&t, 0x5000, 0x5000, 0x1000, NESTED_READ, NESTED_WRITE_BACK, true), 0);
    for (uint64_t page = 0; page < 512; page++) {
        unsigned want = page == 5 ? NESTED_READ : NESTED_READ | NESTED_WRITE;
        CU_ASSERT_EQUAL(nested_lookup(&t, page * 4096, &hpa), want);
        CU_ASSERT_EQUAL(hpa, page * 4096);
    }
}

static void test_none_unmaps(void)
{
    struct nested_table t;
    begin(&t, POOL_PAGES);
    CU_ASSERT_EQUAL(nested_map(&t, 0, 0, 2 * MIB, NESTED_READ, NESTED_WRITE_BACK, true), 0);
    CU_ASSERT_EQUAL(nested_map(&t, 0x1000, 0x1000, 0x1000, NESTED_NONE, NESTED_WRITE_BACK, true), 0);
    CU_ASSERT_EQUAL(nested_lookup(&t, 0x1000, NULL), NESTED_NONE);
    CU_ASSERT_EQUAL(nested_lookup(&t, 0x2000, NULL), NESTED_READ);
}

static void test_refuses_unaligned_and_wrapping(void)
{
    struct nested_table t;
    begin(&t, POOL_PAGES);
    CU_ASSERT_EQUAL(nested_map(&t, 1, 0, 4096, NESTED_READ, NESTED_WRITE_BACK, true), -EINVAL);
    CU_ASSERT_EQUAL(nested_map(&t, 0, 1, 4096, NESTED_READ, NESTED_WRITE_BACK, true), -EINVAL);
    CU_ASSERT_EQUAL(nested_map(&t, 0, 0, 1, NESTED_READ, NESTED_WRITE_BACK, true), -EINVAL);
    CU_ASSERT_EQUAL(nested_map(&t, ~0xfffull, 0, 8192, NESTED_READ, NESTED_WRITE_BACK, true), -EINVAL);
}

static void test_out_of_pages_is_reported(void)
{
    struct nested_table t;
    begin(&t, 2);
    CU_ASSERT_EQUAL(nested_map(&t, 0, 0, 4096, NESTED_READ, NESTED_WRITE_BACK, true), -ENOMEM);
}

static void test_amd_bits(void)
{
    const struct nested_format *f = &svm_nested_format;
    uint64_t text = f->leaf(0x5000, NESTED_READ | NESTED_EXECUTE, NESTED_WRITE_BACK, false);
    uint64_t data = f->leaf(0x5000, NESTED_READ | NESTED_WRITE, NESTED_WRITE_BACK, false);
    uint64_t device = f->leaf(0xfee00000u, NESTED_READ | NESTED_WRITE, NESTED_UNCACHED, false);
    CU_ASSERT_EQUAL(text & 0x7u, 0x5u); /* present, user, read-only */
    CU_ASSERT_EQUAL(text >> 63, 0u);    /* executable */
    CU_ASSERT_EQUAL(data & 0x7u, 0x7u);
    CU_ASSERT_EQUAL(data >> 63, 1u);        /* never both */
    CU_ASSERT_EQUAL(device & 0x18u, 0x18u); /* PCD, PWT */
    CU_ASSERT_EQUAL(data & 0x60u, 0x60u);   /* accessed and dirty: the processor need not write */
    CU_ASSERT_EQUAL(f->leaf(2 * MIB, NESTED_READ, NESTED_WRITE_BACK, true) & 0x80u, 0x80u);
}

/* Random maps against a plain array: whatever the order of large and small, the table says what the array says. */
static void test_against_model(void)
{
    enum { PAGES = 2048 };
    static uint8_t model[PAGES];
    struct nested_table t;
    begin(&t, POOL_PAGES);
    memset(model, 0, sizeof(model));
    for (uint64_t i = 0; i < 400; i++) {
        uint64_t first = qv_draw_below(7, 3 * i, PAGES);
        uint64_t count = 1 + qv_draw_below(7, 3 * i + 1, PAGES - first);
        unsigned rights = (unsigned)qv_draw_below(7, 3 * i + 2, 8);
        bool aligned = qv_draw(8, i) & 1u;
        if (rights & (NESTED_WRITE | NESTED_EXECUTE))
            rights |= NESTED_READ;
        if (aligned) {
            first &= ~511ull;
            count = 512;
        }
        CU_ASSERT_EQUAL_FATAL(nested_map(&t, first * 4096, first * 4096, count * 4096, rights, NESTED_WRITE_BACK, true),
                              0);
        memset(model + first, (int)rights, count);
    }
    for (uint64_t page = 0; page < PAGES; page++)
        CU_ASSERT_EQUAL(nested_lookup(&t, page * 4096, NULL), model[page]);
    free(pool.memory);
    pool.memory = NULL;
}

static const struct unit_test tests[] = {
    {"an empty table maps nothing", test_unmapped_is_nothing},
    {"a mapping ends where it was asked to", test_maps_exactly_the_range},
    {"splitting a large leaf keeps the other pages", test_split_keeps_the_rest},
    {"no rights means no mapping", test_none_unmaps},
    {"unaligned and wrapping ranges are refused", test_refuses_unaligned_and_wrapping},
    {"lack of pages is reported", test_out_of_pages_is_reported},
    {"AMD entries: user bit, NX, cache bits, A and D set", test_amd_bits},
    {"random maps agree with a plain array", test_against_model},
};

int main(void)
{
    return unit_run("nested page tables", tests, sizeof(tests) / sizeof(tests[0]));
}
