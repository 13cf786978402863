/* SPDX-License-Identifier: MIT */
/* Phases, latencies and sums of recoveries, complete and not. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/phases.h"
#include "qv/fault.h"
#include "test_analysis_fixture.h"
#include "unit.h"

#define RINGS 4

static struct qv_trace_ring *ring[RINGS]; /* core 0 kernel, core 0 monitor, core 1 kernel, core 1 monitor */

static void begin(void)
{
    for (size_t i = 0; i < RINGS; i++)
        ring[i] = fixture_ring((uint8_t)(i / 2), (uint8_t)(i % 2), 256);
}

static void phase(struct qv_trace_ring *r, uint64_t from, uint64_t to, uint32_t id, uint32_t sandbox, uint32_t sequence)
{
    fixture_put(r, from, QV_TRACE_PHASE_BEGIN, id, (uint64_t)sandbox << 32 | sequence);
    fixture_put(r, to, QV_TRACE_PHASE_END, id, (uint64_t)sandbox << 32 | sequence);
}

static int extract(struct recoveries *out, struct qv_error *err)
{
    size_t size;
    struct trace trace;
    uint8_t *data = fixture_file(ring, RINGS, &size);
    CU_ASSERT_EQUAL_FATAL(trace_decode(data, size, &trace, err), 0);
    int code = phases_extract(&trace, out, err);
    trace_free(&trace);
    free(data);
    for (size_t i = 0; i < RINGS; i++)
        free(ring[i]);
    return code;
}

static uint64_t ticks_of(const struct recovery *r, uint32_t id)
{
    uint64_t ticks;
    return phases_ticks(r, id, &ticks) ? ticks : UINT64_MAX;
}

/* Fault at 1000, first reply at 2000, no gap. */
static void put_local(uint32_t sequence, uint64_t at)
{
    fixture_put(ring[0], at, QV_TRACE_FAULT_ACTIVATE, QV_FAULT_NULL_POINTER, 0);
    fixture_put(ring[1], at + 50, QV_TRACE_DETECT, QV_DETECT_EXCEPTION, 0);
    phase(ring[1], at + 50, at + 100, QV_PHASE_VM_EXIT, 0, sequence);
    fixture_put(ring[1], at + 100, QV_TRACE_PHASE_BEGIN, QV_PHASE_DECISION, sequence);
    fixture_put(ring[1], at + 130, QV_TRACE_DECISION, QV_POLICY_LOCAL, 0);
    fixture_put(ring[1], at + 150, QV_TRACE_PHASE_END, QV_PHASE_DECISION, sequence);
    phase(ring[1], at + 150, at + 300, QV_PHASE_DRIVER_SWITCH, 0, sequence);
    phase(ring[1], at + 300, at + 320, QV_PHASE_VM_ENTER, 0, sequence);
    phase(ring[0], at + 320, at + 400, QV_PHASE_RESUME, 0, sequence);
    phase(ring[0], at + 400, at + 800, QV_PHASE_DRIVER_REINIT, 0, sequence);
    phase(ring[0], at + 800, at + 900, QV_PHASE_NET_REINIT, 0, sequence);
    fixture_put(ring[0], at + 900, QV_TRACE_RECOVERED, QV_POLICY_LOCAL, 0);
    fixture_put(ring[0], at + 1000, QV_TRACE_FIRST_REPLY, 1024, 0);
}

