/* SPDX-License-Identifier: MIT */
/* The picture of processor shares over time: a panel for each sandbox with work loads, below it the rates of its jobs.
 */
#include <errno.h>
#include <string.h>

#include "analysis/gnuplot.h"
#include "analysis/vcpus.h"

#define PANEL_HEIGHT 380u
#define FRAME        130u
#define MAX_PANELS   8u
#define MAX_LINES    14u

static const char *const colours[MAX_LINES] = {"#1f6fb2", "#d55e00", "#009e73", "#cc79a7", "#e69f00",
                                               "#7b5aa6", "#56b4e9", "#a6611a", "#9dc55b", "#c8102e",
                                               "#444444", "#999999", "#b2df8a", "#fb9a99"};

struct panel {
    uint32_t sandbox;
    bool rates;
};

struct picture {
    const struct run_vcpus *v;
    struct panel panel[MAX_PANELS];
    unsigned n;
};

static bool sampled(const struct run_vcpus *v, uint32_t sandbox, uint32_t kind)
{
    for (size_t i = 0; i < v->n_samples; i++) {
        if (v->sample[i].sandbox == sandbox && v->sample[i].kind == kind && v->sample[i].value > 0)
            return true;
    }
    return false;
}

static bool worth_a_panel(const struct run_vcpus *v, uint32_t sandbox)
{
    for (uint32_t i = 0; i < v->n; i++) {
        if (v->vcpu[i].sandbox == sandbox && v->vcpu[i].work != QV_NO_WORK)
            return true;
    }
    return false;
}

static void choose(struct picture *p)
{
    for (uint32_t s = 0; s < QV_MAX_SANDBOXES; s++) {
        bool jobs = sampled(p->v, s, QV_SAMPLE_JOBS) || sampled(p->v, s, QV_SAMPLE_FLOOD);
        if (p->n < MAX_PANELS && worth_a_panel(p->v, s))
            p->panel[p->n++] = (struct panel){s, false};
        if (p->n < MAX_PANELS && jobs)
            p->panel[p->n++] = (struct panel){s, true};
    }
}

struct series {
    uint32_t kind, number; /* of the samples */
    const char *name;
};

struct plot {
    struct series series[MAX_LINES];
    unsigned n;
};

/* A line needs two moments to be drawn between. */
static void add(struct plot *plot, const struct run_vcpus *v, uint32_t sandbox, const struct series *series)
{
    unsigned samples = 0;
    for (size_t i = 0; i < v->n_samples; i++)
        samples += v->sample[i].sandbox == sandbox && v->sample[i].kind == series->kind &&
                   v->sample[i].number == series->number && v->sample[i].t >= v->ready_tsc;
    if (plot->n < MAX_LINES && samples >= 2)
        plot->series[plot->n++] = *series;
}

/* gnuplot has no filter that leaves its lines whole: each line gets a block of its own in the script. */
static void write_block(FILE *out, const struct run_vcpus *v, const struct panel *panel, const struct series *series,
                        unsigned index)
{
    const struct vcpu_sample *last = NULL;
    double hz = (double)v->tsc_hz;

    fprintf(out, "$line%u << EOD\n", index);
    for (size_t i = 0; i < v->n_samples; i++) {
        const struct vcpu_sample *s = &v->sample[i];
        if (s->sandbox != panel->sandbox || s->kind != series->kind || s->number != series->number ||
            s->t < v->ready_tsc)
            continue;
        if (last != NULL && s->t > last->t) {
            double growth = (double)(s->value - last->value) / (double)(s->t - last->t);
            fprintf(out, "%.4f,%.4f\n", ((double)(s->t - v->ready_tsc) + (double)(last->t - v->ready_tsc)) / 2 / hz,
                    panel->rates ? growth * hz : growth * 100);
        }
        last = s;
    }
    fprintf(out, "EOD\n");
}

