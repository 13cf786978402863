/* SPDX-License-Identifier: MIT */
/* Threads on VCPUs. One core: interrupts off is the only lock. */
#include "sandbox/internal.h"
#include "sandbox/pmu.h"

#define MAX_THREADS  (VCPUS_MAX + 16u)
#define STACK_PAGES  8u
#define STACK_CANARY 0x5374614b43616e61ull
_Static_assert(MAX_THREADS <= WAKEUPS_MAX, "room for all sleepers");

struct sched scheduler;
struct thread *current;

static struct thread threads[MAX_THREADS];
static unsigned n_threads;
static struct wakeups wakeups;
static struct thread idle_thread = {.name = "idle", .state = THREAD_READY};
static bool started;
static volatile bool pick_due;

void context_switch(uint64_t *save_rsp, uint64_t load_rsp);
extern const char thread_trampoline[];
void thread_begin(void);

void threads_init(void)
{
    vcpus_init(rdtsc());
    current = &idle_thread;
}

struct thread *thread_self(void)
{
    return current;
}

static void prepare_stack(struct thread *t)
{
    uint64_t *top = (uint64_t *)(void *)(t->stack + STACK_PAGES * PAGE_SIZE);
    *(uint64_t *)(void *)t->stack = STACK_CANARY;
    *--top = 0;
    *--top = 0; /* the trampoline's call leaves the stack aligned as the ABI wants */
    *--top = (uint64_t)thread_trampoline;
    top -= 6; /* rbx rbp r12 r13 r14 r15, the last lowest */
    top[5] = top[4] = top[1] = top[0] = 0;
    top[3] = (uint64_t)t->entry;    /* r12 */
    top[2] = (uint64_t)t->argument; /* r13 */
    t->rsp = (uint64_t)top;
}

static void enqueue(struct thread *t, uint64_t now)
{
    struct vcpu_slot *slot = vcpu_slot(t->slot);
    const struct vcpu_slot *served = vcpu_slot(t->serves);
    t->state = THREAD_READY;
    wakeups_clear(&wakeups, &t->sleep);
    t->next = NULL;
    if (slot->first)
        slot->last->next = t;
    else
        slot->first = t;
    slot->last = t;
    if (vcpu_wake(&scheduler, &slot->vcpu, now, served ? &served->vcpu : NULL))
        pick_due = true;
}

static void dequeue_current(uint64_t now)
{
    struct vcpu_slot *slot = vcpu_slot(current->slot);
    slot->first = current->next; /* the running thread is the first of its VCPU */
    if (!slot->first)
        vcpu_block(&scheduler, &slot->vcpu, now);
}

struct thread *thread_create_serving(const char *name, void (*entry)(void *), void *argument, enum qv_vcpu_slot slot,
                                     unsigned served)
{
    uint8_t *stack = vcpu_slot(slot) && n_threads < MAX_THREADS ? page_alloc(STACK_PAGES) : NULL;
    if (!stack)
        return NULL;
    uint64_t flags = irq_save();
    struct thread *t = &threads[n_threads++];
    *t = (struct thread){
        .name = name, .entry = entry, .argument = argument, .stack = stack, .slot = slot, .serves = served};
    prepare_stack(t);
    enqueue(t, rdtsc());
    irq_restore(flags);
    return t;
}

struct thread *thread_create(const char *name, void (*entry)(void *), void *argument, enum qv_vcpu_slot slot)
{
    return thread_create_serving(name, entry, argument, slot, QV_VCPU_SERVICE);
}

/* First thing on a new thread's stack: interrupts were off in schedule(). */
void thread_begin(void)
{
    __asm__ volatile("sti" ::: "memory");
}

static uint64_t wake_sleepers(uint64_t now)
{
    struct sleeper *due;
    while ((due = wakeups_due(&wakeups, now)) != NULL) {
        struct thread *t = (struct thread *)(void *)((uint8_t *)due - offsetof(struct thread, sleep));
        t->timed_out = true;
        enqueue(t, now);
    }
    return wakeups_next(&wakeups);
}

/* Whose counts the events are from here on. */
static unsigned account_of(const struct thread *t)
{
    if (t == &idle_thread)
        return PMU_IDLE;
    return t->slot < QV_COST_VCPUS ? (unsigned)t->slot : QV_COST_VCPUS - 1u;
}

void schedule(void)
{
    uint64_t slice_end;
    uint64_t now = rdtsc();
    uint64_t next_wake;
    pmu_charge(PMU_OVERHEAD);
    sched_enter(&scheduler, now);
    next_wake = wake_sleepers(now);
    pick_due = false;
    struct vcpu *v = sched_pick(&scheduler, now, &slice_end);
    struct thread *next = v ? ((struct vcpu_slot *)v->owner)->first : &idle_thread;
    timer_arm(slice_end < next_wake ? slice_end : next_wake);
    pmu_charge(account_of(next));
    vcpus_add_path_time(rdtsc() - now);
    if (next == current)
        return;
    struct thread *previous = current;
    if (previous->stack && *(uint64_t *)(void *)previous->stack != STACK_CANARY)
        kernel_lost(QV_DETECT_ASSERTION, (uint64_t)previous->stack, "stack overrun");
    current = next;
    context_switch(&previous->rsp, next->rsp);
    component_resume_check();
}

