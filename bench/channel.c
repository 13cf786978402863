/* SPDX-License-Identifier: MIT */
/*
 * Messages through memory that two sandboxes share, without interrupts: one buffer and one sequence number for each
 * way, each written by one side only.
 */
#include "bench/bench.h"

#define LIMIT_MS 2000u

static uint8_t *mine; /* private memory, BENCH_MESSAGE_MAX */

void bench_channel_init(void)
{
    mine = page_alloc(BENCH_MESSAGE_MAX / PAGE_SIZE);
    if (!mine)
        kernel_lost(QV_DETECT_ASSERTION, 0, "no memory for benchmarks");
}

int bench_channel_setup(const struct bench *bench)
{
    for (unsigned i = 0; i < bench->bytes; i++)
        mine[i] = (uint8_t)(i * 7u + bench->bytes);
    bench_timer_mask();
    return 0;
}

int64_t bench_channel(const struct bench *bench)
{
    struct bench_shared *shared = bench_shared();
    uint64_t number = shared->ping + 1;
    uint64_t limit = time_now() + time_from_us(LIMIT_MS * 1000u);
    uint64_t mark = number * 0x9e3779b97f4a7c15ull;
    memcpy(mine, &mark, sizeof(mark));
    uint64_t begin = probe();
    memcpy(bench_message(0), mine, bench->bytes);
    __atomic_store_n(&shared->ping, number, __ATOMIC_RELEASE);
    while (__atomic_load_n(&shared->pong, __ATOMIC_ACQUIRE) != number) {
        cpu_pause();
        if (time_now() > limit) {
            bench_reason = "no answer from the other sandbox";
            return BENCH_FAILED;
        }
    }
    memcpy(mine, bench_message(1), bench->bytes);
    uint64_t end = probe();
    if (memcmp(mine, &mark, sizeof(mark)) != 0 ||
        mine[bench->bytes - 1] != (uint8_t)((bench->bytes - 1) * 7u + bench->bytes)) {
        bench_reason = "the message came back changed";
        return BENCH_FAILED;
    }
    return (int64_t)(end - begin);
}

void bench_channel_partner(const struct bench *bench)
{
    struct bench_shared *shared = bench_shared();
    uint64_t seen = shared->pong;
    if (handoff->id != BENCH_PARTNER)
        return;
    bench_timer_mask();
    while (!bench_partner_stop()) {
        uint64_t number = __atomic_load_n(&shared->ping, __ATOMIC_ACQUIRE);
        if (number == seen) {
            cpu_pause();
            continue;
        }
        memcpy(mine, bench_message(0), bench->bytes);
        memcpy(bench_message(1), mine, bench->bytes);
        seen = number;
        __atomic_store_n(&shared->pong, number, __ATOMIC_RELEASE);
    }
    bench_timer_unmask();
}
