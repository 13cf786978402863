/* SPDX-License-Identifier: MIT */
/*
 * What the boot code needs of the firmware's ACPI tables: processors, I/O APICs and interrupt overrides (MADT), and the
 * DMA remapping units (DMAR). Tables are firmware's data and may be malformed: every length is checked before use, a
 * table with a bad checksum is not used, an entry that runs out of its table ends the table.
 */
#ifndef QV_BOOT_ACPI_H
#define QV_BOOT_ACPI_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ACPI_MAX_CPUS      8u
#define ACPI_MAX_IOAPICS   4u
#define ACPI_MAX_OVERRIDES 16u
#define ACPI_MAX_DRHDS     4u
#define ACPI_MAX_SCOPES    32u

/* Read access to physical memory. `map` gives `bytes` readable bytes at `phys`, or NULL where it cannot. */
struct acpi_memory {
    const void *(*map)(void *context, uint64_t phys, size_t bytes);
    void *context;
};

struct acpi_ioapic {
    uint32_t id;
    uint32_t address;  /* physical address of its registers */
    uint32_t gsi_base; /* global system interrupt of its pin 0 */
};

enum acpi_polarity { ACPI_POLARITY_BUS = 0, ACPI_POLARITY_HIGH = 1, ACPI_POLARITY_LOW = 3 };
enum acpi_trigger { ACPI_TRIGGER_BUS = 0, ACPI_TRIGGER_EDGE = 1, ACPI_TRIGGER_LEVEL = 3 };

struct acpi_override {
    uint32_t gsi;
    uint8_t irq;      /* ISA interrupt that is wired to `gsi` */
    uint8_t polarity; /* enum acpi_polarity */
    uint8_t trigger;  /* enum acpi_trigger */
};

/* An I/O APIC as a remapping unit knows it: by the requester id of its messages. */
struct acpi_ioapic_source {
    uint16_t bdf;
    uint8_t id; /* as in the MADT */
};

/*
 * A DMA remapping unit. It serves the devices it names (QEMU names every one) or, with include_all, every device of its
 * segment that no other unit names.
 */
struct acpi_drhd {
    uint64_t base; /* physical address of the registers, page aligned */
    uint16_t segment;
    bool include_all;
    uint8_t n_devices;
    uint8_t n_ioapics;
    struct acpi_ioapic_source ioapic[ACPI_MAX_IOAPICS];
    uint16_t device[ACPI_MAX_SCOPES]; /* named endpoints on a root bus: bus << 8 | device << 3 | function */
};

enum acpi_tables {
    ACPI_HAVE_MADT = 1u << 0,
    ACPI_HAVE_DMAR = 1u << 1,
    ACPI_HAVE_XSDT = 1u << 2, /* found by way of the XSDT, else of the RSDT */
};

enum acpi_dmar_flags { ACPI_DMAR_INTR_REMAP = 1u << 0, ACPI_DMAR_X2APIC_OPT_OUT = 1u << 1 };

struct acpi_info {
    uint32_t tables;        /* enum acpi_tables */
    uint32_t lapic_address; /* physical; 0 where the MADT says it lies above 4 GiB */
    uint32_t n_cpus;        /* kept in apic_id, the lowest ids first */
    uint32_t cpus_total;    /* enabled processors, also those not kept */
    uint32_t apic_id[ACPI_MAX_CPUS];
    uint32_t n_ioapics;
    struct acpi_ioapic ioapic[ACPI_MAX_IOAPICS];
    uint32_t n_overrides;
    struct acpi_override override[ACPI_MAX_OVERRIDES];
    uint32_t n_drhds;
    struct acpi_drhd drhd[ACPI_MAX_DRHDS]; /* the include_all unit of segment 0 first, if there is one */
    uint32_t dmar_flags;                   /* enum acpi_dmar_flags */
    uint32_t host_address_width;           /* bits a device can address; 0 = no DMAR */
    char oem[8];                           /* of the RSDT or XSDT, NUL terminated */
    uint32_t bad_tables;                   /* tables that were not used, for the log */
};

/*
 * Fills *info. `rsdp` is a copy of the root pointer of `rsdp_bytes` bytes from the boot loader (under UEFI there is no
 * other way to it); NULL or 0 bytes: it is searched for where the BIOS puts it, as it is if the copy is no good. 0, or
 * -ENODEV: no valid RSDP or no valid RSDT/XSDT. A missing MADT or DMAR is no error: see `tables`.
 */
int acpi_parse(const struct acpi_memory *memory, const void *rsdp, size_t rsdp_bytes, struct acpi_info *info);

/*
 * Where the ISA interrupt `irq` arrives: its override, or the identity mapping (edge, active high). Pure.
 */
struct acpi_override acpi_isa_irq(const struct acpi_info *info, uint8_t irq);

/*
 * Index of the remapping unit in whose care the device of segment 0 is: the one that names it, else the one that has
 * include_all, else the only one. -ENODEV: cannot be told. (Devices behind bridges are found by include_all alone.)
 */
int acpi_drhd_of(const struct acpi_info *info, uint16_t bdf);

/* Index of the remapping unit that this I/O APIC's messages pass, and their requester id; -ENODEV: no unit names it. */
int acpi_ioapic_source(const struct acpi_info *info, uint32_t id, uint16_t *bdf);

/* Index of the I/O APIC whose pins include `gsi` by its base (the nearest base at or below), or -ENODEV. */
int acpi_ioapic_of(const struct acpi_info *info, uint32_t gsi);

#endif
