/* SPDX-License-Identifier: MIT */
/*
 * Intel Virtual Machine Extensions behind the vendor contract: parts of vmx/ that see each other. Section numbers are
 * those of the Intel Software Developer's Manual, vol. 3 (order number 325384), chapters "Introduction to
 * virtual-machine extensions" (23) to "VMX instruction reference" (30).
 */
#ifndef QV_MONITOR_VMX_VMX_H
#define QV_MONITOR_VMX_VMX_H

#include <stdbool.h>
#include <stdint.h>

#include "monitor/nested.h"
#include "monitor/vendor.h"
#include "monitor/vmx/vmcs.h"

struct guest_registers;

/* What a processor says it can do: the capability MSRs of appendix A and the lock of 23.7. Plain data, so that recorded
 * sets of real and emulated processors can be tried in tests. */
struct vmx_capabilities {
    uint64_t feature_control; /* IA32_FEATURE_CONTROL */
    uint64_t basic;
    uint64_t pin, proc, proc2, exit, entry; /* the TRUE ones where there are such; 0 in proc2: no secondary controls */
    uint64_t ept_vpid;
    uint64_t cr0_fixed0, cr0_fixed1, cr4_fixed0, cr4_fixed1;
};

struct vmx_controls {
    uint32_t pin, proc, proc2, exit, entry;
    bool timer; /* the preemption timer can be used, and goes on where it was after an exit */
};

/* controls.c: (wanted | must be 1) & may be 1. NULL, or the name of a control that is needed and cannot be had. */
const char *vmx_choose_controls(const struct vmx_capabilities *capabilities, struct vmx_controls *controls);
/* Why the monitor cannot run on such a processor; NULL if it can. */
const char *vmx_unusable(const struct vmx_capabilities *capabilities);
/* Control-register value with the bits that VMX operation demands (appendix A.7, A.8). */
uint64_t vmx_fix(uint64_t value, uint64_t fixed0, uint64_t fixed1);

#define VMX_EPT_WALK_4     (1ull << 6)
#define VMX_EPT_WRITE_BACK (1ull << 14)
#define VMX_EPT_2MIB       (1ull << 16)
#define VMX_INVEPT         (1ull << 20)
#define VMX_INVEPT_SINGLE  (1ull << 25)
#define VMX_INVEPT_ALL     (1ull << 26)
#define VMX_INVVPID        (1ull << 32)
#define VMX_INVVPID_SINGLE (1ull << 41)
#define VMX_INVVPID_ALL    (1ull << 42)

extern const struct vendor vendor_vmx;
extern const struct nested_format vmx_nested_format;
/* The pointer that a VMCS holds to a table: write-back, four levels, no accessed and dirty flags (24.6.11). */
uint64_t vmx_eptp(uint64_t root_phys);

/* maps.c: 8 KiB of ports (bitmaps A and B) and 4 KiB of MSRs; a set bit exits. */
#define VMX_PORT_MAP_BYTES 0x2000u
#define VMX_MSR_MAP_BYTES  0x1000u
void vmx_fill_port_map(uint8_t *map);
void vmx_fill_msr_map(uint8_t *map, bool tsc_deadline); /* with that MSR as one of the direct ones */

/* exit.c: what the processor tells of an exit, in words that all vendors share. */
struct vmx_exit {
    uint32_t reason;       /* with bit 31: the entry failed */
    uint32_t interruption; /* read for reason 0 only */
    uint32_t length;
    uint64_t qualification;
    uint64_t gpa; /* read for EPT exits only */
    bool user;    /* read for calls only */
};
void vmx_decode_exit(const struct vmx_exit *raw, struct exit_info *exit);

