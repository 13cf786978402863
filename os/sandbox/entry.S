/* SPDX-License-Identifier: MIT */
/* Entry of the sandbox kernel, trap stubs, context switch, component frames. */
#include "lib/trap_stubs.inc"

        .section .text.start, "ax"
        .globl sandbox_start
sandbox_start:
        testq %rsi, %rsi                /* native: the page tables to use; zero where a monitor loaded them */
        jz 1f
        movq %rsi, %cr3
1:      xorl %ebp, %ebp
        cld
        call sandbox_main
2:      hlt
        jmp 2b

        trap_stubs trap_vectors, trap_handle

/* void context_switch(uint64_t *save_rsp, uint64_t load_rsp): callee-saved registers on the stack, rsp in the thread. */
        .globl context_switch
context_switch:
        pushq %rbx
        pushq %rbp
        pushq %r12
        pushq %r13
        pushq %r14
        pushq %r15
        movq %rsp, (%rdi)
        movq %rsi, %rsp
        popq %r15
        popq %r14
        popq %r13
        popq %r12
        popq %rbp
        popq %rbx
        ret

/* void native_leave(uint64_t root, uint64_t stack, uint64_t over, uint32_t index): see lib/handoff.h. */
        .globl native_leave
native_leave:
        cli
        movq %rdi, %cr3
        movq %rsi, %rsp
        xorl %ebp, %ebp
        movl %ecx, %edi
        call *%rdx
        ud2

/* First code of a new thread: entry in r12, argument in r13 (see thread.c). */
        .globl thread_trampoline
thread_trampoline:
        call thread_begin
        movq %r13, %rdi
        call *%r12
        ud2                             /* threads never end */

/*
 * int component_enter(struct component *, struct component_frame *): returns once with component_admit()'s answer and, if
 * the frame is abandoned, a second time with 2.
 */
        .globl component_enter
component_enter:
        movq %rbx, 0(%rsi)
        movq %rbp, 8(%rsi)
        movq %r12, 16(%rsi)
        movq %r13, 24(%rsi)
        movq %r14, 32(%rsi)
        movq %r15, 40(%rsi)
        leaq 8(%rsp), %rax
        movq %rax, 48(%rsi)
        movq (%rsp), %rax
        movq %rax, 56(%rsi)
        pushfq
        popq 64(%rsi)
        jmp component_admit

/* void component_return(const struct component_frame *): back to where component_enter() was called, with 2. */
        .globl component_return
component_return:
        movq 0(%rdi), %rbx
        movq 8(%rdi), %rbp
        movq 16(%rdi), %r12
        movq 24(%rdi), %r13
        movq 32(%rdi), %r14
        movq 40(%rdi), %r15
        movq 48(%rdi), %rsp
        movl $2, %eax
        pushq 64(%rdi)
        pushq 56(%rdi)
        movq 8(%rsp), %rcx
        pushq %rcx
        popfq
        ret $8

/* The monitor enters here, interrupts off, on the upcall stack. */
        .globl upcall_entry
upcall_entry:
        xorl %ebp, %ebp
        call upcall_handle
        ud2
        .section .note.GNU-stack, "", @progbits
