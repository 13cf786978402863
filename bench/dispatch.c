/* SPDX-License-Identifier: MIT */
/*
 * The scheduler's own path by the number of VCPUs: a scheduler beside the one that runs this core, with a time of its
 * own, so that nothing but its code is measured and every sample does the same.
 */
#include "bench/bench.h"

#define RUN_TICKS   50u     /* that the VCPU of highest priority runs before it sleeps ... */
#define SLEEP_TICKS 4000u   /* ... and sleeps */
#define PERIOD      100000u /* of that VCPU; the others' are multiples of it */
#define BUDGET      10000u
#define QUANTUM     1000u

static struct sched model;
static struct vcpu vcpu[SCHED_MAX_VCPUS];
static struct wakeups sleepers;
static struct sleeper sleeper[SCHED_MAX_VCPUS];
static uint64_t model_time;

int bench_dispatch_setup(const struct bench *bench)
{
    uint64_t end;
    model_time = PERIOD;
    memset(&sleepers, 0, sizeof(sleepers));
    memset(sleeper, 0, sizeof(sleeper));
    sched_init(&model, model_time, QUANTUM);
    for (uint32_t i = 0; i < bench->argument; i++) {
        if (vcpu_init_main(&vcpu[i], BUDGET, (uint64_t)PERIOD * (i + 1), model_time, NULL) != SCHED_OK ||
            sched_add(&model, &vcpu[i]) != SCHED_OK) {
            bench_reason = "a VCPU was refused";
            return -EINVAL;
        }
        vcpu_wake(&model, &vcpu[i], model_time, NULL);
        wakeups_set(&sleepers, &sleeper[i], UINT64_MAX / 2 + i); /* later than anything here */
    }
    (void)sched_pick(&model, model_time, &end);
    return 0;
}

/* The first VCPU sleeps, another is chosen; its time comes, it is woken, and it is chosen. */
int64_t bench_dispatch(const struct bench *bench)
{
    uint64_t end;
    (void)bench;
    model_time += RUN_TICKS;
    uint64_t begin = probe();
    sched_enter(&model, model_time);
    wakeups_set(&sleepers, &sleeper[0], model_time + SLEEP_TICKS);
    vcpu_block(&model, &vcpu[0], model_time);
    struct vcpu *other = sched_pick(&model, model_time, &end);
    uint64_t middle = probe();
    model_time += SLEEP_TICKS;
    uint64_t again = probe();
    sched_enter(&model, model_time);
    bool due = wakeups_due(&sleepers, model_time) == &sleeper[0];
    vcpu_wake(&model, &vcpu[0], model_time, NULL);
    struct vcpu *first = sched_pick(&model, model_time, &end);
    uint64_t done = probe();
    if (!due || other == &vcpu[0] || first != &vcpu[0]) {
        bench_reason = "another VCPU than expected was chosen";
        return BENCH_FAILED;
    }
    return (int64_t)(middle - begin + (done - again));
}
