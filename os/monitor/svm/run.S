/* SPDX-License-Identifier: MIT */
/*
 * void svm_enter(uint64_t guest_vmcb, struct guest_registers *registers, uint64_t host_vmcb);
 *
 * Runs the guest until its next exit that is no quick call. VMRUN itself switches RAX, RSP, RIP, RFLAGS and segments CS-DS-ES-SS; VMLOAD and
 * VMSAVE carry FS, GS, TR, LDTR and the system-call registers (APM vol. 2, 15.5). GIF is 0 before and after.
 *
 * A quick call (monitor/quick.h) is answered with the guest's FS, GS, TR, LDTR and callee-saved registers left where they
 * are: nothing in the monitor uses them, and with GIF = 0 nothing can interrupt it.
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
        pushq %rdi              /* guest VMCB */
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
        jmp again

        /* Negative: an error to be traced, or not a quick call at all. */
failed: movq 72(%rsp), %rdi
        movq 64(%rsp), %rsi
        movq %rax, %rdx
        call svm_quick_failed   /* false: the long way */
        testb %al, %al
        jnz answered
        popq %r11
        popq %r10
        popq %r9
        popq %r8
        popq %rdi
        popq %rsi
        popq %rdx
        popq %rcx
        movq (%rsp), %rax
        jmp full

quick:  pushq %rcx              /* struct quick_registers */
        pushq %rdx
        pushq %rsi
        pushq %rdi
        pushq %r8
        pushq %r9
        pushq %r10
        pushq %r11
        movq 72(%rsp), %rdi     /* core: its registers come first */
        movq %rsp, %rsi
        movq %rax, %rdx
        call svm_quick
        testq %rax, %rax
        js failed
        movq 64(%rsp), %rcx
        movq %rax, 0x5f8(%rcx)  /* the guest's RAX */
answered:
        popq %r11
        popq %r10
        popq %r9
        popq %r8
        popq %rdi
        popq %rsi
        popq %rdx
        popq %rcx
        movq (%rsp), %rax       /* guest VMCB */
again:  vmrun %rax
        cmpl $0x81, 0x70(%rax)  /* exit code: VMMCALL */
        je quick
full:   vmsave %rax
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
