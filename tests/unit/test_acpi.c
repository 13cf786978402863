/* SPDX-License-Identifier: MIT */
/* Tables built byte by byte as firmware lays them out, whole and broken. */
#include "boot/acpi.h"

#include <stdlib.h>
#include <string.h>

#include "lib/errno.h"
#include "qv/draw.h"
#include "unit.h"

#define LOW_BYTES  0x100000u
#define HIGH_BASE  0x7fe00000u
#define HIGH_BYTES 0x10000u

#define RSDP_AT 0xf5a40u
#define XSDT_AT (HIGH_BASE + 0x1003u) /* tables need not be aligned */
#define RSDT_AT (HIGH_BASE + 0x1400u)
#define MADT_AT (HIGH_BASE + 0x2001u)
#define DMAR_AT (HIGH_BASE + 0x3002u)
#define FACP_AT (HIGH_BASE + 0x4000u)

static uint8_t low[LOW_BYTES], high[HIGH_BYTES];

/*
 * Every mapping is a heap block of exactly the size asked for, so that the address sanitizer sees any step beyond it.
 */
static void *mapped[4096];
static size_t n_mapped;

static uint8_t *at(uint64_t phys, size_t bytes)
{
    if (phys < LOW_BYTES && bytes <= LOW_BYTES - phys)
        return low + phys;
    if (phys >= HIGH_BASE && phys - HIGH_BASE < HIGH_BYTES && bytes <= HIGH_BYTES - (phys - HIGH_BASE))
        return high + (phys - HIGH_BASE);
    return NULL;
}

static const void *map(void *context, uint64_t phys, size_t bytes)
{
    const uint8_t *source = at(phys, bytes);
    (void)context;
    if (!source)
        return NULL;
    /* The search for the RSDP looks at thousands of places: only what may be kept by the parser is copied. */
    if (bytes < 36 && memcmp(source, "RSD ", bytes < 4 ? bytes : 4) != 0)
        return source;
    void *copy = malloc(bytes);
    memcpy(copy, source, bytes);
    mapped[n_mapped++ % 4096] = copy;
    return copy;
}

/* What the boot loader hands over, nothing by default. */
static const void *loader_copy;
static size_t loader_copy_bytes;

static int parse(struct acpi_info *info)
{
    static const struct acpi_memory memory = {.map = map};
    memset(info, 0xa5, sizeof(*info));
    int error = acpi_parse(&memory, loader_copy, loader_copy_bytes, info);
    CU_ASSERT_FATAL(n_mapped <= 4096);
    while (n_mapped > 0)
        free(mapped[--n_mapped]);
    return error;
}

static void put(uint64_t phys, uint64_t value, unsigned bytes)
{
    uint8_t *p = at(phys, bytes);
    CU_ASSERT_PTR_NOT_NULL_FATAL(p);
    for (unsigned i = 0; i < bytes; i++)
        p[i] = (uint8_t)(value >> (8 * i));
}

static void fix_sum(uint64_t phys, size_t bytes, size_t sum_at)
{
    uint8_t *p = at(phys, bytes), sum = 0;
    if (!p || sum_at >= bytes)
        return;
    p[sum_at] = 0;
    for (size_t i = 0; i < bytes; i++)
        sum = (uint8_t)(sum + p[i]);
    p[sum_at] = (uint8_t)(0 - sum);
}

static void put_rsdp(uint64_t phys, uint8_t revision, uint64_t rsdt, uint64_t xsdt)
{
    memcpy(at(phys, 36), "RSD PTR QVTEST", 14);
    put(phys + 15, revision, 1);
    put(phys + 16, rsdt, 4);
    put(phys + 20, 36, 4);
    put(phys + 24, xsdt, 8);
    fix_sum(phys, 20, 8);
    fix_sum(phys, 36, 32);
}

/* A table being written: `end` is where the next entry goes. */
struct table {
    uint64_t phys, end;
};

static void seal(const struct table *t)
{
    put(t->phys + 4, t->end - t->phys, 4);
    fix_sum(t->phys, t->end - t->phys, 9);
}

