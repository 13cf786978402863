/* SPDX-License-Identifier: MIT */
/*
 * Stopping cores: requests between monitors (a word and an NMI, answered within a bound), parking a sandbox for good,
 * and the end of the run.
 */
#include "lib/emulator.h"
#include "lib/errno.h"
#include "lib/print.h"
#include "lib/x86.h"
#include "monitor/core.h"
#include "monitor/dump.h"
#include "monitor/remap.h"

#define REQUEST_TIMEOUT_MS 500u
#define SIPI_PAGE          0x08u /* trampoline at 0x8000 */
#define ICR_WAIT_SPINS     100000u

/* The guest may have been interrupted between its two ICR writes, so the high half is put back. */
void lapic_ipi(uint32_t apic_id, uint32_t command)
{
    uint32_t high = *lapic(LAPIC_ICR_HIGH);
    for (unsigned spin = 0; spin < ICR_WAIT_SPINS && (*lapic(LAPIC_ICR_LOW) & ICR_PENDING); spin++)
        cpu_pause();
    *lapic(LAPIC_ICR_HIGH) = apic_id << 24;
    *lapic(LAPIC_ICR_LOW) = command | ICR_ASSERT;
    for (unsigned spin = 0; spin < ICR_WAIT_SPINS && (*lapic(LAPIC_ICR_LOW) & ICR_PENDING); spin++)
        cpu_pause();
    *lapic(LAPIC_ICR_HIGH) = high;
}

void lapic_quiesce(void)
{
    if (machine.tsc_deadline)
        wrmsr(MSR_TSC_DEADLINE, 0); /* before the mode changes: in the other ones it is not written */
    *lapic(LAPIC_LVT_TIMER) = LAPIC_LVT_MASKED;
    *lapic(LAPIC_TIMER_INITIAL) = 0;
    for (unsigned word = 0; word < 8; word++)
        for (unsigned tries = 0; tries < 32 && *lapic(LAPIC_ISR + word * 0x10) != 0; tries++)
            *lapic(LAPIC_EOI) = 0;
}

/*
 * Nobody else can request anything while an unanswered request stands. False: it was read just now. A stop is left
 * standing: nothing comes after it, and it is right whenever it is read.
 */
static bool take_request_back(struct core *target, enum core_request_kind kind)
{
    uint32_t mine = (uint32_t)kind;
    return __atomic_compare_exchange_n(&target->request, &mine, REQUEST_NONE, false, __ATOMIC_ACQ_REL,
                                       __ATOMIC_ACQUIRE);
}

int core_request(struct core *from, struct core *target, enum core_request_kind kind)
{
    uint32_t none = REQUEST_NONE;
    uint32_t done = __atomic_load_n(&target->request_done, __ATOMIC_ACQUIRE);
    if (!__atomic_compare_exchange_n(&target->request, &none, (uint32_t)kind, false, __ATOMIC_ACQ_REL,
                                     __ATOMIC_ACQUIRE))
        return -EBUSY;
    target->request_from = from->index;
    lapic_ipi(target->apic_id, ICR_NMI);
    uint64_t limit = rdtsc() + machine.tsc_hz / 1000u * REQUEST_TIMEOUT_MS;
    while (__atomic_load_n(&target->request_done, __ATOMIC_ACQUIRE) == done) {
        if (rdtsc() > limit)
            return kind == REQUEST_STOP || take_request_back(target, kind) ? -ETIMEDOUT : 0;
        cpu_pause();
    }
    return 0;
}

void machine_leave(uint32_t status)
{
    if (!machine.cfg || !(machine.cfg->flags & QV_CFG_EXIT_AT_END))
        return;
    emulator_leave(status);
}

/* The next request that wakes a sleeping core. */
static enum core_request_kind sleep_until_request(struct core *core)
{
    for (;;) {
        if (vendor)
            vendor->wait_for_nmi(core);
        else
            __asm__ volatile("hlt");
        (void)remap_poll(core);
        uint32_t kind = vendor ? core->request : (uint32_t)REQUEST_NONE;
        if (kind != REQUEST_NONE) {
            __atomic_store_n(&core->request, REQUEST_NONE, __ATOMIC_RELEASE);
            __atomic_fetch_add(&core->request_done, 1, __ATOMIC_RELEASE);
            return (enum core_request_kind)kind;
        }
    }
}

static _Noreturn void sleep_for_ever(struct core *core)
{
    for (;;)
        (void)sleep_until_request(core);
}

