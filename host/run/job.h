/* SPDX-License-Identifier: MIT */
/* What the steps of a run hand on to each other (start.c, drive.c, finish.c). */
#ifndef QV_RUN_JOB_H
#define QV_RUN_JOB_H

#include "analysis/load_log.h"
#include "guest/collector.h"
#include "guest/guest.h"
#include "guest/isolation.h"
#include "host/load/load.h"
#include "platform/platform.h"
#include "qv/bootcfg.h"
#include "run/progress.h"
#include "run/run.h"
#include "symbols/places.h"

struct job {
    const struct run_options *options;
    const struct scenario *scenario;
    char folder[4096]; /* where files are written until the result is complete */
    char monitor_image[4200];
    char sandbox_image[4200];
    struct qv_bootcfg bootcfg;
    struct machine machine;
    bool machine_started;
    struct guest guest;
    struct collector *collector;
    struct isolation *isolation;
    struct load *load;
    struct load_log log;
    bool has_log;
    uint16_t port;           /* of the load's target on the host's loopback, 0 = none */
    uint64_t first_reply_ns; /* CLOCK_MONOTONIC, 0 = none */
    bool guest_time;         /* the run goes by the guest's clock (guest/guest_clock.h) */
    struct progress progress;
    struct qv_directory *steady; /* the directory before the OS was told to stop: stopping takes exits of its own */
    struct places *places;       /* names of addresses, once the run is over */
    struct run_result *result;
};

/* Result folder, boot configuration, machine and collector. 0; or an error: with the job's result as harness_error if
 * only the machine could not be started (result->host says why), without it if nothing can be written. */
int job_start(struct job *job, struct qv_error *err);

/* From the machine's start to the end of the load and of the run; always comes back. */
void job_drive(struct job *job);

/* Ends the machine, takes everything into the result, judges and writes it. */
int job_finish(struct job *job, struct qv_error *err);

/* Notes on the result that the experiment, or the machine, failed; the first message stays. */
void job_harness_error(struct job *job, const char *format, ...) __attribute__((format(printf, 2, 3)));
void job_machine_died(struct job *job, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* What was to be run, in the result; `platform` is the label of what ran it, and what a tick of that is. */
void job_describe(struct job *job, const char *platform, const struct run_tick *tick);

/* A bit for each sandbox that a fault may hit. */
uint32_t job_target_bits(const struct scenario *scenario);

uint64_t monotonic_ns(void);

#endif
