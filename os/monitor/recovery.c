/* SPDX-License-Identifier: MIT */
/* From a detected fault to a decision and its execution, on the faulty sandbox's own core. */
#include "lib/errno.h"
#include "lib/print.h"
#include "lib/x86.h"
#include "monitor/core.h"
#include "monitor/partition.h"

#define ACK_TIMEOUT_MS 200u
#define BACKOFF_CAP_MS 2000u

static uint64_t ms_ticks(uint64_t ms)
{
    return machine.tsc_hz / 1000u * ms;
}

static uint64_t us_ticks(uint64_t us)
{
    return machine.tsc_hz / 1000u * us / 1000u;
}

void recovery_init(struct core *core)
{
    const struct qv_recovery_cfg *cfg = &machine.cfg->recovery;
    struct policy_config config = {
        .strategy = (enum qv_policy)cfg->policy,
        .budget = cfg->budget,
        .backoff_ticks = us_ticks(cfg->backoff_us),
        .backoff_cap = ms_ticks(BACKOFF_CAP_MS),
        .recover_ticks = us_ticks(cfg->recover_limit_us),
        .verify_ticks = ms_ticks(QV_VERIFY_MS),
        .escalate = true,
    };
    if (policy_init(&core->policy, &config, core->report->incarnation))
        monitor_panic("unknown recovery policy %u", cfg->policy);
}

static uint64_t phase_key(const struct core *core)
{
    return (uint64_t)core->index << 32 | core->recovery;
}

static void phase_begin(struct core *core, enum qv_phase phase)
{
    monitor_trace(core, QV_TRACE_PHASE_BEGIN, (uint64_t)phase, phase_key(core));
}

static void phase_end(struct core *core, enum qv_phase phase)
{
    monitor_trace(core, QV_TRACE_PHASE_END, (uint64_t)phase, phase_key(core));
}

static struct core *standby_of(const struct core *core)
{
    unsigned standby = machine.cfg->sandbox[core->index].standby;
    return standby < machine.n_cores && standby != core->index ? &cores[standby] : NULL;
}

/*
 * Its neighbours end a recovery that does not end. Where the processor has a timer for it, its monitor does so by
 * itself: it is the only one if no neighbour lives, and it costs no exit in steady state.
 */
static void set_alarm(struct core *core, uint64_t tsc)
{
    if (vendor->alarm)
        vendor->alarm(core, tsc);
}

/* Enters the sandbox at its upcall entry instead of where it was. False if it registered none. */
static bool redirect_to_upcall(struct core *core, enum qv_detection detection, uint64_t address, uint64_t not_before,
                               const struct exit_info *exit)
{
    if (core->upcall_entry == 0)
        return false;
    struct upcall_frame *frame = (struct upcall_frame *)core->upcall_frame;
    *frame = (struct upcall_frame){
        .rip = core->guest.rip,
        .rsp = core->guest.rsp,
        .rflags = core->guest.rflags,
        .rax = core->guest.rax,
        .detection = (uint64_t)detection,
        .address = address,
        .action = FAULT_ACTION_LOCAL,
        .not_before = not_before,
        .exit_tsc = exit->tsc,
    };
    core->guest.rip = core->upcall_entry;
    core->guest.rsp = core->upcall_stack;
    core->guest.rflags = RFLAGS_FIXED;
    vendor->redirect(core);
    return true;
}

static bool recover_local(struct core *core, const struct policy_decision *decision, enum qv_detection detection,
                          uint64_t address, const struct exit_info *exit, enum recovery_source source,
                          enum fault_scope scope)
{
    if (source == FROM_MONITOR && core->upcall_entry == 0)
        return false;
    if (scope != FAULT_SCOPE_DEVICE) { /* then nothing says that this sandbox's instance is the damaged one */
        phase_begin(core, QV_PHASE_DRIVER_SWITCH);
        if (!core->part.standby_ready)
            partition_refill(core);
        partition_switch_driver(core);
        phase_end(core, QV_PHASE_DRIVER_SWITCH);
    }
    report_state(core, QV_SB_RECOVERING);
    if (source == FROM_GUEST_CALL) {
        core->guest.rax = FAULT_ACTION_LOCAL;
        core->guest.rdx = decision->not_before;
    } else {
        redirect_to_upcall(core, detection, address, decision->not_before, exit);
    }
    phase_begin(core, QV_PHASE_VM_ENTER);
    return true;
}

