/* SPDX-License-Identifier: MIT */
#include "test_analysis_fixture.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/trace_capture.h"
#include "qv/draw.h"
#include "qv/fault.h"

static void *need(void *memory)
{
    if (memory == NULL)
        abort();
    return memory;
}

static void need_ok(int code, const struct qv_error *err)
{
    if (code != 0) {
        fprintf(stderr, "fixture: %s\n", err->text);
        abort();
    }
}

struct qv_trace_ring *fixture_ring(uint8_t core, uint8_t writer, uint32_t capacity)
{
    struct qv_trace_ring *ring =
        need(calloc(1, sizeof(struct qv_trace_ring) + capacity * sizeof(struct qv_trace_record)));
    ring->magic = QV_TRACE_MAGIC;
    ring->version = QV_TRACE_VERSION;
    ring->capacity = capacity;
    ring->core = core;
    ring->writer = writer;
    return ring;
}

void fixture_put(struct qv_trace_ring *ring, uint64_t tsc, uint16_t id, uint64_t a, uint64_t b)
{
    ring->record[ring->head % ring->capacity] = (struct qv_trace_record){
        .tsc = tsc, .id = id, .core = ring->core, .writer = ring->writer, .incarnation = 1, .a = a, .b = b};
    ring->head++;
}

uint8_t *fixture_file(struct qv_trace_ring *const *rings, size_t n, size_t *size)
{
    struct qv_error err;
    struct trace_capture *capture = need(trace_capture_new(FIXTURE_HZ));
    for (size_t i = 0; i < n; i++)
        need_ok(trace_capture_add(capture, rings[i],
                                  sizeof(*rings[i]) + rings[i]->capacity * sizeof(struct qv_trace_record), &err),
                &err);
    if (trace_capture_poll(capture, NULL, &err) < 0)
        need_ok(-1, &err);
    char path[] = "/tmp/qv-fixture-XXXXXX";
    int fd = mkstemp(path);
    FILE *file = need(fdopen(fd, "rb"));
    need_ok(trace_capture_write(capture, path, &err), &err);
    trace_capture_free(capture);
    fseek(file, 0, SEEK_END);
    *size = (size_t)ftell(file);
    rewind(file);
    uint8_t *data = need(malloc(*size));
    if (fread(data, 1, *size, file) != *size)
        abort();
    fclose(file);
    remove(path);
    return data;
}

uint64_t fixture_tsc(double ms)
{
    return FIXTURE_TSC0 + (uint64_t)llround(ms * (double)FIXTURE_HZ / 1e3);
}

/* ---- the trace ---- */

static double put_phase(struct qv_trace_ring *ring, uint32_t phase, double from, double length)
{
    fixture_put(ring, fixture_tsc(from), QV_TRACE_PHASE_BEGIN, phase, 1);
    fixture_put(ring, fixture_tsc(from + length), QV_TRACE_PHASE_END, phase, 1);
    return from + length;
}

static void put_recovery(struct qv_trace_ring *kernel, struct qv_trace_ring *monitor, struct qv_trace_ring *backup,
                         bool remote, double fault_ms, double outage_ms)
{
    double t = fault_ms;
    fixture_put(kernel, fixture_tsc(t), QV_TRACE_FAULT_ACTIVATE, QV_FAULT_WILD_WRITE_SANDBOX, 0x40000000);
    t += 0.006;
    fixture_put(monitor, fixture_tsc(t), QV_TRACE_DETECT, QV_DETECT_NESTED_PAGE, 0x40000000);
    t = put_phase(monitor, QV_PHASE_VM_EXIT, t, 0.013);
    t = put_phase(monitor, QV_PHASE_DECISION, t, 0.021);
    fixture_put(monitor, fixture_tsc(t), QV_TRACE_DECISION, remote ? QV_POLICY_REMOTE : QV_POLICY_LOCAL, 0);
    if (remote) {
        fixture_put(monitor, fixture_tsc(t), QV_TRACE_PHASE_BEGIN, QV_PHASE_IPI_ROUND_TRIP, 1);
        t = put_phase(monitor, QV_PHASE_IPI, t, 0.05);
    } else {
        t = put_phase(monitor, QV_PHASE_DRIVER_SWITCH, t, 0.9);
        t = put_phase(monitor, QV_PHASE_VM_ENTER, t, 0.012);
    }
    struct qv_trace_ring *at = remote ? backup : kernel;
    t = put_phase(at, QV_PHASE_RESUME, t, 0.6);
    if (remote)
        fixture_put(monitor, fixture_tsc(t - 0.5), QV_TRACE_PHASE_END, QV_PHASE_IPI_ROUND_TRIP, 1);
    t = put_phase(at, QV_PHASE_DRIVER_REINIT, t, 0.42 * outage_ms);
    t = put_phase(at, QV_PHASE_NET_REINIT, t, 0.13 * outage_ms);
    fixture_put(monitor, fixture_tsc(t), QV_TRACE_RECOVERED, remote ? QV_POLICY_REMOTE : QV_POLICY_LOCAL, 0);
    fixture_put(at, fixture_tsc(fault_ms + outage_ms - 0.4), QV_TRACE_FIRST_REPLY, 1024, 0);
}