static struct table begin(uint64_t phys, const char *signature, uint64_t fixed)
{
    struct table t = {phys, phys + fixed};
    memset(at(phys, fixed), 0, fixed);
    memcpy(at(phys, 4), signature, 4);
    seal(&t);
    return t;
}

static void add(struct table *t, uint64_t value, unsigned bytes)
{
    put(t->end, value, bytes);
    t->end += bytes;
    seal(t);
}

static void add_lapic(struct table *t, uint8_t id, uint32_t flags)
{
    add(t, 0x0800 | (uint64_t)0x77 << 16 | (uint64_t)id << 24 | (uint64_t)flags << 32, 8);
}

static void add_x2apic(struct table *t, uint32_t id, uint32_t flags)
{
    add(t, 0x1009 | (uint64_t)id << 32, 8);
    add(t, flags, 8);
}

static void add_ioapic(struct table *t, uint8_t id, uint32_t address, uint32_t base)
{
    add(t, 0x0c01 | (uint64_t)id << 16 | (uint64_t)address << 32, 8);
    add(t, base, 4);
}

static void add_override(struct table *t, uint8_t irq, uint32_t gsi, uint16_t flags)
{
    add(t, 0x0a02 | (uint64_t)irq << 24 | (uint64_t)gsi << 32, 8);
    add(t, flags, 2);
}

static void add_drhd(struct table *t, uint8_t flags, uint16_t segment, uint64_t base)
{
    add(t, (uint64_t)16 << 16 | (uint64_t)flags << 32 | (uint64_t)segment << 48, 8);
    add(t, base, 8);
}

static struct table begin_madt(void)
{
    struct table t = begin(MADT_AT, "APIC", 44);
    put(MADT_AT + 36, 0xfee00000, 4);
    seal(&t);
    return t;
}

static struct table begin_dmar(uint8_t width)
{
    struct table t = begin(DMAR_AT, "DMAR", 48);
    put(DMAR_AT + 36, width - 1u, 1);
    put(DMAR_AT + 37, 3, 1);
    seal(&t);
    return t;
}

static void begin_machine(void)
{
    memset(low, 0, sizeof(low));
    memset(high, 0, sizeof(high));
    put_rsdp(RSDP_AT, 2, RSDT_AT, XSDT_AT);
    struct table xsdt = begin(XSDT_AT, "XSDT", 36), rsdt = begin(RSDT_AT, "RSDT", 36);
    begin(FACP_AT, "FACP", 100);
    add(&xsdt, FACP_AT, 8);
    add(&xsdt, MADT_AT, 8);
    add(&xsdt, DMAR_AT, 8);
    add(&rsdt, FACP_AT, 4);
    add(&rsdt, MADT_AT, 4);
    add(&rsdt, DMAR_AT, 4);
}

/* Four processors, one of them absent, two I/O APICs, an override, one unit for graphics and one for the rest. */
static void put_machine(void)
{
    begin_machine();
    struct table madt = begin_madt();
    add_lapic(&madt, 6, 1);
    add_lapic(&madt, 0, 1);
    add_lapic(&madt, 4, 0); /* disabled */
    add_lapic(&madt, 5, 2); /* could be plugged in, is not there */
    add_lapic(&madt, 2, 1);
    add_ioapic(&madt, 8, 0xfec00000, 0);
    add_ioapic(&madt, 9, 0xfec01000, 24);
    add_override(&madt, 0, 2, 0);
    add_override(&madt, 9, 9, 0xd);
    add(&madt, 0x0000ffff00ff0604, 6); /* local NMI: not of interest */
    struct table dmar = begin_dmar(39);
    add_drhd(&dmar, 0, 0, 0xfed90000);
    add(&dmar, 0x0002000000000801, 8); /* it serves device 0:2.0, */
    add(&dmar, 0x0000ff0800000803, 8); /* and I/O APIC 8, whose messages come as from ff:0.0 */
    put(DMAR_AT + 48 + 2, 32, 2);
    add(&dmar, (uint64_t)8 << 16 | 1, 8); /* reserved memory, too short to be one: not of interest */
    add_drhd(&dmar, 1, 0, 0xfed91000);
}