static void test_local(void)
{
    struct recoveries rs;
    struct qv_error err;
    begin();
    fixture_put(ring[0], 10, QV_TRACE_FIRST_REPLY, 64, 0); /* at boot: belongs to nobody */
    fixture_put(ring[0], 20, QV_TRACE_FAULT_ARM, QV_FAULT_NULL_POINTER, 0);
    put_local(1, 1000);
    CU_ASSERT_EQUAL_FATAL(extract(&rs, &err), 0);
    CU_ASSERT_EQUAL_FATAL(rs.n, 1);
    const struct recovery *r = &rs.item[0];
    CU_ASSERT(r->complete && !r->flagged && !r->gave_up);
    CU_ASSERT_EQUAL(r->fault, QV_FAULT_NULL_POINTER);
    CU_ASSERT_EQUAL(r->detection, QV_DETECT_EXCEPTION);
    CU_ASSERT_EQUAL(r->policy, QV_POLICY_LOCAL);
    CU_ASSERT_EQUAL(r->detection_ticks, 50);
    CU_ASSERT_EQUAL(r->end_to_end, 1000);
    CU_ASSERT_EQUAL(r->phase_sum, 1000);
    CU_ASSERT_EQUAL(r->gap_max, 0);
    CU_ASSERT_EQUAL(ticks_of(r, QV_PHASE_DETECTION), 50);
    CU_ASSERT_EQUAL(ticks_of(r, QV_PHASE_DRIVER_SWITCH), 150);
    CU_ASSERT_EQUAL(ticks_of(r, QV_PHASE_DRIVER_REINIT), 400);
    CU_ASSERT_EQUAL(ticks_of(r, QV_PHASE_FIRST_REPLY), 100);
    CU_ASSERT_EQUAL(ticks_of(r, QV_PHASE_IPI), UINT64_MAX);
    CU_ASSERT_EQUAL(r->n_spans, 9);
    CU_ASSERT(r->span[0].phase == QV_PHASE_DETECTION && r->span[0].derived);
    CU_ASSERT(r->span[8].phase == QV_PHASE_FIRST_REPLY && r->span[8].derived);
    for (uint32_t i = 1; i < r->n_spans; i++)
        CU_ASSERT_EQUAL(r->span[i].begin, r->span[i - 1].end);
    CU_ASSERT_EQUAL(rs.arms, 1);
    CU_ASSERT_EQUAL(rs.activations, 1);
    CU_ASSERT_EQUAL(rs.detections, 1);
    CU_ASSERT_EQUAL(rs.early_detections, 0);
    CU_ASSERT_EQUAL(rs.first_activation, 1000);
    CU_ASSERT_EQUAL(rs.first_detection, QV_DETECT_EXCEPTION);
    phases_free(&rs);
}

/* A stretch that no phase covers is found, and flagged when it is long. */
static void test_gap(void)
{
    for (uint64_t gap = 40; gap <= 80; gap += 40) {
        struct recoveries rs;
        struct qv_error err;
        begin();
        fixture_put(ring[0], 1000, QV_TRACE_FAULT_ACTIVATE, QV_FAULT_NULL_POINTER, 0);
        fixture_put(ring[1], 1100, QV_TRACE_DETECT, QV_DETECT_EXCEPTION, 0);
        phase(ring[1], 1100, 1200, QV_PHASE_VM_EXIT, 0, 1);
        phase(ring[0], 1200 + gap, 1900, QV_PHASE_DRIVER_REINIT, 0, 1);
        phase(ring[0], 1900, 1950, QV_PHASE_NET_REINIT, 0, 1);
        fixture_put(ring[0], 1950, QV_TRACE_RECOVERED, QV_POLICY_LOCAL, 0);
        fixture_put(ring[0], 2000, QV_TRACE_FIRST_REPLY, 1024, 0);
        CU_ASSERT_EQUAL_FATAL(extract(&rs, &err), 0);
        CU_ASSERT_EQUAL_FATAL(rs.n, 1);
        CU_ASSERT(rs.item[0].complete);
        CU_ASSERT_EQUAL(rs.item[0].flagged, gap > 50);
        CU_ASSERT_EQUAL(rs.item[0].gap_max, gap);
        CU_ASSERT_EQUAL(rs.item[0].gap_after, QV_PHASE_VM_EXIT);
        CU_ASSERT_DOUBLE_EQUAL(rs.item[0].difference, -(double)gap / 1000, 1e-12);
        phases_free(&rs);
    }
}

