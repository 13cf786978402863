/* SPDX-License-Identifier: MIT */
#include "internal.h"

#define SATURATED (1ull << 62)

/* Schoolbook division of the 96-bit product by a 32-bit number, 32 bits at a time. */
static uint64_t scale(uint64_t a, uint32_t b, uint32_t c, bool up)
{
    uint64_t low = (a & 0xffffffffu) * b;
    uint64_t high = (a >> 32) * b + (low >> 32);
    uint64_t rest = high % c;
    uint64_t top = high / c;
    uint64_t next = (rest << 32) | (low & 0xffffffffu);

    if (top >= SATURATED >> 32)
        return SATURATED;
    return (top << 32) + next / c + (up && next % c ? 1 : 0);
}

uint64_t sched_scale_down(uint64_t a, uint32_t b, uint32_t c)
{
    return scale(a, b, c, false);
}

uint64_t sched_scale_up(uint64_t a, uint32_t b, uint32_t c)
{
    return scale(a, b, c, true);
}

bool vcpu_spec_valid(const struct vcpu_spec *spec)
{
    if (spec->kind == VCPU_IO_PIBS)
        return spec->num > 0 && spec->num <= spec->den && spec->den < 1u << 31;
    if (spec->kind != VCPU_MAIN && spec->kind != VCPU_IO_SS)
        return false;
    return spec->budget > 0 && spec->budget <= spec->period && spec->period < 1ull << 56;
}
