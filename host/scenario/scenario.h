/* SPDX-License-Identifier: MIT */
/*
 * A scenario as plain data: what a YAML file says, with every default filled in and every cross-check passed. No
 * pointers, no ownership; copy it with `=`. Units are in the member's name: _us microseconds, _mhz events per 1000 s
 * (milli-hertz), _ppm millionths, _bytes bytes. docs/scenarios.md is the reference of the file format.
 */
#ifndef QV_SCENARIO_SCENARIO_H
#define QV_SCENARIO_SCENARIO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "analysis/outcome.h"
#include "qv/bootcfg.h"
#include "qv/fault.h"
#include "scenario/diag.h"

#define SCENARIO_SCHEMA            1u
#define SCENARIO_NAME_MAX          64u
#define SCENARIO_TEXT_MAX          512u
#define SCENARIO_WORK_NAME         24u
#define SCENARIO_VCPU_EXPECTATIONS 32u
#define SCENARIO_NO_NIC            0xffffffffu
#define SCENARIO_OWN_VCPU          QV_VCPU_SLOTS /* of a work load: not one of the standard ones */
#define SCENARIO_COST_MARGIN_US    30000u        /* between the end of what is counted and the end of the load */
#define SCENARIO_UNLIMITED         UINT64_MAX    /* an expectation that was not stated */

enum scenario_platform_kind {
    SCENARIO_PLATFORM_QEMU = 1,
    SCENARIO_PLATFORM_BOCHS = 2,
    SCENARIO_PLATFORM_KVM = 3,
    SCENARIO_PLATFORM_HARDWARE = 4, /* a machine that qv does not start: an image is made for it */
};
enum scenario_clock { SCENARIO_CLOCK_REAL = 0, SCENARIO_CLOCK_ICOUNT = 1 };
enum scenario_lapic { SCENARIO_LAPIC_DIRECT = 0, SCENARIO_LAPIC_GUARDED = 1 };
enum scenario_timer { SCENARIO_TIMER_AUTO = 0, SCENARIO_TIMER_COUNT_DOWN = 1, SCENARIO_TIMER_TSC_DEADLINE = 2 };
enum scenario_nic_model { SCENARIO_NIC_E1000 = 1, SCENARIO_NIC_E1000E = 2 };
enum scenario_nested_pages { SCENARIO_NESTED_2M = 0, SCENARIO_NESTED_4K = 1 };
enum scenario_pmu {
    SCENARIO_PMU_NONE = 0,
    SCENARIO_PMU_SANDYBRIDGE = 1,
    SCENARIO_PMU_NEHALEM = 2,
    SCENARIO_PMU_BARCELONA = 3
};
enum scenario_experiment { SCENARIO_EXPERIMENT_NONE = 0, SCENARIO_EXPERIMENT_TLB = 1 };
enum scenario_tool {
    SCENARIO_TOOL_NONE = 0,
    SCENARIO_TOOL_BUILTIN = 1, /* qv's own open-loop client */
    SCENARIO_TOOL_HTTPERF = 2,
    SCENARIO_TOOL_SANDBOX = 3, /* a client sandbox inside the machine */
    SCENARIO_TOOL_TRAFFIC = 4, /* datagrams or streams between a client sandbox and the web sandboxes */
};
enum scenario_arrivals { SCENARIO_ARRIVALS_CONSTANT = 0, SCENARIO_ARRIVALS_POISSON = 1 };

enum scenario_cost { SCENARIO_COST_NONE = 0, SCENARIO_COST_TOTAL = 1, SCENARIO_COST_PATHS = 2 };

struct scenario_platform {
    uint32_t kind;  /* enum scenario_platform_kind */
    uint32_t mode;  /* enum qv_mode */
    uint32_t clock; /* enum scenario_clock */
    uint32_t cores;
    uint64_t memory_bytes;
    uint32_t lapic;                    /* enum scenario_lapic */
    uint32_t timer;                    /* enum scenario_timer */
    uint32_t nic;                      /* enum scenario_nic_model */
    uint32_t cpu;                      /* number in words_cpus, 0 = the platform's own choice */
    char processor[SCENARIO_NAME_MAX]; /* whose events are named; "auto": the modelled one */
    bool unshared;                     /* the driver without sharing, to compare with */
    bool iommu;
    uint32_t pmu;            /* enum scenario_pmu: processor modelled where the machine has no counters of its own */
    uint32_t nested_pages;   /* enum scenario_nested_pages */
    uint32_t admission;      /* enum qv_admission */
    uint64_t ready_limit_us; /* give the machine up when it is not ready by then */
};

