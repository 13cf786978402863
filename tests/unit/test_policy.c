/* SPDX-License-Identifier: MIT */
/* The recovery state machine: each rule by itself, then any order of events at any times. */
#include "monitor/policy.h"

#include "lib/errno.h"
#include "qv/draw.h"
#include "unit.h"

static struct policy_machine machine;
static struct policy_decision decision;
static uint64_t now;

static const struct policy_inputs usual = {.monitor = true, .standby_alive = true};

static void start(enum qv_policy strategy, uint32_t budget)
{
    const struct policy_config config = {
        .strategy = strategy,
        .budget = budget,
        .backoff_ticks = 1000,
        .backoff_cap = 3500,
        .recover_ticks = 50000,
        .verify_ticks = 10000,
        .escalate = true,
    };
    now = 1000000;
    CU_ASSERT_EQUAL_FATAL(policy_init(&machine, &config, 1), 0);
    CU_ASSERT_EQUAL(machine.state, POLICY_RUNNING);
}

/* From a failure to the decision. */
static void fail(enum qv_detection detection, const struct policy_inputs *inputs)
{
    CU_ASSERT_EQUAL(policy_detect(&machine, detection, machine.incarnation, now), 0);
    CU_ASSERT_EQUAL(machine.state, POLICY_DETECTED);
    CU_ASSERT_EQUAL(policy_stopped(&machine), 0);
    CU_ASSERT_EQUAL(machine.state, POLICY_STOPPED);
    CU_ASSERT_EQUAL(policy_decide(&machine, inputs, now, &decision), 0);
    CU_ASSERT_EQUAL(machine.state, decision.action == QV_POLICY_NONE ? POLICY_GAVE_UP : POLICY_DECIDED);
    CU_ASSERT_EQUAL(machine.detection, detection);
    CU_ASSERT_EQUAL(machine.detected_at, now);
    CU_ASSERT_EQUAL(machine.strategy, decision.action);
    CU_ASSERT_EQUAL(machine.reason, decision.reason);
}

/* From the decision to the beginning of the verification. */
static void recover(void)
{
    if (now < decision.not_before) {
        CU_ASSERT_EQUAL(policy_begin(&machine, decision.not_before - 1), -EAGAIN);
        now = decision.not_before;
    }
    CU_ASSERT_EQUAL(policy_begin(&machine, now), 0);
    CU_ASSERT_EQUAL(machine.state, POLICY_RECOVERING);
    now += 500;
    CU_ASSERT_EQUAL(policy_recovered(&machine, now), 0);
    CU_ASSERT_EQUAL(machine.state, POLICY_VERIFYING);
}

static void verify(void)
{
    CU_ASSERT_FALSE(policy_tick(&machine, now + 9999));
    now += 10000;
    CU_ASSERT_TRUE(policy_tick(&machine, now));
    CU_ASSERT_EQUAL(machine.state, POLICY_RUNNING);
    CU_ASSERT_FALSE(machine.failed);
    CU_ASSERT_FALSE(policy_tick(&machine, now + 1));
}

static void the_first_recovery_is_immediate(void)
{
    static const enum qv_policy strategies[] = {QV_POLICY_LOCAL, QV_POLICY_REMOTE, QV_POLICY_RESTART};

    for (size_t i = 0; i < 3; i++) {
        start(strategies[i], 3);
        fail(QV_DETECT_NESTED_PAGE, &usual);
        CU_ASSERT_EQUAL(decision.action, strategies[i]);
        CU_ASSERT_EQUAL(decision.reason, POLICY_AS_CONFIGURED);
        CU_ASSERT_EQUAL(decision.not_before, now);
        recover();
        CU_ASSERT_EQUAL(machine.incarnation, 2);
        CU_ASSERT_EQUAL(machine.attempts, 1);
        verify();
    }
}

