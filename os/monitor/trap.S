/* SPDX-License-Identifier: MIT */
/* Exceptions and interrupts taken by the monitor itself (boot, parking). */
        .text
        .globl monitor_vectors
        .balign 16
monitor_vectors:
        .set vector, 0
        .rept 256
        .balign 16
        .if (vector != 8) && (vector != 10) && (vector != 11) && (vector != 12) && (vector != 13) && (vector != 14) && (vector != 17) && (vector != 21) && (vector != 29) && (vector != 30)
        pushq $0
        .endif
        pushq $vector
        jmp monitor_trap_entry
        .set vector, vector + 1
        .endr

monitor_trap_entry:
        pushq %rax
        pushq %rcx
        pushq %rdx
        pushq %rsi
        pushq %rdi
        pushq %r8
        pushq %r9
        pushq %r10
        pushq %r11
        cld
        movq %rsp, %rdi
        call monitor_trap
        popq %r11
        popq %r10
        popq %r9
        popq %r8
        popq %rdi
        popq %rsi
        popq %rdx
        popq %rcx
        popq %rax
        addq $16, %rsp
        iretq
        .section .note.GNU-stack, "", @progbits
