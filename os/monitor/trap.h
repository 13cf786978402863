/* SPDX-License-Identifier: MIT */
/* Descriptor tables of the monitor and its own exceptions, interrupts and NMIs. */
#ifndef QV_MONITOR_TRAP_H
#define QV_MONITOR_TRAP_H

#include <stdint.h>

/* Builds the one IDT of all monitors; then, on each core, loads GDT, TSS and IDT. */
void trap_init(void);
void trap_load(unsigned core);

/* Vectors seen by the monitor while it ran with interrupts on (boot: which pin does a device drive?). */
extern volatile uint32_t trap_vector_seen[256];

#endif
