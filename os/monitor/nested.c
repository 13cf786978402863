/* SPDX-License-Identifier: MIT */
#include "monitor/nested.h"

#include <stddef.h>

#include "lib/errno.h"

#define PAGE    4096ull
#define LARGE   0x200000ull
#define ENTRIES 512u
#define LEVELS  4

int nested_init(struct nested_table *table, const struct nested_format *format, void *context, void *(*page)(void *),
                uint64_t (*phys)(void *, const void *), void *(*virt)(void *, uint64_t))
{
    table->format = format;
    table->context = context;
    table->page = page;
    table->phys = phys;
    table->virt = virt;
    table->root = page(context);
    return table->root ? 0 : -ENOMEM;
}

static unsigned index_at(uint64_t gpa, int level)
{
    return (unsigned)(gpa >> (12 + 9 * level)) & (ENTRIES - 1);
}

static uint64_t *next_table(const struct nested_table *t, uint64_t entry)
{
    return t->virt(t->context, entry & t->format->address_mask);
}

/* Replaces a 2 MiB leaf by a table of 4 KiB leaves with the same meaning. */
static int split(struct nested_table *t, uint64_t *entry)
{
    uint64_t *table = t->page(t->context);
    if (!table)
        return -ENOMEM;
    uint64_t base = *entry & t->format->address_mask & ~(LARGE - 1);
    unsigned rights = t->format->rights(*entry);
    for (unsigned i = 0; i < ENTRIES; i++)
        table[i] = t->format->leaf(base + i * PAGE, rights, NESTED_WRITE_BACK, false);
    *entry = t->format->table(t->phys(t->context, table));
    return 0;
}

/* The entry for gpa at `level`, building tables on the way down. */
static int entry_at(struct nested_table *t, uint64_t gpa, int level, uint64_t **out)
{
    uint64_t *table = t->root;
    for (int at = LEVELS - 1; at > level; at--) {
        uint64_t *entry = &table[index_at(gpa, at)];
        if (!t->format->present(*entry)) {
            uint64_t *page = t->page(t->context);
            if (!page)
                return -ENOMEM;
            *entry = t->format->table(t->phys(t->context, page));
        } else if (at == 1 && t->format->is_leaf(*entry)) {
            int error = split(t, entry);
            if (error)
                return error;
        }
        table = next_table(t, *entry);
    }
    *out = &table[index_at(gpa, level)];
    return 0;
}

int nested_map(struct nested_table *t, uint64_t gpa, uint64_t hpa, uint64_t size, unsigned rights,
               enum nested_memory memory, bool large)
{
    if ((gpa | hpa | size) & (PAGE - 1) || gpa + size < gpa)
        return -EINVAL;
    while (size > 0) {
        bool big = large && ((gpa | hpa) & (LARGE - 1)) == 0 && size >= LARGE;
        uint64_t *entry;
        int error = entry_at(t, gpa, big ? 1 : 0, &entry);
        if (!error && big && t->format->present(*entry) && !t->format->is_leaf(*entry)) {
            big = false; /* split once, split for good: a table is never lost, so tables are bounded by memory mapped */
            error = entry_at(t, gpa, 0, &entry);
        }
        if (error)
            return error;
        uint64_t step = big ? LARGE : PAGE;
        *entry = rights == NESTED_NONE ? 0 : t->format->leaf(hpa, rights, memory, big);
        gpa += step;
        hpa += step;
        size -= step;
    }
    return 0;
}

unsigned nested_lookup(const struct nested_table *t, uint64_t gpa, uint64_t *hpa)
{
    const uint64_t *table = t->root;
    for (int level = LEVELS - 1; level >= 0; level--) {
        uint64_t entry = table[index_at(gpa, level)];
        if (!t->format->present(entry))
            return NESTED_NONE;
        if (level == 0 || (level == 1 && t->format->is_leaf(entry))) {
            uint64_t offset = gpa & (level == 0 ? PAGE - 1 : LARGE - 1);
            uint64_t base = entry & t->format->address_mask & ~(level == 0 ? PAGE - 1 : LARGE - 1);
            if (hpa)
                *hpa = base + offset;
            return t->format->rights(entry);
        }
        table = next_table(t, entry);
    }
    return NESTED_NONE;
}
