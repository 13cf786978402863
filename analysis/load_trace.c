/* SPDX-License-Identifier: MIT */
/* Load records out of a trace: what a client sandbox sent and got. */
#include <errno.h>
#include <stdlib.h>

#include "analysis/load_log.h"

static uint64_t to_ns(uint64_t ticks, uint64_t hz)
{
    return (uint64_t)((unsigned __int128)ticks * 1000000000u / hz);
}

static int compare_records(const void *a, const void *b)
{
    const struct load_record *x = a;
    const struct load_record *y = b;
    return (x->index > y->index) - (x->index < y->index);
}

/* The intended time is on the writing core's own clock; the event carries the difference to the common one. */
static uint64_t intended_ticks(const struct trace_event *e)
{
    uint64_t ticks = e->rec.b + (e->t - e->rec.tsc);
    return ticks < e->t ? ticks : e->t;
}

static size_t take_sends(struct load_log *log, const struct trace *trace)
{
    size_t n = 0;
    for (size_t i = 0; i < trace->n; i++) {
        const struct trace_event *e = &trace->event[i];
        if (e->rec.id != QV_TRACE_CLIENT_SEND || e->rec.a > UINT32_MAX)
            continue;
        log->record[n++] = (struct load_record){.intended_ns = to_ns(intended_ticks(e), trace->tsc_hz),
                                                .sent_ns = to_ns(e->t, trace->tsc_hz),
                                                .first_ns = LOAD_NEVER,
                                                .done_ns = LOAD_NEVER,
                                                .index = (uint32_t)e->rec.a,
                                                .cls = LOAD_LOST};
    }
    return n;
}

static uint8_t class_of(uint64_t result)
{
    static const uint8_t map[] = {[QV_CLIENT_GOOD] = LOAD_GOOD,
                                  [QV_CLIENT_RESET] = LOAD_RESET,
                                  [QV_CLIENT_WRONG] = LOAD_WRONG_BODY,
                                  [QV_CLIENT_TIMEOUT] = LOAD_TIMEOUT,
                                  [QV_CLIENT_CLOSED] = LOAD_PROTOCOL,
                                  [QV_CLIENT_NO_MEMORY] = LOAD_NOT_SENT,
                                  [QV_CLIENT_BAD_STATUS] = LOAD_BAD_STATUS};
    return result < sizeof(map) ? map[result] : LOAD_OTHER;
}

static void take_dones(struct load_log *log, const struct trace *trace)
{
    for (size_t i = 0; i < trace->n; i++) {
        const struct trace_event *e = &trace->event[i];
        if (e->rec.id != QV_TRACE_CLIENT_DONE || e->rec.a > UINT32_MAX)
            continue;
        struct load_record key = {.index = (uint32_t)e->rec.a};
        struct load_record *r = bsearch(&key, log->record, log->n, sizeof(*r), compare_records);
        if (r == NULL || r->done_ns != LOAD_NEVER)
            continue;
        r->done_ns = to_ns(e->t, trace->tsc_hz);
        r->cls = class_of(e->rec.b);
        r->status = r->cls == LOAD_GOOD ? 200 : 0;
    }
}

int load_log_from_trace(struct load_log *log, const struct trace *trace, struct qv_error *err)
{
    free(log->record);
    log->n = 0;
    log->record = calloc(trace->n + 1, sizeof(*log->record));
    if (log->record == NULL)
        return qv_error_set(err, -ENOMEM, "load: no memory for %zu records", trace->n);
    log->tool = LOAD_TOOL_SANDBOX;
    log->guest_time = true;
    log->n = take_sends(log, trace);
    if (log->n == 0)
        return qv_error_set(err, -ENOENT, "load: the trace holds no request of a client sandbox");
    qsort(log->record, log->n, sizeof(*log->record), compare_records);
    take_dones(log, trace);

    uint64_t epoch = UINT64_MAX;
    uint64_t last = 0;
    for (size_t i = 0; i < log->n; i++) {
        if (log->record[i].intended_ns < epoch)
            epoch = log->record[i].intended_ns;
        if (log->record[i].intended_ns > last)
            last = log->record[i].intended_ns;
    }
    log->epoch_ns = epoch;
    if (log->end_ns <= last - epoch)
        log->end_ns = last - epoch + 1;
    for (size_t i = 0; i < log->n; i++) {
        struct load_record *r = &log->record[i];
        r->intended_ns -= epoch;
        r->sent_ns -= epoch;
        if (r->done_ns != LOAD_NEVER)
            r->done_ns = r->done_ns > epoch ? r->done_ns - epoch : 0;
        r->warmup = r->intended_ns < log->warmup_ns;
    }
    return 0;
}
