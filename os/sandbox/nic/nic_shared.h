/* SPDX-License-Identifier: MIT */
/*
 * Layout of the region that all sharers of one NIC map: state, rings, buffers. Every sharer may write all of it, and a
 * faulty one may write anything: no value read from here is used before it was checked.
 *
 * Ring positions are counted, not wrapped: a position is a 32-bit sequence number whose low bits are the index in the
 * ring. They are stored sealed, in 64 bits with their complement, so that one store or compare-and-swap changes both
 * halves and a stray write to one is noticed.
 */
#ifndef QV_NIC_SHARED_H
#define QV_NIC_SHARED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "qv/bootcfg.h"
#include "robust_lock.h"

#define NIC_SHARED_MAGIC   0x3130434e52485351ull /* "QSHRNC01" */
#define NIC_SHARED_VERSION 2u

#define NIC_RX_COUNT    1024u
#define NIC_TX_COUNT    512u
#define NIC_BUFFER_SIZE 2048u

#define NIC_RX_RING_OFFSET    0x010000u
#define NIC_TX_RING_OFFSET    0x020000u
#define NIC_RX_BUFFERS_OFFSET 0x100000u
#define NIC_TX_BUFFERS_OFFSET (NIC_RX_BUFFERS_OFFSET + NIC_RX_COUNT * NIC_BUFFER_SIZE)
#define NIC_SHARED_BYTES      (NIC_TX_BUFFERS_OFFSET + NIC_TX_COUNT * NIC_BUFFER_SIZE)

_Static_assert((NIC_RX_COUNT & (NIC_RX_COUNT - 1u)) == 0 && (NIC_TX_COUNT & (NIC_TX_COUNT - 1u)) == 0,
               "sequence numbers wrap with the rings");

/* A descriptor of either ring: the buffer's physical address, and a word whose bits nic_regs.h names. */
struct nic_descriptor {
    volatile uint64_t address;
    volatile uint64_t word;
};
_Static_assert(sizeof(struct nic_descriptor) == 16, "legacy descriptor");

static inline uint64_t nic_seal(uint32_t value)
{
    return (uint64_t)~value << 32 | value;
}

static inline bool nic_unseal(uint64_t word, uint32_t *value)
{
    *value = (uint32_t)word;
    return (uint32_t)(word ^ word >> 32) == 0xffffffffu;
}

static inline uint64_t nic_load(const volatile uint64_t *word)
{
    return __atomic_load_n(word, __ATOMIC_ACQUIRE);
}

static inline void nic_store(volatile uint64_t *word, uint64_t value)
{
    __atomic_store_n(word, value, __ATOMIC_RELEASE);
}

static inline bool nic_swap(volatile uint64_t *word, uint64_t *expected, uint64_t value)
{
    return __atomic_compare_exchange_n(word, expected, value, false, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE);
}

/*
 * State word: who re-initialises the device, and which generation of it runs.
 *     bits 0..7 tag, 8..15 sandbox + 1 and 16..31 incarnation of who set it, 32..63 generation
 */
#define NIC_STATE_EMPTY     0u
#define NIC_STATE_RESETTING 0xa5u
#define NIC_STATE_READY     0x5au

static inline uint64_t nic_state_make(uint32_t tag, uint32_t sandbox, uint32_t incarnation, uint32_t generation)
{
    return (uint64_t)generation << 32 | (uint64_t)(incarnation & 0xffffu) << 16 | (sandbox + 1u) << 8 | tag;
}
static inline uint32_t nic_state_tag(uint64_t state)
{
    return (uint32_t)state & 0xffu;
}
static inline uint32_t nic_state_sandbox(uint64_t state)
{
    return (((uint32_t)state >> 8) & 0xffu) - 1u;
}
static inline uint32_t nic_state_incarnation(uint64_t state)
{
    return (uint32_t)(state >> 16) & 0xffffu;
}
static inline uint32_t nic_state_generation(uint64_t state)
{
    return (uint32_t)(state >> 32);
}

/* One sharer. Written by itself unless said otherwise. */
struct nic_slot {
    volatile uint64_t attached; /* sealed incarnation whose cursor counts; anything unsealed or 0: none */
    volatile uint64_t cursor;   /* sealed: next frame to look at; others move it on, by compare-and-swap, if it lags */
    volatile uint64_t cursor_copy; /* sealed: as this sharer last left it, for when `cursor` was destroyed */
    volatile uint64_t taken_by;    /* sealed sandbox + 1 that accepts this one's frames, by it; sealed 0: nobody */
    volatile uint64_t laggard;     /* nonzero: moved on by another sharer and not heard of since */
    volatile uint64_t blamed_lock; /* by others: how often they broke a lock this sharer kept */
    volatile uint64_t blamed_irq;  /* by others: how often they found its acknowledgement missing */
    volatile uint64_t notice;      /* nonzero: it has to look at `laggard` and at who has taken over whom */
};
_Static_assert(sizeof(struct nic_slot) == 64, "a cache line each");

struct nic_shared {
    volatile uint64_t magic;
    volatile uint32_t version;
    volatile uint32_t rx_count;
    volatile uint32_t tx_count;
    volatile uint32_t buffer_size;
    volatile uint64_t takeovers; /* changes whenever some slot's taken_by does */
    uint64_t pad0[4];

    volatile uint64_t state;
    uint64_t pad1[7];

    /* Transmit: clean <= rung <= next <= clean + NIC_TX_COUNT - 1; changed only under the lock. */
    struct robust_lock tx_lock;
    volatile uint64_t tx_next;  /* sealed: next position to fill */
    volatile uint64_t tx_clean; /* sealed: oldest position not yet known to be sent */
    volatile uint64_t tx_rung;  /* sealed: what the device was last told */
    uint64_t pad2[4];

    /* Receive: positions below the limit were given to the device; a reader's is at most NIC_RX_COUNT - 1 behind. */
    struct robust_lock rx_lock; /* returning descriptors; reading takes no lock */
    volatile uint64_t rx_limit; /* sealed */
    uint64_t pad3[6];

    /* Acknowledgement of interrupts. */
    volatile uint64_t duty; /* bits 0..7 sandbox + 1, 8..23 incarnation, 32..63 number of moves */
    volatile uint64_t acks; /* counted by who acknowledged, after it did */
    uint64_t pad4[6];

    struct nic_slot slot[QV_MAX_SANDBOXES];
};
_Static_assert(sizeof(struct nic_shared) <= NIC_RX_RING_OFFSET, "shared state fits before the rings");
_Static_assert(offsetof(struct nic_shared, tx_lock) % 64 == 0 && offsetof(struct nic_shared, rx_lock) % 64 == 0 &&
                   offsetof(struct nic_shared, slot) % 64 == 0,
               "what different sharers write lies in different cache lines");

static inline bool nic_header_valid(const struct nic_shared *shared)
{
    return shared->magic == NIC_SHARED_MAGIC && shared->version == NIC_SHARED_VERSION &&
           shared->rx_count == NIC_RX_COUNT && shared->tx_count == NIC_TX_COUNT &&
           shared->buffer_size == NIC_BUFFER_SIZE;
}

#endif
