/* SPDX-License-Identifier: MIT */
/* TLBs by page size, and page-walk caches. */
#include "bench/plugin/parts.h"

#define SPACE_BIT    62u
#define SIZE_BIT     60u
#define LINEAR       0x0000ffffffffffffull
#define SPACE_MASK   (3ull << SPACE_BIT)
#define UNCACHED_BIT 1ull

bool tlb_init(struct tlb *tlb, const struct tlb_description *description)
{
    bool good = true;
    tlb->any_size = description->any_size;
    for (unsigned size = 0; size < PAGE_SIZES; size++)
        good = assoc_init(&tlb->by_size[size], description->by_size[size]) && good;
    return good;
}

void tlb_free(struct tlb *tlb)
{
    for (unsigned size = 0; size < PAGE_SIZES; size++)
        assoc_free(&tlb->by_size[size]);
}

void tlb_clear(struct tlb *tlb)
{
    for (unsigned size = 0; size < PAGE_SIZES; size++)
        assoc_clear(&tlb->by_size[size]);
}

void tlb_clear_space(struct tlb *tlb, enum space space)
{
    for (unsigned size = 0; size < PAGE_SIZES; size++)
        assoc_clear_matching(&tlb->by_size[size], SPACE_MASK, (uint64_t)space << SPACE_BIT);
}

/* Page number in the low bits, which choose the set. */
static uint64_t key_of(enum space space, enum page_size size, uint64_t address)
{
    return (address & LINEAR) >> OFFSET_BITS(size) | (uint64_t)size << SIZE_BIT | (uint64_t)space << SPACE_BIT;
}

static struct assoc *array_of(struct tlb *tlb, enum page_size size)
{
    return &tlb->by_size[tlb->any_size ? PAGE_4K : size];
}

bool tlb_find(struct tlb *tlb, enum space space, uint64_t address, struct translation *out)
{
    for (unsigned size = 0; size < PAGE_SIZES; size++) {
        const uint64_t *found =
            assoc_find(array_of(tlb, (enum page_size)size), key_of(space, (enum page_size)size, address));
        if (found == NULL)
            continue;
        uint64_t offset = address & ((1ull << OFFSET_BITS(size)) - 1);
        *out = (struct translation){.valid = true,
                                    .uncached = (*found & UNCACHED_BIT) != 0,
                                    .size = (enum page_size)size,
                                    .phys = (*found & ~UNCACHED_BIT) | offset};
        return true;
    }
    return false;
}

void tlb_insert(struct tlb *tlb, enum space space, uint64_t address, const struct translation *t)
{
    uint64_t page = t->phys & ~((1ull << OFFSET_BITS(t->size)) - 1);
    (void)assoc_insert(array_of(tlb, t->size), key_of(space, t->size, address),
                       page | (t->uncached ? UNCACHED_BIT : 0));
}

bool walk_cache_init(struct walk_cache *cache, const struct walk_description *description)
{
    bool good = assoc_init(&cache->level[2], description->pde);
    good = assoc_init(&cache->level[3], description->pdpte) && good;
    return assoc_init(&cache->level[4], description->pml4e) && good;
}

void walk_cache_free(struct walk_cache *cache)
{
    for (unsigned level = 2; level <= 4; level++)
        assoc_free(&cache->level[level]);
}

void walk_cache_clear(struct walk_cache *cache)
{
    for (unsigned level = 2; level <= 4; level++)
        assoc_clear(&cache->level[level]);
}

void walk_cache_clear_space(struct walk_cache *cache, enum space space)
{
    for (unsigned level = 2; level <= 4; level++)
        assoc_clear_matching(&cache->level[level], SPACE_MASK, (uint64_t)space << SPACE_BIT);
}
