/* SPDX-License-Identifier: MIT */
#include "monitor/svm/svm.h"

#include <stddef.h>

#include "lib/errno.h"
#include "lib/print.h"
#include "lib/string.h"
#include "lib/x86.h"
#include "monitor/core.h"
#include "monitor/quick.h"

#define MSR_VM_CR        0xc0010114u
#define MSR_VM_HSAVE_PA  0xc0010117u
#define VM_CR_SVMDIS     (1ull << 4)
#define CPUID_SVM_BIT    (1u << 2)
#define CPUID_NP_BIT     (1u << 0)
#define CPUID_NX_BIT     (1u << 20)
#define SEGMENT_CODE64   0x29bu /* P, S, code/read/accessed, L */
#define SEGMENT_DATA     0xc93u /* P, S, data/write/accessed, G, B */
#define SEGMENT_TSS_BUSY 0x08bu
#define VMMCALL_BYTES    3u
#define PAT_RESET        0x0007040600070406ull

static const char *unusable(void)
{
    struct cpuid_result top = cpuid(0x80000000u, 0);
    if (top.eax < 0x8000000au || !(cpuid(0x80000001u, 0).ecx & CPUID_SVM_BIT))
        return vendor_absent;
    if (!(cpuid(0x8000000au, 0).edx & CPUID_NP_BIT))
        return "SVM without nested paging (CPUID 8000_000Ah EDX bit 0)";
    if (!(cpuid(0x80000001u, 0).edx & CPUID_NX_BIT))
        return "the processor has no NX (CPUID 8000_0001h EDX bit 20)";
    if (rdmsr(MSR_VM_CR) & VM_CR_SVMDIS)
        return "SVM is disabled by firmware (VM_CR.SVMDIS)";
    return NULL;
}

extern const char svm_wait_begin[], svm_wait_end[];

static uint8_t *port_map;
static uint8_t *msr_map;
static volatile uint32_t maps_state; /* 0 none, 1 being filled, 2 ready */

/* The maps are the same for all cores; the first core to come fills them. */
static void share_maps(void)
{
    uint32_t none = 0;
    if (__atomic_compare_exchange_n(&maps_state, &none, 1, false, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE)) {
        port_map = monitor_pages(3);
        msr_map = monitor_pages(2);
        svm_fill_port_map(port_map);
        svm_fill_msr_map(msr_map, machine.tsc_deadline);
        __atomic_store_n(&maps_state, 2, __ATOMIC_RELEASE);
    }
    while (__atomic_load_n(&maps_state, __ATOMIC_ACQUIRE) != 2)
        cpu_pause();
}

static int core_start(struct core *core)
{
    struct svm_core *svm = core->vendor_state;
    if (!svm) { /* not when a core comes back after a reset */
        svm = monitor_pages(1);
        svm->guest = monitor_pages(1);
        svm->host = monitor_pages(1);
        svm->save_area = monitor_pages(1);
        core->vendor_state = svm;
    }
    share_maps();
    wrmsr(MSR_EFER, rdmsr(MSR_EFER) | EFER_SVME);
    wrmsr(MSR_VM_HSAVE_PA, (uint64_t)svm->save_area);
    __asm__ volatile("clgi" ::: "memory");
    __asm__ volatile("vmsave %0" ::"a"(svm->host) : "memory");
    return 0;
}

static void set_segment(struct vmcb_segment *segment, uint16_t selector, uint16_t attributes, uint32_t limit)
{
    segment->selector = selector;
    segment->attributes = attributes;
    segment->limit = limit;
    segment->base = 0;
}

static void set_kernel_code(struct vmcb *v)
{
    set_segment(&v->cs, SEL_CODE, SEGMENT_CODE64, 0xffffffffu);
    set_segment(&v->ss, SEL_DATA, SEGMENT_DATA, 0xffffffffu);
    v->cpl = 0;
}

