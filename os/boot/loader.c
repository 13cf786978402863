/* SPDX-License-Identifier: MIT */
#include "boot/loader.h"

#include "boot/multiboot.h"
#include "boot/multiboot2.h"
#include "lib/string.h"

#define MEMORY_RAM     1u
#define INFO_BYTES_MAX 0x100000u /* a total beyond this is taken for garbage */

/* One entry of either map. RAM first, then, in a second round, what is reserved: entries may overlap. */
static void take_memory(struct loader_info *out, uint64_t base, uint64_t length, uint32_t type, bool reserved,
                        uint64_t limit)
{
    uint64_t end = length > UINT64_MAX - base ? UINT64_MAX : base + length;
    if (base >= limit || (type != MEMORY_RAM) != reserved)
        return;
    if (end > limit)
        end = limit;
    if (reserved)
        ram_remove(&out->ram, base, end);
    else
        ram_add(&out->ram, base, end);
}

static void take_module(struct loader_info *out, uint32_t begin, uint32_t end)
{
    if (out->n_modules < LOADER_MODULES)
        out->module[out->n_modules] = (struct loader_module){begin, end < begin ? begin : end};
    out->n_modules++;
}

static const char *read_multiboot1(const struct multiboot_info *info, uint64_t limit, struct loader_info *out)
{
    const struct multiboot_module *module = (const struct multiboot_module *)(uintptr_t)info->mods_addr;
    for (unsigned round = 0; round < 2 && (info->flags & MULTIBOOT_INFO_MEMORY_MAP); round++) {
        for (uint64_t at = info->mmap_addr; at < (uint64_t)info->mmap_addr + info->mmap_length;) {
            const struct multiboot_memory *m = (const struct multiboot_memory *)at;
            take_memory(out, m->base, m->length, m->type, round == 1, limit);
            at += m->size + 4u;
        }
        out->has_map = true;
    }
    for (uint32_t i = 0; (info->flags & MULTIBOOT_INFO_MODULES) && i < info->mods_count; i++)
        take_module(out, module[i].begin, module[i].end);
    return NULL;
}

static void take_map(const struct multiboot2_memory_map *map, uint64_t limit, struct loader_info *out)
{
    const uint8_t *entry = (const uint8_t *)(map + 1);
    if (map->tag.size < sizeof(*map) || map->entry_size < sizeof(struct multiboot2_memory))
        return;
    uint32_t n = (uint32_t)(map->tag.size - sizeof(*map)) / map->entry_size;
    for (unsigned round = 0; round < 2; round++) {
        for (uint32_t i = 0; i < n; i++) {
            struct multiboot2_memory m;
            memcpy(&m, entry + (size_t)i * map->entry_size, sizeof(m));
            take_memory(out, m.base, m.length, m.type, round == 1, limit);
        }
    }
    out->has_map = true;
}

static void take_tag(const struct multiboot2_tag *tag, uint64_t limit, struct loader_info *out)
{
    uint32_t bytes = tag->size - (uint32_t)sizeof(*tag);
    if (tag->type == MULTIBOOT2_TAG_MODULE && tag->size >= sizeof(struct multiboot2_module)) {
        const struct multiboot2_module *module = (const struct multiboot2_module *)(const void *)tag;
        take_module(out, module->begin, module->end);
    } else if (tag->type == MULTIBOOT2_TAG_MEMORY_MAP) {
        take_map((const struct multiboot2_memory_map *)(const void *)tag, limit, out);
    } else if (tag->type == MULTIBOOT2_TAG_ACPI_NEW || (tag->type == MULTIBOOT2_TAG_ACPI_OLD && out->rsdp_bytes == 0)) {
        out->rsdp_bytes = bytes < LOADER_RSDP_BYTES ? bytes : LOADER_RSDP_BYTES;
        memset(out->rsdp, 0, sizeof(out->rsdp));
        memcpy(out->rsdp, tag + 1, out->rsdp_bytes);
    }
}

const char *loader_read_multiboot2(const void *info, size_t size, uint64_t limit, struct loader_info *out)
{
    const struct multiboot2_info *head = info;
    const uint8_t *bytes = info;
    memset(out, 0, sizeof(*out));
    if (size < sizeof(*head) || head->total_size < sizeof(*head) || head->total_size > size)
        return "the loader's information has no sensible length";
    for (uint64_t at = sizeof(*head); at + sizeof(struct multiboot2_tag) <= head->total_size;) {
        const struct multiboot2_tag *tag = (const struct multiboot2_tag *)(const void *)(bytes + at);
        if (tag->type == MULTIBOOT2_TAG_END)
            return NULL;
        if (tag->size < sizeof(*tag) || tag->size > head->total_size - at)
            return "a tag of the loader's information runs out of it";
        take_tag(tag, limit, out);
        at += ((uint64_t)tag->size + MULTIBOOT2_TAG_ALIGN - 1) & ~(uint64_t)(MULTIBOOT2_TAG_ALIGN - 1);
    }
    return "the loader's information has no end";
}

const char *loader_read(uint32_t magic, uint64_t info_phys, uint64_t limit, struct loader_info *out)
{
    memset(out, 0, sizeof(*out));
    if (magic == MULTIBOOT_BOOTLOADER_MAGIC)
        return read_multiboot1((const struct multiboot_info *)info_phys, limit, out);
    if (magic == MULTIBOOT2_BOOTLOADER_MAGIC)
        return loader_read_multiboot2((const void *)info_phys, INFO_BYTES_MAX, limit, out);
    return "not started by a multiboot loader";
}
