/* SPDX-License-Identifier: MIT */
/* The monitor's main loop: run the sandbox, look why it came out, act by a table. */
#include "lib/print.h"
#include "lib/x86.h"
#include "monitor/core.h"
#include "monitor/pmu.h"

typedef void (*exit_handler)(struct core *core, const struct exit_info *exit);

static void on_nested_page(struct core *core, const struct exit_info *exit)
{
    if ((machine.cfg->flags & QV_CFG_LAPIC_GUARDED) && device_lapic_store(core, exit))
        return;
    monitor_trace_at(core, exit->tsc, QV_TRACE_VIOLATION, exit->cause, exit->gpa);
    recovery_fault(core, QV_DETECT_NESTED_PAGE, exit->gpa, exit, FROM_MONITOR, FAULT_SCOPE_COMPONENT);
}

static void on_shutdown(struct core *core, const struct exit_info *exit)
{
    recovery_fault(core, QV_DETECT_TRIPLE_FAULT, core->guest.rip, exit, FROM_MONITOR, FAULT_SCOPE_KERNEL);
}

static void on_init(struct core *core, const struct exit_info *exit)
{
    recovery_fault(core, QV_DETECT_CORE_RESET, core->guest.rip, exit, FROM_MONITOR, FAULT_SCOPE_KERNEL);
}

static void on_msr(struct core *core, const struct exit_info *exit)
{
    uint64_t value = core->guest.rdx << 32 | (core->guest.rax & 0xffffffffu);
    if (exit->msr_write && pmu_write((uint32_t)core->guest.rcx, value)) {
        core->guest.rip += exit->length;
        return;
    }
    core_refuse(core, exit, core->guest.rcx & 0xffffffffu, VECTOR_GP);
}

static void on_virtualization_instruction(struct core *core, const struct exit_info *exit)
{
    core_refuse(core, exit, core->guest.rip, VECTOR_UD);
}

#define CPUID_FEATURES   1u
#define CPUID_XSAVE_BITS (3u << 26) /* XSAVE, OSXSAVE: the sandbox cannot set XCR0 */

/* Where CPUID cannot be left direct: what the processor says, without what the monitor keeps for itself. */
static void on_cpuid(struct core *core, const struct exit_info *exit)
{
    uint32_t leaf = (uint32_t)core->guest.rax;
    uint32_t subleaf = (uint32_t)core->guest.rcx;
    struct cpuid_result result = cpuid(leaf, subleaf);
    if (leaf == CPUID_FEATURES)
        result.ecx &= ~(machine.tsc_deadline ? CPUID_XSAVE_BITS : CPUID_XSAVE_BITS | CPUID_TSC_DEADLINE);
    vendor->hide(leaf, subleaf, &result);
    core->guest.rax = result.eax;
    core->guest.rbx = result.ebx;
    core->guest.rcx = result.ecx;
    core->guest.rdx = result.edx;
    core->guest.rip += exit->length;
}

/* Asked for by recovery.c. Too early only where the timer cannot hold so long a time. */
static void on_alarm(struct core *core, const struct exit_info *exit)
{
    if (core->report->recover_by == 0)
        vendor->alarm(core, 0); /* nothing is under way any more: it would run out at once again */
    else if (recovery_overdue(core))
        (void)recovery_end_overdue(core, core, exit);
}

static void on_privileged(struct core *core, const struct exit_info *exit)
{
    core_refuse(core, exit, core->guest.rip, VECTOR_GP);
}

static void on_unexpected(struct core *core, const struct exit_info *exit)
{
    vendor->audit(core);
    monitor_panic("core %u: exit %x (%lx, %lx) at %lx cannot be handled", core->index, exit->vendor_code, exit->info1,
                  exit->info2, core->guest.rip);
}

static const exit_handler handlers[QV_EXIT_CAUSE_SLOTS] = {
    [QV_EXIT_OTHER] = on_privileged,
    [QV_EXIT_CALL] = monitor_call,
    [QV_EXIT_NESTED_PAGE] = on_nested_page,
    [QV_EXIT_NMI] = core_handle_request,
    [QV_EXIT_SHUTDOWN] = on_shutdown,
    [QV_EXIT_MSR] = on_msr,
    [QV_EXIT_PORT] = device_port,
    [QV_EXIT_VIRT_INSN] = on_virtualization_instruction,
    [QV_EXIT_CPUID] = on_cpuid,
    [QV_EXIT_CONTROL_REGISTER] = on_privileged,
    [QV_EXIT_CACHE] = on_privileged,
    [QV_EXIT_INIT] = on_init,
    [QV_EXIT_TIMER] = on_alarm,
};

_Noreturn void monitor_run(struct core *core)
{
    struct exit_info exit = {0};
    for (;;) {
        vendor->run(core, &exit);
        report_exit(core, &exit);
        exit_handler handler = handlers[exit.cause];
        if (handler)
            handler(core, &exit);
        else
            on_unexpected(core, &exit);
    }
}
