/* SPDX-License-Identifier: MIT */
/*
 * The sandbox's part of a recovery: re-initialise the driver (local), take another sandbox's service over (remote), or
 * report that a restarted sandbox serves again. One thread on a VCPU of its own does all three.
 */
#include "sandbox/internal.h"

#include "sandbox/net/net.h"
#include "sandbox/nic/nic.h"
#include "sandbox/pmu.h"

#define FIRST_REPLY_WAIT_US 500000u
#define TAKEOVER_TRIES      8u
#define BUSY_MIN_US         250000u
#define REINIT_RETRY_US     1000u

struct thread *recovery_thread;

static volatile bool local_due;
static volatile uint64_t local_not_before;
static volatile uint64_t local_since;            /* native mode: when it was asked for, 0 = none is under way */
static volatile uint32_t takeover_due;           /* bit per failed sandbox; atomic: its thread and the IPI change it */
static uint32_t takeover_seen[QV_MAX_SANDBOXES]; /* number of its recovery whose hand-over was seen */
static volatile uint64_t reply_key; /* phase key of the recovery that waits for its first good reply, 0 = none */
static volatile bool network_open;  /* its network phase has not ended yet */

void phase_begin(enum qv_phase phase, uint64_t key)
{
    trace(QV_TRACE_PHASE_BEGIN, (uint64_t)phase, key);
    pmu_trace();
}

void phase_end(enum qv_phase phase, uint64_t key)
{
    pmu_trace();
    trace(QV_TRACE_PHASE_END, (uint64_t)phase, key);
}

/* The monitor numbers recoveries; before it knows of one the number is one ahead. */
uint64_t recovery_key(unsigned sandbox, unsigned ahead)
{
    return (uint64_t)sandbox << 32 | (directory()->core[sandbox].recovery + ahead);
}

_Noreturn void kernel_lost(enum qv_detection detection, uint64_t address, const char *what)
{
    (void)irq_save();
    print_to(status->message, sizeof(status->message), "%s", what);
    trace(QV_TRACE_DETECT, (uint64_t)detection, address);
    phase_begin(QV_PHASE_VM_EXIT, recovery_key(handoff->id, 1));
    kprint("kernel lost: %s (%lx)", what, address);
    monitor_call3(QV_CALL_FAULT, (uint64_t)detection, address, FAULT_SCOPE_KERNEL);
    for (;;)
        __asm__ volatile("cli; hlt"); /* native, or refused: stopped here for good */
}

/* Until when another sharer that resets the device is waited for: longer than those wait who would replace it. */
static uint64_t busy_limit(void)
{
    uint32_t replaced = 2 * handoff->cfg.recovery.progress_timeout_us; /* as in nic.c */
    uint32_t wait = replaced + replaced / 4;
    return time_now() + time_from_us(wait > BUSY_MIN_US ? wait : BUSY_MIN_US);
}

/* Re-initialises the device; another sharer may be at it already, then its generation is waited for. */
static bool reinit_driver(uint64_t key)
{
    const volatile uint64_t limit = busy_limit();
    volatile int error = -EBUSY;
    phase_begin(QV_PHASE_DRIVER_REINIT, key);
    for (volatile bool again = false; !again || time_now() < limit; again = true) {
        struct component_frame frame;
        if (again)
            (void)thread_wait_until(time_now() + time_from_us(REINIT_RETRY_US));
        if (component_enter(&nic_component, &frame) != 0)
            return false; /* a second fault: the monitor has decided anew */
        error = nic_reinit();
        component_leave(&frame);
        if (error != -EBUSY)
            break;
    }
    phase_end(QV_PHASE_DRIVER_REINIT, key);
    if (error != 0)
        kprint("driver re-initialisation failed: %d", error);
    return error == 0;
}

static void network_begin(uint64_t key)
{
    phase_begin(QV_PHASE_NET_REINIT, key);
    network_open = true;
    reply_key = key;
}

/* The network thread may have replied already when the thread that waits for it runs again: whoever comes first. */
static void network_end(uint64_t key)
{
    uint64_t flags = irq_save();
    if (network_open) {
        network_open = false;
        phase_end(QV_PHASE_NET_REINIT, key);
        phase_begin(QV_PHASE_FIRST_REPLY, key);
    }
    irq_restore(flags);
}

void recovery_first_reply(void)
{
    uint64_t key = reply_key;
    if (key == 0)
        return;
    network_end(key);
    phase_end(QV_PHASE_FIRST_REPLY, key);
    reply_key = 0;
    thread_wake(recovery_thread);
}