static void set_controls(struct vmcb *v, const struct core *core)
{
    v->intercept_misc1 = INTERCEPT_NMI | INTERCEPT_INIT | INTERCEPT_CR0_SEL | INTERCEPT_RSM | INTERCEPT_INVD |
                         INTERCEPT_INVLPGA | INTERCEPT_IOIO | INTERCEPT_MSR | INTERCEPT_TASK | INTERCEPT_SHUTDOWN;
    v->intercept_misc2 = INTERCEPT_VMRUN | INTERCEPT_VMMCALL | INTERCEPT_VMLOAD | INTERCEPT_VMSAVE | INTERCEPT_STGI |
                         INTERCEPT_CLGI | INTERCEPT_SKINIT | INTERCEPT_WBINVD | INTERCEPT_MONITOR | INTERCEPT_MWAIT |
                         INTERCEPT_XSETBV;
    /* #MC, #DB and #AC stay with the sandbox: none of them can hold the core. CR4, CR3, CR8 and DRs are the guest's
     * own. */
    v->iopm_base = (uint64_t)port_map;
    v->msrpm_base = (uint64_t)msr_map;
    v->asid = 1; /* one guest per core */
    v->tlb_control = TLB_FLUSH_ALL;
    v->nested_enable = 1;
    v->nested_cr3 = (uint64_t)core->nested.root;
}

static void guest_reset(struct core *core, const struct guest_start *start)
{
    struct vmcb *v = ((struct svm_core *)core->vendor_state)->guest;
    memset(v, 0, sizeof(*v));
    set_controls(v, core);
    set_kernel_code(v);
    v->ds = v->es = v->fs = v->gs = v->ss;
    set_segment(&v->tr, SEL_TSS, SEGMENT_TSS_BUSY, 0x67u);
    set_segment(&v->ldtr, 0, 0x82u, 0);
    v->efer = EFER_SVME | EFER_LME | EFER_LMA | EFER_NXE | EFER_SCE;
    v->cr0 = CR0_PE | CR0_MP | CR0_ET | CR0_NE | CR0_WP | CR0_PG;
    v->cr4 = CR4_PAE | CR4_PGE;
    v->cr3 = start->cr3;
    v->dr6 = 0xffff0ff0u;
    v->dr7 = 0x400u;
    v->pat = PAT_RESET;
    memset(&core->guest, 0, sizeof(core->guest));
    core->guest.rip = start->rip;
    core->guest.rsp = start->rsp;
    core->guest.rdi = start->rdi;
    core->guest.rflags = RFLAGS_FIXED;
}

/*
 * Called by run.S after an exit by VMMCALL, with the guest still in the processor but for the registers that C may
 * change: the call's result, or QUICK_NOT if it takes the long way. RAX still holds the number for whoever comes after.
 */
int64_t svm_quick(struct core *core, struct quick_registers *registers, struct vmcb *v);
int64_t svm_quick(struct core *core, struct quick_registers *registers, struct vmcb *v)
{
    uint64_t number = v->rax;
    struct qv_core_report *report = core->report;
    struct qv_exit_record *record = quick_record(report);
    quick_stamp_now(record); /* an entry of the log that is not counted yet holds nothing */
    if (!quick_possible(core, number) || v->cpl != 0)
        return QUICK_NOT;
    uint64_t rip = v->rip;
    v->rip = rip + VMMCALL_BYTES;
    v->tlb_control = 0; /* EVENTINJ was cleared by the exit, and no event is under way at an instruction of its own */
    quick_report(report, record, core->stage, rip, number, SVM_EXIT_VMMCALL);
    return quick_calls[number](core, registers);
}

/* A negative result. False: it was no quick call. */
bool svm_quick_failed(struct core *core, struct vmcb *v, int64_t result);
bool svm_quick_failed(struct core *core, struct vmcb *v, int64_t result)
{
    if (result == QUICK_NOT)
        return false;
    monitor_trace(core, QV_TRACE_CALL, v->rax, (uint64_t)result);
    v->rax = (uint64_t)result;
    return true;
}

/*
 * An INIT that is taken as an exit stays pending while GIF is 0, and the next entry would end by it at once, for ever.
 * With GIF = 1 the core takes it as any core does, and waits here for the SIPI by which a neighbour revives it.
 */
static void let_init_through(void)
{
    svm_drain_nmi();
}

