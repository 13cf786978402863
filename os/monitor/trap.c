/* SPDX-License-Identifier: MIT */
#include "monitor/trap.h"

#include "lib/print.h"
#include "lib/string.h"
#include "lib/x86.h"
#include "monitor/core.h"

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

extern const char monitor_vectors[];

void monitor_trap(struct trap_frame *frame);

volatile uint32_t trap_vector_seen[256];

static uint64_t idt[256][2];
static uint64_t gdt[QV_MAX_SANDBOXES][5];
static struct task_state tss[QV_MAX_SANDBOXES];
static uint8_t ist_stack[QV_MAX_SANDBOXES][2][4096] __attribute__((aligned(16)));

void trap_init(void)
{
    for (unsigned vector = 0; vector < 256; vector++) {
        uint64_t entry = (uint64_t)monitor_vectors + 16u * vector;
        uint64_t ist = vector == VECTOR_NMI ? 1 : (vector == VECTOR_DF || vector == VECTOR_MC) ? 2 : 0;
        idt[vector][0] =
            (entry & 0xffffu) | (uint64_t)SEL_CODE << 16 | ist << 32 | 0x8eull << 40 | ((entry >> 16) & 0xffffu) << 48;
        idt[vector][1] = entry >> 32;
    }
}

void trap_load(unsigned core)
{
    struct task_state *t = &tss[core];
    uint64_t base = (uint64_t)t;
    uint64_t limit = sizeof(*t) - 1;
    t->ist[0] = (uint64_t)ist_stack[core][0] + sizeof(ist_stack[core][0]);
    t->ist[1] = (uint64_t)ist_stack[core][1] + sizeof(ist_stack[core][1]);
    t->io_map = sizeof(*t);
    gdt[core][1] = 0x00af9b000000ffffull; /* code, 64-bit */
    gdt[core][2] = 0x00cf93000000ffffull; /* data */
    gdt[core][3] = (limit & 0xffffu) | (base & 0xffffffu) << 16 | 0x89ull << 40 | ((base >> 24) & 0xffu) << 56;
    gdt[core][4] = base >> 32;
    struct descriptor_pointer gdtr = {sizeof(gdt[core]) - 1, (uint64_t)gdt[core]};
    struct descriptor_pointer idtr = {sizeof(idt) - 1, (uint64_t)idt};
    __asm__ volatile("lgdt %0\n\tlidt %1\n\tltr %w2\n\t"
                     "movw %w3, %%ds\n\tmovw %w3, %%es\n\tmovw %w3, %%ss\n\tmovw %w4, %%fs\n\tmovw %w4, %%gs\n\t"
                     "pushq %5\n\tleaq 1f(%%rip), %%rax\n\tpushq %%rax\n\tlretq\n1:" ::"m"(gdtr),
                     "m"(idtr), "r"((uint32_t)SEL_TSS), "r"((uint32_t)SEL_DATA), "r"(0u), "i"((uint64_t)SEL_CODE)
                     : "rax", "memory");
}

void monitor_trap(struct trap_frame *frame)
{
    if (frame->vector == VECTOR_NMI) {
        /* The stack tells the core: each has an NMI stack of its own. */
        uint64_t core = ((uint64_t)frame - (uint64_t)ist_stack) / sizeof(ist_stack[0]);
        if (vendor)
            frame->rip = vendor->nmi_taken(&cores[core], frame->rip);
        return;
    }
    if (frame->vector >= 32) {
        trap_vector_seen[frame->vector]++;
        *(volatile uint32_t *)(LAPIC_PHYS + LAPIC_EOI) = 0;
        return;
    }
    monitor_panic("exception %lu error %lx at %lx, cr2 %lx, rsp %lx", frame->vector, frame->error, frame->rip,
                  read_cr2(), frame->rsp);
}
