/* SPDX-License-Identifier: MIT */
/* The rules of docs/scheduling.md one by one, with examples computed by hand. */
#include <string.h>

#include "../../os/sandbox/sched/admit.h"
#include "unit.h"

#define OK(s) CU_ASSERT_PTR_NULL(sched_check(&(s)))

static struct sched s;
static struct vcpu a, b, c, io;

static void add(struct vcpu *v)
{
    CU_ASSERT_EQUAL(sched_add(&s, v), SCHED_OK);
}

static void add_main(struct vcpu *v, uint64_t budget, uint64_t period)
{
    CU_ASSERT_EQUAL(vcpu_init_main(v, budget, period, 0, NULL), SCHED_OK);
    add(v);
}

static void add_io(uint32_t num, uint32_t den)
{
    CU_ASSERT_EQUAL(vcpu_init_io(&io, num, den, 0, NULL), SCHED_OK);
    add(&io);
}

/* The k-th entry of a replenishment list. */
static bool entry(const struct vcpu *v, uint32_t k, uint64_t time, uint64_t amount)
{
    const struct vcpu_repl *r = &v->repl[(v->repl_first + k) % VCPU_MAX_REPL];

    return k < v->repl_count && r->time == time && r->amount == amount;
}

/* Pick at `now`: is it `v`, until `end`? */
static bool picks(uint64_t now, const struct vcpu *v, uint64_t end)
{
    uint64_t slice_end;
    const struct vcpu *picked = sched_pick(&s, now, &slice_end);
    const bool right = picked == v && slice_end == end && sched_check(&s) == NULL;

    if (!right)
        printf("\n    at %lu: %s, slice to %lu, check %s\n", (unsigned long)now,
               picked == v ? "right VCPU" : "wrong VCPU", (unsigned long)slice_end,
               sched_check(&s) ? sched_check(&s) : "passed");
    return right;
}

/* --- sporadic server --- */

static void test_full_use(void)
{
    sched_init(&s, 0, 1);
    add_main(&a, 3, 10);
    CU_ASSERT(vcpu_wake(&s, &a, 0, NULL));
    CU_ASSERT(picks(0, &a, 3));
    CU_ASSERT(picks(3, NULL, 10));
    CU_ASSERT_EQUAL(a.repl_count, 1);
    CU_ASSERT(entry(&a, 0, 10, 3));
    CU_ASSERT(picks(10, &a, 13));
    CU_ASSERT(picks(13, NULL, 20));
    CU_ASSERT_EQUAL(a.used, 6);
    CU_ASSERT_EQUAL(s.idle_time, 7);
}

static void test_split_and_merge(void)
{
    sched_init(&s, 0, 1);
    add_main(&a, 3, 10);
    vcpu_wake(&s, &a, 0, NULL);
    CU_ASSERT(picks(0, &a, 3));
    vcpu_block(&s, &a, 1); /* 1 used: comes back at 10; 2 stay */
    CU_ASSERT_EQUAL(a.repl_count, 2);
    CU_ASSERT(entry(&a, 0, 0, 2) && entry(&a, 1, 10, 1));
    CU_ASSERT(picks(1, NULL, SCHED_NEVER));
    vcpu_wake(&s, &a, 4, NULL); /* active from 4; the 1 at 10 comes too late for 4 + 2 */
    CU_ASSERT(entry(&a, 0, 4, 2) && entry(&a, 1, 10, 1));
    CU_ASSERT(picks(4, &a, 6));
    CU_ASSERT(picks(6, NULL, 10));
    CU_ASSERT_EQUAL(a.repl_count, 2);
    CU_ASSERT(entry(&a, 0, 10, 1) && entry(&a, 1, 14, 2));
    vcpu_block(&s, &a, 6);
    CU_ASSERT_EQUAL(a.repl_count, 2); /* nothing used since: nothing to split */

    vcpu_wake(&s, &a, 12, NULL); /* 1 from 12 to 13; the 2 at 14 come too late */
    CU_ASSERT(entry(&a, 0, 12, 1) && entry(&a, 1, 14, 2));
    vcpu_block(&s, &a, 12);
    vcpu_wake(&s, &a, 13, NULL); /* 1 from 13 to 14: the 2 at 14 join */
    CU_ASSERT_EQUAL(a.repl_count, 1);
    CU_ASSERT(entry(&a, 0, 13, 3));
    OK(s);
}

