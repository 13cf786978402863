/* SPDX-License-Identifier: MIT */
/* Taking what the run left behind into its result. */
#include <string.h>

#include "analysis/names.h"
#include "analysis/result.h"
#include "analysis/timeline.h"

#define SETTLE_MS   500.0 /* after a recovery, before the service is judged again */
#define PART_MIN_MS 500.0 /* shorter parts of the load are not judged */

int result_take_trace(struct run_result *r, const struct trace *trace, struct qv_error *err)
{
    phases_free(&r->recoveries);
    r->has_trace = false;
    int code = phases_extract(trace, &r->recoveries, err);
    if (code != 0)
        return code;
    r->has_trace = true;
    r->trace_records = trace->n;
    r->trace_lost = trace->lost;
    r->trace_backwards = trace->backwards;
    r->tsc_hz = trace->tsc_hz;
    if (!(r->tick.hz > 0))
        r->tick.hz = (double)trace->tsc_hz;
    return 0;
}

void result_take_injections(struct run_result *r, const struct trace *trace, const struct address_namer *namer)
{
    memset(r->injection, 0, sizeof(r->injection));
    r->n_injections = r->n_faults;
    for (uint32_t i = 0; i < r->n_faults; i++) {
        r->injection[i].model = r->fault[i].model;
        r->injection[i].target = r->fault[i].target;
        r->injection[i].point = r->fault[i].point;
    }
    injections_find(trace, namer, r->injection, r->n_injections);
}

void result_take_directory(struct run_result *r, const struct qv_directory *directory)
{
    r->has_directory = true;
    r->mode = directory->mode;
    r->n_sandboxes = directory->n_sandboxes < QV_MAX_SANDBOXES ? directory->n_sandboxes : QV_MAX_SANDBOXES;
    r->iommu_faults = directory->iommu_faults;
    if (directory->machine_state == QV_MACHINE_FAILED)
        r->host.monitor_failed = true;
    if (directory->machine_state == QV_MACHINE_READY || directory->machine_state == QV_MACHINE_DONE)
        r->host.machine_ready = true;
    memcpy(r->provenance.guest_cpu, directory->cpu, sizeof(directory->cpu));
    r->provenance.guest_cpu[sizeof(directory->cpu) - 1] = '\0';
    for (uint32_t i = 0; i < r->n_sandboxes; i++) {
        const struct qv_core_report *core = &directory->core[i];
        struct run_sandbox *s = &r->sandbox[i];
        s->present = true;
        s->state = core->state;
        s->incarnation = core->incarnation;
        s->attempts = core->attempts;
        s->refused = core->refused;
        s->taken_over_by = core->taken_over_by;
        memcpy(r->exits[i], core->exits, sizeof(r->exits[i]));
    }
}

void result_take_status(struct run_result *r, uint32_t sandbox, const struct qv_sandbox_status *status)
{
    if (sandbox >= QV_MAX_SANDBOXES)
        return;
    r->sandbox[sandbox].status = *status;
    r->sandbox[sandbox].status.message[sizeof(status->message) - 1] = '\0';
}

const char *result_timers(const struct run_result *r)
{
    uint32_t timer = QV_TIMER_UNKNOWN;
    for (uint32_t i = 0; i < r->n_sandboxes; i++) {
        uint32_t one = r->sandbox[i].status.timer;
        if (one == QV_TIMER_UNKNOWN)
            continue;
        if (timer != QV_TIMER_UNKNOWN && timer != one)
            return "not the same on all cores";
        timer = one;
    }
    return timer != QV_TIMER_UNKNOWN ? qv_timer_name(timer) : NULL;
}

/* When the service has to be good again: some time after the last completed recovery, else from the activation on. */
static uint64_t judged_from(const struct run_result *r)
{
    uint64_t tsc = r->recoveries.first_activation;
    for (size_t i = 0; i < r->recoveries.n; i++) {
        const struct recovery *x = &r->recoveries.item[i];
        if (x->complete && x->first_reply > tsc)
            tsc = x->first_reply;
    }
    return tsc;
}

static int split_load(struct run_result *r, const struct load_log *log, const struct clock_map *clock,
                      struct qv_error *err)
{
    double fault_ms;
    double after_ms;
    double warmup_ms = (double)log->warmup_ns / 1e6;
    double end_ms = (double)log->end_ns / 1e6;
    r->has_split = false;
    if (!r->has_trace || r->recoveries.activations == 0 ||
        !timeline_place(log, clock, r->tsc_hz, r->recoveries.first_activation, &fault_ms) ||
        !timeline_place(log, clock, r->tsc_hz, judged_from(r), &after_ms))
        return 0;
    after_ms += SETTLE_MS;
    if (fault_ms < warmup_ms + PART_MIN_MS || after_ms + PART_MIN_MS > end_ms)
        return 0;
    int code = load_stats_window(log, log->warmup_ns, (uint64_t)(fault_ms * 1e6), &r->load_before, err);
    if (code == 0)
        code = load_stats_window(log, (uint64_t)(after_ms * 1e6), log->end_ns, &r->load_after, err);
    r->has_split = code == 0;
    return code;
}

int result_take_load(struct run_result *r, const struct load_log *log, const struct clock_map *clock,
                     struct qv_error *err)
{
    int code = load_stats_of(log, &r->load, err);
    if (code != 0)
        return code;
    r->has_load = true;
    r->load_up_at_end = result_up_at_end(log);
    r->load_tool = log->tool;
    r->load_poisson = log->poisson;
    r->load_keepalive = log->keepalive;
    r->load_guest_time = log->guest_time;
    r->load_printed = log->printed;
    r->load_rate = log->rate;
    r->load_page_bytes = log->page_bytes;
    r->load_connections = log->connections;
    r->load_warmup_s = (double)log->warmup_ns / 1e9;
    r->load_timeout_ms = (double)log->timeout_ns / 1e6;
    r->load_summary = log->summary;
    return split_load(r, log, clock, err);
}
