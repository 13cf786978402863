/* SPDX-License-Identifier: MIT */
#include "analysis/schedule.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/gnuplot.h"

#define MAX_ROWS   40u
#define NOBODY     0xffffffffu
#define FROM_MS    1000.0
#define ROW_PIXELS 74u
#define FRAME      150u
/* Within a row's height: the bar, and above it the budget. */
#define BAR_LOW    0.08
#define BAR_HIGH   0.40
#define BUDGET_LOW 0.46
#define BUDGET     0.44

struct row {
    const struct run_vcpu *vcpu;
    double y;
};

struct chart {
    const struct run_result *r;
    const struct trace *trace;
    double from_ms, to_ms; /* since ready */
    struct row row[MAX_ROWS];
    unsigned n;
    FILE *csv;
    unsigned shapes;
};

bool schedule_recorded(const struct trace *trace)
{
    return trace_find(trace, 0, QV_TRACE_SCHED_SWITCH) < trace->n;
}

static double to_ms(const struct chart *c, uint64_t tsc)
{
    return (double)(int64_t)(tsc - c->r->vcpus.ready_tsc) * 1e3 / (double)c->trace->tsc_hz;
}

static double ticks_ms(const struct chart *c, uint64_t ticks)
{
    return (double)ticks * 1e3 / (double)c->trace->tsc_hz;
}

static const struct row *row_of(const struct chart *c, uint32_t sandbox, uint32_t number)
{
    for (unsigned i = 0; i < c->n; i++) {
        if (c->row[i].vcpu->sandbox == sandbox && c->row[i].vcpu->number == number)
            return &c->row[i];
    }
    return NULL;
}

static bool runs_within(const struct chart *c, const struct run_vcpu *vcpu)
{
    for (size_t i = 0; i < c->trace->n; i++) {
        const struct trace_event *e = &c->trace->event[i];
        double t = to_ms(c, e->t);
        if (e->rec.id == QV_TRACE_SCHED_SWITCH && e->rec.core == vcpu->sandbox && e->rec.a >> 32 == vcpu->number &&
            t >= c->from_ms && t < c->to_ms)
            return true;
    }
    return false;
}

static int by_priority(const void *a, const void *b)
{
    const struct run_vcpu *x = ((const struct row *)a)->vcpu;
    const struct run_vcpu *y = ((const struct row *)b)->vcpu;
    if (x->sandbox != y->sandbox)
        return x->sandbox < y->sandbox ? -1 : 1;
    if (x->period != y->period)
        return x->period < y->period ? -1 : 1;
    return x->number < y->number ? -1 : 1;
}

static void choose_rows(struct chart *c)
{
    for (uint32_t i = 0; i < c->r->vcpus.n && c->n < MAX_ROWS; i++) {
        if (runs_within(c, &c->r->vcpus.vcpu[i]))
            c->row[c->n++].vcpu = &c->r->vcpus.vcpu[i];
    }
    qsort(c->row, c->n, sizeof(c->row[0]), by_priority);
    for (unsigned i = 0; i < c->n; i++)
        c->row[i].y = (double)(c->n - 1 - i);
}

static void shape(struct chart *c, const struct row *row, const char *what, double from, double to, double low,
                  double high)
{
    if (to < c->from_ms || from > c->to_ms)
        return;
    fprintf(c->csv, "%u,%s,%s,%.6f,%.6f,%.4f,%.4f\n", row->vcpu->sandbox, row->vcpu->name, what, fmax(from, c->from_ms),
            fmin(to, c->to_ms), row->y + low, row->y + high);
    c->shapes++;
}

static double share_of_budget(const struct row *row, double ticks)
{
    double share = row->vcpu->budget > 0 ? ticks / (double)row->vcpu->budget : 0;
    return BUDGET_LOW + BUDGET * fmin(fmax(share, 0), 1.15);
}

static void draw_run(struct chart *c, const struct trace_event *from, uint64_t end)
{
    const struct row *row = row_of(c, from->rec.core, (uint32_t)(from->rec.a >> 32));
    double begin_ms = to_ms(c, from->t);
    double end_ms = to_ms(c, end);
    double budget = (double)from->rec.b;

    if (row == NULL)
        return;
    shape(c, row, budget > 0 ? "run" : "background", begin_ms, end_ms, BAR_LOW, BAR_HIGH);
    if (budget > 0 && begin_ms >= c->from_ms)
        shape(c, row, "budget", begin_ms, end_ms, share_of_budget(row, budget),
              share_of_budget(row, budget - (double)(end - from->t)));
}

