/* SPDX-License-Identifier: MIT */
/*
 * Nested (second-level) page tables: guest-physical to host-physical, four levels, 2 MiB and 4 KiB leaves. Pure code:
 * the bits of an entry come from a format table, pages from an allocator, so that the host tests build tables too.
 */
#ifndef QV_MONITOR_NESTED_H
#define QV_MONITOR_NESTED_H

#include <stdbool.h>
#include <stdint.h>

enum nested_rights {
    NESTED_NONE = 0,
    NESTED_READ = 1,
    NESTED_WRITE = 2,
    NESTED_EXECUTE = 4,
};

enum nested_memory { NESTED_WRITE_BACK = 0, NESTED_UNCACHED = 1 };

struct nested_format {
    uint64_t (*table)(uint64_t phys);
    uint64_t (*leaf)(uint64_t phys, unsigned rights, enum nested_memory memory, bool large);
    bool (*present)(uint64_t entry);
    bool (*is_leaf)(uint64_t entry); /* at a level where both are possible */
    unsigned (*rights)(uint64_t entry);
    uint64_t address_mask;
};

struct nested_table {
    const struct nested_format *format;
    void *(*page)(void *context);                      /* a zeroed 4 KiB page, or NULL */
    uint64_t (*phys)(void *context, const void *page); /* its physical address */
    void *(*virt)(void *context, uint64_t phys);
    void *context;
    uint64_t *root;
};

/* Allocates the root. 0 or -ENOMEM. */
int nested_init(struct nested_table *table, const struct nested_format *format, void *context, void *(*page)(void *),
                uint64_t (*phys)(void *, const void *), void *(*virt)(void *, uint64_t));

/*
 * Maps [gpa, gpa + size) to [hpa, ...), all 4 KiB aligned; 2 MiB leaves where alignment and length allow and `large` is
 * true. A large leaf in the way is split; existing leaves are replaced. NESTED_NONE unmaps. 0, -EINVAL, -ENOMEM.
 */
int nested_map(struct nested_table *table, uint64_t gpa, uint64_t hpa, uint64_t size, unsigned rights,
               enum nested_memory memory, bool large);

/* Rights of the page at gpa and where it lies; NESTED_NONE if unmapped. */
unsigned nested_lookup(const struct nested_table *table, uint64_t gpa, uint64_t *hpa);

#endif
