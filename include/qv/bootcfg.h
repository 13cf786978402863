/* SPDX-License-Identifier: MIT */
/*
 * Boot configuration: written by the host program from a scenario, loaded as a boot module, read by the boot code and
 * copied read-only into every sandbox. Little endian, fixed size, checked by magic, version, size and CRC-32
 * (IEEE 802.3, reflected, of the whole structure with `crc` as zero). What the OS does not understand it refuses.
 */
#ifndef QV_BOOTCFG_H
#define QV_BOOTCFG_H

#include <stdint.h>

#include "qv/cost.h"
#include "qv/fault.h"

#define QV_BOOTCFG_MAGIC   0x3130474643305651ull /* "QV0CFG01" */
#define QV_BOOTCFG_VERSION 3u

#define QV_MAX_SANDBOXES 8u
#define QV_MAX_FAULTS    4u
#define QV_MAX_NICS      8u
#define QV_MAX_WORK      16u
#define QV_NO_SANDBOX    0xffu
#define QV_NO_WORK       0xffffffffu

enum qv_mode {
    QV_MODE_MONITOR = 1, /* one monitor per core, nested page tables */
    QV_MODE_NATIVE = 2,  /* same sandbox image, no monitor, no isolation */
};

enum qv_cfg_flags {
    QV_CFG_LAPIC_GUARDED = 1u << 0,  /* xAPIC page write-protected; ICR checked by the monitor (costs exits) */
    QV_CFG_EXIT_AT_END = 1u << 1,    /* leave the emulator through its exit port when done */
    QV_CFG_TRACE_REQUESTS = 1u << 2, /* REQUEST/REPLY records for every web request */
    QV_CFG_TRACE_SCHED = 1u << 3,    /* SCHED_SWITCH/SCHED_REPL records */
    QV_CFG_NO_IOMMU = 1u << 4,       /* leave the IOMMU off even if there is one */
    QV_CFG_DUMP_AT_END = 1u << 5,    /* results by port E9h or the serial line when the run is over: qv/stream.h */
    QV_CFG_ICOUNT = 1u << 6,         /* the clock counts instructions of all cores, which run in turn */
    QV_CFG_EMULATED_PMU = 1u << 7,   /* the emulator counts events of a modelled processor: qv/emupmu.h */
    QV_CFG_NESTED_4K = 1u << 8,      /* nested page tables of 4 KiB pages throughout, as the published system's */
    /* Neither: TSC-deadline where it works, else count-down. */
    QV_CFG_TIMER_COUNT_DOWN = 1u << 9,    /* count-down timers, though there may be TSC-deadline */
    QV_CFG_TIMER_TSC_DEADLINE = 1u << 10, /* no boot where TSC-deadline does not work */
};

enum qv_role {
    QV_ROLE_WEB = 1u << 0,       /* serves HTTP on its address */
    QV_ROLE_STANDBY = 1u << 1,   /* takes over the service of a failed sandbox (also without WEB of its own) */
    QV_ROLE_BYSTANDER = 1u << 2, /* runs the deadline probe, must not notice anything */
    QV_ROLE_CLIENT = 1u << 3,    /* makes the requests itself (load tool "sandbox") */
};

enum qv_vcpu_kind {
    QV_VCPU_KIND_MAIN = 0,      /* sporadic server: budget every period */
    QV_VCPU_KIND_IO_PIBS = 1,   /* utilisation of the period inherited from the VCPU it works for */
    QV_VCPU_KIND_IO_SERVER = 2, /* sporadic server for I/O, to compare with PIBS */
};

enum qv_vcpu_flags {
    QV_VCPU_BACKGROUND = 1u << 0, /* may use time that nobody with budget wants */
};

/* A VCPU, microseconds. All zero = this sandbox has none (only in a boot test: the kernel's default). */
struct qv_vcpu_cfg {
    uint32_t kind; /* enum qv_vcpu_kind */
    uint32_t budget_us;
    uint32_t period_us;
    uint32_t utilization_ppm; /* PIBS only */
    uint32_t flags;           /* enum qv_vcpu_flags */
    uint32_t replenishments;  /* bound of a sporadic server's list, 2..32; 0 = 32 */
};

/* What a core's set of VCPUs must fulfil (os/sandbox/sched/admit.h). */
enum qv_admission {
    QV_ADMIT_BOUND = 0, /* the published inequality */
    QV_ADMIT_EXACT = 1, /* response times */
    QV_ADMIT_ANY = 2,   /* nothing: experiments with more than a core can do */
};

enum qv_vcpu_slot {                      /* which VCPU a standard thread of the sandbox runs on */
                    QV_VCPU_SERVICE = 0, /* web server and TCP/IP */
                    QV_VCPU_NIC = 1,     /* NIC bottom half (I/O) */
                    QV_VCPU_HEALTH = 2,  /* heartbeat and neighbour watch */
                    QV_VCPU_RECOVERY = 3,
                    QV_VCPU_PROBE = 4, /* deadline probe */
                    QV_VCPU_SLOTS = 5,
};

struct qv_sandbox_cfg {
    uint32_t roles;   /* enum qv_role bits */
    uint32_t mem_mib; /* partition size, 8..1024, multiple of 2 */
    uint32_t nic;     /* index of the NIC this sandbox drives (shared by all that name it), 0xffffffff = none */
    uint32_t ip;      /* host order; 0 = no network */
    uint32_t netmask;
    uint32_t gateway;
    uint8_t mac[6];
    uint8_t standby; /* sandbox that takes this one's service over under the remote policy, or QV_NO_SANDBOX */
    uint8_t reserved;
    uint32_t probe_period_us; /* bystander deadline probe; 0 = off */
    uint32_t reserved2;
    struct qv_vcpu_cfg vcpu[QV_VCPU_SLOTS];
};