/* Counted twice is as wrong as not counted. */
static void test_overlap_flagged(void)
{
    struct recoveries rs;
    struct qv_error err;
    begin();
    put_local(1, 1000);
    phase(ring[1], 1310, 1410, QV_PHASE_VM_ENTER, 0, 1);
    CU_ASSERT_EQUAL_FATAL(extract(&rs, &err), 0);
    CU_ASSERT_EQUAL(ticks_of(&rs.item[0], QV_PHASE_VM_ENTER), 120);
    CU_ASSERT_EQUAL(rs.item[0].phase_sum, 1100);
    CU_ASSERT(rs.item[0].flagged);
    phases_free(&rs);
}

/* Remote: phases on two cores, the IPI's round trip stays out of the sum, the reply comes from the other core. */
static void test_remote(void)
{
    struct recoveries rs;
    struct qv_error err;
    begin();
    fixture_put(ring[0], 1000, QV_TRACE_FAULT_ACTIVATE, QV_FAULT_HANG_CLI, 0);
    fixture_put(ring[2], 1500, QV_TRACE_DETECT, QV_DETECT_HEARTBEAT, 0); /* by the neighbour, about sandbox 0 */
    phase(ring[1], 1500, 1600, QV_PHASE_VM_EXIT, 0, 4);
    phase(ring[1], 1600, 1650, QV_PHASE_DECISION, 0, 4);
    fixture_put(ring[1], 1650, QV_TRACE_DECISION, QV_POLICY_REMOTE, 3);
    fixture_put(ring[1], 1650, QV_TRACE_PHASE_BEGIN, QV_PHASE_IPI, 4);
    fixture_put(ring[1], 1650, QV_TRACE_PHASE_BEGIN, QV_PHASE_IPI_ROUND_TRIP, 4);
    fixture_put(ring[2], 1700, QV_TRACE_PHASE_END, QV_PHASE_IPI, 4);
    fixture_put(ring[1], 1780, QV_TRACE_PHASE_END, QV_PHASE_IPI_ROUND_TRIP, 4);
    phase(ring[2], 1700, 1800, QV_PHASE_RESUME, 0, 4);
    phase(ring[2], 1800, 1900, QV_PHASE_DRIVER_REINIT, 0, 4);
    phase(ring[2], 1900, 1950, QV_PHASE_NET_REINIT, 0, 4);
    fixture_put(ring[2], 1950, QV_TRACE_RECOVERED, QV_POLICY_REMOTE, 0);
    fixture_put(ring[2], 2000, QV_TRACE_FIRST_REPLY, 1024, 0);
    CU_ASSERT_EQUAL_FATAL(extract(&rs, &err), 0);
    CU_ASSERT_EQUAL_FATAL(rs.n, 1);
    const struct recovery *r = &rs.item[0];
    CU_ASSERT(r->complete && !r->flagged);
    CU_ASSERT_EQUAL(r->policy, QV_POLICY_REMOTE);
    CU_ASSERT_EQUAL(r->reason, 3);
    CU_ASSERT_EQUAL(r->detection, QV_DETECT_HEARTBEAT);
    CU_ASSERT_EQUAL(r->detection_ticks, 500);
    CU_ASSERT_EQUAL(ticks_of(r, QV_PHASE_IPI), 50);
    CU_ASSERT_EQUAL(ticks_of(r, QV_PHASE_IPI_ROUND_TRIP), 130);
    CU_ASSERT_EQUAL(r->phase_sum, 1000);
    CU_ASSERT_EQUAL(r->end_to_end, 1000);
    phases_free(&rs);
}

