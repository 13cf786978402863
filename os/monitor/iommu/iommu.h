/* SPDX-License-Identifier: MIT */
/*
 * DMA isolation, without a vendor's name in it. One `struct iommu` is one remapping unit. Use:
 *
 *     iommu_init(...)               tables built, translation still off
 *     iommu_assign(...)             once for each device that may reach memory, with the ranges it may reach
 *     iommu_route(...)              once for each interrupt that may pass the unit
 *     iommu_remap(...)              from here no other interrupt passes
 *     iommu_enable(...)             from here every device without an assignment is blocked
 *     iommu_poll(...)               what was blocked since the last poll
 *     iommu_signal(...)             have an interrupt sent when there is something to poll for
 *     iommu_block/unblock(...)      cut a device off and back on at run time (IOTLB flushed before the call returns)
 *     iommu_disable(...)            translation off
 *
 * A bus address is the physical address (identity): a domain gives rights, it moves nothing. Where a machine has
 * several units, initialise and enable all of them: those without assignments then block what lies behind them.
 *
 * Not locked: the caller lets one core at a time use a unit. Errors are negative numbers of lib/errno.h.
 */
#ifndef QV_MONITOR_IOMMU_H
#define QV_MONITOR_IOMMU_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "monitor/message.h"

#define IOMMU_MAX_DEVICES 8u
#define IOMMU_PAGE_BYTES  4096u

enum iommu_rights { IOMMU_READ = 1u << 0, IOMMU_WRITE = 1u << 1 };

struct iommu_range {
    uint64_t base;   /* physical, page aligned */
    uint64_t size;   /* bytes, a multiple of the page size, not 0 */
    uint32_t rights; /* enum iommu_rights, not 0 */
};

enum iommu_fault_kind {
    IOMMU_FAULT_OTHER = 0,     /* see `reason` */
    IOMMU_FAULT_NO_DOMAIN = 1, /* the device has no assignment, or is blocked */
    IOMMU_FAULT_READ = 2,      /* no right to read there */
    IOMMU_FAULT_WRITE = 3,     /* no right to write there */
    IOMMU_FAULT_WIDTH = 4,     /* address beyond the unit's address width */
    IOMMU_FAULT_TABLE = 5,     /* the unit found its tables malformed: an error of ours */
    IOMMU_FAULT_INTERRUPT = 6, /* an interrupt message that may not pass; `address` is its index in the table */
};

/* An interrupt that may pass: edge, fixed delivery to all cores of a mask of flat logical ids. */
struct iommu_interrupt {
    uint16_t source; /* requester id of the message: the device's, or the I/O APIC's of its pin */
    uint8_t vector;
    uint8_t cores;
};

struct iommu_fault {
    uint64_t address; /* page of the access */
    uint16_t bdf;     /* requester: bus << 8 | device << 3 | function */
    uint8_t reason;   /* the unit's own code */
    uint8_t kind;     /* enum iommu_fault_kind */
    bool write;       /* false: a read */
};

/*
 * What the unit's driver needs of its surroundings; all members are needed. iommu/platform.c fills in all but the
 * allocator. In a monitor memory is mapped identically: a pointer is a physical address.
 */
struct iommu_platform {
    void *context;
    uint32_t (*read32)(void *context, uint64_t address);
    uint64_t (*read64)(void *context, uint64_t address);
    void (*write32)(void *context, uint64_t address, uint32_t value);
    void (*write64)(void *context, uint64_t address, uint64_t value);
    void *(*page_alloc)(void *context); /* one zeroed 4 KiB page, aligned, kept for ever; NULL when out of memory */
    void (*cache_flush)(void *context, const void *address, size_t bytes); /* for units that do not snoop */
    void (*relax)(void *context); /* between two looks at a register; bounded number of times */
};

/* The platform of a monitor: plain MMIO, CLFLUSH, PAUSE. `page_alloc` as above, `context` handed to it. */
void iommu_platform_native(struct iommu_platform *platform, void *(*page_alloc)(void *context), void *context);

struct iommu_ops;

struct iommu_device {
    uint64_t *table; /* root of its page table */
    uint16_t bdf;
    uint16_t domain; /* > 0 */
    bool blocked;
};

