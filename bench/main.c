/* SPDX-License-Identifier: MIT */
/* The thread that runs the benchmarks: calibration of the probe, warm-up, samples, results. */
#include "bench/bench.h"

#include "lib/emulator.h"
#include "sandbox/faultpoint.h"

#define POLL_US         1000u
#define CALIBRATE       1000u
#define ATTEMPTS        8u
#define PARTNER_WAIT_MS 2000u
#define SETTLE_US       50000u /* more than any VCPU's period: all budgets are back, whatever ran before */

const char *bench_reason;

static struct qv_bench_area *area;
static struct thread *bench_thread;
static const char *only; /* NULL = all */

const char *bench_needs_monitor(const struct bench *bench)
{
    (void)bench;
    return handoff->mode == QV_MODE_NATIVE ? "there is no monitor" : NULL;
}

const char *bench_needs_partner(const struct bench *bench)
{
    (void)bench;
    return handoff->n_sandboxes < 2 ? "needs two sandboxes" : NULL;
}

static void on_wake(void)
{
    thread_wake(bench_thread);
}

/* --- the probe's own cost --- */

static void measure_probe(struct qv_histogram *h)
{
    qv_hist_init(h);
    uint64_t flags = irq_save();
    for (unsigned i = 0; i < 2 * CALIBRATE; i++) {
        uint64_t begin = probe();
        uint64_t end = probe();
        if (i >= CALIBRATE)
            qv_hist_add(h, end - begin);
    }
    irq_restore(flags);
}

/* Half of all empty probes must agree to within an eighth: else what is taken off is not what was added. */
static bool calibrate(struct qv_bench_overhead *overhead, struct qv_histogram *scratch)
{
    for (overhead->attempts = 1; overhead->attempts <= ATTEMPTS; overhead->attempts++) {
        measure_probe(scratch);
        overhead->min = scratch->min;
        overhead->q1 = qv_hist_quantile(scratch, 250000);
        overhead->median = qv_hist_quantile(scratch, 500000);
        overhead->q3 = qv_hist_quantile(scratch, 750000);
        overhead->max = scratch->max;
        if (overhead->q3 - overhead->q1 <= overhead->median / 8 + 2)
            return true;
        thread_sleep_us(10 * POLL_US);
    }
    return false;
}

/* --- partners --- */

static bool partners_reach(bool done, uint32_t number)
{
    uint64_t limit = time_now() + time_from_us(PARTNER_WAIT_MS * 1000u);
    for (unsigned i = 1; i < handoff->n_sandboxes; i++) {
        while ((done ? bench_shared()->sandbox[i].done : bench_shared()->sandbox[i].ready) != number) {
            if (time_now() > limit)
                return false;
            cpu_pause();
        }
    }
    return true;
}

static bool partners_start(unsigned index)
{
    if (!bench_table[index].partner)
        return true;
    bench_shared()->stop = 0;
    __atomic_store_n(&bench_shared()->go, index + 1u, __ATOMIC_RELEASE);
    for (unsigned i = 1; i < handoff->n_sandboxes; i++)
        ipi_send(i, VECTOR_IPI_WAKE);
    return partners_reach(false, index + 1u);
}

static bool partners_end(unsigned index)
{
    if (!bench_table[index].partner)
        return true;
    __atomic_store_n(&bench_shared()->stop, 1, __ATOMIC_RELEASE);
    for (unsigned i = 1; i < handoff->n_sandboxes; i++)
        ipi_send(i, VECTOR_IPI_WAKE); /* out of HLT */
    return partners_reach(true, index + 1u);
}

static void partner_main(void)
{
    struct bench_shared *shared = bench_shared();
    uint32_t done = 0;
    for (;;) {
        uint32_t go = __atomic_load_n(&shared->go, __ATOMIC_ACQUIRE);
        if (go == done || go == 0) {
            thread_wait();
            continue;
        }
        const struct bench *bench = &bench_table[go - 1];
        if (bench->partner_setup)
            bench->partner_setup(bench);
        __atomic_store_n(&shared->sandbox[handoff->id].ready, go, __ATOMIC_RELEASE);
        bench->partner(bench);
        done = go;
        __atomic_store_n(&shared->sandbox[handoff->id].done, go, __ATOMIC_RELEASE);
    }
}

/* --- one benchmark --- */

static void set_reason(struct qv_bench_entry *entry, enum qv_bench_status status_now, const char *reason)
{
    entry->status = (uint32_t)status_now;
    (void)print_to(entry->reason, sizeof(entry->reason), "%s", reason ? reason : "no reason given");
}

static int64_t take(const struct bench *bench)
{
    if (!bench->interrupts_off)
        return bench->once(bench);
    uint64_t flags = irq_save();
    int64_t ticks = bench->once(bench);
    irq_restore(flags);
    return ticks;
}

static bool sample(const struct bench *bench, struct qv_bench_entry *entry)
{
    int64_t overhead = (int64_t)(area->overhead.median * bench->probes);
    for (uint32_t i = 0; i < bench->warmup + bench->n; i++) {
        int64_t ticks = take(bench);
        if (ticks == BENCH_FAILED) {
            set_reason(entry, QV_BENCH_FAILED, bench_reason);
            return false;
        }
        if (i < bench->warmup)
            continue;
        ticks -= overhead;
        entry->below += ticks < 0;
        entry->sample[entry->n++] = ticks < 0 ? 0 : (uint64_t)ticks;
        qv_hist_add(&entry->histogram, ticks < 0 ? 0 : (uint64_t)ticks);
    }
    return true;
}