/* All that this sandbox served, for itself or for others, is the standby's from now on. */
static void hand_over(struct core *core, struct core *standby)
{
    __atomic_fetch_or(&standby->takeover_pending, 1u << core->index, __ATOMIC_ACQ_REL);
    __atomic_store_n(&core->report->takeover_open, 1, __ATOMIC_RELEASE);
    for (unsigned i = 0; i < machine.n_cores; i++) {
        struct core *other = &cores[i];
        if (other == standby || other->report->taken_over_by != core->index)
            continue;
        if (other->report->takeover_open)
            __atomic_fetch_or(&standby->takeover_pending, 1u << i, __ATOMIC_ACQ_REL);
        __atomic_store_n(&other->report->taken_over_by, standby->index, __ATOMIC_RELEASE);
    }
    __atomic_store_n(&core->takeover_pending, 0, __ATOMIC_RELEASE);
    __atomic_store_n(&core->report->taken_over_by, standby->index, __ATOMIC_RELEASE);
}

/* Its standby has neither served the service that was handed to it nor said why. */
static bool standby_owes(const struct core *core)
{
    uint32_t standby = core->report->taken_over_by;
    return standby < machine.n_cores &&
           (__atomic_load_n(&cores[standby].takeover_pending, __ATOMIC_ACQUIRE) & (1u << core->index));
}

/* The service is this sandbox's again. A standby that has neither served it nor said why is itself stuck. */
static void take_back(struct core *core)
{
    uint32_t standby = core->report->taken_over_by;
    __atomic_store_n(&core->report->taken_over_by, QV_NO_SANDBOX, __ATOMIC_RELEASE);
    __atomic_store_n(&core->report->takeover_open, 0, __ATOMIC_RELEASE);
    if (standby >= machine.n_cores)
        return;
    uint32_t bit = 1u << core->index;
    if (__atomic_fetch_and(&cores[standby].takeover_pending, ~bit, __ATOMIC_ACQ_REL) & bit)
        (void)core_request(core, &cores[standby], REQUEST_STUCK);
}

/*
 * Hands the service to the standby sandbox and parks. The IPI goes straight to its kernel; its monitor stays asleep.
 * Returns only if the standby did not serve within the limit.
 */
static void recover_remote(struct core *core, struct core *standby)
{
    const volatile struct qv_sandbox_status *status = (const struct qv_sandbox_status *)QV_STATUS_PHYS(standby->index);
    uint64_t acknowledged = status->recovery_acks;
    lapic_quiesce();
    report_state(core, QV_SB_PARKED);
    hand_over(core, standby);
    monitor_trace(core, QV_TRACE_IPI_SEND, standby->index, VECTOR_IPI_RECOVERY);
    phase_begin(core, QV_PHASE_IPI_ROUND_TRIP);
    phase_begin(core, QV_PHASE_IPI);
    lapic_ipi(standby->apic_id, VECTOR_IPI_RECOVERY);
    uint64_t limit = rdtsc() + ms_ticks(ACK_TIMEOUT_MS);
    while (status->recovery_acks == acknowledged && rdtsc() < limit)
        cpu_pause();
    if (status->recovery_acks != acknowledged)
        phase_end(core, QV_PHASE_IPI_ROUND_TRIP);
    core_park_until_overdue(core);
}