/* audit.c: the fields that the checks on VM entry concern, as read from the VMCS. */
#define VMX_AUDIT_FIELDS(X)                                                                                            \
    X(pin, VMCS_PIN)                                                                                                   \
    X(proc, VMCS_PROC)                                                                                                 \
    X(proc2, VMCS_PROC2)                                                                                               \
    X(exit, VMCS_EXIT)                                                                                                 \
    X(entry, VMCS_ENTRY)                                                                                               \
    X(vpid, VMCS_VPID)                                                                                                 \
    X(cr3_targets, VMCS_CR3_TARGETS)                                                                                   \
    X(io_bitmap_a, VMCS_IO_BITMAP_A)                                                                                   \
    X(io_bitmap_b, VMCS_IO_BITMAP_B)                                                                                   \
    X(msr_bitmap, VMCS_MSR_BITMAP)                                                                                     \
    X(eptp, VMCS_EPTP)                                                                                                 \
    X(event, VMCS_EVENT)                                                                                               \
    X(event_error, VMCS_EVENT_ERROR)                                                                                   \
    X(host_cr0, VMCS_HOST_CR0)                                                                                         \
    X(host_cr3, VMCS_HOST_CR3)                                                                                         \
    X(host_cr4, VMCS_HOST_CR4)                                                                                         \
    X(host_efer, VMCS_HOST_EFER)                                                                                       \
    X(host_cs, VMCS_HOST_CS)                                                                                           \
    X(host_ss, VMCS_HOST_SS)                                                                                           \
    X(host_ds, VMCS_HOST_DS)                                                                                           \
    X(host_tr, VMCS_HOST_TR)                                                                                           \
    X(host_tr_base, VMCS_HOST_TR_BASE)                                                                                 \
    X(host_gdtr_base, VMCS_HOST_GDTR_BASE)                                                                             \
    X(host_idtr_base, VMCS_HOST_IDTR_BASE)                                                                             \
    X(host_rip, VMCS_HOST_RIP)                                                                                         \
    X(cr0, VMCS_GUEST_CR0)                                                                                             \
    X(cr3, VMCS_GUEST_CR3)                                                                                             \
    X(cr4, VMCS_GUEST_CR4)                                                                                             \
    X(efer, VMCS_GUEST_EFER)                                                                                           \
    X(dr7, VMCS_GUEST_DR7)                                                                                             \
    X(cs_rights, VMCS_GUEST_CS_RIGHTS)                                                                                 \
    X(ss_rights, VMCS_GUEST_SS_RIGHTS)                                                                                 \
    X(tr_rights, VMCS_GUEST_TR_RIGHTS)                                                                                 \
    X(tr_limit, VMCS_GUEST_TR_LIMIT)                                                                                   \
    X(tr, VMCS_GUEST_TR)                                                                                               \
    X(rip, VMCS_GUEST_RIP)                                                                                             \
    X(rsp, VMCS_GUEST_RSP)                                                                                             \
    X(rflags, VMCS_GUEST_RFLAGS)                                                                                       \
    X(shadow, VMCS_SHADOW)                                                                                             \
    X(activity, VMCS_ACTIVITY)                                                                                         \
    X(link, VMCS_LINK)

struct vmx_audit_fields {
#define VMX_AUDIT_MEMBER(name, encoding) uint64_t name;
    VMX_AUDIT_FIELDS(VMX_AUDIT_MEMBER)
#undef VMX_AUDIT_MEMBER
};

/* The checks of 26.2 and 26.3 that a monitor of this kind can fail: NULL, or the rule that is broken. */
const char *vmx_audit(const struct vmx_audit_fields *fields, const struct vmx_capabilities *capabilities);

/* run.S */
enum vmx_entered {
    VMX_EXITED = 0,       /* the guest ran */
    VMX_NMI_WAITS = 1,    /* it did not: an NMI came to the monitor before */
    VMX_FAIL_INVALID = 2, /* no current VMCS */
    VMX_FAIL_VALID = 3,   /* a check failed: see VMCS_INSTRUCTION_ERROR */
    VMX_NMI_AFTER = 4,    /* it ran and made a quick call; an NMI came to the monitor meanwhile */
};
int vmx_enter(struct guest_registers *registers, const volatile uint32_t *nmi_seen, uint32_t launched);
void vmx_exit_entry(void);
void vmx_unblock_nmi(void);
void vmx_wait_nmi(const volatile uint32_t *nmi_seen);

#endif