static void test_wake_while_runnable(void)
{
    sched_init(&s, 0, 1);
    add_main(&a, 3, 10);
    vcpu_wake(&s, &a, 0, NULL);
    CU_ASSERT(picks(0, &a, 3));
    CU_ASSERT_FALSE(vcpu_wake(&s, &a, 2, NULL)); /* must not move the replenishment to 12 */
    CU_ASSERT(picks(3, NULL, 10));
}

static void test_preemption_does_not_delay_replenishment(void)
{
    sched_init(&s, 0, 1);
    add_main(&a, 4, 10);
    add_main(&b, 3, 12);
    vcpu_wake(&s, &a, 0, NULL);
    vcpu_wake(&s, &b, 0, NULL);
    CU_ASSERT(picks(0, &a, 4));
    CU_ASSERT(picks(4, &b, 7));
    CU_ASSERT(picks(7, NULL, 10));
    CU_ASSERT(entry(&b, 0, 12, 3)); /* active since 0, though it ran from 4 */
    CU_ASSERT(picks(10, &a, 14));   /* b's own 12 is no reason to interrupt a */
    CU_ASSERT(picks(14, &b, 17));
    CU_ASSERT(picks(17, NULL, 20));
    CU_ASSERT(entry(&b, 0, 24, 3));
}

static void test_slice_ends_for_higher_priority(void)
{
    sched_init(&s, 0, 1);
    add_main(&b, 20, 50);
    add_main(&a, 2, 5);
    vcpu_wake(&s, &b, 0, NULL);
    vcpu_wake(&s, &a, 0, NULL);
    CU_ASSERT(picks(0, &a, 2));
    CU_ASSERT(picks(2, &b, 5));
    CU_ASSERT(picks(5, &a, 7));
    vcpu_block(&s, &a, 6);
    CU_ASSERT(picks(6, &b, 23)); /* a is blocked: 20 less the 3 used, all of it */
}

static void test_overrun(void)
{
    sched_init(&s, 0, 1);
    add_main(&a, 3, 10);
    vcpu_wake(&s, &a, 0, NULL);
    CU_ASSERT(picks(0, &a, 3));
    CU_ASSERT(picks(5, NULL, 12)); /* 2 taken from the 3 due at 10: the rest comes 2 later */
    CU_ASSERT_EQUAL(a.overrun, 2);
    CU_ASSERT_EQUAL(a.usage, 2);
    CU_ASSERT(picks(12, &a, 13));
    CU_ASSERT(picks(13, NULL, 20)); /* paid back: the next is on time again */
    CU_ASSERT(entry(&a, 0, 20, 3));
    CU_ASSERT_EQUAL(a.used, 6);
}

static void test_overrun_in_pieces(void)
{
    sched_init(&s, 0, 1);
    add_main(&a, 3, 10);
    vcpu_wake(&s, &a, 0, NULL);
    CU_ASSERT(picks(0, &a, 3));
    for (uint64_t t = 1; t <= 5; t++)
        sched_account(&s, t);
    sched_account(&s, 5);
    CU_ASSERT(picks(5, NULL, 12));
    CU_ASSERT_EQUAL(a.overrun, 2);
    vcpu_block(&s, &a, 6); /* not due yet: stays as it is */
    CU_ASSERT_EQUAL(a.usage, 2);
    vcpu_wake(&s, &a, 15, NULL);
    CU_ASSERT(entry(&a, 0, 15, 3));
    CU_ASSERT(picks(15, &a, 16));
    CU_ASSERT(picks(16, NULL, 25));
}

static void test_gross_overrun(void)
{
    sched_init(&s, 0, 1);
    add_main(&a, 3, 10);
    vcpu_wake(&s, &a, 0, NULL);
    CU_ASSERT(picks(0, &a, 3));
    CU_ASSERT(picks(3000001, NULL, 10000001)); /* 1000000 budgets and 1 of the next one */
    CU_ASSERT(entry(&a, 0, 10000000, 3));
    CU_ASSERT_EQUAL(a.overrun, 3000001 - 3);
    CU_ASSERT_EQUAL(a.usage, 1);
}