static void the_policy_none_contains(void)
{
    start(QV_POLICY_NONE, 3);
    fail(QV_DETECT_EXCEPTION, &usual);
    CU_ASSERT_EQUAL(decision.action, QV_POLICY_NONE);
    CU_ASSERT_EQUAL(decision.reason, POLICY_AS_CONFIGURED);
    CU_ASSERT_EQUAL(machine.attempts, 0);
    CU_ASSERT_EQUAL(policy_begin(&machine, now), -EINVAL);
    CU_ASSERT_EQUAL(policy_detect(&machine, QV_DETECT_EXCEPTION, 1, now), -EIO);
}

static void back_off_doubles_up_to_its_cap(void)
{
    static const uint64_t waits[] = {0, 1000, 2000, 3500, 3500, 3500};

    start(QV_POLICY_LOCAL, 6);
    for (size_t i = 0; i < 6; i++) {
        fail(QV_DETECT_EXCEPTION, &usual);
        CU_ASSERT_EQUAL(decision.action, QV_POLICY_LOCAL);
        CU_ASSERT_EQUAL(decision.not_before - now, waits[i]);
        CU_ASSERT_EQUAL(decision.reason, i ? POLICY_BACK_OFF : POLICY_AS_CONFIGURED);
        recover();
        verify();
    }
    fail(QV_DETECT_EXCEPTION, &usual);
    CU_ASSERT_EQUAL(decision.action, QV_POLICY_NONE);
    CU_ASSERT_EQUAL(decision.reason, POLICY_BUDGET_SPENT);
    CU_ASSERT_EQUAL(machine.attempts, 6);
}

static void back_off_without_a_cap_does_not_overflow(void)
{
    const struct policy_config config = {
        .strategy = QV_POLICY_RESTART, .budget = 200, .backoff_ticks = 1, .verify_ticks = 1};
    uint64_t last = 0;

    CU_ASSERT_EQUAL(policy_init(&machine, &config, 1), 0);
    for (unsigned i = 0; i < 200; i++) {
        now = 5;
        fail(QV_DETECT_EXCEPTION, &usual);
        CU_ASSERT(decision.not_before - now >= last);
        last = decision.not_before - now;
        machine.not_before = now; /* the wait itself is not what is tested */
        CU_ASSERT_EQUAL(policy_begin(&machine, now), 0);
        CU_ASSERT_EQUAL(policy_recovered(&machine, now), 0);
        CU_ASSERT_TRUE(policy_tick(&machine, now + 1));
    }
    CU_ASSERT_EQUAL(decision.not_before, UINT64_MAX);
}

static void no_budget_is_no_recovery(void)
{
    start(QV_POLICY_RESTART, 0);
    fail(QV_DETECT_HEARTBEAT, &usual);
    CU_ASSERT_EQUAL(decision.action, QV_POLICY_NONE);
    CU_ASSERT_EQUAL(decision.reason, POLICY_BUDGET_SPENT);
}

static void a_failure_within_the_window_escalates(void)
{
    start(QV_POLICY_LOCAL, 9);
    fail(QV_DETECT_EXCEPTION, &usual);
    recover();
    now += 9999;
    fail(QV_DETECT_RING_INVARIANT, &usual);
    CU_ASSERT_EQUAL(decision.action, QV_POLICY_REMOTE);
    CU_ASSERT_EQUAL(decision.reason, POLICY_ESCALATED);
    CU_ASSERT_EQUAL(decision.not_before, now + 1000);
    recover();
    fail(QV_DETECT_RING_INVARIANT, &usual);
    CU_ASSERT_EQUAL(decision.action, QV_POLICY_RESTART);
    CU_ASSERT_EQUAL(decision.reason, POLICY_ESCALATED);
    recover();
    fail(QV_DETECT_RING_INVARIANT, &usual); /* nothing is stronger: again */
    CU_ASSERT_EQUAL(decision.action, QV_POLICY_RESTART);
    recover();
    verify();
    /* Verified: the configured strategy again. */
    fail(QV_DETECT_EXCEPTION, &usual);
    CU_ASSERT_EQUAL(decision.action, QV_POLICY_LOCAL);
    CU_ASSERT_EQUAL(decision.reason, POLICY_BACK_OFF);
}

