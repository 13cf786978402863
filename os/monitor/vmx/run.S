/* SPDX-License-Identifier: MIT */
/*
 * int vmx_enter(struct guest_registers *registers, const volatile uint32_t *nmi_seen, uint32_t launched);
 *
 * Runs the guest until its next exit that is no quick call. VM entry and exit switch RSP, RIP, RFLAGS, segments, CR0, CR3,
 * CR4, EFER and DR7; the other registers are carried here. There is no flag that holds NMIs back in the monitor, so one may
 * come at any instruction before VMLAUNCH or VMRESUME: its handler sets *nmi_seen and, if it interrupted the code between
 * vmx_entry_begin and vmx_entry_end, or between vmx_quick_begin and vmx_quick_end, moves on to that end: the guest is not
 * entered with an NMI unanswered.
 *
 * A quick call (monitor/quick.h) is answered with the guest's callee-saved registers left where they are: C saves those it
 * uses. RSP is the monitor's own on every exit, so nothing is popped that is not needed.
 */
#define REASON_FIELD  0x4402 /* VMCS_REASON */
#define REASON_VMCALL 18     /* VMX_REASON_VMCALL */
        /* The stack from HOST_RSP upwards, and what a VMCALL puts below it: RAX, then struct quick_registers. */
#define REGISTERS 0
#define NMI_SEEN  8
#define QUICK     72 /* bytes put below */

        /* All of the guest that is not on the stack goes to struct guest_registers; RAX is on top of the stack. */
        .macro put_aside
        movq 8+REGISTERS(%rsp), %rax
        movq %rbx, 0(%rax)
        movq %rcx, 8(%rax)
        movq %rdx, 16(%rax)
        movq %rsi, 24(%rax)
        movq %rdi, 32(%rax)
        movq %rbp, 40(%rax)
        movq %r8, 48(%rax)
        movq %r9, 56(%rax)
        movq %r10, 64(%rax)
        movq %r11, 72(%rax)
        movq %r12, 80(%rax)
        movq %r13, 88(%rax)
        movq %r14, 96(%rax)
        movq %r15, 104(%rax)
        popq 112(%rax)
        .endm

        /* Those of struct quick_registers, which stay on the stack as well. */
        .macro fetch_quick
        movq 0(%rsp), %r11
        movq 8(%rsp), %r10
        movq 16(%rsp), %r9
        movq 24(%rsp), %r8
        movq 32(%rsp), %rdi
        movq 40(%rsp), %rsi
        movq 48(%rsp), %rdx
        movq 56(%rsp), %rcx
        .endm

        .text
        .globl vmx_enter
        .type vmx_enter, @function
vmx_enter:
        pushq %rbx
        pushq %rbp
        pushq %r12
        pushq %r13
        pushq %r14
        pushq %r15
        pushq %rsi              /* NMI_SEEN */
        pushq %rdi              /* REGISTERS */
        movl $0x6c14, %eax      /* VMCS_HOST_RSP */
        vmwrite %rsp, %rax
        .globl vmx_entry_begin
vmx_entry_begin:
        cmpl $0, (%rsi)
        jne vmx_entry_end
        testl %edx, %edx        /* the flags survive the moves */
        movq 0(%rdi), %rbx
        movq 8(%rdi), %rcx
        movq 16(%rdi), %rdx
        movq 24(%rdi), %rsi
        movq 40(%rdi), %rbp
        movq 48(%rdi), %r8
        movq 56(%rdi), %r9
        movq 64(%rdi), %r10
        movq 72(%rdi), %r11
        movq 80(%rdi), %r12
        movq 88(%rdi), %r13
        movq 96(%rdi), %r14
        movq 104(%rdi), %r15
        movq 112(%rdi), %rax
        movq 32(%rdi), %rdi
        jz 1f
        vmresume
        jmp 2f
1:      vmlaunch
2:      movl $2, %eax           /* VMfailInvalid: CF */
        jc leave
        movl $3, %eax           /* VMfailValid: ZF */
        jmp leave
        .globl vmx_entry_end
vmx_entry_end:
        movl $1, %eax
leave:  addq $16, %rsp
        popq %r15
        popq %r14
        popq %r13
        popq %r12
        popq %rbp
        popq %rbx
        ret

        .globl vmx_exit_entry
        .type vmx_exit_entry, @function
vmx_exit_entry:                 /* VMCS_HOST_RIP */
        pushq %rax
        movl $REASON_FIELD, %eax
        vmread %rax, %rax
        cmpl $REASON_VMCALL, %eax
        je quick
full:   put_aside
        xorl %eax, %eax
        jmp leave

quick:  pushq %rcx              /* struct quick_registers */
        pushq %rdx
        pushq %rsi
        pushq %rdi
        pushq %r8
        pushq %r9
        pushq %r10
        pushq %r11
        movq QUICK+REGISTERS(%rsp), %rdi /* core: its registers come first */
        movq %rsp, %rsi
        movq 64(%rsp), %rdx     /* number */
        call vmx_quick
        testq %rax, %rax
        js failed
answered:                       /* the result is in RAX and stays there */
        movq QUICK+NMI_SEEN(%rsp), %rcx
        .globl vmx_quick_begin
vmx_quick_begin:
        cmpl $0, (%rcx)
        jne vmx_quick_end
        fetch_quick
        vmresume
        leaq QUICK(%rsp), %rsp  /* the flags survive */
        jmp 2b
        .globl vmx_quick_end
vmx_quick_end:                  /* the call is done, the NMI comes before what follows it */
        movq %rax, 64(%rsp)
        fetch_quick
        leaq 64(%rsp), %rsp
        put_aside
        movl $4, %eax
        jmp leave

        /* Negative: an error to be traced, or not a quick call at all. */
failed: movabsq $0x8000000000000000, %rcx /* QUICK_NOT */
        cmpq %rcx, %rax
        je long_way
        movq QUICK+REGISTERS(%rsp), %rdi
        movq 64(%rsp), %rsi
        movq %rax, %rdx
        pushq %rax
        call vmx_quick_failed
        popq %rax
        jmp answered
long_way:
        fetch_quick
        leaq 64(%rsp), %rsp
        jmp full
        .size vmx_enter, . - vmx_enter

/* void vmx_unblock_nmi(void): an NMI blocks further ones until an IRET, also where it was taken as an exit (27.5.5). */
        .globl vmx_unblock_nmi
        .type vmx_unblock_nmi, @function
vmx_unblock_nmi:
        movq %rsp, %rax
        movl %ss, %ecx
        movl %cs, %edx
        pushq %rcx
        pushq %rax
        pushfq
        pushq %rdx
        leaq 1f(%rip), %rcx
        pushq %rcx
        iretq
1:      ret
        .size vmx_unblock_nmi, . - vmx_unblock_nmi

/*
 * void vmx_wait_nmi(const volatile uint32_t *nmi_seen): sleep until an NMI came. One that comes between the check and the
 * HLT must not be slept through: the handler moves on to vmx_wait_end.
 */
        .globl vmx_wait_nmi
        .type vmx_wait_nmi, @function
vmx_wait_nmi:
        .globl vmx_wait_begin
vmx_wait_begin:
        cmpl $0, (%rdi)
        jne vmx_wait_end
        hlt
        jmp vmx_wait_begin
        .globl vmx_wait_end
vmx_wait_end:
        ret
        .size vmx_wait_nmi, . - vmx_wait_nmi
        .section .note.GNU-stack, "", @progbits
