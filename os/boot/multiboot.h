/* SPDX-License-Identifier: MIT */
/* Multiboot specification 0.6.96, sections 3.3 and 3.4. */
#ifndef QV_BOOT_MULTIBOOT_H
#define QV_BOOT_MULTIBOOT_H

#include <stdint.h>

#define MULTIBOOT_BOOTLOADER_MAGIC 0x2badb002u
#define MULTIBOOT_INFO_MODULES     (1u << 3)
#define MULTIBOOT_INFO_MEMORY_MAP  (1u << 6)

struct multiboot_info {
    uint32_t flags, mem_lower, mem_upper, boot_device, cmdline, mods_count, mods_addr;
    uint32_t syms[4];
    uint32_t mmap_length, mmap_addr;
};

struct multiboot_module {
    uint32_t begin, end, string, reserved;
};

struct __attribute__((packed)) multiboot_memory {
    uint32_t size; /* of the rest */
    uint64_t base, length;
    uint32_t type; /* 1 = RAM */
};

#endif