struct iommu {
    struct iommu_platform platform;
    const struct iommu_ops *ops;
    uint64_t registers;   /* physical address */
    uint64_t *root;       /* the unit's top table */
    uint64_t *interrupts; /* table of interrupts that may pass; NULL = none yet */
    unsigned n_interrupts;
    bool remaps;     /* no other interrupts pass */
    unsigned width;  /* bits of a bus address that are translated */
    unsigned levels; /* of the page tables */
    unsigned n_devices;
    struct iommu_device device[IOMMU_MAX_DEVICES];
    uint64_t faults;               /* records read by iommu_poll() */
    uint64_t overflows;            /* times that the unit had no room for a record: more faults than records */
    uint64_t capability, extended; /* as the unit gives them */
    uint32_t pages;                /* table pages taken from the allocator */
    bool large_pages;              /* 2 MiB leaves are used */
    bool snoops;                   /* the unit sees the caches when it walks tables */
    bool enabled;
    const char *error; /* why the last call failed, for the log; NULL = it did not */
};

/* What a vendor's driver provides (vtd.c). Arguments were checked by iommu.c. */
struct iommu_ops {
    const char *name;
    int (*init)(struct iommu *iommu, unsigned address_width);
    int (*map)(struct iommu *iommu, struct iommu_device *device, const struct iommu_range *range);
    int (*attach)(struct iommu *iommu, struct iommu_device *device); /* make its domain effective */
    int (*detach)(struct iommu *iommu, struct iommu_device *device); /* no access from here on */
    /* Makes an entry of the table; the message that refers to it. */
    int (*route)(struct iommu *iommu, const struct iommu_interrupt *interrupt, struct interrupt_message *message);
    int (*remap)(struct iommu *iommu);
    int (*enable)(struct iommu *iommu);
    int (*disable)(struct iommu *iommu);
    size_t (*poll)(struct iommu *iommu, struct iommu_fault *fault, size_t max);
    void (*signal)(struct iommu *iommu, uint64_t address, uint32_t data);
    void (*silence)(struct iommu *iommu);
};

extern const struct iommu_ops vtd_ops; /* Intel VT-d */

/*
 * registers: physical address of the unit's registers (DMAR's DRHD). address_width: bits of physical address in use
 * (DMAR's host address width). Turns translation off if the firmware left it on, and builds the top table.
 * -ENODEV: not a unit that this driver can run (see iommu->error). -ENOMEM, -ETIMEDOUT.
 */
int iommu_init(struct iommu *iommu, const struct iommu_ops *ops, const struct iommu_platform *platform,
               uint64_t registers, unsigned address_width);

/*
 * Gives the device a domain of its own with exactly these ranges; n may be 0 (a domain that reaches nothing). Ranges
 * must not overlap. -EEXIST: it has one. -ENOSPC: too many devices. -EINVAL: bad range. -ENOMEM: the device stays
 * blocked, pages already taken stay taken. -ENODEV: not initialised.
 */
int iommu_assign(struct iommu *iommu, uint16_t bdf, const struct iommu_range *range, size_t n);

int iommu_block(struct iommu *iommu, uint16_t bdf);   /* -ENODEV: not assigned; -ETIMEDOUT */
int iommu_unblock(struct iommu *iommu, uint16_t bdf); /* -ENODEV, -ETIMEDOUT */

/*
 * Interrupt remapping. Every interrupt is routed before the unit is told to remap; `message` is what its sender has to
 * be programmed with then. -ENODEV: the unit cannot remap; -EBUSY: it does already; -ENOSPC: table full; -ENOMEM.
 */
int iommu_route(struct iommu *iommu, const struct iommu_interrupt *interrupt, struct interrupt_message *message);
/*
 * From here on messages pass that refer to an entry and come from its source; those of the format without remapping are
 * blocked. With no entry nothing passes. -ENODEV, -ENOMEM, -ETIMEDOUT, -EIO.
 */
int iommu_remap(struct iommu *iommu);

int iommu_enable(struct iommu *iommu);  /* -ETIMEDOUT; harmless when enabled */
int iommu_disable(struct iommu *iommu); /* -ETIMEDOUT; every device reaches everything again */

/*
 * From here on the unit sends the interrupt message (address, data: as of an MSI) when a fault is recorded while none
 * was waiting, so one message may stand for several records: poll until there is none. A message that is due is sent at
 * once. The rate is the device's: who programs it can raise as many as it likes. Silence it when it is too many.
 */
void iommu_signal(struct iommu *iommu, uint64_t address, uint32_t data);
void iommu_silence(struct iommu *iommu); /* no more messages; faults are recorded all the same */

/* Takes up to `max` fault records out of the unit, oldest first; returns how many. Cheap when there is none. */
size_t iommu_poll(struct iommu *iommu, struct iommu_fault *fault, size_t max);

#endif