static void test_running_on_into_a_due_head(void)
{
    sched_init(&s, 0, 1);
    add_main(&a, 5, 10);
    vcpu_wake(&s, &a, 0, NULL);
    CU_ASSERT(picks(0, &a, 5));
    vcpu_block(&s, &a, 3); /* {(0,2), (10,3)} */
    vcpu_wake(&s, &a, 7, NULL);
    CU_ASSERT(entry(&a, 0, 7, 2) && entry(&a, 1, 10, 3));
    CU_ASSERT(picks(8, &a, 10));
    CU_ASSERT(picks(12, &a, 13)); /* late, but the 3 were due at 10: nothing taken early */
    CU_ASSERT_EQUAL(a.overrun, 0);
    CU_ASSERT(picks(13, NULL, 17));
    CU_ASSERT(entry(&a, 0, 17, 2) && entry(&a, 1, 20, 3));
}

static void test_full_list(void)
{
    const struct vcpu_spec spec = {.kind = VCPU_IO_SS, .budget = 6, .period = 20};

    sched_init(&s, 0, 1);
    CU_ASSERT_EQUAL(vcpu_init(&a, &spec, 2, 0, NULL), SCHED_OK);
    add(&a);
    vcpu_wake(&s, &a, 0, NULL);
    CU_ASSERT(picks(0, &a, 6));
    vcpu_block(&s, &a, 1);
    CU_ASSERT(entry(&a, 0, 0, 5) && entry(&a, 1, 20, 1));
    vcpu_wake(&s, &a, 3, NULL);
    CU_ASSERT(picks(3, &a, 8));
    vcpu_block(&s, &a, 4); /* no room: the 4 left are put off to 20 */
    CU_ASSERT_EQUAL(a.list_full, 1);
    CU_ASSERT_EQUAL(a.repl_count, 2);
    CU_ASSERT(entry(&a, 0, 20, 5) && entry(&a, 1, 23, 1));
    vcpu_wake(&s, &a, 5, NULL);
    CU_ASSERT(picks(5, NULL, 20));
}

/* --- PIBS --- */

static void test_published_example(void)
{
    const struct vcpu_spec set[] = {{.kind = VCPU_MAIN, .budget = 1, .period = 4},
                                    {.kind = VCPU_IO_PIBS, .num = 1, .den = 2}};

    /* U = 0.5, T = 4: worst utilisation over a period is (2 - U) U = 3/4, and with a Main VCPU of 1/4 the core is full
     */
    CU_ASSERT_EQUAL(admit_by_bound(&set[1], 1).load, UINT64_MAX); /* nobody to serve */
    CU_ASSERT_EQUAL(admit_by_bound(set, 2).load, ADMIT_ONE);
    CU_ASSERT(admit_by_bound(set, 2).admitted);

    /* and this is how it comes about: 1 used, paid for by 2; then 2 at once: 3 ticks of 4 */
    sched_init(&s, 0, 1);
    add_main(&a, 1, 4);
    add_io(1, 2);
    vcpu_wake(&s, &io, 0, &a);
    CU_ASSERT(picks(0, &io, 2));
    vcpu_block(&s, &io, 1);
    CU_ASSERT_EQUAL(io.eligible, 2);
    vcpu_wake(&s, &io, 1, &a);
    CU_ASSERT(picks(1, NULL, 2));
    CU_ASSERT(picks(2, &io, 4));
    vcpu_wake(&s, &a, 3, NULL);
    CU_ASSERT(picks(3, &io, 4));
    CU_ASSERT(picks(4, &a, 5));
    CU_ASSERT_EQUAL(io.used, 3);
    CU_ASSERT_EQUAL(io.eligible, 6);
    CU_ASSERT(picks(5, NULL, 6)); /* a comes back at 3 + 4, the I/O VCPU at 2 + 2 / U */
    CU_ASSERT(picks(6, &io, 8));
}

