/* SPDX-License-Identifier: MIT */
/* What the parts of the load generator share. */
#ifndef QV_LOAD_INTERNAL_H
#define QV_LOAD_INTERNAL_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "analysis/load_log.h"
#include "host/load/load.h"

#define NS_PER_S 1000000000u

/* Between the thread that makes the load and the others. */
struct load_control {
    atomic_bool stop;  /* send nothing more */
    atomic_bool abort; /* and wait for nothing */
    atomic_bool finished;
    atomic_bool warm;
    atomic_uint_fast64_t sent, good, failed;
    atomic_uint_fast64_t epoch_ns;
};

/* A tool: runs the load to its end, filling *log (initialised). */
typedef int load_runner(const struct load_config *config, struct load_control *control, struct load_log *log,
                        struct qv_error *err);
load_runner client_run;
load_runner httperf_run;

/* CLOCK_MONOTONIC. */
uint64_t load_now(void);

/* Copies what a log repeats of the configuration. */
void load_log_configure(struct load_log *log, const struct load_config *config, enum load_tool tool);

/* A non-blocking TCP socket on its way to 127.0.0.1:port. Negative errno if it failed at once. */
int load_connect(uint16_t port);

/* Load class for the error of a socket. */
uint8_t load_class_of_errno(int error);

#endif
