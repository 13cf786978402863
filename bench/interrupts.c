/* SPDX-License-Identifier: MIT */
/*
 * Interrupts between cores. Handlers are direct ones (kernel.h): what is measured is the way through the local APICs
 * and the least a kernel must do. BENCH_WAIT_THREAD goes the kernel's whole way instead.
 */
#include "bench/bench.h"
#include "sandbox/irq_direct.h"

#define VECTOR_PING 0xe8u
#define VECTOR_PONG 0xe9u
#define LIMIT_MS    1000u

static volatile uint32_t arrived;
static struct thread *waiter;

static uint32_t target; /* high half of the command register: who gets it */

static inline void raise(unsigned vector)
{
    volatile uint8_t *lapic = phys_to_virt(LAPIC_PHYS);
    mmio_write32(lapic, LAPIC_ICR_HIGH, target);
    mmio_write32(lapic, LAPIC_ICR_LOW, vector | ICR_ASSERT);
}

static IRQ_DIRECT void on_ping_stamp(struct irq_frame *frame)
{
    (void)frame;
    bench_shared()->stamp = probe();
    irq_direct_end();
}

static IRQ_DIRECT void on_ping_answer(struct irq_frame *frame)
{
    (void)frame;
    raise(VECTOR_PONG);
    irq_direct_end();
}

static IRQ_DIRECT void on_pong(struct irq_frame *frame)
{
    (void)frame;
    arrived = 1;
    irq_direct_end();
}

static void on_wake_waiter(void)
{
    arrived = 1;
    thread_wake(waiter);
}

const char *bench_ipi_valid(const struct bench *bench)
{
    if (handoff->n_sandboxes < 2 && bench->once != bench_self_ipi)
        return "needs two sandboxes";
    if (bench->argument == BENCH_WAIT_SPIN && (handoff->cfg.flags & QV_CFG_ICOUNT))
        return "on the instruction clock a core that never pauses keeps the others from running";
    return NULL;
}

static void register_all(const struct bench *bench, unsigned other, irq_direct_handler ping)
{
    bool threads = bench->argument == BENCH_WAIT_THREAD;
    waiter = thread_self();
    target = handoff->apic_id[other] << 24;
    irq_register_direct(VECTOR_PING, threads ? NULL : ping);
    irq_register_direct(VECTOR_PONG, threads ? NULL : on_pong);
    irq_register(VECTOR_PING, threads ? on_wake_waiter : NULL);
    irq_register(VECTOR_PONG, threads ? on_wake_waiter : NULL);
}

int bench_ipi_setup(const struct bench *bench)
{
    register_all(bench, bench->once == bench_self_ipi ? handoff->id : BENCH_PARTNER, on_pong);
    if (bench->argument != BENCH_WAIT_THREAD)
        bench_timer_mask();
    return 0;
}

void bench_ipi_teardown(const struct bench *bench)
{
    irq_register_direct(VECTOR_PING, NULL);
    irq_register_direct(VECTOR_PONG, NULL);
    if (bench->argument != BENCH_WAIT_THREAD)
        bench_timer_unmask();
}

/* Ends when `arrived` is set, by the handler of an interrupt on this core. BENCH_WAIT_HLT: called with interrupts off.
 */
static inline void wait_arrived(uint32_t how)
{
    if (how == BENCH_WAIT_PAUSE) {
        while (!arrived)
            cpu_pause();
    } else if (how == BENCH_WAIT_SPIN) {
        while (!arrived)
            ;
    } else if (how == BENCH_WAIT_THREAD) {
        while (!arrived)
            thread_wait();
    } else {
        while (!arrived) /* no interrupt comes between STI and HLT */
            __asm__ volatile("sti; hlt; cli" ::: "memory");
    }
}

int64_t bench_self_ipi(const struct bench *bench)
{
    (void)bench;
    arrived = 0;
    uint64_t begin = probe();
    raise(VECTOR_PONG);
    while (!arrived)
        cpu_pause();
    uint64_t end = probe();
    return (int64_t)(end - begin);
}

int64_t bench_ipi_round_trip(const struct bench *bench)
{
    uint32_t how = bench->argument;
    arrived = 0;
    uint64_t flags = how == BENCH_WAIT_HLT ? irq_save() : 0;
    uint64_t begin = probe();
    if (how == BENCH_WAIT_THREAD)
        ipi_send(BENCH_PARTNER, VECTOR_PING);
    else
        raise(VECTOR_PING);
    wait_arrived(how);
    uint64_t end = probe();
    irq_restore(flags);
    return (int64_t)(end - begin);
}

int64_t bench_ipi_one_way(const struct bench *bench)
{
    struct bench_shared *shared = bench_shared();
    (void)bench;
    shared->stamp = 0;
    uint64_t limit = time_now() + time_from_us(LIMIT_MS * 1000u);
    uint64_t begin = probe();
    raise(VECTOR_PING);
    while (shared->stamp == 0) {
        cpu_pause();
        if (time_now() > limit) {
            bench_reason = "no answer from the other sandbox";
            return BENCH_FAILED;
        }
    }
    return (int64_t)(shared->stamp - begin);
}

/* The other side. Its interrupts arrive while it waits as the benchmark says. */
static void wait_as(uint32_t how)
{
    const volatile uint32_t *stop = &bench_shared()->stop;
    if (how == BENCH_WAIT_PAUSE) {
        while (!*stop)
            cpu_pause();
    } else if (how == BENCH_WAIT_SPIN) {
        while (!*stop)
            ;
    } else {
        __asm__ volatile("cli" ::: "memory");
        while (!*stop) /* what comes between the look and the sleep ends the sleep */
            __asm__ volatile("sti; hlt; cli" ::: "memory");
        __asm__ volatile("sti" ::: "memory");
    }
}

static void answer_as_thread(void)
{
    while (!bench_partner_stop()) {
        thread_wait();
        if (!arrived)
            continue;
        arrived = 0;
        ipi_send(0, VECTOR_PONG);
    }
}

void bench_ipi_partner_setup(const struct bench *bench)
{
    if (handoff->id != BENCH_PARTNER)
        return;
    arrived = 0;
    register_all(bench, 0, bench->once == bench_ipi_one_way ? on_ping_stamp : on_ping_answer);
}

void bench_ipi_partner(const struct bench *bench)
{
    if (handoff->id != BENCH_PARTNER)
        return;
    if (bench->argument == BENCH_WAIT_THREAD) {
        answer_as_thread();
    } else {
        bench_timer_mask();
        wait_as(bench->argument);
        bench_timer_unmask();
    }
    irq_register_direct(VECTOR_PING, NULL);
    irq_register_direct(VECTOR_PONG, NULL);
}
