/* SPDX-License-Identifier: MIT */
#include "analysis/tlb_plot.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/gnuplot.h"

#define PICTURE "tlb"
#define WIDTH   1240
#define HEIGHT  1000
#define LEAST   8u /* pages: below, the first walk of a round alone makes the figure */

static bool references(const struct tlb_sweep *sweep, const struct qv_tlb_point *point, double *value)
{
    return tlb_per_access(sweep, point, QV_EMUPMU_WALK_REFERENCES, value);
}

static bool cycles(const struct tlb_sweep *sweep, const struct qv_tlb_point *point, double *value)
{
    return tlb_per_access(sweep, point, QV_EMUPMU_MEMORY_CYCLES, value);
}

struct panel {
    uint32_t pattern; /* enum qv_tlb_pattern */
    bool counted;     /* needs counters */
    bool (*figure)(const struct tlb_sweep *sweep, const struct qv_tlb_point *point, double *value);
    const char *title, *axis;
};

static const struct panel panels[] = {
    {QV_TLB_DATA, true, tlb_walks, "Data: one read in each page", "page walks per access"},
    {QV_TLB_CODE, true, tlb_walks, "Code: one jump in each page", "page walks per access"},
    {QV_TLB_DATA, true, references, "Data: page-table entries read", "entries read by walks, per access"},
    {QV_TLB_DATA, true, cycles, "Data: latencies of the model, added up", "simulated cycles per access"},
    {QV_TLB_DATA, false, tlb_ticks, "Data: one read in each page", "ticks per access"},
    {QV_TLB_CODE, false, tlb_ticks, "Code: one jump in each page", "ticks per access"},
};
#define PANELS (sizeof(panels) / sizeof(panels[0]))

/* Colour and width say what comes between the rounds, the symbol which machine it was. */
static const char *const colours[QV_TLB_CASE_COUNT] = {"#1f6fb2", "#f0a35e", "#7b3fa0"};
static const double widths[QV_TLB_CASE_COUNT] = {1.8, 5, 1.4};
static const int symbols[TLB_PLOT_RUNS] = {7, 5, 9, 13, 6, 4, 8, 12};
static const char *const titles[QV_TLB_CASE_COUNT] = {"base", "TLB flush between rounds", "VM exit between rounds"};

static const char *label_of(const struct tlb_plot_run *run)
{
    switch (run->sweep->nested) {
    case QV_TLB_NESTED_2M:
        return "monitors, nested pages of 2 MiB";
    case QV_TLB_NESTED_4K:
        return "monitors, nested pages of 4 KiB";
    default:
        return "native";
    }
}

/* One curve as a block of data, or nothing but the answer if `out` is NULL: false if it has no point. */
static bool curve(FILE *out, const struct tlb_plot_run *run, const struct panel *panel, uint32_t what, const char *name)
{
    bool any = false;
    for (size_t i = 0; i < run->sweep->n; i++) {
        const struct qv_tlb_point *p = &run->sweep->point[i];
        double value;
        if (p->pattern != panel->pattern || p->between != what || p->pages < LEAST ||
            !panel->figure(run->sweep, p, &value))
            continue;
        if (out != NULL && !any)
            fprintf(out, "%s << END\n", name);
        any = true;
        if (out != NULL)
            fprintf(out, "%u %.6g\n", p->pages, value);
    }
    if (out != NULL && any)
        fprintf(out, "END\n");
    return any;
}

static const char *curve_name(char name[48], size_t panel, size_t run, uint32_t what)
{
    snprintf(name, 48, "$panel%zu_run%zu_%s", panel, run, tlb_case_name(what));
    return name;
}

static void put_data(FILE *out, const struct tlb_plot_run *run, size_t n, size_t panel)
{
    char name[48];
    for (size_t i = 0; i < n; i++)
        for (uint32_t what = 0; what < QV_TLB_CASE_COUNT; what++)
            (void)curve(out, &run[i], &panels[panel], what, curve_name(name, panel, i, what));
}

