/* SPDX-License-Identifier: MIT */
/* The checks of VM entry in software, so that a refused entry has a name: 26.2.1, 26.2.2, 26.3.1. */
#include "monitor/vmx/vmx.h"

#include <stddef.h>

#include "lib/x86.h"

#define PAGE_OFFSET     0xfffull
#define EPTP_RESERVED   0xf80ull
#define SELECTOR_LOW    7ull /* RPL and table indicator */
#define RIGHTS_PRESENT  (1ull << 7)
#define RIGHTS_SYSTEM   (1ull << 4) /* 0 = system descriptor */
#define RIGHTS_LONG     (1ull << 13)
#define RIGHTS_DEFAULT  (1ull << 14)
#define RIGHTS_UNUSABLE (1ull << 16)
#define RIGHTS_TYPE     0xfull
#define TYPE_BUSY_TSS   11ull
#define RFLAGS_RESERVED (~0x3f7fd7ull)
#define RFLAGS_VM       (1ull << 17)
#define EVENT_RESERVED  0x7ffff000ull
#define NO_LINK         (~0ull)

static bool canonical(uint64_t address)
{
    uint64_t top = address >> 47;
    return top == 0 || top == 0x1ffffu;
}

static bool allowed(uint64_t value, uint64_t capability)
{
    uint32_t must = (uint32_t)capability;
    uint32_t may = (uint32_t)(capability >> 32);
    return ((uint32_t)value & must) == must && ((uint32_t)value & ~may) == 0;
}

static bool fixed(uint64_t value, uint64_t fixed0, uint64_t fixed1)
{
    return (value & fixed0) == fixed0 && (value & ~fixed1) == 0;
}

/* 26.2.1.1 */
static const char *audit_controls(const struct vmx_audit_fields *f, const struct vmx_capabilities *c)
{
    if (!allowed(f->pin, c->pin))
        return "26.2.1.1: pin-based controls have reserved bits set wrongly";
    if (!allowed(f->proc, c->proc))
        return "26.2.1.1: processor-based controls have reserved bits set wrongly";
    if ((f->proc & PROC_SECONDARY) && !allowed(f->proc2, c->proc2))
        return "26.2.1.1: secondary controls have reserved bits set wrongly";
    if (f->cr3_targets > 4)
        return "26.2.1.1: more than four CR3 targets";
    if ((f->proc & PROC_IO_BITMAPS) && ((f->io_bitmap_a | f->io_bitmap_b) & PAGE_OFFSET))
        return "26.2.1.1: an I/O bitmap is not page aligned";
    if ((f->proc & PROC_MSR_BITMAPS) && (f->msr_bitmap & PAGE_OFFSET))
        return "26.2.1.1: the MSR bitmap is not page aligned";
    if (!(f->pin & PIN_NMI) && (f->pin & PIN_VIRTUAL_NMI))
        return "26.2.1.1: virtual NMIs without NMI exiting";
    if ((f->proc2 & PROC2_VPID) && f->vpid == 0)
        return "26.2.1.1: VPID is zero";
    if ((f->proc2 & PROC2_EPT) && ((f->eptp & 7u) != 6u && (f->eptp & 7u) != 0u))
        return "26.2.1.1: the EPT pointer's memory type is neither write-back nor uncacheable";
    if ((f->proc2 & PROC2_EPT) && ((f->eptp >> 3 & 7u) != 3u || (f->eptp & EPTP_RESERVED)))
        return "26.2.1.1: the EPT pointer's walk length is not 4, or reserved bits are set";
    if ((f->proc2 & PROC2_UNRESTRICTED) && !(f->proc2 & PROC2_EPT))
        return "26.2.1.1: unrestricted guest without EPT";
    return NULL;
}

