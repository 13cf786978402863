/* SPDX-License-Identifier: MIT */
#include "lib/occupancy.h"

#define STEPS_MAX 64u /* then the cache has been replaced several times over, and the estimate has settled */

static uint64_t step(uint64_t occupancy, uint64_t own, uint64_t all, uint64_t lines)
{
    uint64_t whole = lines * OCCUPANCY_UNIT;
    /* occupancy * all fits: occupancy <= 256 * lines and all <= lines / 8 + 1, with fewer than 2^27 lines */
    uint64_t lost = (occupancy * all + lines / 2u) / lines;
    uint64_t kept = lost < occupancy ? occupancy - lost : 0;
    uint64_t next = kept + own * OCCUPANCY_UNIT;

    return next < whole ? next : whole;
}

uint64_t occupancy_next(uint64_t occupancy, uint64_t own, uint64_t all, uint64_t lines)
{
    uint64_t chunk = lines / 8u + 1u;

    if (own > all)
        own = all; /* counted at slightly different moments */
    uint64_t steps = all / chunk + (all % chunk != 0);
    if (steps > STEPS_MAX) {
        /* Only the proportion counts any more. */
        uint64_t share = all / chunk;
        own = own / share * STEPS_MAX;
        all = STEPS_MAX * chunk;
        own = own < all ? own : all;
        steps = STEPS_MAX;
    }
    for (uint64_t left = steps; left > 0; left--) {
        uint64_t part = all / left;
        uint64_t mine = own / left;
        occupancy = step(occupancy, mine, part, lines);
        all -= part;
        own -= mine;
    }
    return occupancy;
}