static void place_panel(FILE *out, const struct panel *panel, size_t index, size_t shown, size_t runs)
{
    const double top = 0.915 - 0.022 * (double)runs;
    const double bottom = 0.09;
    size_t rows = (shown + 1) / 2;
    double height = (top - bottom) / (double)rows;
    double y = top - height * (double)(index / 2);
    double x = index % 2 == 0 ? 0.072 : 0.57;
    fprintf(out,
            "set lmargin at screen %.3f\nset rmargin at screen %.3f\nset tmargin at screen %.3f\nset bmargin at screen "
            "%.3f\nset title '%s' font ',13'\nset ylabel '%s'\nset yrange [0:*]\n",
            x, x + 0.415, y - 0.035, y - height + 0.055, panel->title, panel->axis);
    fprintf(out, index + 2 >= shown ? "set xlabel 'pages'\n" : "unset xlabel\n");
}

static void draw_panel(FILE *out, const struct tlb_plot_run *run, size_t n, size_t panel, size_t index, size_t shown)
{
    char name[48];
    const char *before = "plot ";
    place_panel(out, &panels[panel], index, shown, n);
    for (size_t i = 0; i < n; i++) {
        for (uint32_t what = 0; what < QV_TLB_CASE_COUNT; what++) {
            if (!curve(NULL, &run[i], &panels[panel], what, NULL))
                continue;
            fprintf(out, "%s%s using 1:2 with linespoints lw %.1f pt %d ps 0.7 lc rgb '%s' notitle", before,
                    curve_name(name, panel, i, what), widths[what], symbols[i], colours[what]);
            before = ", ";
        }
    }
    fprintf(out, "\n");
}

static void put_text(FILE *out, const char *text)
{
    for (; *text != '\0'; text++) {
        if (*text == '\'')
            fputc('\'', out);
        if ((unsigned char)*text >= ' ')
            fputc(*text, out);
    }
}

static void legend(FILE *out, const struct tlb_plot_run *run, size_t n)
{
    double y = 0.945;
    for (uint32_t what = 0; what < QV_TLB_CASE_COUNT; what++)
        fprintf(out,
                "set arrow from screen %.3f,%.3f to screen %.3f,%.3f nohead lw %.1f lc rgb '%s' front\n"
                "set label '%s' at screen %.3f,%.3f left tc rgb '#333333' noenhanced\n",
                0.072 + 0.24 * what, y, 0.1 + 0.24 * what, y, widths[what], colours[what], titles[what],
                0.107 + 0.24 * what, y);
    for (size_t i = 0; i < n; i++) {
        y -= i == 0 ? 0.027 : 0.022;
        fprintf(out, "set label '%s (", label_of(&run[i]));
        put_text(out, run[i].result->scenario);
        fprintf(out,
                ")' at screen 0.09,%.3f left offset 1.2,-0.35 point pt %d ps 1.1 lc rgb '#333333' tc rgb '#333333' "
                "noenhanced\n",
                y, symbols[i]);
    }
}

static void caption(FILE *out, const struct tlb_plot_run *run)
{
    const struct run_result *r = run->result;
    fprintf(out, "set label 'platform ");
    put_text(out, r->platform);
    fprintf(out, "; one tick: ");
    put_text(out, r->tick.what);
    fprintf(out, "' at screen 0.072,0.058 left tc rgb '#444444' font ',10' noenhanced\n");
    fprintf(out,
            "set label '%u rounds at each point, the point without pages taken off; stride %u bytes, one run of "
            "each machine",
            run->sweep->n > 0 ? run->sweep->point[0].rounds : 0, QV_TLB_STRIDE);
    fprintf(out, "' at screen 0.072,0.037 left tc rgb '#444444' font ',10' noenhanced\nset label '");
    if (run->sweep->counted == 0)
        fprintf(out, "this machine has no performance counters: no event is shown");
    else if (run->sweep->emulated)
        fprintf(out, "simulated: %s. All counts are those of a model of this processor that the emulator feeds",
                run->sweep->model);
    else
        fprintf(out, "events: counted by the processor");
    fprintf(out, "' at screen 0.072,0.016 left tc rgb '#b00020' font ',10' noenhanced\n");
}

static bool can_show(const struct tlb_plot_run *run, size_t n, const struct panel *panel)
{
    double value;
    if (panel->counted != (run[0].sweep->counted != 0))
        return false;
    for (size_t i = 0; i < n; i++) {
        for (size_t k = 0; k < run[i].sweep->n; k++) {
            const struct qv_tlb_point *p = &run[i].sweep->point[k];
            if (p->pattern == panel->pattern && panel->figure(run[i].sweep, p, &value))
                return true;
        }
    }
    return false;
}

