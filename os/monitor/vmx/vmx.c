/* SPDX-License-Identifier: MIT */
#include "monitor/vmx/vmx.h"

#include <stddef.h>

#include "lib/errno.h"
#include "lib/print.h"
#include "lib/string.h"
#include "lib/x86.h"
#include "monitor/core.h"
#include "monitor/quick.h"

#define MSR_FEATURE_CONTROL 0x3au
#define MSR_VMX_BASIC       0x480u
#define MSR_VMX_PIN         0x481u
#define MSR_VMX_PROC        0x482u
#define MSR_VMX_EXIT        0x483u
#define MSR_VMX_ENTRY       0x484u
#define MSR_VMX_MISC        0x485u
#define MSR_VMX_CR0_FIXED0  0x486u
#define MSR_VMX_CR0_FIXED1  0x487u
#define MSR_VMX_CR4_FIXED0  0x488u
#define MSR_VMX_CR4_FIXED1  0x489u
#define MSR_VMX_PROC2       0x48bu
#define MSR_VMX_EPT_VPID    0x48cu
#define MSR_VMX_TRUE        0x48du /* PIN, PROC, EXIT, ENTRY */
#define BASIC_TRUE          (1ull << 55)
#define BASIC_REVISION      0x7fffffffull
#define MISC_TIMER_SHIFT    0x1full /* the preemption timer counts TSC ticks shifted right by this */
#define FEATURE_LOCKED      (1ull << 0)
#define FEATURE_VMX         (1ull << 2)
#define CPUID_VMX           (1u << 5)
#define CPUID_NX            (1u << 20)
#define CR0_TS              (1ull << 3)
#define CR4_VMXE            (1ull << 13)
#define CR4_SMXE            (1ull << 14)
#define RIGHTS_CODE64       0xa09bu /* P, S, code/read/accessed, L, G */
#define RIGHTS_DATA         0xc093u /* P, S, data/write/accessed, B, G */
#define RIGHTS_TSS_BUSY     0x008bu
#define RIGHTS_UNUSABLE     0x10000u
#define RIGHTS_LEVEL        0x60u
#define DR7_RESET           0x400u
#define INVALIDATE_SINGLE   1ull
#define INVALIDATE_ALL      2ull
#define VMCALL_BYTES        3u
#define CODE_VMFAIL         0x10000u /* vendor_code of an entry that did not even begin: | instruction error */

extern const char vmx_entry_begin[], vmx_entry_end[], vmx_quick_begin[], vmx_quick_end[], vmx_wait_begin[],
    vmx_wait_end[];

struct vmx_core {
    void *vmxon_region;
    void *vmcs;
    uint32_t launched;
    volatile uint32_t nmi_seen; /* NMIs that came to the monitor itself, since the last one was handed on */
    volatile uint32_t left;     /* VMX operation was left to let an INIT through; read by other cores */
    uint64_t rip, rsp, rflags;  /* as they stand in the VMCS */
    uint64_t alarm;             /* when the guest is to be left at the latest, 0 = whenever it exits by itself */
};

static struct vmx_capabilities capabilities;
static struct vmx_controls controls;
static unsigned timer_shift;
static uint8_t *port_map;
static uint8_t *msr_map;
static volatile uint32_t maps_state; /* 0 none, 1 being filled, 2 ready */

static inline uint64_t vmread(uint64_t field)
{
    uint64_t value;
    __asm__ volatile("vmread %1, %0" : "=rm"(value) : "r"(field) : "cc");
    return value;
}

static void vmwrite(uint64_t field, uint64_t value)
{
    bool failed;
    __asm__ volatile("vmwrite %2, %1" : "=@ccbe"(failed) : "r"(field), "rm"(value) : "cc");
    if (failed) /* CF: no current VMCS; ZF: 12 or 13, no such field or read-only (30.4) */
        monitor_panic("VMWRITE of field %lx failed", field);
}