uint64_t thread_charge_interrupt(void)
{
    uint64_t now = rdtsc();
    pmu_charge(PMU_OVERHEAD);
    sched_enter(&scheduler, now);
    return now;
}

void thread_interrupt_end(void)
{
    uint64_t now = rdtsc();
    uint64_t next_wake = started ? wake_sleepers(now) : SCHED_NEVER;
    if (started && (pick_due || now >= scheduler.slice_end)) {
        schedule();
    } else {
        sched_leave(&scheduler, now);
        if (started)
            timer_arm(scheduler.slice_end < next_wake ? scheduler.slice_end : next_wake);
        pmu_charge(account_of(current));
        vcpus_add_path_time(rdtsc() - now);
    }
    component_resume_check();
}

void thread_wake(struct thread *t)
{
    uint64_t flags = irq_save();
    t->wake_pending = true;
    if (t->state == THREAD_BLOCKED) {
        t->timed_out = false;
        enqueue(t, rdtsc());
        /* In an interrupt the pick follows at its end; in a thread it is due now. */
        if ((flags & RFLAGS_IF) && pick_due && started)
            schedule();
    }
    irq_restore(flags);
}

bool thread_wait_until(uint64_t deadline_tsc)
{
    uint64_t flags = irq_save();
    bool woken = current->wake_pending;
    if (!woken) {
        uint64_t now = rdtsc();
        if (deadline_tsc > now) {
            sched_account(&scheduler, now);
            dequeue_current(now);
            current->state = THREAD_BLOCKED;
            if (deadline_tsc != SCHED_NEVER)
                wakeups_set(&wakeups, &current->sleep, deadline_tsc);
            current->timed_out = false;
            schedule();
            woken = current->wake_pending;
        }
    }
    current->wake_pending = false;
    irq_restore(flags);
    return woken;
}

void thread_wait(void)
{
    (void)thread_wait_until(SCHED_NEVER);
}

void thread_yield(void)
{
    uint64_t flags = irq_save();
    struct vcpu_slot *slot = vcpu_slot(current->slot);
    if (current != &idle_thread && current->next) {
        slot->first = current->next;
        slot->last->next = current;
        slot->last = current;
        current->next = NULL;
    }
    schedule();
    irq_restore(flags);
}

bool thread_is_dead(const struct thread *thread)
{
    return thread->state == THREAD_DEAD;
}

_Noreturn void thread_kill_self(void)
{
    (void)irq_save();
    uint64_t now = rdtsc();
    sched_account(&scheduler, now);
    dequeue_current(now);
    current->state = THREAD_DEAD;
    current->frame = NULL;
    for (;;)
        schedule();
}

unsigned threads_dead(void)
{
    unsigned dead = 0;
    for (unsigned i = 0; i < n_threads; i++)
        dead += threads[i].state == THREAD_DEAD;
    return dead;
}

/* Of each thread inside a component, the part of the stack that lies below its frame: return addresses, mostly. */
bool threads_inside(uint64_t begin, uint64_t end, const void *from)
{
    for (unsigned i = 0; i <= n_threads; i++) {
        const struct thread *t = i < n_threads ? &threads[i] : &idle_thread;
        const struct component_frame *top = t->frame;
        while (top && top->outer)
            top = top->outer;
        const uint64_t *word = t == current ? from : (const uint64_t *)t->rsp;
        for (; top && word < (const uint64_t *)top; word++)
            if (*word >= begin && *word < end)
                return true;
    }
    return false;
}

bool threads_stuck(uint32_t beats)
{
    for (unsigned i = 0; i < n_threads; i++) {
        const struct component_frame *frame = threads[i].frame;
        if (frame && threads[i].state != THREAD_DEAD && frame->incarnation == frame->component->incarnation &&
            component_beat - frame->beat > beats)
            return true;
    }
    return false;
}

unsigned threads_revive_dead(void)
{
    unsigned revived = 0;
    uint64_t flags = irq_save();
    for (unsigned i = 0; i < n_threads; i++) {
        if (threads[i].state != THREAD_DEAD)
            continue;
        prepare_stack(&threads[i]);
        threads[i].wake_pending = false;
        enqueue(&threads[i], rdtsc());
        revived++;
    }
    irq_restore(flags);
    return revived;
}

uint64_t thread_consumed(void)
{
    uint64_t flags = irq_save();
    const struct vcpu *v = &vcpu_slot(current->slot)->vcpu;
    sched_account(&scheduler, rdtsc());
    uint64_t consumed = v->used + v->background_time;
    irq_restore(flags);
    return consumed;
}

/* The boot path, on the boot stack, turns into the idle thread. */
_Noreturn void threads_run(void)
{
    (void)irq_save();
    started = true;
    schedule();
    for (;;)
        __asm__ volatile("sti; hlt; cli" ::: "memory");
}

const struct thread *thread_at(unsigned number)
{
    return number < n_threads ? &threads[number] : NULL;
}
