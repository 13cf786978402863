/* SPDX-License-Identifier: MIT */
#include "analysis/timeline.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "analysis/gnuplot.h"
#include "analysis/names.h"
#include "analysis/plot_script.h"
#include "qv/fault.h"

#define MAX_SPANS     256u
#define OPEN_SHOWN_MS 1000.0
#define SPAN_COLUMNS  "name,kind,recovery,overlapping,begin_ms,end_ms"

bool timeline_place(const struct load_log *log, const struct clock_map *clock, uint64_t tsc_hz, uint64_t tsc,
                    double *ms)
{
    uint64_t ns;
    if (log->guest_time) {
        if (tsc_hz == 0)
            return false;
        ns = (uint64_t)((unsigned __int128)tsc * 1000000000u / tsc_hz);
    } else if (clock == NULL || !clock_map_to_host(clock, tsc, &ns)) {
        return false;
    }
    *ms = ((double)ns - (double)log->epoch_ns) / 1e6;
    return true;
}

struct span_list {
    struct timeline_span span[MAX_SPANS];
    size_t n;
};

struct placer {
    const struct load_log *log;
    const struct clock_map *clock;
    uint64_t tsc_hz;
    struct span_list *list;
};

static void place(const struct placer *p, const char *name, bool event, bool overlapping, size_t recovery,
                  uint64_t begin, uint64_t end)
{
    struct timeline_span s = {.event = event, .overlapping = overlapping, .recovery = (uint32_t)recovery};
    if (p->list->n == MAX_SPANS || !timeline_place(p->log, p->clock, p->tsc_hz, begin, &s.begin_ms) ||
        !timeline_place(p->log, p->clock, p->tsc_hz, end, &s.end_ms))
        return;
    (void)snprintf(s.name, sizeof(s.name), "%s", name);
    p->list->span[p->list->n++] = s;
}

static void collect_spans(const struct run_result *r, const struct load_log *log, const struct clock_map *clock,
                          struct span_list *list)
{
    struct placer p = {.log = log, .clock = clock, .tsc_hz = r->tsc_hz, .list = list};
    for (size_t i = 0; i < r->recoveries.n; i++) {
        const struct recovery *x = &r->recoveries.item[i];
        for (uint32_t k = 0; k < x->n_spans; k++) {
            const struct phase_span *s = &x->span[k];
            if (!s->open)
                place(&p, qv_phase_name(s->phase), false, phases_overlaps(s->phase), i, s->begin, s->end);
        }
        if (x->activated != 0)
            place(&p, "fault", true, false, i, x->activated, x->activated);
        if (x->detected != 0)
            place(&p, "detected", true, false, i, x->detected, x->detected);
        if (x->decided != 0)
            place(&p, "decision", true, false, i, x->decided, x->decided);
        if (x->first_reply != 0)
            place(&p, "first_good_reply", true, false, i, x->first_reply, x->first_reply);
    }
    /* A fault that led to no recovery has its place too. */
    if (r->recoveries.n == 0 && r->recoveries.first_activation != 0)
        place(&p, "fault", true, false, 0, r->recoveries.first_activation, r->recoveries.first_activation);
    if (r->recoveries.n == 0 && r->recoveries.first_detected != 0)
        place(&p, "detected", true, false, 0, r->recoveries.first_detected, r->recoveries.first_detected);
}

static FILE *open_in(const char *dir, const char *name, const char *mode, char *path, size_t size, struct qv_error *err)
{
    (void)snprintf(path, size, "%s/%s", dir, name);
    FILE *file = fopen(path, mode);
    if (file == NULL)
        (void)qv_error_set(err, -errno, "%s: %s", path, strerror(errno));
    return file;
}

static int close_written(FILE *file, const char *path, struct qv_error *err)
{
    int failed = ferror(file);
    if (fclose(file) != 0 || failed)
        return qv_error_set(err, -EIO, "%s: cannot be written", path);
    return 0;
}

static int write_spans(const char *dir, const struct span_list *list, struct qv_error *err)
{
    char path[4096];
    FILE *out = open_in(dir, "spans.csv", "w", path, sizeof(path), err);
    if (out == NULL)
        return -EIO;
    fprintf(out, "%s\n", SPAN_COLUMNS);
    for (size_t i = 0; i < list->n; i++) {
        const struct timeline_span *s = &list->span[i];
        fprintf(out, "%s,%s,%u,%d,%.6f,%.6f\n", s->name, s->event ? "event" : "phase", s->recovery, s->overlapping,
                s->begin_ms, s->end_ms);
    }
    return close_written(out, path, err);
}

