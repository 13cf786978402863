/* SPDX-License-Identifier: MIT */
/* The isolation check where the machine made it itself (qv/directory.h: struct qv_region_sum). */
#ifndef QV_GUEST_SUMS_H
#define QV_GUEST_SUMS_H

#include "analysis/result.h"
#include "qv/directory.h"

/*
 * Judges what the machine summed; `targets` has a bit for each sandbox that a fault may hit. The same excuses as in
 * guest/isolation.h: a target's memory, a sandbox that was restarted, the standby pages of one that recovered. Nested
 * page tables are not summed. out->checked is false where the machine took no sums.
 */
void sums_judge(const struct qv_directory *directory, uint32_t targets, struct run_isolation *out);

#endif
