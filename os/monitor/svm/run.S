/* SPDX-License-Identifier: MIT */
/*
 * void svm_enter(uint64_t guest_vmcb, struct guest_registers *registers, uint64_t host_vmcb);
 *
 * Runs the guest until its next exit. VMRUN itself switches RAX, RSP, RIP, RFLAGS and segments CS-DS-ES-SS; VMLOAD and
 * VMSAVE carry FS, GS, TR, LDTR and the system-call registers (APM vol. 2, 15.5). GIF is 0 before and after.
 */
        .text
        .globl svm_enter
        .type svm_enter, @function
svm_enter:
        pushq %rbx
        pushq %rbp
        pushq %r12
        pushq %r13
        pushq %r14
        pushq %r15
        pushq %rdx              /* host VMCB */
        pushq %rsi              /* registers */
        movq %rdi, %rax         /* guest VMCB */
        movq 0(%rsi), %rbx
        movq 8(%rsi), %rcx
        movq 16(%rsi), %rdx
        movq 32(%rsi), %rdi
        movq 40(%rsi), %rbp
        movq 48(%rsi), %r8
        movq 56(%rsi), %r9
        movq 64(%rsi), %r10
        movq 72(%rsi), %r11
        movq 80(%rsi), %r12
        movq 88(%rsi), %r13
        movq 96(%rsi), %r14
        movq 104(%rsi), %r15
        movq 24(%rsi), %rsi
        vmload %rax
        vmrun %rax
        vmsave %rax
        pushq %rax
        movq 16(%rsp), %rax     /* host VMCB */
        vmload %rax
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
        addq $24, %rsp
        popq %r15
        popq %r14
        popq %r13
        popq %r12
        popq %rbp
        popq %rbx
        ret
        .size svm_enter, . - svm_enter

/*
 * void svm_wait_nmi(void): sleep with GIF = 1 until an NMI came. The NMI stub moves an interrupted RIP that lies in
 * [svm_wait_begin, svm_wait_end) to svm_wait_end, so that an NMI just before HLT is not slept through.
 */
        .globl svm_wait_nmi
        .type svm_wait_nmi, @function
svm_wait_nmi:
        stgi
        .globl svm_wait_begin
svm_wait_begin:
        hlt
        .globl svm_wait_end
svm_wait_end:
        clgi
        ret
        .size svm_wait_nmi, . - svm_wait_nmi

        .globl svm_drain_nmi
        .type svm_drain_nmi, @function
svm_drain_nmi:
        stgi
        nop
        clgi
        ret
        .size svm_drain_nmi, . - svm_drain_nmi
        .section .note.GNU-stack, "", @progbits