static void a_failure_after_the_window_does_not(void)
{
    start(QV_POLICY_LOCAL, 9);
    fail(QV_DETECT_EXCEPTION, &usual);
    recover();
    now += 10000; /* nobody called policy_tick() */
    fail(QV_DETECT_EXCEPTION, &usual);
    CU_ASSERT_EQUAL(decision.action, QV_POLICY_LOCAL);
    CU_ASSERT_EQUAL(decision.reason, POLICY_BACK_OFF);
}

static void a_failure_during_the_recovery_escalates(void)
{
    start(QV_POLICY_LOCAL, 9);
    fail(QV_DETECT_EXCEPTION, &usual);
    CU_ASSERT_EQUAL(policy_begin(&machine, now), 0);
    fail(QV_DETECT_EXCEPTION, &usual);
    CU_ASSERT_EQUAL(decision.action, QV_POLICY_REMOTE);

    /* So does one that does not end. */
    start(QV_POLICY_LOCAL, 9);
    fail(QV_DETECT_EXCEPTION, &usual);
    CU_ASSERT_EQUAL(policy_begin(&machine, now), 0);
    CU_ASSERT_FALSE(policy_tick(&machine, now + 49999));
    now += 50000;
    CU_ASSERT_TRUE(policy_tick(&machine, now));
    CU_ASSERT_EQUAL(machine.state, POLICY_DETECTED);
    CU_ASSERT_EQUAL(machine.detection, QV_DETECT_EXCEPTION);
    CU_ASSERT_EQUAL(machine.detected_at, now);
    CU_ASSERT_EQUAL(policy_recovered(&machine, now), -EINVAL);
    CU_ASSERT_EQUAL(policy_stopped(&machine), 0);
    CU_ASSERT_EQUAL(policy_decide(&machine, &usual, now, &decision), 0);
    CU_ASSERT_EQUAL(decision.action, QV_POLICY_REMOTE);

    /* A failure that is told after the limit is one more failure of the same strategy, not a second one. */
    start(QV_POLICY_LOCAL, 9);
    fail(QV_DETECT_EXCEPTION, &usual);
    CU_ASSERT_EQUAL(policy_begin(&machine, now), 0);
    now += 60000; /* nobody called policy_tick() */
    fail(QV_DETECT_RECOVERY_TIMEOUT, &usual);
    CU_ASSERT_EQUAL(decision.action, QV_POLICY_REMOTE);
    CU_ASSERT_EQUAL(decision.reason, POLICY_ESCALATED);
    CU_ASSERT_EQUAL(machine.attempts, 1);

    /* The budget ends what is overdue again and again. */
    start(QV_POLICY_RESTART, 2);
    for (unsigned i = 0; i < 2; i++) {
        fail(QV_DETECT_EXCEPTION, &usual);
        CU_ASSERT_EQUAL(decision.action, QV_POLICY_RESTART);
        now = decision.not_before;
        CU_ASSERT_EQUAL(policy_begin(&machine, now), 0);
        now += 50000;
    }
    fail(QV_DETECT_RECOVERY_TIMEOUT, &usual);
    CU_ASSERT_EQUAL(decision.action, QV_POLICY_NONE);
    CU_ASSERT_EQUAL(decision.reason, POLICY_BUDGET_SPENT);

    /* Without a limit it may take for ever. */
    start(QV_POLICY_LOCAL, 9);
    machine.config.recover_ticks = 0;
    fail(QV_DETECT_EXCEPTION, &usual);
    CU_ASSERT_EQUAL(policy_begin(&machine, now), 0);
    CU_ASSERT_FALSE(policy_tick(&machine, UINT64_MAX));
}

