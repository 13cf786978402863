/* SPDX-License-Identifier: MIT */
/* Virtual-machine control structure: field encodings (Intel SDM vol. 3, appendix B), control bits (24.6 to 24.8). */
#ifndef QV_MONITOR_VMX_VMCS_H
#define QV_MONITOR_VMX_VMCS_H

/* 16-bit fields */
#define VMCS_VPID       0x0000u
#define VMCS_GUEST_ES   0x0800u /* selectors: ES, CS, SS, DS, FS, GS, LDTR, TR in steps of 2 */
#define VMCS_GUEST_CS   0x0802u
#define VMCS_GUEST_SS   0x0804u
#define VMCS_GUEST_DS   0x0806u
#define VMCS_GUEST_LDTR 0x080cu
#define VMCS_GUEST_TR   0x080eu
#define VMCS_HOST_ES    0x0c00u /* ES, CS, SS, DS, FS, GS, TR in steps of 2 */
#define VMCS_HOST_CS    0x0c02u
#define VMCS_HOST_SS    0x0c04u
#define VMCS_HOST_DS    0x0c06u
#define VMCS_HOST_FS    0x0c08u
#define VMCS_HOST_GS    0x0c0au
#define VMCS_HOST_TR    0x0c0cu
/* 64-bit fields */
#define VMCS_IO_BITMAP_A    0x2000u
#define VMCS_IO_BITMAP_B    0x2002u
#define VMCS_MSR_BITMAP     0x2004u
#define VMCS_EPTP           0x201au
#define VMCS_GUEST_PHYSICAL 0x2400u
#define VMCS_LINK           0x2800u
#define VMCS_GUEST_DEBUGCTL 0x2802u
#define VMCS_GUEST_EFER     0x2806u
#define VMCS_HOST_EFER      0x2c02u
/* 32-bit fields */
#define VMCS_PIN               0x4000u
#define VMCS_PROC              0x4002u
#define VMCS_EXCEPTIONS        0x4004u
#define VMCS_PF_MASK           0x4006u
#define VMCS_PF_MATCH          0x4008u
#define VMCS_CR3_TARGETS       0x400au
#define VMCS_EXIT              0x400cu
#define VMCS_EXIT_MSR_STORE    0x400eu
#define VMCS_EXIT_MSR_LOAD     0x4010u
#define VMCS_ENTRY             0x4012u
#define VMCS_ENTRY_MSR_LOAD    0x4014u
#define VMCS_EVENT             0x4016u
#define VMCS_EVENT_ERROR       0x4018u
#define VMCS_EVENT_LENGTH      0x401au
#define VMCS_PROC2             0x401eu
#define VMCS_INSTRUCTION_ERROR 0x4400u
#define VMCS_REASON            0x4402u
#define VMCS_INTERRUPTION      0x4404u
#define VMCS_VECTORING         0x4408u
#define VMCS_VECTORING_ERROR   0x440au
#define VMCS_LENGTH            0x440cu
#define VMCS_GUEST_ES_LIMIT    0x4800u /* ES, CS, SS, DS, FS, GS, LDTR, TR, GDTR, IDTR in steps of 2 */
#define VMCS_GUEST_TR_LIMIT    0x480eu
#define VMCS_GUEST_ES_RIGHTS   0x4814u /* ES, CS, SS, DS, FS, GS, LDTR, TR in steps of 2 */
#define VMCS_GUEST_CS_RIGHTS   0x4816u
#define VMCS_GUEST_SS_RIGHTS   0x4818u
#define VMCS_GUEST_TR_RIGHTS   0x4822u
#define VMCS_SHADOW            0x4824u /* interruptibility state */
#define VMCS_ACTIVITY          0x4826u
#define VMCS_TIMER             0x482eu /* preemption timer */
#define VMCS_GUEST_SYSENTER_CS 0x482au
#define VMCS_HOST_SYSENTER_CS  0x4c00u
/* natural-width fields */
#define VMCS_CR0_MASK            0x6000u
#define VMCS_CR4_MASK            0x6002u
#define VMCS_CR0_SHADOW          0x6004u
#define VMCS_CR4_SHADOW          0x6006u
#define VMCS_QUALIFICATION       0x6400u
#define VMCS_GUEST_CR0           0x6800u
#define VMCS_GUEST_CR3           0x6802u
#define VMCS_GUEST_CR4           0x6804u
#define VMCS_GUEST_ES_BASE       0x6806u /* ES, CS, SS, DS, FS, GS, LDTR, TR, GDTR, IDTR in steps of 2 */
#define VMCS_GUEST_TR_BASE       0x6814u
#define VMCS_GUEST_DR7           0x681au
#define VMCS_GUEST_RSP           0x681cu
#define VMCS_GUEST_RIP           0x681eu
#define VMCS_GUEST_RFLAGS        0x6820u
#define VMCS_GUEST_PENDING_DEBUG 0x6822u
#define VMCS_GUEST_SYSENTER_ESP  0x6824u
#define VMCS_GUEST_SYSENTER_EIP  0x6826u
#define VMCS_HOST_CR0            0x6c00u
#define VMCS_HOST_CR3            0x6c02u
#define VMCS_HOST_CR4            0x6c04u
#define VMCS_HOST_FS_BASE        0x6c06u
#define VMCS_HOST_GS_BASE        0x6c08u
#define VMCS_HOST_TR_BASE        0x6c0au
#define VMCS_HOST_GDTR_BASE      0x6c0cu
#define VMCS_HOST_IDTR_BASE      0x6c0eu
#define VMCS_HOST_SYSENTER_ESP   0x6c10u
#define VMCS_HOST_SYSENTER_EIP   0x6c12u
#define VMCS_HOST_RSP            0x6c14u
#define VMCS_HOST_RIP            0x6c16u

