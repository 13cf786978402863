/* SPDX-License-Identifier: MIT */
#include "run/run.h"

#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "run/job.h"

static volatile sig_atomic_t interrupted;

static void on_signal(int number)
{
    (void)number;
    interrupted = 1;
}

void run_catch_signals(void)
{
    struct sigaction action = {.sa_handler = on_signal};
    sigemptyset(&action.sa_mask);
    (void)sigaction(SIGINT, &action, NULL);
    (void)sigaction(SIGTERM, &action, NULL);
    (void)sigaction(SIGHUP, &action, NULL);
    (void)signal(SIGPIPE, SIG_IGN);
}

bool run_interrupted(void)
{
    return interrupted != 0;
}

uint64_t monotonic_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static void note(struct run_result *result, const char *format, va_list arguments)
{
    if (result->host.message[0] == '\0')
        vsnprintf(result->host.message, sizeof(result->host.message), format, arguments);
}

void job_harness_error(struct job *job, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    note(job->result, format, arguments);
    va_end(arguments);
    job->result->host.harness_error = true;
}

void job_machine_died(struct job *job, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    note(job->result, format, arguments);
    va_end(arguments);
    job->result->host.platform_died = true;
}

/* Also after a failure halfway: each part knows whether it was begun. */
static void release(struct job *job)
{
    if (job->load != NULL) {
        load_abort(job->load);
        struct load_log rest;
        if (load_finish(job->load, &rest, NULL) == 0)
            load_log_free(&rest);
        job->load = NULL;
    }
    collector_free(job->collector); /* before the memory that it reads goes away */
    isolation_free(job->isolation);
    free(job->steady);
    places_free(job->places);
    if (job->machine_started)
        machine_end(&job->machine);
    if (job->has_log)
        load_log_free(&job->log);
}

int run_scenario(const struct run_options *options, struct run_result **out, struct qv_error *err)
{
    struct job *job = calloc(1, sizeof(*job));
    *out = NULL;
    if (job == NULL)
        return qv_error_set(err, -ENOMEM, "out of memory");
    job->options = options;
    job->scenario = options->scenario;
    job->result = result_new();
    progress_begin(&job->progress, options->quiet);

    int result = job->result == NULL ? qv_error_set(err, -ENOMEM, "out of memory") : job_start(job, err);
    if (result == 0 && !job->result->host.harness_error)
        job_drive(job);
    if (result == 0 && run_interrupted())
        result = qv_error_set(err, -EINTR, "interrupted");
    if (result == 0)
        result = job_finish(job, err);
    release(job);
    if (result == 0) {
        *out = job->result;
    } else {
        result_free(job->result);
        if (job->folder[0] != '\0' && !options->keep)
            result_dir_abandon(job->folder);
    }
    free(job);
    return result;
}