static void a_whole_machine(void)
{
    struct acpi_info info;

    put_machine();
    CU_ASSERT_EQUAL(parse(&info), 0);
    CU_ASSERT_EQUAL(info.tables, ACPI_HAVE_MADT | ACPI_HAVE_DMAR | ACPI_HAVE_XSDT);
    CU_ASSERT_EQUAL(info.lapic_address, 0xfee00000);
    CU_ASSERT_EQUAL(info.n_cpus, 3);
    CU_ASSERT_EQUAL(info.cpus_total, 3);
    CU_ASSERT_EQUAL(info.apic_id[0], 0);
    CU_ASSERT_EQUAL(info.apic_id[1], 2);
    CU_ASSERT_EQUAL(info.apic_id[2], 6);
    CU_ASSERT_EQUAL(info.n_ioapics, 2);
    CU_ASSERT_EQUAL(info.ioapic[1].id, 9);
    CU_ASSERT_EQUAL(info.ioapic[1].address, 0xfec01000);
    CU_ASSERT_EQUAL(info.ioapic[1].gsi_base, 24);
    CU_ASSERT_EQUAL(info.n_overrides, 2);
    CU_ASSERT_EQUAL(info.n_drhds, 2);
    CU_ASSERT_EQUAL(info.drhd[0].base, 0xfed91000);
    CU_ASSERT_TRUE(info.drhd[0].include_all);
    CU_ASSERT_EQUAL(info.drhd[1].base, 0xfed90000);
    CU_ASSERT_FALSE(info.drhd[1].include_all);
    CU_ASSERT_EQUAL(info.drhd[1].n_devices, 1);
    CU_ASSERT_EQUAL(info.drhd[1].device[0], 2 << 3);
    uint16_t source = 0;
    CU_ASSERT_EQUAL(acpi_ioapic_source(&info, 8, &source), 1);
    CU_ASSERT_EQUAL(source, 0xff00);
    CU_ASSERT_EQUAL(acpi_ioapic_source(&info, 9, &source), -ENODEV);
    CU_ASSERT_EQUAL(info.host_address_width, 39);
    CU_ASSERT_EQUAL(info.dmar_flags, ACPI_DMAR_INTR_REMAP | ACPI_DMAR_X2APIC_OPT_OUT);
    CU_ASSERT_EQUAL(info.bad_tables, 0);
}

static void isa_interrupts_and_io_apics(void)
{
    struct acpi_info info;
    struct acpi_override o;

    put_machine();
    CU_ASSERT_EQUAL_FATAL(parse(&info), 0);
    o = acpi_isa_irq(&info, 0);
    CU_ASSERT_EQUAL(o.gsi, 2);
    CU_ASSERT_EQUAL(o.polarity, ACPI_POLARITY_HIGH);
    CU_ASSERT_EQUAL(o.trigger, ACPI_TRIGGER_EDGE);
    o = acpi_isa_irq(&info, 9);
    CU_ASSERT_EQUAL(o.gsi, 9);
    CU_ASSERT_EQUAL(o.polarity, ACPI_POLARITY_HIGH);
    CU_ASSERT_EQUAL(o.trigger, ACPI_TRIGGER_LEVEL);
    o = acpi_isa_irq(&info, 4);
    CU_ASSERT_EQUAL(o.gsi, 4);
    CU_ASSERT_EQUAL(o.polarity, ACPI_POLARITY_HIGH);
    CU_ASSERT_EQUAL(o.trigger, ACPI_TRIGGER_EDGE);

    CU_ASSERT_EQUAL(acpi_ioapic_of(&info, 0), 0);
    CU_ASSERT_EQUAL(acpi_ioapic_of(&info, 23), 0);
    CU_ASSERT_EQUAL(acpi_ioapic_of(&info, 24), 1);
    CU_ASSERT_EQUAL(acpi_ioapic_of(&info, 400), 1);
    info.ioapic[0].gsi_base = 1;
    CU_ASSERT_EQUAL(acpi_ioapic_of(&info, 0), -ENODEV);
}