/* A DETECT that the monitor could write only after the exit must not be counted on top of the exit. */
static void test_late_detect_record(void)
{
    struct recoveries rs;
    struct qv_error err;
    begin();
    fixture_put(ring[0], 1000, QV_TRACE_FAULT_ACTIVATE, QV_FAULT_WILD_WRITE_MONITOR, 0);
    phase(ring[1], 1010, 1100, QV_PHASE_VM_EXIT, 0, 1);
    fixture_put(ring[1], 1120, QV_TRACE_DETECT, QV_DETECT_NESTED_PAGE, 0);
    phase(ring[1], 1100, 1900, QV_PHASE_DRIVER_REINIT, 0, 1);
    phase(ring[0], 1900, 1950, QV_PHASE_NET_REINIT, 0, 1);
    fixture_put(ring[0], 1950, QV_TRACE_RECOVERED, QV_POLICY_LOCAL, 0);
    fixture_put(ring[0], 2000, QV_TRACE_FIRST_REPLY, 1024, 0);
    CU_ASSERT_EQUAL_FATAL(extract(&rs, &err), 0);
    CU_ASSERT_EQUAL(rs.item[0].detection_ticks, 120);
    CU_ASSERT_EQUAL(ticks_of(&rs.item[0], QV_PHASE_DETECTION), 10);
    CU_ASSERT_EQUAL(rs.item[0].phase_sum, 1000);
    phases_free(&rs);
}

/* Where the access itself left guest mode there is no time of detecting beside the exit. */
static void test_detected_by_exit(void)
{
    struct recoveries rs;
    struct qv_error err;
    begin();
    fixture_put(ring[0], 1000, QV_TRACE_FAULT_ACTIVATE, QV_FAULT_WILD_WRITE_SANDBOX, 0);
    fixture_put(ring[1], 1080, QV_TRACE_DETECT, QV_DETECT_NESTED_PAGE, 0x5000);
    phase(ring[1], 1080, 1100, QV_PHASE_DECISION, 0, 1);
    phase(ring[1], 1100, 1500, QV_PHASE_DRIVER_REINIT, 0, 1);
    phase(ring[0], 1500, 1600, QV_PHASE_FIRST_REPLY, 0, 1);
    fixture_put(ring[0], 1610, QV_TRACE_RECOVERED, QV_POLICY_LOCAL, 0);
    CU_ASSERT_EQUAL_FATAL(extract(&rs, &err), 0);
    CU_ASSERT_EQUAL(ticks_of(&rs.item[0], QV_PHASE_VM_EXIT), 80);
    CU_ASSERT_EQUAL(ticks_of(&rs.item[0], QV_PHASE_DETECTION), 0);
    CU_ASSERT_EQUAL(rs.item[0].detection_ticks, 80);
    CU_ASSERT_EQUAL(rs.item[0].phase_sum, 600);
    CU_ASSERT_EQUAL(rs.item[0].end_to_end, 600);
    phases_free(&rs);
}

static void test_several(void)
{
    struct recoveries rs;
    struct qv_error err;
    begin();
    for (uint32_t i = 0; i < 5; i++)
        put_local(i + 1, 1000 + 10000ull * i);
    CU_ASSERT_EQUAL_FATAL(extract(&rs, &err), 0);
    CU_ASSERT_EQUAL_FATAL(rs.n, 5);
    for (uint32_t i = 0; i < 5; i++) {
        CU_ASSERT_EQUAL(rs.item[i].sequence, i + 1);
        CU_ASSERT(rs.item[i].complete);
        CU_ASSERT_EQUAL(rs.item[i].activated, 1000 + 10000ull * i);
        CU_ASSERT_EQUAL(rs.item[i].end_to_end, 1000);
        CU_ASSERT_EQUAL(rs.item[i].detection_ticks, 50);
    }
    CU_ASSERT_EQUAL(rs.activations, 5);
    phases_free(&rs);
}