static void run(struct core *core, struct exit_info *exit)
{
    struct svm_core *svm = core->vendor_state;
    struct vmcb *v = svm->guest;
    v->rax = core->guest.rax;
    v->rip = core->guest.rip;
    v->rsp = core->guest.rsp;
    v->rflags = core->guest.rflags;
    svm_enter((uint64_t)v, &core->guest, (uint64_t)svm->host);
    exit->tsc = rdtsc();
    if (v->exit_code == SVM_EXIT_INIT)
        let_init_through();
    core->guest.rax = v->rax;
    core->guest.rip = v->rip;
    core->guest.rsp = v->rsp;
    core->guest.rflags = v->rflags;
    v->tlb_control = 0;
    /* An event whose delivery was cut short by the exit is delivered again (APM 15.7.2), unless the exit replaces it.
     */
    v->event_inject = v->exit_interrupt_info & SVM_EVENT_VALID ? v->exit_interrupt_info : 0;
    svm_decode_exit(v, &core->guest, exit);
}

static void inject(struct core *core, unsigned vector, bool has_error, uint32_t error)
{
    struct vmcb *v = ((struct svm_core *)core->vendor_state)->guest;
    v->event_inject = SVM_EVENT_VALID | SVM_EVENT_EXCEPTION | vector;
    if (has_error)
        v->event_inject |= SVM_EVENT_HAS_ERROR | ((uint64_t)error << 32);
}

static void flush(struct core *core)
{
    ((struct svm_core *)core->vendor_state)->guest->tlb_control = TLB_FLUSH_ALL;
    emupmu_nested_changed(core);
}

static void redirect(struct core *core)
{
    struct vmcb *v = ((struct svm_core *)core->vendor_state)->guest;
    set_kernel_code(v);
    v->event_inject = 0;
    v->interrupt_shadow = 0;
}

/* GIF is 0 in the monitor but for the two places in run.S that open it: the NMI is handed on by their returning. */
static uint64_t nmi_taken(struct core *core, uint64_t rip)
{
    (void)core;
    return rip >= (uint64_t)svm_wait_begin && rip < (uint64_t)svm_wait_end ? (uint64_t)svm_wait_end : rip;
}

static void wait_for_nmi(struct core *core)
{
    (void)core;
    svm_wait_nmi();
}

static void drain_nmi(struct core *core)
{
    (void)core;
    svm_drain_nmi();
}

/* QEMU writes the exit's code and then resets the core; where INIT is intercepted as it should, let_init_through()
 * comes between. Either way the code stays what it is until the core is back. */
static bool was_reset(const struct core *core)
{
    const struct svm_core *svm = core->vendor_state;
    return svm && *(const volatile uint64_t *)&svm->guest->exit_code == SVM_EXIT_INIT;
}

static void hide(uint32_t leaf, uint32_t subleaf, struct cpuid_result *result)
{
    (void)subleaf;
    if (leaf == 0x80000001u)
        result->ecx &= ~CPUID_SVM_BIT;
    if (leaf == 0x8000000au)
        *result = (struct cpuid_result){0, 0, 0, 0};
}

static void audit(struct core *core)
{
    const struct vmcb *v = ((struct svm_core *)core->vendor_state)->guest;
    const char *rule = svm_audit(v);
    kprint("VMCB: exit %lx info %lx %lx intinfo %lx", v->exit_code, v->exit_info1, v->exit_info2,
           v->exit_interrupt_info);
    kprint("VMCB: cr0 %lx cr3 %lx cr4 %lx efer %lx rip %lx rsp %lx rflags %lx", v->cr0, v->cr3, v->cr4, v->efer, v->rip,
           v->rsp, v->rflags);
    kprint("VMCB audit: %s", rule ? rule : "no rule broken");
}

_Static_assert(offsetof(struct core, guest) == 0, "run.S hands the registers on as the core");

const struct vendor vendor_svm = {
    .name = "svm",
    .nested = &svm_nested_format,
    .unusable = unusable,
    .core_start = core_start,
    .guest_reset = guest_reset,
    .run = run,
    .inject = inject,
    .flush = flush,
    .redirect = redirect,
    .nmi_taken = nmi_taken,
    .wait_for_nmi = wait_for_nmi,
    .drain_nmi = drain_nmi,
    .was_reset = was_reset,
    .hide = hide,
    .audit = audit,
};
