/* SPDX-License-Identifier: MIT */
/*
 * Accesses that end in a nested-page violation. The monitor then enters this kernel at its upcall, which ends the
 * component frame around the access: the way of a faulting driver, under policy `local`.
 */
#include "tests/boot/boot_test.h"

#define VERIFIED_US (QV_VERIFY_MS * 1000u + 10000u) /* the recovery has held */
#define POLL_US     200u

static struct component component = {.name = "test", .state = COMPONENT_RUNNING};

static void recovery_main(void *argument)
{
    (void)argument;
    for (;;) {
        thread_wait();
        if (component.state != COMPONENT_RECOVERING)
            continue;
        EXPECT(monitor_call(QV_CALL_RECOVERED, 0) == 0, "the monitor knows of no recovery");
        component.state = COMPONENT_RUNNING;
    }
}

void access_init(void)
{
    recovery_thread = thread_create("test recovery", recovery_main, NULL, QV_VCPU_RECOVERY);
}

static void do_access(enum access access, uintptr_t virt)
{
    volatile uint32_t *word = (volatile uint32_t *)virt;

    if (access == ACCESS_READ)
        (void)*word;
    else if (access == ACCESS_WRITE)
        *word = 0x5a5a5a5au;
    else
        ((void (*)(void))virt)();
}

/* The last violation in this core's log, past the calls that followed it. */
static bool logged(uint64_t phys)
{
    const volatile struct qv_core_report *report = &directory()->core[handoff->id];
    uint64_t head = report->exit_log_head;

    for (uint64_t i = head; i > 0 && i + QV_EXIT_LOG > head; i--) {
        const volatile struct qv_exit_record *e = &report->exit_log[(i - 1) % QV_EXIT_LOG];
        if (e->cause == QV_EXIT_NESTED_PAGE)
            return (e->info2 & ~(PAGE_SIZE - 1)) == (phys & ~(PAGE_SIZE - 1));
    }
    return false;
}

bool access_refused(enum access access, uintptr_t virt, uint64_t phys)
{
    uint64_t before = test_exits_of(handoff->id, QV_EXIT_NESTED_PAGE);
    volatile bool through = false;
    struct component_frame frame;

    if (component_enter(&component, &frame) == 0) {
        do_access(access, virt);
        through = true;
        component_leave(&frame);
    }
    if (through)
        return false;
    while (component.state != COMPONENT_RUNNING)
        thread_sleep_us(POLL_US);
    thread_sleep_us(VERIFIED_US);
    return test_exits_of(handoff->id, QV_EXIT_NESTED_PAGE) == before + 1 && logged(phys);
}