static void what_cannot_be_had_is_passed_over(void)
{
    /* configured, failed before, monitor, standby, kernel lost, detection -> action */
    static const struct {
        enum qv_policy strategy;
        bool failed;
        struct policy_inputs inputs;
        enum qv_detection detection;
        enum qv_policy action;
    } cases[] = {
        {QV_POLICY_LOCAL, false, {true, true, true}, QV_DETECT_NESTED_PAGE, QV_POLICY_REMOTE},
        {QV_POLICY_LOCAL, false, {true, false, true}, QV_DETECT_NESTED_PAGE, QV_POLICY_RESTART},
        {QV_POLICY_LOCAL, false, {false, false, true}, QV_DETECT_NESTED_PAGE, QV_POLICY_NONE},
        {QV_POLICY_LOCAL, false, {true, true, false}, QV_DETECT_TRIPLE_FAULT, QV_POLICY_REMOTE},
        {QV_POLICY_LOCAL, false, {true, false, false}, QV_DETECT_KERNEL_EXCEPTION, QV_POLICY_RESTART},
        {QV_POLICY_LOCAL, false, {true, false, false}, QV_DETECT_CORE_RESET, QV_POLICY_RESTART},
        {QV_POLICY_LOCAL, false, {true, false, false}, QV_DETECT_ASSERTION, QV_POLICY_RESTART},
        {QV_POLICY_LOCAL, false, {true, false, false}, QV_DETECT_HEARTBEAT, QV_POLICY_LOCAL},
        {QV_POLICY_LOCAL, false, {false, false, false}, QV_DETECT_EXCEPTION, QV_POLICY_LOCAL},
        {QV_POLICY_LOCAL, true, {true, false, false}, QV_DETECT_EXCEPTION, QV_POLICY_RESTART},
        {QV_POLICY_LOCAL, true, {false, true, false}, QV_DETECT_EXCEPTION, QV_POLICY_REMOTE},
        {QV_POLICY_LOCAL, true, {false, false, false}, QV_DETECT_EXCEPTION, QV_POLICY_NONE},
        {QV_POLICY_REMOTE, false, {true, false, false}, QV_DETECT_EXCEPTION, QV_POLICY_RESTART},
        {QV_POLICY_REMOTE, false, {false, false, false}, QV_DETECT_EXCEPTION, QV_POLICY_NONE},
        {QV_POLICY_REMOTE, true, {true, true, false}, QV_DETECT_EXCEPTION, QV_POLICY_RESTART},
        {QV_POLICY_REMOTE, true, {false, true, false}, QV_DETECT_EXCEPTION, QV_POLICY_NONE},
        {QV_POLICY_RESTART, false, {false, true, false}, QV_DETECT_EXCEPTION, QV_POLICY_NONE},
        {QV_POLICY_RESTART, true, {true, true, true}, QV_DETECT_EXCEPTION, QV_POLICY_RESTART},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        start(cases[i].strategy, 5);
        if (cases[i].failed) {
            const struct policy_inputs all = {true, true, false};
            fail(QV_DETECT_EXCEPTION, &all);
            recover();
        }
        fail(cases[i].detection, &cases[i].inputs);
        CU_ASSERT_EQUAL(decision.action, cases[i].action);
        if (!cases[i].failed)
            CU_ASSERT_EQUAL(decision.reason,
                            cases[i].action == cases[i].strategy ? POLICY_AS_CONFIGURED : POLICY_ESCALATED);
    }
}

static void escalation_can_be_turned_off(void)
{
    start(QV_POLICY_LOCAL, 2);
    machine.config.escalate = false;
    fail(QV_DETECT_EXCEPTION, &usual);
    recover();
    fail(QV_DETECT_EXCEPTION, &usual);
    CU_ASSERT_EQUAL(decision.action, QV_POLICY_LOCAL);
    recover();
    fail(QV_DETECT_EXCEPTION, &usual);
    CU_ASSERT_EQUAL(decision.reason, POLICY_BUDGET_SPENT);

    start(QV_POLICY_LOCAL, 2);
    machine.config.escalate = false;
    fail(QV_DETECT_TRIPLE_FAULT, &usual);
    CU_ASSERT_EQUAL(decision.action, QV_POLICY_NONE);
}