/*
 * After the interface is up: time runs until the first good reply, which is part of the recovery, but not for ever, and
 * not while something else is due.
 */
static void wait_for_reply(uint64_t key, uint32_t taking_over)
{
    uint64_t limit = time_now() + time_from_us(FIRST_REPLY_WAIT_US);
    network_end(key);
    while (reply_key == key && time_now() < limit && !local_due && !(takeover_due & ~taking_over))
        (void)thread_wait_until(limit);
    reply_key = 0;
}

static void recover_local(void)
{
    uint64_t key = recovery_key(handoff->id, 0);
    while (time_now() < local_not_before)
        (void)thread_wait_until(local_not_before);
    phase_end(QV_PHASE_RESUME, key);
    if (!reinit_driver(key)) {
        if (nic_component.state == COMPONENT_RECOVERING && !local_due)
            monitor_call3(QV_CALL_FAULT, QV_DETECT_RING_INVARIANT, 0, FAULT_SCOPE_KERNEL);
        return;
    }
    nic_component.state = COMPONENT_RUNNING;
    local_since = 0;
    network_begin(key);
    unsigned revived = threads_revive_dead();
    int error = net_reinit();
    network_end(key);
    if (error || revived)
        kprint("interface re-initialised: %d, threads revived: %u", error, revived);
    wait_for_reply(key, 0);
    if (nic_component.state != COMPONENT_RUNNING)
        return;
    if (handoff->mode == QV_MODE_NATIVE)
        trace(QV_TRACE_RECOVERED, QV_POLICY_LOCAL, handoff->id);
    monitor_call(QV_CALL_RECOVERED, 0);
}

static bool handed_to_me(unsigned failed)
{
    return directory()->core[failed].taken_over_by == handoff->id;
}

/* -EBUSY while another sharer resets the device, or until one is known to have died in that: two lock timeouts. */
static int take_over(unsigned failed, bool first_reply)
{
    uint64_t limit = busy_limit();
    int error = net_takeover(failed, first_reply);
    while (error == -EBUSY && time_now() < limit && !local_due && handed_to_me(failed)) {
        (void)thread_wait_until(time_now() + time_from_us(REINIT_RETRY_US));
        error = net_takeover(failed, first_reply);
    }
    return error;
}

/*
 * A service that somebody else had taken over, who failed in turn, or this sandbox's former incarnation: the device was
 * seen to already, and the recovery of the service was over.
 */
static bool inherit(unsigned failed)
{
    int error = take_over(failed, false);
    if (error) {
        kprint("service of sandbox %u not inherited: %d", failed, error);
        return false;
    }
    monitor_call(QV_CALL_TAKEN_OVER, failed);
    return true;
}

/*
 * False: this sandbox's own driver failed in between; the service has to be taken over again when that is mended. True
 * also if its own sandbox has taken it back: then two would serve one address.
 */
static bool recover_remote(unsigned failed)
{
    if (!handed_to_me(failed))
        return true;
    if (!directory()->core[failed].takeover_open)
        return inherit(failed);
    uint64_t key = recovery_key(failed, 0);
    phase_end(QV_PHASE_RESUME, key);
    /* As in a local recovery, nobody else enters meanwhile: the bottom half would take its own sandbox's reset for
     * lost. */
    if (!__sync_bool_compare_and_swap(&nic_component.state, COMPONENT_RUNNING, COMPONENT_RECOVERING))
        return false;
    uint32_t incarnation = nic_component.incarnation;
    bool ready = reinit_driver(key);
    if (nic_component.incarnation != incarnation)
        return false; /* it failed; its own recovery is due */
    nic_component.state = COMPONENT_RUNNING;
    if (!ready)
        return false;
    if (!handed_to_me(failed))
        return true;
    network_begin(key);
    int error = take_over(failed, true);
    network_end(key);
    if (error) {
        reply_key = 0;
        kprint("service of sandbox %u not taken over: %d", failed, error);
        return false;
    }
    wait_for_reply(key, 1u << failed);
    monitor_call(QV_CALL_TAKEN_OVER, failed);
    return true;
}

