/* SPDX-License-Identifier: MIT */
/*
 * The fault injector itself: a driver that only exists here passes the fault points, and the plans of the runner's
 * boot_config.c must fire when they are due, not before, not again, and with the choices that their seeds make.
 */
#include "faultinject/faultinject.h"
#include "faultinject/model.h"
#include "qv/draw.h"
#include "sandbox/faultpoint.h"
#include "sandbox/nic/nic.h"
#include "tests/boot/boot_test.h"

enum plan { RING_INDEX, LOCK_LEAK, DROP_ACK, OF_ANOTHER };
#define RX_COUNT 8u
#define TX_COUNT 4u
#define CURSOR   100u
#define NEXT     200u

static volatile uint32_t cursor = CURSOR, next = NEXT;
static volatile uint64_t lock_word;
static unsigned locks_tried, duties_tried;

/* The first attempt of each fails: the fault then waits for its next occasion. */
static int lock_acquire(void)
{
    return locks_tried++ == 0 ? -EBUSY : 0;
}

static int duty_take(void)
{
    return duties_tried++ == 0 ? -EBUSY : 0;
}

static struct nic_view view = {
    .rx_count = RX_COUNT,
    .tx_count = TX_COUNT,
    .rx_cursor = &cursor,
    .tx_next = &next,
    .tx_lock = &lock_word,
    .lock_acquire = lock_acquire,
    .duty_take = duty_take,
};

static uint32_t pass(enum qv_fault_point point)
{
    return fault_point(point, &view);
}

static unsigned recorded(enum qv_trace_id id)
{
    const struct qv_trace_ring *ring = phys_to_virt(handoff->ring_phys);
    unsigned count = 0;

    for (uint64_t i = 0; i < ring->head && i < ring->capacity; i++)
        count += ring->record[i].id == (uint16_t)id;
    return count;
}

static void expect_fired(uint32_t ring_index, uint32_t lock_leak, uint32_t drop_ack, const char *when)
{
    const volatile uint32_t *fired = status->fault_fired;

    EXPECT(fired[RING_INDEX] == ring_index && fired[LOCK_LEAK] == lock_leak && fired[DROP_ACK] == drop_ack &&
               fired[OF_ANOTHER] == 0,
           "%s: fired %u %u %u %u", when, fired[RING_INDEX], fired[LOCK_LEAK], fired[DROP_ACK], fired[OF_ANOTHER]);
    EXPECT(status->faults_fired == ring_index + lock_leak + drop_ack, "%s: %lu in all", when, status->faults_fired);
    EXPECT(recorded(QV_TRACE_FAULT_ACTIVATE) == ring_index + lock_leak + drop_ack, "%s: %u activations recorded", when,
           recorded(QV_TRACE_FAULT_ACTIVATE));
    EXPECT(recorded(QV_TRACE_FAULT_CHANGE) == ring_index, "%s: %u changes recorded", when,
           recorded(QV_TRACE_FAULT_CHANGE));
}

/* The choices of firing `firing`, drawn here as the model must have drawn them. */
static void expect_damage(uint32_t firing, uint32_t old_cursor, uint32_t old_next)
{
    uint64_t seed = handoff->cfg.fault[RING_INDEX].seed;
    bool receive = qv_draw_below(seed, (uint64_t)firing * FAULT_CHOICES, 2) == 0;

    EXPECT((cursor != old_cursor) == receive && (next != old_next) == !receive,
           "firing %u damaged cursor %u -> %u, next %u -> %u", firing, old_cursor, cursor, old_next, next);
}

