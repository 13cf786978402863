/* SPDX-License-Identifier: MIT */
#include "bench/plugin/model.h"

#include <stdlib.h>
#include <string.h>

#include "bench/plugin/parts.h"

#define NO_PAGE   UINT64_MAX
#define PAGE_MASK 0xfffull

static struct assoc_geometry lines_of(const struct cache_description *cache, uint32_t line)
{
    return (struct assoc_geometry){cache->bytes / line, cache->ways};
}

static void forget_last(struct model_core *core)
{
    core->last_page = core->last_fetch_page = NO_PAGE;
}

static bool init_core(struct model *model, unsigned index)
{
    const struct description *d = &model->description;
    struct model_core *core = &model->core[index];
    const struct tlb_description nested = {.by_size[PAGE_4K] = d->nested_tlb, .any_size = true};
    core->model = model;
    core->index = index;
    core->count = model->machine.page->count[index];
    forget_last(core);
    bool good = tlb_init(&core->dtlb, &d->dtlb) && tlb_init(&core->itlb, &d->itlb);
    good = good && tlb_init(&core->l2tlb, &d->l2tlb) && tlb_init(&core->l2itlb, &d->l2itlb);
    good = good && tlb_init(&core->nested_tlb, &nested);
    good = good && walk_cache_init(&core->walk, &d->walk) && walk_cache_init(&core->nested_walk, &d->nested_walk);
    good = good && assoc_init(&core->l1i, lines_of(&d->l1i, d->line));
    good = good && assoc_init(&core->l1d, lines_of(&d->l1d, d->line));
    return good && assoc_init(&core->l2, lines_of(&d->l2, d->line));
}

struct model *model_new(const struct description *description, const struct model_machine *machine)
{
    struct model *model = calloc(1, sizeof(*model));
    if (model == NULL)
        return NULL;
    model->description = *description;
    model->machine = *machine;
    pthread_mutex_init(&model->lock, NULL);
    bool good = assoc_init(&model->llc, lines_of(&description->llc, description->line));
    for (unsigned i = 0; i < machine->cores && good; i++)
        good = init_core(model, i);
    if (good)
        return model;
    model_free(model);
    return NULL;
}

void model_free(struct model *model)
{
    if (model == NULL)
        return;
    for (unsigned i = 0; i < model->machine.cores; i++) {
        struct model_core *core = &model->core[i];
        tlb_free(&core->dtlb);
        tlb_free(&core->itlb);
        tlb_free(&core->l2tlb);
        tlb_free(&core->l2itlb);
        tlb_free(&core->nested_tlb);
        walk_cache_free(&core->walk);
        walk_cache_free(&core->nested_walk);
        assoc_free(&core->l1i);
        assoc_free(&core->l1d);
        assoc_free(&core->l2);
    }
    assoc_free(&model->llc);
    pthread_mutex_destroy(&model->lock);
    free(model);
}

struct model_core *model_core(struct model *model, unsigned index)
{
    return index < model->machine.cores ? &model->core[index] : NULL;
}

/* --- translation --- */

static bool exists(const struct tlb_description *tlb)
{
    return tlb->by_size[PAGE_4K].entries != 0 || tlb->by_size[PAGE_2M].entries != 0;
}

static struct translation translate(struct model_core *core, struct tlb *first, uint64_t address,
                                    enum qv_emupmu_event missed, enum qv_emupmu_event hit_second,
                                    enum qv_emupmu_event walked)
{
    const struct description *d = &core->model->description;
    enum space space = core->guest ? SPACE_GUEST : SPACE_HOST;
    struct tlb *second = first == &core->itlb && exists(&d->l2itlb) ? &core->l2itlb : &core->l2tlb;
    struct translation t = {.valid = false};
    if (tlb_find(first, space, address, &t))
        return t;
    count(core, missed, 1);
    count(core, QV_EMUPMU_MEMORY_CYCLES, d->latency.l2tlb); /* looked up first, found there or not */
    if (tlb_find(second, space, address, &t)) {
        if (hit_second != missed)
            count(core, hit_second, 1);
    } else {
        count(core, walked, 1);
        t = walk(core, address);
        if (!t.valid)
            return t;
        tlb_insert(second, space, address, &t);
    }
    tlb_insert(first, space, address, &t);
    return t;
}

static bool uncached(const struct model_core *core, const struct translation *t)
{
    return t->uncached || t->phys >= core->model->machine.memory_end;
}

