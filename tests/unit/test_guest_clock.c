/* SPDX-License-Identifier: MIT */
/* The guest's time between its stamps. */
#include "guest/guest_clock.h"
#include "unit.h"

#define MS   1000000ull
#define STEP (5 * MS)
#define HOST (1000 * MS) /* some host time to begin with */

static void test_nothing_yet(void)
{
    struct guest_clock clock;
    guest_clock_init(&clock, STEP);
    CU_ASSERT_EQUAL(guest_clock_read(&clock, HOST), 0);
}

/* It goes on after a stamp, but stands where the next stamp should have come. */
static void test_not_beyond_a_step(void)
{
    struct guest_clock clock;
    guest_clock_init(&clock, STEP);
    guest_clock_stamp(&clock, 100 * MS, HOST);
    CU_ASSERT_EQUAL(guest_clock_read(&clock, HOST), 100 * MS);
    CU_ASSERT_EQUAL(guest_clock_read(&clock, HOST + 2 * MS), 102 * MS);
    CU_ASSERT_EQUAL(guest_clock_read(&clock, HOST + 3600 * 1000 * MS), 105 * MS);
    CU_ASSERT_EQUAL(guest_clock_read(&clock, HOST - MS), 105 * MS); /* nor back */
}

/* A guest at a quarter of the host's pace: after some stamps it goes on at that. */
static void test_pace(void)
{
    struct guest_clock clock;
    guest_clock_init(&clock, STEP);
    uint64_t host = HOST;
    uint64_t guest = 100 * MS;
    for (unsigned i = 0; i < 100; i++, host += 20 * MS, guest += 5 * MS)
        guest_clock_stamp(&clock, guest, host);
    guest_clock_stamp(&clock, guest, host);
    CU_ASSERT(guest_clock_read(&clock, host + 8 * MS) - (guest + 2 * MS) < MS / 100);
    CU_ASSERT_EQUAL(guest_clock_read(&clock, host + 80 * MS), guest + STEP);
}

/* What was told stays true: a stamp that shows that the guest is behind holds the clock until it has caught up. */
static void test_never_back(void)
{
    struct guest_clock clock;
    guest_clock_init(&clock, STEP);
    guest_clock_stamp(&clock, 100 * MS, HOST);
    CU_ASSERT_EQUAL(guest_clock_read(&clock, HOST + 5 * MS), 105 * MS);
    guest_clock_stamp(&clock, 101 * MS, HOST + 5 * MS);
    CU_ASSERT_EQUAL(guest_clock_read(&clock, HOST + 5 * MS), 105 * MS);
    guest_clock_stamp(&clock, 99 * MS, HOST + 6 * MS); /* another core's, older */
    CU_ASSERT_EQUAL(guest_clock_read(&clock, HOST + 6 * MS), 105 * MS);
    CU_ASSERT_EQUAL(guest_clock_read(&clock, HOST + 11 * MS), 106 * MS);
    guest_clock_stamp(&clock, 200 * MS, HOST + 12 * MS);
    CU_ASSERT_EQUAL(guest_clock_read(&clock, HOST + 12 * MS), 200 * MS);
}

static const struct unit_test tests[] = {
    {"no stamp yet", test_nothing_yet},
    {"not beyond a step", test_not_beyond_a_step},
    {"the guest's pace", test_pace},
    {"never back", test_never_back},
};

int main(void)
{
    return unit_run("guest clock", tests, sizeof(tests) / sizeof(tests[0]));
}
