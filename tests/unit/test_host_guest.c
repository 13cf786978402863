/* SPDX-License-Identifier: MIT */
/* The view into a running guest and the collector, against memory that a test writes. */
#include <time.h>

#include "fake_guest.h"
#include "guest/collector.h"
#include "unit.h"

static void nap(void)
{
    const struct timespec pause = {0, 1000000};
    nanosleep(&pause, NULL);
}

static void bounds(void)
{
    struct guest guest = fake_guest_new();
    CU_ASSERT(guest_memory(&guest, 0, FAKE_BYTES) == guest.ram);
    CU_ASSERT(guest_memory(&guest, 0, FAKE_BYTES + 1ull) == NULL);
    CU_ASSERT(guest_memory(&guest, FAKE_BYTES, 0) != NULL);
    CU_ASSERT(guest_memory(&guest, FAKE_BYTES, 1) == NULL);
    CU_ASSERT(guest_memory(&guest, UINT64_MAX, 1) == NULL);
    CU_ASSERT(guest_memory(&guest, 8, UINT64_MAX - 3) == NULL);
    CU_ASSERT(guest_status(&guest, QV_MAX_SANDBOXES) == NULL);
    CU_ASSERT(guest_status(&guest, 0) != NULL);
    fake_guest_free(&guest);
}

static void directory(void)
{
    struct guest guest = fake_guest_new();
    struct qv_error why = {""};

    CU_ASSERT(guest_directory(&guest, &why) == NULL && why.text[0] == '\0'); /* not there yet: no error */
    CU_ASSERT(guest_state(&guest) == 0);
    fake_publish(&guest);
    CU_ASSERT(guest_directory(&guest, &why) != NULL);
    CU_ASSERT(guest_state(&guest) == QV_MACHINE_BOOTING);
    fake_directory(&guest)->version++;
    CU_ASSERT(guest_directory(&guest, &why) == NULL && strstr(why.text, "directory version") != NULL);
    fake_directory(&guest)->version--;
    fake_directory(&guest)->size++;
    CU_ASSERT(guest_directory(&guest, &why) == NULL);
    fake_guest_free(&guest);
}

static void mailbox(void)
{
    struct guest guest = fake_guest_new();
    const struct qv_host_mailbox *box = (const struct qv_host_mailbox *)(const void *)(guest.ram + QV_MAILBOX_PHYS);
    guest_set_load_running(&guest, true);
    CU_ASSERT(box->load_running == 1 && box->stop == 0);
    guest_set_load_running(&guest, false);
    guest_stop(&guest);
    CU_ASSERT(box->load_running == 0 && box->stop == 1);
    fake_guest_free(&guest);
}

/* Last words without an end must not lead anybody beyond them. */
static void last_words(void)
{
    struct guest guest = fake_guest_new();
    struct qv_sandbox_status status;
    memset(fake_status(&guest, 1)->message, 'x', sizeof(status.message));
    guest_copy_status(&guest, 1, &status);
    CU_ASSERT(strlen(status.message) == sizeof(status.message) - 1);
    fake_guest_free(&guest);
}

/* Every record that was written is either captured or counted as lost; what is new at the end is captured. */
static void collecting(void)
{
    struct guest guest = fake_guest_new();
    struct collector_view view;
    struct qv_trace_record first;
    struct qv_error why;
    struct trace trace;
    struct collector *collector = collector_start(&guest, 1, 5000000, &why);

    CU_ASSERT_FATAL(collector != NULL);
    collector_look(collector, &view);
    CU_ASSERT(view.state == 0 && view.ready_ns == 0 && !view.broken);
    fake_publish(&guest);
    for (uint64_t i = 0; i < 20u * FAKE_CAPACITY; i++) {
        fake_trace(&guest, (unsigned)(i % 4), 1000 + i, QV_TRACE_IRQ, i);
        if (i % (FAKE_CAPACITY / 2) == 0)
            nap(); /* so that some of it is seen in between; what is overwritten is counted as lost */
    }
    __atomic_store_n(&fake_directory(&guest)->machine_state, QV_MACHINE_READY, __ATOMIC_RELEASE);
    __atomic_store_n(&fake_status(&guest, 1)->service_up, 1, __ATOMIC_RELEASE);
    do {
        nap();
        collector_look(collector, &view);
    } while (view.ready_ns == 0 || view.service_up_ns == 0);
    CU_ASSERT(view.state == QV_MACHINE_READY && view.done_ns == 0 && !view.broken);
    fake_trace(&guest, 1, 900000, QV_TRACE_END, 0);
    collector_stop(collector);
    collector_stop(collector);
    CU_ASSERT(trace_capture_count(collector_trace(collector), QV_TRACE_END, &first) == 1 && first.tsc == 900000);
    CU_ASSERT_FATAL(trace_capture_decode(collector_trace(collector), &trace, &why) == 0);
    CU_ASSERT(trace.n + trace.lost == 20u * FAKE_CAPACITY + 1);
    CU_ASSERT(trace.n_rings == 4);
    trace_free(&trace);
    CU_ASSERT(collector_clock(collector) != NULL);
    collector_free(collector);
    fake_guest_free(&guest);
}

