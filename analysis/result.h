/* SPDX-License-Identifier: MIT */
/*
 * The result of one run: a plain structure that the run's orchestrator fills, what is computed from it, and the files
 * of a result directory (docs/results.md has the schema).
 *
 * The order in which to use it:
 *
 *   result_dir_begin(dir, partial, ...)     a directory of its own beside the final one; console.log and so on go there
 *   r = result_new()                        then fill: identity, tick, provenance, host, plan, expectations' names
 *   result_take_trace(r, &trace)            recoveries, phases, detection
 *   result_take_injections(r, &trace, namer) what was changed, where and when
 *   result_take_directory(r, directory)     exits, sandbox states, monitor failures
 *   result_take_status(r, i, status)        counters of each sandbox
 *   result_take_load(r, &log)               load figures and outage
 *   r->isolation = ...                      what the orchestrator's hashing found
 *   result_conclude(r)                      outcome, threats to validity
 *   r->expect[i].actual / .met, r->met      judged by the scenario's expect block, with result_metric()
 *   result_write(partial, r, &sources)      all files but console.log and trace.bin; result.json comes last
 *   result_dir_commit(partial, dir)         rename: from now on it is a result
 */
#ifndef QV_ANALYSIS_RESULT_H
#define QV_ANALYSIS_RESULT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "analysis/clock_map.h"
#include "analysis/cost.h"
#include "analysis/error.h"
#include "analysis/injections.h"
#include "analysis/load_log.h"
#include "analysis/outcome.h"
#include "analysis/phases.h"
#include "analysis/provenance.h"
#include "analysis/tlb.h"
#include "analysis/trace.h"
#include "analysis/vcpus.h"
#include "qv/bootcfg.h"
#include "qv/directory.h"

#define RESULT_SCHEMA         1
#define RESULT_MAX_EXPECT     192u
#define RESULT_MAX_BREACHES   32u
#define RESULT_MAX_THREATS    24u
#define RESULT_MAX_VIOLATIONS 64u

/* What one tick of the guest's clock is: it decides what may stand beside what. */
enum run_tick_kind {
    RUN_TICK_HOST_TSC = 0,    /* emulated, but the counter is the host's (plain TCG): wall time */
    RUN_TICK_INSTRUCTION = 1, /* -icount: one instruction of any core */
    RUN_TICK_EMULATED = 2,    /* another emulator's own clock (Bochs) */
    RUN_TICK_HARDWARE = 3,    /* a cycle of a real processor's TSC */
    RUN_TICK_NESTED = 4,      /* the same, of a hypervisor's guest: what a monitor does the hypervisor emulates (KVM) */
    RUN_TICK_KINDS
};

struct run_tick {
    enum run_tick_kind kind;
    char what[128];     /* one sentence for people */
    double hz;          /* ticks per second; 0 = take it from the trace */
    bool deterministic; /* the same seed gives the same ticks */
};

struct run_expectation {
    char name[64];     /* as in the scenario's expect block */
    char expected[96]; /* "<= 100 ms" */
    char actual[96];
    bool met;
};

struct run_fault {
    uint32_t model;  /* enum qv_fault_model */
    uint32_t target; /* sandbox */
    uint32_t point;
    uint32_t trigger;
    uint64_t value;
};

struct run_breach {
    uint64_t base; /* of the region */
    uint64_t size;
    uint32_t kind;  /* enum qv_region_kind */
    uint32_t owner; /* sandbox or QV_NO_SANDBOX */
    uint64_t first; /* lowest changed address, 0 = unknown */
    uint64_t words; /* changed 8-byte words, 0 = unknown */
};

struct run_isolation {
    bool checked;     /* false: nothing was hashed, breaches says nothing */
    uint32_t regions; /* hashed before and after */
    uint64_t bytes;
    uint32_t breaches; /* all of them; the first RESULT_MAX_BREACHES are listed */
    struct run_breach breach[RESULT_MAX_BREACHES];
    bool state_differs; /* what the fault changed in its own target is still changed at the end (FACT_STATE_DIFFERS) */
};

struct run_sandbox {
    bool present;
    uint32_t roles; /* enum qv_role bits */
    uint32_t state; /* enum qv_sandbox_state */
    uint32_t incarnation;
    uint32_t attempts;
    uint32_t refused;
    uint32_t taken_over_by;
    struct qv_sandbox_status status;
};

/* What happened on the host. */
struct run_host {
    bool harness_error;       /* qv itself failed; say how in message */
    bool platform_died;       /* the emulator ended or stopped answering before its time */
    bool machine_ready;       /* machine_state reached READY */
    bool monitor_failed;      /* machine_state FAILED (result_take_directory sets it) */
    int exit_status;          /* of the platform; -1 = was ended by qv, as planned */
    char message[512];        /* for people; "" = nothing to say */
    double start_to_ready_ms; /* 0 = unknown */
    double start_to_first_reply_ms;
    double wall_s; /* the whole run */
};

struct run_result {
    char scenario[64];
    char description[256];
    char scenario_file[256]; /* relative to the root */
    char platform[48];       /* "qemu-tcg-svm", ... */
    struct run_tick tick;
    uint64_t seed;
    uint32_t run_index; /* of --repeat, from 0 */
    uint32_t mode;      /* enum qv_mode */
    char simulated[32]; /* processor whose model made the event counts; "": no counts of a model */
    bool met;           /* the verdict */
    uint32_t policy;    /* enum qv_policy, as configured */
    struct run_fault fault[QV_MAX_FAULTS];
    uint32_t n_faults;