static void test_eligibility(void)
{
    sched_init(&s, 0, 1);
    add_main(&a, 1, 20);
    add_io(3, 10); /* 6 of 20 */
    CU_ASSERT_EQUAL(io.period, 20);
    vcpu_wake(&s, &io, 0, &a);
    CU_ASSERT(picks(0, &io, 6));
    vcpu_block(&s, &io, 1); /* 1 / 0.3 = 3 1/3: budget from 4 on */
    CU_ASSERT_EQUAL(io.eligible, 3);
    CU_ASSERT_EQUAL(io.eligible_part, 1);
    CU_ASSERT_EQUAL(vcpu_next_budget(&io), 4);
    CU_ASSERT_EQUAL(vcpu_budget(&io, 3), 0);
    CU_ASSERT_EQUAL(vcpu_budget(&io, 4), 6);
    vcpu_wake(&s, &io, 2, &a);
    CU_ASSERT(picks(2, NULL, 4));
    CU_ASSERT(picks(4, &io, 10));
    CU_ASSERT_EQUAL(io.eligible, 4);
    vcpu_block(&s, &io, 4); /* unused: no price */
    vcpu_wake(&s, &io, 9, &a);
    CU_ASSERT(picks(9, &io, 15));
    CU_ASSERT(picks(15, NULL, 29)); /* 9 + 20 */
    CU_ASSERT_EQUAL(io.eligible, 29);
    CU_ASSERT(picks(29, &io, 35));
    CU_ASSERT(picks(37, NULL, 56)); /* 2 over: 29 + 8 / 0.3 = 55 2/3 */
    CU_ASSERT_EQUAL(io.overrun, 2);
}

static void test_inheritance(void)
{
    sched_init(&s, 0, 1);
    add_main(&a, 2, 10);
    add_main(&b, 10, 40);
    add_main(&c, 50, 100);
    add_io(1, 10);
    vcpu_wake(&s, &b, 0, NULL);
    vcpu_wake(&s, &c, 0, NULL);
    CU_ASSERT(picks(0, &b, 10));
    CU_ASSERT_FALSE(vcpu_wake(&s, &io, 1, &c)); /* below b */
    CU_ASSERT_EQUAL(io.period, 100);
    CU_ASSERT(vcpu_wake(&s, &io, 2, &b)); /* same period as b: I/O goes first */
    CU_ASSERT_EQUAL(io.period, 40);
    CU_ASSERT(picks(2, &io, 6));
    CU_ASSERT(vcpu_wake(&s, &io, 3, &a)); /* promoted while running: budget cut to 1, from 3 on */
    CU_ASSERT_EQUAL(io.period, 10);
    CU_ASSERT(picks(3, &io, 4));
    vcpu_wake(&s, &io, 3, &c); /* a longer period must wait until it has blocked */
    CU_ASSERT_EQUAL(io.period, 10);
    CU_ASSERT(picks(4, &b, 12));
    CU_ASSERT_EQUAL(io.eligible, 22); /* 2 used since 2 at a tenth */
    vcpu_block(&s, &io, 5);
    CU_ASSERT_FALSE(vcpu_wake(&s, &io, 5, &c));
    CU_ASSERT_EQUAL(io.period, 100);
    CU_ASSERT(picks(12, &c, 22));
    CU_ASSERT(picks(22, &io, 32));
}

/*
 * All of this set is in time by analysis. The I/O VCPU gets the budget of 20 that goes with b's period, and is then
 * promoted to a's: with that budget it would hold a up for 20 of its 10 ticks.
 */
static void test_promotion_while_waiting(void)
{
    const struct vcpu_spec set[] = {{.kind = VCPU_MAIN, .budget = 7, .period = 10},
                                    {.kind = VCPU_MAIN, .budget = 1, .period = 100},
                                    {.kind = VCPU_IO_PIBS, .num = 1, .den = 10}};

    CU_ASSERT(admit_by_response_time(set, 3, 0, NULL));
    CU_ASSERT_EQUAL(admit_response_time(set, 3, 0, 0), 8);
    sched_init(&s, 0, 1);
    add_main(&a, 7, 10);
    add_main(&b, 1, 100);
    add_io(1, 10);
    vcpu_wake(&s, &io, 0, &b);
    CU_ASSERT(picks(0, &io, 10));
    vcpu_wake(&s, &a, 2, NULL);
    CU_ASSERT(picks(2, &a, 9));
    CU_ASSERT(picks(9, &io, 12));
    CU_ASSERT(picks(12, &a, 19));
    CU_ASSERT(vcpu_wake(&s, &io, 13, &a)); /* 5 left of 10: cut to 1 */
    CU_ASSERT(picks(13, &io, 14));
    CU_ASSERT(picks(14, &a, 20)); /* in time: by 22 */
    CU_ASSERT_EQUAL(io.eligible, 13 + 60);
}

