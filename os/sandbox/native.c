/* SPDX-License-Identifier: MIT */
/* What the sandbox kernels do themselves where there are no monitors: their entries in the directory, the end of the
 * run. */
#include "sandbox/internal.h"

#define SETTLE_US 1000u /* until an NMI has put everybody to sleep */

/* The rest of the partition is free and holds the pattern that tells of foreign writes. */
static void native_regions(struct qv_directory *d)
{
    uint64_t end = (memory_allocated_end() + PAGE_SIZE - 1) & ~(uint64_t)(PAGE_SIZE - 1);
    for (uint32_t i = 0; i < d->n_regions; i++) {
        struct qv_region *region = &d->region[i];
        if (region->owner != handoff->id)
            continue;
        if (region->kind == QV_REGION_MUTABLE) {
            region->size = end - region->base;
        } else if (region->kind == QV_REGION_CANARY) {
            region->base = end;
            region->size = handoff->free_end - end;
        }
    }
}

/* Without a monitor the sandboxes keep their own entries in the directory. */
void native_ready(void)
{
    struct qv_directory *d = phys_to_virt(QV_DIRECTORY_PHYS);
    if (handoff->mode != QV_MODE_NATIVE)
        return;
    native_regions(d);
    d->core[handoff->id].state = QV_SB_RUNNING;
    for (unsigned i = 0; i < handoff->n_sandboxes; i++)
        if (d->core[i].state != QV_SB_RUNNING)
            return;
    d->ready_tsc = rdtsc();
    __atomic_store_n(&d->machine_state, QV_MACHINE_READY, __ATOMIC_RELEASE);
}

/*
 * Results that leave by a line must not change while they do: everybody else sleeps, and the boot code sends them from
 * its own tables and stack (os/boot/native.c).
 */
static _Noreturn void leave(void)
{
    uint64_t begin;
    irq_save();
    for (unsigned i = 0; i < handoff->n_sandboxes; i++) {
        if (i == handoff->id)
            continue; /* and no shorthand: cores that nobody started are the firmware's, which fears an NMI */
        lapic_write(LAPIC_ICR_HIGH, handoff->apic_id[i] << 24);
        lapic_write(LAPIC_ICR_LOW, ICR_NMI | ICR_ASSERT);
    }
    for (begin = time_now(); time_now() - begin < time_from_us(SETTLE_US);)
        cpu_pause();
    native_leave(handoff->native_root, handoff->native_stack, handoff->native_over, handoff->id);
}

void native_end(uint32_t exit_status)
{
    struct qv_directory *d = phys_to_virt(QV_DIRECTORY_PHYS);
    d->exit_status = exit_status;
    bool first = __atomic_exchange_n(&d->machine_state, QV_MACHINE_DONE, __ATOMIC_ACQ_REL) != QV_MACHINE_DONE;
    if (first && handoff->native_over != 0)
        leave();
}

void native_nmi(void)
{
    while (handoff->mode == QV_MODE_NATIVE && directory()->machine_state == QV_MACHINE_DONE)
        __asm__ volatile("cli; hlt");
}