static void recover_restart(struct core *core, const struct policy_decision *decision)
{
    struct guest_start start = {0};
    report_state(core, QV_SB_RESTARTING);
    take_back(core);
    while (rdtsc() < decision->not_before)
        cpu_pause();
    phase_begin(core, QV_PHASE_SANDBOX_RELOAD);
    lapic_quiesce();
    core->report->incarnation++;
    core->upcall_entry = 0;
    if (partition_load(core, &start))
        monitor_panic("restart: image does not fit any more");
    partition_restore_window(core);
    vendor->guest_reset(core, &start);
    core->pci.address = 0;
    core->lapic.started = false;
    report_regions();
    phase_end(core, QV_PHASE_SANDBOX_RELOAD);
    report_state(core, QV_SB_BOOTING);
    phase_begin(core, QV_PHASE_VM_ENTER);
}

static void begin(struct core *core, enum qv_detection detection, uint64_t address, const struct exit_info *exit,
                  enum recovery_source source)
{
    core->stage = QV_STAGE_RECOVERY;
    core->recovery++;
    core->report->recovery = core->recovery; /* the sandboxes number their phases by it */
    core->report->last_detection = (uint32_t)detection;
    /* A neighbour that suspects, or the guest that reports, has stamped the detection and the start of the exit. */
    if (source == FROM_MONITOR && detection != QV_DETECT_HEARTBEAT)
        monitor_trace_at(core, exit->tsc, QV_TRACE_DETECT, (uint64_t)detection, address);
    else
        monitor_trace_at(core, exit->tsc, QV_TRACE_PHASE_END, QV_PHASE_VM_EXIT, phase_key(core));
    monitor_trace_at(core, exit->tsc, QV_TRACE_PHASE_BEGIN, QV_PHASE_DECISION, phase_key(core));
}

void recovery_fault(struct core *core, enum qv_detection detection, uint64_t address, const struct exit_info *exit,
                    enum recovery_source source, enum fault_scope scope)
{
    begin(core, detection, address, exit, source);
    struct core *standby = standby_of(core);
    struct policy_inputs inputs = {
        .monitor = true,
        .standby_alive = standby && standby->report->state == QV_SB_RUNNING,
        .kernel_lost = scope == FAULT_SCOPE_KERNEL || (source == FROM_MONITOR && core->upcall_entry == 0),
    };
    struct policy_decision decision;
    if (core->policy.state == POLICY_VERIFYING)
        policy_tick(&core->policy, exit->tsc);
    /* Found damaged again right after a repair in place: then it is this sandbox's own instance that damages it. */
    bool again = scope == FAULT_SCOPE_DEVICE && core->policy.state != POLICY_RUNNING;
    if (again)
        scope = FAULT_SCOPE_COMPONENT;
    /* A shared device is repaired in place by whoever found it damaged. */
    if (core->policy.config.strategy != QV_POLICY_NONE)
        core->policy.config.strategy =
            scope == FAULT_SCOPE_DEVICE ? QV_POLICY_LOCAL : (enum qv_policy)machine.cfg->recovery.policy;
    int error = policy_detect(&core->policy, detection, core->policy.incarnation, exit->tsc);
    if (again)
        core->policy.failed = false; /* the configured strategy has not been tried yet */
    if (error || policy_stopped(&core->policy) || policy_decide(&core->policy, &inputs, rdtsc(), &decision))
        core_park(core, QV_SB_GAVE_UP);
    core->report->attempts = core->policy.attempts;
    monitor_trace(core, QV_TRACE_DECISION, (uint64_t)decision.action, (uint64_t)decision.reason);
    phase_end(core, QV_PHASE_DECISION);
    if (decision.action == QV_POLICY_NONE) {
        __atomic_store_n(&core->report->recover_by, 0, __ATOMIC_RELEASE);
        bool spent = decision.reason == POLICY_BUDGET_SPENT;
        if (spent) /* to contain because the policy says so is not giving up */
            monitor_trace(core, QV_TRACE_GAVE_UP, (uint64_t)detection, core->policy.attempts);
        if (standby_owes(core)) /* nobody else would find the standby stuck */
            take_back(core);
        core_park(core, spent ? QV_SB_GAVE_UP : QV_SB_PARKED);
    }
    /* The strategies wait for not_before themselves: the clock of the attempt starts when it may start. */
    policy_begin(&core->policy, decision.not_before > exit->tsc ? decision.not_before : rdtsc());
    core->report->attempts = core->policy.attempts;
    uint64_t by = core->policy.deadline;
    __atomic_store_n(&core->report->recover_by, by == UINT64_MAX ? 0 : by, __ATOMIC_RELEASE);
    set_alarm(core, core->report->recover_by);
    if (decision.action == QV_POLICY_LOCAL && recover_local(core, &decision, detection, address, exit, source, scope))
        return;
    if (decision.action == QV_POLICY_REMOTE && standby) {
        recover_remote(core, standby);
        struct exit_info late = {.cause = QV_EXIT_NMI, .tsc = rdtsc()};
        recovery_fault(core, QV_DETECT_RECOVERY_TIMEOUT, standby->index, &late, FROM_MONITOR, FAULT_SCOPE_COMPONENT);
        return;
    }
    recover_restart(core, &decision);
}

