/* SPDX-License-Identifier: MIT */
#include "guest/collector.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "guest/guest_clock.h"

#define PERIOD_NS 1000000 /* a ring of 32,768 records is then good for 32 million records a second */

struct collector {
    struct guest guest;
    uint32_t service;
    pthread_t thread;
    bool running;
    int stop;
    pthread_mutex_t lock; /* of view and guest_clock */
    struct collector_view view;
    struct guest_clock guest_clock;
    /* the thread's own */
    struct trace_capture *capture;
    struct clock_map *clock;
    bool clock_begun;
    uint64_t tsc_hz;
    uint32_t rings_added; /* bit per entry of the directory's ring list */
    uint64_t heartbeat[QV_MAX_SANDBOXES];
    uint64_t latest;
};

static uint64_t monotonic_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static void broken(struct collector *c, const struct qv_error *error)
{
    pthread_mutex_lock(&c->lock);
    if (!c->view.broken)
        c->view.error = *error;
    c->view.broken = true;
    pthread_mutex_unlock(&c->lock);
}

static void add_rings(struct collector *c, const volatile struct qv_directory *directory)
{
    for (uint32_t i = 0; i < QV_MAX_RINGS; i++) {
        struct qv_error error;
        uint64_t phys = directory->ring[i];
        if (phys == 0 || (c->rings_added & 1u << i))
            continue;
        uint8_t *memory = guest_memory(&c->guest, phys, sizeof(struct qv_trace_ring));
        if (memory != NULL && *(const volatile uint32_t *)(const void *)memory == 0)
            continue; /* listed, but not made yet */
        c->rings_added |= 1u << i;
        if (memory == NULL) {
            (void)qv_error_set(&error, -EINVAL, "trace ring %u lies outside memory", i);
            broken(c, &error);
        } else if (trace_capture_add(c->capture, memory, c->guest.bytes - phys, &error) != 0) {
            broken(c, &error);
        }
    }
}

static uint64_t guest_ns(uint64_t tsc, uint64_t tsc_hz)
{
    return (uint64_t)((unsigned __int128)tsc * 1000000000u / tsc_hz);
}

/* Stamps newer than any before, of heartbeats and of trace records, tell what time it is in there. */
static void sample_clock(struct collector *c, const volatile struct qv_directory *directory, uint64_t newest)
{
    for (uint32_t i = 0; i < directory->n_sandboxes && i < QV_MAX_SANDBOXES; i++) {
        uint64_t beat = __atomic_load_n(&guest_status(&c->guest, i)->heartbeat_tsc, __ATOMIC_ACQUIRE);
        if (beat != c->heartbeat[i] && beat > newest)
            newest = beat;
        c->heartbeat[i] = beat;
    }
    if (newest > c->latest && c->clock_begun) {
        uint64_t now = monotonic_ns();
        clock_map_sample(c->clock, now, newest);
        c->latest = newest;
        pthread_mutex_lock(&c->lock);
        guest_clock_stamp(&c->guest_clock, guest_ns(newest, c->tsc_hz), now);
        pthread_mutex_unlock(&c->lock);
    }
}

static void note_state(struct collector *c, const volatile struct qv_directory *directory)
{
    uint32_t state = __atomic_load_n(&directory->machine_state, __ATOMIC_ACQUIRE);
    const volatile struct qv_sandbox_status *status = guest_status(&c->guest, c->service);
    bool up = status != NULL && __atomic_load_n(&status->service_up, __ATOMIC_ACQUIRE) != 0;
    uint64_t now = monotonic_ns();

    pthread_mutex_lock(&c->lock);
    c->view.state = state;
    bool was_ready = state >= QV_MACHINE_READY && (state != QV_MACHINE_FAILED || directory->ready_tsc != 0);
    if (c->view.ready_ns == 0 && was_ready)
        c->view.ready_ns = now;
    if (c->view.done_ns == 0 && state >= QV_MACHINE_DONE)
        c->view.done_ns = now;
    if (c->view.service_up_ns == 0 && up)
        c->view.service_up_ns = now;
    pthread_mutex_unlock(&c->lock);
}

static void look_once(struct collector *c)
{
    struct qv_error error = {""};
    uint64_t newest = 0;
    const volatile struct qv_directory *directory = guest_directory(&c->guest, &error);

    if (directory == NULL) {
        if (error.text[0] != '\0')
            broken(c, &error);
        return;
    }
    if (!c->clock_begun && directory->tsc_hz != 0) {
        c->tsc_hz = directory->tsc_hz;
        clock_map_init(c->clock, c->tsc_hz);
        trace_capture_set_hz(c->capture, c->tsc_hz);
        c->clock_begun = true;
    }
    add_rings(c, directory);
    if (trace_capture_poll(c->capture, &newest, &error) < 0)
        broken(c, &error);
    sample_clock(c, directory, newest);
    note_state(c, directory);
}

static void *watch(void *argument)
{
    struct collector *c = argument;
    const struct timespec pause = {0, PERIOD_NS};
    while (!__atomic_load_n(&c->stop, __ATOMIC_ACQUIRE)) {
        look_once(c);
        (void)nanosleep(&pause, NULL);
    }
    look_once(c);
    return NULL;
}

struct collector *collector_start(const struct guest *guest, uint32_t service, uint64_t step_ns, struct qv_error *err)
{
    struct collector *c = calloc(1, sizeof(*c));
    if (c != NULL) {
        c->guest = *guest;
        c->service = service;
        c->capture = trace_capture_new(0);
        c->clock = calloc(1, sizeof(*c->clock));
        pthread_mutex_init(&c->lock, NULL);
        guest_clock_init(&c->guest_clock, step_ns);
    }
    if (c == NULL || c->capture == NULL || c->clock == NULL) {
        collector_free(c);
        (void)qv_error_set(err, -ENOMEM, "out of memory");
        return NULL;
    }
    int error = pthread_create(&c->thread, NULL, watch, c);
    if (error != 0) {
        collector_free(c);
        (void)qv_error_set(err, -error, "thread: %s", strerror(error));
        return NULL;
    }
    c->running = true;
    return c;
}

void collector_look(struct collector *collector, struct collector_view *out)
{
    pthread_mutex_lock(&collector->lock);
    *out = collector->view;
    pthread_mutex_unlock(&collector->lock);
}

uint64_t collector_guest_ns(struct collector *collector)
{
    pthread_mutex_lock(&collector->lock);
    uint64_t now = guest_clock_read(&collector->guest_clock, monotonic_ns());
    pthread_mutex_unlock(&collector->lock);
    return now;
}

void collector_stop(struct collector *collector)
{
    if (!collector->running)
        return;
    __atomic_store_n(&collector->stop, 1, __ATOMIC_RELEASE);
    pthread_join(collector->thread, NULL);
    collector->running = false;
}

struct trace_capture *collector_trace(struct collector *collector)
{
    return collector->capture;
}

const struct clock_map *collector_clock(const struct collector *collector)
{
    return collector->clock_begun ? collector->clock : NULL;
}

void collector_free(struct collector *collector)
{
    if (collector == NULL)
        return;
    collector_stop(collector);
    trace_capture_free(collector->capture);
    free(collector->clock);
    pthread_mutex_destroy(&collector->lock);
    free(collector);
}