/* One more try at whatever is due. */
static void recover_due(void)
{
    static unsigned tries[QV_MAX_SANDBOXES];
    if (local_due) {
        local_due = false;
        recover_local();
    }
    for (unsigned i = 0; i < handoff->n_sandboxes; i++) {
        if (!(takeover_due & (1u << i)) || local_due)
            continue;
        bool served = recover_remote(i);
        bool over = served || ++tries[i] >= TAKEOVER_TRIES;
        if (over) {
            tries[i] = 0;
            __atomic_fetch_and(&takeover_due, ~(1u << i), __ATOMIC_RELAXED);
        }
        if (over && !served)
            monitor_call3(QV_CALL_TAKEN_OVER, i, 1, 0); /* somebody else has to help */
        else if (!over)
            (void)thread_wait_until(time_now() + time_from_us(REINIT_RETRY_US));
    }
}

static void on_recovery_ipi(void)
{
    status->recovery_acks++; /* first: the failed sandbox's monitor waits for it */
    for (unsigned i = 0; i < handoff->n_sandboxes; i++) {
        const volatile struct qv_core_report *report = &directory()->core[i];
        if (i == handoff->id || report->taken_over_by != handoff->id || takeover_seen[i] == report->recovery)
            continue;
        if (report->takeover_open) {
            phase_end(QV_PHASE_IPI, recovery_key(i, 0));
            phase_begin(QV_PHASE_RESUME, recovery_key(i, 0));
        }
        trace(QV_TRACE_IPI_RECEIVE, VECTOR_IPI_RECOVERY, i);
        takeover_seen[i] = report->recovery;
        __atomic_fetch_or(&takeover_due, 1u << i, __ATOMIC_RELAXED);
    }
    thread_wake(recovery_thread);
}

void recovery_request_local(uint64_t not_before)
{
    local_not_before = not_before;
    local_since = time_now() > not_before ? time_now() : not_before;
    local_due = true;
    thread_wake(recovery_thread);
}

/*
 * Without a monitor nobody else can end a local recovery that does not end by itself: the driver stays abandoned. Its
 * thread leaves it when it next runs, for the incarnation is no longer its own.
 */
void recovery_check_native(void)
{
    uint64_t limit = time_from_us(handoff->cfg.recovery.recover_limit_us);
    uint64_t since = local_since;
    if (limit == 0 || since == 0 || time_now() < since || time_now() - since < limit)
        return;
    local_since = 0;
    nic_component.incarnation++;
    nic_component.state = COMPONENT_CONTAINED;
    trace(QV_TRACE_DETECT, QV_DETECT_RECOVERY_TIMEOUT, handoff->id);
    trace(QV_TRACE_GAVE_UP, QV_DETECT_RECOVERY_TIMEOUT, nic_component.failures);
    ((struct qv_directory *)phys_to_virt(QV_DIRECTORY_PHYS))->core[handoff->id].state = QV_SB_GAVE_UP;
    kprint("the driver's re-initialisation does not end: given up");
}

static _Noreturn void recovery_main(void *argument)
{
    (void)argument;
    for (;;) {
        if (!local_due && takeover_due == 0)
            thread_wait();
        recover_due();
    }
}

void recovery_start(void)
{
    recovery_thread = thread_create("recovery", recovery_main, NULL, QV_VCPU_RECOVERY);
    irq_register(VECTOR_IPI_RECOVERY, on_recovery_ipi);
}

/* This incarnation is itself a recovery: it is complete with its first good reply. */
static void restarted_main(void *argument)
{
    uint64_t key = (uint64_t)argument;
    if (!handoff_has_network()) {
        phase_end(QV_PHASE_KERNEL_BOOT, key);
        monitor_call(QV_CALL_RECOVERED, 0);
        recovery_main(NULL);
    }
    uint64_t limit = time_now() + time_from_us(FIRST_REPLY_WAIT_US);
    while (status->service_up == 0 && time_now() < limit)
        (void)thread_wait_until(time_now() + time_from_us(1000));
    /* What the former incarnation served for others is this one's; what was half taken over is taken over anew. */
    for (unsigned i = 0; i < handoff->n_sandboxes; i++) {
        if (i == handoff->id || directory()->core[i].taken_over_by != handoff->id)
            continue;
        takeover_seen[i] = directory()->core[i].recovery;
        if (!inherit(i))
            __atomic_fetch_or(&takeover_due, 1u << i, __ATOMIC_RELAXED);
    }
    wait_for_reply(key, takeover_due);
    monitor_call(QV_CALL_RECOVERED, 0);
    recovery_main(NULL);
}

void recovery_restarted(void)
{
    uint64_t key = recovery_key(handoff->id, 0);
    network_open = true;
    reply_key = key;
    recovery_thread = thread_create("recovery", restarted_main, (void *)key, QV_VCPU_RECOVERY);
    irq_register(VECTOR_IPI_RECOVERY, on_recovery_ipi);
}
