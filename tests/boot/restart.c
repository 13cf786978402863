/* SPDX-License-Identifier: MIT */
/*
 * A sandbox is lost in several ways, one after the other, and restarted each time while the others run on. What it was
 * about to do it knows by its incarnation.
 */
#include "tests/boot/boot_test.h"

#define CRASHES 3u

static const enum qv_detection detections[CRASHES + 1] = {QV_DETECT_NONE, QV_DETECT_TRIPLE_FAULT, QV_DETECT_NESTED_PAGE,
                                                          QV_DETECT_KERNEL_EXCEPTION};

static void triple_fault(void)
{
    struct descriptor_pointer nothing = {0, 0};

    __asm__ volatile("lidt %0\n\tud2" ::"m"(nothing));
}

/* Its page tables point into monitor memory: not even an upcall could be executed. */
static void lose_page_tables(void)
{
    write_cr3(directory()->region[0].base & ~(PAGE_SIZE - 1));
}

/* A page fault that cannot be delivered is a double fault, which has a stack of its own. */
static void lose_stack(void)
{
    __asm__ volatile("movq $0x1000, %%rsp\n\tpushq $0" ::: "memory");
}

/* Where system calls lead: a sandbox begins without what the one before it left there. */
static const uint32_t carried[] = {MSR_STAR,           MSR_LSTAR,       MSR_CSTAR,        MSR_SFMASK,
                                   MSR_KERNEL_GS_BASE, MSR_SYSENTER_CS, MSR_SYSENTER_ESP, MSR_SYSENTER_EIP};

static void soil_registers(void)
{
    for (size_t i = 0; i < sizeof(carried) / sizeof(carried[0]); i++)
        wrmsr(carried[i], 0x1000u * (i + 1u));
}

static void check_registers(void)
{
    for (size_t i = 0; i < sizeof(carried) / sizeof(carried[0]); i++)
        EXPECT(rdmsr(carried[i]) == 0, "MSR %x of the incarnation before: %lx", carried[i], rdmsr(carried[i]));
}

static void crash(void)
{
    static void (*const ways[CRASHES])(void) = {triple_fault, lose_page_tables, lose_stack};

    attempt_resume = 0;
    (void)irq_save();
    soil_registers();
    ways[handoff->incarnation - 1]();
}

static void be_victim(void)
{
    const volatile struct qv_core_report *report = &directory()->core[handoff->id];

    check_registers();
    if (handoff->incarnation == 1)
        test_barrier(1);
    if (handoff->incarnation > 1) {
        EXPECT(report->last_detection == (uint32_t)detections[handoff->incarnation - 1], "crash %u was detected as %u",
               handoff->incarnation - 1, report->last_detection);
        EXPECT(report->incarnation == handoff->incarnation && report->attempts == handoff->incarnation - 1,
               "incarnation %u, attempt %u", report->incarnation, report->attempts);
        EXPECT(monitor_call(QV_CALL_RECOVERED, 0) == 0, "nothing to recover from");
        EXPECT(report->state == QV_SB_RUNNING, "state %u after recovery", report->state);
    }
    test_show(handoff->incarnation);
    if (handoff->incarnation <= CRASHES)
        crash();
}

static void be_bystander(unsigned victim)
{
    uint64_t beats = status->heartbeats;
    uint64_t exits = test_exits(handoff->id, QV_STAGE_STEADY);

    test_barrier(1);
    for (uint64_t seen = 1; seen <= CRASHES + 1; seen++)
        while (test_shown(victim) < seen)
            thread_sleep_us(1000);
    EXPECT(status->heartbeats > beats, "the heartbeat stands still");
    EXPECT(test_exits(handoff->id, QV_STAGE_STEADY) == exits, "exits of a bystander");
    EXPECT(directory()->core[handoff->id].incarnation == 1, "a bystander was restarted");
}

void test_restart(void)
{
    unsigned victim = handoff->n_sandboxes - 1;

    if (handoff->id == victim)
        be_victim();
    else
        be_bystander(victim);
    test_barrier(2);
    EXPECT(directory()->core[victim].incarnation == CRASHES + 1, "incarnation %u",
           directory()->core[victim].incarnation);
    EXPECT(test_exits_of(victim, QV_EXIT_SHUTDOWN) == 1, "%lu shutdowns", test_exits_of(victim, QV_EXIT_SHUTDOWN));
    test_barrier(3);
}
