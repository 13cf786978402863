/* SPDX-License-Identifier: MIT */
/* Multiboot2 specification 2.0, sections 3.1 (header, in start.S) and 3.6 (boot information). */
#ifndef QV_BOOT_MULTIBOOT2_H
#define QV_BOOT_MULTIBOOT2_H

#include <stdint.h>

#define MULTIBOOT2_BOOTLOADER_MAGIC 0x36d76289u
#define MULTIBOOT2_TAG_ALIGN        8u

enum multiboot2_tag_type {
    MULTIBOOT2_TAG_END = 0,
    MULTIBOOT2_TAG_MODULE = 3,
    MULTIBOOT2_TAG_MEMORY_MAP = 6,
    MULTIBOOT2_TAG_ACPI_OLD = 14, /* copy of the RSDP, revision 1 */
    MULTIBOOT2_TAG_ACPI_NEW = 15, /* copy of the RSDP, revision 2 and later */
};

struct multiboot2_info {
    uint32_t total_size, reserved;
};

struct multiboot2_tag {
    uint32_t type, size; /* size with this header, without the padding behind it */
};

struct multiboot2_module {
    struct multiboot2_tag tag;
    uint32_t begin, end; /* and a string */
};

struct multiboot2_memory_map {
    struct multiboot2_tag tag;
    uint32_t entry_size, entry_version; /* and the entries */
};

struct multiboot2_memory {
    uint64_t base, length;
    uint32_t type; /* 1 = RAM */
    uint32_t reserved;
};

#endif