/* A first recovery that does not hold: the second takes over; the reply belongs to the second. */
static void test_incomplete(void)
{
    struct recoveries rs;
    struct qv_error err;
    begin();
    fixture_put(ring[0], 1000, QV_TRACE_FAULT_ACTIVATE, QV_FAULT_TEXT_BITFLIP, 0);
    fixture_put(ring[1], 1050, QV_TRACE_DETECT, QV_DETECT_EXCEPTION, 0);
    phase(ring[1], 1050, 1100, QV_PHASE_VM_EXIT, 0, 1);
    fixture_put(ring[1], 1100, QV_TRACE_DECISION, QV_POLICY_LOCAL, 0);
    fixture_put(ring[0], 1200, QV_TRACE_PHASE_BEGIN, QV_PHASE_DRIVER_REINIT, 1); /* and here it fails again */
    fixture_put(ring[1], 5000, QV_TRACE_DETECT, QV_DETECT_TRIPLE_FAULT, 0);
    phase(ring[1], 5000, 5100, QV_PHASE_VM_EXIT, 0, 2);
    fixture_put(ring[1], 5100, QV_TRACE_DECISION, QV_POLICY_RESTART, 3);
    phase(ring[1], 5100, 5500, QV_PHASE_SANDBOX_RELOAD, 0, 2);
    phase(ring[0], 5500, 5800, QV_PHASE_KERNEL_BOOT, 0, 2);
    phase(ring[0], 5800, 5900, QV_PHASE_NET_REINIT, 0, 2);
    fixture_put(ring[0], 5900, QV_TRACE_RECOVERED, QV_POLICY_RESTART, 0);
    fixture_put(ring[0], 6000, QV_TRACE_FIRST_REPLY, 1024, 0);
    CU_ASSERT_EQUAL_FATAL(extract(&rs, &err), 0);
    CU_ASSERT_EQUAL_FATAL(rs.n, 2);
    CU_ASSERT(!rs.item[0].complete);
    CU_ASSERT_EQUAL(rs.item[0].recovered, 0);
    CU_ASSERT_EQUAL(rs.item[0].first_reply, 0);
    CU_ASSERT_EQUAL(ticks_of(&rs.item[0], QV_PHASE_DRIVER_REINIT), UINT64_MAX); /* open */
    CU_ASSERT_EQUAL(ticks_of(&rs.item[0], QV_PHASE_VM_EXIT), 50);
    CU_ASSERT(rs.item[1].complete);
    CU_ASSERT_EQUAL(rs.item[1].policy, QV_POLICY_RESTART);
    CU_ASSERT_EQUAL(rs.item[1].detection, QV_DETECT_TRIPLE_FAULT);
    CU_ASSERT_EQUAL(rs.item[1].activated, 0); /* no new activation led to it: it counts from its detection */
    CU_ASSERT_EQUAL(rs.item[1].end_to_end, 1000);
    CU_ASSERT_EQUAL(rs.unmatched, 0);
    phases_free(&rs);
}

/* After a recovery that held, one that does not: what the first one reached is not the second one's. */
static void test_incomplete_after_complete(void)
{
    struct recoveries rs;
    struct qv_error err;
    begin();
    put_local(1, 1000);
    fixture_put(ring[0], 20000, QV_TRACE_FAULT_ACTIVATE, QV_FAULT_NULL_POINTER, 0);
    fixture_put(ring[1], 20050, QV_TRACE_DETECT, QV_DETECT_EXCEPTION, 0);
    phase(ring[1], 20050, 20100, QV_PHASE_VM_EXIT, 0, 2);
    phase(ring[0], 20100, 20200, QV_PHASE_NET_REINIT, 0, 2);
    CU_ASSERT_EQUAL_FATAL(extract(&rs, &err), 0);
    CU_ASSERT_EQUAL_FATAL(rs.n, 2);
    CU_ASSERT(rs.item[0].complete && !rs.item[1].complete);
    CU_ASSERT_EQUAL(rs.item[1].recovered, 0);
    CU_ASSERT_EQUAL(rs.item[1].first_reply, 0);
    CU_ASSERT_EQUAL(rs.item[1].activated, 20000);
    phases_free(&rs);
}

