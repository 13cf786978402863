/* SPDX-License-Identifier: MIT */
/* Robust lock: exclusion, dead and overdue holders, garbage, late releases; alone and with threads. */
#define _GNU_SOURCE /* pthread_timedjoin_np */
#include <pthread.h>
#include <sched.h>
#include <string.h>
#include <time.h>

#include "nic/robust_lock.h"
#include "qv/draw.h"
#include "unit.h"

#define TIMEOUT 1000000ull
#define PARTIES 4u

struct fate {
    uint64_t now;
    bool dead[PARTIES];
    uint32_t incarnation[PARTIES];
};

static uint64_t fate_now(void *context)
{
    return ((struct fate *)context)->now += 300;
}

static bool fate_alive(void *context, unsigned owner, uint32_t incarnation)
{
    struct fate *fate = context;

    CU_ASSERT_FATAL(owner < PARTIES);
    return !fate->dead[owner] && (fate->incarnation[owner] & 0xffffu) == incarnation;
}

static struct robust_party party(struct fate *fate, uint32_t owner)
{
    return (struct robust_party){.owner = owner,
                                 .owners = PARTIES,
                                 .incarnation = fate->incarnation[owner],
                                 .timeout = TIMEOUT,
                                 .now = fate_now,
                                 .alive = fate_alive,
                                 .context = fate};
}

static struct fate new_fate(void)
{
    struct fate fate = {.now = 5000000000ull};

    for (unsigned i = 0; i < PARTIES; i++)
        fate.incarnation[i] = i + 1;
    return fate;
}

static void one_holder_at_a_time(void)
{
    struct fate fate = new_fate();
    struct robust_party a = party(&fate, 0), b = party(&fate, 1);
    struct robust_lock lock = {0};
    uint64_t hold, other, broken = 1, word;

    CU_ASSERT_EQUAL(robust_inspect(&lock, &a, &word), ROBUST_ACQUIRED);
    CU_ASSERT_EQUAL(word, 0);
    CU_ASSERT_EQUAL(robust_try(&lock, &a, &hold, &broken), ROBUST_ACQUIRED);
    CU_ASSERT_EQUAL(broken, 0);
    CU_ASSERT_EQUAL(robust_owner(lock.word), 0);
    CU_ASSERT_TRUE(robust_stands(&lock, hold));
    CU_ASSERT_EQUAL(robust_try(&lock, &b, &other, &broken), ROBUST_BUSY);
    CU_ASSERT_EQUAL(robust_acquire(&lock, &b, TIMEOUT / 2, &other, &broken), ROBUST_BUSY);
    CU_ASSERT_EQUAL(robust_try(&lock, &a, &other, &broken), ROBUST_SELF);
    CU_ASSERT_EQUAL(robust_inspect(&lock, &a, &word), ROBUST_SELF);
    CU_ASSERT_EQUAL(robust_inspect(&lock, &b, &word), ROBUST_BUSY);
    CU_ASSERT_FALSE(robust_release(&lock, 0));
    CU_ASSERT_FALSE(robust_release(&lock, hold ^ 1u));
    CU_ASSERT_TRUE(robust_release(&lock, hold));
    CU_ASSERT_EQUAL(lock.word, 0);
    CU_ASSERT_FALSE(robust_release(&lock, hold));
    CU_ASSERT_EQUAL(robust_try(&lock, &b, &other, &broken), ROBUST_ACQUIRED);
}

static void dead_holder_is_replaced(void)
{
    struct fate fate = new_fate();
    struct robust_party a = party(&fate, 0), b = party(&fate, 1);
    struct robust_lock lock = {0};
    uint64_t hold, other, broken, word;

    robust_try(&lock, &a, &hold, &broken);
    fate.dead[0] = true;
    CU_ASSERT_EQUAL(robust_inspect(&lock, &b, &word), ROBUST_OWNER_DEAD);
    CU_ASSERT_EQUAL(robust_try(&lock, &b, &other, &broken), ROBUST_OWNER_DEAD);
    CU_ASSERT_EQUAL(broken, hold);
    CU_ASSERT_EQUAL(robust_owner(lock.word), 1);
    CU_ASSERT_FALSE(robust_release(&lock, hold));
    CU_ASSERT_FALSE(robust_stands(&lock, hold));
    CU_ASSERT_TRUE(robust_release(&lock, other));
}

