/* SPDX-License-Identifier: MIT */
#include "analysis/vcpus.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static const char *kind_name(uint32_t kind)
{
    static const char *const name[] = {"main", "pibs", "server"};
    return kind < sizeof(name) / sizeof(name[0]) ? name[kind] : "unknown";
}

void vcpus_free(struct run_vcpus *v)
{
    free(v->vcpu);
    free(v->sample);
    memset(v, 0, sizeof(*v));
}

static void take_report(const struct qv_vcpu_report *from, struct run_vcpu *to)
{
    to->number = from->number;
    to->work = from->work;
    to->copy = from->work == QV_NO_WORK ? 0 : from->which;
    (void)snprintf(to->kind, sizeof(to->kind), "%s", kind_name(from->kind));
    to->background = (from->flags & QV_VCPU_BACKGROUND) != 0;
    to->budget = from->budget;
    to->period = from->period;
    to->utilization_ppm = from->utilization_ppm;
    to->used = from->used;
    to->background_time = from->background;
    to->overrun = from->overrun;
    to->replenishments = from->replenishments;
    to->list_full = from->list_full;
    to->dispatches = from->dispatches;
    to->jobs = from->jobs;
    to->misses = from->misses;
    to->worst_response = from->worst_response;
    to->bytes = from->bytes;
}

int vcpus_take_area(struct run_vcpus *v, uint32_t sandbox, const struct qv_vcpu_area *area, vcpu_namer *namer,
                    void *context, struct qv_error *err)
{
    if (sandbox >= QV_MAX_SANDBOXES || area->magic != QV_VCPU_AREA_MAGIC || area->count > QV_MAX_VCPUS)
        return qv_error_set(err, -EINVAL, "sandbox %u: no accounts of processor time where they should be", sandbox);
    struct run_vcpu *grown = realloc(v->vcpu, (v->n + area->count + 1) * sizeof(*grown));
    if (grown == NULL)
        return qv_error_set(err, -ENOMEM, "out of memory");
    v->vcpu = grown;
    for (uint32_t i = 0; i < area->count; i++) {
        struct run_vcpu *to = &v->vcpu[v->n++];
        memset(to, 0, sizeof(*to));
        to->sandbox = sandbox;
        take_report(&area->vcpu[i], to);
        namer(context, sandbox, &area->vcpu[i], to->name);
    }
    v->core[sandbox] = (struct run_core_time){.known = true,
                                              .start = area->start,
                                              .time = area->time,
                                              .idle = area->idle,
                                              .sched = area->sched,
                                              .handlers = area->handlers,
                                              .retired = area->retired,
                                              .path = area->path};
    return 0;
}

int vcpus_take_trace(struct run_vcpus *v, const struct trace *trace, uint64_t ready_tsc, struct qv_error *err)
{
    size_t n = 0;

    free(v->sample);
    v->sample = NULL;
    v->n_samples = 0;
    v->ready_tsc = ready_tsc;
    v->tsc_hz = trace->tsc_hz;
    for (size_t i = 0; i < trace->n; i++)
        n += trace->event[i].rec.id == QV_TRACE_SAMPLE;
    if (n == 0)
        return 0;
    v->sample = calloc(n, sizeof(*v->sample));
    if (v->sample == NULL)
        return qv_error_set(err, -ENOMEM, "out of memory");
    for (size_t i = 0; i < trace->n; i++) {
        const struct trace_event *e = &trace->event[i];
        if (e->rec.id == QV_TRACE_SAMPLE)
            v->sample[v->n_samples++] = (struct vcpu_sample){.t = e->t,
                                                             .value = e->rec.b,
                                                             .kind = (uint32_t)(e->rec.a >> 32),
                                                             .number = (uint16_t)e->rec.a,
                                                             .sandbox = e->rec.core};
    }
    return 0;
}

