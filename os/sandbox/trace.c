/* SPDX-License-Identifier: MIT */
#include "sandbox/internal.h"

static struct qv_trace_ring *ring;
static uint32_t mask;

void trace_init(void)
{
    ring = phys_to_virt(handoff->ring_phys);
    mask = handoff->ring_records - 1;
}

void trace_at(uint64_t tsc, enum qv_trace_id id, uint64_t a, uint64_t b)
{
    uint64_t flags = irq_save();
    uint64_t head = ring->head;
    ring->record[head & mask] = (struct qv_trace_record){
        .tsc = tsc,
        .id = (uint16_t)id,
        .core = (uint8_t)handoff->id,
        .writer = QV_WRITER_SANDBOX,
        .incarnation = handoff->incarnation,
        .a = a,
        .b = b,
    };
    __atomic_store_n(&ring->head, head + 1, __ATOMIC_RELEASE);
    irq_restore(flags);
}

void trace(enum qv_trace_id id, uint64_t a, uint64_t b)
{
    trace_at(rdtsc(), id, a, b);
}