/* All in time by analysis again. Held up at b's priority until 27, the I/O VCPU has not been paid what it was due. */
static void test_promotion_while_running(void)
{
    const struct vcpu_spec set[] = {{.kind = VCPU_MAIN, .budget = 5, .period = 10},
                                    {.kind = VCPU_MAIN, .budget = 12, .period = 100},
                                    {.kind = VCPU_MAIN, .budget = 1, .period = 100},
                                    {.kind = VCPU_IO_PIBS, .num = 1, .den = 5}};
    uint64_t end;

    CU_ASSERT(admit_by_response_time(set, 4, 0, NULL));
    sched_init(&s, 0, 1);
    add_main(&a, 5, 10);
    add_main(&c, 12, 99); /* above the I/O VCPU here, to keep it waiting */
    add_main(&b, 1, 100);
    add_io(1, 5);
    vcpu_wake(&s, &a, 0, NULL);
    vcpu_wake(&s, &c, 0, NULL);
    vcpu_wake(&s, &io, 0, &b);
    for (uint64_t now = 0; now < 27; now = end)
        CU_ASSERT_NOT_EQUAL(sched_pick(&s, now, &end), &io);
    CU_ASSERT(picks(27, &io, 30));
    CU_ASSERT(vcpu_wake(&s, &io, 30, &a)); /* 3 used since 0; counts as started at 15 */
    CU_ASSERT_EQUAL(io.eligible, 15);
    CU_ASSERT(picks(30, &io, 32)); /* not again at 32, 34 and 35, which is what it has waited for */
    CU_ASSERT(picks(32, &a, 37));  /* in time: by 40 */
    CU_ASSERT_EQUAL(vcpu_next_budget(&io), 40);
}

/* --- who is charged, and the rest --- */

static void test_accounts(void)
{
    uint64_t end;

    sched_init(&s, 1000, 1);
    add_main(&a, 30, 100);
    a.repl[0].time = 1000;
    CU_ASSERT_PTR_NULL(sched_pick(&s, 1005, &end));
    CU_ASSERT_EQUAL(end, SCHED_NEVER);
    sched_enter(&s, 1020); /* interrupt while idle */
    CU_ASSERT(vcpu_wake(&s, &a, 1022, NULL));
    CU_ASSERT(picks(1024, &a, 1054));
    sched_enter(&s, 1034); /* an interrupt that changes nothing */
    sched_leave(&s, 1037);
    sched_enter(&s, 1050);
    CU_ASSERT_EQUAL(a.usage, 23);
    CU_ASSERT(picks(1051, &a, 1058)); /* the scheduler's 4 ticks are not charged to a */
    vcpu_block(&s, &a, 1058);
    CU_ASSERT(picks(1060, NULL, SCHED_NEVER));
    sched_account(&s, 1100);
    CU_ASSERT_EQUAL(a.used, 30);
    CU_ASSERT_EQUAL(s.idle_time, 15 + 40);
    CU_ASSERT_EQUAL(s.sched_time, 5 + 4 + 3 + 1 + 2);
    CU_ASSERT_EQUAL(s.last - s.start, a.used + s.idle_time + s.sched_time);
    CU_ASSERT_EQUAL(a.dispatches, 1);
    CU_ASSERT_EQUAL(s.picks, 4);
}

static void test_must_pick(void)
{
    sched_init(&s, 0, 1);
    add_main(&a, 2, 10);
    add_main(&b, 20, 40);
    add_main(&c, 5, 100);
    CU_ASSERT(vcpu_wake(&s, &b, 0, NULL)); /* idle */
    CU_ASSERT(picks(0, &b, 20));
    CU_ASSERT_FALSE(vcpu_wake(&s, &c, 1, NULL)); /* lower priority */
    CU_ASSERT(vcpu_wake(&s, &a, 2, NULL));       /* higher, with budget */
    CU_ASSERT(picks(2, &a, 4));
    vcpu_block(&s, &a, 4);
    CU_ASSERT(picks(4, &b, 22));
    CU_ASSERT(vcpu_wake(&s, &a, 5, NULL)); /* higher, with budget at 12, before the slice ends */
    CU_ASSERT(picks(5, &b, 12));
    CU_ASSERT(picks(12, &a, 14));
    vcpu_block(&s, &a, 14);
    CU_ASSERT(picks(14, &b, 24));
    vcpu_block(&s, &b, 20);
    CU_ASSERT(picks(20, &c, 25)); /* a has budget at 22, but it is blocked */
}

