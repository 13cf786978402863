/* SPDX-License-Identifier: MIT */
/*
 * What a monitor knows: one `struct core` per core, private to its monitor except for the fields marked "others", and
 * the machine description that the boot code fills before the first monitor runs and that is constant afterwards.
 */
#ifndef QV_MONITOR_CORE_H
#define QV_MONITOR_CORE_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/handoff.h"
#include "lib/x86.h"
#include "monitor/lapic_guard.h"
#include "monitor/nested.h"
#include "monitor/pci_filter.h"
#include "monitor/policy.h"
#include "monitor/vendor.h"
#include "qv/directory.h"
#include "qv/trace.h"

#define MONITOR_RING_RECORDS 4096u
#define MONITOR_RING_BYTES   (sizeof(struct qv_trace_ring) + MONITOR_RING_RECORDS * sizeof(struct qv_trace_record))

struct guest_registers { /* order known to run.S */
    uint64_t rbx, rcx, rdx, rsi, rdi, rbp;
    uint64_t r8, r9, r10, r11, r12, r13, r14, r15;
    uint64_t rax, rip, rsp, rflags; /* kept here between exits, in the control structure while the guest runs */
};

/* A sandbox's memory, as the boot code cut it. */
struct partition {
    uint64_t base, size; /* private memory; the last `reserve` bytes are the monitor's */
    uint64_t reserve;    /* standby frames and nested tables at the end of the partition */
    uint64_t window_begin, window_text_end, window_end; /* guest-physical driver window inside the partition */
    uint64_t window_frames[2]; /* host-physical homes of the window: [0] in place, [1] standby */
    unsigned window_active;
    bool standby_ready;            /* the inactive frames hold the pristine image */
    uint64_t text_begin, text_end; /* guest-physical, text and read-only data */
    uint64_t alloc_end;            /* end of what the kernel allocated, told at READY */
};

/* A request from one monitor to another, delivered by NMI. One at a time per target. */
enum core_request_kind {
    REQUEST_NONE = 0,
    REQUEST_PROBE = 1,   /* a neighbour found the heartbeat stale: show that the core runs at all */
    REQUEST_SUSPECT = 2, /* it ran and still gave no heartbeat */
    REQUEST_STOP = 3,    /* end of the run: stop in the monitor */
    REQUEST_OVERDUE = 4, /* its recovery is not over in time, or the standby sandbox gave it up */
    REQUEST_STUCK = 5,   /* it was to take over a service and neither did nor said why */
};

struct core {
    struct guest_registers guest; /* first: run.S knows */
    uint32_t index;               /* logical core = sandbox */
    uint32_t apic_id;
    void *vendor_state;
    struct nested_table nested;
    struct partition part;
    struct pci_filter pci;
    struct lapic_guard lapic;
    struct policy_machine policy;
    uint64_t nested_begin, nested_end; /* pages that hold the nested table */
    struct qv_trace_ring *ring;        /* the monitor's own */
    struct qv_core_report *report;     /* in the directory */
    enum qv_exit_stage stage;
    uint64_t upcall_entry, upcall_stack, upcall_frame; /* registered by the sandbox; frame is a physical address */
    uint64_t probe_tsc[QV_MAX_SANDBOXES]; /* of each neighbour: when this monitor last probed it, 0 = not */
    uint64_t probe_beats[QV_MAX_SANDBOXES];
    uint32_t unanswered[QV_MAX_SANDBOXES]; /* requests in a row to end its overdue recovery */
    uint32_t recovery;                     /* sequence number of the recovery under way, else of the last */
    /* others: */
    volatile uint32_t request; /* enum core_request_kind; set by compare-and-swap from NONE, cleared by the target */
    volatile uint32_t request_from;
    volatile uint32_t request_done;     /* count of requests consumed */
    volatile uint32_t nmi_seen;         /* NMIs taken in the monitor (parked) */
    volatile uint32_t entered;          /* this core has come up once */
    volatile uint32_t takeover_pending; /* bit per sandbox whose service was handed to this one and is not yet served */
};

struct machine {
    const struct qv_bootcfg *cfg;
    uint32_t n_cores; /* cores in use = sandboxes */
    uint64_t tsc_hz, lapic_hz;
    const uint8_t *image; /* the sandbox image (ELF) as loaded, in monitor memory */
    uint64_t image_size;
    struct handoff_nic nic[QV_MAX_NICS];
    struct pci_owned nic_pci[QV_MAX_NICS]; /* what their sandboxes may see of their configuration space */
    uint64_t ring_phys[QV_MAX_SANDBOXES];  /* sandbox trace rings */
    uint64_t ring_bytes;                   /* of each of them */
    uint32_t ring_records;                 /* its capacity; sandboxes can write what the header says */
    uint64_t bench_phys;                   /* shared by all sandboxes while benchmarks run, else 0 */
    uint64_t monitor_begin, monitor_end;
    uint64_t text_begin, text_end; /* the monitor's own text and read-only data */
    volatile uint32_t cores_ready;
    volatile uint32_t stopper; /* core that ends the run, or QV_NO_SANDBOX */
    bool iommu;
    bool tsc_deadline; /* sandboxes have IA32_TSC_DEADLINE, direct, and see it in CPUID */
};

