/* SPDX-License-Identifier: MIT */
/* A made-up run for tests: rings as an OS would leave them, a load with an outage, and what goes with them. */
#ifndef QV_TEST_ANALYSIS_FIXTURE_H
#define QV_TEST_ANALYSIS_FIXTURE_H

#include <stddef.h>
#include <stdint.h>

#include "analysis/clock_map.h"
#include "analysis/load_log.h"
#include "analysis/result.h"
#include "analysis/trace.h"

#define FIXTURE_HZ      2300000000ull
#define FIXTURE_EPOCH   5000000000ull /* host time of the load's start, ns */
#define FIXTURE_TSC0    1000000000ull /* guest time at that moment, ticks */
#define FIXTURE_RECORDS 64u           /* capacity of a fixture's ring */

/* A ring in memory; free() it. */
struct qv_trace_ring *fixture_ring(uint8_t core, uint8_t writer, uint32_t capacity);
void fixture_put(struct qv_trace_ring *ring, uint64_t tsc, uint16_t id, uint64_t a, uint64_t b);

/* trace.bin of some rings, in memory; free() it. */
uint8_t *fixture_file(struct qv_trace_ring *const *rings, size_t n, size_t *size);

/* Ticks of a time in ms after the start of the load. */
uint64_t fixture_tsc(double ms);

enum fixture_kind { FIXTURE_LOCAL, FIXTURE_REMOTE, FIXTURE_GOLDEN, FIXTURE_DEAD };

struct fixture {
    struct trace trace;
    struct load_log log;
    struct clock_map *clock;
    struct run_result *result; /* taken and concluded */
};

/* A fault at `fault_ms` of a load of `seconds`; the service is away for `outage_ms` (FIXTURE_DEAD: for good). */
void fixture_make(struct fixture *f, enum fixture_kind kind, double rate, double seconds, double fault_ms,
                  double outage_ms, uint64_t seed);
void fixture_free(struct fixture *f);

#endif