static void reports_that_come_too_late_are_ignored(void)
{
    start(QV_POLICY_LOCAL, 3);
    CU_ASSERT_EQUAL(policy_detect(&machine, QV_DETECT_NONE, 1, now), -EINVAL);
    CU_ASSERT_EQUAL(policy_detect(&machine, QV_DETECT_EXCEPTION, 0, now), -EINVAL);
    CU_ASSERT_EQUAL(policy_detect(&machine, QV_DETECT_EXCEPTION, 2, now), -EINVAL);
    CU_ASSERT_EQUAL(machine.state, POLICY_RUNNING);
    CU_ASSERT_EQUAL(policy_detect(&machine, QV_DETECT_EXCEPTION, 1, now), 0);
    CU_ASSERT_EQUAL(policy_detect(&machine, QV_DETECT_HEARTBEAT, 1, now), -EBUSY);
    CU_ASSERT_EQUAL(machine.detection, QV_DETECT_EXCEPTION);
    CU_ASSERT_EQUAL(policy_stopped(&machine), 0);
    CU_ASSERT_EQUAL(policy_detect(&machine, QV_DETECT_HEARTBEAT, 1, now), -EBUSY);
    CU_ASSERT_EQUAL(policy_decide(&machine, &usual, now, &decision), 0);
    CU_ASSERT_EQUAL(policy_detect(&machine, QV_DETECT_HEARTBEAT, 1, now), -EBUSY);
    CU_ASSERT_EQUAL(policy_begin(&machine, now), 0);
    /* A late report about the instance that is gone does not hit the new one. */
    CU_ASSERT_EQUAL(policy_detect(&machine, QV_DETECT_HEARTBEAT, 1, now), -EINVAL);
    CU_ASSERT_EQUAL(machine.state, POLICY_RECOVERING);
    CU_ASSERT_EQUAL(machine.ignored, 7);
}

static void steps_out_of_order_change_nothing(void)
{
    start(QV_POLICY_LOCAL, 3);
    CU_ASSERT_EQUAL(policy_stopped(&machine), -EINVAL);
    CU_ASSERT_EQUAL(policy_decide(&machine, &usual, now, &decision), -EINVAL);
    CU_ASSERT_EQUAL(policy_begin(&machine, now), -EINVAL);
    CU_ASSERT_EQUAL(policy_recovered(&machine, now), -EINVAL);
    CU_ASSERT_FALSE(policy_tick(&machine, UINT64_MAX));
    CU_ASSERT_EQUAL(machine.state, POLICY_RUNNING);
    CU_ASSERT_EQUAL(policy_detect(&machine, QV_DETECT_EXCEPTION, 1, now), 0);
    CU_ASSERT_EQUAL(policy_decide(&machine, &usual, now, &decision), -EINVAL);
    CU_ASSERT_EQUAL(policy_begin(&machine, now), -EINVAL);
    CU_ASSERT_EQUAL(policy_recovered(&machine, now), -EINVAL);
    CU_ASSERT_EQUAL(machine.state, POLICY_DETECTED);
    policy_give_up(&machine);
    CU_ASSERT_EQUAL(policy_stopped(&machine), -EINVAL);
    CU_ASSERT_EQUAL(machine.state, POLICY_GAVE_UP);
    CU_ASSERT_EQUAL(machine.strategy, QV_POLICY_NONE);
}

static void an_unknown_strategy_contains(void)
{
    const struct policy_config config = {.strategy = (enum qv_policy)9, .budget = 3};

    CU_ASSERT_EQUAL(policy_init(&machine, &config, 1), -EINVAL);
    CU_ASSERT_EQUAL(machine.state, POLICY_GAVE_UP);
    CU_ASSERT_STRING_EQUAL(policy_state_name(POLICY_GAVE_UP), "gave-up");
    CU_ASSERT_STRING_EQUAL(policy_state_name(POLICY_RUNNING), "running");
    CU_ASSERT_STRING_EQUAL(policy_state_name((enum policy_state)99), "unknown");
}

/* --- properties --- */

struct watch {
    uint32_t begun;
    uint64_t last_wait; /* of the last decision */
    bool broken;
};

