/* SPDX-License-Identifier: MIT */
/*
 * What the loader (monitor side) tells a sandbox kernel at its start. One page in the sandbox's partition, mapped
 * read-only in the sandbox; rewritten by the monitor at every restart. Also the numbers of the monitor calls.
 */
#ifndef QV_OS_HANDOFF_H
#define QV_OS_HANDOFF_H

#include <stdint.h>

#include "qv/bootcfg.h"
#include "qv/directory.h"

#define HANDOFF_MAGIC 0x46464f444e414851ull /* "QHANDOFF" */

/* Virtual layout of every sandbox. */
#define KERNEL_VIRT      QV_KERNEL_VIRT
#define DIRECT_MAP       QV_DIRECT_MAP
#define DIRECT_MAP_BYTES QV_DIRECT_MAP_BYTES

#define HANDOFF_NO_NIC 0xffffffffu

#define BENCH_SHARED_BYTES 0x00200000ull

struct handoff_nic {
    uint64_t mmio_phys; /* BAR 0 */
    uint64_t mmio_size;
    uint64_t shared_phys; /* rings, buffers and shared driver state; zeroed by the boot code */
    uint64_t shared_size;
    uint32_t bdf;           /* PCI bus << 8 | device << 3 | function */
    uint32_t vector;        /* interrupt vector, broadcast to all sharers, edge-triggered */
    uint32_t sharers;       /* bit mask of the sandboxes that drive this NIC */
    uint32_t present;       /* 0: no such device */
    uint32_t vendor_device; /* PCI device << 16 | vendor */
    uint32_t subsystem;     /* PCI subsystem << 16 | its vendor */
};

struct handoff {
    uint64_t magic;
    uint32_t id;          /* this sandbox = its logical core */
    uint32_t incarnation; /* 1 at boot, +1 at each restart */
    uint32_t mode;        /* enum qv_mode */
    uint32_t n_sandboxes;
    uint64_t base; /* partition */
    uint64_t size;
    uint64_t image_end;  /* physical end of the loaded image */
    uint64_t free_begin; /* physical free memory for the kernel's page allocator */
    uint64_t free_end;
    uint64_t tsc_hz;
    uint64_t lapic_hz;     /* LAPIC timer counts per second at divide-by-1 */
    uint64_t ring_phys;    /* this sandbox's trace ring */
    uint64_t window_begin; /* virtual: driver image window (page aligned) */
    uint64_t window_end;
    uint64_t window_pristine_phys; /* native mode only: pristine copy of the window; 0 where a monitor keeps it */
    uint64_t entry_tsc;            /* when the loader started this incarnation */
    uint64_t bench_shared_phys;    /* BENCH_SHARED_BYTES that all sandboxes may write; 0 outside of benchmarks */
    uint32_t apic_id[QV_MAX_SANDBOXES];
    struct handoff_nic nic[QV_MAX_NICS];
    struct qv_bootcfg cfg;
    uint32_t ring_records; /* capacity of the trace ring: what its own header says may be damaged */
    uint32_t reserved;
    /* Native mode with results that leave by a line: the way back to the boot code, which sends them. Else 0. */
    uint64_t native_root;  /* page tables that map this image and the boot code, both where they are linked */
    uint64_t native_stack; /* top of a stack there */
    uint64_t native_over;  /* _Noreturn void native_over(uint32_t index), interrupts off, the other cores asleep */
};
_Static_assert(sizeof(struct handoff) <= 4096, "hand-off fits its page");

/*
 * Monitor calls (VMMCALL / VMCALL): number in RAX, arguments in RDI, RSI, RDX; result in RAX, 0 or a negative error of
 * lib/errno.h. The upcall and the fault report may also return somewhere else or never, see their entries.
 */
enum qv_call {
    QV_CALL_NOP = 0,    /* does nothing: the round trip that bench measures */
    QV_CALL_READY = 1,  /* rdi = physical end of allocated memory: boot is over, exits count as steady from here */
    QV_CALL_UPCALL = 2, /* rdi = entry, rsi = stack top, rdx = physical page for struct upcall_frame */
    QV_CALL_FAULT = 3,  /* rdi = detection, rsi = address, rdx = enum fault_scope; returns enum fault_action and in rdx
                         * the tsc before which recovery must not begin */
    QV_CALL_RECOVERED = 4,  /* the recovery asked for is complete: exits count as steady again, standby refilled */
    QV_CALL_SUSPECT = 5,    /* rdi = sandbox: heartbeat stale; the monitor checks and stops it */
    QV_CALL_MAP = 6,        /* rdi = physical page, rsi = pages, rdx = rights: always checked against ownership */
    QV_CALL_SHUTDOWN = 7,   /* rdi = status: the run is over; refused unless host, duration or boot test say so */
    QV_CALL_TAKEN_OVER = 8, /* rdi = sandbox whose service this one now serves */
    QV_CALL_STAMP = 9,      /* returns in rdx the tsc at which the monitor handled it (bench: one way into the guest) */
    QV_CALL_COUNT = 10,
};

enum fault_scope {
    FAULT_SCOPE_COMPONENT = 0, /* this sandbox's instance of the component */
    FAULT_SCOPE_KERNEL = 1,    /* the sandbox kernel itself is lost */
    FAULT_SCOPE_DEVICE = 2,    /* a device or structure that sandboxes share, and nobody can tell who damaged it: it is
                                * repaired in place, nobody is stopped for it, whatever the policy (but for none) */
};

enum fault_action {
    FAULT_ACTION_CONTAIN = 0, /* stop using the component */
    FAULT_ACTION_LOCAL = 1,   /* standby image is in place: re-initialise it */
};

/* Where and why a sandbox was interrupted when its monitor enters it at the upcall entry (interrupts off). */
struct upcall_frame {
    uint64_t rip, rsp, rflags, rax;
    uint64_t detection; /* enum qv_detection */
    uint64_t address;
    uint64_t action;     /* enum fault_action */
    uint64_t not_before; /* tsc before which recovery must not begin */
    uint64_t exit_tsc;   /* monitor entry */
};

/* Vectors. 0x50..0x57 are the NICs. */
#define VECTOR_TIMER        0x40u
#define VECTOR_NIC0         0x50u
#define VECTOR_IPI_WAKE     0xe0u /* look at your mailboxes */
#define VECTOR_IPI_RECOVERY 0xe1u /* from a monitor: a neighbour failed, see the directory */
#define VECTOR_SPURIOUS     0xffu

#endif
