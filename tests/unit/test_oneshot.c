/* SPDX-License-Identifier: MIT */
/* What a one-shot timer is told: never nothing, never later than it should, no overflow whatever the time. */
#include "sandbox/oneshot.h"

#include "qv/draw.h"
#include "unit.h"

static struct oneshot_rates pc, same, fast, slow, beyond;

static void make_rates(void)
{
    pc = oneshot_rates(2500000, 100000);  /* 2.5 GHz, 100 MHz */
    same = oneshot_rates(50000, 50000);   /* an emulator that counts instructions */
    fast = oneshot_rates(50000, 5000000); /* counts run out before the second is over */
    slow = oneshot_rates(1, 1);
    beyond = oneshot_rates(1000, 10000000000u); /* more than 2^32 counts in a millisecond */
}

static void deadlines(void)
{
    CU_ASSERT_EQUAL(oneshot_deadline(0), 1); /* 0 would disarm */
    CU_ASSERT_EQUAL(oneshot_deadline(1), 1);
    CU_ASSERT_EQUAL(oneshot_deadline(123456789), 123456789);
    CU_ASSERT_EQUAL(oneshot_deadline(UINT64_MAX), UINT64_MAX);
}

static void expect(const struct oneshot_rates *rates, uint64_t now, uint64_t at, uint32_t count, uint64_t fires)
{
    struct oneshot shot = oneshot_count(rates, now, at);
    CU_ASSERT_EQUAL(shot.count, count);
    CU_ASSERT_EQUAL(shot.fires, fires);
}

static void past(void)
{
    expect(&pc, 1000, 1000, ONESHOT_COUNT_MIN, 1000);
    expect(&pc, 1000, 999, ONESHOT_COUNT_MIN, 1000);
    expect(&pc, UINT64_MAX, 0, ONESHOT_COUNT_MIN, UINT64_MAX);
    expect(&pc, 0, 0, ONESHOT_COUNT_MIN, 0);
}

static void near(void)
{
    expect(&pc, 1000, 1001, ONESHOT_COUNT_MIN, 1001);
    expect(&pc, 1000, 1000 + 25 * 64, 64, 1000 + 25 * 64);
    expect(&pc, 1000, 1000 + 25 * 65, 65, 1000 + 25 * 65);
    expect(&pc, 1000, 1000 + 25 * 66 - 1, 65, 1000 + 25 * 66 - 1); /* a part of a count is left out */
    expect(&pc, 7, 7 + 3 * 2500000 + 1250000, 350000, 7 + 3 * 2500000 + 1250000);
    expect(&same, 7, 7 + 12345, 12345, 7 + 12345);
}

static void far(void)
{
    expect(&pc, 5, 5 + 2500000ull * 1000, 100000000, 5 + 2500000ull * 1000);
    expect(&pc, 5, 5 + 2500000ull * 1000 + 1, 100000000, 5 + 2500000ull * 1000);
    expect(&pc, 5, UINT64_MAX, 100000000, 5 + 2500000ull * 1000);
    expect(&pc, 0, UINT64_MAX, 100000000, 2500000ull * 1000);
    expect(&slow, 0, UINT64_MAX, 1000, 1000);
    expect(&fast, 0, UINT64_MAX, 858u * 5000000u, 858u * 50000u); /* 859 ms would be 4,295 million counts */
    expect(&beyond, 0, UINT64_MAX, 3330000000u, 333);
}

/* Against the exact quotient; and a count that is not the least one ends within a count of its time, not after it. */
static void random_times(void)
{
    unsigned wrong = 0;
    for (uint64_t i = 0; i < 300000; i++) {
        struct oneshot_rates rates =
            oneshot_rates(1 + qv_draw(3, 4 * i) % 5000000, 1 + qv_draw(3, 4 * i + 1) % 5000000);
        uint64_t now = qv_draw(3, 4 * i + 2) >> (i % 60);
        uint64_t at = i % 3 == 0 ? qv_draw(3, 4 * i + 3) : now + (qv_draw(3, 4 * i + 3) >> (20 + i % 44));
        struct oneshot shot = oneshot_count(&rates, now, at);
        uint64_t wait = shot.fires - now;
        unsigned __int128 count = (unsigned __int128)wait * rates.counts_per_ms / rates.ticks_per_ms;
        uint32_t least = count < ONESHOT_COUNT_MIN ? ONESHOT_COUNT_MIN : (uint32_t)count;
        wrong += count > UINT32_MAX || shot.count != least || shot.fires < now || (at > now && shot.fires > at) ||
                 (shot.fires != at && at > now && wait != rates.ticks_per_ms * (wait / rates.ticks_per_ms)) ||
                 wait > rates.ticks_per_ms * 1000;
    }
    CU_ASSERT_EQUAL(wrong, 0);
}

int main(void)
{
    static const struct unit_test tests[] = {{"deadlines: 0 is never written", deadlines},
                                             {"count-down to what has passed", past},
                                             {"count-down to what is near", near},
                                             {"count-down to what is too far", far},
                                             {"random rates and times", random_times}};
    make_rates();
    return unit_run("one-shot timer", tests, sizeof(tests) / sizeof(tests[0]));
}
