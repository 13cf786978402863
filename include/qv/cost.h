/* SPDX-License-Identifier: MIT */
/*
 * What work costs: which events a run counts and in which window, which traffic is made for it, and what each sandbox
 * reports. The configuration is part of the boot configuration; the report is an area in the sandbox's own memory,
 * found through qv_sandbox_status.cost_phys.
 *
 * Two clocks stand beside each other and are never mixed: ticks of the TSC, and events of a performance monitoring unit
 * (PMU). Where there is no PMU, `source` says so, and the event counts mean nothing.
 */
#ifndef QV_COST_H
#define QV_COST_H

#include <stdint.h>

#define QV_COST_AREA_MAGIC 0x3130545343305651ull /* "QV0CST01" */
#define QV_COST_VERSION    1u

#define QV_PMU_EVENTS      8u         /* that one run can ask for */
#define QV_PMU_NO_EMULATED 0xffffu    /* the emulated PMU has no such event */
#define QV_PMU_NOT_COUNTED UINT64_MAX /* no counter was left, or this processor has not the event */

/* Whose counters: of an event's code, and of what the OS found. */
enum qv_pmu_source {
    QV_PMU_NONE = 0,
    QV_PMU_INTEL = 1,    /* architectural performance monitoring: SDM vol. 3, 19.2 */
    QV_PMU_AMD = 2,      /* PERF_CTL and PERF_CTR, legacy or core-extended: APM vol. 2, 13.2 */
    QV_PMU_EMULATED = 3, /* counts of a model beside the emulator: qv/emupmu.h */
};

/* Events that any processor with counters has, whatever its model. Retired instructions are counted always. */
enum qv_pmu_portable {
    QV_PMU_OF_ONE_MODEL = 0, /* no such event: `code` is for some processors only */
    QV_PMU_CYCLES = 1,       /* of the core while it does not sleep, at whatever rate it runs */
};

/*
 * An event as it travels: resolved by the host, programmed by the OS. `code` has the fields of IA32_PERFEVTSELx or
 * PERF_CTLx without those that the OS decides (USR, OS, INT, EN); with `fixed`, the number of a fixed counter.
 */
struct qv_pmu_event {
    uint64_t code;
    uint16_t vendor;   /* enum qv_pmu_source: INTEL or AMD; NONE for a portable event, whose code the OS knows */
    uint16_t fixed;    /* 1: `code` is the number of a fixed counter */
    uint16_t emulated; /* enum qv_emupmu_event that is the same, or QV_PMU_NO_EMULATED */
    uint16_t portable; /* enum qv_pmu_portable */
};

/* Models of one family that the codes are for, as CPUID leaf 1 numbers them: display family, first and last model. */
struct qv_pmu_models {
    uint16_t family;
    uint8_t first, last;
};
#define QV_PMU_MODELS 8u

/* Traffic between the client sandbox and every web sandbox. Directions as the web sandboxes see them. */
#define QV_TRAFFIC_KINDS(X)                                                                                            \
    X(NONE, 0, "none", "no traffic")                                                                                   \
    X(UDP_RECEIVE, 1, "udp-receive", "the client sends datagrams, the web sandboxes take them")                        \
    X(UDP_SEND, 2, "udp-send", "the web sandboxes send datagrams, the client takes them")                              \
    X(TCP_RECEIVE, 3, "tcp-receive", "the client writes to one connection with each web sandbox")                      \
    X(TCP_SEND, 4, "tcp-send", "each web sandbox writes to one connection with the client")
#define QV_ENUM_ENTRY_TRAFFIC(sym, num, name, text) QV_TRAFFIC_##sym = num,
enum qv_traffic_kind { QV_TRAFFIC_KINDS(QV_ENUM_ENTRY_TRAFFIC) };

struct qv_traffic_cfg {
    uint32_t kind;     /* enum qv_traffic_kind */
    uint32_t bytes;    /* payload of one datagram, or of one write */
    uint32_t rate_mhz; /* datagrams, or writes, in 1000 s with each web sandbox; 0 = as fast as it goes (TCP only) */
    uint32_t reserved;
};

enum qv_cost_flags {
    QV_COST_WINDOW = 1u << 0,    /* report the window [from, until) */
    QV_COST_PLAIN_NIC = 1u << 1, /* the unshared driver, to compare with; one sandbox per NIC */
    QV_COST_PATHS = 1u << 2,     /* also by VCPU and by path; that costs something itself, and so is not the default */
};

