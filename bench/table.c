/* SPDX-License-Identifier: MIT */
/* The benchmarks, in the order in which they run. */
#include "bench/bench.h"

#define WARMUP 100u
#define MANY   1000u
#define SOME   200u
#define FEW    40u /* 120 ms each */

#define MONITOR_CALL(name_, what_, once_)                                                                              \
    {                                                                                                                  \
        .name = name_, .what = what_, .revision = 1, .warmup = WARMUP, .n = MANY, .probes = 1, .interrupts_off = true, \
        .valid = bench_needs_monitor, .once = once_                                                                    \
    }
#define IPI(name_, what_, wait_, once_)                                                                                \
    {                                                                                                                  \
        .name = name_, .what = what_, .revision = 1, .warmup = WARMUP, .n = MANY, .probes = 1, .argument = wait_,      \
        .valid = bench_ipi_valid, .setup = bench_ipi_setup, .once = once_, .teardown = bench_ipi_teardown,             \
        .partner_setup = bench_ipi_partner_setup, .partner = bench_ipi_partner                                         \
    }
#define CHANNEL(text_, bytes_)                                                                                         \
    {                                                                                                                  \
        .name = "channel-" text_,                                                                                      \
        .what = text_ " copied into shared memory, out, back in and out again; the other sandbox polls with PAUSE",    \
        .revision = 1, .warmup = WARMUP / 5, .n = SOME, .probes = 1, .bytes = bytes_, .valid = bench_needs_partner,    \
        .setup = bench_channel_setup, .once = bench_channel, .teardown = bench_threads_teardown,                       \
        .partner = bench_channel_partner                                                                               \
    }

#define SYSTEM_CALL(name_, what_, argument_)                                                                           \
    {                                                                                                                  \
        .name = name_, .what = what_, .revision = 1, .warmup = WARMUP, .n = MANY, .probes = 1, .argument = argument_,  \
        .valid = bench_system_call_valid, .setup = bench_system_call_setup, .once = bench_system_call,                 \
        .teardown = bench_system_call_teardown                                                                         \
    }
#define DISPATCH(count_)                                                                                               \
    {                                                                                                                  \
        .name = "dispatch-" #count_,                                                                                   \
        .what = "scheduler with " #count_ " VCPUs: one sleeps and another is chosen; it is woken and chosen again",    \
        .revision = 1, .warmup = WARMUP, .n = MANY, .probes = 2, .argument = count_, .interrupts_off = true,           \
        .setup = bench_dispatch_setup, .once = bench_dispatch                                                          \
    }

