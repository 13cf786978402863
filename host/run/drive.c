/* SPDX-License-Identifier: MIT */
/*
 * The middle of a run: wait until the machine is ready, copy what must not change, make the load, wait for the end.
 * Every wait has a limit and ends at once when the machine dies or the user breaks off.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "run/job.h"

#define TICK_NS              2000000
#define SECOND_NS            1000000000ull
#define FIRST_REPLY_LIMIT_NS (5 * SECOND_NS)
#define LOAD_SLACK_NS        (15 * SECOND_NS)
#define STOP_LIMIT_NS        (3 * SECOND_NS)
#define QUIET_SLACK_NS       (20 * SECOND_NS)
/* On the instruction clock, and where the run goes by the guest's, a second in there takes up to this many real ones.
 */
#define SLOW_FACTOR   60u
#define SLOW_SLACK_NS (120 * SECOND_NS)
#define SLOW_READY    4u /* booting is mostly waiting, which such a clock skips or passes fast */

static bool slow(const struct job *job)
{
    return job->guest_time || job->scenario->platform.clock == SCENARIO_CLOCK_ICOUNT;
}

/* The longest that a piece of the run may take on the host. */
static uint64_t patience(const struct job *job, uint64_t length_ns, uint64_t slack_ns)
{
    return slow(job) ? length_ns * SLOW_FACTOR + SLOW_SLACK_NS : length_ns + slack_ns;
}

/* The run's own clock: the guest's, or the host's. */
static uint64_t job_now(struct job *job)
{
    return job->guest_time ? collector_guest_ns(job->collector) : monotonic_ns();
}

static uint64_t load_clock(void *job)
{
    return job_now(job);
}

/* Time since the machine's start: that of its emulator, or, in guest time, since the boot loader handed over. */
static double since_start_ms(struct job *job, uint64_t host_ns)
{
    const volatile struct qv_directory *directory = job->guest_time ? guest_directory(&job->guest, NULL) : NULL;
    if (!job->guest_time)
        return (double)(host_ns - job->machine.start_ns) / 1e6;
    if (directory == NULL || directory->tsc_hz == 0)
        return 0;
    return (double)job_now(job) / 1e6 - (double)directory->boot_tsc * 1e3 / (double)directory->tsc_hz;
}

static void nap(void)
{
    const struct timespec pause = {0, TICK_NS};
    (void)nanosleep(&pause, NULL);
}

/* False if there is no use in going on: the machine is gone or failed, or the user broke off. */
static bool going(struct job *job, struct collector_view *view)
{
    collector_look(job->collector, view);
    if (run_interrupted())
        return false;
    if (!machine_alive(&job->machine)) {
        /* at the end of a run of its own length the machine may leave by itself */
        if (view->state != QV_MACHINE_DONE)
            job_machine_died(job, "the emulator ended with status %d before the %s", job->machine.exit_code,
                             view->ready_ns == 0 ? "machine was ready" : "run was over");
        return false;
    }
    if (view->state == QV_MACHINE_FAILED) {
        job->result->host.monitor_failed = true;
        return false;
    }
    return true;
}

static void note_ready(struct job *job, const struct collector_view *view)
{
    struct run_host *host = &job->result->host;
    if (host->machine_ready || view->ready_ns == 0)
        return;
    host->machine_ready = true;
    host->start_to_ready_ms = since_start_ms(job, view->ready_ns);
    progress_say(&job->progress, "ready after %.2f s", host->start_to_ready_ms / 1e3);
}

/* Waits for READY; asks for the first page as soon as the service says that it is up. */
static bool wait_ready(struct job *job)
{
    const struct scenario *s = job->scenario;
    uint64_t limit = job->machine.start_ns + s->platform.ready_limit_us * 1000u * (slow(job) ? SLOW_READY : 1);
    struct collector_view view;
    bool asked = job->port == 0;

    while (going(job, &view)) {
        if (view.broken) {
            job_harness_error(job, "%s", view.error.text);
            return false;
        }
        note_ready(job, &view);
        if (!asked && (view.ready_ns != 0 || view.service_up_ns != 0)) {
            asked = true;
            if (load_wait_ready(job->port, (uint32_t)s->load.page_bytes,
                                FIRST_REPLY_LIMIT_NS * (slow(job) ? SLOW_READY : 1), NULL, &job->first_reply_ns,
                                NULL) == 0)
                job->result->host.start_to_first_reply_ms = since_start_ms(job, job->first_reply_ns);
        } else if (view.ready_ns != 0) {
            return true;
        } else if (monotonic_ns() > limit) {
            job_harness_error(job, "the machine was not ready after %" PRIu64 " s (state %u)",
                              s->platform.ready_limit_us / 1000000u, view.state);
            return false;
        } else {
            progress_show(&job->progress, "booting, %.1f s", (double)(monotonic_ns() - job->machine.start_ns) / 1e9);
            nap();
        }
    }
    note_ready(job, &view);
    if (!job->result->host.machine_ready && !run_interrupted())
        job_harness_error(job, view.state == QV_MACHINE_FAILED
                                   ? "the boot code or a monitor failed before the machine was ready"
                                   : "the emulator ended before the machine was ready");
    return view.ready_ns != 0;
}