static bool legal(enum policy_state from, enum policy_state to)
{
    static const uint8_t successors[] = {
        [POLICY_RUNNING] = 1 << POLICY_DETECTED,
        [POLICY_DETECTED] = 1 << POLICY_STOPPED,
        [POLICY_STOPPED] = 1 << POLICY_DECIDED | 1 << POLICY_GAVE_UP,
        [POLICY_DECIDED] = 1 << POLICY_RECOVERING,
        [POLICY_RECOVERING] = 1 << POLICY_VERIFYING | 1 << POLICY_DETECTED,
        /* a failure after an unnoticed end of the window is a failure of a running component */
        [POLICY_VERIFYING] = 1 << POLICY_RUNNING | 1 << POLICY_DETECTED,
        [POLICY_GAVE_UP] = 0,
    };
    return from == to || (successors[from] & 1u << to);
}

static void check(struct watch *watch, enum policy_state before)
{
    watch->broken |= !legal(before, machine.state);
    watch->begun += before == POLICY_DECIDED && machine.state == POLICY_RECOVERING;
    watch->broken |= watch->begun > machine.config.budget || watch->begun != machine.attempts;
    watch->broken |= machine.incarnation != 1 + watch->begun;
}

static void decide(struct watch *watch, const struct policy_inputs *inputs)
{
    if (policy_decide(&machine, inputs, now, &decision) != 0)
        return;
    uint64_t wait = decision.not_before - now;
    watch->broken |= decision.not_before < now;
    if (decision.action == QV_POLICY_NONE) {
        watch->broken |= machine.state != POLICY_GAVE_UP;
        return;
    }
    /* The first at once; each wait at least the one before; never above the cap. */
    watch->broken |= watch->begun == 0 ? wait != 0 : wait < watch->last_wait;
    watch->broken |= machine.config.backoff_cap && wait > machine.config.backoff_cap;
    watch->broken |= decision.action == QV_POLICY_REMOTE && !inputs->standby_alive;
    watch->broken |= decision.action == QV_POLICY_RESTART && !inputs->monitor;
    watch->broken |= decision.action == QV_POLICY_LOCAL && inputs->kernel_lost;
    watch->broken |= (decision.reason == POLICY_ESCALATED) != (decision.action != machine.config.strategy);
    watch->last_wait = wait;
}

static uint64_t seed, draw;

static uint64_t pick(uint64_t bound)
{
    return qv_draw_below(seed, draw++, bound);
}

static void start_random(void)
{
    static const enum qv_policy strategies[] = {QV_POLICY_NONE, QV_POLICY_LOCAL, QV_POLICY_REMOTE, QV_POLICY_RESTART};
    const struct policy_config config = {
        .strategy = strategies[pick(4)],
        .budget = (uint32_t)pick(8),
        .backoff_ticks = pick(3) ? pick(5000) : 0,
        .backoff_cap = pick(2) ? pick(20000) : 0,
        .recover_ticks = pick(2) ? 1 + pick(5000) : 0,
        .verify_ticks = pick(10000),
        .escalate = pick(4) > 0,
    };
    now = pick(1000);
    CU_ASSERT_EQUAL_FATAL(policy_init(&machine, &config, 1), 0);
}

static struct policy_inputs random_inputs(void)
{
    return (struct policy_inputs){.monitor = pick(4) > 0, .standby_alive = pick(2), .kernel_lost = pick(4) == 0};
}

/* Any event at any time: nothing illegal happens, and no more recoveries than the budget. */
static void any_order_of_events(void)
{
    unsigned broken = 0, gave_up = 0, recoveries = 0;

    for (seed = 0; seed < 4000; seed++) {
        struct watch watch = {0};
        draw = 0;
        start_random();
        for (unsigned step = 0; step < 200; step++) {
            enum policy_state before = machine.state;
            struct policy_inputs inputs = random_inputs();
            now += pick(3) ? pick(2000) : pick(20000);
            switch (pick(6)) {
            case 0:
                policy_detect(&machine, (enum qv_detection)pick(16), machine.incarnation - (pick(8) == 0), now);
                break;
            case 1:
                policy_stopped(&machine);
                break;
            case 2:
                decide(&watch, &inputs);
                break;
            case 3:
                policy_begin(&machine, now);
                break;
            case 4:
                policy_recovered(&machine, now);
                break;
            default:
                policy_tick(&machine, now);
                break;
            }
            check(&watch, before);
        }
        broken += watch.broken;
        gave_up += machine.state == POLICY_GAVE_UP;
        recoveries += watch.begun;
    }
    CU_ASSERT_EQUAL(broken, 0);
    CU_ASSERT(gave_up > 500);
    CU_ASSERT(recoveries > 4000);
}

