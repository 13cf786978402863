/* SPDX-License-Identifier: MIT */
/* ACPI Specification 6.4, section 5.2, and for the DMAR table the Intel VT-d specification, chapter 8. */
#include "boot/acpi.h"

#include "lib/errno.h"

#define BDA_EBDA_SEGMENT 0x40eu /* real-mode segment of the extended BIOS data area */
#define EBDA_LOWEST      0x80000u
#define EBDA_END         0xa0000u
#define EBDA_SEARCH      1024u
#define BIOS_BEGIN       0xe0000u
#define BIOS_END         0x100000u

#define RSDP_STEP   16u
#define RSDP_V1     20u
#define RSDP_V2     36u
#define SDT_HEADER  36u
#define TABLE_LIMIT 0x100000u /* a length beyond this is taken for garbage */
#define MADT_FIXED  44u
#define DMAR_FIXED  48u

enum madt_type {
    MADT_LAPIC = 0,
    MADT_IOAPIC = 1,
    MADT_OVERRIDE = 2,
    MADT_LAPIC_ADDRESS = 5,
    MADT_X2APIC = 9,
};
#define MADT_CPU_ENABLED 1u
#define DMAR_TYPE_DRHD   0u
#define DRHD_FIXED       16u
#define DRHD_INCLUDE_ALL 1u
#define SCOPE_ENDPOINT   1u
#define SCOPE_IOAPIC     3u
#define SCOPE_ONE_STEP   8u /* length of a scope whose path is one (device, function) */

/* xAPIC destinations: 255 is the broadcast. */
#define APIC_IDS 255u

/* Tables have no alignment that could be relied on. */
static uint16_t get16(const uint8_t *p)
{
    return (uint16_t)(p[0] | (uint16_t)p[1] << 8);
}

static uint32_t get32(const uint8_t *p)
{
    return get16(p) | (uint32_t)get16(p + 2) << 16;
}

static uint64_t get64(const uint8_t *p)
{
    return get32(p) | (uint64_t)get32(p + 4) << 32;
}

static bool sums_to_zero(const uint8_t *p, size_t bytes)
{
    uint8_t sum = 0;
    for (size_t i = 0; i < bytes; i++)
        sum = (uint8_t)(sum + p[i]);
    return sum == 0;
}

static bool has_signature(const uint8_t *p, const char *signature, size_t length)
{
    for (size_t i = 0; i < length; i++)
        if (p[i] != (uint8_t)signature[i])
            return false;
    return true;
}

static const uint8_t *map(const struct acpi_memory *memory, uint64_t phys, size_t bytes)
{
    if (phys == 0 || phys > UINT64_MAX - bytes)
        return NULL;
    return (const uint8_t *)memory->map(memory->context, phys, bytes);
}

/* A root pointer whose first checksum holds, or NULL. */
static const uint8_t *find_rsdp_in(const struct acpi_memory *memory, uint64_t begin, uint64_t end)
{
    for (uint64_t phys = begin; phys + RSDP_V1 <= end; phys += RSDP_STEP) {
        const uint8_t *p = map(memory, phys, RSDP_V1);
        if (!p || !has_signature(p, "RSD PTR ", 8) || !sums_to_zero(p, RSDP_V1))
            continue;
        if (p[15] < 2)
            return p;
        /* Revision 2 and later: a second checksum covers the longer structure. */
        p = map(memory, phys, RSDP_V2);
        if (p && get32(p + 20) >= RSDP_V2 && get32(p + 20) <= TABLE_LIMIT) {
            const uint8_t *whole = map(memory, phys, get32(p + 20));
            if (whole && sums_to_zero(whole, get32(p + 20)))
                return whole;
        }
    }
    return NULL;
}

/* A copy that the boot loader made: whole, and with right sums. */
static const uint8_t *check_rsdp(const uint8_t *p, size_t bytes)
{
    if (!p || bytes < RSDP_V1 || !has_signature(p, "RSD PTR ", 8) || !sums_to_zero(p, RSDP_V1))
        return NULL;
    if (p[15] < 2)
        return p;
    return bytes >= RSDP_V2 && get32(p + 20) == RSDP_V2 && sums_to_zero(p, RSDP_V2) ? p : NULL;
}

static const uint8_t *find_rsdp(const struct acpi_memory *memory)
{
    const uint8_t *rsdp = NULL;
    const uint8_t *segment = map(memory, BDA_EBDA_SEGMENT, 2);
    if (segment) {
        uint64_t ebda = (uint64_t)get16(segment) << 4;
        uint64_t end = ebda + EBDA_SEARCH;
        if (ebda >= EBDA_LOWEST && ebda < EBDA_END)
            rsdp = find_rsdp_in(memory, ebda, end < EBDA_END ? end : EBDA_END);
    }
    return rsdp ? rsdp : find_rsdp_in(memory, BIOS_BEGIN, BIOS_END);
}

