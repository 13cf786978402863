/* SPDX-License-Identifier: MIT */
/*
 * An access that the nested page table stops, and the way back: exit, policy, driver switch, entry at the upcall, end
 * of the component frame. Each is a recovery like a driver's, so each waits until the one before is verified.
 */
#include "bench/bench.h"

#define VERIFIED_US (QV_VERIFY_MS * 1000u + 10000u) /* the recovery has held */
#define POLL_US     200u

static struct component component = {.name = "bench", .state = COMPONENT_RUNNING};
static uint8_t *page;
static volatile bool recovered;

static void recovery_main(void *argument)
{
    (void)argument;
    for (;;) {
        thread_wait();
        if (component.state != COMPONENT_RECOVERING)
            continue;
        recovered = monitor_call(QV_CALL_RECOVERED, 0) == 0;
        component.state = COMPONENT_RUNNING;
    }
}

void bench_nested_page_init(void)
{
    page = page_alloc(1);
    recovery_thread = thread_create("bench recovery", recovery_main, NULL, QV_VCPU_RECOVERY);
    if (!page || !recovery_thread)
        kernel_lost(QV_DETECT_ASSERTION, 0, "no memory for benchmarks");
}

const char *bench_nested_page_valid(const struct bench *bench)
{
    if (handoff->cfg.recovery.policy != QV_POLICY_LOCAL)
        return "the recovery policy is not local";
    return bench_needs_monitor(bench);
}

int64_t bench_nested_page(const struct bench *bench)
{
    struct component_frame frame;
    volatile uint64_t begin = 0;
    volatile bool through = false;
    uint64_t end;
    (void)bench;

    if (monitor_call3(QV_CALL_MAP, virt_to_phys(page), 1, 0).rax != 0) {
        bench_reason = "the monitor refused to take the page away";
        return BENCH_FAILED;
    }
    recovered = false;
    if (component_enter(&component, &frame) == 0) {
        begin = probe();
        *(volatile uint32_t *)page = 0;
        through = true;
        component_leave(&frame);
    }
    end = probe();
    if (through) {
        bench_reason = "the access went through";
        return BENCH_FAILED;
    }
    while (component.state != COMPONENT_RUNNING)
        thread_sleep_us(POLL_US);
    thread_sleep_us(VERIFIED_US);
    if (!recovered) {
        bench_reason = "the monitor knew of no recovery";
        return BENCH_FAILED;
    }
    return (int64_t)(end - begin);
}

void bench_nested_page_teardown(const struct bench *bench)
{
    (void)bench;
    (void)monitor_call3(QV_CALL_MAP, virt_to_phys(page), 1, 3);
}