static void test_background(void)
{
    sched_init(&s, 0, 4);
    add_main(&a, 2, 20);
    add_main(&b, 3, 30);
    add_main(&c, 1, 40);
    vcpu_set_background(&s, &a, true);
    vcpu_set_background(&s, &b, true);
    vcpu_wake(&s, &a, 0, NULL);
    vcpu_wake(&s, &b, 0, NULL);
    vcpu_wake(&s, &c, 0, NULL);
    CU_ASSERT(picks(0, &a, 2));
    CU_ASSERT(picks(2, &b, 5));
    CU_ASSERT(picks(5, &c, 6));
    CU_ASSERT(picks(6, &a, 10)); /* in turns of 4; c may not */
    CU_ASSERT(picks(8, &a, 10)); /* a needless pick does not end the turn */
    CU_ASSERT(picks(10, &b, 14));
    CU_ASSERT(picks(14, &a, 18));
    vcpu_block(&s, &b, 15);
    CU_ASSERT(picks(18, &a, 20)); /* alone: goes on to its own replenishment */
    CU_ASSERT_EQUAL(a.background_time, 4 + 4);
    CU_ASSERT(picks(20, &a, 22));
    CU_ASSERT_EQUAL(a.background_time, 10);
    CU_ASSERT_EQUAL(a.used, 2); /* the band costs no budget */
    CU_ASSERT(picks(22, &a, 40));
    CU_ASSERT(vcpu_wake(&s, &b, 25, NULL)); /* another candidate: turns again */
    CU_ASSERT(picks(25, &a, 26));
    CU_ASSERT(picks(26, &b, 30));
    vcpu_set_background(&s, &b, false);
    CU_ASSERT(picks(27, &a, 30)); /* to b's replenishment */
    CU_ASSERT(picks(30, &b, 33));
    CU_ASSERT_EQUAL(b.background_time, 4 + 1);
}

struct seen {
    uint32_t count;
    struct {
        enum sched_trace_kind kind;
        const struct vcpu *v;
        uint64_t time;
        uint64_t amount;
    } event[32];
};

static void record(void *arg, enum sched_trace_kind kind, const struct vcpu *v, uint64_t time, uint64_t amount)
{
    struct seen *seen = arg;

    if (seen->count < 32) {
        seen->event[seen->count].kind = kind;
        seen->event[seen->count].v = v;
        seen->event[seen->count].time = time;
        seen->event[seen->count++].amount = amount;
    }
}

static bool saw(const struct seen *seen, uint32_t i, enum sched_trace_kind kind, const struct vcpu *v, uint64_t time,
                uint64_t amount)
{
    return i < seen->count && seen->event[i].kind == kind && seen->event[i].v == v && seen->event[i].time == time &&
           seen->event[i].amount == amount;
}

static void test_trace(void)
{
    struct seen seen = {0};

    sched_init(&s, 0, 1);
    sched_set_trace(&s, record, &seen);
    add_main(&a, 3, 10);
    vcpu_wake(&s, &a, 0, NULL);
    CU_ASSERT(picks(0, &a, 3));
    CU_ASSERT(picks(1, &a, 3));
    CU_ASSERT(picks(4, NULL, 11));
    CU_ASSERT(picks(12, &a, 14));
    CU_ASSERT(saw(&seen, 0, SCHED_TRACE_REPLENISH, &a, 0, 3));
    CU_ASSERT(saw(&seen, 1, SCHED_TRACE_DISPATCH, &a, 0, 3));
    CU_ASSERT(saw(&seen, 2, SCHED_TRACE_POSTED, &a, 10, 3));
    CU_ASSERT(saw(&seen, 3, SCHED_TRACE_OVERRUN, &a, 4, 1));
    CU_ASSERT(saw(&seen, 4, SCHED_TRACE_DEPLETED, &a, 11, 0));
    CU_ASSERT(saw(&seen, 5, SCHED_TRACE_IDLE, NULL, 4, 0));
    CU_ASSERT(saw(&seen, 6, SCHED_TRACE_REPLENISH, &a, 11, 2));
    CU_ASSERT(saw(&seen, 7, SCHED_TRACE_DISPATCH, &a, 12, 2));
    CU_ASSERT_EQUAL(seen.count, 8);

    memset(&seen, 0, sizeof(seen));
    sched_init(&s, 0, 1);
    sched_set_trace(&s, record, &seen);
    add_main(&a, 3, 10);
    add_main(&b, 3, 20);
    add_io(1, 5);
    vcpu_wake(&s, &io, 0, &a);
    CU_ASSERT(picks(0, &io, 2));
    CU_ASSERT(picks(2, NULL, 10));
    CU_ASSERT(saw(&seen, 0, SCHED_TRACE_INHERIT, &io, 0, 10));
    CU_ASSERT(saw(&seen, 1, SCHED_TRACE_REPLENISH, &io, 0, 2));
    CU_ASSERT(saw(&seen, 2, SCHED_TRACE_DISPATCH, &io, 0, 2));
    CU_ASSERT(saw(&seen, 3, SCHED_TRACE_POSTED, &io, 10, 2));
    CU_ASSERT(saw(&seen, 4, SCHED_TRACE_DEPLETED, &io, 10, 0));
    CU_ASSERT(saw(&seen, 5, SCHED_TRACE_IDLE, NULL, 2, 0));
    CU_ASSERT_EQUAL(seen.count, 6);
}

