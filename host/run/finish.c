/* SPDX-License-Identifier: MIT */
/* The end of a run: everything that was collected becomes a result, is judged and written. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cmd/paths.h"
#include "run/job.h"
#include "run/judge.h"
#include "run/report.h"

static void path_of(const struct job *job, const char *name, char path[4200])
{
    (void)paths_join(path, 4200, job->folder, name);
}

/* A file that cannot be written is a failure of the experiment, not of the system that it looked at. */
static void demand(struct job *job, int result, const struct qv_error *why)
{
    if (result != 0)
        job_harness_error(job, "%s", why->text);
}

static void take_trace(struct job *job, struct trace *trace, bool *has_trace)
{
    struct qv_error why = {""};
    char path[4200];
    const struct trace_capture *capture = collector_trace(job->collector);

    path_of(job, "trace.bin", path);
    if (collector_clock(job->collector) == NULL)
        return; /* the OS never got so far as to have a trace */
    demand(job, trace_capture_write(capture, path, &why), &why);
    if (trace_capture_decode(capture, trace, &why) != 0) {
        job_harness_error(job, "%s", why.text);
        return;
    }
    *has_trace = true;
    struct address_namer namer = places_namer(job->places);
    demand(job, result_take_trace(job->result, trace, &why), &why);
    demand(job, vcpus_take_trace(&job->result->vcpus, trace, job->result->vcpus.ready_tsc, &why), &why);
    result_take_injections(job->result, trace, &namer);
}

/* Requests that a client sandbox made are in its trace. */
static void take_sandbox_load(struct job *job, const struct trace *trace)
{
    const struct scenario *s = job->scenario;
    struct qv_error why = {""};

    load_log_init(&job->log);
    job->log.tool = LOAD_TOOL_SANDBOX;
    job->log.guest_time = true;
    job->log.poisson = s->load.arrivals == SCENARIO_ARRIVALS_POISSON;
    job->log.rate = (double)s->load.rate_mhz / 1000.0;
    job->log.page_bytes = (uint32_t)s->load.page_bytes;
    job->log.connections = (uint32_t)s->load.connections;
    job->log.seed = s->seed;
    job->log.warmup_ns = s->load.warmup_us * 1000u;
    job->log.end_ns = s->load.duration_us * 1000u;
    job->log.timeout_ns = s->load.timeout_us * 1000u;
    job->has_log = true;
    if (load_log_from_trace(&job->log, trace, &why) != 0) {
        job_harness_error(job, "the client sandbox left no requests: %s", why.text);
        load_log_free(&job->log);
        job->has_log = false;
    }
}

/* The cost reports lie in the sandboxes' own memory. */
static void take_cost(struct job *job)
{
    const struct scenario *s = job->scenario;
    struct run_cost *cost = &job->result->cost;

    if ((job->bootcfg.cost.flags & QV_COST_WINDOW) == 0)
        return;
    cost->unshared = s->platform.unshared;
    cost->traffic = s->load.traffic;
    cost->bytes = (uint32_t)(s->load.tool == SCENARIO_TOOL_TRAFFIC ? s->load.size_bytes : s->load.page_bytes);
    cost->n_sandboxes = s->n_sandboxes;
    cost->n_events = s->n_events;
    snprintf(cost->processor, sizeof(cost->processor), "%s", scenario_processor(s));
    for (uint32_t i = 0; i < s->n_events; i++)
        snprintf(cost->event[i], sizeof(cost->event[i]), "%s", s->event[i]);
    for (uint32_t i = 0; i < s->n_sandboxes; i++) {
        const char *why = "it made no report";
        uint64_t phys = job->result->sandbox[i].status.cost_phys;
        const uint8_t *area = phys != 0 ? guest_memory(&job->guest, phys, sizeof(struct qv_cost_area)) : NULL;
        cost->sandbox[i].roles = (uint32_t)s->sandbox[i].roles;
        cost->sandbox[i].nic = s->sandbox[i].nic;
        if (area == NULL || !cost_take(cost, i, area, sizeof(struct qv_cost_area), &why))
            job_harness_error(job, "cost of sandbox %u: %s", i, why);
    }
}

