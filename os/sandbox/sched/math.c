/* SPDX-License-Identifier: MIT */
#include "internal.h"

#define SATURATED (1ull << 62)

/* Schoolbook division of a 96-bit number by a 32-bit one, 32 bits at a time. */
uint64_t sched_scale(uint64_t a, uint32_t b, uint32_t c, uint64_t *rest)
{
    const uint64_t low = (a & 0xffffffffu) * b + (rest ? *rest : 0);
    const uint64_t high = (a >> 32) * b + (low >> 32);
    const uint64_t lower = (high % c) << 32 | (low & 0xffffffffu);

    if (rest)
        *rest = lower % c;
    return high / c >= SATURATED >> 32 ? SATURATED : (high / c << 32) + lower / c;
}

bool vcpu_spec_valid(const struct vcpu_spec *spec)
{
    if (spec->kind == VCPU_IO_PIBS)
        return spec->num > 0 && spec->num <= spec->den && spec->den < 1u << 31;
    if (spec->kind != VCPU_MAIN && spec->kind != VCPU_IO_SS)
        return false;
    return spec->budget > 0 && spec->budget <= spec->period && spec->period < 1ull << 56;
}
