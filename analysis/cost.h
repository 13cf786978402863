/* SPDX-License-Identifier: MIT */
/*
 * What work cost in the counted window of a run, by sandbox (qv/cost.h): taken from guest memory, part of result.json
 * ("cost"), and the figures that follow from it. Instructions exist only where something counted them; a figure that
 * does not exist is absent, never zero.
 */
#ifndef QV_ANALYSIS_COST_H
#define QV_ANALYSIS_COST_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "analysis/error.h"
#include "qv/bootcfg.h"
#include "qv/cost.h"

#define COST_EVENT_NAME 64u

struct run_cost_sandbox {
    bool present;
    uint32_t roles; /* enum qv_role bits */
    uint32_t nic;   /* 0xffffffff = none */
    struct qv_cost_area area;
};

struct run_cost {
    bool present; /* at least one sandbox reported */
    bool unshared;
    uint32_t traffic; /* enum qv_traffic_kind */
    uint32_t bytes;
    uint32_t n_events;
    char processor[COST_EVENT_NAME]; /* whose events they are; "" = none asked for */
    char event[QV_PMU_EVENTS][COST_EVENT_NAME];
    uint32_t n_sandboxes;
    struct run_cost_sandbox sandbox[QV_MAX_SANDBOXES];
};

const char *cost_source_name(uint32_t source);   /* "no PMU", "intel", "amd", "emulated" */
const char *cost_path_name(uint32_t path);       /* "receive", ... */
const char *cost_traffic_name(uint32_t traffic); /* "udp-receive", ... */

/* What a sandbox wrote. False, and a reason, if it is no finished report of this layout. */
bool cost_take(struct run_cost *cost, uint32_t sandbox, const void *area, size_t size, const char **why);

/* Sums over the sandboxes that the load is about (role web). */
struct cost_figures {
    unsigned sandboxes;
    bool counted; /* instructions are there */
    bool simulated;
    bool paths;          /* driver, skip and deliver are there */
    double window_ticks; /* mean over the sandboxes */
    double requests;
    double packets; /* received for one of them or sent by one */
    double skipped; /* frames of others looked at */
    double bytes;   /* payload, both directions */
    double irqs, irq_acks;
    double exits;
    double lock_waits, lock_wait_ticks;
    double core;   /* instructions of these cores */
    double driver; /* of them: all paths of the driver */
    double skip;   /* of them: walks that met nothing but frames of others */
    double deliver;
    double idle_ticks;
};
bool cost_figures(const struct run_cost *cost, struct cost_figures *out);

/* "cost" of result.json, null without one. */
bool cost_put_json(json_t *root, const struct run_cost *cost);
int cost_get_json(const json_t *root, struct run_cost *cost, struct qv_error *err);

#endif
