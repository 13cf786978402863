/* SPDX-License-Identifier: MIT */
/*
 * What a fault model is to the injector: what has to be prepared, and what it does when it fires. One file per model or
 * family, all listed in models.c; where each may fire is in qv/fault.h. docs/adding-a-fault.md tells how to add one.
 */
#ifndef QV_FAULTINJECT_MODEL_H
#define QV_FAULTINJECT_MODEL_H

#include <stdbool.h>
#include <stdint.h>

#include "qv/fault.h"

struct nic_view;
struct qv_fault_plan;
struct fault_model;

/* A plan of the boot configuration whose target is this sandbox. */
struct armed_fault {
    const struct qv_fault_plan *plan;
    const struct fault_model *model;
    uint32_t index; /* of the plan */
    enum qv_fault_point point;
    uint64_t not_before; /* ticks; trigger `after` */
    uint32_t firing;     /* how often it had fired before the firing under way */
    const void *passage; /* stack at the passage: what is above belongs to the driver and its callers */
    bool lingering;      /* has fired, and goes on having an effect until the component is recovered */
    uint32_t component;  /* incarnation of the component when it fired */
};

struct fault_model {
    enum qv_fault_model id;
    /* NULL, or: can it fire in this machine at all? False: the plan is not armed. */
    bool (*possible)(const struct armed_fault *fault);
    /* NULL, or: what must succeed before the fault counts as fired. False: tried again at the next passage. */
    bool (*prepare)(struct armed_fault *fault, struct nic_view *view);
    /* Logs by fault_changed() and fault_active(), then does the damage. Need not return. enum fault_effect bits. */
    uint32_t (*fire)(struct armed_fault *fault, struct nic_view *view);
    /* NULL, or: called at every later passage of its point until the component has been recovered. */
    uint32_t (*linger)(struct armed_fault *fault, struct nic_view *view);
};

/* models.c: NULL for a model that is not there. */
const struct fault_model *fault_model_find(uint32_t id);

/*
 * Random choices, numbered by the model from 0. The same plan makes the same choices whenever and wherever it runs;
 * each firing has choices of its own.
 */
#define FAULT_CHOICES 16u
uint64_t fault_draw(const struct armed_fault *fault, unsigned choice);
uint64_t fault_draw_below(const struct armed_fault *fault, unsigned choice, uint64_t bound); /* in [0, bound) */

/* FAULT_CHANGE: a word at a virtual address (or a physical one, below 4 GiB) and its low 32 bits before and after. */
void fault_changed(uint64_t address, uint64_t before, uint64_t after);
/* FAULT_ACTIVATE: the last thing a model does before its damage can take effect. */
void fault_active(const struct armed_fault *fault, uint64_t address);

/* target.c: places chosen by a plan's seed; physical addresses, aligned to 4 bytes. 0: there is none. */
uint64_t target_other_sandbox(const struct armed_fault *fault, unsigned choice); /* uses two choices */
uint64_t target_monitor(const struct armed_fault *fault, unsigned choice);       /* uses two choices */
uint64_t target_unmapped(const struct armed_fault *fault, unsigned choice);

extern const struct fault_model fault_wild_write_sandbox, fault_wild_write_monitor, fault_wild_write_unmapped,
    fault_wild_write_kernel;
extern const struct fault_model fault_null_pointer, fault_bad_jump, fault_divide_error;
extern const struct fault_model fault_ring_index, fault_desc_address, fault_text_bitflip;
extern const struct fault_model fault_hang_cli, fault_livelock, fault_lock_leak, fault_lock_holder_kill, fault_drop_ack;

#endif
