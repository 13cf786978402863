/* SPDX-License-Identifier: MIT */
#include "analysis/clock_map.h"

#include <string.h>

#define WINDOW_S 0.25

void clock_map_init(struct clock_map *map, uint64_t tsc_hz)
{
    memset(map, 0, sizeof(*map));
    map->tsc_hz = (double)tsc_hz;
}

void clock_map_sample(struct clock_map *map, uint64_t host_ns, uint64_t tsc)
{
    if (map->tsc_hz <= 0)
        return;
    double tsc_s = (double)tsc / map->tsc_hz;
    double offset_s = (double)host_ns / 1e9 - tsc_s;
    uint64_t window = (uint64_t)(tsc_s / WINDOW_S);
    if (map->n == 0 || window > map->best[map->n - 1].window) {
        if (map->n == CLOCK_MAP_WINDOWS)
            return; /* later times use the last window: after 17 minutes a drift of 1e-5 is what is left */
        map->n++;
    } else if (window < map->best[map->n - 1].window || offset_s >= map->best[map->n - 1].offset_s) {
        return;
    }
    map->best[map->n - 1].tsc_s = tsc_s;
    map->best[map->n - 1].offset_s = offset_s;
    map->best[map->n - 1].window = window;
}

bool clock_map_to_host(const struct clock_map *map, uint64_t tsc, uint64_t *host_ns)
{
    if (map->n == 0)
        return false;
    double tsc_s = (double)tsc / map->tsc_hz;
    double offset_s;
    size_t i = 0;
    while (i < map->n && map->best[i].tsc_s < tsc_s)
        i++;
    if (i == 0) {
        offset_s = map->best[0].offset_s;
    } else if (i == map->n) {
        offset_s = map->best[map->n - 1].offset_s;
    } else {
        double part = (tsc_s - map->best[i - 1].tsc_s) / (map->best[i].tsc_s - map->best[i - 1].tsc_s);
        offset_s = map->best[i - 1].offset_s + part * (map->best[i].offset_s - map->best[i - 1].offset_s);
    }
    double host_s = tsc_s + offset_s;
    if (host_s < 0)
        return false;
    *host_ns = (uint64_t)(host_s * 1e9 + 0.5);
    return true;
}