/* A boot that failed was never ready; a machine that failed later was, however short. */
static void failures(void)
{
    for (uint64_t ready_tsc = 0; ready_tsc < 2; ready_tsc++) {
        struct guest guest = fake_guest_new();
        struct collector_view view;
        struct qv_error why;
        fake_publish(&guest);
        fake_directory(&guest)->ready_tsc = ready_tsc;
        __atomic_store_n(&fake_directory(&guest)->machine_state, QV_MACHINE_FAILED, __ATOMIC_RELEASE);
        struct collector *collector = collector_start(&guest, 0, 5000000, &why);
        CU_ASSERT_FATAL(collector != NULL);
        do {
            nap();
            collector_look(collector, &view);
        } while (view.state == 0);
        CU_ASSERT(view.state == QV_MACHINE_FAILED && (view.ready_ns != 0) == (ready_tsc != 0));
        collector_free(collector);
        fake_guest_free(&guest);
    }
}

static void run_until_broken(struct guest *guest, const char *word)
{
    struct collector_view view;
    struct qv_error why;
    struct collector *collector = collector_start(guest, 0, 5000000, &why);
    CU_ASSERT_FATAL(collector != NULL);
    do {
        nap();
        collector_look(collector, &view);
    } while (!view.broken);
    CU_ASSERT(strstr(view.error.text, word) != NULL);
    collector_free(collector);
}

/* What a fault, or another version, may leave there. */
static void nonsense(void)
{
    struct guest guest = fake_guest_new();
    fake_publish(&guest);
    fake_directory(&guest)->ring[2] = FAKE_BYTES - 8;
    run_until_broken(&guest, "outside memory");
    fake_publish(&guest);
    fake_ring(&guest, 1)->capacity = 3;
    run_until_broken(&guest, "power of two");
    fake_publish(&guest);
    fake_ring(&guest, 3)->capacity = 1u << 23;
    run_until_broken(&guest, "do not fit");
    fake_publish(&guest);
    fake_directory(&guest)->version = 77;
    run_until_broken(&guest, "directory version 77");
    fake_guest_free(&guest);
}

/* A ring that is listed before it is made is added once it is there. */
static void late_ring(void)
{
    struct guest guest = fake_guest_new();
    struct collector_view view;
    struct qv_error why;

    fake_publish(&guest);
    fake_ring(&guest, 3)->magic = 0;
    struct collector *collector = collector_start(&guest, 0, 5000000, &why);
    CU_ASSERT_FATAL(collector != NULL);
    __atomic_store_n(&fake_directory(&guest)->machine_state, QV_MACHINE_READY, __ATOMIC_RELEASE);
    do {
        nap();
        collector_look(collector, &view);
    } while (view.ready_ns == 0);
    __atomic_store_n(&fake_ring(&guest, 3)->magic, QV_TRACE_MAGIC, __ATOMIC_RELEASE);
    fake_trace(&guest, 3, 5, QV_TRACE_IRQ, 0);
    collector_stop(collector);
    CU_ASSERT(trace_capture_count(collector_trace(collector), QV_TRACE_IRQ, NULL) == 1);
    collector_look(collector, &view);
    CU_ASSERT(!view.broken);
    collector_free(collector);
    fake_guest_free(&guest);
}

int main(void)
{
    static const struct unit_test tests[] = {
        {"bounds", bounds},         {"directory", directory}, {"mailbox", mailbox},   {"last words", last_words},
        {"collecting", collecting}, {"failures", failures},   {"nonsense", nonsense}, {"late ring", late_ring},
    };
    return unit_run("view into a guest", tests, sizeof(tests) / sizeof(tests[0]));
}
