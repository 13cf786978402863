/* SPDX-License-Identifier: MIT */
#include "robust_lock.h"

#define OWNER_BITS       8u
#define INCARNATION_BITS 16u
#define STAMP_BITS       (64u - ROBUST_STAMP_SHIFT)
#define STAMP_MASK       ((1ull << STAMP_BITS) - 1u)

_Static_assert(OWNER_BITS + INCARNATION_BITS == ROBUST_STAMP_SHIFT, "the word's three parts");

static enum robust_result judge(uint64_t word, const struct robust_party *party, uint64_t now)
{
    unsigned owner = robust_owner(word);
    uint32_t incarnation = (uint32_t)(word >> OWNER_BITS) & 0xffffu;
    uint64_t age = ((now >> ROBUST_TICK_SHIFT) - (word >> ROBUST_STAMP_SHIFT)) & STAMP_MASK;
    uint64_t limit = party->timeout >> ROBUST_TICK_SHIFT;
    bool own = owner == party->owner;

    if (owner >= party->owners)
        return ROBUST_GARBAGE;
    /* A little in the future is clock skew between cores; a lot is a word that nobody wrote on purpose. */
    if (age > STAMP_MASK / 2) {
        if (STAMP_MASK + 1u - age > limit)
            return ROBUST_GARBAGE;
        age = 0;
    }
    if (own ? incarnation != (party->incarnation & 0xffffu) : !party->alive(party->context, owner, incarnation))
        return ROBUST_OWNER_DEAD;
    if (age > limit && (own || !party->overdue || party->overdue(party->context, owner, word)))
        return ROBUST_OVERDUE;
    return own ? ROBUST_SELF : ROBUST_BUSY;
}

enum robust_result robust_inspect(const struct robust_lock *lock, const struct robust_party *party, uint64_t *word)
{
    *word = __atomic_load_n(&lock->word, __ATOMIC_ACQUIRE);
    return *word == 0 ? ROBUST_ACQUIRED : judge(*word, party, party->now(party->context));
}

enum robust_result robust_try(struct robust_lock *lock, const struct robust_party *party, uint64_t *hold,
                              uint64_t *broken)
{
    uint64_t now = party->now(party->context);
    uint64_t mine = robust_word(robust_identity(party->owner, party->incarnation), now);
    uint64_t seen = 0;
    enum robust_result verdict = ROBUST_ACQUIRED;

    *broken = 0;
    *hold = 0;
    if (!__atomic_compare_exchange_n(&lock->word, &seen, mine, false, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED)) {
        verdict = judge(seen, party, now);
        if (!robust_is_acquired(verdict))
            return verdict;
        uint64_t old = seen;
        if (!__atomic_compare_exchange_n(&lock->word, &seen, mine, false, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED))
            return ROBUST_BUSY;
        *broken = old;
    }
    *hold = mine;
    return verdict;
}

enum robust_result robust_acquire(struct robust_lock *lock, const struct robust_party *party, uint64_t wait,
                                  uint64_t *hold, uint64_t *broken)
{
    uint64_t begin = party->now(party->context);

    for (;;) {
        enum robust_result result = robust_try(lock, party, hold, broken);
        if (result != ROBUST_BUSY || party->now(party->context) - begin > wait)
            return result;
        /* Under an emulator with one clock for all cores only a pause lets the holder go on. */
        __builtin_ia32_pause();
    }
}
