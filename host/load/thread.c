/* SPDX-License-Identifier: MIT */
/* Running a load tool in the calling thread or in one of its own. */
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "host/load/internal.h"

struct load {
    struct load_config config;
    struct load_control control;
    struct load_log log;
    struct qv_error err;
    load_runner *run;
    pthread_t thread;
    int code;
};

static int run_here(load_runner *run, const struct load_config *config, struct load_log *log, struct qv_error *err)
{
    struct load_control control;
    memset(&control, 0, sizeof(control));
    load_log_init(log);
    int code = run(config, &control, log, err);
    if (code != 0)
        load_log_free(log);
    return code;
}

int load_run(const struct load_config *config, struct load_log *log, struct qv_error *err)
{
    return run_here(client_run, config, log, err);
}

int load_httperf_run(const struct load_config *config, struct load_log *log, struct qv_error *err)
{
    return run_here(httperf_run, config, log, err);
}

static void *thread_main(void *argument)
{
    struct load *load = argument;
    load->code = load->run(&load->config, &load->control, &load->log, &load->err);
    atomic_store(&load->control.finished, true);
    return NULL;
}

static struct load *start(load_runner *run, const struct load_config *config, struct qv_error *err)
{
    if (!load_config_check(config, err))
        return NULL;
    struct load *load = calloc(1, sizeof(*load));
    if (load == NULL) {
        (void)qv_error_set(err, -ENOMEM, "load: no memory");
        return NULL;
    }
    load->config = *config;
    load->run = run;
    int code = pthread_create(&load->thread, NULL, thread_main, load);
    if (code != 0) {
        (void)qv_error_set(err, -code, "load: no thread: %s", strerror(code));
        free(load);
        return NULL;
    }
    return load;
}

struct load *load_start(const struct load_config *config, struct qv_error *err)
{
    return start(client_run, config, err);
}

struct load *load_httperf_start(const struct load_config *config, struct qv_error *err)
{
    return start(httperf_run, config, err);
}

void load_progress(const struct load *load, struct load_progress *out)
{
    const struct load_control *c = &load->control;
    out->sent = atomic_load_explicit(&c->sent, memory_order_relaxed);
    out->good = atomic_load_explicit(&c->good, memory_order_relaxed);
    out->failed = atomic_load_explicit(&c->failed, memory_order_relaxed);
    out->warm = atomic_load_explicit(&c->warm, memory_order_relaxed);
    out->epoch_ns = atomic_load(&c->epoch_ns);
    out->finished = atomic_load(&c->finished);
}

void load_stop(struct load *load)
{
    atomic_store(&load->control.stop, true);
}

void load_abort(struct load *load)
{
    atomic_store(&load->control.stop, true);
    atomic_store(&load->control.abort, true);
}

int load_finish(struct load *load, struct load_log *log, struct qv_error *err)
{
    (void)pthread_join(load->thread, NULL);
    int code = load->code;
    if (code == 0) {
        *log = load->log;
    } else {
        if (err != NULL)
            *err = load->err;
        load_log_free(&load->log);
        load_log_init(log);
    }
    free(load);
    return code;
}
