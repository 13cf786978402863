/* SPDX-License-Identifier: MIT */
/*
 * Queue of numbers with one producer and one consumer, which may interrupt each other anywhere and may be on different
 * cores; no locks. An item seen by the consumer brings with it everything that the producer wrote before.
 */
#ifndef QV_NET_SPSC_H
#define QV_NET_SPSC_H

#include <stdbool.h>
#include <stdint.h>

struct spsc {
    uint32_t *item; /* the owner's; capacity items */
    uint32_t mask;  /* capacity - 1 */
    uint32_t head;  /* items ever put; written by the producer */
    uint32_t tail;  /* items ever taken; written by the consumer */
};

/* `capacity` is a power of two, at most 2^31. Before either side starts. */
static inline void spsc_init(struct spsc *queue, uint32_t *item, uint32_t capacity)
{
    queue->item = item;
    queue->mask = capacity - 1;
    queue->head = 0;
    queue->tail = 0;
}

/* What is at least there (consumer's view), or at most there (producer's view). */
static inline uint32_t spsc_count(const struct spsc *queue)
{
    uint32_t tail = __atomic_load_n(&queue->tail, __ATOMIC_ACQUIRE);

    return __atomic_load_n(&queue->head, __ATOMIC_ACQUIRE) - tail;
}

/* False: full. */
static inline bool spsc_put(struct spsc *queue, uint32_t item)
{
    uint32_t head = queue->head;

    if (head - __atomic_load_n(&queue->tail, __ATOMIC_ACQUIRE) > queue->mask) {
        return false;
    }
    queue->item[head & queue->mask] = item;
    __atomic_store_n(&queue->head, head + 1, __ATOMIC_RELEASE);
    return true;
}

/* Looks at the next item without taking it. False: empty. */
static inline bool spsc_peek(const struct spsc *queue, uint32_t *item)
{
    uint32_t tail = queue->tail;

    if (__atomic_load_n(&queue->head, __ATOMIC_ACQUIRE) == tail) {
        return false;
    }
    *item = queue->item[tail & queue->mask];
    return true;
}

/* Takes the item that spsc_peek() showed. */
static inline void spsc_drop(struct spsc *queue)
{
    __atomic_store_n(&queue->tail, queue->tail + 1, __ATOMIC_RELEASE);
}

/* False: empty. */
static inline bool spsc_take(struct spsc *queue, uint32_t *item)
{
    if (!spsc_peek(queue, item)) {
        return false;
    }
    spsc_drop(queue);
    return true;
}

#endif
