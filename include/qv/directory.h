/* SPDX-License-Identifier: MIT */
/*
 * The directory: what the OS publishes in memory for whoever looks from outside (the host maps guest RAM) and for the
 * sandboxes themselves. It lies at a fixed physical address. Three kinds of page, by who may write:
 *
 *   QV_DIRECTORY_PHYS   struct qv_directory       monitors (and boot code); read-only in every sandbox
 *   QV_MAILBOX_PHYS     struct qv_host_mailbox    the host; read-only in every sandbox
 *   QV_STATUS_PHYS(i)   struct qv_sandbox_status  sandbox i only; readable by all
 *
 * Behind them lie the pages of the emulated PMU (qv/emupmu.h).
 *
 * Every field that another party polls is a naturally aligned word, written with release order.
 */
#ifndef QV_DIRECTORY_H
#define QV_DIRECTORY_H

#include <stdint.h>

#include "qv/bootcfg.h"

#define QV_DIRECTORY_PHYS    0x01000000ull
#define QV_DIRECTORY_BYTES   0x00020000ull
#define QV_MAILBOX_PHYS      0x01020000ull
#define QV_CONSOLE_LOCK_PHYS 0x01028000ull /* one word, writable by all: lines of the serial console */
#define QV_STATUS_PHYS(i)    (0x01030000ull + 0x1000ull * (uint64_t)(i))
#define QV_DIRECTORY_MAGIC   0x3130524944305651ull /* "QV0DIR01" */
#define QV_DIRECTORY_VERSION 2u

/* Virtual layout of every sandbox, wherever its partition lies: what addresses in the trace mean. Page 0 of the image
 * is the hand-off page. */
#define QV_KERNEL_VIRT      0xffffffff80000000ull /* image linked and mapped here, from the partition's first page on */
#define QV_DIRECT_MAP       0xffff800000000000ull /* physical [0, 4 GiB), no execute */
#define QV_DIRECT_MAP_BYTES 0x100000000ull

#define QV_MAX_REGIONS 96u
#define QV_MAX_RINGS   16u
#define QV_EXIT_LOG    64u

/* Why a sandbox left guest mode, the same words for every vendor. */
#define QV_EXIT_CAUSES(X)                                                                                              \
    X(OTHER, 0, "other")                                                                                               \
    X(CALL, 1, "monitor-call")                                                                                         \
    X(NESTED_PAGE, 2, "nested-page")                                                                                   \
    X(NMI, 3, "nmi")                                                                                                   \
    X(SHUTDOWN, 4, "shutdown")                                                                                         \
    X(MSR, 5, "msr")                                                                                                   \
    X(PORT, 6, "port")                                                                                                 \
    X(VIRT_INSN, 7, "virtualization-instruction")                                                                      \
    X(CPUID, 8, "cpuid")                                                                                               \
    X(CONTROL_REGISTER, 9, "control-register")                                                                         \
    X(CACHE, 10, "cache-control")                                                                                      \
    X(INIT, 11, "init")                                                                                                \
    X(INVALID, 12, "invalid-state")                                                                                    \
    X(EXCEPTION, 13, "exception")                                                                                      \
    X(INTERRUPT, 14, "interrupt")                                                                                      \
    X(HLT, 15, "hlt")                                                                                                  \
    X(LAPIC, 16, "lapic-write")                                                                                        \
    X(TIMER, 17, "preemption-timer")                                                                                   \
    X(DMA, 18, "dma-fault")
#define QV_ENUM_ENTRY_EXIT(sym, num, name) QV_EXIT_##sym = num,
enum qv_exit_cause { QV_EXIT_CAUSES(QV_ENUM_ENTRY_EXIT) };
#define QV_EXIT_CAUSE_SLOTS 24u

/* When an exit happened, so that steady-state counts stay clean. */
enum qv_exit_stage { QV_STAGE_BOOT = 0, QV_STAGE_STEADY = 1, QV_STAGE_RECOVERY = 2, QV_STAGE_COUNT = 3 };

enum qv_sandbox_state {
    QV_SB_ABSENT = 0,
    QV_SB_BOOTING = 1,
    QV_SB_RUNNING = 2,
    QV_SB_RECOVERING = 3,
    QV_SB_PARKED = 4,  /* contained: stopped by its monitor, memory kept */
    QV_SB_GAVE_UP = 5, /* contained after its recovery budget was spent */
    QV_SB_RESTARTING = 6,
};

enum qv_machine_state {
    QV_MACHINE_BOOTING = 1,
    QV_MACHINE_READY = 2,  /* all sandboxes running, all services up */
    QV_MACHINE_DONE = 3,   /* run over; the trace is complete */
    QV_MACHINE_FAILED = 4, /* a monitor met an error of its own */
};

