/* SPDX-License-Identifier: MIT */
#include "lib/print.h"
#include "lib/x86.h"
#include "monitor/core.h"
#include "monitor/dump.h"

#define PANIC_STATUS 0x7fu

static const char *const cause_names[] = {
#define NAME(sym, num, name) [num] = name,
    QV_EXIT_CAUSES(NAME)
#undef NAME
};

static void print_exits(const struct qv_core_report *report, unsigned core)
{
    uint64_t head = report->exit_log_head;
    uint64_t from = head > QV_EXIT_LOG ? head - QV_EXIT_LOG : 0;
    for (uint64_t i = from; i < head; i++) {
        const struct qv_exit_record *e = &report->exit_log[i % QV_EXIT_LOG];
        kprint("core %u exit %lu: tsc %lu %s (code %x) rip %lx info %lx %lx", core, i, e->tsc, cause_names[e->cause],
               e->vendor_code, e->rip, e->info1, e->info2);
    }
}

/* What is delivered must not change while parts of it are sent again. Nobody is waited for. */
static void stop_the_others(void)
{
    uint32_t self = *lapic(LAPIC_ID) >> 24;
    for (unsigned i = 0; i < machine.n_cores; i++) {
        if (cores[i].apic_id == self || !cores[i].entered)
            continue;
        cores[i].request = REQUEST_STOP;
        lapic_ipi(cores[i].apic_id, ICR_NMI);
    }
}

/*
 * Whose panic it is that ends the machine: APIC id + 1 of the first core, 0 = nobody's yet. A panic in the middle of
 * its own panic leaves out what may have caused it; another core leaves the rest to the first.
 */
static uint32_t panicking;

static bool first_panic(void)
{
    uint32_t self = (*lapic(LAPIC_ID) >> 24) + 1u, nobody = 0;
    if (__atomic_compare_exchange_n(&panicking, &nobody, self, false, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE))
        return true;
    if (nobody != self)
        for (;;)
            __asm__ volatile("cli; hlt");
    return false;
}

/* An error of the monitors themselves: nothing can be trusted to go on, so the machine stops and says why. */
_Noreturn void monitor_panic(const char *format, ...)
{
    char text[160];
    va_list arguments;
    va_start(arguments, format);
    print_format(text, sizeof(text), format, arguments);
    va_end(arguments);
    kprint("MONITOR PANIC: %s", text);
    bool first = first_panic();
    for (unsigned i = 0; first && i < machine.n_cores; i++)
        if (cores[i].report)
            print_exits(cores[i].report, i);
    directory()->exit_status = PANIC_STATUS;
    __atomic_store_n(&directory()->machine_state, QV_MACHINE_FAILED, __ATOMIC_RELEASE);
    if (first && dump_by_serial())
        stop_the_others();
    if (first)
        machine_dump();
    machine_leave(PANIC_STATUS);
    for (;;)
        __asm__ volatile("cli; hlt");
}