static void make_trace(struct fixture *f, enum fixture_kind kind, double fault_ms, double outage_ms)
{
    struct qv_trace_ring *ring[3] = {fixture_ring(0, QV_WRITER_SANDBOX, FIXTURE_RECORDS),
                                     fixture_ring(0, QV_WRITER_MONITOR, FIXTURE_RECORDS),
                                     fixture_ring(1, QV_WRITER_SANDBOX, FIXTURE_RECORDS)};
    struct qv_error err;
    size_t size;
    fixture_put(ring[1], 1000, QV_TRACE_BOOT, 1, FIXTURE_HZ);
    fixture_put(ring[0], 2000, QV_TRACE_BOOT, 2, FIXTURE_HZ);
    fixture_put(ring[0], 900000, QV_TRACE_SERVICE_READY, 1, 0);
    if (kind != FIXTURE_GOLDEN)
        fixture_put(ring[0], fixture_tsc(0), QV_TRACE_FAULT_ARM, QV_FAULT_WILD_WRITE_SANDBOX, 1ull << 32);
    if (kind == FIXTURE_LOCAL || kind == FIXTURE_REMOTE)
        put_recovery(ring[0], ring[1], ring[2], kind == FIXTURE_REMOTE, fault_ms, outage_ms);
    if (kind == FIXTURE_DEAD)
        fixture_put(ring[0], fixture_tsc(fault_ms), QV_TRACE_FAULT_ACTIVATE, QV_FAULT_HANG_CLI, 0);
    uint8_t *data = fixture_file(ring, 3, &size);
    need_ok(trace_decode(data, size, &f->trace, &err), &err);
    free(data);
    for (size_t i = 0; i < 3; i++)
        free(ring[i]);
}

/* ---- the load: one server with a queue, away for a while ---- */

static double uniform(uint64_t seed, uint64_t i)
{
    return (double)(qv_draw(seed, i) >> 11) * 0x1p-53;
}

static void serve(struct load_record *r, enum fixture_kind kind, double *free_ms, double away, double back,
                  uint64_t seed)
{
    double due = (double)r->intended_ns / 1e6;
    double sent = due + 0.03 + 0.03 * uniform(seed, 4ull * r->index);
    double service =
        0.22 + 0.05 * uniform(seed, 4ull * r->index + 1) - 0.06 * log(1 - uniform(seed, 4ull * r->index + 2));
    double start = fmax(sent + 0.12, *free_ms);
    bool hit = start < back && start + service > away;
    r->sent_ns = (uint64_t)(sent * 1e6);
    if (hit && kind == FIXTURE_DEAD) {
        r->cls = LOAD_TIMEOUT;
        r->done_ns = r->intended_ns + 1000000000u;
        return;
    }
    /* In flight when the fault struck: lost on the remote path, retransmitted late on the local one. */
    if (hit && start < away + 2 && kind == FIXTURE_REMOTE) {
        r->cls = LOAD_RESET;
        r->done_ns = (uint64_t)((back + 1) * 1e6);
        return;
    }
    if (hit)
        start = fmax(back, *free_ms) + (uniform(seed, 4ull * r->index + 3) < 0.1 ? 150 : 0);
    bool late = start > back + 100 && hit;
    if (!late)
        *free_ms = start + service;
    r->cls = LOAD_GOOD;
    r->status = 200;
    r->first_ns = (uint64_t)((start + service) * 1e6);
    r->done_ns = r->first_ns + 15000;
}

static void make_log(struct fixture *f, enum fixture_kind kind, double rate, double seconds, double fault_ms,
                     double outage_ms, uint64_t seed)
{
    struct load_log *log = &f->log;
    load_log_init(log);
    log->n = (size_t)(rate * seconds);
    log->record = need(calloc(log->n + 1, sizeof(*log->record)));
    log->rate = rate;
    log->page_bytes = 1024;
    log->connections = 512;
    log->seed = seed;
    log->epoch_ns = FIXTURE_EPOCH;
    log->warmup_ns = 1000000000u;
    log->end_ns = (uint64_t)(seconds * 1e9);
    log->timeout_ns = 1000000000u;
    double free_ms = 0;
    double away = kind == FIXTURE_GOLDEN ? INFINITY : fault_ms;
    double back = kind == FIXTURE_GOLDEN ? 0 : kind == FIXTURE_DEAD ? INFINITY : fault_ms + outage_ms;
    for (size_t i = 0; i < log->n; i++) {
        struct load_record *r = &log->record[i];
        *r = (struct load_record){
            .intended_ns = (uint64_t)llround((double)i / rate * 1e9), .first_ns = LOAD_NEVER, .index = (uint32_t)i};
        r->warmup = r->intended_ns < log->warmup_ns;
        serve(r, kind, &free_ms, away, back, seed);
    }
}

