/* SPDX-License-Identifier: MIT */
/* The sandbox kernel's way from its entry to its threads. */
#include "bench/bench.h"
#include "faultinject/faultinject.h"
#include "sandbox/cost.h"
#include "sandbox/faultpoint.h"
#include "sandbox/internal.h"
#include "sandbox/net/net.h"
#include "sandbox/nic/nic.h"
#include "sandbox/plain_nic.h"
#include "sandbox/pmu.h"
#include "sandbox/test.h"

fault_hook_fn fault_hook;
exception_hook_fn exception_hook;

_Noreturn void sandbox_main(void);

static uint64_t page_round_up(uint64_t address)
{
    return (address + PAGE_SIZE - 1) & ~(PAGE_SIZE - 1);
}

static unsigned self(void)
{
    return handoff->id;
}

bool handoff_has_network(void)
{
    const struct qv_sandbox_cfg *cfg = &handoff->cfg.sandbox[handoff->id];
    return cfg->nic < QV_MAX_NICS && cfg->ip != 0;
}

void sandbox_ready(void)
{
    monitor_call(QV_CALL_READY, page_round_up(memory_allocated_end()));
    native_ready();
}

static int start_nic(void)
{
    const bool plain = (handoff->cfg.cost.flags & QV_COST_PLAIN_NIC) != 0;
    volatile int error = -EIO;
    struct component_frame frame;
    nic_component.state = COMPONENT_RUNNING;
    if (component_enter(&nic_component, &frame) == 0) {
        error = plain ? plain_nic_attach() : nic_attach();
        if (error == 0 && !plain && handoff->incarnation > 1)
            error = nic_reinit();
        if (error == -EBUSY)
            error = 0; /* another sharer re-initialises it just now: as good, and this instance is attached */
        component_leave(&frame);
    }
    if (error)
        nic_component.state = COMPONENT_DOWN;
    return error;
}

static void start_network(uint64_t key)
{
    if (!handoff_has_network())
        return;
    if (handoff->incarnation > 1) {
        phase_end(QV_PHASE_KERNEL_BOOT, key);
        phase_begin(QV_PHASE_DRIVER_REINIT, key);
    }
    int error = start_nic();
    if (handoff->incarnation > 1) {
        phase_end(QV_PHASE_DRIVER_REINIT, key);
        phase_begin(QV_PHASE_NET_REINIT, key);
    }
    error = error ? error : net_start();
    if (error)
        kprint("network not started: %d", error);
}

static void start_services(uint64_t key)
{
    if (handoff->incarnation > 1)
        recovery_restarted();
    else
        recovery_start();
    start_network(key);
    health_start();
    probe_start();
    work_start();
    faultinject_start();
}

_Noreturn void sandbox_main(void)
{
    uint64_t entry = rdtsc();
    uint64_t key;
    print_set_speaker('s', self);
    print_set_lock(phys_to_virt(QV_CONSOLE_LOCK_PHYS), handoff->tsc_hz / PRINT_PATIENCE_PER_S);
    memory_init();
    status_init();
    emupmu_init();
    trace_init();
    key = recovery_key(handoff->id, 0);
    trace_at(entry, QV_TRACE_BOOT, 2, handoff->tsc_hz);
    if (handoff->incarnation > 1) {
        trace_at(entry, QV_TRACE_PHASE_END, QV_PHASE_VM_ENTER, key);
        trace_at(entry, QV_TRACE_PHASE_BEGIN, QV_PHASE_KERNEL_BOOT, key);
    }
    trap_init();
    time_init();
    pmu_init();
    cost_init();
    threads_init();
    if (handoff->cfg.test[0] == '\0')
        start_services(key);
    else if (!bench_start(handoff->cfg.test) && !tlb_start(handoff->cfg.test))
        boot_test_start(handoff->cfg.test);
    if (handoff->incarnation == 1)
        kprint("sandbox %u: %lu MiB at %lx, timer %s", handoff->id, handoff->size >> 20, handoff->base, timer_name());
    memory_seal();
    if (handoff->incarnation > 1 || handoff->cfg.test[0] != '\0' || !handoff_has_network())
        sandbox_ready(); /* else as soon as its service answers */
    threads_run();
}
