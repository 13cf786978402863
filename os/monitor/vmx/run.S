/* SPDX-License-Identifier: MIT */
/*
 * int vmx_enter(struct guest_registers *registers, const volatile uint32_t *nmi_seen, uint32_t launched);
 *
 * Runs the guest until its next exit. VM entry and exit switch RSP, RIP, RFLAGS, segments, CR0, CR3, CR4, EFER and DR7; the
 * other registers are carried here. There is no flag that holds NMIs back in the monitor, so one may come at any
 * instruction before VMLAUNCH or VMRESUME: its handler counts it in *nmi_seen and, if it interrupted the code between
 * vmx_entry_begin and vmx_entry_end, moves on to vmx_entry_end: the guest is not entered with an NMI unanswered.
 */
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
        pushq %rdi              /* registers */
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
        jc 4f
        movl $3, %eax           /* VMfailValid: ZF */
        jmp 4f
        .globl vmx_entry_end
vmx_entry_end:
        movl $1, %eax
        jmp 4f

        .globl vmx_exit_entry
        .type vmx_exit_entry, @function
vmx_exit_entry:                 /* VMCS_HOST_RIP */
        pushq %rax
        movq 8(%rsp), %rax      /* registers */
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
        xorl %eax, %eax
4:      popq %rdi
        popq %r15
        popq %r14
        popq %r13
        popq %r12
        popq %rbp
        popq %rbx
        ret
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
