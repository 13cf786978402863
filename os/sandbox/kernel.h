/* SPDX-License-Identifier: MIT */
/*
 * Sandbox kernel: what its parts offer to drivers, the network and fault models. One core per sandbox: a critical
 * section against interrupts is irq_save()/irq_restore(); other sandboxes are other machines that share some memory.
 */
#ifndef QV_SANDBOX_KERNEL_H
#define QV_SANDBOX_KERNEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/errno.h"
#include "lib/handoff.h"
#include "lib/print.h"  /* kprint(fmt, ...): one line to the console, for boot and failures, never on a hot path */
#include "lib/string.h" /* memcpy and friends */
#include "lib/x86.h"    /* rdtsc, ports, cpu_pause, barriers */
#include "qv/directory.h"
#include "qv/trace.h"

extern const struct handoff *const handoff; /* fixed address, read-only */

/* --- memory (memory.c) --- */
static inline void *phys_to_virt(uint64_t phys)
{
    return (void *)(uintptr_t)(DIRECT_MAP + phys);
}
uint64_t virt_to_phys(const void *virt); /* of image or direct-map addresses */
void *page_alloc(size_t pages); /* zeroed, contiguous; NULL when out of memory; freed never: allocate at start */

static inline uint32_t mmio_read32(const volatile void *base, uint32_t offset)
{
    return *(const volatile uint32_t *)((const volatile uint8_t *)base + offset);
}
static inline void mmio_write32(volatile void *base, uint32_t offset, uint32_t value)
{
    *(volatile uint32_t *)((volatile uint8_t *)base + offset) = value;
}

/* --- PCI configuration space, mediated by the monitor (pci.c); mechanism 1 ports --- */
uint32_t pci_config_read(uint32_t bdf, uint32_t offset);
void pci_config_write(uint32_t bdf, uint32_t offset, uint32_t value);

/* --- time: TSC ticks of this core (time.c) --- */
static inline uint64_t time_now(void)
{
    return rdtsc();
}
uint64_t time_from_us(uint64_t us); /* microseconds to ticks */
uint64_t time_to_us(uint64_t ticks);

/* --- threads on VCPUs (thread.c); threads never end --- */
struct thread;
struct thread *thread_create(const char *name, void (*entry)(void *), void *argument, enum qv_vcpu_slot slot);
struct thread *thread_self(void);
void thread_wake(struct thread *thread);       /* from anywhere, interrupts too; remembered if it is not waiting */
void thread_wait(void);                        /* until woken; returns at once if a wake is pending */
bool thread_wait_until(uint64_t deadline_tsc); /* true if woken, false if the time came first */
void thread_yield(void);
/* Until then, whatever wakes the thread before; at once if the time has come. */
static inline void thread_sleep_until(uint64_t tsc)
{
    while (time_now() < tsc)
        (void)thread_wait_until(tsc);
}
static inline void thread_sleep_us(uint64_t us)
{
    thread_sleep_until(time_now() + time_from_us(us));
}

/* --- interrupts (trap.c) --- */
typedef void (*irq_handler)(void);
void irq_register(unsigned vector, irq_handler handler); /* EOI is sent by the caller of the handler */
static inline uint64_t irq_save(void)
{
    uint64_t flags;
    __asm__ volatile("pushfq; popq %0; cli" : "=r"(flags)::"memory");
    return flags;
}
static inline void irq_restore(uint64_t flags)
{
    if (flags & (1u << 9))
        __asm__ volatile("sti" ::: "memory");
}
void ipi_send(unsigned sandbox, unsigned vector); /* fixed delivery; no monitor involved */

/* --- trace and status --- */
void trace(enum qv_trace_id id, uint64_t a, uint64_t b);
extern struct qv_sandbox_status *status; /* this sandbox's page; set once at start */
const volatile struct qv_sandbox_status *status_of(unsigned sandbox);
const volatile struct qv_directory *directory(void);
/* Is the incarnation of that sandbox the living one? (directory state RUNNING, BOOTING or RECOVERING) */
bool sandbox_alive(unsigned sandbox, uint32_t incarnation);
uint32_t sandbox_incarnation(unsigned sandbox);

#endif