/* As the scenario calls it; of several copies all but the first with their number. */
static void name_vcpu(void *context, uint32_t sandbox, const struct qv_vcpu_report *report, char name[VCPU_NAME])
{
    const struct scenario *s = context;
    (void)sandbox;
    if (report->work == QV_NO_WORK)
        snprintf(name, VCPU_NAME, "%s", scenario_slot_name(report->which));
    else if (report->work >= s->n_work)
        snprintf(name, VCPU_NAME, "?");
    else if (report->which == 0)
        snprintf(name, VCPU_NAME, "%s", s->work[report->work].name);
    else
        snprintf(name, VCPU_NAME, "%s#%u", s->work[report->work].name, report->which);
}

static void take_vcpus(struct job *job)
{
    struct qv_vcpu_area *area = malloc(sizeof(*area));
    for (uint32_t i = 0; area != NULL && i < job->scenario->n_sandboxes; i++) {
        struct qv_error why = {""};
        if (guest_copy_vcpus(&job->guest, i, area) &&
            vcpus_take_area(&job->result->vcpus, i, area, name_vcpu, (void *)(uintptr_t)job->scenario, &why) != 0)
            job_harness_error(job, "%s", why.text);
    }
    free(area);
}

static void take_directory(struct job *job)
{
    struct qv_error why = {""};
    char path[4200];
    struct qv_directory *directory = malloc(sizeof(*directory));

    if (directory == NULL || guest_directory(&job->guest, NULL) == NULL) {
        free(directory);
        return;
    }
    guest_copy_directory(&job->guest, directory);
    if (job->steady != NULL) { /* exits as they were before the end, the rest as it is now */
        for (uint32_t i = 0; i < QV_MAX_SANDBOXES; i++)
            memcpy(directory->core[i].exits, job->steady->core[i].exits, sizeof(directory->core[i].exits));
    }
    result_take_directory(job->result, directory);
    for (uint32_t i = 0; i < job->scenario->n_sandboxes; i++) {
        struct qv_sandbox_status status;
        guest_copy_status(&job->guest, i, &status);
        result_take_status(job->result, i, &status);
        job->result->sandbox[i].roles = (uint32_t)job->scenario->sandbox[i].roles;
    }
    take_cost(job);
    job->result->vcpus.ready_tsc = directory->ready_tsc;
    take_vcpus(job);
    job->places = places_new(paths_os_dir(), directory);
    struct address_namer namer = places_namer(job->places);
    path_of(job, "exits.log", path);
    demand(job, report_write_exits(path, directory, &namer, &why), &why);
    free(directory);
}

/* What the experiment left in sandbox 0's memory. */
static void take_experiment(struct job *job)
{
    struct qv_error why = {""};
    struct qv_sandbox_status status;
    struct run_result *r = job->result;

    if (job->scenario->experiment != SCENARIO_EXPERIMENT_TLB || r->host.harness_error)
        return;
    guest_copy_status(&job->guest, 0, &status);
    const uint8_t *area =
        status.bench_bytes != 0 ? guest_memory(&job->guest, status.bench_phys, status.bench_bytes) : NULL;
    r->tlb = calloc(1, sizeof(*r->tlb));
    if (r->tlb == NULL || area == NULL) {
        job_harness_error(job, r->tlb == NULL ? "out of memory" : "the OS published no results of the experiment");
        return;
    }
    demand(job, tlb_take_area(r->tlb, area, status.bench_bytes, &why), &why);
    if (r->tlb->emulated && r->tlb->counted != 0)
        snprintf(r->simulated, sizeof(r->simulated), "%s", r->tlb->model);
}