static void new_incarnation_does_not_own_what_the_old_one_left(void)
{
    struct fate fate = new_fate();
    struct robust_party old = party(&fate, 0), b = party(&fate, 1), again;
    struct robust_lock lock = {0};
    uint64_t hold, other, broken;

    robust_try(&lock, &old, &hold, &broken);
    fate.incarnation[0]++;
    CU_ASSERT_EQUAL(robust_try(&lock, &b, &other, &broken), ROBUST_OWNER_DEAD);
    robust_release(&lock, other);
    fate.incarnation[0]--;
    robust_try(&lock, &old, &hold, &broken);
    fate.incarnation[0]++;
    again = party(&fate, 0);
    CU_ASSERT_EQUAL(robust_try(&lock, &again, &other, &broken), ROBUST_OWNER_DEAD);
    CU_ASSERT_EQUAL(broken, hold);
}

static bool says_stalled(void *context, unsigned owner, uint64_t word)
{
    (void)context;
    (void)owner;
    (void)word;
    return false;
}

static void stalled_holder_keeps_its_lock(void)
{
    struct fate fate = new_fate();
    struct robust_party a = party(&fate, 0), b = party(&fate, 1);
    struct robust_lock lock = {0};
    uint64_t hold, other, broken;

    a.overdue = b.overdue = says_stalled;
    CU_ASSERT_EQUAL(robust_try(&lock, &a, &hold, &broken), ROBUST_ACQUIRED);
    fate.now += 10 * TIMEOUT;
    CU_ASSERT_EQUAL(robust_try(&lock, &b, &other, &broken), ROBUST_BUSY);
    fate.dead[0] = true; /* a dead holder loses it all the same */
    CU_ASSERT_EQUAL(robust_try(&lock, &b, &other, &broken), ROBUST_OWNER_DEAD);
    fate.dead[0] = false;
    fate.now += 10 * TIMEOUT;
    CU_ASSERT_EQUAL(robust_try(&lock, &b, &hold, &broken), ROBUST_OVERDUE); /* oneself is not asked */
}

static void overdue_holder_is_replaced(void)
{
    struct fate fate = new_fate();
    struct robust_party a = party(&fate, 0), b = party(&fate, 1);
    struct robust_lock lock = {0};
    uint64_t hold, other, broken, begin;

    robust_try(&lock, &a, &hold, &broken);
    begin = fate.now;
    CU_ASSERT_EQUAL(robust_acquire(&lock, &b, 2 * TIMEOUT, &other, &broken), ROBUST_OVERDUE);
    CU_ASSERT_TRUE(fate.now - begin >= TIMEOUT - 1000);
    CU_ASSERT_TRUE(fate.now - begin <= TIMEOUT + 4000);
    CU_ASSERT_EQUAL(broken, hold);
    CU_ASSERT_FALSE(robust_release(&lock, hold));
    CU_ASSERT_TRUE(robust_release(&lock, other));
    /* One's own lock, left taken, likewise. */
    robust_try(&lock, &a, &hold, &broken);
    fate.now += TIMEOUT + 1000;
    CU_ASSERT_EQUAL(robust_try(&lock, &a, &other, &broken), ROBUST_OVERDUE);
    CU_ASSERT_EQUAL(robust_owner(broken), 0);
}

static void clocks_of_cores_may_differ_a_little(void)
{
    struct fate fate = new_fate();
    struct robust_party a = party(&fate, 0), b = party(&fate, 1);
    struct robust_lock lock = {0};
    uint64_t hold, other, broken;

    robust_try(&lock, &a, &hold, &broken);
    fate.now -= TIMEOUT / 2; /* b's clock is behind */
    CU_ASSERT_EQUAL(robust_try(&lock, &b, &other, &broken), ROBUST_BUSY);
    fate.now -= 2 * TIMEOUT; /* that much is no skew */
    CU_ASSERT_EQUAL(robust_try(&lock, &b, &other, &broken), ROBUST_GARBAGE);
}

