/* SPDX-License-Identifier: MIT */
/*
 * One access pattern, two ways: `pattern run NAME` makes the accesses, for valgrind to watch; `pattern model NAME`
 * hands them to the emulated PMU's model and prints what that counts; `pattern list` names the patterns. compare.sh
 * sets the two side by side.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/plugin/model.h"

#define ROOM (8u << 20)
#define BASE 0x40000000ull /* in the model: of a page of 1 GiB */

/* As compare.sh tells valgrind. */
#define L1_BYTES  32768u
#define L1_WAYS   8u
#define LLC_BYTES 1048576u
#define LLC_WAYS  16u
#define LINE      64u

static uint8_t *memory; /* not in the image: valgrind finds no symbols in one with so wide an alignment */

struct pattern {
    const char *name;
    uint32_t accesses;
    uint32_t span;   /* bytes, for the pseudo-random ones */
    uint32_t stride; /* bytes to the next; 0: pseudo-random */
    uint32_t turn;   /* accesses until it begins again, 0 = never */
    uint32_t write;  /* every how manieth access writes, 0 = none */
};

static const struct pattern patterns[] = {
    {"fits", 200000, 0, 64, 400, 0},            /* 25 KiB, over and over */
    {"just-too-large", 200000, 0, 64, 520, 3},  /* eight lines more than the first level holds */
    {"words", 400000, 0, 4, 65536, 2},          /* 256 KiB word by word */
    {"pages", 100000, 0, 4160, 1024, 0},        /* as the TLB sweeps */
    {"one-set", 50000, 0, 4096, 12, 4},         /* twelve lines for the eight ways of one set */
    {"random-small", 300000, 262144, 0, 0, 5},  /* in the last level, not in the first */
    {"random-large", 300000, 4194304, 0, 0, 5}, /* in neither */
};
#define PATTERNS (sizeof(patterns) / sizeof(patterns[0]))

struct place {
    uint32_t offset, left;
    uint32_t random;
};

static inline void step(const struct pattern *p, struct place *at)
{
    if (p->stride == 0) {
        at->random = at->random * 1664525u + 1013904223u;
        at->offset = (at->random >> 8) % p->span & ~3u;
    } else if (at->left == 1) {
        *at = (struct place){.offset = 0, .left = p->turn};
    } else {
        at->offset += p->stride;
        at->left--;
    }
}

/* Everything but the accesses themselves is in registers; `pattern` is passed by value for that. */
__attribute__((noinline)) static void pattern_accesses(struct pattern pattern)
{
    const struct pattern p = pattern;
    uint8_t *const base = memory;
    struct place at = {.offset = 0, .left = p.turn, .random = 1};
    uint32_t until_write = p.write;
    for (uint32_t i = 0; i < p.accesses; i++) {
        volatile uint32_t *word = (volatile uint32_t *)(void *)(base + at.offset);
        if (p.write != 0 && --until_write == 0) {
            *word = i;
            until_write = p.write;
        } else {
            (void)*word;
        }
        step(&p, &at);
    }
}

/* --- the model --- */

#define TABLE 4096u
static uint64_t tables[3 * TABLE / 8]; /* the first page is nothing */

static bool read_table(void *context, uint64_t phys, uint64_t *value)
{
    (void)context;
    if (phys >= sizeof(tables))
        return false;
    *value = tables[phys / 8];
    return true;
}

static int model_accesses(const struct pattern *p)
{
    static struct qv_emupmu page;
    static struct qv_emupmu_control control = {.host_root = 0};
    struct description d = {.name = "cachegrind", .line = LINE};
    const struct model_machine machine = {
        .cores = 1, .read = read_table, .memory_end = 2 * BASE, .control = &control, .page = &page};
    d.dtlb.by_size[PAGE_4K] = d.itlb.by_size[PAGE_4K] = (struct assoc_geometry){64, 4};
    d.dtlb.by_size[PAGE_1G] = (struct assoc_geometry){4, 4};
    d.l1i = d.l1d = (struct cache_description){L1_BYTES, L1_WAYS};
    d.llc = (struct cache_description){LLC_BYTES, LLC_WAYS};
    d.latency.l1 = d.latency.llc = d.latency.memory = 1;
    tables[TABLE / 8] = 2 * TABLE | 1;              /* top level, of addresses below 512 GiB */
    tables[2 * TABLE / 8 + 1] = BASE | 1u << 7 | 1; /* the page of 1 GiB */
    control.host_root = TABLE;
    struct model *model = model_new(&d, &machine);
    if (model == NULL)
        return EXIT_FAILURE;
    struct place at = {.offset = 0, .left = p->turn, .random = 1};
    uint32_t until_write = p->write;
    for (uint32_t i = 0; i < p->accesses; i++) {
        bool write = p->write != 0 && --until_write == 0;
        until_write = write ? p->write : until_write;
        (void)model_data(model_core(model, 0), BASE + at.offset, 4, write);
        step(p, &at);
    }
    printf("%" PRIu64 " %" PRIu64 " %" PRIu64 " %" PRIu64 "\n", page.count[0][QV_EMUPMU_LOADS],
           page.count[0][QV_EMUPMU_STORES], page.count[0][QV_EMUPMU_L1D_MISSES], page.count[0][QV_EMUPMU_LLC_MISSES]);
    model_free(model);
    return EXIT_SUCCESS;
}

int main(int argc, char **argv)
{
    for (size_t i = 0; i < PATTERNS; i++) {
        const struct pattern *p = &patterns[i];
        if (argc == 2 && strcmp(argv[1], "list") == 0) {
            printf("%s\n", p->name);
            continue;
        }
        if (argc != 3 || strcmp(argv[2], p->name) != 0)
            continue;
        if (strcmp(argv[1], "model") == 0)
            return model_accesses(p);
        memory = aligned_alloc(1u << 20, ROOM);
        if (memory == NULL)
            return EXIT_FAILURE;
        pattern_accesses(*p);
        free(memory);
        return EXIT_SUCCESS;
    }
    return argc == 2 ? EXIT_SUCCESS : EXIT_FAILURE;
}