static void make_load_config(struct job *job, struct load_config *config)
{
    const struct scenario_load *load = &job->scenario->load;
    load_config_default(config);
    config->port = job->port;
    config->page_bytes = (uint32_t)load->page_bytes;
    config->rate = (double)load->rate_mhz / 1000.0;
    config->arrivals = load->arrivals == SCENARIO_ARRIVALS_POISSON ? LOAD_POISSON : LOAD_CONSTANT;
    config->seed = job->scenario->seed;
    config->warmup_ns = load->warmup_us * 1000u;
    config->duration_ns = (load->duration_us - load->warmup_us) * 1000u;
    config->timeout_ns = load->timeout_us * 1000u;
    config->keepalive = load->keep_alive;
    config->connections = (uint32_t)load->connections;
    config->clock = job->guest_time ? load_clock : NULL;
    config->clock_context = job;
}

static void start_load(struct job *job)
{
    struct load_config config;
    struct qv_error why = {""};
    bool httperf = job->scenario->load.tool == SCENARIO_TOOL_HTTPERF;
    char **argv = NULL;

    make_load_config(job, &config);
    if (httperf && load_httperf_command(&config, &argv, NULL) == 0) {
        (void)provenance_add_command(&job->result->provenance, "load", argv);
        free(argv);
    }
    guest_set_load_running(&job->guest, true);
    job->load = httperf ? load_httperf_start(&config, &why) : load_start(&config, &why);
    if (job->load == NULL)
        job_harness_error(job, "the load could not be started: %s", why.text);
}

static void show_load(struct job *job, const struct load_progress *now, uint64_t end)
{
    uint64_t left = end > job_now(job) ? end - job_now(job) : 0;
    progress_show(&job->progress, "load: %" PRIu64 " sent, %" PRIu64 " good, %" PRIu64 " failed, %.0f s to go",
                  now->sent, now->good, now->failed, (double)left / 1e9);
}

/* The load runs in its own thread: wait for its end and for the end of the run. */
static void wait_load(struct job *job)
{
    const struct scenario *s = job->scenario;
    uint64_t end = job_now(job) + s->duration_us * 1000u;
    uint64_t limit = monotonic_ns() + patience(job, (s->duration_us + s->load.timeout_us) * 1000u, LOAD_SLACK_NS);
    struct load_progress now = {.finished = false};
    struct collector_view view;

    while (going(job, &view)) {
        load_progress(job->load, &now);
        if (now.finished && job_now(job) >= end)
            break;
        if (monotonic_ns() > limit) {
            job_harness_error(job, "the load generator did not come to its end");
            break;
        }
        show_load(job, &now, end);
        nap();
    }
    load_progress(job->load, &now);
    if (!now.finished)
        load_abort(job->load);
    guest_set_load_running(&job->guest, false);
    struct qv_error why = {""};
    job->has_log = load_finish(job->load, &job->log, &why) == 0;
    job->load = NULL;
    if (!job->has_log && !run_interrupted())
        job_harness_error(job, "load: %s", why.text);
}

/* No load of the host: the machine ends the run on its own clock. */
static void wait_done(struct job *job)
{
    const struct scenario *s = job->scenario;
    uint64_t length = (s->duration_us + s->load.timeout_us) * 1000u;
    uint64_t begin = monotonic_ns();
    uint64_t limit = patience(job, length, QUIET_SLACK_NS);
    struct collector_view view;

    while (going(job, &view) && view.state != QV_MACHINE_DONE) {
        if (monotonic_ns() - begin > limit) {
            job_machine_died(job, "the machine did not come to the end of its run within %llu s",
                             (unsigned long long)(limit / SECOND_NS));
            return;
        }
        progress_show(&job->progress, "running, %.0f s", (double)(monotonic_ns() - begin) / 1e9);
        nap();
    }
}

/* Lets the OS write its last records. If the one who should is gone, the trace is complete all the same. */
static void stop_guest(struct job *job)
{
    uint64_t begin = monotonic_ns();
    struct collector_view view;
    guest_stop(&job->guest);
    do {
        collector_look(job->collector, &view);
        if (view.state >= QV_MACHINE_DONE || !machine_alive(&job->machine))
            break;
        nap();
    } while (monotonic_ns() - begin < STOP_LIMIT_NS * (slow(job) ? SLOW_READY : 1));
}

uint32_t job_target_bits(const struct scenario *scenario)
{
    uint32_t bits = 0;
    for (uint32_t i = 0; i < scenario->n_faults; i++)
        bits |= 1u << scenario->fault[i].target;
    return bits;
}

void job_drive(struct job *job)
{
    struct qv_error why = {""};
    bool host_load =
        job->scenario->load.tool == SCENARIO_TOOL_BUILTIN || job->scenario->load.tool == SCENARIO_TOOL_HTTPERF;

    if (!wait_ready(job))
        return;
    job->isolation = isolation_begin(&job->guest, job_target_bits(job->scenario), &why);
    if (job->isolation == NULL)
        job_harness_error(job, "%s", why.text);
    if (job->first_reply_ns != 0)
        progress_say(&job->progress, "first reply after %.2f s", job->result->host.start_to_first_reply_ms / 1e3);
    if (!host_load) {
        wait_done(job);
    } else {
        start_load(job);
        if (job->load != NULL)
            wait_load(job);
    }
    if (job->isolation != NULL)
        isolation_end(job->isolation, &job->result->isolation);
    job->steady = malloc(sizeof(*job->steady));
    if (job->steady == NULL)
        job_harness_error(job, "out of memory");
    else
        guest_copy_directory(&job->guest, job->steady);
    stop_guest(job);
}