enum qv_region_kind {
    QV_REGION_MONITOR = 1,   /* in no sandbox's nested page table */
    QV_REGION_NPT = 2,       /* a sandbox's nested page table pages (monitor memory too) */
    QV_REGION_IMMUTABLE = 3, /* private text and read-only data: must keep its bytes */
    QV_REGION_CANARY = 4,    /* private free memory filled with qv_canary_word(): must keep its bytes */
    QV_REGION_MUTABLE = 5,   /* private, changes in normal work: not hashed */
    QV_REGION_SHARED = 6,
    QV_REGION_TRACE = 7,
    QV_REGION_DRIVER = 8,    /* the driver image window of a sandbox (replaced by a driver switch) */
    QV_REGION_STANDBY = 9,   /* standby driver image, in no nested page table until switched in */
    QV_REGION_PRISTINE = 10, /* the sandbox image as loaded: must keep its bytes */
};

struct qv_region {
    uint64_t base;
    uint64_t size;
    uint32_t kind;
    uint32_t owner; /* sandbox, or QV_NO_SANDBOX */
};

struct qv_exit_record {
    uint64_t tsc;
    uint64_t rip;
    uint64_t info1; /* as the vendor gives it */
    uint64_t info2;
    uint32_t vendor_code;
    uint16_t cause; /* enum qv_exit_cause */
    uint16_t stage; /* enum qv_exit_stage */
};

struct qv_core_report {
    uint64_t exits[QV_STAGE_COUNT][QV_EXIT_CAUSE_SLOTS];
    uint64_t exit_log_head; /* records ever written */
    struct qv_exit_record exit_log[QV_EXIT_LOG];
    uint32_t state; /* enum qv_sandbox_state */
    uint32_t incarnation;
    uint32_t attempts; /* recoveries tried */
    uint32_t last_detection;
    uint32_t apic_id;
    uint32_t taken_over_by; /* sandbox that serves this one's address, or QV_NO_SANDBOX */
    uint32_t refused;       /* operations refused by the monitor */
    uint32_t recovery;      /* sequence number of the last recovery, as in the trace's phase records */
    uint64_t recover_by; /* a recovery is under way and has failed if not over by then (ticks); 0 = none, or no limit */
    uint32_t takeover_open; /* 1 from the hand-over to taken_over_by until that serves */
    uint32_t reserved;
};

/*
 * The machine's own isolation check. Regions of kinds MONITOR, PRISTINE, IMMUTABLE and STANDBY: a sum of all bytes
 * before the sandboxes started and at the end. CANARY: `before` is 0, `after` counts the words that lost their pattern.
 */
struct qv_region_sum {
    uint64_t bytes; /* 0 = not checked */
    uint64_t before, after;
};
_Static_assert(sizeof(struct qv_region_sum) == 24, "layout");

struct qv_directory {
    uint64_t magic; /* written last */
    uint32_t version;
    uint32_t size;
    uint32_t machine_state; /* enum qv_machine_state */
    uint32_t mode;
    uint32_t n_cores;
    uint32_t n_sandboxes;
    uint32_t n_regions;
    uint32_t n_rings;
    uint32_t exit_status; /* once DONE */
    uint32_t features;    /* enum qv_features */
    uint64_t tsc_hz;
    uint64_t lapic_hz;
    uint64_t ready_tsc; /* when machine_state became READY */
    char vendor[16];    /* "svm", "vmx", "native" */
    char cpu[48];       /* brand string */
    uint64_t iommu_faults;
    uint64_t iommu_last_address;
    struct qv_region region[QV_MAX_REGIONS];
    uint64_t ring[QV_MAX_RINGS]; /* physical addresses of struct qv_trace_ring */
    struct qv_core_report core[QV_MAX_SANDBOXES];
    uint64_t boot_tsc; /* when the boot loader had handed over */
    /* For a host that gets all this by a line only (qv/stream.h). */
    char hypervisor[16];   /* as CPUID leaf 40000000h names it, "" = none says that it is there */
    char firmware[8];      /* OEM of the ACPI root table */
    uint64_t bootcfg_phys; /* struct qv_bootcfg as it was found */
    uint64_t label_phys;   /* third boot module: text of whoever made the image, for whoever reads the results */
    uint64_t label_bytes;  /* 0 = there was none */
    uint32_t sums_taken;   /* 1: every `sum` with bytes != 0 is complete */
    uint32_t reserved;
    struct qv_region_sum sum[QV_MAX_REGIONS]; /* of the region of the same index */
    char maker[16];                           /* of the processor, as CPUID leaf 0 names it */
};
_Static_assert(sizeof(struct qv_directory) <= QV_DIRECTORY_BYTES, "directory fits its pages");

enum qv_features {
    QV_FEAT_IOMMU = 1u << 0,
    QV_FEAT_X2APIC = 1u << 1,
    QV_FEAT_NX = 1u << 2,
    QV_FEAT_INTR_REMAP = 1u << 3, /* devices send no interrupts but those that the IOMMU's table has */
};

