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
 *
 * Everything from 18 MiB on lies where the memory map has RAM: firmware's own pages are stepped over.
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
    machine.ring_records = ring->capacity;
    ring->core = (uint8_t)index;
    ring->writer = QV_WRITER_SANDBOX;
    ring->magic = QV_TRACE_MAGIC;
    machine.ring_phys[index] = phys;
    directory()->ring[index * 2] = phys;
}

/*
 * The next `bytes` of RAM, from a 2 MiB boundary on; firmware's holes are stepped over. What does not fit is counted
 * all the same, so that the message can tell what would be needed.
 */
static bool take(const struct ram *ram, uint64_t *next, uint64_t bytes, uint64_t *at)
{
    *at = ram_find(ram, *next, bytes, LARGE_PAGE_SIZE);
    *next = (*at != 0 ? *at : *next) + bytes;
    return *at != 0;
}

void layout_make(const struct ram *ram)
{
    uint64_t next = SHARED_BEGIN, rings[QV_MAX_SANDBOXES];
    bool fits = true;
    uint64_t window = partition_window_bytes(machine.image);
    for (unsigned i = 0; i < machine.cfg->n_nics; i++) {
        machine.nic[i].shared_size = NIC_SHARED_BYTES;
        if (take(ram, &next, NIC_SHARED_BYTES, &machine.nic[i].shared_phys))
            memset((void *)machine.nic[i].shared_phys, 0, NIC_SHARED_BYTES);
        else
            fits = false;
    }
    if (strncmp(machine.cfg->test, QV_BENCH_TEST, sizeof(QV_BENCH_TEST) - 1) == 0) {
        if (take(ram, &next, BENCH_SHARED_BYTES, &machine.bench_phys))
            memset((void *)machine.bench_phys, 0, BENCH_SHARED_BYTES);
        else
            fits = false;
    }
    machine.ring_bytes = RING_BYTES;
    for (unsigned i = 0; i < machine.n_cores; i++)
        fits = take(ram, &next, RING_BYTES, &rings[i]) && fits;
    for (unsigned i = 0; i < machine.n_cores; i++) {
        struct partition *p = &cores[i].part;
        p->size = (uint64_t)machine.cfg->sandbox[i].mem_mib << 20;
        p->reserve = window;
        fits = take(ram, &next, p->size, &p->base) && fits;
    }
    if (!fits)
        boot_fail("the configuration needs %lu MiB of memory, the machine has %lu MiB", next >> 20, ram_end(ram) >> 20);
    for (unsigned i = 0; i < machine.n_cores; i++)
        make_ring(i, rings[i]);
    directory()->n_rings = machine.n_cores * 2;
}