static void take_isolation(struct job *job, const struct trace *trace)
{
    struct qv_error why = {""};
    char path[4200];
    uint64_t fired_ns = 0;

    if (job->isolation == NULL)
        return;
    path_of(job, "isolation.csv", path);
    demand(job, isolation_write(job->isolation, path, &why), &why);
    const struct clock_map *clock = collector_clock(job->collector);
    size_t fired = trace_find(trace, 0, QV_TRACE_FAULT_ACTIVATE);
    if (clock == NULL || fired == trace->n || !clock_map_to_host(clock, trace->event[fired].t, &fired_ns))
        return;
    if (fired_ns < isolation_begun_ns(job->isolation) && job->result->host.message[0] == '\0')
        snprintf(job->result->host.message, sizeof(job->result->host.message),
                 "the fault fired before the isolation check had its copies: a change at that moment was not seen");
}

static void drop_empty(const char *path)
{
    struct stat status;
    if (stat(path, &status) == 0 && status.st_size == 0)
        (void)unlink(path);
}

/* Why it failed, as far as the machine's own words tell. */
static void explain(const struct job *job)
{
    static const char *const file[] = {"console.log", "emulator.log", "exits.log"};
    const struct run_result *r = job->result;
    char path[4200];
    struct stat status;

    if (r->outcome != QV_OUTCOME_HARNESS_ERROR && r->outcome != QV_OUTCOME_SYSTEM_FAILURE &&
        r->outcome != QV_OUTCOME_MONITOR_FAILURE)
        return;
    fprintf(stderr, "qv: %s: %s\n", outcome_name(r->outcome),
            r->host.message[0] != '\0' ? r->host.message : outcome_text(r->outcome));
    for (size_t i = 0; i < sizeof(file) / sizeof(file[0]); i++) {
        path_of(job, file[i], path);
        if (stat(path, &status) != 0 || status.st_size == 0)
            continue;
        fprintf(stderr, "qv: end of %s:\n", file[i]);
        report_tail(stderr, path, 20);
    }
}

static int write_result(struct job *job, const struct trace *trace, struct qv_error *err)
{
    char published[4200];
    char path[4200];
    struct address_namer namer = places_namer(job->places);
    struct result_sources sources = {
        .load = job->has_log ? &job->log : NULL,
        .trace = trace,
        .clock = job->collector != NULL ? collector_clock(job->collector) : NULL,
        .namer = &namer,
        .lean = job->options->lean,
        .published =
            paths_join(published, sizeof(published), paths_root(), "results/published") == 0 ? published : NULL,
    };
    path_of(job, "emulator.log", path);
    drop_empty(path);
    int result = result_write(job->folder, job->result, &sources, err);
    return result != 0 ? result : result_dir_commit(job->folder, job->options->folder, err);
}

int job_finish(struct job *job, struct qv_error *err)
{
    struct trace trace = {.n = 0};
    bool has_trace = false;
    struct qv_error why = {""};
    struct run_result *r = job->result;

    if (job->collector != NULL) {
        take_directory(job);
        collector_stop(job->collector);
        r->host.exit_status = machine_alive(&job->machine) ? -1 : job->machine.exit_code;
        take_trace(job, &trace, &has_trace);
        take_isolation(job, &trace);
        take_experiment(job);
    }
    if (job->machine_started)
        machine_end(&job->machine);
    if (has_trace && job->scenario->load.tool == SCENARIO_TOOL_SANDBOX)
        take_sandbox_load(job, &trace);
    if (job->has_log)
        demand(job,
               result_take_load(r, &job->log, job->collector != NULL ? collector_clock(job->collector) : NULL, &why),
               &why);
    if (job->machine.start_ns != 0)
        r->host.wall_s = (double)(monotonic_ns() - job->machine.start_ns) / 1e9;
    result_conclude(r);
    judge(job->scenario, r);
    explain(job);
    int result = write_result(job, has_trace ? &trace : NULL, err);
    trace_free(&trace);
    return result;
}