void core_handle_request(struct core *core, const struct exit_info *exit)
{
    vendor->drain_nmi(core); /* before the request is read: an NMI that comes later brings a new exit */
    uint32_t kind = core->request;
    uint32_t from = core->request_from;
    bool dma = remap_poll(core);
    monitor_trace(core, QV_TRACE_NMI, kind, kind == REQUEST_NONE && dma ? QV_NO_SANDBOX : from);
    if (kind == REQUEST_NONE)
        return;
    __atomic_store_n(&core->request, REQUEST_NONE, __ATOMIC_RELEASE);
    __atomic_fetch_add(&core->request_done, 1, __ATOMIC_RELEASE);
    if (kind == REQUEST_STOP)
        sleep_for_ever(core);
    if (kind == REQUEST_SUSPECT)
        recovery_fault(core, QV_DETECT_HEARTBEAT, from, exit, FROM_MONITOR, FAULT_SCOPE_COMPONENT);
    if (kind == REQUEST_OVERDUE && recovery_overdue(core))
        recovery_fault(core, QV_DETECT_RECOVERY_TIMEOUT, from, exit, FROM_MONITOR, FAULT_SCOPE_COMPONENT);
    /*
     * One that is itself being recovered did not come to it, and its recovery has a limit of its own. Which thread is
     * stuck is not known, least of all that it is the running one.
     */
    bool recovering = core->report->state != QV_SB_RUNNING || core->policy.state == POLICY_RECOVERING;
    if (kind == REQUEST_STUCK && !recovering)
        recovery_fault(core, QV_DETECT_RECOVERY_TIMEOUT, from, exit, FROM_MONITOR, FAULT_SCOPE_KERNEL);
}

/*
 * A core that does not answer an NMI was reset under its monitor (INIT cannot be kept from a passed-through xAPIC) or
 * its monitor is lost. INIT and SIPI bring it back through the start-up trampoline; see AMD APM vol. 2, 14.1.3
 * and 16.5.
 */
void core_revive(struct core *core, struct core *target)
{
    monitor_trace(core, QV_TRACE_DETECT, QV_DETECT_CORE_RESET, target->index);
    kprint("core %u does not answer: reviving it by INIT and SIPI", target->index);
    target->request = REQUEST_NONE;
    lapic_ipi(target->apic_id, ICR_INIT);
    uint64_t until = rdtsc() + machine.tsc_hz / 1000u * 10u;
    while (rdtsc() < until)
        cpu_pause();
    lapic_ipi(target->apic_id, ICR_SIPI | SIPI_PAGE);
}

_Noreturn void core_revived(struct core *core)
{
    struct exit_info exit = {.cause = QV_EXIT_INIT, .tsc = rdtsc()};
    if (vendor->core_start(core))
        monitor_panic("core %u: virtualization cannot be turned on again", core->index);
    report_exit(core, &exit);
    recovery_fault(core, QV_DETECT_CORE_RESET, core->index, &exit, FROM_MONITOR, FAULT_SCOPE_KERNEL);
    monitor_run(core);
}

_Noreturn void core_park(struct core *core, enum qv_sandbox_state state)
{
    lapic_quiesce();
    report_state(core, state);
    sleep_for_ever(core);
}

void core_park_until_overdue(struct core *core)
{
    lapic_quiesce();
    report_state(core, QV_SB_PARKED);
    for (;;) {
        enum core_request_kind kind = sleep_until_request(core);
        if (kind == REQUEST_STOP)
            sleep_for_ever(core);
        if (kind == REQUEST_OVERDUE && recovery_close_takeover(core))
            return;
    }
}

/* Somebody else's request to it is answered, or taken back, within REQUEST_TIMEOUT_MS. */
static void request_stop(struct core *core, struct core *target)
{
    uint64_t limit = rdtsc() + machine.tsc_hz / 1000u * 2u * REQUEST_TIMEOUT_MS;
    while (core_request(core, target, REQUEST_STOP) == -EBUSY && rdtsc() < limit)
        cpu_pause();
}

_Noreturn void machine_stop(struct core *core, uint32_t status)
{
    uint32_t nobody = QV_NO_SANDBOX;
    if (!__atomic_compare_exchange_n(&machine.stopper, &nobody, core->index, false, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE))
        sleep_for_ever(core); /* somebody else stops the machine; his NMI ends here */
    for (unsigned i = 0; i < machine.n_cores; i++)
        if (i != core->index)
            request_stop(core, &cores[i]); /* a core that does not answer cannot be helped now */
    monitor_trace(core, QV_TRACE_END, status, 0);
    directory()->exit_status = status;
    __atomic_store_n(&directory()->machine_state, QV_MACHINE_DONE, __ATOMIC_RELEASE);
    sums_after();
    machine_dump();
    machine_leave(status);
    sleep_for_ever(core);
}