struct qv_fault_plan {
    uint32_t model;   /* enum qv_fault_model */
    uint32_t target;  /* sandbox */
    uint32_t point;   /* enum qv_fault_point; 0 = the model's default */
    uint32_t trigger; /* enum qv_trigger */
    uint64_t value;   /* microseconds, packets or requests */
    uint64_t seed;    /* the draw for this fault: derived by the host from (scenario seed, index) */
    uint32_t times;   /* how often it fires in all, >= 1; later firings need `interval_us` to pass */
    uint32_t interval_us;
};

enum qv_work_kind {
    QV_WORK_HOG = 1,      /* computes without end */
    QV_WORK_PERIODIC = 2, /* a job every `every_us` that takes `work_us` and must be done before the next */
    QV_WORK_DEVICE = 3,   /* a device made of software: its bottom half takes `work_us` every `every_us` */
    QV_WORK_FLOOD = 4,    /* an ICMP echo request of `bytes` to the sandbox `target` every `every_us` */
};

/* Work made inside a sandbox for experiments: `count` threads, each on a VCPU of its own unless `slot` names one. */
struct qv_work_cfg {
    uint32_t kind; /* enum qv_work_kind */
    uint32_t sandbox;
    uint32_t count;    /* copies, >= 1 */
    uint32_t target;   /* FLOOD: sandbox. DEVICE: entry whose (first) VCPU it works for, QV_NO_WORK = the service's */
    uint32_t slot;     /* enum qv_vcpu_slot: shares that VCPU; QV_VCPU_SLOTS = own VCPUs */
    uint32_t work_us;  /* processor time of a job */
    uint32_t bytes;    /* FLOOD: frame on the wire; DEVICE: data that each job stands for */
    uint32_t phase_us; /* first job this long after `after_us`, times the copy's number */
    uint64_t every_us;
    uint64_t after_us; /* since the machine is ready */
    uint64_t until_us; /* 0 = to the end */
    struct qv_vcpu_cfg vcpu;
};

/* A failure this soon after a recovery counts as a failure of the recovery itself. */
#define QV_VERIFY_MS 100u

struct qv_recovery_cfg {
    uint32_t policy;              /* enum qv_policy */
    uint32_t budget;              /* recoveries of one component before giving up */
    uint32_t backoff_us;          /* wait before the second recovery; doubles each time */
    uint32_t heartbeat_us;        /* period of the heartbeat */
    uint32_t hang_timeout_us;     /* heartbeat older than this: suspected */
    uint32_t lock_timeout_us;     /* shared lock held longer than this: broken */
    uint32_t progress_timeout_us; /* receive, transmit and interrupt progress */
    uint32_t recover_limit_us;    /* a recovery that takes longer has failed; 0 = never */
};

/* Load made inside the machine by a sandbox with QV_ROLE_CLIENT. */
struct qv_client_cfg {
    uint32_t rate_mhz;  /* requests per 1000 s (milli-hertz) */
    uint32_t arrivals;  /* 0 = constant, 1 = Poisson */
    uint32_t target_ip; /* host order */
    uint32_t page_bytes;
    uint64_t duration_us;
    uint64_t warmup_us;
    uint32_t timeout_us;
    uint32_t connections; /* concurrent connections at most */
};

struct qv_bootcfg {
    uint64_t magic;
    uint32_t version;
    uint32_t size; /* sizeof(struct qv_bootcfg) */
    uint32_t crc;
    uint32_t mode;  /* enum qv_mode */
    uint32_t flags; /* enum qv_cfg_flags */
    uint32_t n_sandboxes;
    uint32_t n_faults;
    uint32_t n_nics;
    uint64_t seed;
    uint64_t duration_us; /* run ends by itself this long after all services are ready; 0 = when the host says so */
    char test[32];        /* name of a boot test to run instead of the services, "" = none */
    struct qv_recovery_cfg recovery;
    struct qv_client_cfg client;
    struct qv_fault_plan fault[QV_MAX_FAULTS];
    struct qv_sandbox_cfg sandbox[QV_MAX_SANDBOXES];
    struct qv_cost_cfg cost;
    uint32_t admission; /* enum qv_admission, for every sandbox's set of VCPUs */
    uint32_t n_work;
    uint64_t sample_us; /* period of the processor time samples (QV_TRACE_SAMPLE), 0 = none */
    struct qv_work_cfg work[QV_MAX_WORK];
};

_Static_assert(sizeof(struct qv_vcpu_cfg) == 24, "layout");
_Static_assert(sizeof(struct qv_work_cfg) == 80, "layout");
_Static_assert(sizeof(struct qv_sandbox_cfg) == 160, "layout");
_Static_assert(sizeof(struct qv_fault_plan) == 40, "layout");
_Static_assert(sizeof(struct qv_recovery_cfg) == 32, "layout");
_Static_assert(sizeof(struct qv_client_cfg) == 40, "layout");
_Static_assert(sizeof(struct qv_bootcfg) == 88 + 32 + 40 + 4 * 40 + 8 * 160 + 208 + 16 + 16 * 80, "layout");

#endif
