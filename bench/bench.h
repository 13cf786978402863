/* SPDX-License-Identifier: MIT */
/*
 * Microbenchmarks inside the OS. Sandbox 0 measures, one benchmark after the other, as the table in table.c says; the
 * other sandboxes help where a benchmark has a `partner`. docs/adding-a-benchmark.md tells how to add one.
 */
#ifndef QV_BENCH_BENCH_H
#define QV_BENCH_BENCH_H

#include "qv/bench.h"
#include "sandbox/internal.h"

#define BENCH_FAILED INT64_MIN /* from once(): this benchmark went wrong, bench_reason says how */

struct bench {
    const char *name;
    const char *what;
    uint32_t revision; /* +1 whenever another thing is measured under the same name */
    uint32_t warmup, n;
    uint32_t probes;     /* costs of an empty probe in one sample, taken off */
    uint32_t bytes;      /* moved one way by one sample, 0 = not a transfer */
    uint32_t argument;   /* for the functions below: a size, or a kind of waiting */
    bool interrupts_off; /* around each sample */
    /* All of these may be NULL but once(). valid(): NULL if it can be measured here, else why not. */
    const char *(*valid)(const struct bench *bench);
    int (*setup)(const struct bench *bench);    /* 0, or an error: the benchmark failed */
    int64_t (*once)(const struct bench *bench); /* one sample in ticks, the probe's cost included */
    void (*teardown)(const struct bench *bench);
    /* In the other sandboxes: what must be there before the first sample, and what is done meanwhile. */
    void (*partner_setup)(const struct bench *bench);
    void (*partner)(const struct bench *bench); /* returns soon after bench_partner_stop() */
};

extern const struct bench bench_table[];
extern const unsigned bench_count;
extern const char *bench_reason; /* why setup() or once() failed, for the reader */

/*
 * Starts the benchmarks if the configuration's `test` names them ("bench" or "bench:NAME"); false if it does not.
 * Called once, before memory is sealed.
 */
bool bench_start(const char *test);

/* tlb.c: the same for QV_TLB_TEST (qv/tlb.h). */
bool tlb_start(const char *test);

/* What all sandboxes see; the region is zero at boot. Every word has one writer. */
struct bench_shared {
    volatile uint32_t go;   /* by sandbox 0: benchmark's index + 1 whose partner() is to run; 0 = none */
    volatile uint32_t stop; /* by sandbox 0: partner() returns */
    struct {
        volatile uint32_t ready; /* by each sandbox: == go once partner() is about to run */
        volatile uint32_t done;  /* == go once it has returned */
        uint32_t pad[14];
    } sandbox[QV_MAX_SANDBOXES];
    volatile uint64_t stamp; /* by the partner: when its handler ran */
    uint64_t pad[7];
    volatile uint64_t ping; /* sequence numbers of messages: there ... */
    uint64_t pad2[7];
    volatile uint64_t pong; /* ... and back */
    uint64_t pad3[7];
};
#define BENCH_MESSAGE_MAX 65536u
static inline struct bench_shared *bench_shared(void)
{
    return phys_to_virt(handoff->bench_shared_phys);
}
static inline uint8_t *bench_message(unsigned way)
{
    return (uint8_t *)phys_to_virt(handoff->bench_shared_phys) + PAGE_SIZE + way * BENCH_MESSAGE_MAX;
}
static inline bool bench_partner_stop(void)
{
    return bench_shared()->stop != 0;
}

#define BENCH_PARTNER 1u /* the sandbox that answers where only one does */

/*
 * The probe. LFENCE waits until everything before it is done, so that RDTSC is read between what comes before and what
 * comes after (Intel SDM, RDTSC; AMD APM vol. 3, RDTSC).
 */
static inline uint64_t probe(void)
{
    uint32_t low, high;
    __asm__ volatile("lfence; rdtsc; lfence" : "=a"(low), "=d"(high)::"memory");
    return (uint64_t)high << 32 | low;
}

/* valid() of many */
const char *bench_needs_monitor(const struct bench *bench);
const char *bench_needs_partner(const struct bench *bench);

/* exits.c */
int64_t bench_monitor_call(const struct bench *bench);
int64_t bench_vm_exit(const struct bench *bench);
int64_t bench_vm_enter(const struct bench *bench);
int64_t bench_cpuid(const struct bench *bench);
int64_t bench_msr_own(const struct bench *bench);
int bench_msr_refused_setup(const struct bench *bench);
int64_t bench_msr_refused(const struct bench *bench);
void bench_msr_refused_teardown(const struct bench *bench);
const char *bench_pci_valid(const struct bench *bench);
int64_t bench_pci_read(const struct bench *bench);
int64_t bench_map(const struct bench *bench);
void bench_map_teardown(const struct bench *bench);
void bench_exits_init(void);

/* nested_page.c */
const char *bench_nested_page_valid(const struct bench *bench);
int64_t bench_nested_page(const struct bench *bench);
void bench_nested_page_teardown(const struct bench *bench);
void bench_nested_page_init(void);

/* interrupts.c */
enum bench_wait { BENCH_WAIT_HLT = 0, BENCH_WAIT_PAUSE = 1, BENCH_WAIT_SPIN = 2, BENCH_WAIT_THREAD = 3 };
const char *bench_ipi_valid(const struct bench *bench);
int bench_ipi_setup(const struct bench *bench);
void bench_ipi_teardown(const struct bench *bench);
void bench_ipi_partner_setup(const struct bench *bench);
void bench_ipi_partner(const struct bench *bench);
int64_t bench_self_ipi(const struct bench *bench);
int64_t bench_ipi_one_way(const struct bench *bench);
int64_t bench_ipi_round_trip(const struct bench *bench);

/* timer.c */
int bench_timer_setup(const struct bench *bench);
void bench_timer_teardown(const struct bench *bench);
int64_t bench_timer(const struct bench *bench);
int bench_wake_setup(const struct bench *bench);
int64_t bench_wake(const struct bench *bench);
void bench_load_partner(const struct bench *bench);
void bench_timer_mask(void);   /* the kernel's timer does not interrupt ... */
void bench_timer_unmask(void); /* ... until now */

/* threads.c */
void bench_threads_init(void);
int bench_threads_setup(const struct bench *bench);
void bench_threads_teardown(const struct bench *bench);
int64_t bench_thread_switch(const struct bench *bench);
int64_t bench_vcpu_switch(const struct bench *bench);
int64_t bench_vcpu_pick(const struct bench *bench);

/* dispatch.c */
int bench_dispatch_setup(const struct bench *bench);
int64_t bench_dispatch(const struct bench *bench);

/* system_call.c */
enum bench_user_call { BENCH_CALL_SYSCALL = 0, BENCH_CALL_INTERRUPT = 1 };
void bench_system_call_init(void);
const char *bench_system_call_valid(const struct bench *bench);
int bench_system_call_setup(const struct bench *bench);
void bench_system_call_teardown(const struct bench *bench);
int64_t bench_system_call(const struct bench *bench);

/* channel.c */
void bench_channel_init(void);
int bench_channel_setup(const struct bench *bench);
int64_t bench_channel(const struct bench *bench);
void bench_channel_partner(const struct bench *bench);

#endif