const struct bench bench_table[] = {
    MONITOR_CALL("monitor-call", "monitor call that does nothing (VMCALL/VMMCALL) and back", bench_monitor_call),
    MONITOR_CALL("vm-exit", "monitor call to the monitor's first reading of the clock", bench_vm_exit),
    MONITOR_CALL("vm-enter", "monitor call handled to the sandbox's next instruction", bench_vm_enter),
    {.name = "cpuid",
     .what = "CPUID leaf 0 (direct where the processor's virtualization allows it)",
     .revision = 1,
     .warmup = WARMUP,
     .n = MANY,
     .probes = 1,
     .interrupts_off = true,
     .once = bench_cpuid},
    {.name = "msr-own",
     .what = "write of an MSR that is the sandbox's own (FS base)",
     .revision = 1,
     .warmup = WARMUP,
     .n = MANY,
     .probes = 1,
     .interrupts_off = true,
     .once = bench_msr_own},
    {.name = "msr-refused",
     .what = "write of an MSR that the monitor refuses, to the end of the #GP handler",
     .revision = 1,
     .warmup = WARMUP,
     .n = MANY,
     .probes = 1,
     .interrupts_off = true,
     .valid = bench_needs_monitor,
     .setup = bench_msr_refused_setup,
     .once = bench_msr_refused,
     .teardown = bench_msr_refused_teardown},
    {.name = "pci-config-read",
     .what = "read of one PCI configuration register (two ports; two exits with monitors)",
     .revision = 1,
     .warmup = WARMUP,
     .n = MANY,
     .probes = 1,
     .interrupts_off = true,
     .valid = bench_pci_valid,
     .once = bench_pci_read},
    {.name = "map-capability",
     .what = "rights of one own page narrowed by monitor call, nested table changed and flushed",
     .revision = 1,
     .warmup = WARMUP,
     .n = MANY,
     .probes = 1,
     .interrupts_off = true,
     .valid = bench_needs_monitor,
     .once = bench_map,
     .teardown = bench_map_teardown},
    {.name = "nested-page-fault",
     .what = "access without right to the resumed component frame: exit, policy, driver switch, upcall",
     .revision = 1,
     .warmup = 2,
     .n = FEW,
     .probes = 1,
     .valid = bench_nested_page_valid,
     .once = bench_nested_page,
     .teardown = bench_nested_page_teardown},
    IPI("self-ipi", "IPI to itself, sending to after the handler (direct handler)", BENCH_WAIT_PAUSE, bench_self_ipi),
    IPI("ipi-one-way-hlt", "IPI to another sandbox: sending to its direct handler; it sleeps in HLT", BENCH_WAIT_HLT,
        bench_ipi_one_way),
    IPI("ipi-one-way-pause", "the same; it waits with PAUSE", BENCH_WAIT_PAUSE, bench_ipi_one_way),
    IPI("ipi-one-way-spin", "the same; it spins without PAUSE", BENCH_WAIT_SPIN, bench_ipi_one_way),
    IPI("ipi-round-trip-hlt", "IPI to another sandbox and its handler's IPI back; both sleep in HLT", BENCH_WAIT_HLT,
        bench_ipi_round_trip),
    IPI("ipi-round-trip-pause", "the same; both wait with PAUSE", BENCH_WAIT_PAUSE, bench_ipi_round_trip),
    IPI("ipi-round-trip-spin", "the same; both spin without PAUSE", BENCH_WAIT_SPIN, bench_ipi_round_trip),
    IPI("ipi-round-trip-thread", "the same through the kernels: charged, a thread woken on each side, traced",
        BENCH_WAIT_THREAD, bench_ipi_round_trip),
    {.name = "timer-latency",
     .what = "local APIC timer's deadline to its direct handler, 50 us ahead",
     .revision = 1,
     .warmup = WARMUP / 5,
     .n = SOME,
     .setup = bench_timer_setup,
     .once = bench_timer,
     .teardown = bench_timer_teardown},
    {.name = "wake-latency",
     .what = "a thread's deadline every 1 ms to its next instruction, through the scheduler",
     .revision = 1,
     .warmup = WARMUP / 5,
     .n = SOME,
     .setup = bench_wake_setup,
     .once = bench_wake},
    {.name = "wake-latency-loaded",
     .what = "the same while all other sandboxes write memory without rest",
     .revision = 1,
     .warmup = WARMUP / 5,
     .n = SOME,
     .valid = bench_needs_partner,
     .setup = bench_wake_setup,
     .once = bench_wake,
     .partner = bench_load_partner},
    SYSTEM_CALL("system-call", "SYSCALL in ring 3, dispatched to a handler that does nothing, and SYSRET",
                BENCH_CALL_SYSCALL),
    SYSTEM_CALL("system-call-int", "the same by an interrupt gate (INT) and IRET", BENCH_CALL_INTERRUPT),
    {.name = "thread-switch",
     .what = "thread_yield() to the next instruction of another thread of the same VCPU",
     .revision = 1,
     .warmup = WARMUP,
     .n = MANY,
     .probes = 1,
     .setup = bench_threads_setup,
     .once = bench_thread_switch,
     .teardown = bench_threads_teardown},
    {.name = "vcpu-switch",
     .what = "thread_wake() to the next instruction of a thread on a VCPU of higher priority",
     .revision = 1,
     .warmup = WARMUP / 5,
     .n = SOME,
     .probes = 1,
     .setup = bench_threads_setup,
     .once = bench_vcpu_switch,
     .teardown = bench_threads_teardown},
    {.name = "vcpu-pick",
     .what = "schedule() that finds the running VCPU is still the right one",
     .revision = 1,
     .warmup = WARMUP,
     .n = MANY,
     .probes = 1,
     .setup = bench_threads_setup,
     .interrupts_off = true,
     .once = bench_vcpu_pick,
     .teardown = bench_threads_teardown},
    DISPATCH(4),
    DISPATCH(8),
    DISPATCH(16),
    DISPATCH(32),
    DISPATCH(64),
    CHANNEL("64B", 64),
    CHANNEL("1KiB", 1024),
    CHANNEL("4KiB", 4096),
    CHANNEL("16KiB", 16384),
    CHANNEL("64KiB", 65536),
};
const unsigned bench_count = sizeof(bench_table) / sizeof(bench_table[0]);
_Static_assert(sizeof(bench_table) / sizeof(bench_table[0]) <= QV_BENCH_MAX, "room in the result area");