static bool read_span(const char *line, struct timeline_span *s)
{
    char kind[8];
    int overlapping;
    if (sscanf(line, "%31[^,],%7[^,],%u,%d,%lf,%lf", s->name, kind, &s->recovery, &overlapping, &s->begin_ms,
               &s->end_ms) != 6)
        return false;
    s->event = strcmp(kind, "event") == 0;
    s->overlapping = overlapping != 0;
    return s->event || strcmp(kind, "phase") == 0;
}

static int read_spans(const char *dir, struct span_list *list, struct qv_error *err)
{
    char path[4096];
    char line[256];
    size_t number = 1;
    FILE *in = open_in(dir, "spans.csv", "r", path, sizeof(path), err);
    if (in == NULL)
        return -ENOENT;
    bool ok = fgets(line, sizeof(line), in) != NULL && strcmp(line, SPAN_COLUMNS "\n") == 0;
    while (ok && list->n < MAX_SPANS && fgets(line, sizeof(line), in) != NULL) {
        number++;
        ok = read_span(line, &list->span[list->n++]);
    }
    fclose(in);
    return ok ? 0 : qv_error_set(err, -EINVAL, "%s:%zu: expected %s", path, number, SPAN_COLUMNS);
}

static int write_bins(const char *dir, const struct load_bin *bin, size_t n, struct qv_error *err)
{
    char path[4096];
    FILE *out = open_in(dir, "timeline.csv", "w", path, sizeof(path), err);
    if (out == NULL)
        return -EIO;
    fprintf(out, "t_ms,intended,sent,good,errors,lost,latency_max_ms\n");
    for (size_t i = 0; i < n; i++) {
        fprintf(out, "%.0f,%u,%u,%u,%u,%u,", bin[i].t_ms, bin[i].intended, bin[i].sent, bin[i].good, bin[i].errors,
                bin[i].lost);
        if (!isnan(bin[i].latency_max_ms))
            fprintf(out, "%.3f", bin[i].latency_max_ms);
        fputc('\n', out);
    }
    return close_written(out, path, err);
}

static const struct timeline_span *find_event(const struct span_list *list, size_t recovery, const char *name)
{
    for (size_t i = 0; i < list->n; i++) {
        if (list->span[i].event && list->span[i].recovery == recovery && strcmp(list->span[i].name, name) == 0)
            return &list->span[i];
    }
    return NULL;
}

/*
 * The part to look at closely: from shortly before the fault to well after the first good reply; the outage too if it
 * is near. Without a fault on the axis, a long outage of its own is shown.
 */
static void choose_zoom(struct timeline_view *v, const struct span_list *list)
{
    const struct load_stats *s = &v->r->load;
    const struct timeline_span *fault = find_event(list, v->chosen, "fault");
    const struct timeline_span *reply = find_event(list, v->chosen, "first_good_reply");
    double interval = v->rate > 0 ? 1e3 / v->rate : 1;
    if (fault == NULL && s->outage_ms < 20 * interval)
        return;
    v->zoom = true;
    v->zero_is_fault = fault != NULL;
    v->zero_ms = fault != NULL ? fault->begin_ms : s->outage_start_ms;
    double end = reply != NULL && reply->begin_ms > v->zero_ms ? reply->begin_ms : v->zero_ms;
    bool near = s->outage_start_ms > v->zero_ms - 500 && s->outage_start_ms < end + 2000;
    if (near && s->outage_end_ms > end)
        end = s->outage_end_ms;
    /* A service that never came back would make a picture of nothing. */
    if (s->outage_open && end > v->zero_ms + OPEN_SHOWN_MS)
        end = v->zero_ms + OPEN_SHOWN_MS;
    double length = end - v->zero_ms;
    double least = fmax(60, 12 * interval);
    v->from_ms = floor((v->zero_ms - fmax(least, 0.5 * length)) / v->bin_ms) * v->bin_ms;
    v->to_ms = ceil((end + fmax(2 * least, 1.1 * length)) / v->bin_ms) * v->bin_ms;
    v->from_ms = fmax(v->from_ms, 0);
    v->to_ms = fmin(v->to_ms, v->end_ms);
    v->zoom = v->to_ms > v->from_ms + 2 * v->bin_ms;
}