/* 26.2.1.2, 26.2.1.3 */
static const char *audit_switching(const struct vmx_audit_fields *f, const struct vmx_capabilities *c)
{
    if (!allowed(f->exit, c->exit))
        return "26.2.1.2: exit controls have reserved bits set wrongly";
    if ((f->exit & EXIT_SAVE_TIMER) && !(f->pin & PIN_PREEMPTION_TIMER))
        return "26.2.1.2: the preemption timer is saved but not used";
    if (!allowed(f->entry, c->entry))
        return "26.2.1.3: entry controls have reserved bits set wrongly";
    if (!(f->event & EVENT_VALID))
        return NULL;
    uint64_t type = f->event & EVENT_TYPE;
    uint64_t vector = f->event & 0xffu;
    if (f->event & EVENT_RESERVED || type == 1u << 8)
        return "26.2.1.3: the event to inject has a reserved type or reserved bits";
    if (type == EVENT_NMI && vector != VECTOR_NMI)
        return "26.2.1.3: an NMI to inject has another vector than 2";
    if (type == EVENT_EXCEPTION && vector > 31)
        return "26.2.1.3: an exception to inject has a vector above 31";
    bool takes_error =
        type == EVENT_EXCEPTION && (vector == VECTOR_DF || (vector >= 10 && vector <= VECTOR_PF) || vector == 17);
    if (takes_error != ((f->event & EVENT_HAS_ERROR) != 0))
        return "26.2.1.3: the error code of the event to inject does not fit its vector";
    if ((f->event & EVENT_HAS_ERROR) && f->event_error >> 15)
        return "26.2.1.3: the error code to inject has bits 31:15 set";
    return NULL;
}

/* 26.2.2 to 26.2.4 */
static const char *audit_host(const struct vmx_audit_fields *f, const struct vmx_capabilities *c)
{
    if (!fixed(f->host_cr0, c->cr0_fixed0, c->cr0_fixed1))
        return "26.2.2: host CR0 has a bit that VMX operation does not support";
    if (!fixed(f->host_cr4, c->cr4_fixed0, c->cr4_fixed1))
        return "26.2.2: host CR4 has a bit that VMX operation does not support";
    if (f->host_cr3 >> 52)
        return "26.2.2: host CR3 is beyond the physical-address width";
    if ((f->host_cs | f->host_ss | f->host_ds | f->host_tr) & SELECTOR_LOW)
        return "26.2.3: a host selector has RPL or TI set";
    if (f->host_cs == 0 || f->host_tr == 0)
        return "26.2.3: host CS or TR is null";
    if (!canonical(f->host_tr_base) || !canonical(f->host_gdtr_base) || !canonical(f->host_idtr_base))
        return "26.2.3: a host base address is not canonical";
    if (!(f->exit & EXIT_HOST_64) || !(f->host_cr4 & CR4_PAE) || !canonical(f->host_rip))
        return "26.2.4: the host is not in 64-bit mode, or host RIP is not canonical";
    if ((f->exit & EXIT_LOAD_EFER) && (f->host_efer & (EFER_LMA | EFER_LME)) != (EFER_LMA | EFER_LME))
        return "26.2.2: host EFER.LMA and EFER.LME do not say 64-bit";
    return NULL;
}

/* 26.3.1.1 */
static const char *audit_guest_registers(const struct vmx_audit_fields *f, const struct vmx_capabilities *c)
{
    uint64_t relaxed = f->proc2 & PROC2_UNRESTRICTED ? CR0_PE | CR0_PG : 0;
    if (!fixed(f->cr0, c->cr0_fixed0 & ~relaxed & ~(CR0_NW | CR0_CD), c->cr0_fixed1 | CR0_NW | CR0_CD))
        return "26.3.1.1: guest CR0 has a bit that VMX operation does not support";
    if ((f->cr0 & CR0_PG) && !(f->cr0 & CR0_PE))
        return "26.3.1.1: guest CR0.PG without CR0.PE";
    if (!fixed(f->cr4, c->cr4_fixed0, c->cr4_fixed1))
        return "26.3.1.1: guest CR4 has a bit that VMX operation does not support";
    if ((f->entry & ENTRY_IA32E) && (!(f->cr0 & CR0_PG) || !(f->cr4 & CR4_PAE)))
        return "26.3.1.1: IA-32e mode guest without CR0.PG and CR4.PAE";
    if (f->cr3 >> 52)
        return "26.3.1.1: guest CR3 is beyond the physical-address width";
    if ((f->entry & ENTRY_LOAD_DEBUG) && f->dr7 >> 32)
        return "26.3.1.1: guest DR7[63:32] are not zero";
    if (f->entry & ENTRY_LOAD_EFER) {
        bool lma = (f->efer & EFER_LMA) != 0;
        bool lme = (f->efer & EFER_LME) != 0;
        if (lma != ((f->entry & ENTRY_IA32E) != 0) || ((f->cr0 & CR0_PG) && lma != lme))
            return "26.3.1.1: guest EFER.LMA does not agree with the entry controls or with EFER.LME";
    }
    return NULL;
}

