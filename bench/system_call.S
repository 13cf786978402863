/* SPDX-License-Identifier: MIT */
/*
 * The programs of system_call.c: RDI is where the samples go, RSI how many are taken. A sample is the time from one reading
 * of the TSC (probe() in bench.h) to the next, with one system call that does nothing between them.
 */
#include "sandbox/user_abi.h"

        .macro program name, call:vararg
        .globl \name
        .type \name, @function
\name:
        movq %rdi, %r12
        movq %rsi, %r13
1:      lfence
        rdtsc
        lfence
        movl %edx, %r14d                /* as after an empty probe: its halves are put together later */
        movl %eax, %r15d
        movl $USER_CALL_NOTHING, %eax
        \call
        lfence
        rdtsc
        lfence
        shlq $32, %rdx
        orq %rax, %rdx
        shlq $32, %r14
        orq %r15, %r14
        subq %r14, %rdx
        movq %rdx, (%r12)
        addq $8, %r12
        decq %r13
        jnz 1b
        movl $USER_CALL_END, %eax
        syscall
        .size \name, . - \name
        .endm

        .section .user_text, "ax", @progbits
        program bench_syscall_program, syscall
        program bench_interrupt_program, int $VECTOR_USER
        .section .note.GNU-stack, "", @progbits