    struct run_expectation expect[RESULT_MAX_EXPECT];
    uint32_t n_expect;

    struct run_host host;
    struct run_isolation isolation;
    struct provenance provenance;

    /* Set by result_take_*. */
    struct recoveries recoveries;
    struct run_injection injection[QV_MAX_FAULTS]; /* one per planned fault */
    uint32_t n_injections;
    uint64_t trace_records, trace_lost, trace_backwards;
    bool has_trace;
    uint64_t tsc_hz; /* of the trace */
    bool has_load;
    struct load_stats load;
    struct load_stats load_before; /* the part of the load before the first activation */
    struct load_stats load_after;  /* ... and after the last recovery (or after the first activation) */
    bool has_split;                /* load_before and load_after hold something */
    bool load_up_at_end;           /* good replies shortly before the end of the load */
    uint32_t load_tool;
    bool load_poisson, load_keepalive, load_guest_time, load_printed;
    double load_rate;
    uint32_t load_page_bytes, load_connections;
    double load_warmup_s, load_timeout_ms;
    struct load_tool_summary load_summary;
    bool has_directory;
    uint32_t n_sandboxes;
    struct run_sandbox sandbox[QV_MAX_SANDBOXES];
    uint64_t exits[QV_MAX_SANDBOXES][QV_STAGE_COUNT][QV_EXIT_CAUSE_SLOTS];
    uint64_t iommu_faults;
    struct run_cost cost;
    struct run_vcpus vcpus; /* processor time, filled with vcpus_take_*() */

    struct tlb_sweep *tlb; /* what the experiment tlb left; owned, NULL: none */

    /* Set by result_conclude. */
    enum qv_outcome outcome;
    uint32_t facts; /* enum outcome_fact bits */
    uint32_t detected_by;
    double outage_ms; /* of the load; 0 = no load */
    char threat[RESULT_MAX_THREATS][256];
    uint32_t n_threats;
};

/* What result_write needs beside the result; each may be NULL. Borrowed for the time of the call. */
struct result_sources {
    const struct load_log *load;
    const struct trace *trace;
    const struct clock_map *clock;     /* places guest events on the host's time line */
    const char *published;             /* directory with published figures (results/published) */
    const struct address_namer *namer; /* of the addresses in trace.txt */
    bool no_plot;                      /* timeline.csv only */
    bool lean; /* neither requests.csv nor timeline.*, spans.csv, trace.txt: small directories */
};

struct run_result *result_new(void); /* NULL if memory is short */
void result_free(struct run_result *r);

int result_take_trace(struct run_result *r, const struct trace *trace, struct qv_error *err);

/* After result_take_trace: what was injected. `namer` may be NULL. */
void result_take_injections(struct run_result *r, const struct trace *trace, const struct address_namer *namer);

void result_take_directory(struct run_result *r, const struct qv_directory *directory);
void result_take_status(struct run_result *r, uint32_t sandbox, const struct qv_sandbox_status *status);

/* What drives the sandboxes' timers, in words; NULL where none of them said. */
const char *result_timers(const struct run_result *r);

/* After result_take_trace. With `clock` the load is also split into before and after the fault; it may be NULL. */
int result_take_load(struct run_result *r, const struct load_log *log, const struct clock_map *clock,
                     struct qv_error *err);

/* Outcome, detection and threats, from everything above. Pure: same structure, same conclusion. */
void result_conclude(struct run_result *r);
uint32_t result_facts(const struct run_result *r); /* enum outcome_fact bits */

/* Whether good replies still came shortly before the schedule's end. */
bool result_up_at_end(const struct load_log *log);

/* The recovery that stands for the run: the first complete one that a fault led to, else the first complete one, else
 * the first; NULL if there was none. */
const struct recovery *result_recovery(const struct run_result *r);

/*
 * A figure by its name ("outage_ms", "load.lost", "exits.steady", "isolation.breaches", "phase.driver_reinit_us" ...),
 * for expect blocks and summaries. False if the run has no such figure; result_metric_known says whether the name
 * exists at all. result_metric_list gives names one by one, NULL at the end (phase.* are listed too).
 */
bool result_metric(const struct run_result *r, const char *name, double *value);
bool result_metric_known(const char *name);
const char *result_metric_unit(const char *name); /* "ms", "1", ... ; NULL if unknown */
const char *result_metric_list(size_t i);

/*
 * Directories. `partial` gets the name of a new directory beside `dir` (".NAME.partial-PID"). A `dir` that exists is
 * refused with -EEXIST, unless it is empty. Commit moves it in place; abandon removes the partial directory and what is
 * in it. A result directory is one that holds a result.json: nothing else is ever taken for one.
 */
int result_dir_begin(const char *dir, char *partial, size_t size, struct qv_error *err);
int result_dir_commit(const char *partial, const char *dir, struct qv_error *err);
void result_dir_abandon(const char *partial);
bool result_dir_is_result(const char *dir);

/* Writes requests.csv, timeline.*, recovery.*, phases.csv, trace.txt, then result.json with the manifest of all files;
 * `lean` leaves out the big ones.
 * A picture that could not be drawn does not cost the result: 0, and err->text says why (it is empty otherwise). */
int result_write(const char *dir, const struct run_result *r, const struct result_sources *sources,
                 struct qv_error *err);

/* Reads result.json back, as far as tables, plots and summaries need it. NULL and a reason if it is none. */
struct run_result *result_read(const char *dir, struct qv_error *err);

#endif