static void stamps_wrap(void)
{
    struct fate fate = new_fate();
    struct robust_party a = party(&fate, 0), b = party(&fate, 1);
    struct robust_lock lock = {0};
    uint64_t hold, other, broken;

    fate.now = (1ull << 48) - 2000; /* forty bits of 256 ticks each */
    robust_try(&lock, &a, &hold, &broken);
    fate.now += 10000;
    CU_ASSERT_EQUAL(robust_try(&lock, &b, &other, &broken), ROBUST_BUSY);
    fate.now += TIMEOUT;
    CU_ASSERT_EQUAL(robust_try(&lock, &b, &other, &broken), ROBUST_OVERDUE);
}

/* Whatever stands in the word: nobody waits longer than the limit and a little, and no impossible party is asked for.
 */
static void any_word_is_overcome(void)
{
    for (uint32_t n = 0; n < 20000; n++) {
        struct fate fate = new_fate();
        struct robust_party b = party(&fate, 1);
        struct robust_lock lock = {qv_draw(7, n)};
        uint64_t hold, broken, begin = fate.now;
        enum robust_result result = ROBUST_BUSY;

        if (n % 3 == 0) /* near the valid */
            lock.word = (lock.word & 0xff) | 1ull << 8 | (fate.now >> 8) << 24;
        for (unsigned attempt = 0; attempt < 3 && !robust_is_acquired(result); attempt++) {
            result = robust_acquire(&lock, &b, 2 * TIMEOUT, &hold, &broken);
            if (result == ROBUST_SELF)
                fate.now += TIMEOUT;
        }
        CU_ASSERT_TRUE_FATAL(robust_is_acquired(result));
        CU_ASSERT_TRUE(fate.now - begin <= 3 * TIMEOUT);
        CU_ASSERT_TRUE(robust_release(&lock, hold));
    }
}

/* --- threads: exclusion holds, and those who die holding the lock stop nobody --- */

#define ROUNDS 4000u

static struct {
    struct robust_lock lock;
    volatile uint64_t guarded[2];               /* always equal when the lock is free */
    volatile uint32_t incarnation[PARTIES + 1]; /* the last is the thread that waits for the others */
    volatile bool dead[PARTIES + 1];
    uint64_t deaths;
    uint64_t repaired;
    uint64_t torn;
    uint64_t overdue;
    volatile bool inside;
} arena;

static uint64_t real_now(void *context)
{
    struct timespec now;

    (void)context;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000ull + (uint64_t)now.tv_nsec;
}

static bool real_alive(void *context, unsigned owner, uint32_t incarnation)
{
    (void)context;
    return !__atomic_load_n(&arena.dead[owner], __ATOMIC_ACQUIRE) &&
           (__atomic_load_n(&arena.incarnation[owner], __ATOMIC_ACQUIRE) & 0xffffu) == incarnation;
}

/* The timeout is long enough that no living thread is ever overdue, however busy the machine is. */
static struct robust_party real_party(uint32_t id)
{
    return (struct robust_party){.owner = id,
                                 .owners = PARTIES + 1,
                                 .incarnation = 1,
                                 .timeout = 600ull * 1000000000ull,
                                 .now = real_now,
                                 .alive = real_alive};
}

static void repair(void)
{
    arena.repaired++;
    arena.guarded[1] = arena.guarded[0];
}