static void fill_identity(struct run_result *r, enum fixture_kind kind, uint64_t seed)
{
    static const char *const name[] = {"nic-fault-local", "nic-fault-remote", "no-fault", "nic-hang-none"};
    static const uint32_t policy[] = {QV_POLICY_LOCAL, QV_POLICY_REMOTE, QV_POLICY_NONE, QV_POLICY_NONE};
    static const uint32_t fault[] = {QV_FAULT_WILD_WRITE_SANDBOX, QV_FAULT_WILD_WRITE_SANDBOX, QV_FAULT_NONE,
                                     QV_FAULT_HANG_CLI};
    snprintf(r->scenario, sizeof(r->scenario), "%s", name[kind]);
    snprintf(r->description, sizeof(r->description), "made up for tests");
    snprintf(r->scenario_file, sizeof(r->scenario_file), "scenarios/%s.yaml", name[kind]);
    snprintf(r->platform, sizeof(r->platform), "qemu-tcg-svm");
    snprintf(r->tick.what, sizeof(r->tick.what), "a tick of the host's time-stamp counter");
    r->tick.kind = RUN_TICK_HOST_TSC;
    r->seed = seed;
    r->policy = policy[kind];
    r->n_faults = kind == FIXTURE_GOLDEN ? 0 : 1;
    r->fault[0] = (struct run_fault){.model = fault[kind], .point = 1, .trigger = 1, .value = 4000000};
    r->met = kind != FIXTURE_DEAD;
    r->n_expect = 1;
    snprintf(r->expect[0].name, sizeof(r->expect[0].name), "outage");
    snprintf(r->expect[0].expected, sizeof(r->expect[0].expected), "<= 100 ms");
    snprintf(r->expect[0].actual, sizeof(r->expect[0].actual), "see outage_ms");
    r->expect[0].met = r->met;
    r->host.start_to_ready_ms = 712.5;
    r->host.start_to_first_reply_ms = 804.25;
    r->host.wall_s = 12.5;
    r->isolation.checked = true;
    r->isolation.regions = 21;
    r->isolation.bytes = 96u << 20;
    snprintf(r->provenance.commit, sizeof(r->provenance.commit), "0123456789abcdef0123456789abcdef01234567");
    snprintf(r->provenance.time, sizeof(r->provenance.time), "2026-01-02T03:04:05Z");
    snprintf(r->provenance.host_cpu, sizeof(r->provenance.host_cpu), "a host's processor");
    r->provenance.host_cores = 2;
    snprintf(r->provenance.reproduce, sizeof(r->provenance.reproduce), "./qv run scenarios/%s.yaml --seed %llu",
             name[kind], (unsigned long long)seed);
}

static void fill_directory(struct run_result *r, enum fixture_kind kind)
{
    struct qv_directory *d = need(calloc(1, sizeof(*d)));
    d->machine_state = QV_MACHINE_DONE;
    d->mode = QV_MODE_MONITOR;
    d->n_sandboxes = 3;
    for (uint32_t i = 0; i < 3; i++) {
        d->core[i].state = QV_SB_RUNNING;
        d->core[i].incarnation = 1;
        d->core[i].taken_over_by = QV_NO_SANDBOX;
        d->core[i].exits[QV_STAGE_BOOT][QV_EXIT_CPUID] = 40 + i;
    }
    if (kind == FIXTURE_LOCAL || kind == FIXTURE_REMOTE) {
        d->core[0].exits[QV_STAGE_RECOVERY][QV_EXIT_NESTED_PAGE] = 1;
        d->core[0].state = kind == FIXTURE_REMOTE ? QV_SB_PARKED : QV_SB_RUNNING;
        d->core[0].taken_over_by = kind == FIXTURE_REMOTE ? 1 : QV_NO_SANDBOX;
    }
    result_take_directory(r, d);
    free(d);
    struct qv_sandbox_status status = {.http_requests = 10000, .http_replies = 9990, .probe_jobs = 5000};
    snprintf(status.message, sizeof(status.message), "fine");
    result_take_status(r, 2, &status);
}

void fixture_make(struct fixture *f, enum fixture_kind kind, double rate, double seconds, double fault_ms,
                  double outage_ms, uint64_t seed)
{
    struct qv_error err;
    memset(f, 0, sizeof(*f));
    make_trace(f, kind, fault_ms, outage_ms);
    make_log(f, kind, rate, seconds, fault_ms, outage_ms, seed);
    f->clock = need(malloc(sizeof(*f->clock)));
    clock_map_init(f->clock, FIXTURE_HZ);
    for (int i = 0; i < 100; i++)
        clock_map_sample(f->clock, FIXTURE_EPOCH + (uint64_t)i * 100000000u, fixture_tsc(i * 100));
    f->result = need(result_new());
    fill_identity(f->result, kind, seed);
    need_ok(result_take_trace(f->result, &f->trace, &err), &err);
    fill_directory(f->result, kind);
    need_ok(result_take_load(f->result, &f->log, f->clock, &err), &err);
    result_conclude(f->result);
}

void fixture_free(struct fixture *f)
{
    trace_free(&f->trace);
    load_log_free(&f->log);
    free(f->clock);
    result_free(f->result);
    memset(f, 0, sizeof(*f));
}
