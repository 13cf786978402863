/* SPDX-License-Identifier: MIT */
/*
 * Is the memory of those who had no part in the fault still as it was? Monitor text, the pristine image, private text
 * and read-only data, nested page tables and standby images are copied when the machine is ready and compared at the
 * end (accessed and dirty bits of page tables apart); free private memory holds a pattern that can be recomputed. What
 * belongs to a target of a fault is not isolation's business: a change there only says that the fault left something.
 */
#ifndef QV_GUEST_ISOLATION_H
#define QV_GUEST_ISOLATION_H

#include "analysis/error.h"
#include "analysis/result.h"
#include "guest/guest.h"

struct isolation; /* opaque */

/* Takes the copies. `targets` has a bit for each sandbox that a fault may hit. NULL if memory is short or the directory
 * cannot be read (err). */
struct isolation *isolation_begin(const struct guest *guest, uint32_t targets, struct qv_error *err);

/* CLOCK_MONOTONIC when the copies were complete: a fault before that may have been missed. */
uint64_t isolation_begun_ns(const struct isolation *isolation);

/* Compares; the guest may still run. Fills *out. */
void isolation_end(struct isolation *isolation, struct run_isolation *out);

/* After isolation_end(): one line per region, and the share of each sandbox's private memory that was watched. */
int isolation_write(const struct isolation *isolation, const char *path, struct qv_error *err);

void isolation_free(struct isolation *isolation);

#endif
