/* SPDX-License-Identifier: MIT */
/* Monitor calls with arguments that a sandbox has no right to: refused, and nothing happens. */
#include "tests/boot/boot_test.h"

#define UNKNOWN_SANDBOX 200u

extern const char window_begin[];

static int64_t call(uint64_t number, uint64_t a, uint64_t b, uint64_t c)
{
    return monitor_call3((enum qv_call)number, a, b, c).rax;
}

static uint64_t phys_of(const void *virt)
{
    return virt_to_phys(virt);
}

static void try_numbers(void)
{
    static const uint32_t unknown[] = {QV_CALL_COUNT, 1000, 0x7fffffff, 0x80000000, 0xffffffff};

    EXPECT(call(QV_CALL_NOP, 1, 2, 3) == 0, "NOP");
    for (size_t i = 0; i < sizeof(unknown) / sizeof(unknown[0]); i++)
        EXPECT(call(unknown[i], 0, 0, 0) == -ENOSYS, "call %x", unknown[i]);
}

static void try_ready(void)
{
    EXPECT(call(QV_CALL_READY, handoff->free_begin, 0, 0) == -EINVAL, "READY a second time");
    EXPECT(call(QV_CALL_READY, 0, 0, 0) == -EINVAL, "READY with foreign memory");
}

/* The monitor writes the frame: it must lie where the sandbox itself may write. */
static void try_upcall(void)
{
    const struct {
        uint64_t frame;
        const char *name;
    } foreign[] = {
        {directory()->region[0].base, "in monitor memory"},
        {0, "at zero"},
        {QV_DIRECTORY_PHYS, "in the directory"},
        {QV_MAILBOX_PHYS, "in the mailbox"},
        {QV_STATUS_PHYS(handoff->id), "in a status page"},
        {LAPIC_PHYS, "in the local APIC"},
        {handoff->ring_phys, "in the trace ring"},
        {handoff->base - PAGE_SIZE, "before the partition"},
        {handoff->base + handoff->size, "after the partition"},
        {handoff->base + handoff->size - PAGE_SIZE, "in the standby driver"},
        {handoff->base, "in the hand-off page"},
        {phys_of((const void *)(uintptr_t)test_calls), "in text"},
        {phys_of(window_begin), "in the driver window"},
        {phys_of(test_page) + 4, "misaligned"},
        {~0ull & ~7ull, "at the end of all addresses"},
    };
    for (size_t i = 0; i < sizeof(foreign) / sizeof(foreign[0]); i++)
        EXPECT(call(QV_CALL_UPCALL, 0, 0, foreign[i].frame) == -EPERM, "upcall frame %s", foreign[i].name);
}

static void try_neighbours(void)
{
    unsigned next = (handoff->id + 1u) % handoff->n_sandboxes;

    EXPECT(call(QV_CALL_SUSPECT, handoff->id, 0, 0) == -EINVAL, "suspicion of itself");
    EXPECT(call(QV_CALL_SUSPECT, handoff->n_sandboxes, 0, 0) == -EINVAL, "suspicion of nobody");
    EXPECT(call(QV_CALL_SUSPECT, UNKNOWN_SANDBOX, 0, 0) == -EINVAL, "suspicion of nobody");
    EXPECT(call(QV_CALL_SUSPECT, ~0ull, 0, 0) == -EINVAL, "suspicion of nobody");
    if (next != handoff->id)
        EXPECT(call(QV_CALL_SUSPECT, next, 0, 0) == -EPERM, "suspicion of a healthy neighbour");
    EXPECT(call(QV_CALL_TAKEN_OVER, next, 0, 0) == -EPERM, "taking over from the living");
    EXPECT(call(QV_CALL_TAKEN_OVER, handoff->id, 0, 0) == -EPERM, "taking over from itself");
    EXPECT(call(QV_CALL_TAKEN_OVER, UNKNOWN_SANDBOX, 0, 0) == -EPERM, "taking over from nobody");
}

static void try_recovery(void)
{
    EXPECT(call(QV_CALL_RECOVERED, 0, 0, 0) == -EINVAL, "recovery without a failure");
    EXPECT(call(QV_CALL_FAULT, QV_DETECT_NONE, 0, 0) == -EINVAL, "a fault that is none");
    EXPECT(call(QV_CALL_FAULT, QV_DETECTION_LAST + 1, 0, 0) == -EINVAL, "an unknown fault");
    EXPECT(call(QV_CALL_FAULT, ~0ull, 0, 0) == -EINVAL, "an unknown fault");
}

void test_calls(void)
{
    test_barrier(1);
    try_numbers();
    try_ready();
    try_upcall();
    try_neighbours();
    try_recovery();
    test_barrier(2);
    for (unsigned i = 0; i < handoff->n_sandboxes; i++) {
        EXPECT(directory()->core[i].state == QV_SB_RUNNING, "sandbox %u in state %u", i, directory()->core[i].state);
        EXPECT(directory()->core[i].attempts == 0 && directory()->core[i].incarnation == 1, "sandbox %u was recovered",
               i);
    }
    test_barrier(3);
}