#define VMCS_STEP 2u /* from one register's field to the next one's */

/* Pin-based controls (24.6.1) */
#define PIN_EXTERNAL_INTERRUPT (1u << 0)
#define PIN_NMI                (1u << 3)
#define PIN_VIRTUAL_NMI        (1u << 5)
#define PIN_PREEMPTION_TIMER   (1u << 6)
/* Processor-based controls (24.6.2) */
#define PROC_TSC_OFFSET    (1u << 3)
#define PROC_HLT           (1u << 7)
#define PROC_MWAIT         (1u << 10)
#define PROC_RDTSC         (1u << 12)
#define PROC_CR3_LOAD      (1u << 15)
#define PROC_CR3_STORE     (1u << 16)
#define PROC_CR8_LOAD      (1u << 19)
#define PROC_CR8_STORE     (1u << 20)
#define PROC_IO_BITMAPS    (1u << 25)
#define PROC_MSR_BITMAPS   (1u << 28)
#define PROC_MONITOR       (1u << 29)
#define PROC_SECONDARY     (1u << 31)
#define PROC2_EPT          (1u << 1)
#define PROC2_RDTSCP       (1u << 3)
#define PROC2_VPID         (1u << 5)
#define PROC2_WBINVD       (1u << 6)
#define PROC2_UNRESTRICTED (1u << 7)
/* Exit and entry controls (24.7.1, 24.8.1) */
#define EXIT_SAVE_DEBUG  (1u << 2)
#define EXIT_HOST_64     (1u << 9)
#define EXIT_SAVE_EFER   (1u << 20)
#define EXIT_LOAD_EFER   (1u << 21)
#define EXIT_SAVE_TIMER  (1u << 22)
#define ENTRY_LOAD_DEBUG (1u << 2)
#define ENTRY_IA32E      (1u << 9)
#define ENTRY_LOAD_EFER  (1u << 15)

/* Event to inject, and event whose delivery was cut short (24.8.3, 24.9.3) */
#define EVENT_VALID     (1u << 31)
#define EVENT_HAS_ERROR (1u << 11)
#define EVENT_TYPE      (7u << 8)
#define EVENT_NMI       (2u << 8)
#define EVENT_EXCEPTION (3u << 8)
#define EVENT_UNDEFINED (1u << 12) /* of a vectoring field; must not be injected */

#define SHADOW_STI    (1u << 0)
#define SHADOW_MOV_SS (1u << 1)
#define SHADOW_NMI    (1u << 3)

#define ACTIVITY_ACTIVE 0u
#define ACTIVITY_HLT    1u

/* Exit reasons (appendix C) */
#define VMX_REASON_EVENT         0u
#define VMX_REASON_INTERRUPT     1u
#define VMX_REASON_TRIPLE_FAULT  2u
#define VMX_REASON_INIT          3u
#define VMX_REASON_TASK_SWITCH   9u
#define VMX_REASON_CPUID         10u
#define VMX_REASON_GETSEC        11u
#define VMX_REASON_HLT           12u
#define VMX_REASON_INVD          13u
#define VMX_REASON_RSM           17u
#define VMX_REASON_VMCALL        18u
#define VMX_REASON_VMCLEAR       19u
#define VMX_REASON_VMXON         27u
#define VMX_REASON_CR            28u
#define VMX_REASON_DR            29u
#define VMX_REASON_IO            30u
#define VMX_REASON_RDMSR         31u
#define VMX_REASON_WRMSR         32u
#define VMX_REASON_GUEST_STATE   33u
#define VMX_REASON_MSR_LOAD      34u
#define VMX_REASON_MWAIT         36u
#define VMX_REASON_MONITOR       39u
#define VMX_REASON_EPT_VIOLATION 48u
#define VMX_REASON_EPT_MISCONFIG 49u
#define VMX_REASON_INVEPT        50u
#define VMX_REASON_PREEMPTION    52u
#define VMX_REASON_INVVPID       53u
#define VMX_REASON_WBINVD        54u
#define VMX_REASON_XSETBV        55u
#define VMX_REASON_INVPCID       58u
#define VMX_REASON_VMFUNC        59u
#define VMX_REASON_ENTRY_FAILED  (1u << 31)

#endif