static void revision_0_in_the_ebda(void)
{
    struct acpi_info info;

    put_machine();
    memset(at(RSDP_AT, 36), 0, 36);
    put(0x40e, 0x9fc0, 2);
    put_rsdp(0x9fc00 + 1024 - 48, 0, RSDT_AT, 0);
    CU_ASSERT_EQUAL(parse(&info), 0);
    CU_ASSERT_EQUAL(info.tables, ACPI_HAVE_MADT | ACPI_HAVE_DMAR);
    CU_ASSERT_EQUAL(info.n_cpus, 3);

    put_rsdp(0x9fc00 + 1024 - 48, 0, RSDT_AT + 4, 0);
    CU_ASSERT_EQUAL(parse(&info), -ENODEV);
}

static void the_root_pointer_must_be_right(void)
{
    struct acpi_info info;

    memset(low, 0, sizeof(low));
    CU_ASSERT_EQUAL(parse(&info), -ENODEV);

    put_machine();
    low[RSDP_AT + 17] ^= 1; /* first checksum */
    CU_ASSERT_EQUAL(parse(&info), -ENODEV);

    put_machine();
    low[RSDP_AT + 33] ^= 1; /* second checksum */
    CU_ASSERT_EQUAL(parse(&info), -ENODEV);

    put_machine();
    put(RSDP_AT + 20, 0xffffffff, 4);
    CU_ASSERT_EQUAL(parse(&info), -ENODEV);

    /* A false one before the right one does not end the search. */
    put_machine();
    put_rsdp(0xe0010, 2, RSDT_AT, XSDT_AT);
    low[0xe0010 + 33] ^= 1;
    CU_ASSERT_EQUAL(parse(&info), 0);

    /* In the last place of the area, where the longer structure would not fit. */
    put_machine();
    memset(at(RSDP_AT, 36), 0, 36);
    memcpy(low + LOW_BYTES - 32, "RSD PTR QVTEST", 14);
    put(LOW_BYTES - 32 + 15, 2, 1);
    fix_sum(LOW_BYTES - 32, 20, 8);
    CU_ASSERT_EQUAL(parse(&info), -ENODEV);
    put_machine();
    memset(at(RSDP_AT, 36), 0, 36);
    memcpy(low + LOW_BYTES - 32, "RSD PTR QVTEST", 14);
    put(LOW_BYTES - 32 + 16, RSDT_AT, 4);
    fix_sum(LOW_BYTES - 32, 20, 8);
    CU_ASSERT_EQUAL(parse(&info), 0);
}

static void a_broken_xsdt_leaves_the_rsdt(void)
{
    struct acpi_info info;

    put_machine();
    at(XSDT_AT, 40)[38] ^= 0x40;
    CU_ASSERT_EQUAL(parse(&info), 0);
    CU_ASSERT_EQUAL(info.tables, ACPI_HAVE_MADT | ACPI_HAVE_DMAR);
    CU_ASSERT_EQUAL(info.bad_tables, 1);
    at(RSDT_AT, 40)[38] ^= 0x40;
    CU_ASSERT_EQUAL(parse(&info), -ENODEV);

    /* Another table where the XSDT should be. */
    put_machine();
    memcpy(at(XSDT_AT, 4), "RSDT", 4);
    fix_sum(XSDT_AT, 60, 9);
    CU_ASSERT_EQUAL(parse(&info), 0);
    CU_ASSERT_EQUAL(info.tables & ACPI_HAVE_XSDT, 0);
}

static void tables_with_bad_lengths_are_not_used(void)
{
    static const uint32_t lengths[] = {0, 1, 35, 36, 43, 0x7fffffff, 0xffffffff};
    struct acpi_info info;

    for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
        put_machine();
        put(MADT_AT + 4, lengths[i], 4);
        put(DMAR_AT + 4, lengths[i], 4);
        if (lengths[i] <= 100) {
            fix_sum(MADT_AT, lengths[i], 9);
            fix_sum(DMAR_AT, lengths[i], 9);
        }
        CU_ASSERT_EQUAL(parse(&info), 0);
        CU_ASSERT_EQUAL(info.tables, ACPI_HAVE_XSDT);
        CU_ASSERT_EQUAL(info.bad_tables, 2);
        CU_ASSERT_EQUAL(info.n_cpus, 0);
    }
    put_machine();
    at(MADT_AT, 80)[60] ^= 2; /* checksum */
    CU_ASSERT_EQUAL(parse(&info), 0);
    CU_ASSERT_EQUAL(info.tables, ACPI_HAVE_XSDT | ACPI_HAVE_DMAR);

    /* Pointers to nowhere. */
    put_machine();
    put(XSDT_AT + 44, 0, 8);
    put(XSDT_AT + 52, UINT64_MAX - 3, 8);
    fix_sum(XSDT_AT, 60, 9);
    CU_ASSERT_EQUAL(parse(&info), 0);
    CU_ASSERT_EQUAL(info.bad_tables, 2);
}