static void *contender(void *argument)
{
    uint32_t id = (uint32_t)(uintptr_t)argument;
    struct robust_party self = real_party(id);

    for (uint32_t round = 0; round < ROUNDS;) {
        uint64_t hold, broken;
        enum robust_result result = robust_try(&arena.lock, &self, &hold, &broken);

        if (!robust_is_acquired(result)) {
            sched_yield();
            continue;
        }
        round++;
        if (result == ROBUST_OVERDUE)
            __atomic_add_fetch(&arena.overdue, 1, __ATOMIC_RELAXED);
        if (result == ROBUST_OWNER_DEAD) {
            repair();
        } else if (arena.guarded[0] != arena.guarded[1]) {
            arena.torn++;
        }
        if (__atomic_exchange_n(&arena.inside, true, __ATOMIC_ACQ_REL))
            __atomic_add_fetch(&arena.torn, 1, __ATOMIC_RELAXED);
        arena.guarded[0]++;
        __atomic_store_n(&arena.inside, false, __ATOMIC_RELEASE);
        if (qv_draw(id + 1u, round) % 50 == 0) {
            /* Death between two steps; then the next incarnation. */
            arena.deaths++;
            __atomic_store_n(&arena.dead[id], true, __ATOMIC_RELEASE);
            while (robust_stands(&arena.lock, hold))
                if (round > ROUNDS - 2) /* perhaps nobody is left to break it */
                    return NULL;
                else
                    sched_yield();
            self.incarnation++;
            __atomic_store_n(&arena.incarnation[id], self.incarnation, __ATOMIC_RELEASE);
            __atomic_store_n(&arena.dead[id], false, __ATOMIC_RELEASE);
            continue;
        }
        arena.guarded[1]++;
        if (!robust_release(&arena.lock, hold))
            __atomic_add_fetch(&arena.torn, 1, __ATOMIC_RELAXED);
    }
    __atomic_store_n(&arena.dead[id], true, __ATOMIC_RELEASE);
    return NULL;
}

static void threads_exclude_each_other_and_survive_the_dead(void)
{
    pthread_t thread[PARTIES];
    struct robust_party self = real_party(PARTIES);

    memset(&arena, 0, sizeof(arena));
    for (uint32_t i = 0; i < PARTIES + 1; i++)
        arena.incarnation[i] = 1;
    for (uint32_t i = 0; i < PARTIES; i++)
        CU_ASSERT_EQUAL(pthread_create(&thread[i], NULL, contender, (void *)(uintptr_t)i), 0);
    /* A last one, who dies when nobody else is left, would wait for ever: this thread breaks for it. */
    for (uint32_t i = 0; i < PARTIES; i++) {
        for (;;) {
            struct timespec limit;
            clock_gettime(CLOCK_REALTIME, &limit);
            limit.tv_nsec += 20000000;
            limit.tv_sec += limit.tv_nsec / 1000000000;
            limit.tv_nsec %= 1000000000;
            if (pthread_timedjoin_np(thread[i], NULL, &limit) == 0)
                break;
            uint64_t hold, broken;
            enum robust_result result = robust_try(&arena.lock, &self, &hold, &broken);
            if (result == ROBUST_OWNER_DEAD)
                repair();
            if (robust_is_acquired(result) && !robust_release(&arena.lock, hold))
                __atomic_add_fetch(&arena.torn, 1, __ATOMIC_RELAXED);
        }
    }
    CU_ASSERT_EQUAL(arena.torn, 0);
    CU_ASSERT_EQUAL(arena.overdue, 0);
    CU_ASSERT_TRUE(arena.deaths > 0);
    CU_ASSERT_TRUE(arena.repaired <= arena.deaths);
    CU_ASSERT_TRUE(arena.repaired + PARTIES >= arena.deaths);
    CU_ASSERT_EQUAL(arena.guarded[0], PARTIES * (uint64_t)ROUNDS);
}

static const struct unit_test tests[] = {
    {"one holder at a time", one_holder_at_a_time},
    {"a dead holder is replaced", dead_holder_is_replaced},
    {"a new incarnation does not own what the old one left", new_incarnation_does_not_own_what_the_old_one_left},
    {"an overdue holder is replaced", overdue_holder_is_replaced},
    {"a holder that was given no time keeps its lock", stalled_holder_keeps_its_lock},
    {"clocks of cores may differ a little", clocks_of_cores_may_differ_a_little},
    {"stamps wrap", stamps_wrap},
    {"any word is overcome", any_word_is_overcome},
    {"threads exclude each other and survive the dead", threads_exclude_each_other_and_survive_the_dead},
};

int main(void)
{
    return unit_run("robust lock", tests, sizeof(tests) / sizeof(tests[0]));
}