static bool script(FILE *out, const struct tlb_plot_run *run, size_t n)
{
    size_t shown = 0;
    size_t index = 0;
    fprintf(out, "# Draws " PICTURE ".svg and " PICTURE ".png: gnuplot " PICTURE
                 ".gp. Figures per access, from " TLB_CSV ".\n");
    for (size_t i = 0; i < PANELS; i++) {
        if (!can_show(run, n, &panels[i]))
            continue;
        put_data(out, run, n, i);
        shown++;
    }
    fprintf(out,
            "set border 3 lc rgb '#666666'\nset tics nomirror out\nset grid lc rgb '#e4e4e4' lt 1\nset xrange "
            "[0:1024]\nset xtics 0,128\nunset key\ndo for [t in 'svg png'] {\n"
            "if (t eq 'svg') { set terminal svg size %d,%d font 'DejaVu Sans,12' background rgb 'white' } else "
            "{ set terminal png size %d,%d font 'DejaVu Sans,11' background rgb 'white' }\n"
            "set output '" PICTURE ".'.t\nset multiplot\n"
            "set label 'TLB sweeps' at screen 0.072,0.975 left font ',15'\n",
            WIDTH, HEIGHT, WIDTH, HEIGHT);
    legend(out, run, n);
    caption(out, run);
    for (size_t i = 0; i < PANELS; i++) {
        if (!can_show(run, n, &panels[i]))
            continue;
        draw_panel(out, run, n, i, index, shown);
        if (index++ == 0)
            fprintf(out, "unset label\nunset arrow\n");
    }
    fprintf(out, "unset multiplot\nset output\n}\n");
    return shown > 0;
}

static int check(const struct tlb_plot_run *run, size_t n, struct qv_error *err)
{
    if (n == 0 || n > TLB_PLOT_RUNS)
        return qv_error_set(err, -EINVAL, "%zu TLB sweeps, expected 1 to %u for one picture", n, TLB_PLOT_RUNS);
    for (size_t i = 1; i < n; i++) {
        if (strcmp(run[i].result->platform, run[0].result->platform) != 0 ||
            run[i].result->tick.kind != run[0].result->tick.kind)
            return qv_error_set(err, -EINVAL, "%s and %s: their ticks are not the same thing, expected one platform",
                                run[0].result->scenario, run[i].result->scenario);
        if (run[i].sweep->counted != run[0].sweep->counted || run[i].sweep->emulated != run[0].sweep->emulated ||
            strcmp(run[i].sweep->model, run[0].sweep->model) != 0)
            return qv_error_set(err, -EINVAL, "%s and %s: their events were not counted by the same processor or model",
                                run[0].result->scenario, run[i].result->scenario);
    }
    return 0;
}

int tlb_plot(const char *dir, const struct tlb_plot_run *run, size_t n, struct qv_error *err)
{
    char path[4096];
    int result = check(run, n, err);
    if (result != 0)
        return result;
    (void)snprintf(path, sizeof(path), "%s/" PICTURE ".gp", dir);
    FILE *out = fopen(path, "w");
    if (out == NULL)
        return qv_error_set(err, -errno, "%s: %s", path, strerror(errno));
    bool any = script(out, run, n);
    if (fclose(out) != 0)
        return qv_error_set(err, -EIO, "%s: cannot be written", path);
    return any ? gnuplot_run(dir, PICTURE ".gp", err) : qv_error_set(err, -ENODATA, "%s: no point to draw", dir);
}

int tlb_redraw(const char *dir, struct qv_error *err)
{
    char path[4096];
    struct tlb_sweep *sweep = calloc(1, sizeof(*sweep));
    struct run_result *result = sweep != NULL ? result_read(dir, err) : NULL;
    int code = sweep == NULL ? qv_error_set(err, -ENOMEM, "out of memory") : result == NULL ? -ENOENT : 0;
    (void)snprintf(path, sizeof(path), "%s/" TLB_CSV, dir);
    if (code == 0)
        code = tlb_read_csv(sweep, path, err);
    if (code == 0)
        code = tlb_plot(dir, &(struct tlb_plot_run){result, sweep}, 1, err);
    result_free(result);
    free(sweep);
    return code;
}
