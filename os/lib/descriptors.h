/* SPDX-License-Identifier: MIT */
/*
 * Segment and interrupt descriptors of a 64-bit kernel (Intel SDM vol. 3, 3.4.5, 6.14.1, 7.7). The selectors are those
 * of lib/x86.h. Monitor and sandbox use the same layout; what comes behind it is the sandbox's, which has a user mode.
 */
#ifndef QV_OS_DESCRIPTORS_H
#define QV_OS_DESCRIPTORS_H

#include <stdint.h>

#include "lib/x86.h"

/* What the trap stubs push: caller-saved registers, then vector and error code, then what the processor pushed. */
struct trap_frame {
    uint64_t r11, r10, r9, r8, rdi, rsi, rdx, rcx, rax;
    uint64_t vector, error;
    uint64_t rip, cs, rflags, rsp, ss;
};

struct __attribute__((packed)) task_state {
    uint32_t reserved0;
    uint64_t rsp[3];
    uint64_t reserved1;
    uint64_t ist[7];
    uint64_t reserved2;
    uint16_t reserved3, io_map;
};

#define GDT_ENTRIES 5u /* null, code, data, TSS in two */

/* One 16-byte interrupt gate; ist 1..7 names a stack of the task state, 0 stays on the current one. */
static inline void descriptor_gate(uint64_t gate[2], uint64_t entry, uint64_t ist)
{
    gate[0] =
        (entry & 0xffffu) | (uint64_t)SEL_CODE << 16 | ist << 32 | 0x8eull << 40 | ((entry >> 16) & 0xffffu) << 48;
    gate[1] = entry >> 32;
}

static inline void descriptor_fill_gdt(uint64_t gdt[GDT_ENTRIES], const struct task_state *tss)
{
    uint64_t base = (uint64_t)tss;
    gdt[0] = 0;
    gdt[1] = 0x00af9b000000ffffull; /* code, 64-bit */
    gdt[2] = 0x00cf93000000ffffull; /* data */
    gdt[3] = (sizeof(*tss) - 1) | (base & 0xffffffu) << 16 | 0x89ull << 40 | ((base >> 24) & 0xffu) << 56;
    gdt[4] = base >> 32;
}

/* Loads the tables and all segment registers; FS and GS become null. */
static inline void descriptor_load(const uint64_t *gdt, uint16_t gdt_entries, const uint64_t idt[256][2])
{
    struct descriptor_pointer gdtr = {(uint16_t)(gdt_entries * 8u - 1u), (uint64_t)gdt};
    struct descriptor_pointer idtr = {256 * 16 - 1, (uint64_t)idt};
    __asm__ volatile("lgdt %0\n\tlidt %1\n\tltr %w2\n\t"
                     "movw %w3, %%ds\n\tmovw %w3, %%es\n\tmovw %w3, %%ss\n\tmovw %w4, %%fs\n\tmovw %w4, %%gs\n\t"
                     "pushq %5\n\tleaq 1f(%%rip), %%rax\n\tpushq %%rax\n\tlretq\n1:" ::"m"(gdtr),
                     "m"(idtr), "r"((uint32_t)SEL_TSS), "r"((uint32_t)SEL_DATA), "r"(0u), "i"((uint64_t)SEL_CODE)
                     : "rax", "memory");
}

#endif