static void draw_events(struct chart *c)
{
    const struct trace_event *running[QV_MAX_SANDBOXES] = {NULL};

    for (size_t i = 0; i < c->trace->n; i++) {
        const struct trace_event *e = &c->trace->event[i];
        if (e->rec.core >= QV_MAX_SANDBOXES)
            continue;
        if (e->rec.id == QV_TRACE_SCHED_SWITCH) {
            if (running[e->rec.core] != NULL)
                draw_run(c, running[e->rec.core], e->t);
            running[e->rec.core] = e->rec.a >> 32 == NOBODY ? NULL : e;
        } else if (e->rec.id == QV_TRACE_SCHED_POSTED) {
            const struct row *row = row_of(c, e->rec.core, (uint32_t)(e->rec.a >> 48));
            double due = to_ms(c, e->rec.b);
            if (row != NULL)
                shape(c, row, "due", due, due, BUDGET_LOW,
                      share_of_budget(row, (double)(e->rec.a & ((1ull << 48) - 1))));
        } else if (e->rec.id == QV_TRACE_DEADLINE_MISS) {
            for (unsigned k = 0; k < c->n; k++) {
                double at = to_ms(c, e->rec.a);
                if (c->row[k].vcpu->sandbox == e->rec.core && c->row[k].vcpu->misses > 0)
                    shape(c, &c->row[k], "miss", at, at, BAR_LOW, BAR_HIGH);
            }
        }
    }
}

static void write_ticks(FILE *out, const struct chart *c)
{
    fprintf(out, "set ytics (");
    for (unsigned i = 0; i < c->n; i++) {
        const struct run_vcpu *x = c->row[i].vcpu;
        char text[96];
        if (x->utilization_ppm > 0)
            (void)snprintf(text, sizeof(text), "%s (pibs, %.3g %%%%)", x->name, x->utilization_ppm / 1e4);
        else
            (void)snprintf(text, sizeof(text), "%s (%.3g/%.3g ms)", x->name, ticks_ms(c, x->budget),
                           ticks_ms(c, x->period));
        fprintf(out, "%s'%u: %s' %.2f", i > 0 ? ", " : "", x->sandbox, text, c->row[i].y + 0.35);
    }
    fprintf(out, ")\n");
}

static void write_script(FILE *out, const struct chart *c)
{
    unsigned height = FRAME + (c->n > 2 ? c->n : 3) * ROW_PIXELS;
    char title[400];

    gnuplot_begin(out, "schedule", height);
    (void)snprintf(title, sizeof(title), "%s: who ran, with which budget, and when it comes back", c->r->scenario);
    fprintf(out, "set label 1 ");
    gnuplot_quote(out, title);
    fprintf(out, " at screen 0.015,%.4f left font heading\n", 1.0 - 24.0 / height);
    (void)snprintf(
        title, sizeof(title),
        "platform %s   ·   one tick: %s   ·   a bar: the VCPU ran; the line over it: budget at hand (full = the "
        "dotted line); an arrow: a replenishment falls due, as long as it is large",
        c->r->platform, c->r->tick.what);
    fprintf(out, "set label 2 ");
    gnuplot_quote(out, title);
    fprintf(out, " at screen 0.015,%.4f left font small textcolor rgb '#6b6b6b'\n", 14.0 / height);
    fprintf(out,
            "set lmargin at screen 0.155\nset rmargin at screen 0.985\nset tmargin at screen %.4f\n"
            "set bmargin at screen %.4f\nset xrange [%.6f:%.6f]\nset yrange [0:%u]\n"
            "set xlabel 'time since ready, ms' offset 0,0.4\nset grid noytics xtics lt 1 lc rgb '#e4e4e4'\n"
            "set key at screen 0.985,screen %.4f right top horizontal samplen 1.5 font small\n",
            1.0 - 78.0 / height, 84.0 / height, c->from_ms, c->to_ms, c->n, 1.0 - 36.0 / height);
    write_ticks(out, c);
    for (unsigned i = 0; i < c->n; i++)
        fprintf(out,
                "set arrow from graph 0,first %.3f to graph 1,first %.3f nohead lc rgb '#c9c9c9' dt 3 lw 1 back\n"
                "set arrow from graph 0,first %.1f to graph 1,first %.1f nohead lc rgb '#bdbdbd' lw 1 back\n",
                c->row[i].y + BUDGET_LOW + BUDGET, c->row[i].y + BUDGET_LOW + BUDGET, c->row[i].y, c->row[i].y);
    fprintf(out,
            "is(what) = strcol(3) eq what\n"
            "plot 'schedule.csv' using (is('run') ? ($4 + $5) / 2 : NaN):(($6 + $7) / 2):4:5:6:7 with boxxyerror "
            "fc rgb '#1f6fb2' fs solid noborder title 'on its budget', \\\n"
            "     '' using (is('background') ? ($4 + $5) / 2 : NaN):(($6 + $7) / 2):4:5:6:7 with boxxyerror "
            "fc rgb '#b9d3ea' fs solid noborder title 'in the background', \\\n"
            "     '' using (is('budget') ? $4 : NaN):6:($5 - $4):($7 - $6) with vectors nohead lc rgb '#d55e00' lw 2 "
            "title 'budget at hand', \\\n"
            "     '' using (is('due') ? $4 : NaN):6:(0):($7 - $6) with vectors head filled size screen 0.004,18 "
            "lc rgb '#009e73' lw 1.5 title 'replenishment due', \\\n"
            "     '' using (is('miss') ? $4 : NaN):6:(0):($7 - $6) with vectors nohead lc rgb '#c8102e' lw 3 "
            "title 'deadline missed'\n");
    gnuplot_end(out);
}