/* One page's part of an access. */
static struct model_access data_in_page(struct model_core *core, uint64_t address, uint32_t bytes, bool store)
{
    const struct description *d = &core->model->description;
    struct model_access result = {.walked = false};
    if (core->last_page != address >> 12) {
        struct translation t = translate(core, &core->dtlb, address, QV_EMUPMU_DTLB_L1_MISSES, QV_EMUPMU_DTLB_HITS_L2,
                                         store ? QV_EMUPMU_DTLB_STORE_WALKS : QV_EMUPMU_DTLB_LOAD_WALKS);
        core->last_page = NO_PAGE;
        if (!t.valid)
            return result;
        result = (struct model_access){t.walked, t.phys};
        core->last_page = address >> 12;
        core->last_page_phys = t.phys & ~PAGE_MASK;
        core->last_page_uncached = uncached(core, &t);
    }
    if (core->last_page_uncached) {
        count(core, QV_EMUPMU_MEMORY_CYCLES, d->latency.memory);
        return result;
    }
    uint64_t phys = core->last_page_phys | (address & PAGE_MASK);
    for (uint64_t line = phys / d->line; line <= (phys + bytes - 1) / d->line; line++)
        caches_access(core, line * d->line, LINE_DATA);
    return result;
}

struct model_access model_data(struct model_core *core, uint64_t address, uint32_t bytes, bool store)
{
    uint64_t room = PAGE_MASK + 1 - (address & PAGE_MASK);
    uint32_t here = bytes < room ? bytes : (uint32_t)room;
    count(core, store ? QV_EMUPMU_STORES : QV_EMUPMU_LOADS, 1);
    struct model_access result = data_in_page(core, address, here, store);
    if (here < bytes)
        (void)data_in_page(core, address + here, bytes - here, store);
    return result;
}

static void fetch_in_page(struct model_core *core, uint64_t address, uint32_t bytes)
{
    const struct description *d = &core->model->description;
    if (core->last_fetch_page != address >> 12) {
        struct translation t = translate(core, &core->itlb, address, QV_EMUPMU_ITLB_L1_MISSES, QV_EMUPMU_ITLB_L1_MISSES,
                                         QV_EMUPMU_ITLB_WALKS);
        core->last_fetch_page = NO_PAGE;
        if (!t.valid)
            return;
        core->last_fetch_page = address >> 12;
        core->last_fetch_page_phys = t.phys & ~PAGE_MASK;
        core->last_fetch_uncached = uncached(core, &t);
    }
    if (core->last_fetch_uncached)
        return;
    uint64_t phys = core->last_fetch_page_phys | (address & PAGE_MASK);
    for (uint64_t line = phys / d->line; line <= (phys + bytes - 1) / d->line; line++)
        caches_access(core, line * d->line, LINE_FETCH);
}

void model_fetch(struct model_core *core, uint64_t address, uint32_t bytes, uint32_t instructions)
{
    count(core, QV_EMUPMU_INSTRUCTIONS, instructions);
    while (bytes > 0) {
        uint64_t room = PAGE_MASK + 1 - (address & PAGE_MASK);
        uint32_t here = bytes < room ? bytes : (uint32_t)room;
        fetch_in_page(core, address, here);
        address += here;
        bytes -= here;
    }
}

/* --- flushes and changes of mode --- */

static void clear_linear(struct model_core *core)
{
    tlb_clear(&core->dtlb);
    tlb_clear(&core->itlb);
    tlb_clear(&core->l2tlb);
    tlb_clear(&core->l2itlb);
    walk_cache_clear(&core->walk);
    forget_last(core);
    count(core, QV_EMUPMU_TLB_FLUSHES, 1);
}

void model_flush(struct model_core *core)
{
    enum space space = core->guest ? SPACE_GUEST : SPACE_HOST;
    tlb_clear_space(&core->dtlb, space);
    tlb_clear_space(&core->itlb, space);
    tlb_clear_space(&core->l2tlb, space);
    tlb_clear_space(&core->l2itlb, space);
    walk_cache_clear_space(&core->walk, space);
    forget_last(core);
    count(core, QV_EMUPMU_TLB_FLUSHES, 1);
}

void model_flush_all(struct model_core *core)
{
    clear_linear(core);
    tlb_clear(&core->nested_tlb);
    walk_cache_clear(&core->nested_walk);
}

void model_flush_caches(struct model_core *core)
{
    struct model *model = core->model;
    assoc_clear(&core->l1i);
    assoc_clear(&core->l1d);
    assoc_clear(&core->l2);
    pthread_mutex_lock(&model->lock);
    assoc_clear(&model->llc);
    memset((void *)(uintptr_t)model->machine.page->occupancy, 0, sizeof(model->machine.page->occupancy));
    pthread_mutex_unlock(&model->lock);
}

static void change_mode(struct model_core *core, bool guest)
{
    core->guest = guest;
    forget_last(core);
    if (core->model->description.transition_flushes)
        clear_linear(core);
}

void model_enter_guest(struct model_core *core)
{
    if (!core->guest)
        change_mode(core, true);
}

void model_leave_guest(struct model_core *core)
{
    if (!core->guest)
        return;
    count(core, QV_EMUPMU_VM_EXITS, 1);
    change_mode(core, false);
}

bool model_in_guest(const struct model_core *core)
{
    return core->guest;
}

void model_count(struct model_core *core, enum qv_emupmu_event event)
{
    count(core, event, 1);
}
