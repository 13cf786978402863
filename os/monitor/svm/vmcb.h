/* SPDX-License-Identifier: MIT */
/* Virtual machine control block: AMD64 APM vol. 2 (24593), appendix B, tables B-1 and B-2. */
#ifndef QV_MONITOR_SVM_VMCB_H
#define QV_MONITOR_SVM_VMCB_H

#include <stddef.h>
#include <stdint.h>

struct vmcb_segment {
    uint16_t selector, attributes;
    uint32_t limit;
    uint64_t base;
};

struct vmcb {
    uint32_t intercept_cr, intercept_dr, intercept_exceptions, intercept_misc1, intercept_misc2;
    uint8_t pad1[0x3c - 0x14];
    uint16_t pause_threshold, pause_count;
    uint64_t iopm_base, msrpm_base, tsc_offset;
    uint32_t asid;
    uint32_t tlb_control;
    uint64_t virtual_interrupt, interrupt_shadow;
    uint64_t exit_code, exit_info1, exit_info2, exit_interrupt_info;
    uint64_t nested_enable;
    uint8_t pad2[0xa8 - 0x98];
    uint64_t event_inject, nested_cr3, lbr_enable;
    uint32_t clean, pad3;
    uint64_t next_rip;
    uint8_t pad4[0x400 - 0xd0];
    struct vmcb_segment es, cs, ss, ds, fs, gs, gdtr, ldtr, idtr, tr;
    uint8_t pad5[0x4cb - 0x4a0];
    uint8_t cpl;
    uint32_t pad6;
    uint64_t efer;
    uint8_t pad7[0x548 - 0x4d8];
    uint64_t cr4, cr3, cr0, dr7, dr6, rflags, rip;
    uint8_t pad8[0x5d8 - 0x580];
    uint64_t rsp;
    uint8_t pad9[0x5f8 - 0x5e0];
    uint64_t rax, star, lstar, cstar, sfmask, kernel_gs_base, sysenter_cs, sysenter_esp, sysenter_eip, cr2;
    uint8_t pad10[0x668 - 0x648];
    uint64_t pat;
    uint8_t pad11[0x1000 - 0x670];
};
_Static_assert(offsetof(struct vmcb, iopm_base) == 0x40, "VMCB");
_Static_assert(offsetof(struct vmcb, exit_code) == 0x70, "VMCB");
_Static_assert(offsetof(struct vmcb, event_inject) == 0xa8, "VMCB");
_Static_assert(offsetof(struct vmcb, next_rip) == 0xc8, "VMCB");
_Static_assert(offsetof(struct vmcb, es) == 0x400, "VMCB");
_Static_assert(offsetof(struct vmcb, efer) == 0x4d0, "VMCB");
_Static_assert(offsetof(struct vmcb, rsp) == 0x5d8, "VMCB");
_Static_assert(offsetof(struct vmcb, rax) == 0x5f8, "VMCB");
_Static_assert(offsetof(struct vmcb, cr2) == 0x640, "VMCB");
_Static_assert(offsetof(struct vmcb, pat) == 0x668, "VMCB");
_Static_assert(sizeof(struct vmcb) == 0x1000, "VMCB");

/* intercept_misc1 */
#define INTERCEPT_NMI      (1u << 1)
#define INTERCEPT_INIT     (1u << 3)
#define INTERCEPT_CR0_SEL  (1u << 5)
#define INTERCEPT_RSM      (1u << 19)
#define INTERCEPT_INVD     (1u << 22)
#define INTERCEPT_INVLPGA  (1u << 26)
#define INTERCEPT_IOIO     (1u << 27)
#define INTERCEPT_MSR      (1u << 28)
#define INTERCEPT_TASK     (1u << 29)
#define INTERCEPT_SHUTDOWN (1u << 31)
/* intercept_misc2 */
#define INTERCEPT_VMRUN   (1u << 0)
#define INTERCEPT_VMMCALL (1u << 1)
#define INTERCEPT_VMLOAD  (1u << 2)
#define INTERCEPT_VMSAVE  (1u << 3)
#define INTERCEPT_STGI    (1u << 4)
#define INTERCEPT_CLGI    (1u << 5)
#define INTERCEPT_SKINIT  (1u << 6)
#define INTERCEPT_WBINVD  (1u << 9)
#define INTERCEPT_MONITOR (1u << 10)
#define INTERCEPT_MWAIT   (1u << 11)
#define INTERCEPT_XSETBV  (1u << 13)

/* Exit codes, appendix C. */
#define SVM_EXIT_CR0_SEL  0x65u
#define SVM_EXIT_EXCP     0x40u
#define SVM_EXIT_INTR     0x60u
#define SVM_EXIT_NMI      0x61u
#define SVM_EXIT_INIT     0x63u
#define SVM_EXIT_CPUID    0x72u
#define SVM_EXIT_RSM      0x73u
#define SVM_EXIT_INVD     0x76u
#define SVM_EXIT_HLT      0x78u
#define SVM_EXIT_INVLPGA  0x7au
#define SVM_EXIT_IOIO     0x7bu
#define SVM_EXIT_MSR      0x7cu
#define SVM_EXIT_TASK     0x7du
#define SVM_EXIT_SHUTDOWN 0x7fu
#define SVM_EXIT_VMRUN    0x80u
#define SVM_EXIT_VMMCALL  0x81u
#define SVM_EXIT_VMLOAD   0x82u
#define SVM_EXIT_VMSAVE   0x83u
#define SVM_EXIT_STGI     0x84u
#define SVM_EXIT_CLGI     0x85u
#define SVM_EXIT_SKINIT   0x86u
#define SVM_EXIT_WBINVD   0x89u
#define SVM_EXIT_MONITOR  0x8au
#define SVM_EXIT_MWAIT    0x8bu
#define SVM_EXIT_XSETBV   0x8du
#define SVM_EXIT_NPF      0x400u

#define SVM_EVENT_VALID     (1ull << 31)
#define SVM_EVENT_HAS_ERROR (1ull << 11)
#define SVM_EVENT_EXCEPTION (3ull << 8)

#define TLB_FLUSH_ALL  1u
#define TLB_FLUSH_ASID 3u

#endif
