/* SPDX-License-Identifier: MIT */
/* What the monitor tells the emulated PMU (qv/emupmu.h): where this core's page tables are, and when they changed. */
#include "qv/emupmu.h"

#include "monitor/core.h"

static struct qv_emupmu_control *control_of(const struct core *core)
{
    return machine.cfg->flags & QV_CFG_EMULATED_PMU ? (struct qv_emupmu_control *)QV_EMUPMU_CONTROL_PHYS(core->index)
                                                    : NULL;
}

void emupmu_announce(const struct core *core)
{
    struct qv_emupmu_control *control = control_of(core);
    if (!control)
        return;
    control->host_root = read_cr3();
    control->nested_root = vendor ? (uint64_t)core->nested.root : 0;
}

void emupmu_nested_changed(const struct core *core)
{
    struct qv_emupmu_control *control = control_of(core);
    if (control)
        control->nested_flushes++;
}
