/* SPDX-License-Identifier: MIT */
/* What a multiboot2 loader tells, whole and broken, and the map of RAM that is made of it. */
#include "boot/loader.h"

#include <stdlib.h>
#include <string.h>

#include "boot/multiboot2.h"
#include "qv/draw.h"
#include "unit.h"

#define LIMIT 0x80000000ull
#define MIB   0x100000ull

static _Alignas(8) uint8_t info[4096];
static uint32_t used;

static void begin(void)
{
    memset(info, 0, sizeof(info));
    used = sizeof(struct multiboot2_info);
}

static void tag(uint32_t type, const void *content, uint32_t size)
{
    const struct multiboot2_tag head = {type, (uint32_t)sizeof(head) + size};
    memcpy(info + used, &head, sizeof(head));
    if (size > 0)
        memcpy(info + used + sizeof(head), content, size);
    used += (head.size + 7u) & ~7u;
    *(uint32_t *)(void *)info = used;
}

static void map_tag(const struct multiboot2_memory *entry, uint32_t n)
{
    uint8_t content[8 + 16 * sizeof(*entry)];
    const uint32_t head[2] = {sizeof(*entry), 0};
    memcpy(content, head, 8);
    memcpy(content + 8, entry, n * sizeof(*entry));
    tag(MULTIBOOT2_TAG_MEMORY_MAP, content, (uint32_t)(8 + n * sizeof(*entry)));
}

/* On the heap, in exactly its size, so that the sanitizer sees any step beyond it. */
static const char *read_it(struct loader_info *out)
{
    uint8_t *copy = aligned_alloc(8, (used + 7u) & ~7u);
    memcpy(copy, info, used);
    const char *wrong = loader_read_multiboot2(copy, used, LIMIT, out);
    free(copy);
    return wrong;
}

static void test_whole(void)
{
    /* as UEFI has it: holes where firmware keeps something, more RAM than we use, and entries that overlap */
    const struct multiboot2_memory map[] = {
        {0, 0xa0000, 1, 0},          {MIB, 7 * MIB, 1, 0}, {8 * MIB, MIB, 4, 0},
        {9 * MIB, 1000 * MIB, 1, 0}, {500 * MIB, 1, 2, 0}, {1009 * MIB, 3000 * MIB, 1, 0},
    };
    const uint32_t modules[][2] = {{0x2000000, 0x2100000}, {0x3000000, 0x3000500}, {0x3001000, 0x3001010}};
    uint8_t old_rsdp[20] = "RSD PTR old", new_rsdp[36] = "RSD PTR new";
    struct loader_info out;
    begin();
    for (unsigned i = 0; i < 3; i++)
        tag(MULTIBOOT2_TAG_MODULE, modules[i], 8);
    tag(MULTIBOOT2_TAG_ACPI_OLD, old_rsdp, sizeof(old_rsdp));
    map_tag(map, 6);
    tag(MULTIBOOT2_TAG_ACPI_NEW, new_rsdp, sizeof(new_rsdp));
    tag(77, "something that is not known", 27);
    tag(MULTIBOOT2_TAG_END, NULL, 0);
    CU_ASSERT_PTR_NULL(read_it(&out));
    CU_ASSERT_TRUE(out.has_map && out.n_modules == 3 && out.module[1].end == 0x3000500);
    CU_ASSERT_TRUE(out.rsdp_bytes == 36 && memcmp(out.rsdp, new_rsdp, 36) == 0);
    CU_ASSERT_EQUAL(out.ram.n, 4);
    CU_ASSERT_EQUAL(ram_end(&out.ram), LIMIT);
    CU_ASSERT_TRUE(ram_holds(&out.ram, MIB, 8 * MIB) && !ram_holds(&out.ram, MIB, 8 * MIB + 1));
    CU_ASSERT_FALSE(ram_holds(&out.ram, 500 * MIB, 500 * MIB + 4096));
    CU_ASSERT_TRUE(ram_holds(&out.ram, 1000 * MIB, 1100 * MIB)); /* two entries that touch are one piece */
    CU_ASSERT_EQUAL(ram_find(&out.ram, 7 * MIB, 2 * MIB, 2 * MIB), 10 * MIB);
    CU_ASSERT_EQUAL(ram_find(&out.ram, 499 * MIB, 2 * MIB, 2 * MIB), 502 * MIB);
    CU_ASSERT_EQUAL(ram_find(&out.ram, 0, 4096 * MIB, 4096), 0);
}

