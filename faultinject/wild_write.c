/* SPDX-License-Identifier: MIT */
/*
 * Wild writes: one 32-bit store to a place that the driver has no business with.
 *
 * What lies at a foreign place cannot be read without being the violation itself, so FAULT_CHANGE is logged for it only
 * if the store went through; `before` is then known in native mode alone, and 0 otherwise.
 */
#include "faultinject/model.h"
#include "sandbox/faultpoint.h"
#include "sandbox/kernel.h"

enum choice { CHOICE_VALUE, CHOICE_PLACE, CHOICE_PLACE_2, CHOICE_KIND };

/* Addresses of the middle of the upper half that no sandbox maps. */
#define VOID_BEGIN 0xffffc00000000000ull
#define VOID_BYTES (1ull << 40)

static uint32_t value_of(const struct armed_fault *fault)
{
    return (uint32_t)fault_draw(fault, CHOICE_VALUE);
}

static uint32_t store_foreign(const struct armed_fault *fault, uint64_t phys)
{
    volatile uint32_t *word = phys_to_virt(phys);
    uint32_t before = 0;
    uint32_t value = value_of(fault);

    if (handoff->mode == QV_MODE_NATIVE)
        before = *word;
    fault_active(fault, phys);
    *word = value;
    fault_changed(phys, before, value);
    return FAULT_EFFECT_NONE;
}

static bool sandbox_possible(const struct armed_fault *fault)
{
    return target_other_sandbox(fault, CHOICE_PLACE) != 0;
}

static uint32_t sandbox_fire(struct armed_fault *fault, struct nic_view *view)
{
    (void)view;
    return store_foreign(fault, target_other_sandbox(fault, CHOICE_PLACE));
}

static bool monitor_possible(const struct armed_fault *fault)
{
    return target_monitor(fault, CHOICE_PLACE) != 0;
}

static uint32_t monitor_fire(struct armed_fault *fault, struct nic_view *view)
{
    (void)view;
    return store_foreign(fault, target_monitor(fault, CHOICE_PLACE));
}

/* By the seed: a virtual page that the kernel's own tables do not map, or a physical one that nobody gave to it. */
static uint32_t unmapped_fire(struct armed_fault *fault, struct nic_view *view)
{
    (void)view;
    if (fault_draw_below(fault, CHOICE_KIND, 2) == 0)
        return store_foreign(fault, target_unmapped(fault, CHOICE_PLACE));
    uint64_t address = VOID_BEGIN + (fault_draw_below(fault, CHOICE_PLACE, VOID_BYTES) & ~3ull);
    fault_active(fault, address);
    *(volatile uint32_t *)(uintptr_t)address = value_of(fault);
    return FAULT_EFFECT_NONE;
}

const struct fault_model fault_wild_write_sandbox = {
    .id = QV_FAULT_WILD_WRITE_SANDBOX,
    .possible = sandbox_possible,
    .fire = sandbox_fire,
};

const struct fault_model fault_wild_write_monitor = {
    .id = QV_FAULT_WILD_WRITE_MONITOR,
    .possible = monitor_possible,
    .fire = monitor_fire,
};

const struct fault_model fault_wild_write_unmapped = {
    .id = QV_FAULT_WILD_WRITE_UNMAPPED,
    .fire = unmapped_fire,
};
