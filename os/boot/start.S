/* SPDX-License-Identifier: MIT */
/*
 * Entry points of the monitor image: multiboot (version 1 or 2) on the boot processor, the start-up trampoline on the
 * others. Both end in 64-bit mode with the low 4 GiB mapped identically. Both multiboot versions enter in 32-bit
 * protected mode without paging, also under UEFI, whose boot services the loader has ended by then.
 */
#define MULTIBOOT_MAGIC 0x1badb002
#define MULTIBOOT_FLAGS 0x00000003 /* modules page aligned, memory map */
#define MULTIBOOT2_MAGIC 0xe85250d6
#define MULTIBOOT2_I386 0
#define MULTIBOOT2_OPTIONAL 1 /* a loader that does not know it may go on */
#define MULTIBOOT2_WANT_INFORMATION 1
#define MULTIBOOT2_WANT_ALIGNED_MODULES 6
#define MULTIBOOT2_TAG_MODULE 3
#define MULTIBOOT2_TAG_MEMORY_MAP 6
#define MULTIBOOT2_TAG_ACPI_OLD 14
#define MULTIBOOT2_TAG_ACPI_NEW 15
#define CR0_START 0x80010033       /* PG, WP, NE, ET, MP, PE */
#define CR4_START 0x000000a0       /* PGE, PAE */
#define EFER_MSR 0xc0000080
#define EFER_START 0x900           /* NXE, LME */
#define STACK_BYTES 16384
#define MAX_CORES 8
#define TRAMPOLINE 0x8000

/* Turns paging and long mode on; what follows loads a 64-bit code segment. Uses no stack. */
        .macro enter_long_mode
        movl $CR4_START, %eax
        movl %eax, %cr4
        movl $boot_pml4, %eax
        movl %eax, %cr3
        movl $EFER_MSR, %ecx
        rdmsr
        orl $EFER_START, %eax
        wrmsr
        movl $CR0_START, %eax
        movl %eax, %cr0
        .endm

        .section .multiboot, "a"
        .balign 4
        .long MULTIBOOT_MAGIC
        .long MULTIBOOT_FLAGS
        .long -(MULTIBOOT_MAGIC + MULTIBOOT_FLAGS)

        .balign 8
multiboot2_begin:
        .long MULTIBOOT2_MAGIC
        .long MULTIBOOT2_I386
        .long multiboot2_end - multiboot2_begin
        .long -(MULTIBOOT2_MAGIC + MULTIBOOT2_I386 + (multiboot2_end - multiboot2_begin))
        .word MULTIBOOT2_WANT_INFORMATION, 0
        .long 16
        .long MULTIBOOT2_TAG_MODULE, MULTIBOOT2_TAG_MEMORY_MAP
        .word MULTIBOOT2_WANT_INFORMATION, MULTIBOOT2_OPTIONAL
        .long 16
        .long MULTIBOOT2_TAG_ACPI_OLD, MULTIBOOT2_TAG_ACPI_NEW
        .word MULTIBOOT2_WANT_ALIGNED_MODULES, 0
        .long 8
        .word 0, 0 /* end of the header */
        .long 8
multiboot2_end:

        .section .text.start, "ax"
        .code32
        .globl start
start:
        cli
        cld
        movl $boot_stacks + STACK_BYTES, %esp
        movl %eax, %ebp                 /* the loader's magic */
        movl %ebx, %esi                 /* and information */
        /* page tables: PML4 -> PDPT -> 4 directories of 2 MiB pages */
        movl $boot_pdpt + 3, boot_pml4
        movl $boot_directories + 3, %eax
        movl $boot_pdpt, %edi
        movl $4, %ecx
1:      movl %eax, (%edi)
        addl $4096, %eax
        addl $8, %edi
        loop 1b
        movl $0x83, %eax
        movl $boot_directories, %edi
        movl $2048, %ecx
2:      movl %eax, (%edi)
        addl $0x200000, %eax
        addl $8, %edi
        loop 2b
        enter_long_mode
        lgdt boot_gdt_pointer
        ljmp $8, $start64

        .code64
start64:
        movw $16, %ax
        movw %ax, %ds
        movw %ax, %es
        movw %ax, %ss
        movl %ebp, %edi
        movl %esi, %esi
        movq $boot_stacks + STACK_BYTES, %rsp
        xorl %ebp, %ebp
        call boot_main
3:      hlt
        jmp 3b

/* --- start-up trampoline, copied to TRAMPOLINE, entered in real mode with CS:IP = 0800:0000 --- */
        .section .rodata
        .globl trampoline_begin, trampoline_end
        .code16
trampoline_begin:
        cli
        cld
        xorw %ax, %ax
        movw %ax, %ds
        lgdtl TRAMPOLINE + (trampoline_gdt_pointer - trampoline_begin)
        movl %cr0, %eax
        orl $1, %eax
        andl $0x9fffffff, %eax          /* caches on: INIT leaves CD and NW set */
        movl %eax, %cr0
        ljmpl $24, $trampoline32
        .balign 8
trampoline_gdt_pointer:
        .word boot_gdt_end - boot_gdt - 1
        .long boot_gdt
trampoline_end:

        .section .text.start
        .code32
trampoline32:
        movw $16, %ax
        movw %ax, %ds
        movw %ax, %es
        movw %ax, %ss
        enter_long_mode
        ljmp $8, $trampoline64
        .code64
trampoline64:
        movw $16, %ax
        movw %ax, %ds
        movw %ax, %es
        movw %ax, %ss
        movl 0xfee00020, %eax           /* this core's APIC id */
        shrl $24, %eax
        xorl %edi, %edi
4:      cmpl boot_apic_ids(,%rdi,4), %eax
        je 5f
        incl %edi
        cmpl $MAX_CORES, %edi
        jb 4b
6:      cli                             /* a processor that the configuration does not use */
        hlt
        jmp 6b
5:      leal 1(%rdi), %eax
        imull $STACK_BYTES, %eax, %eax
        movq $boot_stacks, %rsp
        addq %rax, %rsp
        xorl %ebp, %ebp
        call boot_core
        jmp 6b

        .section .rodata
        .balign 8
boot_gdt:
        .quad 0
        .quad 0x00af9b000000ffff        /* 8: code, 64-bit */
        .quad 0x00cf93000000ffff        /* 16: data */
        .quad 0x00cf9b000000ffff        /* 24: code, 32-bit, for the trampoline */
boot_gdt_end:
boot_gdt_pointer:
        .word boot_gdt_end - boot_gdt - 1
        .long boot_gdt

        .section .data
        .balign 4
        .globl boot_apic_ids
boot_apic_ids:
        .fill MAX_CORES, 4, 0xffffffff

        .section .bss
        .balign 4096
        .globl boot_pml4, boot_stacks
boot_pml4:
        .skip 4096
boot_pdpt:
        .skip 4096
boot_directories:
        .skip 4 * 4096
boot_stacks:
        .skip MAX_CORES * STACK_BYTES
        .section .note.GNU-stack, "", @progbits