static void test_broken(void)
{
    struct loader_info out;
    begin();
    tag(MULTIBOOT2_TAG_MODULE, "12345678", 8);
    CU_ASSERT_PTR_NOT_NULL(strstr(read_it(&out), "no end"));
    tag(MULTIBOOT2_TAG_END, NULL, 0);
    CU_ASSERT_PTR_NULL(read_it(&out));
    info[sizeof(struct multiboot2_info) + 4] = 200; /* the first tag's size */
    CU_ASSERT_PTR_NOT_NULL(strstr(read_it(&out), "runs out"));
    info[sizeof(struct multiboot2_info) + 4] = 3;
    CU_ASSERT_PTR_NOT_NULL(strstr(read_it(&out), "runs out"));
    *(uint32_t *)(void *)info = used + 8;
    CU_ASSERT_PTR_NOT_NULL(strstr(read_it(&out), "no sensible length"));
}

/* Every byte may be anything: nothing is read beyond the end, and modules and pieces stay in bounds. */
static void test_corrupt(void)
{
    const struct multiboot2_memory map[] = {{0, MIB, 1, 0}, {MIB, 99 * MIB, 1, 0}, {50 * MIB, MIB, 2, 0}};
    unsigned whole = 0;
    for (uint64_t round = 0; round < 20000; round++) {
        struct loader_info out;
        begin();
        tag(MULTIBOOT2_TAG_MODULE, "12345678", 8);
        map_tag(map, 3);
        tag(MULTIBOOT2_TAG_ACPI_NEW, info, 36);
        tag(MULTIBOOT2_TAG_END, NULL, 0);
        for (unsigned i = 0; i < 3; i++)
            info[4 + qv_draw_below(round, 2 * i, used - 4)] = (uint8_t)qv_draw(round, 2 * i + 1);
        whole += read_it(&out) == NULL;
        CU_ASSERT_TRUE(out.ram.n <= RAM_PIECES && out.rsdp_bytes <= LOADER_RSDP_BYTES && ram_end(&out.ram) <= LIMIT);
    }
    CU_ASSERT_TRUE(whole > 1000 && whole < 20000);
}

/* Against a map with a byte per page. */
static void test_ram_random(void)
{
    enum { PAGES = 512 };
    static uint8_t model[PAGES];
    for (uint64_t seed = 1; seed <= 200; seed++) {
        struct ram ram = {.n = 0};
        unsigned wrong = 0;
        memset(model, 0, sizeof(model));
        for (uint64_t i = 0; i < 60; i++) {
            uint64_t a = qv_draw_below(seed, 3 * i, PAGES * 4096), b = qv_draw_below(seed, 3 * i + 1, PAGES * 4096);
            uint64_t from = a < b ? a : b, to = a < b ? b : a;
            bool add = qv_draw(seed, 3 * i + 2) % 2 == 0;
            if (add) {
                ram_add(&ram, from, to);
                for (uint64_t p = (from + 4095) / 4096; p < to / 4096; p++)
                    model[p] = 1;
            } else {
                ram_remove(&ram, from, to);
                for (uint64_t p = from / 4096; p < (to + 4095) / 4096 && from < to; p++)
                    model[p] = 0;
            }
        }
        for (uint64_t p = 0; p < PAGES; p++)
            wrong += ram_holds(&ram, p * 4096, p * 4096 + 4096) != (model[p] != 0);
        for (uint32_t i = 1; i < ram.n; i++)
            wrong += ram.piece[i].begin <= ram.piece[i - 1].end;
        CU_ASSERT_EQUAL(wrong, 0);
        CU_ASSERT_FALSE(ram.overflow);
    }
}

/* More pieces than there is room for: some RAM is given up, nothing reserved is ever taken for RAM. */
static void test_ram_full(void)
{
    struct ram ram = {.n = 0};
    ram_add(&ram, 0, 4096ull * 1000);
    for (uint64_t p = 1; p < 1000; p += 2)
        ram_remove(&ram, p * 4096, p * 4096 + 4096);
    CU_ASSERT_TRUE(ram.overflow && ram.n <= RAM_PIECES);
    for (uint64_t p = 1; p < 1000; p += 2)
        CU_ASSERT_FALSE(ram_holds(&ram, p * 4096, p * 4096 + 4096));
}

int main(void)
{
    static const struct unit_test tests[] = {
        {"whole", test_whole},
        {"broken", test_broken},
        {"random corruption", test_corrupt},
        {"RAM against a model", test_ram_random},
        {"more pieces than there is room for", test_ram_full},
    };
    return unit_run("loader", tests, sizeof(tests) / sizeof(tests[0]));
}