/*
 * A false alarm in another sandbox before the fault: its recovery has no reply of its own, the replies that the service
 * sends all the while are not its, and it is told apart from the one that a fault led to.
 */
static void test_other_sandbox(void)
{
    struct recoveries rs;
    struct qv_error err;
    begin();
    fixture_put(ring[2], 300, QV_TRACE_DETECT, QV_DETECT_RING_INVARIANT, 0x3810);
    phase(ring[3], 300, 350, QV_PHASE_VM_EXIT, 1, 1);
    fixture_put(ring[3], 350, QV_TRACE_DECISION, QV_POLICY_LOCAL, 0);
    phase(ring[2], 350, 400, QV_PHASE_NET_REINIT, 1, 1);
    fixture_put(ring[2], 400, QV_TRACE_PHASE_BEGIN, QV_PHASE_FIRST_REPLY, 1ull << 32 | 1);
    fixture_put(ring[0], 450, QV_TRACE_FIRST_REPLY, 1024, 0);
    fixture_put(ring[3], 500, QV_TRACE_RECOVERED, QV_POLICY_LOCAL, 1);
    put_local(1, 1000);
    CU_ASSERT_EQUAL_FATAL(extract(&rs, &err), 0);
    CU_ASSERT_EQUAL_FATAL(rs.n, 2);
    CU_ASSERT_EQUAL(rs.item[0].sandbox, 1);
    CU_ASSERT(rs.item[0].recovered == 500 && rs.item[0].first_reply == 0 && !rs.item[0].complete);
    CU_ASSERT(phases_without_fault(&rs, &rs.item[0]));
    CU_ASSERT(rs.item[1].complete && !phases_without_fault(&rs, &rs.item[1]));
    CU_ASSERT_EQUAL(rs.item[1].end_to_end, 1000);
    CU_ASSERT_EQUAL(rs.early_detections, 1);
    phases_free(&rs);
}

/* A first-reply phase without end is ended by the reply's record, by the same core only. */
static void test_open_first_reply(void)
{
    for (int own = 0; own < 2; own++) {
        struct recoveries rs;
        struct qv_error err;
        begin();
        fixture_put(ring[0], 1000, QV_TRACE_FAULT_ACTIVATE, QV_FAULT_NULL_POINTER, 0);
        fixture_put(ring[1], 1000, QV_TRACE_DETECT, QV_DETECT_EXCEPTION, 0);
        phase(ring[0], 1000, 1900, QV_PHASE_NET_REINIT, 0, 1);
        fixture_put(ring[0], 1900, QV_TRACE_PHASE_BEGIN, QV_PHASE_FIRST_REPLY, 1);
        fixture_put(ring[own == 1 ? 0 : 2], 2000, QV_TRACE_FIRST_REPLY, 1024, 0);
        fixture_put(ring[0], 2100, QV_TRACE_RECOVERED, QV_POLICY_LOCAL, 0);
        CU_ASSERT_EQUAL_FATAL(extract(&rs, &err), 0);
        CU_ASSERT_EQUAL(rs.item[0].complete, own == 1);
        CU_ASSERT_EQUAL(ticks_of(&rs.item[0], QV_PHASE_FIRST_REPLY), own == 1 ? 100 : UINT64_MAX);
        CU_ASSERT_EQUAL(rs.item[0].end_to_end, own == 1 ? 1000 : 0);
        phases_free(&rs);
    }
}

