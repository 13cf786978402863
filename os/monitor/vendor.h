/* SPDX-License-Identifier: MIT */
/*
 * The vendor contract: everything about hardware virtualization that differs between processors' makers lies behind
 * this table. vmx/ and svm/ implement it with the same file names; vendor.c chooses at boot. Nothing else in the
 * monitor knows the maker.
 */
#ifndef QV_MONITOR_VENDOR_H
#define QV_MONITOR_VENDOR_H

#include <stdbool.h>
#include <stdint.h>

#include "qv/directory.h"

struct core;
struct cpuid_result;
struct nested_format;

/* One exit, in the same words for every vendor. */
struct exit_info {
    enum qv_exit_cause cause;
    uint32_t vendor_code;                     /* the vendor's own number, for the log */
    uint64_t info1, info2;                    /* the vendor's own details, for the log */
    uint64_t tsc;                             /* read first thing after the exit */
    uint64_t gpa;                             /* nested page: guest-physical address */
    bool write, execute, present, table_walk; /* nested page: access kind; entry present; on a page-table walk */
    uint16_t port;                            /* port: number, size in bytes, direction, string form */
    uint8_t port_size;
    bool port_in, port_string;
    bool msr_write; /* msr: direction; the number is in the guest's rcx */
    uint8_t vector; /* exception */
    bool user;      /* call: made in ring 3 */
    uint8_t length; /* bytes of the instruction to step over; 0 = unknown */
};

struct guest_start {
    uint64_t rip, rsp, cr3, rdi; /* 64-bit mode, paging on, flat segments, interrupts off */
};

struct vendor {
    const char *name;
    const struct nested_format *nested;
    /* NULL if this processor can be used, else the reason in words for the user; vendor_absent: nothing of it is there.
     */
    const char *(*unusable)(void);
    /* Turn virtualization on on this core and allocate its control structures. 0 or -ENOMEM, -EIO. */
    int (*core_start)(struct core *core);
    /* Guest state as at power-on of a sandbox kernel; pending events dropped. */
    void (*guest_reset)(struct core *core, const struct guest_start *start);
    /* Enter the guest with core->guest, return after the next exit with core->guest and *exit filled. */
    void (*run)(struct core *core, struct exit_info *exit);
    void (*inject)(struct core *core, unsigned vector, bool has_error, uint32_t error);
    /* Nested table changed: nothing cached from it may be used after the next entry on this core. */
    void (*flush)(struct core *core);
    /*
     * The caller changed core->guest.rip to somewhere new in the sandbox's kernel: ring 0 with its flat segments,
     * pending event delivery and interrupt shadow dropped.
     */
    void (*redirect)(struct core *core);
    /*
     * An NMI came to the monitor itself, on the given core, interrupting the monitor at `rip`; it must not be lost.
     * Where to go on: `rip`, unless that would sleep or enter the guest in spite of the NMI. Called by the NMI's
     * handler.
     */
    uint64_t (*nmi_taken)(struct core *core, uint64_t rip);
    /* Sleep until an NMI arrives; one that came since the last exit ends it at once. Requests arrive by NMI. */
    void (*wait_for_nmi)(struct core *core);
    /* Let an NMI that waits (blocked in the monitor) be taken and forgotten. */
    void (*drain_nmi)(struct core *core);
    /*
     * NULL, or, asked on another core: did an INIT reset this core under its guest, without its monitor having heard of
     * it? Such a core waits for a SIPI; an emulator lets an NMI start it at the reset vector instead.
     */
    bool (*was_reset)(const struct core *core);
    /*
     * NULL, or: this core's guest is left at this time (TSC) at the latest, whatever it does, by an exit of cause
     * TIMER; 0: no more. Without effect on processors that cannot.
     */
    void (*alarm)(struct core *core, uint64_t tsc);
    /* Take this vendor's virtualization out of what CPUID tells a sandbox. */
    void (*hide)(uint32_t leaf, uint32_t subleaf, struct cpuid_result *result);
    /* Print the control structure and name the check that failed (entry failures). */
    void (*audit)(struct core *core);
};

extern const struct vendor *vendor; /* NULL before vendor_choose() or where nothing is usable */

/* Picks the first usable vendor. NULL with *reason telling why none is usable. */
const struct vendor *vendor_choose(const char **reason);

extern const char vendor_absent[];

#endif