/* 26.3.1.2 */
static const char *audit_guest_segments(const struct vmx_audit_fields *f)
{
    if (f->tr & 4u)
        return "26.3.1.2: guest TR's selector has TI set";
    if ((f->tr_rights & (RIGHTS_TYPE | RIGHTS_SYSTEM | RIGHTS_PRESENT | RIGHTS_UNUSABLE)) !=
        (TYPE_BUSY_TSS | RIGHTS_PRESENT))
        return "26.3.1.2: guest TR is not a present, busy 64-bit TSS";
    if (f->tr_limit > 0xfffffu && (f->tr_limit & 0xfffu) != 0xfffu)
        return "26.3.1.2: guest TR's limit does not fit its granularity";
    if ((f->cs_rights & RIGHTS_UNUSABLE) || !(f->cs_rights & RIGHTS_PRESENT) || !(f->cs_rights & RIGHTS_SYSTEM) ||
        !(f->cs_rights & 8u))
        return "26.3.1.2: guest CS is not a present code segment";
    if ((f->entry & ENTRY_IA32E) && (f->cs_rights & RIGHTS_LONG) && (f->cs_rights & RIGHTS_DEFAULT))
        return "26.3.1.2: guest CS has L and D both set";
    if (!(f->ss_rights & RIGHTS_UNUSABLE) && (f->ss_rights & (RIGHTS_TYPE & ~4ull)) != 3u)
        return "26.3.1.2: guest SS is not an accessed writable data segment";
    return NULL;
}

/* 26.3.1.4, 26.3.1.5 */
static const char *audit_guest_activity(const struct vmx_audit_fields *f)
{
    if (!canonical(f->rip))
        return "26.3.1.4: guest RIP is not canonical";
    if ((f->rflags & RFLAGS_RESERVED) || !(f->rflags & RFLAGS_FIXED) ||
        ((f->rflags & RFLAGS_VM) && (f->entry & ENTRY_IA32E)))
        return "26.3.1.4: guest RFLAGS has reserved bits set wrongly, or VM in IA-32e mode";
    if (f->activity > 3)
        return "26.3.1.5: unknown activity state";
    if (f->activity != ACTIVITY_ACTIVE && (f->shadow & (SHADOW_STI | SHADOW_MOV_SS)))
        return "26.3.1.5: not active, but blocked by STI or MOV SS";
    if ((f->shadow & SHADOW_STI) && (f->shadow & SHADOW_MOV_SS))
        return "26.3.1.5: blocked by STI and MOV SS at once";
    if ((f->shadow & SHADOW_STI) && !(f->rflags & RFLAGS_IF))
        return "26.3.1.5: blocked by STI with RFLAGS.IF clear";
    if (f->link != NO_LINK)
        return "26.3.1.5: the VMCS link pointer is not all ones";
    return NULL;
}

const char *vmx_audit(const struct vmx_audit_fields *f, const struct vmx_capabilities *c)
{
    const char *broken = audit_controls(f, c);
    broken = broken ? broken : audit_switching(f, c);
    broken = broken ? broken : audit_host(f, c);
    broken = broken ? broken : audit_guest_registers(f, c);
    broken = broken ? broken : audit_guest_segments(f);
    return broken ? broken : audit_guest_activity(f);
}
