/* SPDX-License-Identifier: MIT */
/* Results by a line, at the end of the run, for a host that does not see this machine's memory: see qv/stream.h. */
#include "monitor/dump.h"

#include "lib/print.h"
#include "lib/stream.h"
#include "lib/x86.h"
#include "monitor/core.h"
#include "qv/cost.h"

#define DEBUG_PORT 0xe9u /* of Bochs; where it is not, reading it gives something else than its number */

static void put_debug(void *context, uint8_t byte)
{
    (void)context;
    outb(DEBUG_PORT, byte);
}

static void put_serial(void *context, uint8_t byte)
{
    const char c = (char)byte;
    (void)context;
    serial_write(&c, 1);
}

static int get_serial(void *context)
{
    (void)context;
    return serial_read();
}

static uint64_t now_ms(void *context)
{
    (void)context;
    return rdtsc() / (machine.tsc_hz / 1000u);
}

static void send_ring(struct stream_sender *sender, uint64_t phys, uint64_t room)
{
    const struct qv_trace_ring *ring = (const struct qv_trace_ring *)phys;
    stream_memory(sender, phys, ring, stream_ring_bytes(ring, room));
}

/* What a sandbox published in its own memory. The address is its word: only its own memory may be told. */
static void send_area(struct stream_sender *sender, const struct partition *p, uint64_t phys, uint64_t bytes)
{
    if (phys >= p->base && phys < p->base + p->size && bytes <= p->base + p->size - phys)
        stream_memory(sender, phys, (const void *)phys, bytes);
}

static void send_sandbox(struct stream_sender *sender, unsigned index)
{
    const struct qv_sandbox_status *status = (const struct qv_sandbox_status *)QV_STATUS_PHYS(index);
    stream_memory(sender, QV_STATUS_PHYS(index), status, sizeof(*status));
    /* Read once each: after a panic the sandbox may still run and change what was checked. */
    uint64_t bench = __atomic_load_n(&status->bench_phys, __ATOMIC_RELAXED);
    uint64_t bench_bytes = __atomic_load_n(&status->bench_bytes, __ATOMIC_RELAXED);
    uint64_t cost = __atomic_load_n(&status->cost_phys, __ATOMIC_RELAXED);
    send_area(sender, &cores[index].part, bench, bench_bytes);
    send_area(sender, &cores[index].part, cost, sizeof(struct qv_cost_area));
}

static void walk(void *context, struct stream_sender *sender)
{
    const struct qv_directory *d = directory();
    (void)context;
    stream_memory(sender, QV_DIRECTORY_PHYS, d, sizeof(*d));
    for (unsigned i = 0; i < machine.n_cores; i++)
        send_sandbox(sender, i);
    for (unsigned i = 0; i < d->n_rings && i < QV_MAX_RINGS; i++)
        if (d->ring[i] != 0)
            send_ring(sender, d->ring[i], i % 2 == 0 ? machine.ring_bytes : MONITOR_RING_BYTES);
    stream_memory(sender, d->bootcfg_phys, machine.cfg, sizeof(*machine.cfg));
    stream_memory(sender, d->label_phys, (const void *)d->label_phys, d->label_bytes);
}

bool dump_by_serial(void)
{
    return machine.cfg && machine.cfg->flags & QV_CFG_DUMP_AT_END && inb(DEBUG_PORT) != DEBUG_PORT;
}

void machine_dump(void)
{
    struct stream_sender sender;
    const struct stream_line line = {put_serial, get_serial, now_ms, NULL, rdtsc(), 0};
    if (!machine.cfg || !(machine.cfg->flags & QV_CFG_DUMP_AT_END))
        return;
    bool serial = dump_by_serial();
    if (serial && machine.tsc_hz >= 1000u) {
        kprint("results: %s", "waiting for qv collect on this line");
        (void)stream_deliver(&line, walk, NULL);
        kprint("results: delivered, this machine may be switched off");
        return;
    }
    stream_begin(&sender, serial ? put_serial : put_debug, NULL, line.id);
    walk(NULL, &sender);
    stream_end(&sender);
}
