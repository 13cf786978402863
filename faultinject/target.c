/* SPDX-License-Identifier: MIT */
/* Places outside the sandbox, taken from what the directory says about the machine's memory. */
#include "faultinject/model.h"

#include "sandbox/kernel.h"

/* Beyond all memory that is used, below the PCI configuration window: no device and no memory there. */
#define NOWHERE_BEGIN 0x80000000ull
#define NOWHERE_END   0xb0000000ull

typedef bool (*region_test)(const volatile struct qv_region *region, uint64_t argument);

static uint64_t pick(const struct armed_fault *fault, unsigned choice, region_test test, uint64_t argument)
{
    const volatile struct qv_directory *d = directory();
    uint64_t total = 0;

    for (uint32_t i = 0; i < d->n_regions; i++)
        if (test(&d->region[i], argument))
            total += d->region[i].size;
    if (total == 0)
        return 0;
    uint64_t offset = fault_draw_below(fault, choice, total);
    for (uint32_t i = 0; i < d->n_regions; i++) {
        if (!test(&d->region[i], argument))
            continue;
        if (offset < d->region[i].size)
            return (d->region[i].base + offset) & ~3ull;
        offset -= d->region[i].size;
    }
    return 0;
}

static bool private_of(const volatile struct qv_region *region, uint64_t owner)
{
    return region->owner == owner && (region->kind == QV_REGION_IMMUTABLE || region->kind == QV_REGION_CANARY ||
                                      region->kind == QV_REGION_MUTABLE || region->kind == QV_REGION_DRIVER);
}

static bool of_kind(const volatile struct qv_region *region, uint64_t kind)
{
    return region->kind == kind;
}

uint64_t target_other_sandbox(const struct armed_fault *fault, unsigned choice)
{
    if (handoff->n_sandboxes < 2)
        return 0;
    uint64_t victim = fault_draw_below(fault, choice, handoff->n_sandboxes - 1u);
    if (victim >= handoff->id)
        victim++;
    return pick(fault, choice + 1, private_of, victim);
}

/* The kinds are equally likely: by bytes, the pristine image would take nearly all. */
uint64_t target_monitor(const struct armed_fault *fault, unsigned choice)
{
    static const uint32_t kinds[] = {QV_REGION_MONITOR, QV_REGION_NPT, QV_REGION_PRISTINE};
    uint64_t first = fault_draw_below(fault, choice, sizeof(kinds) / sizeof(kinds[0]));

    for (uint64_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        uint64_t place = pick(fault, choice + 1, of_kind, kinds[(first + i) % (sizeof(kinds) / sizeof(kinds[0]))]);
        if (place != 0)
            return place;
    }
    return 0;
}

uint64_t target_unmapped(const struct armed_fault *fault, unsigned choice)
{
    return NOWHERE_BEGIN + (fault_draw_below(fault, choice, NOWHERE_END - NOWHERE_BEGIN) & ~3ull);
}
