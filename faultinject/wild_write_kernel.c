/* SPDX-License-Identifier: MIT */
/*
 * A 32-bit store into the data of the driver's own kernel. Nine tenths of that are buffers, most of them unused, where
 * a store has no effect. So the kind of data is drawn first, by weight, and then a word of what is in use of that kind:
 * which kind and which word of it are the seed's, how many words there are is the moment's.
 */
#include "faultinject/model.h"
#include "lib/elf64.h"
#include "sandbox/faultpoint.h"
#include "sandbox/internal.h"
#include "sandbox/net/net.h"
#include "sandbox/nic/nic.h"

#include <stddef.h>

enum choice { CHOICE_VALUE, CHOICE_KIND, CHOICE_PLACE, CHOICE_LEVEL };

/* Piece number `i` of a kind: its bytes, and *base; 0 behind the last. */
typedef size_t (*piece_fn)(unsigned i, const void **base);

static size_t thread_piece(unsigned i, const void **base)
{
    *base = thread_at(i);
    return *base ? sizeof(struct thread) : 0;
}

/* The scheduler proper, its queue, and each VCPU. */
static size_t scheduler_piece(unsigned i, const void **base)
{
    switch (i) {
    case 0:
        *base = &scheduler;
        return offsetof(struct sched, vcpu);
    case 1:
        *base = scheduler.vcpu;
        return scheduler.count * sizeof(scheduler.vcpu[0]);
    case 2:
        *base = scheduler.tree;
        return 2 * scheduler.leaves * sizeof(scheduler.tree[0]);
    default:
        if (i - 3 >= scheduler.count)
            return 0;
        *base = scheduler.vcpu[i - 3];
        return sizeof(struct vcpu);
    }
}

static size_t driver_piece(unsigned i, const void **base)
{
    size_t bytes = 0;
    *base = nic_driver_state(&bytes);
    return i == 0 ? bytes : 0;
}

/* Anything else: data and bss of the image behind the driver's window. */
static size_t image_piece(unsigned i, const void **base)
{
    const struct sandbox_image_header *image =
        (const struct sandbox_image_header *)(uintptr_t)SANDBOX_IMAGE_HEADER_VIRT;
    *base = (const void *)(uintptr_t)image->window_end;
    return i == 0 ? image->image_end - image->window_end : 0;
}

static uint64_t pick_piece(const struct armed_fault *fault, piece_fn piece)
{
    uint64_t total = 0;
    const void *base;
    for (unsigned i = 0; piece(i, &base) != 0; i++)
        total += piece(i, &base);
    if (total < sizeof(uint32_t))
        return 0;
    uint64_t offset = fault_draw_below(fault, CHOICE_PLACE, total);
    for (unsigned i = 0;; i++) {
        size_t bytes = piece(i, &base);
        if (offset < bytes)
            return ((uint64_t)(uintptr_t)base + offset) & ~3ull;
        offset -= bytes;
    }
}

#define TABLE_ENTRIES 512u
#define TABLE_LEVELS  4u

static uint64_t *table_at(uint64_t entry)
{
    return phys_to_virt(entry & PTE_ADDRESS);
}

/* The entries in use of one level, below `table` of `depth`; entry number *n of them, or *n is lowered by their number.
 */
static uint64_t *walk(uint64_t *table, unsigned depth, unsigned level, uint64_t *n)
{
    for (unsigned i = 0; i < TABLE_ENTRIES; i++) {
        if (!(table[i] & PTE_PRESENT))
            continue;
        if (depth == level) {
            if ((*n)-- == 0)
                return &table[i];
        } else if (!(table[i] & PTE_LARGE)) {
            uint64_t *found = walk(table_at(table[i]), depth + 1, level, n);
            if (found)
                return found;
        }
    }
    return NULL;
}

/* All levels alike: by entries, the direct map would take nearly all. The lower half of an entry has what matters. */
static uint64_t pick_page_table(const struct armed_fault *fault)
{
    uint64_t *top = table_at(read_cr3());
    unsigned level = (unsigned)fault_draw_below(fault, CHOICE_LEVEL, TABLE_LEVELS);
    uint64_t behind = UINT64_MAX;
    (void)walk(top, 0, level, &behind);
    uint64_t count = UINT64_MAX - behind;
    uint64_t chosen = count ? fault_draw_below(fault, CHOICE_PLACE, count) : 0;
    return count ? (uint64_t)(uintptr_t)walk(top, 0, level, &chosen) : 0;
}

static const struct {
    unsigned weight;
    piece_fn piece; /* NULL: page tables */
} kinds[] = {{3, thread_piece},  {3, scheduler_piece}, {2, NULL},
             {3, net_live_data}, {2, driver_piece},    {1, image_piece}};
#define KINDS (sizeof(kinds) / sizeof(kinds[0]))

/* A kind of which there is nothing just now leaves it to the next. */
static uint64_t choose(const struct armed_fault *fault)
{
    unsigned total = 0;
    for (unsigned i = 0; i < KINDS; i++)
        total += kinds[i].weight;
    uint64_t drawn = fault_draw_below(fault, CHOICE_KIND, total);
    unsigned kind = 0;
    while (drawn >= kinds[kind].weight)
        drawn -= kinds[kind++].weight;
    for (;; kind = (kind + 1) % KINDS) {
        uint64_t address = kinds[kind].piece ? pick_piece(fault, kinds[kind].piece) : pick_page_table(fault);
        if (address != 0)
            return address;
    }
}

static uint32_t fire(struct armed_fault *fault, struct nic_view *view)
{
    volatile uint32_t *word = (volatile uint32_t *)(uintptr_t)choose(fault);
    uint32_t before = *word;
    uint32_t after = (uint32_t)fault_draw(fault, CHOICE_VALUE);

    (void)view;
    if (after == before)
        after = ~before;
    fault_changed((uintptr_t)word, before, after);
    fault_active(fault, (uintptr_t)word);
    *word = after;
    return FAULT_EFFECT_NONE;
}

const struct fault_model fault_wild_write_kernel = {
    .id = QV_FAULT_WILD_WRITE_KERNEL,
    .fire = fire,
};