void recovery_done(struct core *core)
{
    if (policy_recovered(&core->policy, rdtsc()))
        return;
    __atomic_store_n(&core->report->recover_by, 0, __ATOMIC_RELEASE);
    set_alarm(core, 0);
    monitor_trace(core, QV_TRACE_RECOVERED, (uint64_t)core->policy.strategy, core->index);
    core->stage = QV_STAGE_STEADY;
    report_state(core, QV_SB_RUNNING);
    partition_refill(core);
}

bool recovery_close_takeover(struct core *core)
{
    return __atomic_exchange_n(&core->report->takeover_open, 0, __ATOMIC_ACQ_REL) != 0;
}

/*
 * A service inherited from a standby that had taken it over, and then failed itself, was recovered before: nothing is
 * under way then. One that cannot be taken over is its own sandbox's again, at once. One that is served when its
 * sandbox has begun to take it back comes too late; the bit stays, and says so to take_back().
 */
void recovery_taken_over(struct core *core, struct core *failed, bool served)
{
    uint32_t bit = 1u << failed->index;
    bool pending = __atomic_load_n(&core->takeover_pending, __ATOMIC_ACQUIRE) & bit;
    if (!served) {
        if (!pending && failed->report->state != QV_SB_PARKED)
            return;
        if (!pending) { /* nobody expects anything of it: opened anew, and over at once */
            __atomic_store_n(&failed->report->takeover_open, 1, __ATOMIC_RELEASE);
            __atomic_store_n(&failed->report->recover_by, rdtsc(), __ATOMIC_RELEASE);
        }
        __atomic_fetch_and(&core->takeover_pending, ~bit, __ATOMIC_ACQ_REL);
        (void)core_request(core, failed, REQUEST_OVERDUE);
        return;
    }
    if (!pending || !recovery_close_takeover(failed))
        return;
    __atomic_fetch_and(&core->takeover_pending, ~bit, __ATOMIC_ACQ_REL);
    __atomic_store_n(&failed->report->recover_by, 0, __ATOMIC_RELEASE);
    monitor_trace(core, QV_TRACE_RECOVERED, QV_POLICY_REMOTE, failed->index);
}

bool recovery_overdue(const struct core *core)
{
    uint64_t by = __atomic_load_n(&core->report->recover_by, __ATOMIC_ACQUIRE);
    return by != 0 && rdtsc() >= by;
}

int recovery_end_overdue(struct core *core, struct core *target, const struct exit_info *exit)
{
    if (target != core)
        return core_request(core, target, REQUEST_OVERDUE);
    recovery_fault(core, QV_DETECT_RECOVERY_TIMEOUT, core->index, exit, FROM_MONITOR, FAULT_SCOPE_COMPONENT);
    return 0;
}