static void try_packets(void)
{
    uint32_t interval_us = handoff->cfg.fault[RING_INDEX].interval_us;
    uint32_t old_cursor = cursor, old_next = next;

    (void)pass(QV_POINT_NIC_RX);
    status->packets_total = 2;
    (void)pass(QV_POINT_NIC_RX);
    expect_fired(0, 0, 0, "before the packets");
    status->packets_total = 4; /* it need not be hit exactly */
    (void)pass(QV_POINT_NIC_TX);
    expect_fired(0, 0, 0, "at another point");
    (void)pass(QV_POINT_NIC_RX);
    expect_fired(1, 0, 0, "after the packets");
    expect_damage(0, old_cursor, old_next);
    old_cursor = cursor;
    old_next = next;
    (void)pass(QV_POINT_NIC_RX);
    if (time_now() - status->fault_fired_tsc[RING_INDEX] < time_from_us(interval_us))
        expect_fired(1, 0, 0, "before the interval"); /* else this core stood still for so long */
    thread_sleep_us(interval_us + 1000u);
    (void)pass(QV_POINT_NIC_RX);
    expect_fired(2, 0, 0, "after the interval");
    expect_damage(1, old_cursor, old_next);
    thread_sleep_us(interval_us + 1000u);
    (void)pass(QV_POINT_NIC_RX);
    expect_fired(2, 0, 0, "more often than planned");
}

static void try_requests(void)
{
    status->http_requests = 1;
    (void)pass(QV_POINT_NIC_TX);
    EXPECT(locks_tried == 0, "the lock was tried before the requests");
    status->http_requests = 2;
    (void)pass(QV_POINT_NIC_TX);
    expect_fired(2, 0, 0, "without the lock");
    (void)pass(QV_POINT_NIC_TX);
    expect_fired(2, 1, 0, "with the lock");
    (void)pass(QV_POINT_NIC_TX);
    EXPECT(locks_tried == 2, "the lock was tried %u times", locks_tried);
}

static uint64_t due_time(void)
{
    return directory()->ready_tsc + time_from_us(handoff->cfg.fault[DROP_ACK].value);
}

/* First of all, for the clock runs from READY. Nothing is learnt if this core stood still until then. */
static void try_early(void)
{
    uint32_t effect = pass(QV_POINT_NIC_IRQ);

    EXPECT(effect == FAULT_EFFECT_NONE, "dropped before its time, or without the duty");
    if (time_now() < due_time())
        EXPECT(duties_tried == 0, "the duty was taken before its time");
}

static void try_time(void)
{
    while (time_now() < due_time())
        thread_sleep_us(1000);
    if (duties_tried == 0)
        EXPECT(pass(QV_POINT_NIC_IRQ) == FAULT_EFFECT_NONE, "dropped without the duty");
    expect_fired(2, 1, 0, "without the duty");
    for (unsigned i = 0; i < 3; i++)
        EXPECT(pass(QV_POINT_NIC_IRQ) == FAULT_EFFECT_SKIP_ACK, "acknowledgement %u was not dropped", i);
    expect_fired(2, 1, 1, "with the duty");
    EXPECT(pass(QV_POINT_NIC_RX) == FAULT_EFFECT_NONE && fault_hook != NULL, "the lasting effect was forgotten");
    nic_component.incarnation++; /* as a recovery does */
    EXPECT(pass(QV_POINT_NIC_IRQ) == FAULT_EFFECT_NONE, "the effect outlived the driver instance");
}

void test_faults(void)
{
    test_barrier(1);
    if (handoff->id == 0) {
        EXPECT(handoff->cfg.n_faults == QV_MAX_FAULTS, "the test needs its plans");
        EXPECT(fault_hook == NULL, "armed already");
        faultinject_start();
        EXPECT(fault_hook != NULL, "nothing was armed");
        EXPECT(recorded(QV_TRACE_FAULT_ARM) == 3, "%u plans were armed", recorded(QV_TRACE_FAULT_ARM));
        try_early();
        try_packets();
        try_requests();
        try_time();
        (void)pass(QV_POINT_NIC_RX);
        EXPECT(fault_hook == NULL, "the hook stays although nothing is left");
        faultinject_start();
        EXPECT(recorded(QV_TRACE_FAULT_ARM) == 3, "what was fired was armed again");
    }
    test_barrier(2);
}
