/* SPDX-License-Identifier: MIT */
/*
 * Cuts physical memory:
 *
 *     1 MiB    monitor image, boot modules (the pristine sandbox image), monitor pages
 *     16 MiB   directory, mailbox, status pages                                    (qv/directory.h)
 *              pages of the emulated PMU, left as the emulator made them           (qv/emupmu.h)
 *     18 MiB   shared region of each NIC (8 MiB each)
 *     ...      region shared by all sandboxes, for benchmarks only (2 MiB)
 *     ...      trace ring of each sandbox (2 MiB each)
 *     ...      partitions
 */
#include "boot/boot.h"
#include "lib/string.h"
#include "lib/x86.h"
#include "monitor/partition.h"
#include "qv/bench.h"

#define SHARED_BEGIN     0x01200000ull
#define NIC_SHARED_BYTES 0x00800000ull
#define RING_BYTES       0x00200000ull

static void make_ring(unsigned index, uint64_t phys)
{
    struct qv_trace_ring *ring = (struct qv_trace_ring *)phys;
    memset(ring, 0, sizeof(*ring));
    ring->version = QV_TRACE_VERSION;
    ring->capacity = 1;
    while (sizeof(*ring) + 2ull * ring->capacity * sizeof(ring->record[0]) <= RING_BYTES)
        ring->capacity *= 2;
    ring->core = (uint8_t)index;
    ring->writer = QV_WRITER_SANDBOX;
    ring->magic = QV_TRACE_MAGIC;
    machine.ring_phys[index] = phys;
    directory()->ring[index * 2] = phys;
}

void layout_make(uint64_t ram_end)
{
    uint64_t next = SHARED_BEGIN;
    uint64_t window = partition_window_bytes(machine.image);
    for (unsigned i = 0; i < machine.cfg->n_nics; i++) {
        machine.nic[i].shared_phys = next;
        machine.nic[i].shared_size = NIC_SHARED_BYTES;
        next += NIC_SHARED_BYTES;
        if (next <= ram_end)
            memset((void *)machine.nic[i].shared_phys, 0, NIC_SHARED_BYTES);
    }
    if (strncmp(machine.cfg->test, QV_BENCH_TEST, sizeof(QV_BENCH_TEST) - 1) == 0) {
        machine.bench_phys = next;
        next += BENCH_SHARED_BYTES;
        if (next <= ram_end)
            memset((void *)machine.bench_phys, 0, BENCH_SHARED_BYTES);
    }
    machine.ring_bytes = RING_BYTES;
    uint64_t rings = next;
    next += machine.n_cores * RING_BYTES;
    for (unsigned i = 0; i < machine.n_cores; i++) {
        struct partition *p = &cores[i].part;
        p->base = next;
        p->size = (uint64_t)machine.cfg->sandbox[i].mem_mib << 20;
        p->reserve = window;
        next += p->size;
    }
    if (next > ram_end)
        boot_fail("the configuration needs %lu MiB of memory, the machine has %lu MiB", next >> 20, ram_end >> 20);
    for (unsigned i = 0; i < machine.n_cores; i++)
        make_ring(i, rings + i * RING_BYTES);
    directory()->n_rings = machine.n_cores * 2;
}