static void entries_with_bad_lengths_end_their_table(void)
{
    static const uint8_t lengths[] = {0, 1, 255};
    struct acpi_info info;

    for (size_t i = 0; i < sizeof(lengths); i++) {
        begin_machine();
        struct table madt = begin_madt();
        add_lapic(&madt, 3, 1);
        add(&madt, (uint64_t)lengths[i] << 8, 2);
        add_lapic(&madt, 1, 1);
        struct table dmar = begin_dmar(48);
        add_drhd(&dmar, 0, 0, 0xfed90000);
        add(&dmar, (uint64_t)lengths[i] << 16, 4);
        add_drhd(&dmar, 1, 0, 0xfed91000);
        CU_ASSERT_EQUAL(parse(&info), 0);
        CU_ASSERT_EQUAL(info.n_cpus, 1);
        CU_ASSERT_EQUAL(info.apic_id[0], 3);
        CU_ASSERT_EQUAL(info.n_drhds, 1);
    }
    /* The id that means "all" is counted, but not handed out; nor is one that an xAPIC cannot address. */
    begin_machine();
    struct table ids = begin_madt();
    add_lapic(&ids, 254, 1);
    add_lapic(&ids, 255, 1);
    add_x2apic(&ids, 256, 1);
    CU_ASSERT_EQUAL(parse(&info), 0);
    CU_ASSERT_EQUAL(info.cpus_total, 3);
    CU_ASSERT_EQUAL(info.n_cpus, 1);
    CU_ASSERT_EQUAL(info.apic_id[0], 254);

    /* Too short for its type: skipped, the next one is read. */
    begin_machine();
    struct table madt = begin_madt();
    add(&madt, 0x01010600, 6);
    add(&madt, 0x0801, 8);
    add(&madt, 0x0802, 8);
    add(&madt, 0x0809, 8);
    add(&madt, 0x0805, 8);
    add_lapic(&madt, 1, 1);
    add(&madt, 0, 1); /* half an entry at the end */
    struct table dmar = begin_dmar(48);
    add(&dmar, (uint64_t)8 << 16, 8);
    add_drhd(&dmar, 1, 0, 0xfed91000);
    add(&dmar, 0, 3);
    CU_ASSERT_EQUAL(parse(&info), 0);
    CU_ASSERT_EQUAL(info.cpus_total, 1);
    CU_ASSERT_EQUAL(info.n_ioapics, 0);
    CU_ASSERT_EQUAL(info.n_overrides, 0);
    CU_ASSERT_EQUAL(info.lapic_address, 0xfee00000);
    CU_ASSERT_EQUAL(info.n_drhds, 1);
}

