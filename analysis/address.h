/* SPDX-License-Identifier: MIT */
/*
 * Addresses of the guest as people read them. Whoever knows the images and the machine's memory gives a namer; without
 * one every name is "unknown". What is named is what the trace holds: a virtual address of the sandbox that wrote the
 * record, or a physical address, which is below 4 GiB.
 */
#ifndef QV_ANALYSIS_ADDRESS_H
#define QV_ANALYSIS_ADDRESS_H

#include <stdbool.h>
#include <stdint.h>

#include "qv/trace.h"

#define ADDRESS_UNKNOWN        "unknown"
#define ADDRESS_NOT_MAPPED     "0x%" PRIx64 ", not mapped" /* a format; <inttypes.h> */
#define ADDRESS_PHYSICAL_BYTES 0x100000000ull              /* below: physical, except where only virtual ones can be */

struct address_name {
    char symbol[128]; /* "nic_receive+0x3c", "sandbox 1 + 0x1234 (free memory)"; never empty once named */
    char source[128]; /* "os/sandbox/nic/nic_rx.c:142"; "" = there is none */
};

struct address_namer {
    /* `sandbox`: the one whose virtual addresses are meant. Fills *out in any case. */
    void (*name)(const void *context, uint32_t sandbox, uint64_t address, struct address_name *out);
    const void *context; /* borrowed */
};

/* `namer` may be NULL. */
void address_name_of(const struct address_namer *namer, uint32_t sandbox, uint64_t address, struct address_name *out);

/* An address at which the CPU was stopped, or that a fault of this model concerns: virtual however small it is. */
void address_name_virtual(const struct address_namer *namer, uint32_t sandbox, uint64_t address,
                          struct address_name *out);

/* The name of the address that a record of a fault, a detection or an exit holds. False: it holds none. */
bool address_name_of_record(const struct address_namer *namer, const struct qv_trace_record *record,
                            struct address_name *out);

#endif
