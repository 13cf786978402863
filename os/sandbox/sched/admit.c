/* SPDX-License-Identifier: MIT */
#include "admit.h"

#include "internal.h"

#include <stddef.h>

#define FRACTION_BITS 56
#define ROOT_BITS     62
#define MAX_ROUNDS    100000u /* of the fixed-point iteration; only loads within a hair of 1 come near */

static uint32_t servers_in(const struct vcpu_spec *set, uint32_t count)
{
    uint32_t servers = 0;

    for (uint32_t i = 0; i < count; i++)
        servers += set[i].kind != VCPU_IO_PIBS;
    return servers;
}

/* The full budget of a PIBS VCPU that works at `period`; 0 if that is not even a tick. */
static uint64_t pibs_full(const struct vcpu_spec *io, uint64_t period)
{
    return sched_scale(period, io->num, io->den, NULL);
}

static uint64_t shortest_period(const struct vcpu_spec *set, uint32_t count)
{
    uint64_t shortest = SCHED_NEVER;

    for (uint32_t i = 0; i < count; i++) {
        if (set[i].kind != VCPU_IO_PIBS)
            shortest = sched_min(shortest, set[i].period);
    }
    return shortest;
}

static bool well_formed(const struct vcpu_spec *set, uint32_t count)
{
    const uint32_t servers = count <= SCHED_MAX_VCPUS ? servers_in(set, count) : 0;

    if (count > 0 && servers == 0)
        return false;
    if (count - servers > SCHED_MAX_PIBS)
        return false;
    for (uint32_t i = 0; i < count; i++) {
        if (!vcpu_spec_valid(&set[i]))
            return false;
        if (set[i].kind == VCPU_IO_PIBS && pibs_full(&set[i], shortest_period(set, count)) == 0)
            return false;
    }
    return true;
}

/* a / b in 1/ADMIT_ONE, rounded up; a <= b < 2^63. */
static uint64_t fraction_up(uint64_t a, uint64_t b)
{
    uint64_t quotient = a / b;
    uint64_t rest = a % b;

    for (int bit = 0; bit < FRACTION_BITS; bit++) {
        quotient <<= 1;
        rest <<= 1;
        if (rest >= b) {
            rest -= b;
            quotient |= 1;
        }
    }
    return quotient + (rest > 0);
}

/* Is x^n <= 2, x in [1, 2] with ROOT_BITS fraction bits? Products are rounded up, so "yes" is certain. */
static bool power_within_two(uint64_t x, uint32_t n)
{
    uint64_t power = x;

    while (--n > 0) {
        const unsigned __int128 product = (unsigned __int128)power * x + ((1ull << ROOT_BITS) - 1);
        if (product >> ROOT_BITS > 2ull << ROOT_BITS)
            return false;
        power = (uint64_t)(product >> ROOT_BITS);
    }
    return power <= 2ull << ROOT_BITS;
}

/* n(2^(1/n) - 1), rounded down. */
static uint64_t utilisation_bound(uint32_t n)
{
    uint64_t root = 1ull << ROOT_BITS;

    for (int bit = ROOT_BITS; bit >= 0; bit--) {
        const uint64_t step = 1ull << bit;
        if (root + step <= 2ull << ROOT_BITS && power_within_two(root + step, n))
            root += step;
    }
    const unsigned __int128 bound = (unsigned __int128)(root - (1ull << ROOT_BITS)) * n;
    return (uint64_t)(bound >> (ROOT_BITS - FRACTION_BITS));
}

struct admit_bound admit_by_bound(const struct vcpu_spec *set, uint32_t count)
{
    struct admit_bound result = {.admitted = false, .load = UINT64_MAX, .bound = 0};

    if (!well_formed(set, count))
        return result;
    result.load = 0;
    for (uint32_t i = 0; i < count; i++) {
        const uint64_t num = set[i].num;
        const uint64_t den = set[i].den;
        if (set[i].kind == VCPU_IO_PIBS)
            result.load += fraction_up((2 * den - num) * num, den * den); /* (2 - U) U */
        else
            result.load += fraction_up(set[i].budget, set[i].period);
    }
    if (count > 0)
        result.bound = utilisation_bound(servers_in(set, count));
    result.admitted = result.load <= result.bound;
    return result;
}

/* The longest server period below `limit`, 0 if there is none. */
static uint64_t longest_period_below(const struct vcpu_spec *set, uint32_t count, uint64_t limit)
{
    uint64_t longest = 0;

    for (uint32_t i = 0; i < count; i++) {
        if (set[i].kind != VCPU_IO_PIBS && set[i].period < limit)
            longest = sched_max(longest, set[i].period);
    }
    return longest;
}

/*
 * The most a PIBS VCPU can run in an interval of length t in which it has priority: it is paid for at its utilisation
 * all along and has one full budget at the very end.
 */
static uint64_t pibs_demand(const struct vcpu_spec *io, uint64_t period, uint64_t t)
{
    if (period == 0)
        return 0;
    const uint64_t full = pibs_full(io, period);
    if (t <= full)
        return t;
    return full + sched_scale(t - full, io->num, io->den, NULL);
}

/* What all that goes before set[which] at `period` can run in an interval of length t. */
static uint64_t interference(const struct vcpu_spec *set, uint32_t count, uint32_t which, uint64_t period, uint64_t t)
{
    const bool io = set[which].kind == VCPU_IO_PIBS;
    uint64_t sum = 0;

    for (uint32_t i = 0; i < count; i++) {
        const struct vcpu_spec *other = &set[i];
        if (i == which)
            continue;
        if (other->kind == VCPU_IO_PIBS) {
            const bool first_in_tie = !io || i < which;
            const uint64_t longest = first_in_tie ? period : longest_period_below(set, count, period);
            sum += pibs_demand(other, longest, t);
        } else if (other->period < period || (other->period == period && !io && i < which)) {
            sum += (t / other->period + (t % other->period > 0)) * other->budget;
        }
    }
    return sum;
}

static uint64_t response_at(const struct vcpu_spec *set, uint32_t count, uint32_t which, uint64_t period,
                            uint64_t blocking)
{
    const struct vcpu_spec *v = &set[which];
    uint64_t work = v->kind == VCPU_IO_PIBS ? pibs_full(v, period) : v->budget;

    if (blocking > period)
        return SCHED_NEVER;
    work += blocking;
    uint64_t t = work;
    for (uint32_t round = 0; round < MAX_ROUNDS && t <= period; round++) {
        const uint64_t next = work + interference(set, count, which, period, t);
        if (next == t)
            return t;
        t = next;
    }
    return SCHED_NEVER;
}

uint64_t admit_response_time(const struct vcpu_spec *set, uint32_t count, uint32_t which, uint64_t blocking)
{
    uint64_t worst = 0;

    if (!well_formed(set, count) || which >= count)
        return SCHED_NEVER;
    if (set[which].kind != VCPU_IO_PIBS)
        return response_at(set, count, which, set[which].period, blocking);
    for (uint32_t i = 0; i < count; i++) {
        if (set[i].kind != VCPU_IO_PIBS)
            worst = sched_max(worst, response_at(set, count, which, set[i].period, blocking));
    }
    return worst;
}

bool admit_by_response_time(const struct vcpu_spec *set, uint32_t count, uint64_t blocking, uint32_t *refused)
{
    uint32_t first = 0;

    if (!well_formed(set, count))
        first = count;
    else
        while (first < count && admit_response_time(set, count, first, blocking) != SCHED_NEVER)
            first++;
    if (refused)
        *refused = first;
    return first == count && well_formed(set, count);
}
