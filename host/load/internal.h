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

/*
 * Local ports in sequence. The kernel picks them at random: a port that comes back within a run meets what the server
 * still remembers of its last connection (TIME_WAIT), and a request is lost that no fault is to blame for.
 */
struct load_ports {
    uint16_t first, last; /* the range from which the kernel picks; first = 0: let it */
    uint16_t next;
    uint32_t left; /* not used in this run */
};

/* From /proc/sys/net/ipv4/ip_local_port_range; `start`, any number, says where in it to begin. */
void load_ports_init(struct load_ports *ports, uint64_t start);

/* As load_connect(), from the next port that is free. When all were used once, the kernel picks. */
int load_connect_from(struct load_ports *ports, uint16_t port);

/* Load class for the error of a socket. */
uint8_t load_class_of_errno(int error);

#endif