static void test_gave_up(void)
{
    struct recoveries rs;
    struct qv_error err;
    begin();
    fixture_put(ring[0], 1000, QV_TRACE_FAULT_ACTIVATE, QV_FAULT_BAD_JUMP, 0);
    fixture_put(ring[1], 1050, QV_TRACE_DETECT, QV_DETECT_EXCEPTION, 0);
    phase(ring[1], 1050, 1100, QV_PHASE_VM_EXIT, 0, 1);
    fixture_put(ring[1], 1100, QV_TRACE_GAVE_UP, QV_DETECT_EXCEPTION, 3);
    fixture_put(ring[1], 1200, QV_TRACE_PHASE_END, QV_PHASE_VM_ENTER, 1);
    CU_ASSERT_EQUAL_FATAL(extract(&rs, &err), 0);
    CU_ASSERT_EQUAL_FATAL(rs.n, 1);
    CU_ASSERT(rs.item[0].gave_up && !rs.item[0].complete);
    CU_ASSERT_EQUAL(rs.gave_up, 1);
    CU_ASSERT_EQUAL(rs.unmatched, 1);
    phases_free(&rs);
}

static void test_false_alarm(void)
{
    struct recoveries rs;
    struct qv_error err;
    begin();
    fixture_put(ring[2], 500, QV_TRACE_DETECT, QV_DETECT_HEARTBEAT, 0);
    put_local(1, 1000);
    CU_ASSERT_EQUAL_FATAL(extract(&rs, &err), 0);
    CU_ASSERT_EQUAL(rs.early_detections, 1);
    CU_ASSERT_EQUAL(rs.detections, 2);
    CU_ASSERT_EQUAL(rs.first_detection, QV_DETECT_EXCEPTION); /* the one that can be about the fault */
    CU_ASSERT_EQUAL(rs.first_detected, 1050);
    phases_free(&rs);
    begin();
    CU_ASSERT_EQUAL_FATAL(extract(&rs, &err), 0);
    CU_ASSERT_EQUAL(rs.n, 0);
    CU_ASSERT_EQUAL(rs.detections, 0);
    phases_free(&rs);
}

static void test_refuses(void)
{
    struct recoveries rs;
    struct qv_error err;
    begin();
    fixture_put(ring[0], 1, QV_TRACE_PHASE_BEGIN, 14, 1);
    CU_ASSERT_EQUAL(extract(&rs, &err), -EINVAL);
    CU_ASSERT(strstr(err.text, "phase 14") != NULL);
    begin();
    fixture_put(ring[0], 1, QV_TRACE_PHASE_BEGIN, 1ull << 32 | 1, 1);
    CU_ASSERT_EQUAL(extract(&rs, &err), -EINVAL);
    begin();
    fixture_put(ring[0], 1, QV_TRACE_PHASE_END, 1, 8ull << 32 | 1);
    CU_ASSERT_EQUAL(extract(&rs, &err), -EINVAL);
    CU_ASSERT(strstr(err.text, "sandbox 8") != NULL);
    begin();
    for (uint32_t i = 0; i < PHASES_MAX_RECOVERIES + 1; i++)
        fixture_put(ring[0], i, QV_TRACE_PHASE_BEGIN, 1, i);
    CU_ASSERT_EQUAL(extract(&rs, &err), -EINVAL);
    begin();
    for (uint32_t i = 0; i < PHASES_MAX_SPANS; i++)
        fixture_put(ring[0], i, QV_TRACE_PHASE_BEGIN, 1, 1);
    CU_ASSERT_EQUAL(extract(&rs, &err), -EINVAL);
    CU_ASSERT(rs.item == NULL && rs.n == 0);
}

static const struct unit_test tests[] = {
    {"local recovery", test_local},
    {"gaps between phases", test_gap},
    {"overlapping phases", test_overlap_flagged},
    {"remote recovery", test_remote},
    {"detection recorded after the exit", test_late_detect_record},
    {"detection by the exit itself", test_detected_by_exit},
    {"several recoveries", test_several},
    {"incomplete recovery", test_incomplete},
    {"incomplete after complete", test_incomplete_after_complete},
    {"false alarm in another sandbox", test_other_sandbox},
    {"first reply without end", test_open_first_reply},
    {"giving up", test_gave_up},
    {"detection without fault", test_false_alarm},
    {"refuses contradictions", test_refuses},
};

int main(void)
{
    return unit_run("analysis: phases", tests, sizeof(tests) / sizeof(tests[0]));
}
