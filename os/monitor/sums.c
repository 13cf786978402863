/* SPDX-License-Identifier: MIT */
#include "monitor/core.h"
#include "monitor/dump.h"

#define MIX 0x9e3779b97f4a7c15ull /* odd, so that multiplying by it loses nothing */

/* Any changed word changes it; not made against somebody who looks for a collision. */
static uint64_t sum_of(uint64_t base, uint64_t size)
{
    const volatile uint64_t *word = (const volatile uint64_t *)base;
    uint64_t sum = MIX;
    for (uint64_t i = 0; i < size / 8; i++) {
        sum = (sum ^ word[i]) * MIX;
        sum ^= sum >> 29;
    }
    return sum;
}

static uint64_t wrong_canaries(const struct qv_region *region)
{
    const volatile uint64_t *word = (const volatile uint64_t *)region->base;
    uint64_t wrong = 0;
    for (uint64_t i = 0; i < region->size / 8; i++)
        wrong += word[i] != qv_canary_word(region->owner, region->base + i * 8);
    return wrong;
}

static bool keeps_its_bytes(uint32_t kind)
{
    return kind == QV_REGION_MONITOR || kind == QV_REGION_PRISTINE || kind == QV_REGION_IMMUTABLE ||
           kind == QV_REGION_STANDBY;
}

static void sums_before(uint32_t owner)
{
    if (!dump_by_serial())
        return;
    for (unsigned i = 0; i < QV_MAX_REGIONS; i++) {
        const struct qv_region *region = &directory()->region[i];
        struct qv_region_sum *sum = &directory()->sum[i];
        if (region->size == 0 || region->owner != owner || !keeps_its_bytes(region->kind))
            continue;
        *sum = (struct qv_region_sum){.bytes = region->size, .before = sum_of(region->base, region->size)};
    }
}

void sums_before_machine(void)
{
    sums_before(QV_NO_SANDBOX);
}

void sums_before_core(uint32_t index)
{
    sums_before(index);
}

void sums_after(void)
{
    if (!dump_by_serial())
        return;
    for (unsigned i = 0; i < QV_MAX_REGIONS; i++) {
        const struct qv_region *region = &directory()->region[i];
        struct qv_region_sum *sum = &directory()->sum[i];
        if (region->size != 0 && region->kind == QV_REGION_CANARY)
            *sum = (struct qv_region_sum){.bytes = region->size, .after = wrong_canaries(region)};
        else if (sum->bytes != 0)
            sum->after = sum->bytes == region->size ? sum_of(region->base, region->size) : ~sum->before;
    }
    directory()->sums_taken = 1;
}
