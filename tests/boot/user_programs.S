/* SPDX-License-Identifier: MIT */
/* Programs in ring 3 for user.c. What they find goes to USER_CALL_END. */
#include "sandbox/user_abi.h"

#define RFLAGS_DF 0x00400
#define RFLAGS_NT 0x04000
#define RFLAGS_AC 0x40000
#define ODD_FLAGS (RFLAGS_DF | RFLAGS_NT | RFLAGS_AC)
#define PATTERN   0x5a00000000000000

        .section .user_text, "ax", @progbits

        .macro program name
        .globl user_test_\name
        .type user_test_\name, @function
user_test_\name:
        .endm

        /* Over, with what is in RDI. */
        .macro end
        movl $USER_CALL_END, %eax
        syscall
        .endm

        .macro all_of operation, registers:vararg
        .irp register, \registers
        \operation \register
        .endr
        .endm

        .macro set_pattern register
        movabsq $(PATTERN + number), %\register
        .set number, number + 1
        .endm

        /* Uses RAX. */
        .macro check_pattern register
        movabsq $(PATTERN + number), %rax
        cmpq %rax, %\register
        jne wrong_\@
        .subsection 1
wrong_\@:
        movl $(number + 1), %edi
        end
        .previous
        .set number, number + 1
        .endm

        /* RDI + RSI, by way of this program's stack. */
        program sum
        pushq %rdi
        addq %rsi, (%rsp)
        popq %rdi
        end

        /* All registers come back from a call; then RDI = 0, else which did not. */
        .macro calls name, call:vararg
        program \name
        pushq %rbp
        movq %rsp, %rbp
        .set number, 0
        all_of set_pattern, rbx, rdx, rsi, rdi, r8, r9, r10, r12, r13, r14, r15
        movl $USER_CALL_NOTHING, %eax
        \call
        testq %rax, %rax
        jnz 1f
        .set number, 0
        all_of check_pattern, rbx, rdx, rsi, rdi, r8, r9, r10, r12, r13, r14, r15
        cmpq %rsp, %rbp
        jne 1f
        popq %rbp
        xorl %edi, %edi
        end
1:      movl $100, %edi
        end
        .endm
        calls calls, syscall
        calls interrupt, int $VECTOR_USER

        /* What the call with number RDI gives. */
        program number
        movq %rdi, %rax
        syscall
        movq %rax, %rdi
        end

        /* Flags that would hurt the kernel: they do not, and the program keeps them. RDI = those that it had afterwards. */
        program flags
        pushfq
        orq $ODD_FLAGS, (%rsp)
        popfq
        movl $USER_CALL_NOTHING, %eax
        syscall
        pushfq
        movq (%rsp), %rdi
        andq $~ODD_FLAGS, (%rsp)
        popfq
        andl $ODD_FLAGS, %edi
        end

        /* Waits until the 64-bit word at RDI is at least RSI. Then RDI = 0, or which register was changed meanwhile. */
        program wait
        .set number, 0
        all_of set_pattern, rbx, rcx, rdx, rbp, r8, r9, r10, r11, r12, r13, r14, r15
1:      pause
        cmpq %rsi, (%rdi)
        jb 1b
        .set number, 0
        all_of check_pattern, rbx, rcx, rdx, rbp, r8, r9, r10, r11, r12, r13, r14, r15
        xorl %edi, %edi
        end

        /* Accesses at RDI. If they go through, the end says so by 1. */
        .macro attempt name, code:vararg
        program \name
        movl $0x3f8, %edx               /* the console's port, which is the sandbox's */
        movl $0xc0000082, %ecx          /* LSTAR, too; RAX is 0 */
        \code
        movl $1, %edi
        end
        .endm
        attempt load, movq (%rdi), %rax
        attempt store, movq %rsi, (%rdi)
        attempt jump, jmp *%rdi

        /* Instructions that are the kernel's. */
        attempt cli, cli
        attempt hlt, hlt
        attempt in, inb $0x80, %al
        attempt out, outb %al, $0x80
        attempt console, outb %al, %dx
        attempt rdmsr, rdmsr
        attempt wrmsr, wrmsr
        attempt cr3, movq %rdi, %cr3
        attempt lgdt, lgdt (%rsp)
        attempt sysret, sysretq
        attempt swapgs, swapgs
        attempt invlpg, invlpg (%rdi)
        attempt timer, int $0x40
        attempt closed, int $VECTOR_USER
        attempt vmcall, vmcall
        attempt vmmcall, vmmcall
        attempt undefined, ud2

        program kernel_code
        pushq $8
        pushq %rdi
        lretq

        /* A single step is the program's own fault. */
        program step
        pushfq
        orq $0x100, (%rsp)
        popfq
        nop
        end

        /* SYSCALL in the last bytes of a page: mapped as the last one of the lower half, it returns to nowhere. */
        .balign 4096
        .skip 4094
        .globl user_test_edge
user_test_edge:
        syscall
        .section .note.GNU-stack, "", @progbits
