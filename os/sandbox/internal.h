/* SPDX-License-Identifier: MIT */
/* Parts of the sandbox kernel that see each other; drivers, network and fault models use kernel.h instead. */
#ifndef QV_SANDBOX_INTERNAL_H
#define QV_SANDBOX_INTERNAL_H

#include "lib/descriptors.h" /* struct trap_frame */
#include "sandbox/component.h"
#include "sandbox/kernel.h"
#include "sandbox/sched/vcpu.h"
#include "sandbox/sched/wakeups.h"
#include "sandbox/vcpus.h"

enum thread_state { THREAD_BLOCKED, THREAD_READY, THREAD_DEAD };

struct thread {
    uint64_t rsp;
    const char *name;
    void (*entry)(void *);
    void *argument;
    uint8_t *stack;         /* THREAD_STACK_BYTES */
    enum qv_vcpu_slot slot; /* or the number that vcpus_create() gave */
    unsigned serves;        /* VCPU whose period an I/O VCPU inherits when this thread is woken on it */
    enum thread_state state;
    bool wake_pending;
    bool timed_out;
    struct sleeper sleep;
    struct thread *next;           /* in its VCPU's ready queue */
    struct component_frame *frame; /* innermost component frame */
};

/* memory.c */
void memory_init(void);
uint64_t memory_allocated_end(void); /* physical */
void memory_seal(void);              /* after READY: no further allocation */
void status_init(void);

/* time.c */
void time_init(void);
void timer_arm(uint64_t tsc); /* by then at the latest */
void timer_fired(void);
enum qv_timer timer_source(void);
const char *timer_name(void);
void timer_set_vector(uint32_t entry); /* vector, and LAPIC_LVT_MASKED or not; in the source's mode */
uint64_t timer_program(uint64_t tsc);  /* past all bookkeeping; gives the time at which it fires */
bool timer_try_deadline(void);         /* does a TSC deadline fire, and not before its time? Leaves the timer off;
                                        * where CPUID does not offer it: not to be called */

/* trap.c */
void trap_init(void);
bool trap_refused(void);          /* has the monitor refused anything since this was last asked? */
uint64_t trap_kernel_stack(void); /* on which interrupts from ring 3 begin */
void trap_user_gate(unsigned vector, const char *entry); /* INT from ring 3; NULL: the kernel's own again */
void lapic_write(uint32_t offset, uint32_t value);
uint32_t lapic_read(uint32_t offset);

/* thread.c */
void threads_init(void);
_Noreturn void threads_run(void);       /* the boot path becomes the idle thread */
void schedule(void);                    /* interrupts off; may switch */
uint64_t thread_charge_interrupt(void); /* returns the time of it */
void thread_interrupt_end(void);        /* end of an interrupt: reschedule if needed, then component_resume_check() */
/* A thread whose I/O VCPU inherits the period of VCPU `served`; thread_create() serves QV_VCPU_SERVICE. */
struct thread *thread_create_serving(const char *name, void (*entry)(void *), void *argument, enum qv_vcpu_slot slot,
                                     unsigned served);
uint64_t thread_consumed(void); /* ticks that the running thread's VCPU has consumed until now */
bool thread_is_dead(const struct thread *thread);
const struct thread *thread_at(unsigned number);       /* NULL behind the last */
void thread_kill_self(void) __attribute__((noreturn)); /* fault models: the running thread is gone for good */
unsigned threads_dead(void);
/* Is any thread in [begin, end) of a component's text? Of the running one only the stack above `from` counts. */
bool threads_inside(uint64_t begin, uint64_t end, const void *from);
/* Does any thread stay in a component frame that it entered more than `beats` heartbeats ago? */
bool threads_stuck(uint32_t beats);
unsigned threads_revive_dead(void); /* restarts dead threads from their entry; returns how many */
extern struct sched scheduler;
extern struct thread *current;

/* component.c */
int component_admit(struct component *component, struct component_frame *frame);
_Noreturn void component_return(const struct component_frame *frame);
void component_resume_check(void); /* is the running thread inside an instance that has been abandoned? */
/* A failure of the component whose frame is the innermost. */
struct component_failure {
    enum qv_detection detection;
    uint64_t address;
    uint64_t scope;       /* enum fault_scope */
    bool told_by_monitor; /* an upcall: the monitor has decided, and says: */
    uint64_t action;      /* enum fault_action */
    uint64_t not_before;
};
/* Interrupts off. Returns only if there is no frame. */
void component_fault(const struct component_failure *failure);

/* recovery.c */
void recovery_start(void);
void recovery_restarted(void); /* kernel entry of a later incarnation */
void recovery_request_local(uint64_t not_before);
void recovery_check_native(void); /* now and then: ends a local recovery that takes too long */
_Noreturn void kernel_lost(enum qv_detection detection, uint64_t address, const char *what);
uint64_t recovery_key(unsigned sandbox, unsigned ahead); /* sandbox << 32 | its recovery number + ahead */
void phase_begin(enum qv_phase phase, uint64_t key);
void phase_end(enum qv_phase phase, uint64_t key);
extern struct thread *recovery_thread;

/* main.c: does the configuration give this sandbox a NIC and an address? */
bool handoff_has_network(void);
void sandbox_ready(void); /* this sandbox's boot is over: what it is there for works */

/* health.c, probe.c, work.c */
void health_start(void);
void probe_start(void);
void work_start(void); /* the work loads that the configuration has for this sandbox */

/* emupmu.c: the emulator's model of a PMU (qv/emupmu.h) */
struct qv_emupmu;
void emupmu_init(void);        /* tells it this kernel's page tables */
void emupmu_tag(unsigned tag); /* what runs from here on, < QV_EMUPMU_TAGS; only where there is such a model */
/* The page with the counts, which have begun to count; NULL where there is no such model. */
const volatile struct qv_emupmu *emupmu_start(void);

/* call.c */
struct call_result {
    int64_t rax;
    uint64_t rdx;
};
bool monitor_call_is_vmmcall(void); /* else VMCALL */
struct call_result monitor_call3(enum qv_call call, uint64_t a, uint64_t b, uint64_t c);
static inline int64_t monitor_call(enum qv_call call, uint64_t a)
{
    return monitor_call3(call, a, 0, 0).rax;
}

/* native.c: without monitors. */
void native_ready(void);               /* this sandbox serves; the machine is ready when all do */
void native_end(uint32_t exit_status); /* the run is over; does not return where the results leave by a line */
void native_nmi(void);                 /* does not return once somebody has ended the run */
_Noreturn void native_leave(uint64_t root, uint64_t stack, uint64_t over, uint32_t index); /* entry.S */

void trace_init(void);
void trace_at(uint64_t tsc, enum qv_trace_id id, uint64_t a, uint64_t b);

#endif
