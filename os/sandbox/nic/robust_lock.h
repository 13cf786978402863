/* SPDX-License-Identifier: MIT */
/*
 * Spin lock between machines that may die while they hold it. The lock is one 64-bit word in memory that all parties
 * share; it says who holds it, in which incarnation, and since when. A lock whose holder is dead, or has held it longer
 * than the agreed time, is taken by breaking it: the one who breaks it is told, because what the lock protects may be
 * half changed. Releases are by compare-and-swap, so that a former holder who comes late changes nothing.
 *
 *     bits 0..7    holder + 1; 0 in the whole word: free
 *     bits 8..23   incarnation of the holder (its low 16 bits)
 *     bits 24..63  time of acquisition, in units of 256 ticks
 *
 * Nothing here blocks longer than it is told to, whatever the word contains: any party may write garbage to it.
 */
#ifndef QV_NIC_ROBUST_LOCK_H
#define QV_NIC_ROBUST_LOCK_H

#include <stdbool.h>
#include <stdint.h>

struct robust_lock {
    volatile uint64_t word;
};

/* How one party takes part. Times in ticks of now(). */
struct robust_party {
    uint32_t owner;       /* this party, below `owners` */
    uint32_t owners;      /* at most 255 */
    uint32_t incarnation; /* low 16 bits count */
    uint64_t timeout;     /* a holder is overdue after this */
    uint64_t (*now)(void *context);
    bool (*alive)(void *context, unsigned owner, uint32_t incarnation);
    /*
     * Asked before another's lock is broken for its age: has the owner run since it took it? A core that the host gave
     * no time holds a lock for long through no fault of its own. NULL: the age alone decides.
     */
    bool (*overdue)(void *context, unsigned owner, uint64_t word);
    void *context;
};

enum robust_result {
    ROBUST_ACQUIRED = 0,
    ROBUST_OWNER_DEAD, /* acquired from a holder that is gone */
    ROBUST_OVERDUE,    /* acquired from a living holder (perhaps the caller itself) that kept it too long */
    ROBUST_GARBAGE,    /* acquired; the word named no possible holder or time */
    ROBUST_BUSY,       /* not acquired: another party holds it */
    ROBUST_SELF,       /* not acquired: the caller's own incarnation holds it; waiting is pointless */
};

static inline bool robust_is_acquired(enum robust_result result)
{
    return result < ROBUST_BUSY;
}

/* Who a lock word names; meaningful only if it is below the number of parties. */
static inline unsigned robust_owner(uint64_t word)
{
    return (unsigned)((word & 0xffu) - 1u);
}

#define ROBUST_STAMP_SHIFT 24u
#define ROBUST_TICK_SHIFT  8u

/* What a party puts into a lock that it takes, without the time. */
static inline uint64_t robust_identity(uint32_t owner, uint32_t incarnation)
{
    return (uint64_t)(incarnation & 0xffffu) << 8 | (owner + 1u);
}
static inline uint64_t robust_word(uint64_t identity, uint64_t now)
{
    return now >> ROBUST_TICK_SHIFT << ROBUST_STAMP_SHIFT | identity;
}

/* Takes the lock if nobody has it. */
static inline bool robust_take_free(struct robust_lock *lock, uint64_t word)
{
    uint64_t seen = 0;

    return __atomic_compare_exchange_n(&lock->word, &seen, word, false, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED);
}

/*
 * One attempt. *hold is what robust_release() needs; *broken is the word that was replaced when the lock was broken,
 * else 0.
 */
enum robust_result robust_try(struct robust_lock *lock, const struct robust_party *party, uint64_t *hold,
                              uint64_t *broken);

/* As robust_try(), repeated for up to `wait` ticks while another party holds the lock. */
enum robust_result robust_acquire(struct robust_lock *lock, const struct robust_party *party, uint64_t wait,
                                  uint64_t *hold, uint64_t *broken);

/* False, and no effect, if the lock had been broken meanwhile. */
static inline bool robust_release(struct robust_lock *lock, uint64_t hold)
{
    uint64_t expected = hold;

    return hold != 0 &&
           __atomic_compare_exchange_n(&lock->word, &expected, 0, false, __ATOMIC_RELEASE, __ATOMIC_RELAXED);
}

/* Does the hold still stand? To be asked before an effect that cannot be taken back. */
static inline bool robust_stands(const struct robust_lock *lock, uint64_t hold)
{
    return __atomic_load_n(&lock->word, __ATOMIC_ACQUIRE) == hold;
}

/*
 * What an attempt would find, with no effect: ROBUST_ACQUIRED if free, otherwise how it would be broken, ROBUST_BUSY or
 * ROBUST_SELF. *word is what was seen.
 */
enum robust_result robust_inspect(const struct robust_lock *lock, const struct robust_party *party, uint64_t *word);

#endif
