/* SPDX-License-Identifier: MIT */
#include "bench/plugin/parts.h"

/* The shared cache also knows who brought each line in. True: it was there. */
static bool access_shared(struct model_core *core, uint64_t line)
{
    struct model *model = core->model;
    volatile struct qv_emupmu *page = model->machine.page;
    uint64_t owner = core->index * QV_EMUPMU_TAGS + control_of(core)->tag % QV_EMUPMU_TAGS;

    pthread_mutex_lock(&model->lock);
    bool hit = assoc_find(&model->llc, line) != NULL;
    if (!hit) {
        struct assoc_victim victim = assoc_insert(&model->llc, line, owner);
        if (victim.any)
            page->occupancy[victim.value / QV_EMUPMU_TAGS][victim.value % QV_EMUPMU_TAGS]--;
        page->occupancy[owner / QV_EMUPMU_TAGS][owner % QV_EMUPMU_TAGS]++;
        page->llc_total_misses++;
    }
    pthread_mutex_unlock(&model->lock);
    return hit;
}

/* From the second level on. The number of cycles until the line is there. */
static uint32_t fetch_outer(struct model_core *core, uint64_t line)
{
    const struct description *d = &core->model->description;
    if (d->l2.bytes != 0) {
        if (assoc_find(&core->l2, line) != NULL)
            return d->latency.l2;
        (void)assoc_insert(&core->l2, line, 0);
        count(core, QV_EMUPMU_L2_MISSES, 1);
    }
    if (access_shared(core, line))
        return d->latency.llc;
    count(core, QV_EMUPMU_LLC_MISSES, 1);
    return d->latency.memory;
}

void caches_access(struct model_core *core, uint64_t phys, enum line_kind kind)
{
    const struct description *d = &core->model->description;
    uint64_t line = phys / d->line;
    struct assoc *first = kind == LINE_FETCH ? &core->l1i : &core->l1d;
    uint32_t cycles = d->latency.l1;

    if (assoc_find(first, line) != NULL) {
        if (kind != LINE_FETCH) /* fetches that hit are never waited for */
            count(core, QV_EMUPMU_MEMORY_CYCLES, cycles);
        return;
    }
    (void)assoc_insert(first, line, 0);
    if (kind != LINE_WALK)
        count(core, kind == LINE_FETCH ? QV_EMUPMU_L1I_MISSES : QV_EMUPMU_L1D_MISSES, 1);
    cycles = fetch_outer(core, line);
    count(core, QV_EMUPMU_MEMORY_CYCLES, cycles);
}