static void run_one(unsigned index, struct qv_bench_entry *entry)
{
    const struct bench *bench = &bench_table[index];
    const char *invalid = bench->valid ? bench->valid(bench) : NULL;
    if (invalid) {
        set_reason(entry, QV_BENCH_INVALID, invalid);
        return;
    }
    bench_reason = NULL;
    thread_sleep_us(SETTLE_US);
    if (!partners_start(index)) {
        set_reason(entry, QV_BENCH_FAILED, "another sandbox does not begin");
        return;
    }
    bool good = !bench->setup || bench->setup(bench) == 0;
    if (!good)
        set_reason(entry, QV_BENCH_FAILED, bench_reason);
    good = good && sample(bench, entry);
    if (bench->teardown)
        bench->teardown(bench);
    if (!partners_end(index) && good) {
        good = false;
        set_reason(entry, QV_BENCH_FAILED, "another sandbox does not come to its end");
    }
    if (good)
        entry->status = QV_BENCH_MEASURED;
}

static void describe(unsigned index, struct qv_bench_entry *entry)
{
    const struct bench *bench = &bench_table[index];
    (void)print_to(entry->name, sizeof(entry->name), "%s", bench->name);
    (void)print_to(entry->what, sizeof(entry->what), "%s", bench->what);
    entry->revision = bench->revision;
    entry->warmup = bench->warmup;
    entry->probes = bench->probes;
    entry->bytes = bench->bytes;
    qv_hist_init(&entry->histogram);
}

static enum qv_bench_state run_all(void)
{
    struct qv_histogram *scratch = &area->entry[0].histogram;
    bool found = false;
    if (!calibrate(&area->overhead, scratch))
        return QV_BENCH_UNSTABLE;
    for (unsigned i = 0; i < bench_count; i++) {
        struct qv_bench_entry *entry = &area->entry[i];
        describe(i, entry);
        if (only && strcmp(only, bench_table[i].name) != 0)
            continue;
        found = true;
        kprint("bench: %s", entry->name);
        run_one(i, entry);
        if (entry->status == QV_BENCH_FAILED)
            kprint("bench: %s failed: %s", entry->name, entry->reason);
    }
    return found ? QV_BENCH_DONE : QV_BENCH_NO_SUCH;
}

static _Noreturn void end(uint32_t exit_status)
{
    if (handoff->mode == QV_MODE_NATIVE) {
        native_end(exit_status);
        emulator_leave(exit_status);
    }
    (void)monitor_call(QV_CALL_SHUTDOWN, exit_status);
    for (;;)
        thread_wait();
}

static void measure_main(void)
{
    static struct qv_histogram last;
    enum qv_bench_state state = run_all();
    measure_probe(&last);
    area->overhead.again = qv_hist_quantile(&last, 500000);
    if (area->overhead.again > area->overhead.median + area->overhead.median / 4 + 2 ||
        area->overhead.median > area->overhead.again + area->overhead.again / 4 + 2)
        state = state == QV_BENCH_DONE ? QV_BENCH_UNSTABLE : state;
    __atomic_store_n(&area->state, (uint32_t)state, __ATOMIC_RELEASE);
    kprint("bench: done, state %u", (unsigned)state);
    end(state == QV_BENCH_DONE ? 0 : 1);
}

static void bench_main(void *argument)
{
    (void)argument;
    while (directory()->machine_state != QV_MACHINE_READY)
        thread_sleep_us(POLL_US);
    if (handoff->id == 0)
        measure_main();
    partner_main();
}

static void publish(void)
{
    size_t pages = (sizeof(*area) + PAGE_SIZE - 1) / PAGE_SIZE;
    area = page_alloc(pages);
    if (!area)
        kernel_lost(QV_DETECT_ASSERTION, 0, "no memory for the results of benchmarks");
    area->version = QV_BENCH_VERSION;
    area->size = sizeof(*area);
    area->state = QV_BENCH_RUNNING;
    area->n_entries = bench_count;
    area->mode = handoff->mode;
    area->n_sandboxes = handoff->n_sandboxes;
    area->magic = QV_BENCH_MAGIC;
    status->bench_bytes = sizeof(*area);
    __atomic_store_n(&status->bench_phys, virt_to_phys(area), __ATOMIC_RELEASE);
}

bool bench_start(const char *test)
{
    const size_t length = sizeof(QV_BENCH_TEST) - 1;
    if (strncmp(test, QV_BENCH_TEST, length) != 0 || (test[length] != '\0' && test[length] != ':'))
        return false;
    only = test[length] == ':' ? test + length + 1 : NULL;
    if (handoff->id == 0)
        publish();
    bench_exits_init();
    bench_nested_page_init();
    bench_threads_init();
    bench_channel_init();
    bench_system_call_init();
    bench_thread = thread_create("bench", bench_main, NULL, QV_VCPU_SERVICE);
    if (!bench_thread)
        kernel_lost(QV_DETECT_ASSERTION, 0, "no thread for benchmarks");
    irq_register(VECTOR_IPI_WAKE, on_wake);
    return true;
}
