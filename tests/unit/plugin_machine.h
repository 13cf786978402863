/* SPDX-License-Identifier: MIT */
/* A machine for tests of the emulated PMU's model: a little memory, page tables in it, and the counts. */
#ifndef QV_TEST_PLUGIN_MACHINE_H
#define QV_TEST_PLUGIN_MACHINE_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "bench/plugin/model.h"

#define MACHINE_BYTES  0x800000u /* of memory that holds something: page tables */
#define MACHINE_END    0x80000000ull
#define MACHINE_TABLES 0x100000u /* where page tables begin */

static uint64_t machine_memory[MACHINE_BYTES / 8];
static uint64_t machine_next_table;
static struct qv_emupmu machine_page;
static struct qv_emupmu_control machine_control[QV_MAX_SANDBOXES];

static bool machine_read(void *context, uint64_t phys, uint64_t *value)
{
    (void)context;
    if (phys >= MACHINE_BYTES)
        return false;
    *value = machine_memory[phys / 8];
    return true;
}

static inline uint64_t machine_table(void)
{
    uint64_t at = machine_next_table;
    machine_next_table += 4096;
    return at;
}

/* Maps one page of `size` in the tables under `root`; entries hold what the tables' own addresses are. */
static inline void machine_map(uint64_t root, uint64_t address, uint64_t phys, enum page_size size, uint64_t bits)
{
    uint64_t table = root;
    unsigned last = (unsigned)size + 1;
    for (unsigned level = 4; level > last; level--) {
        uint64_t *entry = &machine_memory[table / 8 + (address >> (3 + 9 * level) & 511)];
        if (*entry == 0)
            *entry = machine_table() | 1;
        table = *entry & ~0xfffull;
    }
    machine_memory[table / 8 + (address >> (3 + 9 * last) & 511)] = phys | bits | 1 | (last > 1 ? 1u << 7 : 0u);
}

/* A smallest processor: no second level, no walk caches. Tests add what they look at. */
static inline struct description machine_description(void)
{
    struct description d = {.name = "test", .processor = "none", .line = 64};
    d.dtlb.by_size[PAGE_4K] = (struct assoc_geometry){64, 4};
    d.dtlb.by_size[PAGE_2M] = (struct assoc_geometry){32, 4};
    d.dtlb.by_size[PAGE_1G] = (struct assoc_geometry){4, 4};
    d.itlb = d.dtlb;
    d.transition_flushes = true;
    d.l1i = d.l1d = (struct cache_description){32768, 8};
    d.llc = (struct cache_description){1 << 20, 16};
    d.latency.l1 = 4;
    d.latency.l2 = 12;
    d.latency.llc = 30;
    d.latency.memory = 200;
    d.latency.l2tlb = 7;
    return d;
}

static inline struct model *machine_new(const struct description *d, unsigned cores)
{
    const struct model_machine machine = {.cores = cores,
                                          .read = machine_read,
                                          .memory_end = MACHINE_END,
                                          .control = machine_control,
                                          .control_stride = sizeof(machine_control[0]),
                                          .page = &machine_page};
    memset(machine_memory, 0, sizeof(machine_memory));
    memset(&machine_page, 0, sizeof(machine_page));
    memset(machine_control, 0, sizeof(machine_control));
    machine_next_table = MACHINE_TABLES;
    return model_new(d, &machine);
}

/* What a core has counted since this was asked last. */
static inline uint64_t machine_since(unsigned core, enum qv_emupmu_event event)
{
    static uint64_t seen[QV_MAX_SANDBOXES][QV_EMUPMU_EVENT_SLOTS];
    uint64_t now = machine_page.count[core][event];
    uint64_t grown = now - (now < seen[core][event] ? 0 : seen[core][event]);
    seen[core][event] = now;
    return grown;
}

#endif
