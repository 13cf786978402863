/* SPDX-License-Identifier: MIT */
#include "symbols/places.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "qv/emupmu.h"
#include "symbols/symbols.h"

#define PAGE_BYTES 0x1000u

struct places {
    struct symbols *sandbox, *monitor;
    uint32_t n_regions;
    struct qv_region region[QV_MAX_REGIONS];
};

/* Places that are the same in every machine. */
static const struct {
    uint64_t base, size;
    const char *name;
} fixed[] = {
    {QV_DIRECTORY_PHYS, QV_DIRECTORY_BYTES, "directory"},
    {QV_MAILBOX_PHYS, PAGE_BYTES, "host mailbox"},
    {QV_CONSOLE_LOCK_PHYS, PAGE_BYTES, "console lock"},
    {QV_EMUPMU_PHYS, QV_EMUPMU_END_PHYS - QV_EMUPMU_PHYS, "emulated PMU"},
    {0xfec00000ull, PAGE_BYTES, "I/O APIC"},
    {0xfee00000ull, PAGE_BYTES, "local APIC"},
};

static struct symbols *open_image(const char *folder, const char *name)
{
    char path[4200];
    int n = snprintf(path, sizeof(path), "%s/%s", folder, name);
    return n > 0 && (size_t)n < sizeof(path) ? symbols_open(path) : NULL;
}

struct places *places_new(const char *images, const struct qv_directory *directory)
{
    struct places *p = calloc(1, sizeof(*p));
    if (p == NULL)
        return NULL;
    p->sandbox = open_image(images, "sandbox.elf");
    p->monitor = open_image(images, "monitor64.elf");
    if (directory != NULL) {
        p->n_regions = directory->n_regions < QV_MAX_REGIONS ? directory->n_regions : QV_MAX_REGIONS;
        memcpy(p->region, directory->region, sizeof(p->region));
    }
    return p;
}

void places_free(struct places *places)
{
    if (places == NULL)
        return;
    symbols_close(places->sandbox);
    symbols_close(places->monitor);
    free(places);
}

/* "nic_receive+0x3c" and its line. False: no such symbol. */
static bool put_symbol(const struct symbols *symbols, uint64_t address, struct address_name *out)
{
    struct symbols_place place;
    if (!symbols_find(symbols, address, &place))
        return false;
    (void)snprintf(out->symbol, sizeof(out->symbol), "%s+0x%" PRIx64, place.name, place.offset);
    (void)snprintf(out->source, sizeof(out->source), "%s", place.source);
    return true;
}

static void put_offset(struct address_name *out, const char *name, uint64_t offset)
{
    (void)snprintf(out->symbol, sizeof(out->symbol), "%s + 0x%" PRIx64, name, offset);
}

static const struct qv_region *find_region(const struct places *p, uint64_t phys)
{
    const struct qv_region *found = NULL;
    for (uint32_t i = 0; i < p->n_regions; i++) {
        const struct qv_region *r = &p->region[i];
        if (phys >= r->base && phys - r->base < r->size && (found == NULL || r->size < found->size))
            found = r;
    }
    return found;
}

/* Where the sandbox's partition begins: its first region is the hand-off page, text and read-only data. */
static bool find_partition(const struct places *p, uint32_t sandbox, uint64_t *base)
{
    for (uint32_t i = 0; i < p->n_regions; i++) {
        if (p->region[i].kind == QV_REGION_IMMUTABLE && p->region[i].owner == sandbox && p->region[i].size > 0) {
            *base = p->region[i].base;
            return true;
        }
    }
    return false;
}

static const char *content_of(uint32_t kind)
{
    switch (kind) {
    case QV_REGION_IMMUTABLE:
        return "text or read-only data";
    case QV_REGION_DRIVER:
        return "driver";
    case QV_REGION_CANARY:
        return "free memory";
    case QV_REGION_STANDBY:
        return "standby driver";
    default:
        return "data";
    }
}

/* Private memory. Of the sandbox itself its symbols say enough; of another one, whose it is comes first. */
static void put_private(const struct places *p, uint32_t sandbox, uint64_t phys, const struct qv_region *region,
                        struct address_name *out)
{
    struct address_name inner = {"", ""};
    uint64_t base = region->base;
    bool known = find_partition(p, region->owner, &base);
    uint64_t offset = phys - base;
    bool symbol = known && offset >= PAGE_BYTES && region->kind != QV_REGION_STANDBY &&
                  region->kind != QV_REGION_CANARY && put_symbol(p->sandbox, QV_KERNEL_VIRT + offset, &inner);