struct qv_cost_cfg {
    uint32_t flags; /* enum qv_cost_flags */
    uint32_t n_events;
    uint64_t from_us; /* of the window, since the machine is ready */
    uint64_t until_us;
    struct qv_traffic_cfg traffic;
    struct qv_pmu_event event[QV_PMU_EVENTS];
    struct qv_pmu_models models[QV_PMU_MODELS]; /* whose codes they are; unused ones have family 0 */
    uint32_t n_models;                          /* 0 = not known: any of the codes' maker */
    uint32_t reserved;
};
_Static_assert(sizeof(struct qv_pmu_event) == 16, "layout");
_Static_assert(sizeof(struct qv_pmu_models) == 4, "layout");
_Static_assert(sizeof(struct qv_cost_cfg) == 24 + 16 + 8 * 16 + 8 * 4 + 8, "layout");

/* Paths through the driver that are measured one by one: X(symbol, number, name, what one item is). */
#define QV_COST_PATHS(X)                                                                                               \
    X(RECEIVE, 0, "receive", "frames delivered: walks of the receive ring that delivered something")                   \
    X(SKIP, 1, "skip", "frames passed over: walks that met frames of others only")                                     \
    X(POLL, 2, "poll", "walks that met nothing")                                                                       \
    X(DELIVER, 3, "deliver", "frames copied out; part of receive")                                                     \
    X(TRANSMIT, 4, "transmit", "frames queued")                                                                        \
    X(ANNOUNCE, 5, "announce", "batches ended")                                                                        \
    X(INTERRUPT, 6, "interrupt", "interrupts handled")                                                                 \
    X(CHECK, 7, "check", "periodic checks")
#define QV_ENUM_ENTRY_PATH(sym, num, name, what) QV_COST_##sym = num,
enum qv_cost_path_id { QV_COST_PATHS(QV_ENUM_ENTRY_PATH) QV_COST_PATH_COUNT = 8 };

/*
 * A path's part of the window. Instructions of interrupts and of threads that came between are not in it, but ticks,
 * which are the clock's, contain them.
 */
struct qv_cost_path {
    uint64_t calls;
    uint64_t items;
    uint64_t ticks;
    uint64_t instructions; /* without a PMU 0 */
};

#define QV_COST_VCPUS 16u /* those with accounts of their own; the rest shares the last one */

struct qv_cost_account {
    uint64_t instructions;
    uint64_t count[QV_PMU_EVENTS];
};

/* Written at the end of the window, `state` last. All figures are differences over the window. */
struct qv_cost_area {
    uint64_t magic;
    uint32_t version;
    uint32_t size;
    uint32_t state;  /* 0 before, 1 in, 2 after the window */
    uint32_t source; /* enum qv_pmu_source: what counted */
    uint32_t n_events;
    uint32_t n_vcpus;
    uint32_t flags;     /* enum qv_cost_flags, as configured: without QV_COST_PATHS only `core` is filled in */
    uint32_t processor; /* of the core: display family << 16 | display model */
    char reason[64]; /* without a PMU: why; with one: why events were left out, "" = no reason but too few counters */
    char model[32];  /* emulated: the modelled processor */

    uint64_t begin_tsc;
    uint64_t end_tsc;
    uint64_t idle_ticks;  /* the core slept */
    uint64_t sched_ticks; /* scheduler and interrupt handlers */

    uint64_t rx_frames, rx_skipped, rx_dropped, tx_frames, tx_busy;
    uint64_t irqs, irq_acks;
    uint64_t exits; /* to the monitor, for any reason */
    uint64_t http_requests, http_replies;
    uint64_t lock_waits;                                       /* frames that found the transmit lock held */
    uint64_t lock_wait_ticks;                                  /* and how long they waited for it */
    uint64_t datagrams_in, bytes_in, datagrams_out, bytes_out; /* payload of the traffic above; datagrams of UDP only */

    uint64_t counted[QV_PMU_EVENTS]; /* 1: this event was counted, 0: it was not */
    struct qv_cost_account core;     /* all of the core in the window, monitor included */
    struct qv_cost_account overhead; /* of it: scheduler and interrupt handlers */
    struct qv_cost_account idle;     /* of it: the idle thread */
    struct qv_cost_account vcpu[QV_COST_VCPUS];
    struct qv_cost_path path[QV_COST_PATH_COUNT];
};
_Static_assert(sizeof(struct qv_cost_account) == 72, "layout");
_Static_assert(sizeof(struct qv_cost_area) == 136 + 32 + 16 * 8 + 8 * 8 + (3 + 16) * 72 + 8 * 32, "layout");

#endif