extern struct machine machine;
extern struct core cores[QV_MAX_SANDBOXES];

static inline struct qv_directory *directory(void)
{
    return (struct qv_directory *)QV_DIRECTORY_PHYS;
}

/* A register of this core's local APIC; monitors run identity-mapped. */
static inline volatile uint32_t *lapic(uint32_t offset)
{
    return (volatile uint32_t *)(LAPIC_PHYS + offset);
}

/*
 * memory.c: zeroed 4 KiB pages of monitor memory, contiguous; panics when they run out (sizes are known at boot). The
 * memory is given in pieces, ascending.
 */
void monitor_memory_add(uint64_t begin, uint64_t end);
void *monitor_pages(uint64_t count);
uint64_t monitor_memory_used(void);
void *monitor_nested_page(void *context);
uint64_t monitor_nested_phys(void *context, const void *page);
void *monitor_nested_virt(void *context, uint64_t phys);

/* prepare.c */
void core_prepare(struct core *core);

/* partition.c */
int partition_place(struct core *core); /* where the image's parts will lie; -ENOMEM: partition too small */
int partition_load(struct core *core, struct guest_start *start); /* image, page tables, hand-off, canaries */
int partition_protect(struct core *core);                         /* builds the nested table */
void partition_refill(struct core *core);                         /* inactive window frames := pristine */
void partition_switch_driver(struct core *core);                  /* active window frames := the other ones */
void partition_restore_window(struct core *core);                 /* after a reload: the window in its first place */

/* emupmu.c: for the emulator's model, where it is configured */
void emupmu_announce(const struct core *core); /* on the core itself, with the monitor's page tables loaded */
void emupmu_nested_changed(const struct core *core);

/* report.c */
void report_init(struct core *core);
void report_exit(struct core *core, const struct exit_info *exit);
void report_state(struct core *core, enum qv_sandbox_state state);
void report_regions(void);
void monitor_trace(struct core *core, enum qv_trace_id id, uint64_t a, uint64_t b);
void monitor_trace_at(struct core *core, uint64_t tsc, enum qv_trace_id id, uint64_t a, uint64_t b);

/* exits.c: the monitor's main loop on this core; never returns. */
_Noreturn void monitor_run(struct core *core);

/* devices.c: mediated PCI configuration, refused ports, guarded local APIC */
void device_own(struct core *core, const struct pci_owned *device); /* boot time: gives it to the sandbox */
void device_port(struct core *core, const struct exit_info *exit);
bool device_lapic_store(struct core *core, const struct exit_info *exit); /* false: not such a store */
void core_refuse(struct core *core, const struct exit_info *exit, uint64_t what, unsigned vector);

/* calls.c */
void monitor_call(struct core *core, const struct exit_info *exit);

/* recovery.c */
enum recovery_source {
    FROM_GUEST_CALL, /* the sandbox kernel reported it and waits for the answer */
    FROM_MONITOR,    /* the exit itself, or a neighbour's request, told */
};
void recovery_init(struct core *core);
void recovery_fault(struct core *core, enum qv_detection detection, uint64_t address, const struct exit_info *exit,
                    enum recovery_source source, enum fault_scope scope);
void recovery_done(struct core *core);
void recovery_taken_over(struct core *core, struct core *failed, bool served); /* false: the sandbox gave it up */
/* Ends the hand-over of `core`'s service, as served or as failed: true for the one of several that comes first. */
bool recovery_close_takeover(struct core *core);
bool recovery_overdue(const struct core *core);
/* By `core`, which found it: its own at once, another one's by a request. Of core_request()'s errors. */
int recovery_end_overdue(struct core *core, struct core *target, const struct exit_info *exit);

/* stop.c */
int core_request(struct core *from, struct core *target, enum core_request_kind kind); /* 0, -EBUSY, -ETIMEDOUT */
void core_handle_request(struct core *core, const struct exit_info *exit);
_Noreturn void core_park(struct core *core, enum qv_sandbox_state state);
void core_park_until_overdue(
    struct core *core); /* parked while its recovery is somebody else's; returns if that failed */
_Noreturn void machine_stop(struct core *core, uint32_t status);
void machine_dump(void); /* dump.c: sends directory, status pages and trace rings, if the configuration says so */
void machine_leave(uint32_t status); /* ends the emulator, if the configuration says so and it is one; else returns */
void lapic_ipi(uint32_t apic_id, uint32_t command);
void core_revive(struct core *core, struct core *target); /* its core does not answer: reset it by INIT and SIPI */
_Noreturn void core_revived(struct core *core);           /* on the core that came back */
void lapic_quiesce(void); /* before a sandbox restarts: timer off, in-service interrupts ended */

/* panic.c */
_Noreturn void monitor_panic(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