/* The table at `phys` if it is whole and its checksum holds; its length in *length. */
static const uint8_t *map_table(const struct acpi_memory *memory, uint64_t phys, uint32_t *length)
{
    const uint8_t *p = map(memory, phys, SDT_HEADER);
    if (!p)
        return NULL;
    *length = get32(p + 4);
    if (*length < SDT_HEADER || *length > TABLE_LIMIT)
        return NULL;
    p = map(memory, phys, *length);
    return p && sums_to_zero(p, *length) ? p : NULL;
}

static void add_ioapic(struct acpi_info *info, const uint8_t *entry)
{
    if (info->n_ioapics < ACPI_MAX_IOAPICS)
        info->ioapic[info->n_ioapics++] =
            (struct acpi_ioapic){.id = entry[2], .address = get32(entry + 4), .gsi_base = get32(entry + 8)};
}

static void add_override(struct acpi_info *info, const uint8_t *entry)
{
    uint16_t flags = get16(entry + 8);
    if (info->n_overrides < ACPI_MAX_OVERRIDES)
        info->override[info->n_overrides++] = (struct acpi_override){
            .gsi = get32(entry + 4),
            .irq = entry[3],
            .polarity = flags & 3u,
            .trigger = (flags >> 2) & 3u,
        };
}

static void add_cpu(struct acpi_info *info, uint8_t *seen, uint32_t id, uint32_t flags)
{
    if (!(flags & MADT_CPU_ENABLED))
        return;
    if (id < APIC_IDS) {
        uint8_t bit = (uint8_t)(1u << (id % 8));
        if (seen[id / 8] & bit)
            return;
        seen[id / 8] |= bit;
    }
    info->cpus_total++; /* ids that an xAPIC cannot address count, but cannot be used */
}

static void parse_madt(struct acpi_info *info, const uint8_t *table, uint32_t length)
{
    /* Shortest length of each entry type that is read here. */
    static const uint8_t shortest[MADT_X2APIC + 1] = {
        [MADT_LAPIC] = 8, [MADT_IOAPIC] = 12, [MADT_OVERRIDE] = 10, [MADT_LAPIC_ADDRESS] = 12, [MADT_X2APIC] = 16};
    uint8_t seen[(APIC_IDS + 7) / 8] = {0};

    if (length < MADT_FIXED) {
        info->bad_tables++;
        return;
    }
    info->tables |= ACPI_HAVE_MADT;
    info->lapic_address = get32(table + 36);
    for (uint32_t at = MADT_FIXED; at + 2 <= length;) {
        const uint8_t *entry = table + at;
        uint8_t type = entry[0], size = entry[1];
        if (size < 2 || size > length - at)
            break;
        at += size;
        if (type > MADT_X2APIC || shortest[type] == 0 || size < shortest[type])
            continue;
        if (type == MADT_LAPIC)
            add_cpu(info, seen, entry[3], get32(entry + 4));
        else if (type == MADT_X2APIC)
            add_cpu(info, seen, get32(entry + 4), get32(entry + 8));
        else if (type == MADT_IOAPIC)
            add_ioapic(info, entry);
        else if (type == MADT_OVERRIDE)
            add_override(info, entry);
        else
            info->lapic_address = get32(entry + 8) == 0 ? get32(entry + 4) : 0;
    }
    for (uint32_t id = 0; id < APIC_IDS && info->n_cpus < ACPI_MAX_CPUS; id++)
        if (seen[id / 8] & (1u << (id % 8)))
            info->apic_id[info->n_cpus++] = id;
}

static void add_scopes(struct acpi_drhd *drhd, const uint8_t *entry, uint16_t size)
{
    for (uint32_t at = DRHD_FIXED; at + 6 <= size;) {
        const uint8_t *scope = entry + at;
        if (scope[1] < 6 || scope[1] > size - at)
            break;
        at += scope[1];
        if (scope[1] != SCOPE_ONE_STEP)
            continue;
        uint16_t bdf = (uint16_t)(scope[5] << 8 | (scope[6] & 31) << 3 | (scope[7] & 7));
        if (scope[0] == SCOPE_ENDPOINT && drhd->n_devices < ACPI_MAX_SCOPES)
            drhd->device[drhd->n_devices++] = bdf;
        if (scope[0] == SCOPE_IOAPIC && drhd->n_ioapics < ACPI_MAX_IOAPICS)
            drhd->ioapic[drhd->n_ioapics++] = (struct acpi_ioapic_source){.id = scope[4], .bdf = bdf};
    }
}

static void add_drhd(struct acpi_info *info, const uint8_t *entry, uint16_t size)
{
    struct acpi_drhd drhd = {
        .base = get64(entry + 8),
        .segment = get16(entry + 6),
        .include_all = entry[4] & DRHD_INCLUDE_ALL,
    };
    bool first = drhd.include_all && drhd.segment == 0;

    if (drhd.base == 0 || drhd.base % 4096 != 0)
        return;
    if (info->n_drhds == ACPI_MAX_DRHDS) {
        /* The unit that serves the NIC must not be lost for units of graphics; it comes last in most tables. */
        if (!first)
            return;
        info->n_drhds--;
    }
    add_scopes(&drhd, entry, size);
    info->drhd[info->n_drhds] = drhd;
    if (first) {
        info->drhd[info->n_drhds] = info->drhd[0];
        info->drhd[0] = drhd;
    }
    info->n_drhds++;
}

