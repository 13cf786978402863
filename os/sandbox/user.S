/* SPDX-License-Identifier: MIT */
/* The ways between ring 0 and ring 3 that are no interrupts (those: lib/trap_stubs.inc). */
#include "sandbox/user_abi.h"

#define KERNEL_STACK trap_task_state + 4(%rip) /* rsp0 of the task state: where interrupts from ring 3 begin, too */
#define RFLAGS_START 0x202                     /* interrupts on, I/O privilege 0 */
#define ENOSYS       38
#define TOP_BIT      47                        /* of an address in the lower half: this one and all above are zero */

/*
 * void user_enter(uint64_t rip, uint64_t rsp, uint64_t a, uint64_t b): returns when user_leave() is called, by whatever came
 * from ring 3. What lies on the stack now stays there; ring 0 begins below it, aligned to 16 as SYSCALL's way needs it.
 */
        .text
        .globl user_enter
        .type user_enter, @function
user_enter:
        pushfq
        pushq %rbx
        pushq %rbp
        pushq %r12
        pushq %r13
        pushq %r14
        pushq %r15
        movq %rsp, KERNEL_STACK
        pushq $SEL_USER_DATA
        pushq %rsi
        pushq $RFLAGS_START
        pushq $SEL_USER_CODE
        pushq %rdi
        movq %rdx, %rdi
        movq %rcx, %rsi
        xorl %eax, %eax
        xorl %ecx, %ecx
        xorl %edx, %edx
        xorl %ebx, %ebx
        xorl %ebp, %ebp
        xorl %r8d, %r8d
        xorl %r9d, %r9d
        xorl %r10d, %r10d
        xorl %r11d, %r11d
        xorl %r12d, %r12d
        xorl %r13d, %r13d
        xorl %r14d, %r14d
        xorl %r15d, %r15d
        iretq
        .size user_enter, . - user_enter

        .globl user_leave
        .type user_leave, @function
user_leave:
        movq KERNEL_STACK, %rsp
        popq %r15
        popq %r14
        popq %r13
        popq %r12
        popq %rbp
        popq %rbx
        popfq
        ret
        .size user_leave, . - user_leave

        /* The number checked, the handler called with the arguments where C has them, RAX its result. Uses RCX. */
        .macro dispatch back
        cmpq $USER_CALLS, %rax
        movq %r10, %rcx
        jae 1f
        call *user_calls(,%rax,8)
\back:
        .subsection 1
1:      movq $-ENOSYS, %rax
        jmp \back
        .previous
        .endm

/*
 * LSTAR: RCX is the program's RIP, R11 its RFLAGS, RSP still its own, interrupts off by SFMASK until the stack is the
 * kernel's. NMI and machine check, which nothing holds off, have stacks of their own (trap.c). The handler runs with
 * interrupts on; what it may clobber as a C function is put aside, for the program sees none of it.
 */
        .globl user_syscall_entry
        .type user_syscall_entry, @function
user_syscall_entry:
        movq %rsp, user_rsp(%rip)
        movq KERNEL_STACK, %rsp
        pushq user_rsp(%rip)
        pushq %r11
        pushq %rcx
        pushq %rdi
        pushq %rsi
        pushq %rdx
        pushq %r8
        pushq %r9
        pushq %r10
        subq $8, %rsp                   /* aligned for C */
        sti
        dispatch syscall_dispatched
        cli
        movq 56(%rsp), %rcx             /* where to return to: see user_return_to_nowhere() */
        shrq $TOP_BIT, %rcx
        jnz nowhere
        addq $8, %rsp
        popq %r10
        popq %r9
        popq %r8
        popq %rdx
        popq %rsi
        popq %rdi
        popq %rcx
        popq %r11
        popq %rsp
        sysretq
nowhere:
        movq 56(%rsp), %rdi
        call user_return_to_nowhere
        .size user_syscall_entry, . - user_syscall_entry

/* The gate of VECTOR_USER: the processor has changed the stack and pushed what IRETQ wants. */
        .globl user_interrupt_entry
        .type user_interrupt_entry, @function
user_interrupt_entry:
        pushq %rcx
        pushq %r11
        pushq %rdi
        pushq %rsi
        pushq %rdx
        pushq %r8
        pushq %r9
        pushq %r10
        subq $8, %rsp                   /* aligned for C */
        cld
        sti
        dispatch interrupt_dispatched
        addq $8, %rsp
        popq %r10
        popq %r9
        popq %r8
        popq %rdx
        popq %rsi
        popq %rdi
        popq %r11
        popq %rcx
        iretq
        .size user_interrupt_entry, . - user_interrupt_entry

        .local user_rsp
        .comm user_rsp, 8, 8            /* for two instructions with interrupts off */
        .section .note.GNU-stack, "", @progbits