static void test_add_and_remove(void)
{
    static struct vcpu many[SCHED_MAX_VCPUS + 1];
    uint64_t end;

    /* as many as there may be: 48 servers with different periods, each period with room for 16 PIBS VCPUs */
    sched_init(&s, 0, 1);
    for (uint32_t i = 0; i <= SCHED_MAX_VCPUS; i++) {
        const bool pibs = i % 4 == 3;
        CU_ASSERT_EQUAL(pibs ? vcpu_init_io(&many[i], 1, 100, 0, NULL)
                             : vcpu_init_main(&many[i], 10, 1000 + 37 * ((i * 29) % 64), 0, NULL),
                        SCHED_OK);
        CU_ASSERT_EQUAL(sched_add(&s, &many[i]), i < SCHED_MAX_VCPUS ? SCHED_OK : SCHED_FULL);
    }
    CU_ASSERT_EQUAL(s.leaves, SCHED_MAX_SLOTS);
    CU_ASSERT_EQUAL(sched_add(&s, &many[0]), SCHED_BUSY);
    for (uint32_t i = 0; i < SCHED_MAX_VCPUS; i++) {
        vcpu_wake(&s, &many[i], i, &many[(i * 5 % 64) & ~1u]);
        sched_pick(&s, i, &end);
        OK(s);
    }
    CU_ASSERT_EQUAL(sched_remove(&s, &many[5]), SCHED_BUSY);
    uint64_t now = 64;
    for (uint32_t i = 0; i < SCHED_MAX_VCPUS; i += 3) {
        vcpu_block(&s, &many[i], now);
        CU_ASSERT_EQUAL(sched_remove(&s, &many[i]), SCHED_OK);
        CU_ASSERT_EQUAL(sched_remove(&s, &many[i]), SCHED_BUSY);
        OK(s);
        CU_ASSERT_PTR_NOT_NULL(sched_pick(&s, now, &end));
        now += 7;
        OK(s);
    }
    CU_ASSERT_EQUAL(s.count, 42);
    sched_account(&s, now);
    uint64_t sum = s.idle_time + s.sched_time + s.retired_time;
    for (uint32_t i = 0; i < s.count; i++)
        sum += s.vcpu[i]->used;
    CU_ASSERT_EQUAL(sum, now);
}

static void test_pibs_limit(void)
{
    static struct vcpu many[SCHED_MAX_PIBS + 1];

    sched_init(&s, 0, 1);
    for (uint32_t i = 0; i <= SCHED_MAX_PIBS; i++) {
        vcpu_init_io(&many[i], 1, 10, 0, NULL);
        CU_ASSERT_EQUAL(sched_add(&s, &many[i]), i < SCHED_MAX_PIBS ? SCHED_OK : SCHED_FULL);
        OK(s);
    }
    add_main(&a, 1, 30); /* they take its period */
    OK(s);
    CU_ASSERT_EQUAL(many[3].period, 30);
    add_main(&b, 1, 20); /* and keep it: they have not served anybody yet, and this one is shorter */
    CU_ASSERT_EQUAL(many[3].period, 30);
    vcpu_wake(&s, &many[3], 0, &b);
    CU_ASSERT_EQUAL(many[3].period, 20);
    CU_ASSERT_EQUAL(sched_remove(&s, &b), SCHED_OK); /* its period is gone with it */
    CU_ASSERT_EQUAL(many[3].period, 30);
    OK(s);
}