static void more_than_there_is_room_for(void)
{
    struct acpi_info info;

    begin_machine();
    struct table madt = begin_madt();
    for (unsigned i = 0; i < 12; i++)
        add_lapic(&madt, (uint8_t)(60 - 5 * i), 1);
    add_lapic(&madt, 20, 1); /* the same again */
    add_lapic(&madt, 60, 1);
    add_x2apic(&madt, 15, 1);  /* and in the other form */
    add_x2apic(&madt, 300, 1); /* out of reach of an xAPIC */
    add_x2apic(&madt, 16, 0);
    add_lapic(&madt, 255, 1);
    for (unsigned i = 0; i < 20; i++) {
        add_ioapic(&madt, (uint8_t)i, 0xfec00000 + 0x1000 * i, 24 * i);
        add_override(&madt, (uint8_t)i, i, 0);
    }
    struct table dmar = begin_dmar(46);
    for (unsigned i = 0; i < 6; i++)
        add_drhd(&dmar, 0, 0, 0xfed90000 + 0x1000 * i);
    add_drhd(&dmar, 1, 1, 0xfedb0000); /* another segment's */
    add_drhd(&dmar, 1, 0, 0xfeda0000);
    CU_ASSERT_EQUAL(parse(&info), 0);
    CU_ASSERT_EQUAL(info.n_cpus, 8);
    CU_ASSERT_EQUAL(info.cpus_total, 14);
    for (uint32_t i = 0; i < info.n_cpus; i++)
        CU_ASSERT_EQUAL(info.apic_id[i], 5 + 5 * i);
    CU_ASSERT_EQUAL(info.n_ioapics, ACPI_MAX_IOAPICS);
    CU_ASSERT_EQUAL(info.n_overrides, ACPI_MAX_OVERRIDES);
    CU_ASSERT_EQUAL(info.n_drhds, ACPI_MAX_DRHDS);
    CU_ASSERT_EQUAL(info.drhd[0].base, 0xfeda0000);
    CU_ASSERT_TRUE(info.drhd[0].include_all);
}

static void remapping_units_without_a_usable_base(void)
{
    struct acpi_info info;

    begin_machine();
    begin_madt();
    struct table dmar = begin_dmar(0); /* 256 bits */
    add_drhd(&dmar, 1, 0, 0);
    add_drhd(&dmar, 1, 0, 0xfed90010);
    CU_ASSERT_EQUAL(parse(&info), 0);
    CU_ASSERT_EQUAL(info.tables, ACPI_HAVE_MADT | ACPI_HAVE_DMAR | ACPI_HAVE_XSDT);
    CU_ASSERT_EQUAL(info.n_drhds, 0);
    CU_ASSERT_EQUAL(info.host_address_width, 64);
    add_drhd(&dmar, 1, 0, 0x123fed90000);
    CU_ASSERT_EQUAL(parse(&info), 0);
    CU_ASSERT_EQUAL(info.n_drhds, 1);
    CU_ASSERT_EQUAL(info.drhd[0].base, 0x123fed90000);
}

static void add_scope(struct table *t, uint64_t drhd, uint8_t type, uint8_t bus, uint8_t device, uint8_t function)
{
    add(t, type | 8 << 8 | (uint64_t)bus << 40 | (uint64_t)device << 48 | (uint64_t)function << 56, 8);
    put(drhd + 2, t->end - drhd, 2);
    seal(t);
}