struct qv_host_mailbox {
    uint32_t stop;         /* the host wants the run to end */
    uint32_t load_running; /* 1 while the host's load generator runs */
};

/* A connection that a sandbox accepted. */
#define QV_CONNECTIONS 320u
struct qv_connection {
    uint32_t remote; /* address, network order */
    uint16_t port;   /* of the client, host order; 0 = no entry */
    uint8_t sandbox; /* whose address was asked */
    uint8_t reserved;
};
_Static_assert(sizeof(struct qv_connection) == 8, "layout");

#define QV_TIMERS(X)                                                                                                   \
    X(UNKNOWN, 0, "unknown") /* not chosen yet */                                                                      \
    X(COUNT_DOWN, 1, "count-down")                                                                                     \
    X(TSC_DEADLINE, 2, "tsc-deadline")
#define QV_ENUM_ENTRY_TIMER(sym, num, name) QV_TIMER_##sym = num,
/* How a core's local APIC is told when to interrupt. */
enum qv_timer { QV_TIMERS(QV_ENUM_ENTRY_TIMER) };

/* Counters a sandbox keeps about itself. All monotonic within one incarnation unless said otherwise. */
struct qv_sandbox_status {
    uint64_t heartbeat_tsc; /* time of the last heartbeat */
    uint64_t heartbeats;
    uint32_t incarnation; /* as the sandbox was told at its start */
    uint32_t service_up;  /* 1 once the service answers */
    uint64_t rx_frames;   /* taken for this sandbox */
    uint64_t rx_skipped;  /* seen by early demultiplexing, for somebody else */
    uint64_t rx_dropped;  /* no buffer, or cursor forced on */
    uint64_t tx_frames;
    uint64_t tx_busy; /* ring full */
    uint64_t irqs;
    uint64_t irq_acks;
    uint64_t http_requests;
    uint64_t http_replies;
    uint64_t tcp_connections; /* accepted */
    uint64_t probe_jobs;
    uint64_t probe_misses;
    uint64_t probe_worst_us;
    uint64_t client_sent;
    uint64_t client_good;
    uint64_t client_errors;
    uint64_t client_lost; /* no reply within the time limit */
    uint64_t lock_breaks;
    uint64_t duty_takeovers;
    uint64_t nic_generation;
    uint64_t suspicions;    /* neighbours suspected */
    uint64_t recovery_acks; /* recovery IPIs taken */
    uint64_t packets_total; /* frames handled, all kinds (fault trigger) */
    uint64_t idle_ticks;
    uint64_t vcpu_ticks[QV_VCPU_SLOTS];
    uint64_t sched_ticks;
    uint64_t client_done;  /* 1 once the client has made its last request and has the result of every one */
    uint64_t faults_fired; /* kept across restarts of the sandbox */
    char message[128];     /* last words, NUL terminated */
    uint64_t fault_fired_tsc[QV_MAX_FAULTS]; /* by fault plan, kept across restarts of the sandbox */
    uint32_t fault_fired[QV_MAX_FAULTS];     /* how often; faults_fired is their sum */
    uint64_t bench_phys; /* struct qv_bench_area (qv/bench.h) or qv_tlb_area (qv/tlb.h), 0 = none; after bench_bytes */
    uint64_t bench_bytes;
    uint64_t connection_head; /* connections ever noted below, kept across restarts of the sandbox */
    struct qv_connection connection[QV_CONNECTIONS]; /* the newest: number i in place i % QV_CONNECTIONS */
    uint64_t cost_phys;                              /* struct qv_cost_area (qv/cost.h), 0 = none */
    uint64_t lock_waits;                             /* frames that found the transmit lock held ... */
    uint64_t lock_wait_ticks;                        /* ... and how long they waited for it in all */
    uint64_t vcpus_phys;                             /* struct qv_vcpu_area (qv/vcpu.h), 0 = none */
    uint64_t flood_sent;                             /* echo requests of this sandbox's flood ... */
    uint64_t flood_replies;                          /* ... and the replies to them */
    uint64_t flood_busy;                             /* requests that found the transmit ring full and were not sent */
    uint32_t timer;                                  /* enum qv_timer */
    uint32_t reserved;
};
_Static_assert(sizeof(struct qv_sandbox_status) <= 4096, "one page");

/* Pattern of free private memory: what a foreign write destroys is found by recomputing it. */
static inline uint64_t qv_canary_word(uint32_t sandbox, uint64_t phys)
{
    uint64_t x = phys ^ (0x9e3779b97f4a7c15ull * (sandbox + 1u));
    x ^= x >> 30;
    x *= 0xbf58476d1ce4e5b9ull;
    x ^= x >> 27;
    return x;
}

#endif