static void test_bad_specs(void)
{
    const struct vcpu_spec bad[] = {
        {.kind = VCPU_MAIN, .budget = 0, .period = 10},
        {.kind = VCPU_MAIN, .budget = 11, .period = 10},
        {.kind = VCPU_MAIN, .budget = 1, .period = 1ull << 56},
        {.kind = VCPU_IO_SS, .budget = 0, .period = 0},
        {.kind = VCPU_IO_PIBS, .num = 0, .den = 10},
        {.kind = VCPU_IO_PIBS, .num = 11, .den = 10},
        {.kind = VCPU_IO_PIBS, .num = 1, .den = 1u << 31},
        {.kind = (enum vcpu_kind)3, .budget = 1, .period = 10},
    };
    const struct vcpu_spec good = {.kind = VCPU_MAIN, .budget = 10, .period = 10};

    for (uint32_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        CU_ASSERT_EQUAL(vcpu_init(&a, &bad[i], 0, 0, NULL), SCHED_BAD_SPEC);
        const struct vcpu_spec set[] = {good, bad[i]};
        CU_ASSERT_FALSE(admit_by_bound(set, 2).admitted);
        CU_ASSERT_EQUAL(admit_by_bound(set, 2).load, UINT64_MAX);
    }
    CU_ASSERT_EQUAL(vcpu_init(&a, &good, 1, 0, NULL), SCHED_BAD_SPEC);
    CU_ASSERT_EQUAL(vcpu_init(&a, &good, VCPU_MAX_REPL + 1, 0, NULL), SCHED_BAD_SPEC);
    CU_ASSERT_EQUAL(vcpu_init(&a, &good, 0, 0, &b), SCHED_OK);
    CU_ASSERT_PTR_EQUAL(a.owner, &b);
}

/* Ticks of a real clock: 3 GHz, up for a year, utilisation in parts per million. */
static void test_large_numbers(void)
{
    const uint64_t ghz = 3000000000ull;
    const uint64_t boot = ghz * 86400 * 365;
    uint64_t end;

    sched_init(&s, boot, ghz / 1000);
    CU_ASSERT_EQUAL(vcpu_init_main(&a, ghz / 50, ghz / 10, boot, NULL), SCHED_OK);
    CU_ASSERT_EQUAL(vcpu_init_io(&io, 10000, 1000000, boot, NULL), SCHED_OK);
    add(&a);
    add(&io);
    CU_ASSERT(vcpu_wake(&s, &io, boot, &a));
    CU_ASSERT_PTR_EQUAL(sched_pick(&s, boot, &end), &io);
    CU_ASSERT_EQUAL(end, boot + ghz / 1000);
    CU_ASSERT_PTR_NULL(sched_pick(&s, end, &end));
    CU_ASSERT_EQUAL(end, boot + ghz / 10);
    CU_ASSERT_PTR_EQUAL(sched_pick(&s, boot + ghz * 3600, &end), &io); /* slept an hour */
    CU_ASSERT_PTR_NULL(sched_pick(&s, boot + ghz * 7200, &end));       /* ran an hour: 100 hours to pay */
    CU_ASSERT_EQUAL(end, boot + ghz / 10 + 100 * 3600 * ghz);
    OK(s);
}

int main(void)
{
    static const struct unit_test tests[] = {
        {"server: full use", test_full_use},
        {"server: split and merge", test_split_and_merge},
        {"server: wake-up while runnable", test_wake_while_runnable},
        {"server: preemption does not delay the replenishment", test_preemption_does_not_delay_replenishment},
        {"server: slice ends for a higher priority", test_slice_ends_for_higher_priority},
        {"server: overrun", test_overrun},
        {"server: overrun in pieces", test_overrun_in_pieces},
        {"server: gross overrun", test_gross_overrun},
        {"server: on into a head that is due", test_running_on_into_a_due_head},
        {"server: full list", test_full_list},
        {"PIBS: the published example", test_published_example},
        {"PIBS: eligibility", test_eligibility},
        {"PIBS: inheritance", test_inheritance},
        {"PIBS: promotion while waiting", test_promotion_while_waiting},
        {"PIBS: promotion while running", test_promotion_while_running},
        {"accounts", test_accounts},
        {"when to pick", test_must_pick},
        {"background band", test_background},
        {"trace", test_trace},
        {"adding and removing", test_add_and_remove},
        {"PIBS limit and periods", test_pibs_limit},
        {"bad specs", test_bad_specs},
        {"large numbers", test_large_numbers},
    };

    return unit_run("VCPU scheduler, rules", tests, sizeof(tests) / sizeof(tests[0]));
}
