/* SPDX-License-Identifier: MIT */
/*
 * Named points at which fault models may act. The kernel knows only this hook; faultinject/ sets it. `view` is what the
 * driver shows of itself at that point (see nic/nic.h, struct nic_view); the return value is a bit mask of
 * enum fault_effect that the driver must honour.
 */
#ifndef QV_SANDBOX_FAULTPOINT_H
#define QV_SANDBOX_FAULTPOINT_H

#include <stdbool.h>
#include <stdint.h>

#include "qv/fault.h"

enum fault_effect {
    FAULT_EFFECT_NONE = 0,
    FAULT_EFFECT_SKIP_ACK = 1u << 0, /* leave out the interrupt acknowledgement this time */
};

struct nic_view;
typedef uint32_t (*fault_hook_fn)(enum qv_fault_point point, struct nic_view *view);
extern fault_hook_fn fault_hook; /* NULL: nothing armed */

/*
 * Asked first about every CPU exception. True: it was provoked on purpose (a breakpoint of a fault model, an
 * instruction that a boot test wants refused) and is dealt with; execution goes on at *rip.
 */
typedef bool (*exception_hook_fn)(unsigned vector, uint64_t *rip);
extern exception_hook_fn exception_hook;

static inline bool fault_point_armed(void)
{
    return __builtin_expect(fault_hook != 0, 0);
}
static inline uint32_t fault_point(enum qv_fault_point point, struct nic_view *view)
{
    return fault_point_armed() ? fault_hook(point, view) : (uint32_t)FAULT_EFFECT_NONE;
}

#endif