static void devices_find_their_remapping_unit(void)
{
    struct acpi_info info;

    begin_machine();
    begin_madt();
    struct table dmar = begin_dmar(39);
    uint64_t first = dmar.end;
    add_drhd(&dmar, 0, 0, 0xfed90000);
    add_scope(&dmar, first, 3, 0xff, 0, 0); /* an I/O APIC */
    add_scope(&dmar, first, 1, 0, 3, 0);
    add_scope(&dmar, first, 1, 2, 31, 7);
    CU_ASSERT_EQUAL(parse(&info), 0);
    CU_ASSERT_EQUAL(info.drhd[0].n_devices, 2);
    CU_ASSERT_EQUAL(info.drhd[0].device[1], 0x2ff);
    CU_ASSERT_EQUAL(acpi_drhd_of(&info, 3 << 3), 0);
    CU_ASSERT_EQUAL(acpi_drhd_of(&info, 4 << 3), 0); /* there is no other */

    uint64_t second = dmar.end;
    add_drhd(&dmar, 0, 0, 0xfed91000);
    add_scope(&dmar, second, 1, 0, 4, 0);
    uint64_t foreign = dmar.end;
    add_drhd(&dmar, 1, 7, 0xfed92000);
    add_scope(&dmar, foreign, 1, 0, 5, 0);
    CU_ASSERT_EQUAL(parse(&info), 0);
    CU_ASSERT_EQUAL(acpi_drhd_of(&info, 4 << 3), 1);
    CU_ASSERT_EQUAL(acpi_drhd_of(&info, 5 << 3), -ENODEV);
    add_drhd(&dmar, 1, 0, 0xfed93000);
    CU_ASSERT_EQUAL(parse(&info), 0);
    CU_ASSERT_EQUAL(info.drhd[acpi_drhd_of(&info, 3 << 3)].base, 0xfed90000);
    CU_ASSERT_EQUAL(info.drhd[acpi_drhd_of(&info, 4 << 3)].base, 0xfed91000);
    CU_ASSERT_EQUAL(info.drhd[acpi_drhd_of(&info, 5 << 3)].base, 0xfed93000);

    /* More than there is room for, and lengths that lead nowhere. */
    dmar = begin_dmar(39);
    first = dmar.end;
    add_drhd(&dmar, 0, 0, 0xfed90000);
    for (uint8_t i = 0; i < 40; i++)
        add_scope(&dmar, first, 1, i, 0, 0);
    CU_ASSERT_EQUAL(parse(&info), 0);
    CU_ASSERT_EQUAL(info.drhd[0].n_devices, ACPI_MAX_SCOPES);
    static const uint8_t lengths[] = {0, 5, 6, 7, 10, 255};
    for (size_t i = 0; i < sizeof(lengths); i++) {
        put(first + 16 + 1, lengths[i], 1);
        put(first + 2, 16 + 8, 2);
        seal(&dmar);
        CU_ASSERT_EQUAL(parse(&info), 0);
        CU_ASSERT_EQUAL(info.drhd[0].n_devices, 0);
    }
    /* A whole scope that runs out of its unit, at the end of the table. */
    dmar.end = first + 22;
    put(first + 16 + 1, 8, 1);
    put(first + 2, 22, 2);
    seal(&dmar);
    CU_ASSERT_EQUAL(parse(&info), 0);
    CU_ASSERT_EQUAL(info.drhd[0].n_devices, 0);
}

static void the_address_of_the_local_apic_can_be_replaced(void)
{
    struct acpi_info info;

    begin_machine();
    struct table madt = begin_madt();
    add(&madt, 0x0c05 | (uint64_t)0xfef00000 << 32, 8);
    add(&madt, 0, 4);
    CU_ASSERT_EQUAL(parse(&info), 0);
    CU_ASSERT_EQUAL(info.lapic_address, 0xfef00000);
    add(&madt, 0x0c05 | (uint64_t)0xfef00000 << 32, 8);
    add(&madt, 1, 4);
    CU_ASSERT_EQUAL(parse(&info), 0);
    CU_ASSERT_EQUAL(info.lapic_address, 0);
}

static void the_first_of_two_tables_is_used(void)
{
    struct acpi_info info;

    put_machine();
    struct table second = begin(HIGH_BASE + 0x5000, "APIC", 44);
    add_lapic(&second, 99, 1);
    struct table xsdt = {XSDT_AT, XSDT_AT + 60};
    add(&xsdt, second.phys, 8);
    CU_ASSERT_EQUAL(parse(&info), 0);
    CU_ASSERT_EQUAL(info.n_cpus, 3);
}

static bool sane(const struct acpi_info *info)
{
    bool ok = info->n_cpus <= ACPI_MAX_CPUS && info->n_cpus <= info->cpus_total &&
              info->n_ioapics <= ACPI_MAX_IOAPICS && info->n_overrides <= ACPI_MAX_OVERRIDES &&
              info->n_drhds <= ACPI_MAX_DRHDS && info->host_address_width <= 64;
    for (uint32_t i = 0; ok && i < info->n_cpus; i++)
        ok = info->apic_id[i] < 255 && (i == 0 || info->apic_id[i] > info->apic_id[i - 1]);
    for (uint32_t i = 0; ok && i < info->n_drhds; i++)
        ok = info->drhd[i].base != 0 && info->drhd[i].base % 4096 == 0 && info->drhd[i].n_devices <= ACPI_MAX_SCOPES;
    return ok;
}