static FILE *create(const char *dir, const char *name, struct qv_error *err)
{
    char path[4096];
    (void)snprintf(path, sizeof(path), "%s/%s", dir, name);
    FILE *out = fopen(path, "w");
    if (out == NULL)
        (void)qv_error_set(err, -errno, "%s: %s", path, strerror(errno));
    return out;
}

static int write_files(struct chart *c, const char *dir, struct qv_error *err)
{
    c->csv = create(dir, "schedule.csv", err);
    FILE *out = c->csv != NULL ? create(dir, "schedule.gp", err) : NULL;
    if (out == NULL) {
        if (c->csv != NULL)
            fclose(c->csv);
        return -EIO;
    }
    fprintf(c->csv, "sandbox,vcpu,what,from_ms,to_ms,low,high\n");
    draw_events(c);
    write_script(out, c);
    int failed = fclose(out);
    failed = fclose(c->csv) != 0 || failed != 0;
    return failed ? qv_error_set(err, -EIO, "%s: schedule.csv cannot be written", dir) : 0;
}

int schedule_draw(const char *dir, const struct run_result *r, const struct trace *trace, double from_ms,
                  double length_ms, struct qv_error *err)
{
    struct chart c = {.r = r, .trace = trace};

    if (!schedule_recorded(trace) || trace->tsc_hz == 0)
        return qv_error_set(err, -ENOENT, "%s: no scheduling trace, expected a run with trace.scheduler", dir);
    c.from_ms = from_ms;
    if (from_ms < 0)
        c.from_ms = to_ms(&c, trace->event[trace->n - 1].t) > FROM_MS + length_ms ? FROM_MS : 0;
    c.to_ms = c.from_ms + length_ms;
    choose_rows(&c);
    if (c.n == 0)
        return qv_error_set(err, -ENOENT, "%s: nothing was dispatched between %.3f and %.3f ms after ready", dir,
                            c.from_ms, c.to_ms);
    int code = write_files(&c, dir, err);
    return code != 0 ? code : gnuplot_run(dir, "schedule.gp", err);
}

int schedule_redraw(const char *dir, double from_ms, double length_ms, struct qv_error *err)
{
    char path[4096];
    struct trace trace;
    struct run_result *r = result_read(dir, err);

    if (r == NULL)
        return -EINVAL;
    (void)snprintf(path, sizeof(path), "%s/trace.bin", dir);
    int code = trace_read(path, &trace, err);
    if (code == 0) {
        code = schedule_draw(dir, r, &trace, from_ms, length_ms, err);
        trace_free(&trace);
    }
    result_free(r);
    return code;
}