    if (symbol && region->owner == sandbox) {
        *out = inner;
        return;
    }
    const char *what = known && offset < PAGE_BYTES ? "hand-off page" : content_of(region->kind);
    (void)snprintf(out->symbol, sizeof(out->symbol), "sandbox %u + 0x%" PRIx64 " (%.80s)", region->owner, offset,
                   symbol ? inner.symbol : what);
    memcpy(out->source, inner.source, sizeof(out->source));
}

static void put_region(const struct places *p, uint32_t sandbox, uint64_t phys, const struct qv_region *region,
                       struct address_name *out)
{
    struct address_name inner = {"", ""};
    uint64_t offset = phys - region->base;
    switch (region->kind) {
    case QV_REGION_MONITOR:
        put_offset(out, "monitor text", offset);
        if (put_symbol(p->monitor, phys, &inner)) {
            (void)snprintf(out->symbol, sizeof(out->symbol), "monitor text + 0x%" PRIx64 " (%.80s)", offset,
                           inner.symbol);
            memcpy(out->source, inner.source, sizeof(out->source));
        }
        break;
    case QV_REGION_NPT:
        (void)snprintf(out->symbol, sizeof(out->symbol), "nested page table of sandbox %u + 0x%" PRIx64, region->owner,
                       offset);
        break;
    case QV_REGION_TRACE:
        (void)snprintf(out->symbol, sizeof(out->symbol), "trace ring of sandbox %u + 0x%" PRIx64, region->owner,
                       offset);
        break;
    case QV_REGION_SHARED:
        put_offset(out, "NIC shared memory", offset);
        break;
    case QV_REGION_PRISTINE:
        put_offset(out, "pristine sandbox image", offset);
        break;
    default:
        put_private(p, sandbox, phys, region, out);
        break;
    }
}

/* What is in no region: fixed places, the sandboxes' status pages, the monitor's own data. */
static void put_elsewhere(const struct places *p, uint64_t phys, struct address_name *out)
{
    struct address_name inner = {"", ""};
    for (size_t i = 0; i < sizeof(fixed) / sizeof(fixed[0]); i++) {
        if (phys >= fixed[i].base && phys - fixed[i].base < fixed[i].size) {
            put_offset(out, fixed[i].name, phys - fixed[i].base);
            return;
        }
    }
    uint64_t status = QV_STATUS_PHYS(0);
    if (phys >= status && phys < QV_STATUS_PHYS(QV_MAX_SANDBOXES)) {
        (void)snprintf(out->symbol, sizeof(out->symbol), "status of sandbox %u + 0x%" PRIx64,
                       (unsigned)((phys - status) / PAGE_BYTES), (phys - status) % PAGE_BYTES);
    } else if (put_symbol(p->monitor, phys, &inner)) {
        (void)snprintf(out->symbol, sizeof(out->symbol), "monitor (%.80s)", inner.symbol);
        memcpy(out->source, inner.source, sizeof(out->source));
    } else if (p->n_regions > 0) {
        (void)snprintf(out->symbol, sizeof(out->symbol), "physical 0x%" PRIx64 ", in no region", phys);
    }
}

static void put_physical(const struct places *p, uint32_t sandbox, uint64_t phys, struct address_name *out)
{
    const struct qv_region *region = find_region(p, phys);
    if (region != NULL)
        put_region(p, sandbox, phys, region, out);
    else
        put_elsewhere(p, phys, out);
}

static void name(const void *context, uint32_t sandbox, uint64_t address, struct address_name *out)
{
    const struct places *p = context;
    if (p == NULL)
        return;
    if (address >= QV_KERNEL_VIRT) {
        uint64_t offset = address - QV_KERNEL_VIRT;
        if (offset < PAGE_BYTES)
            put_offset(out, "hand-off page", offset);
        else if (!put_symbol(p->sandbox, address, out) && p->sandbox != NULL)
            (void)snprintf(out->symbol, sizeof(out->symbol), ADDRESS_NOT_MAPPED, address);
    } else if (address >= QV_DIRECT_MAP && address - QV_DIRECT_MAP < QV_DIRECT_MAP_BYTES) {
        put_physical(p, sandbox, address - QV_DIRECT_MAP, out);
    } else if (address < ADDRESS_PHYSICAL_BYTES) {
        put_physical(p, sandbox, address, out);
    } else {
        (void)snprintf(out->symbol, sizeof(out->symbol), ADDRESS_NOT_MAPPED, address);
    }
}

struct address_namer places_namer(const struct places *places)
{
    return (struct address_namer){.name = name, .context = places};
}