struct scenario_vcpu {
    uint32_t kind;      /* enum qv_vcpu_kind */
    uint64_t budget_us; /* Main VCPUs; for the NIC's I/O VCPU 0 */
    uint64_t period_us;
    uint64_t utilization_ppm; /* I/O VCPUs; for Main VCPUs 0 */
    bool background;
    uint64_t replenishments;
};

/* Work made inside a sandbox for an experiment. */
struct scenario_work {
    char name[SCENARIO_WORK_NAME];
    uint32_t kind; /* enum qv_work_kind */
    uint32_t sandbox;
    uint64_t count;
    uint32_t target;                   /* of a flood */
    char serves[SCENARIO_WORK_NAME];   /* "service" or another work load */
    uint64_t every_us, work_us, bytes; /* 0 = not said */
    uint64_t phase_us, after_us, until_us;
    uint32_t on; /* enum qv_vcpu_slot, or SCENARIO_OWN_VCPU: as `vcpu` says */
    struct scenario_vcpu vcpu;
};

/* What is asked of one VCPU, or of one of the accounts beside them. */
struct scenario_expect_vcpu {
    char vcpu[SCENARIO_WORK_NAME + 4];
    uint32_t sandbox;           /* matters for what is no work load */
    uint64_t from_us, until_us; /* of shares and rates, since ready; until_us 0 = the end */
    uint64_t min_share_ppm, max_share_ppm;
    uint64_t min_rate_mhz, max_rate_mhz;
    uint64_t max_misses, max_response_us, max_overrun_ppm;
};

struct scenario_sandbox {
    uint64_t id;    /* its place in the list */
    uint64_t roles; /* enum qv_role bits */
    uint64_t memory_bytes;
    uint32_t nic; /* index of the NIC it drives, or SCENARIO_NO_NIC */
    uint32_t ip;  /* host order; 0 without a NIC */
    uint8_t mac[6];
    uint8_t standby;   /* sandbox that takes over from this one, or QV_NO_SANDBOX */
    uint64_t probe_us; /* period of the deadline probe, 0 = off */
    struct scenario_vcpu vcpu[QV_VCPU_SLOTS];
};

struct scenario_service {
    uint32_t kind;      /* 1 = HTTP */
    uint32_t host_port; /* first loopback port that leads to a web sandbox, 0 = any free one */
};

struct scenario_load {
    uint32_t tool; /* enum scenario_tool */
    uint64_t rate_mhz;
    uint32_t arrivals;    /* enum scenario_arrivals */
    uint64_t connections; /* open at one time at most */
    bool keep_alive;
    uint64_t page_bytes; /* body of the page asked for */
    uint64_t warmup_us;  /* first part of the load: sent, but not counted */
    uint64_t duration_us;
    uint64_t timeout_us; /* a reply later than this is lost */
    uint32_t target;     /* sandbox */
    uint32_t traffic;    /* enum qv_traffic_kind, of the tool traffic */
    uint64_t size_bytes; /* payload of a datagram or of one write */
};

struct scenario_fault {
    uint32_t model;                       /* enum qv_fault_model, never NONE */
    uint32_t target;                      /* sandbox */
    uint32_t point;                       /* enum qv_fault_point, 0 = the model's own */
    uint32_t trigger;                     /* enum qv_trigger */
    uint64_t value;                       /* microseconds, frames or requests */
    uint64_t after_us, packets, requests; /* as written: the one that is not 0 gives trigger and value */
    uint64_t times;
    uint64_t interval_us;
};

struct scenario_recovery {
    uint32_t policy; /* enum qv_policy */
    uint64_t budget;
    uint64_t backoff_us;
    uint64_t heartbeat_us;
    uint64_t hang_timeout_us;
    uint64_t lock_timeout_us;
    uint64_t progress_timeout_us;
    uint64_t limit_us; /* 0 = none */
    uint8_t standby;   /* for every web sandbox that names none itself, or QV_NO_SANDBOX */
};

struct scenario_trace {
    bool requests;
    bool scheduler;
    uint64_t vcpus_us; /* period of the samples of processor time, 0 = none */
};