/* A caller that does its part, and a component that fails whenever it likes: it ends, running or given up. */
static void it_always_ends(void)
{
    unsigned broken = 0, unfinished = 0, running = 0, gave_up = 0;

    for (seed = 100000; seed < 104000; seed++) {
        struct watch watch = {0};
        uint64_t failures;
        draw = 0;
        start_random();
        failures = 1 + pick(12);
        /* Every pass of the loop moves the machine on or lets time pass up to its deadline. */
        unsigned step, limit = 12 * ((unsigned)failures + 1);
        for (step = 0; step < limit && machine.state != POLICY_GAVE_UP; step++) {
            enum policy_state before = machine.state;
            struct policy_inputs inputs = random_inputs();
            bool fails = failures > 0 && pick(2);
            if (machine.state == POLICY_RUNNING && failures == 0)
                break;
            if (machine.state == POLICY_RUNNING ||
                (fails && (machine.state == POLICY_RECOVERING || machine.state == POLICY_VERIFYING))) {
                failures--;
                watch.broken |= policy_detect(&machine, QV_DETECT_EXCEPTION, machine.incarnation, now) != 0;
            } else if (machine.state == POLICY_DETECTED) {
                policy_stopped(&machine);
            } else if (machine.state == POLICY_STOPPED) {
                decide(&watch, &inputs);
            } else if (machine.state == POLICY_DECIDED) {
                now = machine.not_before > now ? machine.not_before : now;
                policy_begin(&machine, now);
            } else if (machine.state == POLICY_RECOVERING && pick(4) > 0) {
                now += pick(100);
                policy_recovered(&machine, now);
            } else {
                if (machine.state == POLICY_VERIFYING || machine.config.recover_ticks)
                    now = machine.deadline > now ? machine.deadline : now;
                else
                    policy_recovered(&machine, now);
                policy_tick(&machine, now);
            }
            check(&watch, before);
        }
        unfinished += machine.state != POLICY_GAVE_UP && machine.state != POLICY_RUNNING;
        running += machine.state == POLICY_RUNNING;
        gave_up += machine.state == POLICY_GAVE_UP;
        broken += watch.broken;
    }
    CU_ASSERT_EQUAL(broken, 0);
    CU_ASSERT_EQUAL(unfinished, 0);
    CU_ASSERT(running > 100);
    CU_ASSERT(gave_up > 1000);
}

static const struct unit_test tests[] = {
    {"the first recovery is immediate", the_first_recovery_is_immediate},
    {"the policy none contains", the_policy_none_contains},
    {"back-off doubles up to its cap", back_off_doubles_up_to_its_cap},
    {"back-off without a cap does not overflow", back_off_without_a_cap_does_not_overflow},
    {"no budget is no recovery", no_budget_is_no_recovery},
    {"a failure within the window escalates", a_failure_within_the_window_escalates},
    {"a failure after the window does not", a_failure_after_the_window_does_not},
    {"a failure during the recovery escalates", a_failure_during_the_recovery_escalates},
    {"what cannot be had is passed over", what_cannot_be_had_is_passed_over},
    {"escalation can be turned off", escalation_can_be_turned_off},
    {"reports that come too late are ignored", reports_that_come_too_late_are_ignored},
    {"steps out of order change nothing", steps_out_of_order_change_nothing},
    {"an unknown strategy contains", an_unknown_strategy_contains},
    {"any order of events", any_order_of_events},
    {"it always ends", it_always_ends},
};

int main(void)
{
    return unit_run("policy", tests, sizeof(tests) / sizeof(tests[0]));
}
