/* SPDX-License-Identifier: MIT */
/* The sandbox's side of the emulated PMU (qv/emupmu.h). */
#include "qv/emupmu.h"

#include "sandbox/internal.h"

#define START_MS 1000u /* the emulator only has to translate anew */

void emupmu_init(void)
{
    struct qv_emupmu_control *control = phys_to_virt(QV_EMUPMU_CONTROL_PHYS(handoff->id));
    if (!(handoff->cfg.flags & QV_CFG_EMULATED_PMU))
        return;
    if (handoff->mode == QV_MODE_NATIVE)
        control->host_root = read_cr3();
    else
        control->guest_root = read_cr3();
}

void emupmu_tag(unsigned tag)
{
    struct qv_emupmu_control *control = phys_to_virt(QV_EMUPMU_CONTROL_PHYS(handoff->id));
    *(volatile uint64_t *)&control->tag = tag;
}

const volatile struct qv_emupmu *emupmu_start(void)
{
    const volatile struct qv_emupmu *page = phys_to_virt(QV_EMUPMU_PHYS);
    uint64_t limit = time_now() + time_from_us(START_MS * 1000u);
    if (!(handoff->cfg.flags & QV_CFG_EMULATED_PMU) || !qv_emupmu_check(page))
        return NULL;
    qv_emupmu_start();
    while (page->state != QV_EMUPMU_COUNTING) {
        if (time_now() > limit)
            return NULL;
        cpu_pause();
    }
    return page;
}