/* What must hold for the verdict "met". SCENARIO_UNLIMITED (for maxima) or 0 (for minima) = nothing is asked. */
struct scenario_expect {
    uint64_t outcomes;    /* bit per enum qv_outcome, never 0 */
    uint64_t detected_by; /* bit per enum qv_detection, 0 = anything */
    uint64_t max_outage_us;
    uint64_t max_errors;
    uint64_t max_lost;
    uint64_t max_connections_lost;
    uint64_t min_replies;
    uint64_t min_reply_rate_mhz;
    uint64_t max_p99_us;
    uint64_t max_first_reply_us; /* from starting the platform to the first HTTP reply */
    uint64_t max_breaches;       /* isolation; 0 unless the scenario says otherwise */
    uint64_t max_deadline_misses;
    uint64_t max_steady_exits;
    uint64_t max_recoveries;
    /* Of the TLB sweeps: pages up to which rounds with nothing between them find all translations, ... */
    uint64_t min_tlb_knee, max_tlb_knee, min_itlb_knee, max_itlb_knee;
    /* ... and the share of accesses that walk beyond that with something between, at most as many pages. */
    uint64_t min_flush_walks_ppm, min_exit_walks_ppm, max_exit_walks_ppm;
    uint32_t n_vcpus;
    struct scenario_expect_vcpu vcpu[SCENARIO_VCPU_EXPECTATIONS];
};

struct scenario {
    uint64_t schema;
    char name[SCENARIO_NAME_MAX];
    char description[SCENARIO_TEXT_MAX];
    struct scenario_platform platform;
    uint32_t n_sandboxes;
    struct scenario_sandbox sandbox[QV_MAX_SANDBOXES];
    uint32_t n_work;
    struct scenario_work work[QV_MAX_WORK];
    struct scenario_service service;
    struct scenario_load load;
    uint32_t n_faults;
    struct scenario_fault fault[QV_MAX_FAULTS];
    struct scenario_recovery recovery;
    uint64_t duration_us; /* from "ready" to the end of the run */
    uint64_t seed;
    struct scenario_trace trace;
    uint32_t cost; /* enum scenario_cost: report what work costs */
    uint32_t n_events;
    char event[QV_PMU_EVENTS][SCENARIO_NAME_MAX]; /* names, of scenario_processor() */
    uint32_t experiment;                          /* enum scenario_experiment */
    struct scenario_expect expect;
};

/*
 * Reads a scenario from a buffer. Returns 0 and fills *out; or returns -1, leaves *out alone and has every mistake,
 * with its place, in *diag (at least one entry, sorted by place). Nothing is kept allocated either way.
 */
int scenario_parse(const char *text, size_t size, struct scenario *out, struct diag *diag);

/* A value that replaces or adds to what the file says: path ("load.rate") and YAML text ("500/s"). Both borrowed. */
struct scenario_setting {
    const char *path;
    const char *value;
};

/*
 * The same from a file, with n settings from the command line put in its place; "-" is not special. Errors of reading
 * it are in *diag too. diag->file is set to `path`. Messages about a setting have no place.
 */
int scenario_read(const char *path, const struct scenario_setting *settings, size_t n, struct scenario *out,
                  struct diag *diag);

/* Writes the resolved scenario as YAML that scenario_parse() accepts and that gives the same scenario again. */
void scenario_print(FILE *stream, const struct scenario *scenario);

/* Writes every key with type, default and meaning, one line each, as docs/scenarios.md has them. */
void scenario_print_keys(FILE *stream);

/* Is the load made inside the machine, by a client sandbox on a NIC of its own? */
bool scenario_client_makes_load(const struct scenario *scenario);

/* Whose events the scenario names; "" if that is not said. */
const char *scenario_processor(const struct scenario *scenario);

/* Number of NICs that the scenario's sandboxes name. */
uint32_t scenario_nic_count(const struct scenario *scenario);

/* Are the NICs on the host's network, or on a hub of their own inside the machine? */
bool scenario_host_network(const struct scenario *scenario);

/* Index of the work load with this name, or of its copy ("name#3": *copy = 3); QV_NO_WORK if there is none. */
uint32_t scenario_work_by_name(const struct scenario *scenario, const char *name, uint32_t *copy);

/* Number of a standard VCPU by name, QV_VCPU_SLOTS if it is none; and its name. */
uint32_t scenario_slot_by_name(const char *name);
const char *scenario_slot_name(uint32_t slot);

/* Names of the enums above, as in the file; "?" for what is not in the list. */
const char *scenario_platform_name(uint32_t kind);
const char *scenario_mode_name(uint32_t mode);
const char *scenario_clock_name(uint32_t clock);
const char *scenario_tool_name(uint32_t tool);
const char *scenario_arrivals_name(uint32_t arrivals);
const char *scenario_policy_name(uint32_t policy);
const char *scenario_pmu_name(uint32_t pmu);
const char *scenario_fault_name(uint32_t model);
const char *scenario_point_name(uint32_t point);
const char *scenario_detection_name(uint32_t detection);

/* Number of the platform called `name`, 0 if there is none. */
uint32_t scenario_platform_by_name(const char *name);

#endif