/* The total at the moment t, 0 if it was not yet worth a record. */
static uint64_t value_at(const struct run_vcpus *v, uint64_t t, uint32_t sandbox, uint32_t kind, uint32_t number)
{
    for (size_t i = 0; i < v->n_samples && v->sample[i].t <= t; i++) {
        const struct vcpu_sample *s = &v->sample[i];
        if (s->t == t && s->sandbox == sandbox && s->kind == kind && s->number == number)
            return s->value;
    }
    return 0;
}

bool vcpus_window(const struct run_vcpus *v, uint32_t sandbox, uint32_t kind, uint32_t number, uint64_t from_us,
                  uint64_t until_us, uint64_t *ticks, uint64_t *growth)
{
    const double per_us = (double)v->tsc_hz / 1e6;
    const uint64_t from = v->ready_tsc + (uint64_t)((double)from_us * per_us);
    const uint64_t until = until_us == 0 ? UINT64_MAX : v->ready_tsc + (uint64_t)((double)until_us * per_us);
    uint64_t first = 0;
    uint64_t last = 0;

    /* every set of samples has one of idle time */
    for (size_t i = 0; i < v->n_samples; i++) {
        const struct vcpu_sample *s = &v->sample[i];
        if (s->sandbox != sandbox || s->kind != QV_SAMPLE_IDLE || s->t < from || s->t > until)
            continue;
        first = first == 0 ? s->t : first;
        last = s->t;
    }
    if (first == last)
        return false;
    *ticks = last - first;
    *growth = value_at(v, last, sandbox, kind, number) - value_at(v, first, sandbox, kind, number);
    return true;
}

static const struct run_vcpu *vcpu_of(const struct run_vcpus *v, uint32_t sandbox, uint32_t number)
{
    for (uint32_t i = 0; i < v->n; i++) {
        if (v->vcpu[i].sandbox == sandbox && v->vcpu[i].number == number)
            return &v->vcpu[i];
    }
    return NULL;
}

/* The same total the time before; NULL for the first. */
static const struct vcpu_sample *before(const struct run_vcpus *v, size_t index)
{
    const struct vcpu_sample *s = &v->sample[index];
    while (index-- > 0) {
        const struct vcpu_sample *o = &v->sample[index];
        if (o->t < s->t && o->sandbox == s->sandbox && o->kind == s->kind && o->number == s->number)
            return o;
    }
    return NULL;
}

static const char *sample_name(const struct run_vcpus *v, const struct vcpu_sample *s)
{
    const struct run_vcpu *vcpu;
    switch (s->kind) {
    case QV_SAMPLE_SCHED:
        return "scheduler's account";
    case QV_SAMPLE_PATH:
        return "scheduler";
    case QV_SAMPLE_HANDLERS:
        return "handlers";
    case QV_SAMPLE_IDLE:
        return "idle";
    case QV_SAMPLE_FLOOD:
        return "flood";
    default:
        vcpu = vcpu_of(v, s->sandbox, s->number);
        return vcpu != NULL ? vcpu->name : "unknown";
    }
}

void vcpus_write_samples(FILE *out, const struct run_vcpus *v)
{
    fprintf(out, "sandbox,vcpu,from_s,to_s,share,events_per_s\n");
    for (size_t i = 0; i < v->n_samples; i++) {
        const struct vcpu_sample *s = &v->sample[i];
        const struct vcpu_sample *o = before(v, i);
        if (o == NULL || s->t < v->ready_tsc || o->t < v->ready_tsc || v->tsc_hz == 0)
            continue;
        double hz = (double)v->tsc_hz;
        double ticks = (double)(s->t - o->t);
        double growth = (double)(s->value - o->value);
        fprintf(out, "%u,%s,%.6f,%.6f,", s->sandbox, sample_name(v, s), (double)(o->t - v->ready_tsc) / hz,
                (double)(s->t - v->ready_tsc) / hz);
        if (s->kind == QV_SAMPLE_JOBS || s->kind == QV_SAMPLE_FLOOD)
            fprintf(out, ",%.3f\n", growth * hz / ticks);
        else
            fprintf(out, "%.6f,\n", growth / ticks);
    }
}
