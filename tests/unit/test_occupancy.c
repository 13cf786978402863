/* SPDX-License-Identifier: MIT */
/* The estimate of cache occupancy against a cache that is really filled, with random replacement. */
#include <string.h>

#include "lib/occupancy.h"
#include "unit.h"

#define LINES 4096u

static uint8_t owner[LINES];
static uint64_t seed;

static uint32_t draw(uint32_t below)
{
    seed = seed * 6364136223846793005ull + 1442695040888963407ull;
    return (uint32_t)(seed >> 33) % below;
}

static unsigned truth(uint8_t who)
{
    unsigned n = 0;
    for (unsigned i = 0; i < LINES; i++)
        n += owner[i] == who;
    return n;
}

static void by_hand(void)
{
    CU_ASSERT_EQUAL(occupancy_next(0, 0, 0, LINES), 0);
    CU_ASSERT_EQUAL(occupancy_next(0, 10, 10, LINES), 10 * OCCUPANCY_UNIT);
    /* 1000 lines, 100 misses of others in a cache of 1000: a tenth is lost */
    CU_ASSERT_EQUAL(occupancy_next(1000 * OCCUPANCY_UNIT, 0, 100, 1000), 900 * OCCUPANCY_UNIT);
    /* own and other misses: 500 + 50 - 100 * 500 / 1000 */
    CU_ASSERT_EQUAL(occupancy_next(500 * OCCUPANCY_UNIT, 50, 100, 1000), 500 * OCCUPANCY_UNIT);
    CU_ASSERT_EQUAL(occupancy_lines(OCCUPANCY_UNIT / 2), 1);
    CU_ASSERT_EQUAL(occupancy_lines(OCCUPANCY_UNIT / 2 - 1), 0);
}

static void stays_within_the_cache(void)
{
    uint64_t whole = (uint64_t)LINES * OCCUPANCY_UNIT;
    CU_ASSERT_EQUAL(occupancy_next(whole, 1000, 1000, LINES), whole);
    CU_ASSERT_TRUE(occupancy_next(0, 1u << 30, 1u << 30, LINES) <= whole);
    CU_ASSERT_TRUE(occupancy_next(0, 1u << 30, 1u << 30, LINES) > whole * 99 / 100);
    CU_ASSERT_TRUE(occupancy_next(whole, 0, UINT64_MAX, LINES) < whole / 100);
    CU_ASSERT_TRUE(occupancy_next(whole, 5, 3, LINES) <= whole); /* more own misses than misses */
    for (uint64_t all = 0; all < 200000; all += 997) {
        uint64_t next = occupancy_next(whole / 3, all / 2, all, LINES);
        CU_ASSERT_TRUE(next <= whole);
        CU_ASSERT_TRUE(next + OCCUPANCY_UNIT >= whole / 3); /* half of the misses: grows towards half of the cache */
    }
}

/* Two that share a cache: 3 of 4 misses are one's, with pauses; estimates are updated at switches of random length. */
static void follows_a_real_cache(void)
{
    uint64_t estimate[2] = {0, 0};
    unsigned worst = 0;
    memset(owner, 2, sizeof(owner));
    seed = 1;
    for (unsigned round = 0; round < 400; round++) {
        unsigned own[2] = {0, 0};
        unsigned all = 20 + draw(300);
        unsigned first = round / 100 % 2 == 0 ? 3 : 1; /* changes sides every 100 rounds */
        for (unsigned i = 0; i < all; i++) {
            unsigned who = draw(4) < first ? 0 : 1;
            own[who]++;
            owner[draw(LINES)] = (uint8_t)who;
        }
        for (unsigned who = 0; who < 2; who++) {
            estimate[who] = occupancy_next(estimate[who], own[who], all, LINES);
            unsigned is = truth((uint8_t)who);
            unsigned said = (unsigned)occupancy_lines(estimate[who]);
            unsigned error = is > said ? is - said : said - is;
            worst = error > worst ? error : worst;
        }
    }
    CU_ASSERT_TRUE(worst < LINES / 20); /* within 5 % of the cache at all times */
    CU_ASSERT_TRUE(occupancy_lines(estimate[0] + estimate[1]) <= LINES + 1);
}

int main(void)
{
    static const struct unit_test tests[] = {{"by hand", by_hand},
                                             {"stays within the cache", stays_within_the_cache},
                                             {"follows a real cache", follows_a_real_cache}};
    return unit_run("occupancy", tests, sizeof(tests) / sizeof(tests[0]));
}
