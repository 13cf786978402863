/* SPDX-License-Identifier: MIT */
/*
 * A workload for VCPUs of one core in small whole ticks, and two ways to run it: through the scheduler core, event by
 * event, as a kernel would (test_sched_drive.c), and by a plain simulator that steps tick by tick and is written from
 * the rules in docs/scheduling.md, sharing no code with the core (test_sched_reference.c).
 *
 * At one instant the order is: the running VCPU blocks if its work is done, then the arrivals of that instant in the
 * order listed, then the choice of who runs.
 */
#ifndef QV_TEST_SCHED_MODEL_H
#define QV_TEST_SCHED_MODEL_H

#include <stdbool.h>
#include <stdint.h>

#include "../../os/sandbox/sched/vcpu.h"

#define MODEL_VCPUS    24
#define MODEL_ARRIVALS 1024
#define MODEL_TICKS    800
#define MODEL_IDLE     (-1)
#define MODEL_NONE     UINT32_MAX

struct model_arrival {
    uint64_t time;
    uint32_t vcpu;
    uint32_t server; /* PIBS: index of the server it works for, or MODEL_NONE */
    uint64_t work;   /* ticks of work added; 0 = the VCPU's work is taken away and it is blocked */
};

struct model {
    uint32_t count;
    struct vcpu_spec spec[MODEL_VCPUS];
    uint32_t repl_max[MODEL_VCPUS];
    bool background[MODEL_VCPUS];
    uint32_t arrivals;
    struct model_arrival arrival[MODEL_ARRIVALS];
    uint64_t quantum; /* of the background band */
    uint64_t grid;    /* timer interrupts come only at multiples of this; 1 = on time */
    uint64_t ticks;   /* length of the run */
    uint64_t seed;    /* of the liberties the core's driver may take (needless accounting and picks) */
};

/* Where one replenishment list ended up; PIBS: count = 1 with the next budget, usage and early are 0. */
struct model_state {
    uint32_t count;
    struct vcpu_repl repl[VCPU_MAX_REPL];
    uint64_t usage;
    uint64_t early;
};

struct model_result {
    int8_t who[MODEL_TICKS];         /* per tick: VCPU, or MODEL_IDLE */
    bool in_background[MODEL_TICKS]; /* it ran without budget in the background band */
    uint64_t due[MODEL_TICKS];       /* reference only, servers on budget: from when on this very tick was allowed */
    struct model_state state[MODEL_VCPUS];
    uint16_t completed[MODEL_VCPUS][MODEL_TICKS]; /* per VCPU in turn: instants at which all its work was done */
    uint32_t completions[MODEL_VCPUS];
    uint64_t used[MODEL_VCPUS];
    uint64_t background_time[MODEL_VCPUS];
    uint64_t overrun[MODEL_VCPUS]; /* servers */
    uint64_t idle;
};

/* NULL if all went well, else a static string saying what the core got wrong by itself. */
const char *model_run_core(const struct model *m, struct model_result *r);
void model_run_reference(const struct model *m, struct model_result *r);

#endif