static void choose_lines(const struct picture *p, const struct panel *panel, struct plot *plot)
{
    plot->n = 0;
    for (uint32_t i = 0; i < p->v->n; i++) {
        const struct run_vcpu *x = &p->v->vcpu[i];
        /* of copies only the first few: their lines lie on each other */
        bool wanted = x->sandbox == panel->sandbox && x->copy < 4 && x->used + x->background_time > 0;
        if (wanted && (!panel->rates || x->jobs > 0))
            add(plot, p->v, panel->sandbox,
                &(struct series){panel->rates ? QV_SAMPLE_JOBS : QV_SAMPLE_VCPU, x->number, x->name});
    }
    if (panel->rates && sampled(p->v, panel->sandbox, QV_SAMPLE_FLOOD))
        add(plot, p->v, panel->sandbox, &(struct series){QV_SAMPLE_FLOOD, 0, "replies to the flood"});
    if (!panel->rates)
        add(plot, p->v, panel->sandbox, &(struct series){QV_SAMPLE_PATH, 0, "scheduler"});
}

/* gnuplot takes blocks of data only outside of its loops. */
static void write_blocks(FILE *out, const struct picture *p)
{
    struct plot plot;
    for (unsigned k = 0; k < p->n; k++) {
        choose_lines(p, &p->panel[k], &plot);
        for (unsigned i = 0; i < plot.n; i++)
            write_block(out, p->v, &p->panel[k], &plot.series[i], k * MAX_LINES + i);
    }
}

static void lines(FILE *out, const struct picture *p, unsigned index)
{
    struct plot plot;
    choose_lines(p, &p->panel[index], &plot);
    for (unsigned i = 0; i < plot.n; i++) {
        fprintf(out, "%s$line%u using 1:2 with linespoints pt 7 ps 0.25 lw 2 lc rgb '%s' title ",
                i == 0 ? "plot " : ", \\\n     ", index * MAX_LINES + i, colours[i]);
        gnuplot_quote(out, plot.series[i].name);
    }
    fprintf(out, "%s\n", plot.n == 0 ? "set xrange [0:1]; plot 0 notitle" : "");
}

static void script(FILE *out, const struct picture *p, const char *title, const char *caption)
{
    unsigned height = FRAME + p->n * PANEL_HEIGHT;
    double top = 1.0 - 70.0 / height;
    double step = (double)PANEL_HEIGHT / height;

    fprintf(out, "# SPDX-License-Identifier: MIT\n");
    write_blocks(out, p);
    gnuplot_begin(out, "vcpus", height);
    fprintf(out,
            "unset datafile columnheaders\nset multiplot\nset lmargin at screen 0.06\nset rmargin at screen 0.84\n"
            "set key at screen 0.99,graph 1 right top samplen 1.4 font small textcolor rgb '#222222'\nset label 1 ");
    gnuplot_quote(out, title);
    fprintf(out, " at screen 0.015,%.4f left font heading\nset label 2 ", 1.0 - 24.0 / height);
    gnuplot_quote(out, caption);
    fprintf(out, " at screen 0.015,%.4f left font note textcolor rgb '#6b6b6b'\n", 14.0 / height);
    for (unsigned i = 0; i < p->n; i++) {
        fprintf(out,
                "set tmargin at screen %.4f\nset bmargin at screen %.4f\nset yrange [0:*]\nset xrange [0:*]\n"
                "set xlabel 'time since ready, s' offset 0,0.5\nset ylabel '%s' offset 0.5,0\n"
                "set label 3 'Sandbox %u: %s' at graph 0,graph 1 offset 0,0.8 left font panel\n",
                top - i * step - 24.0 / height, top - (i + 1) * step + 52.0 / height,
                p->panel[i].rates ? "jobs a second" : "share of the core, %", p->panel[i].sandbox,
                p->panel[i].rates ? "jobs done, replies received" : "processor time");
        lines(out, p, i);
        fprintf(out, "unset label 1\nunset label 2\n");
    }
    gnuplot_end(out);
}

int vcpus_plot(const char *dir, const struct run_vcpus *v, const char *title, const char *caption, bool run_gnuplot,
               struct qv_error *err)
{
    struct picture p = {.v = v};
    char path[4096];

    choose(&p);
    if (p.n == 0)
        return 0;
    (void)snprintf(path, sizeof(path), "%s/vcpus.gp", dir);
    FILE *out = fopen(path, "w");
    if (out == NULL)
        return qv_error_set(err, -errno, "%s: %s", path, strerror(errno));
    script(out, &p, title, caption);
    if (fclose(out) != 0)
        return qv_error_set(err, -EIO, "%s: cannot be written", path);
    return run_gnuplot ? gnuplot_run(dir, "vcpus.gp", err) : 0;
}
