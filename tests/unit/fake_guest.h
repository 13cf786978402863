/* SPDX-License-Identifier: MIT */
/* Guest memory as a running OS would have it, made by a test. */
#ifndef QV_FAKE_GUEST_H
#define QV_FAKE_GUEST_H

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "guest/guest.h"
#include "qv/trace.h"

#define FAKE_BYTES     (48u << 20)
#define FAKE_RINGS     0x01400000ull
#define FAKE_CAPACITY  256u
#define FAKE_RING_ROOM 0x4000ull

static inline struct qv_directory *fake_directory(const struct guest *guest)
{
    return (struct qv_directory *)(void *)(guest->ram + QV_DIRECTORY_PHYS);
}

static inline struct qv_trace_ring *fake_ring(const struct guest *guest, unsigned i)
{
    return (struct qv_trace_ring *)(void *)(guest->ram + FAKE_RINGS + i * FAKE_RING_ROOM);
}

static inline struct qv_sandbox_status *fake_status(const struct guest *guest, unsigned i)
{
    return (struct qv_sandbox_status *)(void *)(guest->ram + QV_STATUS_PHYS(i));
}

/* Zeroed memory; no directory yet. */
static inline struct guest fake_guest_new(void)
{
    struct guest guest = {.ram = calloc(1, FAKE_BYTES), .bytes = FAKE_BYTES};
    if (guest.ram == NULL)
        abort();
    return guest;
}

static inline void fake_guest_free(struct guest *guest)
{
    free(guest->ram);
    guest->ram = NULL;
}

/* Directory with two sandboxes and four rings, state BOOTING. */
static inline void fake_publish(const struct guest *guest)
{
    struct qv_directory *directory = fake_directory(guest);
    directory->version = QV_DIRECTORY_VERSION;
    directory->size = sizeof(*directory);
    directory->machine_state = QV_MACHINE_BOOTING;
    directory->n_cores = 2;
    directory->n_sandboxes = 2;
    directory->tsc_hz = 1000000000;
    for (unsigned i = 0; i < 4; i++) {
        struct qv_trace_ring *ring = fake_ring(guest, i);
        ring->version = QV_TRACE_VERSION;
        ring->capacity = FAKE_CAPACITY;
        ring->core = (uint8_t)(i / 2);
        ring->writer = (uint8_t)(i % 2);
        ring->magic = QV_TRACE_MAGIC;
        directory->ring[i] = FAKE_RINGS + i * FAKE_RING_ROOM;
    }
    directory->n_rings = 4;
    __atomic_store_n(&directory->magic, QV_DIRECTORY_MAGIC, __ATOMIC_RELEASE);
}

static inline void fake_trace(const struct guest *guest, unsigned i, uint64_t tsc, uint16_t id, uint64_t a)
{
    struct qv_trace_ring *ring = fake_ring(guest, i);
    struct qv_trace_record record = {.tsc = tsc, .id = id, .core = ring->core, .writer = ring->writer, .a = a};
    ring->record[ring->head % ring->capacity] = record;
    __atomic_store_n(&ring->head, ring->head + 1, __ATOMIC_RELEASE);
}

#endif