#define VMX_POINTER_INSTRUCTION(name)                                                                                  \
    static bool name(void *region)                                                                                     \
    {                                                                                                                  \
        uint64_t phys = (uint64_t)region;                                                                              \
        bool failed;                                                                                                   \
        __asm__ volatile(#name " %1" : "=@ccbe"(failed) : "m"(phys) : "cc", "memory");                                 \
        return !failed;                                                                                                \
    }
VMX_POINTER_INSTRUCTION(vmxon)
VMX_POINTER_INSTRUCTION(vmclear)
VMX_POINTER_INSTRUCTION(vmptrld)

static void invept(uint64_t eptp)
{
    const struct {
        uint64_t eptp, reserved;
    } descriptor = {eptp, 0};
    uint64_t type = capabilities.ept_vpid & VMX_INVEPT_SINGLE ? INVALIDATE_SINGLE : INVALIDATE_ALL;
    bool failed;
    __asm__ volatile("invept %1, %2" : "=@ccbe"(failed) : "m"(descriptor), "r"(type) : "cc", "memory");
    if (failed)
        monitor_panic("INVEPT of type %lu failed", type);
}

static void invvpid(uint64_t vpid)
{
    const struct {
        uint64_t vpid, address;
    } descriptor = {vpid, 0};
    uint64_t type = capabilities.ept_vpid & VMX_INVVPID_SINGLE ? INVALIDATE_SINGLE : INVALIDATE_ALL;
    bool failed;
    if (!(controls.proc2 & PROC2_VPID) || !(capabilities.ept_vpid & VMX_INVVPID))
        return; /* without VPIDs every entry and exit invalidates (28.3.3.1) */
    __asm__ volatile("invvpid %1, %2" : "=@ccbe"(failed) : "m"(descriptor), "r"(type) : "cc", "memory");
    if (failed)
        monitor_panic("INVVPID of type %lu failed", type);
}

static void read_capabilities(struct vmx_capabilities *c)
{
    c->feature_control = rdmsr(MSR_FEATURE_CONTROL);
    c->basic = rdmsr(MSR_VMX_BASIC);
    bool better = (c->basic & BASIC_TRUE) != 0;
    c->pin = rdmsr(better ? MSR_VMX_TRUE : MSR_VMX_PIN);
    c->proc = rdmsr(better ? MSR_VMX_TRUE + 1 : MSR_VMX_PROC);
    c->exit = rdmsr(better ? MSR_VMX_TRUE + 2 : MSR_VMX_EXIT);
    c->entry = rdmsr(better ? MSR_VMX_TRUE + 3 : MSR_VMX_ENTRY);
    c->proc2 = (c->proc >> 32) & PROC_SECONDARY ? rdmsr(MSR_VMX_PROC2) : 0;
    bool nested = ((c->proc2 >> 32) & (PROC2_EPT | PROC2_VPID)) != 0;
    c->ept_vpid = nested ? rdmsr(MSR_VMX_EPT_VPID) : 0;
    c->cr0_fixed0 = rdmsr(MSR_VMX_CR0_FIXED0);
    c->cr0_fixed1 = rdmsr(MSR_VMX_CR0_FIXED1);
    c->cr4_fixed0 = rdmsr(MSR_VMX_CR4_FIXED0);
    c->cr4_fixed1 = rdmsr(MSR_VMX_CR4_FIXED1);
}

static const char *unusable(void)
{
    if (!(cpuid(1, 0).ecx & CPUID_VMX))
        return vendor_absent;
    if (!(cpuid(0x80000001u, 0).edx & CPUID_NX))
        return "the processor has no NX (CPUID 8000_0001h EDX bit 20)";
    read_capabilities(&capabilities);
    timer_shift = rdmsr(MSR_VMX_MISC) & MISC_TIMER_SHIFT;
    const char *reason = vmx_unusable(&capabilities);
    return reason ? reason : vmx_choose_controls(&capabilities, &controls);
}

/* The maps are the same for all cores; the first core to come fills them. */
static void share_maps(void)
{
    uint32_t none = 0;
    if (__atomic_compare_exchange_n(&maps_state, &none, 1, false, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE)) {
        port_map = monitor_pages(VMX_PORT_MAP_BYTES / PAGE_SIZE);
        msr_map = monitor_pages(VMX_MSR_MAP_BYTES / PAGE_SIZE);
        vmx_fill_port_map(port_map);
        vmx_fill_msr_map(msr_map, machine.tsc_deadline);
        __atomic_store_n(&maps_state, 2, __ATOMIC_RELEASE);
    }
    while (__atomic_load_n(&maps_state, __ATOMIC_ACQUIRE) != 2)
        cpu_pause();
}

/* VMX operation on, an inactive VMCS made current: 23.7, 24.11.5. */
static bool enter_operation(struct vmx_core *vmx)
{
    *(uint32_t *)vmx->vmxon_region = (uint32_t)(capabilities.basic & BASIC_REVISION);
    *(uint32_t *)vmx->vmcs = (uint32_t)(capabilities.basic & BASIC_REVISION);
    vmx->launched = 0;
    vmx->left = 0;
    return vmxon(vmx->vmxon_region) && vmclear(vmx->vmcs) && vmptrld(vmx->vmcs);
}

static int core_start(struct core *core)
{
    struct vmx_core *vmx = core->vendor_state;
    if (!vmx) { /* not when a core comes back after a reset */
        vmx = monitor_pages(1);
        vmx->vmxon_region = monitor_pages(1);
        vmx->vmcs = monitor_pages(1);
        core->vendor_state = vmx;
    }
    share_maps();
    uint64_t feature = rdmsr(MSR_FEATURE_CONTROL);
    if (!(feature & FEATURE_LOCKED)) /* firmware left it to us, on each core anew */
        wrmsr(MSR_FEATURE_CONTROL, feature | FEATURE_LOCKED | FEATURE_VMX);
    else if (!(feature & FEATURE_VMX))
        return -EIO;
    write_cr0(vmx_fix(read_cr0(), capabilities.cr0_fixed0, capabilities.cr0_fixed1));
    write_cr4(vmx_fix(read_cr4() | CR4_VMXE, capabilities.cr4_fixed0, capabilities.cr4_fixed1));
    return enter_operation(vmx) ? 0 : -EIO;
}

/* The timer's two controls belong together (26.2.1.2). Saved, so that quick calls do not start it anew. */
static void write_alarm(const struct vmx_core *vmx)
{
    vmwrite(VMCS_PIN, controls.pin | (vmx->alarm ? PIN_PREEMPTION_TIMER : 0u));
    vmwrite(VMCS_EXIT, controls.exit | (vmx->alarm ? EXIT_SAVE_TIMER : 0u));
}

static void set_alarm(struct core *core, uint64_t tsc)
{
    struct vmx_core *vmx = core->vendor_state;
    if (!controls.timer)
        return;
    vmx->alarm = tsc;
    write_alarm(vmx);
}

/* The timer counts in the guest only, and an alarm is a time: the rest anew for each entry by way of run(). */
static void wind_up(const struct vmx_core *vmx)
{
    uint64_t now = rdtsc();
    uint64_t left = vmx->alarm > now ? ((vmx->alarm - now) >> timer_shift) + 1 : 0;
    vmwrite(VMCS_TIMER, left < UINT32_MAX ? left : UINT32_MAX);
}

static void write_controls(const struct core *core)
{
    write_alarm(core->vendor_state);
    vmwrite(VMCS_PROC, controls.proc);
    vmwrite(VMCS_PROC2, controls.proc2);
    vmwrite(VMCS_ENTRY, controls.entry);
    vmwrite(VMCS_EXCEPTIONS, 0); /* all exceptions stay with the sandbox: none can hold the core */
    vmwrite(VMCS_PF_MASK, 0);
    vmwrite(VMCS_PF_MATCH, 0);
    vmwrite(VMCS_CR3_TARGETS, 0);
    vmwrite(VMCS_EXIT_MSR_STORE, 0);
    vmwrite(VMCS_EXIT_MSR_LOAD, 0);
    vmwrite(VMCS_ENTRY_MSR_LOAD, 0);
    vmwrite(VMCS_EVENT, 0);
    vmwrite(VMCS_IO_BITMAP_A, (uint64_t)port_map);
    vmwrite(VMCS_IO_BITMAP_B, (uint64_t)port_map + PAGE_SIZE);
    vmwrite(VMCS_MSR_BITMAP, (uint64_t)msr_map);
    vmwrite(VMCS_EPTP, vmx_eptp((uint64_t)core->nested.root));
    if (controls.proc2 & PROC2_VPID)
        vmwrite(VMCS_VPID, core->index + 1u); /* 0 is the monitor's */
}

static void write_host(void)
{
    struct descriptor_pointer gdtr, idtr;
    uint16_t tr;
    __asm__ volatile("sgdt %0" : "=m"(gdtr));
    __asm__ volatile("sidt %0" : "=m"(idtr));
    __asm__ volatile("str %0" : "=r"(tr));
    const uint64_t *tss = (const uint64_t *)(gdtr.base + (tr & ~7u));
    uint64_t tss_base = (tss[0] >> 16 & 0xffffffu) | (tss[0] >> 56) << 24 | tss[1] << 32;
    vmwrite(VMCS_HOST_CR0, read_cr0());
    vmwrite(VMCS_HOST_CR3, read_cr3());
    vmwrite(VMCS_HOST_CR4, read_cr4());
    vmwrite(VMCS_HOST_EFER, rdmsr(MSR_EFER));
    vmwrite(VMCS_HOST_ES, SEL_DATA);
    vmwrite(VMCS_HOST_CS, SEL_CODE);
    vmwrite(VMCS_HOST_SS, SEL_DATA);
    vmwrite(VMCS_HOST_DS, SEL_DATA);
    vmwrite(VMCS_HOST_FS, 0);
    vmwrite(VMCS_HOST_GS, 0);
    vmwrite(VMCS_HOST_TR, tr);
    vmwrite(VMCS_HOST_FS_BASE, 0);
    vmwrite(VMCS_HOST_GS_BASE, 0);
    vmwrite(VMCS_HOST_TR_BASE, tss_base);
    vmwrite(VMCS_HOST_GDTR_BASE, gdtr.base);
    vmwrite(VMCS_HOST_IDTR_BASE, idtr.base);
    vmwrite(VMCS_HOST_SYSENTER_CS, 0);
    vmwrite(VMCS_HOST_SYSENTER_ESP, 0);
    vmwrite(VMCS_HOST_SYSENTER_EIP, 0);
    vmwrite(VMCS_HOST_RIP, (uint64_t)vmx_exit_entry);
}

enum { SEGMENT_ES, SEGMENT_CS, SEGMENT_SS, SEGMENT_DS, SEGMENT_FS, SEGMENT_GS, SEGMENT_LDTR, SEGMENT_TR, SEGMENTS };

static void write_kernel_segment(uint32_t i)
{
    static const struct {
        uint32_t selector, limit, rights;
    } segment[SEGMENTS] = {
        [SEGMENT_ES] = {SEL_DATA, 0xffffffffu, RIGHTS_DATA},
        [SEGMENT_CS] = {SEL_CODE, 0xffffffffu, RIGHTS_CODE64},
        [SEGMENT_SS] = {SEL_DATA, 0xffffffffu, RIGHTS_DATA},
        [SEGMENT_DS] = {SEL_DATA, 0xffffffffu, RIGHTS_DATA},
        [SEGMENT_FS] = {SEL_DATA, 0xffffffffu, RIGHTS_DATA},
        [SEGMENT_GS] = {SEL_DATA, 0xffffffffu, RIGHTS_DATA},
        [SEGMENT_LDTR] = {0, 0, RIGHTS_UNUSABLE},
        [SEGMENT_TR] = {SEL_TSS, 0x67u, RIGHTS_TSS_BUSY},
    };
    vmwrite(VMCS_GUEST_ES + VMCS_STEP * i, segment[i].selector);
    vmwrite(VMCS_GUEST_ES_LIMIT + VMCS_STEP * i, segment[i].limit);
    vmwrite(VMCS_GUEST_ES_RIGHTS + VMCS_STEP * i, segment[i].rights);
    vmwrite(VMCS_GUEST_ES_BASE + VMCS_STEP * i, 0);
}

static void write_guest_segments(void)
{
    for (uint32_t i = 0; i < SEGMENTS; i++)
        write_kernel_segment(i);
    for (uint32_t i = SEGMENTS; i < SEGMENTS + 2; i++) { /* GDTR, IDTR */
        vmwrite(VMCS_GUEST_ES_BASE + VMCS_STEP * i, 0);
        vmwrite(VMCS_GUEST_ES_LIMIT + VMCS_STEP * i, 0);
    }
}

/*
 * The guest owns CR3 and CR4 but for the bits that would show or end VMX operation; of CR0 only what task switching
 * needs. A guest that changes others exits (24.6.6).
 */
static void write_guest_control_registers(const struct guest_start *start)
{
    const struct vmx_capabilities *c = &capabilities;
    uint64_t cr0 = CR0_PE | CR0_MP | CR0_ET | CR0_NE | CR0_WP | CR0_PG;
    uint64_t cr4 = CR4_PAE | CR4_PGE;
    vmwrite(VMCS_CR0_MASK, ~(CR0_MP | CR0_TS));
    vmwrite(VMCS_CR0_SHADOW, cr0);
    vmwrite(VMCS_GUEST_CR0, vmx_fix(cr0, c->cr0_fixed0, c->cr0_fixed1));
    vmwrite(VMCS_CR4_MASK, CR4_VMXE | CR4_SMXE);
    vmwrite(VMCS_CR4_SHADOW, cr4);
    vmwrite(VMCS_GUEST_CR4, vmx_fix(cr4 | CR4_VMXE, c->cr4_fixed0, c->cr4_fixed1));
    vmwrite(VMCS_GUEST_CR3, start->cr3);
    vmwrite(VMCS_GUEST_EFER, EFER_LME | EFER_LMA | EFER_NXE | EFER_SCE);
    vmwrite(VMCS_GUEST_DR7, DR7_RESET);
    vmwrite(VMCS_GUEST_DEBUGCTL, 0);
}

/* Registers that entry and exit leave alone and that the monitor never uses. */
static void reset_carried_registers(void)
{
    static const uint32_t msr[] = {MSR_STAR, MSR_LSTAR, MSR_CSTAR, MSR_SFMASK, MSR_KERNEL_GS_BASE};
    for (unsigned i = 0; i < sizeof(msr) / sizeof(msr[0]); i++)
        wrmsr(msr[i], 0);
    __asm__ volatile("mov %0, %%cr2" ::"r"(0ull) : "memory");
    __asm__ volatile("mov %0, %%dr0\n\tmov %0, %%dr1\n\tmov %0, %%dr2\n\tmov %0, %%dr3\n\tmov %1, %%dr6" ::"r"(0ull),
                     "r"(0xffff0ff0ull));
}

static void guest_reset(struct core *core, const struct guest_start *start)
{
    struct vmx_core *vmx = core->vendor_state;
    write_controls(core);
    write_host();
    write_guest_segments();
    write_guest_control_registers(start);
    reset_carried_registers();
    vmwrite(VMCS_GUEST_SYSENTER_CS, 0);
    vmwrite(VMCS_GUEST_SYSENTER_ESP, 0);
    vmwrite(VMCS_GUEST_SYSENTER_EIP, 0);
    vmwrite(VMCS_SHADOW, 0);
    vmwrite(VMCS_ACTIVITY, ACTIVITY_ACTIVE);
    vmwrite(VMCS_GUEST_PENDING_DEBUG, 0);
    vmwrite(VMCS_LINK, ~0ull);
    memset(&core->guest, 0, sizeof(core->guest));
    vmwrite(VMCS_GUEST_RIP, vmx->rip = core->guest.rip = start->rip);
    vmwrite(VMCS_GUEST_RSP, vmx->rsp = core->guest.rsp = start->rsp);
    vmwrite(VMCS_GUEST_RFLAGS, vmx->rflags = core->guest.rflags = RFLAGS_FIXED);
    core->guest.rdi = start->rdi;
    invept(vmx_eptp((uint64_t)core->nested.root));
    invvpid(core->index + 1u);
}

/* What the handlers changed goes to the VMCS; what they did not is there already. */
static void write_back(const struct core *core, struct vmx_core *vmx)
{
    if (core->guest.rip != vmx->rip)
        vmwrite(VMCS_GUEST_RIP, core->guest.rip);
    if (core->guest.rsp != vmx->rsp)
        vmwrite(VMCS_GUEST_RSP, core->guest.rsp);
    if (core->guest.rflags != vmx->rflags)
        vmwrite(VMCS_GUEST_RFLAGS, core->guest.rflags);
}

/* An event whose delivery was cut short by the exit is delivered again, unless the exit replaces it (27.2.4, 31.7.1.1).
 */
static void deliver_again(uint32_t vectoring)
{
    vmwrite(VMCS_EVENT, vectoring & ~EVENT_UNDEFINED);
    if (vectoring & EVENT_HAS_ERROR)
        vmwrite(VMCS_EVENT_ERROR, vmread(VMCS_VECTORING_ERROR));
    vmwrite(VMCS_EVENT_LENGTH, vmread(VMCS_LENGTH));
}

static void drop_nmi_blocking(void)
{
    /* The guest never has an NMI of its own to handle; one more must always be able to take the core from it. */
    uint64_t shadow = vmread(VMCS_SHADOW);
    if (shadow & SHADOW_NMI)
        vmwrite(VMCS_SHADOW, shadow & ~(uint64_t)SHADOW_NMI);
}

/*
 * An INIT that was taken as an exit is gone, on hardware. An emulator that keeps it pending would let the guest exit
 * for ever; outside VMX operation the core takes it as any core does, and a neighbour revives it by SIPI.
 */
static void let_init_through(struct vmx_core *vmx)
{
    (void)vmclear(vmx->vmcs);
    vmx->left = 1; /* stays, if the core does not come back from here */
    __asm__ volatile("vmxoff\n\tnop\n\tnop" ::: "cc", "memory");
    if (!enter_operation(vmx))
        monitor_panic("VMXON after an INIT failed");
}

static void not_entered(int how, struct exit_info *exit)
{
    exit->length = 0;
    exit->info1 = exit->info2 = 0;
    if (how == VMX_NMI_WAITS || how == VMX_NMI_AFTER) {
        exit->cause = QV_EXIT_NMI;
        exit->vendor_code = VMX_REASON_EVENT;
        return;
    }
    exit->cause = QV_EXIT_INVALID;
    exit->info1 = how == VMX_FAIL_VALID ? vmread(VMCS_INSTRUCTION_ERROR) : 0;
    exit->vendor_code = CODE_VMFAIL | (uint32_t)exit->info1;
}

/* The sandbox's privilege level is that of its stack segment (24.4.1), and there is no other between 0 and 3 here. */
static bool in_user_mode(void)
{
    return (vmread(VMCS_GUEST_SS_RIGHTS) & RIGHTS_LEVEL) != 0;
}

/*
 * Called by run.S after an exit by VMCALL, with the guest still in the processor but for the registers that C may
 * change: the call's result, or QUICK_NOT if it takes the long way. No event is under way at an instruction of its own.
 */
int64_t vmx_quick(struct core *core, struct quick_registers *registers, uint64_t number);
int64_t vmx_quick(struct core *core, struct quick_registers *registers, uint64_t number)
{
    struct qv_core_report *report = core->report;
    struct qv_exit_record *record = quick_record(report);
    quick_stamp_now(record); /* an entry of the log that is not counted yet holds nothing */
    if (!quick_possible(core, number) || in_user_mode())
        return QUICK_NOT;
    uint64_t rip = vmread(VMCS_GUEST_RIP);
    vmwrite(VMCS_GUEST_RIP, rip + VMCALL_BYTES);
    quick_report(report, record, core->stage, rip, number, VMX_REASON_VMCALL);
    return quick_calls[number](core, registers);
}

/* A negative result that is the sandbox's own. */
void vmx_quick_failed(struct core *core, uint64_t number, int64_t result);
void vmx_quick_failed(struct core *core, uint64_t number, int64_t result)
{
    monitor_trace(core, QV_TRACE_CALL, number, (uint64_t)result);
}

/* Where the guest stands, as the VMCS has it: after an exit, or after quick calls of which nobody else heard. */
static void read_place(struct core *core, struct vmx_core *vmx)
{
    core->guest.rip = vmx->rip = vmread(VMCS_GUEST_RIP);
    core->guest.rsp = vmx->rsp = vmread(VMCS_GUEST_RSP);
    core->guest.rflags = vmx->rflags = vmread(VMCS_GUEST_RFLAGS);
}

static void run(struct core *core, struct exit_info *exit)
{
    struct vmx_core *vmx = core->vendor_state;
    write_back(core, vmx);
    if (vmx->alarm)
        wind_up(vmx);
    int how = vmx_enter(&core->guest, &vmx->nmi_seen, vmx->launched);
    exit->tsc = rdtsc();
    if (how != VMX_FAIL_INVALID)
        read_place(core, vmx);
    if (how == VMX_NMI_AFTER)
        vmx->launched = 1;
    if (how != VMX_EXITED) {
        not_entered(how, exit);
        return;
    }
    struct vmx_exit raw = {.reason = (uint32_t)vmread(VMCS_REASON), .qualification = vmread(VMCS_QUALIFICATION)};
    if (!(raw.reason & VMX_REASON_ENTRY_FAILED)) {
        vmx->launched = 1;
        raw.length = (uint32_t)vmread(VMCS_LENGTH);
        uint32_t vectoring = (uint32_t)vmread(VMCS_VECTORING);
        if (vectoring & EVENT_VALID)
            deliver_again(vectoring);
    }
    if (raw.reason == VMX_REASON_EVENT) {
        raw.interruption = (uint32_t)vmread(VMCS_INTERRUPTION);
        drop_nmi_blocking();
    } else if (raw.reason == VMX_REASON_EPT_VIOLATION || raw.reason == VMX_REASON_EPT_MISCONFIG) {
        raw.gpa = vmread(VMCS_GUEST_PHYSICAL);
    } else if (raw.reason == VMX_REASON_VMCALL) {
        raw.user = in_user_mode();
    } else if (raw.reason == VMX_REASON_INIT) {
        let_init_through(vmx);
    }
    vmx_decode_exit(&raw, exit);
}

static void inject(struct core *core, unsigned vector, bool has_error, uint32_t error)
{
    (void)core;
    vmwrite(VMCS_EVENT, EVENT_VALID | EVENT_EXCEPTION | (has_error ? EVENT_HAS_ERROR : 0u) | vector);
    if (has_error)
        vmwrite(VMCS_EVENT_ERROR, error);
    vmwrite(VMCS_ACTIVITY, ACTIVITY_ACTIVE);
    vmwrite(VMCS_SHADOW, 0);
}

static void flush(struct core *core)
{
    invept(vmx_eptp((uint64_t)core->nested.root)); /* for all VPIDs and PCIDs (28.3.3.4) */
}

static void redirect(struct core *core)
{
    (void)core;
    write_kernel_segment(SEGMENT_CS);
    write_kernel_segment(SEGMENT_SS);
    vmwrite(VMCS_EVENT, 0);
    vmwrite(VMCS_SHADOW, 0);
    vmwrite(VMCS_ACTIVITY, ACTIVITY_ACTIVE);
    vmwrite(VMCS_GUEST_PENDING_DEBUG, 0);
}

static uint64_t nmi_taken(struct core *core, uint64_t rip)
{
    struct vmx_core *vmx = core->vendor_state;
    if (!vmx)
        return rip;
    vmx->nmi_seen = 1;
    if (rip >= (uint64_t)vmx_entry_begin && rip < (uint64_t)vmx_entry_end)
        return (uint64_t)vmx_entry_end;
    if (rip >= (uint64_t)vmx_quick_begin && rip < (uint64_t)vmx_quick_end)
        return (uint64_t)vmx_quick_end;
    if (rip >= (uint64_t)vmx_wait_begin && rip < (uint64_t)vmx_wait_end)
        return (uint64_t)vmx_wait_end;
    return rip;
}

static void wait_for_nmi(struct core *core)
{
    struct vmx_core *vmx = core->vendor_state;
    vmx_unblock_nmi();
    vmx_wait_nmi(&vmx->nmi_seen);
    vmx->nmi_seen = 0;
}

static void drain_nmi(struct core *core)
{
    struct vmx_core *vmx = core->vendor_state;
    vmx_unblock_nmi();
    vmx->nmi_seen = 0;
}

static bool was_reset(const struct core *core)
{
    const struct vmx_core *vmx = core->vendor_state;
    return vmx && vmx->left;
}

static void hide(uint32_t leaf, uint32_t subleaf, struct cpuid_result *result)
{
    (void)subleaf;
    if (leaf == 1)
        result->ecx &= ~CPUID_VMX;
}

static void audit(struct core *core)
{
    static const struct {
        const char *name;
        uint32_t encoding;
    } field[] = {
#define VMX_AUDIT_ENTRY(name, encoding) {#name, encoding},
        VMX_AUDIT_FIELDS(VMX_AUDIT_ENTRY)
#undef VMX_AUDIT_ENTRY
    };
    union {
        struct vmx_audit_fields fields;
        uint64_t value[sizeof(field) / sizeof(field[0])];
    } vmcs;
    (void)core;
    for (unsigned i = 0; i < sizeof(field) / sizeof(field[0]); i++) {
        bool optional = field[i].encoding == VMCS_VPID && !(controls.proc2 & PROC2_VPID);
        vmcs.value[i] = optional ? 0 : vmread(field[i].encoding);
        kprint("VMCS: %s %lx", field[i].name, vmcs.value[i]);
    }
    const char *rule = vmx_audit(&vmcs.fields, &capabilities);
    kprint("VMCS: exit reason %lx qualification %lx instruction error %lu", vmread(VMCS_REASON),
           vmread(VMCS_QUALIFICATION), vmread(VMCS_INSTRUCTION_ERROR));
    kprint("VMCS audit: %s", rule ? rule : "no rule broken");
}

_Static_assert(offsetof(struct core, guest) == 0, "run.S hands the registers on as the core");
_Static_assert(QUICK_NOT == INT64_MIN && sizeof(struct quick_registers) == 64, "run.S knows");
_Static_assert(VMX_REASON_VMCALL == 18u && VMCS_REASON == 0x4402u, "run.S knows");

const struct vendor vendor_vmx = {
    .name = "vmx",
    .nested = &vmx_nested_format,
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
    .alarm = set_alarm,
    .hide = hide,
    .audit = audit,
};
