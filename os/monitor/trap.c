/* SPDX-License-Identifier: MIT */
#include "monitor/trap.h"

#include "lib/descriptors.h"
#include "lib/print.h"
#include "lib/string.h"
#include "lib/x86.h"
#include "monitor/core.h"
#include "monitor/pmu.h"

extern const char monitor_vectors[];

void monitor_trap(struct trap_frame *frame);

volatile uint32_t trap_vector_seen[256];

static uint64_t idt[256][2];
static uint64_t gdt[QV_MAX_SANDBOXES][GDT_ENTRIES];
static struct task_state tss[QV_MAX_SANDBOXES];
static uint8_t ist_stack[QV_MAX_SANDBOXES][2][4096] __attribute__((aligned(16)));

void trap_init(void)
{
    for (unsigned vector = 0; vector < 256; vector++) {
        uint64_t entry = (uint64_t)monitor_vectors + 16u * vector;
        uint64_t ist = vector == VECTOR_NMI ? 1 : (vector == VECTOR_DF || vector == VECTOR_MC) ? 2 : 0;
        descriptor_gate(idt[vector], entry, ist);
    }
}

void trap_load(unsigned core)
{
    struct task_state *t = &tss[core];
    t->ist[0] = (uint64_t)ist_stack[core][0] + sizeof(ist_stack[core][0]);
    t->ist[1] = (uint64_t)ist_stack[core][1] + sizeof(ist_stack[core][1]);
    t->io_map = sizeof(*t);
    descriptor_fill_gdt(gdt[core], t);
    descriptor_load(gdt[core], GDT_ENTRIES, idt);
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
    if (frame->vector == VECTOR_GP && pmu_write_failed(frame->rip) != 0) {
        frame->rip = pmu_write_failed(frame->rip);
        return;
    }
    monitor_panic("exception %lu error %lx at %lx, cr2 %lx, rsp %lx", frame->vector, frame->error, frame->rip,
                  read_cr2(), frame->rsp);
}
