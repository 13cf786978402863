/* SPDX-License-Identifier: MIT */
#ifndef QV_SANDBOX_IRQ_DIRECT_H
#define QV_SANDBOX_IRQ_DIRECT_H

#include "lib/x86.h"
#include "sandbox/kernel.h"

/*
 * A handler that the processor enters by itself, without the kernel's own bookkeeping: nothing is charged to a VCPU
 * (the time is the interrupted thread's), nothing is rescheduled, no fault in it is contained. For handlers of a few
 * instructions that touch memory only, call nothing and wake nobody:
 *
 *     static IRQ_DIRECT void on_doorbell(struct irq_frame *frame) { ...; irq_direct_end(); }
 *
 * The compiler saves the registers that it uses. NULL gives the vector back to irq_register().
 */
struct irq_frame;
#define IRQ_DIRECT __attribute__((interrupt))
typedef void (*irq_direct_handler)(struct irq_frame *frame);
void irq_register_direct(unsigned vector, irq_direct_handler handler);
static inline void irq_direct_end(void)
{
    mmio_write32(phys_to_virt(LAPIC_PHYS), LAPIC_EOI, 0);
}

#endif
