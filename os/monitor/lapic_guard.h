/* SPDX-License-Identifier: MIT */
/*
 * Guarded mode: the sandbox's xAPIC page is write-protected in its nested page table, reads stay direct. A store traps;
 * the monitor decodes it here, asks here whether it may pass, performs it, and steps over the instruction.
 * Pure: no access to memory or to the APIC.
 */
#ifndef QV_MONITOR_LAPIC_GUARD_H
#define QV_MONITOR_LAPIC_GUARD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "qv/bootcfg.h"

#define LAPIC_INSN_MAX 15u

/* A decoded store, 64-bit mode: MOV m, r (89 /r), MOV m, imm (C7 /0), MOV moffs, rAX (A3). */
struct lapic_store {
    uint8_t length; /* of the instruction, bytes */
    uint8_t size;   /* of the operand: 2, 4 or 8 bytes; only 4 may go to an APIC */
    bool immediate; /* else the value is in `reg` */
    uint8_t reg;    /* 0 = RAX ... 15 = R15, in the processor's encoding (4 = RSP) */
    uint64_t value; /* the immediate, sign-extended where the processor would */
};

/*
 * Decodes the instruction at `code`, of which `available` bytes could be read. 0; -EINVAL: any other instruction, also
 * one with LOCK or REP prefixes or longer than 15 bytes; -EAGAIN: the bytes end before the instruction does.
 */
int lapic_decode(const uint8_t *code, size_t available, struct lapic_store *store);

/* One per sandbox. Destinations are cores that run sandboxes; a monitor lives on each of them and is not addressed. */
struct lapic_guard {
    uint32_t n_sandboxes;
    uint8_t apic_id[QV_MAX_SANDBOXES];    /* physical destinations, all sandboxes */
    uint8_t logical_id[QV_MAX_SANDBOXES]; /* logical destination bit of each (flat model) */
    uint32_t self;                        /* this sandbox */
    bool tsc_deadline;                    /* the timer may be in that mode */
    bool only_sandboxes;                  /* every core of the machine runs a sandbox: broadcasts may pass */
    bool started;                         /* logical destination and format may not be written any more */
    uint32_t icr_high;                    /* the sandbox's own, kept because the monitor uses the register too */
    uint32_t refused;
};

enum lapic_verdict {
    LAPIC_WRITE,  /* write `value` to the register */
    LAPIC_SEND,   /* write `high` to 310h, then `value` to 300h */
    LAPIC_REFUSE, /* do not; counted, log with `reason` */
};

struct lapic_action {
    enum lapic_verdict verdict;
    uint32_t value;
    uint32_t high;
    const char *name;   /* of the register */
    const char *reason; /* why refused, NULL otherwise */
};

/* A store of `value` (of store.size bytes) at byte `offset` of the APIC page. */
struct lapic_action lapic_guard_write(struct lapic_guard *guard, uint32_t offset, unsigned size, uint32_t value);

#endif
