/* SPDX-License-Identifier: MIT */
/*
 * Page walks over the guest's own tables (four levels; AMD64, APM vol. 2, 5.3; nested tables of SVM have the same
 * format, 15.25). In guest mode each entry of the guest's tables lies at a guest-physical address, which is translated
 * by the nested tables first: with nothing cached and 4 KiB pages in both, 4 * (4 + 1) + 4 = 24 references.
 */
#include "bench/plugin/parts.h"

#define TOP_LEVEL 4u

enum dimension { LINEAR_WALK, NESTED_WALK };

/* Reads a page-table entry as the walker does: through the caches. False if nothing is there. */
static bool reference(struct model_core *core, uint64_t phys, enum dimension dimension, uint64_t *entry)
{
    const struct model_machine *m = &core->model->machine;
    count(core, QV_EMUPMU_WALK_REFERENCES, 1);
    if (dimension == NESTED_WALK)
        count(core, QV_EMUPMU_NESTED_WALK_REFERENCES, 1);
    if (phys >= m->memory_end || !m->read(m->context, phys, entry))
        return false;
    caches_access(core, phys, LINE_WALK);
    return (*entry & PTE_IS_PRESENT) != 0;
}

static uint64_t index_at(uint64_t address, unsigned level)
{
    return address >> (9 * level) & 0xff8u; /* in bytes: eight for each entry */
}

static uint64_t cache_key(enum space space, uint64_t address, unsigned level)
{
    return (address & 0x0000ffffffffffffull) >> (3 + 9 * level) | (uint64_t)space << 62;
}

/* The level to begin at, and in *table the address of the table there, if one of the walk caches knows it. */
static unsigned begin_at(struct walk_cache *cache, enum space space, uint64_t address, uint64_t *table)
{
    for (unsigned level = 2; level <= TOP_LEVEL; level++) {
        const uint64_t *known = assoc_find(&cache->level[level], cache_key(space, address, level));
        if (known == NULL)
            continue;
        *table = *known;
        return level - 1;
    }
    return TOP_LEVEL;
}

static bool ends_walk(uint64_t entry, unsigned level)
{
    return level == 1 || (level <= 3 && (entry & PTE_IS_LEAF) != 0);
}

static struct translation page_of(uint64_t entry, unsigned level, uint64_t address)
{
    uint64_t mask = (1ull << OFFSET_BITS(level - 1)) - 1;
    return (struct translation){.valid = true,
                                .uncached = (entry & PTE_IS_UNCACHED) != 0,
                                .size = (enum page_size)(level - 1),
                                .phys = (entry & PTE_ADDRESS & ~mask) | (address & mask)};
}

/* A walk whose tables lie at host-physical addresses: outside guest mode, and of nested tables. */
static struct translation walk_flat(struct model_core *core, struct walk_cache *cache, enum dimension dimension,
                                    uint64_t root, uint64_t address)
{
    uint64_t table = root & PTE_ADDRESS;
    uint64_t entry = 0;
    unsigned level = begin_at(cache, SPACE_HOST, address, &table);
    for (;;) {
        if (!reference(core, table + index_at(address, level), dimension, &entry))
            return (struct translation){.valid = false};
        if (ends_walk(entry, level))
            return page_of(entry, level, address);
        table = entry & PTE_ADDRESS;
        (void)assoc_insert(&cache->level[level], cache_key(SPACE_HOST, address, level), table);
        level--;
    }
}

static struct translation translate_guest_physical(struct model_core *core, uint64_t address)
{
    struct translation t = {.valid = false};
    if (tlb_find(&core->nested_tlb, SPACE_HOST, address, &t))
        return t;
    t = walk_flat(core, &core->nested_walk, NESTED_WALK, control_of(core)->nested_root, address);
    if (t.valid)
        tlb_insert(&core->nested_tlb, SPACE_HOST, address, &t);
    return t;
}

/* The monitor had the processor drop what it knew of guest-physical addresses. */
static void see_nested_flushes(struct model_core *core)
{
    uint64_t now = control_of(core)->nested_flushes;
    if (now == core->nested_flushes)
        return;
    core->nested_flushes = now;
    tlb_clear(&core->nested_tlb);
    walk_cache_clear(&core->nested_walk);
}

static struct translation walk_guest(struct model_core *core, uint64_t address)
{
    const struct translation failed = {.valid = false};
    uint64_t known = 0; /* host-physical address of the table, if a walk cache has it */
    uint64_t entry = 0;
    uint64_t table = control_of(core)->guest_root & PTE_ADDRESS; /* guest-physical */
    unsigned level = begin_at(&core->walk, SPACE_GUEST, address, &known);
    bool have = level != TOP_LEVEL;

    see_nested_flushes(core);
    for (;;) {
        if (!have) {
            struct translation t = translate_guest_physical(core, table);
            if (!t.valid)
                return failed;
            if (level != TOP_LEVEL)
                (void)assoc_insert(&core->walk.level[level + 1], cache_key(SPACE_GUEST, address, level + 1), t.phys);
            known = t.phys;
        }
        if (!reference(core, known + index_at(address, level), LINEAR_WALK, &entry))
            return failed;
        if (ends_walk(entry, level))
            break;
        table = entry & PTE_ADDRESS;
        have = false;
        level--;
    }
    struct translation guest = page_of(entry, level, address);
    struct translation host = translate_guest_physical(core, guest.phys);
    host.size = host.size < guest.size ? host.size : guest.size; /* what a TLB entry can cover */
    host.uncached = host.uncached || guest.uncached;
    return host;
}

struct translation walk(struct model_core *core, uint64_t address)
{
    const volatile struct qv_emupmu_control *control = control_of(core);
    struct translation t = {.valid = false};
    if (core->guest && control->guest_root != 0 && control->nested_root != 0)
        t = walk_guest(core, address);
    else if (!core->guest && control->host_root != 0)
        t = walk_flat(core, &core->walk, LINEAR_WALK, control->host_root, address);
    t.walked = true;
    return t;
}
