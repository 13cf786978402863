/* SPDX-License-Identifier: MIT */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host/load/httperf.h"

void httperf_begin(struct load_log *log)
{
    struct load_tool_summary *s = &log->summary;
    for (size_t i = 0; i < log->n; i++)
        log->record[i] = (struct load_record){.intended_ns = LOAD_NEVER,
                                              .sent_ns = LOAD_NEVER,
                                              .first_ns = LOAD_NEVER,
                                              .done_ns = LOAD_NEVER,
                                              .index = (uint32_t)i,
                                              .cls = LOAD_NOT_SENT};
    s->present = false;
    s->connections = s->requests = s->replies = s->duration_s = NAN;
    s->reply_rate_avg = s->reply_ms_avg = s->connect_ms_avg = s->connect_ms_median = s->connect_ms_max = NAN;
    s->errors_total = s->errors_timeout = s->errors_refused = s->errors_reset = NAN;
    log->printed = true;
}

/* "XX<number>:" at the start of a line; NULL if it is something else. */
static struct load_record *record_of(const struct load_log *log, const char *line, const char *tag, const char **rest)
{
    if (strncmp(line, tag, 2) != 0 || line[2] < '0' || line[2] > '9')
        return NULL;
    char *end;
    unsigned long call = strtoul(line + 2, &end, 10);
    if (*end != ':' || call >= log->n)
        return NULL;
    *rest = end + 1;
    return &log->record[call];
}

static void reply_begins(struct load_record *r, const char *rest, uint64_t ns)
{
    unsigned status;
    if (r->first_ns != LOAD_NEVER || sscanf(rest, "HTTP/1.%*1u %3u", &status) != 1)
        return;
    r->first_ns = ns;
    r->status = (uint16_t)status;
}

static void reply_complete(const struct load_log *log, struct load_record *r, const char *rest, uint64_t ns)
{
    unsigned long content;
    if (r->done_ns != LOAD_NEVER || sscanf(rest, " header %*u content %lu", &content) != 1)
        return;
    r->done_ns = ns;
    if (r->status != 200)
        r->cls = LOAD_BAD_STATUS;
    else
        r->cls = content == log->page_bytes ? LOAD_GOOD : LOAD_WRONG_BODY;
}

static void summary_line(struct load_tool_summary *s, const char *line)
{
    if (sscanf(line, "Total: connections %lf requests %lf replies %lf test-duration %lf", &s->connections, &s->requests,
               &s->replies, &s->duration_s) == 4) {
        s->present = true;
        return;
    }
    (void)sscanf(line, "Reply rate [replies/s]: min %*f avg %lf", &s->reply_rate_avg);
    (void)sscanf(line, "Reply time [ms]: response %lf", &s->reply_ms_avg);
    (void)sscanf(line, "Connection time [ms]: min %*f avg %lf max %lf median %lf", &s->connect_ms_avg,
                 &s->connect_ms_max, &s->connect_ms_median);
    (void)sscanf(line, "Errors: total %lf client-timo %lf socket-timo %*f connrefused %lf connreset %lf",
                 &s->errors_total, &s->errors_timeout, &s->errors_refused, &s->errors_reset);
}

void httperf_line(struct load_log *log, const char *line, uint64_t ns)
{
    const char *rest;
    struct load_record *r;
    if ((r = record_of(log, line, "SS", &rest)) != NULL) {
        if (r->sent_ns == LOAD_NEVER) {
            r->intended_ns = ns;
            r->sent_ns = ns;
            r->cls = LOAD_LOST;
            r->warmup = ns < log->warmup_ns;
        }
    } else if ((r = record_of(log, line, "RH", &rest)) != NULL) {
        reply_begins(r, rest, ns);
    } else if ((r = record_of(log, line, "RS", &rest)) != NULL) {
        reply_complete(log, r, rest, ns);
    } else {
        summary_line(&log->summary, line);
    }
}

static bool take_one(double *left)
{
    if (!(*left >= 1))
        return false;
    *left -= 1;
    return true;
}

/*
 * httperf counts errors but does not say which requests they befell: resets go to requests that were sent and not
 * answered, refusals to those never sent, and time-outs to what is left.
 */
static uint8_t class_without_reply(const struct load_record *r, struct load_tool_summary *left)
{
    if (r->sent_ns != LOAD_NEVER && take_one(&left->errors_reset))
        return LOAD_RESET;
    if (r->sent_ns == LOAD_NEVER && take_one(&left->errors_refused))
        return LOAD_REFUSED;
    if (take_one(&left->errors_timeout))
        return LOAD_TIMEOUT;
    return r->sent_ns != LOAD_NEVER ? LOAD_LOST : LOAD_NOT_SENT;
}

static int compare_intended(const void *a, const void *b)
{
    const struct load_record *x = a;
    const struct load_record *y = b;
    if (x->intended_ns != y->intended_ns)
        return x->intended_ns < y->intended_ns ? -1 : 1;
    return (x->index > y->index) - (x->index < y->index);
}

void httperf_end(struct load_log *log)
{
    struct load_tool_summary left = log->summary;
    for (size_t i = 0; i < log->n; i++) {
        struct load_record *r = &log->record[i];
        if (r->done_ns == LOAD_NEVER) {
            r->cls = class_without_reply(r, &left);
            if (r->cls == LOAD_TIMEOUT && r->sent_ns != LOAD_NEVER)
                r->done_ns = r->sent_ns + log->timeout_ns;
        }
        /* A connection that was never made left no line; the schedule says when it was to be. */
        if (r->intended_ns == LOAD_NEVER) {
            double due = log->rate > 0 ? (double)i / log->rate * 1e9 : 0;
            r->intended_ns = due < (double)log->end_ns ? (uint64_t)due : log->end_ns;
            r->warmup = r->intended_ns < log->warmup_ns;
        }
    }
    if (log->n > 1)
        qsort(log->record, log->n, sizeof(*log->record), compare_intended);
}