static void parse_dmar(struct acpi_info *info, const uint8_t *table, uint32_t length)
{
    if (length < DMAR_FIXED) {
        info->bad_tables++;
        return;
    }
    info->tables |= ACPI_HAVE_DMAR;
    info->host_address_width = table[36] + 1u;
    if (info->host_address_width > 64)
        info->host_address_width = 64;
    info->dmar_flags = table[37] & (ACPI_DMAR_INTR_REMAP | ACPI_DMAR_X2APIC_OPT_OUT);
    for (uint32_t at = DMAR_FIXED; at + 4 <= length;) {
        const uint8_t *entry = table + at;
        uint16_t size = get16(entry + 2);
        if (size < 4 || size > length - at)
            break;
        at += size;
        if (get16(entry) == DMAR_TYPE_DRHD && size >= DRHD_FIXED)
            add_drhd(info, entry, size);
    }
}

static void parse_table(const struct acpi_memory *memory, struct acpi_info *info, uint64_t phys)
{
    uint32_t length;
    const uint8_t *table = map_table(memory, phys, &length);
    if (!table)
        info->bad_tables++;
    else if (has_signature(table, "APIC", 4) && !(info->tables & ACPI_HAVE_MADT))
        parse_madt(info, table, length);
    else if (has_signature(table, "DMAR", 4) && !(info->tables & ACPI_HAVE_DMAR))
        parse_dmar(info, table, length);
}

int acpi_parse(const struct acpi_memory *memory, const void *copy, size_t copy_bytes, struct acpi_info *info)
{
    const uint8_t *root = NULL;
    uint32_t length = 0;
    size_t width = 8;

    *info = (struct acpi_info){0};
    const uint8_t *rsdp = check_rsdp(copy, copy_bytes);
    if (!rsdp)
        rsdp = find_rsdp(memory);
    if (!rsdp)
        return -ENODEV;
    if (rsdp[15] >= 2) {
        root = map_table(memory, get64(rsdp + 24), &length);
        if (root && !has_signature(root, "XSDT", 4))
            root = NULL;
        if (root)
            info->tables |= ACPI_HAVE_XSDT;
        else
            info->bad_tables++;
    }
    if (!root) {
        width = 4;
        root = map_table(memory, get32(rsdp + 16), &length);
        if (!root || !has_signature(root, "RSDT", 4))
            return -ENODEV;
    }
    for (unsigned i = 0; i < 6; i++)
        info->oem[i] = (char)root[10 + i];
    for (size_t at = SDT_HEADER; at + width <= length; at += width)
        parse_table(memory, info, width == 8 ? get64(root + at) : get32(root + at));
    return 0;
}

struct acpi_override acpi_isa_irq(const struct acpi_info *info, uint8_t irq)
{
    struct acpi_override result = {
        .gsi = irq, .irq = irq, .polarity = ACPI_POLARITY_HIGH, .trigger = ACPI_TRIGGER_EDGE};
    for (uint32_t i = 0; i < info->n_overrides; i++) {
        if (info->override[i].irq != irq)
            continue;
        result = info->override[i];
        /* "As the bus specifies" means edge and active high on ISA. */
        if (result.polarity == ACPI_POLARITY_BUS)
            result.polarity = ACPI_POLARITY_HIGH;
        if (result.trigger == ACPI_TRIGGER_BUS)
            result.trigger = ACPI_TRIGGER_EDGE;
        break;
    }
    return result;
}

int acpi_drhd_of(const struct acpi_info *info, uint16_t bdf)
{
    int rest = info->n_drhds == 1 ? 0 : -ENODEV;
    for (uint32_t i = 0; i < info->n_drhds; i++) {
        const struct acpi_drhd *drhd = &info->drhd[i];
        if (drhd->segment != 0)
            continue;
        for (uint32_t k = 0; k < drhd->n_devices; k++)
            if (drhd->device[k] == bdf)
                return (int)i;
        if (drhd->include_all)
            rest = (int)i;
    }
    return rest;
}

int acpi_ioapic_source(const struct acpi_info *info, uint32_t id, uint16_t *bdf)
{
    for (uint32_t i = 0; i < info->n_drhds; i++) {
        const struct acpi_drhd *drhd = &info->drhd[i];
        for (uint32_t k = 0; k < drhd->n_ioapics; k++)
            if (drhd->ioapic[k].id == id) {
                *bdf = drhd->ioapic[k].bdf;
                return (int)i;
            }
    }
    return -ENODEV;
}

int acpi_ioapic_of(const struct acpi_info *info, uint32_t gsi)
{
    int best = -ENODEV;
    for (uint32_t i = 0; i < info->n_ioapics; i++)
        if (info->ioapic[i].gsi_base <= gsi && (best < 0 || info->ioapic[i].gsi_base > info->ioapic[best].gsi_base))
            best = (int)i;
    return best;
}
