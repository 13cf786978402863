/* SPDX-License-Identifier: MIT */
/*
 * What the boot loader tells, in one shape for both multiboot versions. It is copied out at once: the loader's own
 * structures lie anywhere in RAM and are overwritten later.
 */
#ifndef QV_BOOT_LOADER_H
#define QV_BOOT_LOADER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "boot/ram.h"

#define LOADER_MODULES    3u
#define LOADER_RSDP_BYTES 36u

struct loader_module {
    uint64_t begin, end; /* physical */
};

struct loader_info {
    struct ram ram;
    bool has_map;
    uint32_t n_modules; /* as the loader says; the first LOADER_MODULES are kept */
    struct loader_module module[LOADER_MODULES];
    uint32_t rsdp_bytes; /* 0: the loader gave none, it is to be searched for */
    uint8_t rsdp[LOADER_RSDP_BYTES];
};

/*
 * Reads what the loader left, by the magic number that it came with. NULL, or what is wrong with it. Only memory below
 * `limit` counts as RAM.
 */
const char *loader_read(uint32_t magic, uint64_t info_phys, uint64_t limit, struct loader_info *out);

/* The second version alone: `size` bytes are readable at `info`, aligned to 8. Pure. */
const char *loader_read_multiboot2(const void *info, size_t size, uint64_t limit, struct loader_info *out);

#endif
