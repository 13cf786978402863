/* SPDX-License-Identifier: MIT */
/* Parts of the model that see each other. */
#ifndef QV_PLUGIN_PARTS_H
#define QV_PLUGIN_PARTS_H

#include <pthread.h>

#include "bench/plugin/model.h"

#define PTE_IS_PRESENT  1ull
#define PTE_IS_UNCACHED (1ull << 4)
#define PTE_IS_LEAF     (1ull << 7)
#define PTE_ADDRESS     0x000ffffffffff000ull

enum space { SPACE_HOST = 0, SPACE_GUEST = 1 };

struct tlb {
    struct assoc by_size[PAGE_SIZES];
    bool any_size;
};

struct walk_cache {
    struct assoc level[5]; /* [n]: addresses of the tables of level n - 1, found by the address bits of level n */
};

/* The page that an address translates to. */
struct translation {
    bool valid;
    bool uncached;
    bool walked;
    enum page_size size;
    uint64_t phys; /* of the address itself */
};

enum line_kind { LINE_DATA, LINE_FETCH, LINE_WALK };

struct model_core {
    struct model *model;
    unsigned index;
    bool guest;
    uint64_t nested_flushes; /* as last seen in the control word */
    struct tlb dtlb, itlb, l2tlb, l2itlb, nested_tlb;
    struct walk_cache walk, nested_walk;
    struct assoc l1i, l1d, l2;
    /* The last data page and fetched line: repeated accesses change nothing in the arrays. ~0 = none. */
    uint64_t last_page, last_page_phys;
    bool last_page_uncached;
    uint64_t last_fetch_page, last_fetch_page_phys;
    bool last_fetch_uncached;
    volatile uint64_t *count; /* [QV_EMUPMU_EVENT_SLOTS] */
};

struct model {
    struct description description;
    struct model_machine machine;
    pthread_mutex_t lock; /* of the shared cache */
    struct assoc llc;     /* line -> owner: core * QV_EMUPMU_TAGS + tag */
    struct model_core core[QV_MAX_SANDBOXES];
};

#define OFFSET_BITS(size) (12u + 9u * (unsigned)(size))

static inline void count(struct model_core *core, enum qv_emupmu_event event, uint64_t n)
{
    core->count[event] += n;
}

static inline const volatile struct qv_emupmu_control *control_of(const struct model_core *core)
{
    const struct model_machine *m = &core->model->machine;
    return (const volatile struct qv_emupmu_control *)((uintptr_t)m->control + core->index * m->control_stride);
}

/* caches.c: a line on its way to the core. */
void caches_access(struct model_core *core, uint64_t phys, enum line_kind kind);

/* tlb.c */
bool tlb_init(struct tlb *tlb, const struct tlb_description *description);
void tlb_free(struct tlb *tlb);
void tlb_clear(struct tlb *tlb);
void tlb_clear_space(struct tlb *tlb, enum space space);
bool tlb_find(struct tlb *tlb, enum space space, uint64_t address, struct translation *out);
void tlb_insert(struct tlb *tlb, enum space space, uint64_t address, const struct translation *t);
bool walk_cache_init(struct walk_cache *cache, const struct walk_description *description);
void walk_cache_free(struct walk_cache *cache);
void walk_cache_clear(struct walk_cache *cache);
void walk_cache_clear_space(struct walk_cache *cache, enum space space);

/* walk.c: the page walk for a linear address, in the core's present mode. */
struct translation walk(struct model_core *core, uint64_t address);

#endif
