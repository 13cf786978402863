/* SPDX-License-Identifier: MIT */
/* Native mode: no monitor below the sandbox kernels, and nobody but they to say when the run is over. */
#include "boot/boot.h"
#include "lib/string.h"
#include "lib/x86.h"
#include "monitor/dump.h"
#include "monitor/partition.h"
#include "monitor/trap.h"

#define PML4_IMAGE  511u /* top-level entry over KERNEL_VIRT */
#define STACK_PAGES 4u
#define PAGE        4096u

/* Back from a sandbox kernel, which has put the others to sleep. */
static _Noreturn void native_over(uint32_t index)
{
    paging_load();
    trap_load(index);
    sums_after();
    machine_dump();
    machine_leave(directory()->exit_status);
    for (;;)
        __asm__ volatile("cli; hlt");
}

/* The way there leads over tables that map both this code and the kernel's image; the kernel's entry loads its own. */
_Noreturn void native_run(struct core *core, const struct guest_start *start)
{
    struct handoff *handoff = (struct handoff *)core->part.base;
    uint64_t *both = monitor_pages(1);
    memcpy(both, (const void *)(read_cr3() & PTE_ADDRESS), PAGE);
    both[PML4_IMAGE] = ((const uint64_t *)start->cr3)[PML4_IMAGE];
    if (machine.cfg->flags & QV_CFG_DUMP_AT_END) {
        handoff->native_root = (uint64_t)both;
        handoff->native_stack = (uint64_t)monitor_pages(STACK_PAGES) + STACK_PAGES * PAGE;
        handoff->native_over = (uint64_t)native_over;
    }
    sums_before_core(core->index);
    report_state(core, QV_SB_BOOTING);
    __asm__ volatile("mov %0, %%cr3\n\tmov %1, %%rsp\n\tjmp *%2" ::"r"(both), "r"(start->rsp), "r"(start->rip),
                     "D"(start->rdi), "S"(start->cr3)
                     : "memory");
    __builtin_unreachable();
}