static void measure_bins(struct timeline_view *v, const struct load_bin *bin, size_t n)
{
    double sum = 0;
    double index = -1;
    for (size_t i = 0; i < n && bin[i].t_ms < v->end_ms; i++) {
        double coarse = floor(bin[i].t_ms / v->coarse_ms);
        sum = coarse == index ? sum + bin[i].good : bin[i].good;
        index = coarse;
        v->coarse_peak = fmax(v->coarse_peak, sum * 1e3 / v->coarse_ms);
        bool shown = !v->zoom || (bin[i].t_ms >= v->from_ms && bin[i].t_ms < v->to_ms);
        if (shown && v->zoom && bin[i].good * 1e3 / v->bin_ms > v->peak) {
            v->peak = bin[i].good * 1e3 / v->bin_ms;
        }
    }
}

static void measure_latencies(struct timeline_view *v, const struct load_log *log)
{
    v->latency_min = INFINITY;
    v->latency_max = 0;
    for (size_t i = 0; i < log->n; i++) {
        const struct load_record *rec = &log->record[i];
        double t = (double)rec->intended_ns / 1e6;
        if (rec->cls != LOAD_GOOD || rec->done_ns == LOAD_NEVER || (v->zoom && (t < v->from_ms || t > v->to_ms)))
            continue;
        double latency = rec->done_ns > rec->intended_ns ? (double)(rec->done_ns - rec->intended_ns) / 1e6 : 1e-3;
        v->latency_min = fmin(v->latency_min, latency);
        v->latency_max = fmax(v->latency_max, latency);
    }
    if (v->latency_max == 0) {
        v->latency_min = 0.1;
        v->latency_max = 10;
    }
}

static int emit(const char *dir, const struct run_result *r, const struct load_log *log, const struct span_list *list,
                struct qv_error *err)
{
    struct load_bin *bin;
    long n = load_bins(log, TIMELINE_BIN_MS, &bin, err);
    if (n < 0)
        return (int)n;
    int code = write_bins(dir, bin, (size_t)n, err);
    struct timeline_view v = {.r = r,
                              .span = list->span,
                              .n_spans = list->n,
                              .end_ms = (double)log->end_ns / 1e6,
                              .warmup_ms = (double)log->warmup_ns / 1e6,
                              .rate = log->rate,
                              .bin_ms = TIMELINE_BIN_MS,
                              .coarse_ms = log->rate >= 400 ? 50 : 200};
    const struct recovery *chosen = result_recovery(r);
    v.chosen = chosen != NULL ? (size_t)(chosen - r->recoveries.item) : 0;
    choose_zoom(&v, list);
    measure_bins(&v, bin, (size_t)n);
    measure_latencies(&v, log);
    free(bin);
    char path[4096];
    FILE *out = code == 0 ? open_in(dir, "timeline.gp", "w", path, sizeof(path), err) : NULL;
    if (out == NULL)
        return code != 0 ? code : -EIO;
    plot_script_write(out, &v);
    return close_written(out, path, err);
}

int timeline_write(const char *dir, const struct run_result *r, const struct load_log *log,
                   const struct clock_map *clock, struct qv_error *err)
{
    struct span_list *list = calloc(1, sizeof(*list));
    if (list == NULL)
        return qv_error_set(err, -ENOMEM, "timeline: no memory");
    collect_spans(r, log, clock, list);
    int code = write_spans(dir, list, err);
    if (code == 0)
        code = emit(dir, r, log, list, err);
    free(list);
    return code;
}

int timeline_redraw(const char *dir, struct qv_error *err)
{
    char path[4096];
    struct load_log log;
    struct span_list *list = calloc(1, sizeof(*list));
    if (list == NULL)
        return qv_error_set(err, -ENOMEM, "timeline: no memory");
    load_log_init(&log);
    struct run_result *r = result_read(dir, err);
    int code = r == NULL ? -EINVAL : read_spans(dir, list, err);
    if (code == 0) {
        (void)snprintf(path, sizeof(path), "%s/requests.csv", dir);
        code = load_log_read_csv(path, &log, err);
    }
    if (code == 0)
        code = emit(dir, r, &log, list, err);
    if (code == 0)
        code = timeline_plot(dir, err);
    load_log_free(&log);
    result_free(r);
    free(list);
    return code;
}

int timeline_plot(const char *dir, struct qv_error *err)
{
    return gnuplot_run(dir, "timeline.gp", err);
}
