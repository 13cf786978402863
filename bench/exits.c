/* SPDX-License-Identifier: MIT */
/* What leaves guest mode: monitor calls and intercepted instructions. */
#include "bench/bench.h"
#include "sandbox/faultpoint.h"

#define REFUSED_MSR 0x1d9u /* debug control: refused on processors of both makers */

enum rights { READ = 1, WRITE = 2 };

static uint8_t *page;
static volatile uint64_t resume_at; /* where the exception hook goes on, 0 = not waiting for one */
static volatile bool excepted;

void bench_exits_init(void)
{
    page = page_alloc(1);
    if (!page)
        kernel_lost(QV_DETECT_ASSERTION, 0, "no memory for benchmarks");
}

#define CALL_BY(instruction, number, rdx_in, begin, end)                                                               \
    do {                                                                                                               \
        int64_t rax_ = (number);                                                                                       \
        begin = probe();                                                                                               \
        __asm__ volatile(instruction : "+a"(rax_), "+d"(rdx_in)::"memory");                                            \
        end = probe();                                                                                                 \
    } while (0)

/* The instruction alone lies between the two probes: choosing it stays outside. */
#define CALL(number, rdx_in, begin, end)                                                                               \
    do {                                                                                                               \
        if (monitor_call_is_vmmcall())                                                                                 \
            CALL_BY("vmmcall", number, rdx_in, begin, end);                                                            \
        else                                                                                                           \
            CALL_BY("vmcall", number, rdx_in, begin, end);                                                             \
    } while (0)

int64_t bench_monitor_call(const struct bench *bench)
{
    uint64_t begin, end, rdx = 0;
    (void)bench;
    CALL(QV_CALL_NOP, rdx, begin, end);
    return (int64_t)(end - begin);
}

/* The monitor's log, which the sandbox may read, has the time of each exit. */
int64_t bench_vm_exit(const struct bench *bench)
{
    const volatile struct qv_core_report *report = &directory()->core[handoff->id];
    uint64_t begin, end, rdx = 0;
    uint64_t head = report->exit_log_head;
    (void)bench;
    CALL(QV_CALL_NOP, rdx, begin, end);
    (void)end;
    if (report->exit_log_head != head + 1) {
        bench_reason = "the monitor's log does not have exactly one exit more";
        return BENCH_FAILED;
    }
    return (int64_t)(report->exit_log[head % QV_EXIT_LOG].tsc - begin);
}

int64_t bench_vm_enter(const struct bench *bench)
{
    uint64_t begin, end, rdx = 0;
    (void)bench;
    CALL(QV_CALL_STAMP, rdx, begin, end);
    if (rdx < begin || rdx > end) {
        bench_reason = "the monitor's stamp does not lie inside the call";
        return BENCH_FAILED;
    }
    return (int64_t)(end - rdx);
}

int64_t bench_cpuid(const struct bench *bench)
{
    (void)bench;
    uint64_t begin = probe();
    (void)cpuid(0, 0);
    uint64_t end = probe();
    return (int64_t)(end - begin);
}

int64_t bench_msr_own(const struct bench *bench)
{
    (void)bench;
    uint64_t begin = probe();
    wrmsr(MSR_FS_BASE, 0);
    uint64_t end = probe();
    return (int64_t)(end - begin);
}

static bool on_exception(unsigned vector, uint64_t *rip)
{
    if (resume_at == 0 || vector != VECTOR_GP)
        return false;
    excepted = true;
    *rip = resume_at;
    return true;
}

int bench_msr_refused_setup(const struct bench *bench)
{
    (void)bench;
    exception_hook = on_exception;
    return 0;
}

void bench_msr_refused_teardown(const struct bench *bench)
{
    (void)bench;
    exception_hook = NULL;
}

int64_t bench_msr_refused(const struct bench *bench)
{
    (void)bench;
    excepted = false;
    uint64_t begin = probe();
    __asm__ volatile("movq $2f, %0\n\twrmsr\n2:" : "=m"(resume_at) : "c"(REFUSED_MSR), "a"(0), "d"(0) : "memory");
    uint64_t end = probe();
    resume_at = 0;
    if (!excepted) {
        bench_reason = "the write was not refused";
        return BENCH_FAILED;
    }
    return (int64_t)(end - begin);
}

static const struct handoff_nic *own_nic(void)
{
    uint32_t nic = handoff->cfg.sandbox[handoff->id].nic;
    return nic < QV_MAX_NICS && handoff->nic[nic].present ? &handoff->nic[nic] : NULL;
}

const char *bench_pci_valid(const struct bench *bench)
{
    (void)bench;
    return own_nic() ? NULL : "the sandbox has no PCI device of its own";
}

int64_t bench_pci_read(const struct bench *bench)
{
    uint32_t bdf = own_nic()->bdf;
    (void)bench;
    uint64_t begin = probe();
    uint32_t id = pci_config_read(bdf, 0);
    uint64_t end = probe();
    if (id != own_nic()->vendor_device) {
        bench_reason = "the register does not say what the device is";
        return BENCH_FAILED;
    }
    return (int64_t)(end - begin);
}

/* Rights go away and come back in turn: both change the table, so both count. */
int64_t bench_map(const struct bench *bench)
{
    static bool narrow;
    uint64_t rights = narrow ? READ : READ | WRITE;
    uint64_t phys = virt_to_phys(page);
    (void)bench;
    narrow = !narrow;
    uint64_t begin = probe();
    int64_t error = monitor_call3(QV_CALL_MAP, phys, 1, rights).rax;
    uint64_t end = probe();
    if (error) {
        bench_reason = "the monitor refused to change the rights";
        return BENCH_FAILED;
    }
    return (int64_t)(end - begin);
}

void bench_map_teardown(const struct bench *bench)
{
    (void)bench;
    (void)monitor_call3(QV_CALL_MAP, virt_to_phys(page), 1, READ | WRITE);
}