/* Random damage, with the checksums put right in half of the cases so that the damage is met by the parser proper. */
static void random_corruption(void)
{
    static const struct {
        uint64_t phys;
        uint32_t bytes;
    } target[] = {{RSDP_AT, 36}, {XSDT_AT, 60}, {RSDT_AT, 48}, {MADT_AT, 150}, {DMAR_AT, 96}};
    unsigned parsed = 0, refused = 0, insane = 0;

    for (uint64_t round = 0; round < 20000; round++) {
        uint64_t draw = 0;
        put_machine();
        unsigned n = 1 + (unsigned)qv_draw_below(round, draw++, 8);
        for (unsigned i = 0; i < n; i++) {
            size_t t = (size_t)qv_draw_below(round, draw++, 5);
            /* Lengths are where the interesting damage is. */
            uint64_t offset = qv_draw_below(round, draw++, 3) == 0 ? 4 : qv_draw_below(round, draw, target[t].bytes);
            draw++;
            at(target[t].phys, target[t].bytes)[offset] = (uint8_t)qv_draw(round, draw++);
        }
        if (round % 2 == 0) {
            fix_sum(RSDP_AT, 20, 8);
            fix_sum(RSDP_AT, 36, 32);
            for (size_t t = 1; t < 5; t++) {
                uint32_t length = 0;
                memcpy(&length, at(target[t].phys + 4, 4), 4);
                fix_sum(target[t].phys, length, 9);
            }
        }
        struct acpi_info info;
        if (parse(&info) == 0)
            parsed++;
        else
            refused++;
        if (!sane(&info))
            insane++;
    }
    CU_ASSERT_EQUAL(insane, 0);
    CU_ASSERT(parsed > 1000); /* the test does reach both sides */
    CU_ASSERT(refused > 1000);
}

/* As under UEFI: nothing lies where the BIOS would have put it, and the loader hands over a copy. */
static void the_root_pointer_of_the_loader(void)
{
    struct acpi_info info;
    uint8_t copy[36];
    put_machine();
    memcpy(copy, at(RSDP_AT, 36), sizeof(copy));
    memset(at(RSDP_AT, 36), 0, 36);
    CU_ASSERT_EQUAL(parse(&info), -ENODEV);
    loader_copy = copy;
    loader_copy_bytes = sizeof(copy);
    CU_ASSERT_EQUAL(parse(&info), 0);
    CU_ASSERT_TRUE(info.tables & ACPI_HAVE_XSDT);
    loader_copy_bytes = 35; /* cut off */
    CU_ASSERT_EQUAL(parse(&info), -ENODEV);
    loader_copy_bytes = sizeof(copy);
    copy[33] ^= 1; /* second checksum */
    CU_ASSERT_EQUAL(parse(&info), -ENODEV);
    put_rsdp(RSDP_AT, 2, RSDT_AT, XSDT_AT); /* what the loader gave is no good, the BIOS' is */
    CU_ASSERT_EQUAL(parse(&info), 0);
    loader_copy = NULL;
    loader_copy_bytes = 0;
}

static const struct unit_test tests[] = {
    {"the root pointer of the loader", the_root_pointer_of_the_loader},
    {"a whole machine", a_whole_machine},
    {"ISA interrupts and I/O APICs", isa_interrupts_and_io_apics},
    {"revision 0 in the EBDA", revision_0_in_the_ebda},
    {"the root pointer must be right", the_root_pointer_must_be_right},
    {"a broken XSDT leaves the RSDT", a_broken_xsdt_leaves_the_rsdt},
    {"tables with bad lengths are not used", tables_with_bad_lengths_are_not_used},
    {"entries with bad lengths end their table", entries_with_bad_lengths_end_their_table},
    {"more than there is room for", more_than_there_is_room_for},
    {"remapping units without a usable base", remapping_units_without_a_usable_base},
    {"devices find their remapping unit", devices_find_their_remapping_unit},
    {"the address of the local APIC can be replaced", the_address_of_the_local_apic_can_be_replaced},
    {"the first of two tables is used", the_first_of_two_tables_is_used},
    {"random corruption", random_corruption},
};

int main(void)
{
    return unit_run("acpi", tests, sizeof(tests) / sizeof(tests[0]));
}
