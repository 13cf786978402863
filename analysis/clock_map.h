/* SPDX-License-Identifier: MIT */
/*
 * Which host time a guest's TSC value was. The host can only see that a value had been written by the time it looked,
 * so every sample bounds the offset from one side; the smallest offset in each quarter of a second is kept, and values
 * between are interpolated. This follows an emulator whose clock runs at another rate than it says.
 */
#ifndef QV_ANALYSIS_CLOCK_MAP_H
#define QV_ANALYSIS_CLOCK_MAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CLOCK_MAP_WINDOWS 4096u

struct clock_map {
    double tsc_hz;
    size_t n;
    struct {
        double tsc_s;    /* guest seconds (tsc / tsc_hz) of the best sample */
        double offset_s; /* host seconds - guest seconds of it */
        uint64_t window;
    } best[CLOCK_MAP_WINDOWS];
};

void clock_map_init(struct clock_map *map, uint64_t tsc_hz);

/*
 * "At host time host_ns (CLOCK_MONOTONIC) I saw a word that the guest had stamped with tsc." Feed it freshly polled
 * heartbeats and trace records, in rising order of tsc (others are ignored); take host_ns right after the read.
 */
void clock_map_sample(struct clock_map *map, uint64_t host_ns, uint64_t tsc);

/* False while there was no sample. */
bool clock_map_to_host(const struct clock_map *map, uint64_t tsc, uint64_t *host_ns);

#endif
