/* SPDX-License-Identifier: MIT */
/*
 * The picture: the whole run on top; below it, from the fault on, a bar that says where the time went, the replies in
 * fine bins and every request's latency, all three on one time axis. Screen positions are fractions of the picture.
 */
#include "analysis/plot_script.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "analysis/gnuplot.h"
#include "analysis/names.h"
#include "analysis/text.h"
#include "qv/fault.h"

#define LEFT       0.062
#define RIGHT      0.985
#define ZOOM_RIGHT 0.795 /* the legend of the phases stands to the right of it */

#define INK    "#222222"
#define FAINT  "#6b6b6b"
#define GRID   "#e4e4e4"
#define GOOD   "#1f6fb2"
#define FILL   "#b9d3ea"
#define DUE    "#3a3a3a"
#define BAD    "#c8102e"
#define REPLY  "#1a7f37"
#define WARMUP "#f1f1f1"

static const struct {
    uint32_t phase;
    const char *colour;
    const char *title;
} styles[] = {
    {QV_PHASE_DETECTION, "#d55e00", "detection"},
    {QV_PHASE_VM_EXIT, "#cc79a7", "VM exit"},
    {QV_PHASE_DECISION, "#7b5aa6", "decision"},
    {QV_PHASE_DRIVER_SWITCH, "#e69f00", "driver switch"},
    {QV_PHASE_SANDBOX_RELOAD, "#e69f00", "sandbox reload"},
    {QV_PHASE_IPI, "#e69f00", "IPI, one way"},
    {QV_PHASE_VM_ENTER, "#a6611a", "VM enter"},
    {QV_PHASE_RESUME, "#e8d33a", "resume"},
    {QV_PHASE_KERNEL_BOOT, "#e8d33a", "kernel boot"},
    {QV_PHASE_DRIVER_REINIT, "#009e73", "driver re-init"},
    {QV_PHASE_NET_REINIT, "#56b4e9", "network re-init"},
    {QV_PHASE_FIRST_REPLY, "#9dc55b", "first good reply"},
    {QV_PHASE_IPI_ROUND_TRIP, "#999999", "IPI round trip"},
};

/* Without a recovery there is no legend and no bar: the panels take their room. */
static double zoom_right(const struct timeline_view *v)
{
    return v->zoom && v->r->recoveries.n > 0 ? ZOOM_RIGHT : RIGHT;
}

static double zoom_top(const struct timeline_view *v)
{
    return v->r->recoveries.n > 0 ? 0.548 : 0.645;
}

static size_t style_of(const char *name)
{
    int phase = qv_phase_by_name(name);
    for (size_t i = 0; i < sizeof(styles) / sizeof(styles[0]); i++) {
        if (phase > 0 && styles[i].phase == (uint32_t)phase)
            return i;
    }
    return 0;
}

static const struct timeline_span *event_of(const struct timeline_view *v, const char *name)
{
    for (size_t i = 0; i < v->n_spans; i++) {
        if (v->span[i].event && v->span[i].recovery == v->chosen && strcmp(v->span[i].name, name) == 0)
            return &v->span[i];
    }
    return NULL;
}

static void describe_load(const struct run_result *r, char *out, size_t size)
{
    char rate[32];
    char bytes[32];
    text_count(rate, sizeof(rate), r->load_rate);
    text_count(bytes, sizeof(bytes), r->load_page_bytes);
    (void)snprintf(out, size, "%s requests/s, %s arrivals, pages of %s bytes, %s", rate,
                   r->load_poisson ? "Poisson" : "constant", bytes,
                   r->load_keepalive ? "keep-alive" : "one connection per request");
}

static void describe_outcome(const struct timeline_view *v, char *out, size_t size)
{
    const struct run_result *r = v->r;
    char outage[32];
    text_ms(outage, sizeof(outage), r->outage_ms);
    char name[64];
    (void)snprintf(name, sizeof(name), "%s", outcome_name(r->outcome));
    for (char *c = name; *c != '\0'; c++) {
        if (*c == '_')
            *c = ' ';
    }
    int n = snprintf(out, size, "outcome: %s", name);
    if (r->recoveries.activations > 0 && n > 0 && (size_t)n < size)
        n += snprintf(out + n, size - (size_t)n, "   ·   fault: %s   ·   detected by: %s",
                      qv_fault_name(r->recoveries.first_fault != 0 ? r->recoveries.first_fault : r->fault[0].model),
                      qv_detection_name(r->detected_by));
    if (n > 0 && (size_t)n < size)
        (void)snprintf(out + n, size - (size_t)n, "   ·   longest gap between good replies: %s%s",
                       r->load.outage_open ? "more than " : "", outage);
}

static void head(FILE *out, const struct timeline_view *v)
{
    int height = v->zoom ? 1230 : 900;
    fprintf(out, "# SPDX-License-Identifier: MIT\n"
                 "# Draws timeline.svg and timeline.png from timeline.csv and requests.csv: gnuplot timeline.gp\n");
    fprintf(out, "set encoding utf8\nset datafile separator ','\nset datafile columnheaders\n"
                 "do for [kind in 'svg png'] {\n");
    fprintf(out,
            "if (kind eq 'svg') {\n"
            "  set terminal svg size 1400,%d dynamic rounded noenhanced font 'DejaVu Sans,14' background '#ffffff'\n"
            "} else {\n"
            "  set terminal pngcairo size 2800,%d noenhanced rounded font 'DejaVu Sans,10.5' fontscale 2 linewidth 2 "
            "pointscale 2 background '#ffffff'\n"
            "}\n"
            "set output 'timeline.'.kind\n",
            height, 2 * height);
    /* SVG counts in pixels, cairo in points. */
    fprintf(out, "sans(size) = sprintf('DejaVu Sans,%%.1f', kind eq 'svg' ? size * 1.333 : size)\n"
                 "sans_bold(size) = sprintf('DejaVu Sans Bold,%%.1f', kind eq 'svg' ? size * 1.333 : size)\n"
                 "small = sans(9); note = sans(9.5); body = sans(10)\n"
                 "strong = sans_bold(10); panel = sans_bold(10.5); heading = sans_bold(13)\n");
    fprintf(out,
            "set style textbox opaque fillcolor rgb '#ffffff' noborder margins 0.6,0.4\n"
            "set multiplot\nset border 3 lc rgb '" FAINT "' lw 1\nset tics nomirror out scale 0.5 textcolor rgb '" INK
            "'\nset grid ytics lt 1 lc rgb '" GRID "' lw 1\nset key off\n");
}

static void put_label(FILE *out, const char *text, double x, double y, const char *more)
{
    fprintf(out, "set label ");
    gnuplot_quote(out, text);
    fprintf(out, " at screen %.4f,%.4f %s\n", x, y, more);
}

/* Title above and provenance below, as labels of the first panel. */
static void captions(FILE *out, const struct timeline_view *v)
{
    const struct run_result *r = v->r;
    char text[1024];
    char load[256];
    describe_load(r, load, sizeof(load));
    (void)snprintf(text, sizeof(text), "%s: web service under %s", r->scenario[0] != '\0' ? r->scenario : "run", load);
    put_label(out, text, LEFT - 0.047, v->zoom ? 0.972 : 0.963, "left font heading textcolor rgb '" INK "'");
    describe_outcome(v, text, sizeof(text));
    put_label(out, text, LEFT - 0.047, v->zoom ? 0.946 : 0.927, "left textcolor rgb '" FAINT "'");
    char hz[32];
    text_count(hz, sizeof(hz), r->tick.hz);
    (void)snprintf(text, sizeof(text), "platform %s   ·   one tick: %s (%s/s)", r->platform, r->tick.what, hz);
    put_label(out, text, LEFT - 0.047, v->zoom ? 0.033 : 0.046, "left font note textcolor rgb '" FAINT "'");
    (void)snprintf(text, sizeof(text),
                   "load by %s   ·   latency counts from the intended time of sending   ·   seed %" PRIu64
                   "   ·   commit %.12s%s   ·   %s",
                   load_tool_name(r->load_tool), r->seed,
                   r->provenance.commit[0] != '\0' ? r->provenance.commit : "unknown", r->provenance.dirty ? "+" : "",
                   r->provenance.time);
    put_label(out, text, LEFT - 0.047, v->zoom ? 0.012 : 0.018, "left font note textcolor rgb '" FAINT "'");
}

static void margins(FILE *out, double left, double right, double bottom, double top)
{
    fprintf(out,
            "set lmargin at screen %.4f\nset rmargin at screen %.4f\nset bmargin at screen %.4f\n"
            "set tmargin at screen %.4f\n",
            left, right, bottom, top);
}

/* Panels have no titles of gnuplot's: a label over the left end of the axis says what is drawn, with its colours. */
static void panel_title(FILE *out, const char *text)
{
    fprintf(out, "set label ");
    gnuplot_quote(out, text);
    fprintf(out, " at graph 0,graph 1 offset character 0,0.9 left font panel textcolor rgb '" INK "'\n");
}

static void clear_marks(FILE *out)
{
    fprintf(out, "unset label\nunset object\nunset arrow\n");
}

static void overview_marks(FILE *out, const struct timeline_view *v)
{
    if (v->warmup_ms > 0)
        fprintf(out,
                "set object 1 rect from 0,graph 0 to %.4f,graph 1 fc rgb '" WARMUP "' fs solid noborder behind\n"
                "set label 'warm-up' at %.4f,graph 0.06 center font small textcolor rgb '" INK "' front\n",
                v->warmup_ms / 1e3, v->warmup_ms / 2e3);
    if (v->zoom)
        fprintf(out, "set object 2 rect from %.6f,graph 0 to %.6f,graph 1 fc rgb '#fbe9d7' fs solid noborder behind\n",
                v->from_ms / 1e3, v->to_ms / 1e3);
    for (size_t i = 0; i < v->n_spans; i++) {
        double x = v->span[i].begin_ms / 1e3;
        if (v->span[i].event && strcmp(v->span[i].name, "fault") == 0)
            fprintf(out,
                    "set arrow from %.6f,graph 0 to %.6f,graph 1 nohead lc rgb '" BAD "' lw 1.4 front\n"
                    "set label 'fault' at %.6f,graph 0.9 offset character -0.6,0 right font small textcolor "
                    "rgb '" BAD "' front\n",
                    x, x, x);
    }
}

static void overview(FILE *out, const struct timeline_view *v)
{
    double scale = 1e3 / v->coarse_ms;
    double top = fmax(fmax(v->coarse_peak, v->rate) * 1.12, 1.35 * v->rate);
    if (top > 3.5 * v->rate)
        top = 2.2 * v->rate;
    fprintf(out, "# The whole run\n");
    captions(out, v);
    margins(out, LEFT, RIGHT, v->zoom ? 0.735 : 0.545, v->zoom ? 0.885 : 0.845);
    char title[160];
    const struct load_stats *s = &v->r->load;
    char sent[32];
    char good[32];
    text_count(sent, sizeof(sent), (double)s->sent);
    text_count(good, sizeof(good), (double)s->good);
    (void)snprintf(title, sizeof(title),
                   "Whole run: %s sent, %s good, %" PRIu64 " errors, %" PRIu64 " lost   (bins of %.0f ms)", sent, good,
                   s->errors, s->lost, v->coarse_ms);
    panel_title(out, title);
    fprintf(out,
            "set xrange [0:%.4f]\nset yrange [0:%.3f]\nset xlabel 'time since the load began, s' offset 0,0.4\n"
            "set ylabel 'per second' offset 0.6,0\nset format y '%%.0f'\n",
            v->end_ms / 1e3, top);
    fprintf(out, "set key at graph 1,graph 1.16 right top horizontal samplen 1.6 textcolor rgb '" INK "'\n");
    overview_marks(out, v);
    /* A little wider than the bins: side by side they would show seams. */
    fprintf(out, "set boxwidth %.6f absolute\n", v->coarse_ms / 1e3 * 1.04);
    fprintf(out, "coarse(t) = (floor(t / %.0f.) + 0.5) * %.6f\n", v->coarse_ms, v->coarse_ms / 1e3);
    /* The last bin is cut off by the end and would look like a drop: leave it out. */
    fprintf(out, "inside(t) = t < floor(%.6f / %.0f.) * %.0f\n", v->end_ms, v->coarse_ms, v->coarse_ms);
    fprintf(out,
            "plot 'timeline.csv' using (inside($1) ? coarse($1) : NaN):($4*%.6f) smooth frequency with "
            "boxes "
            "fc rgb '" FILL "' fs solid 1 noborder notitle, \\\n"
            "  '' using (inside($1) ? coarse($1) : NaN):($4*%.6f) smooth frequency with histeps lc rgb '" GOOD
            "' lw 1.5 title 'good replies', \\\n"
            "  '' using (inside($1) ? coarse($1) : NaN):($2*%.6f) smooth frequency with histeps lc rgb '" DUE
            "' lw 1 title 'requests due', \\\n"
            "  '' using (inside($1) && $5+$6 > 0 ? coarse($1) : NaN):(($5+$6)*%.6f) smooth frequency with boxes "
            "fc rgb '" BAD "' fs solid 0.85 noborder title 'errors and losses'\n",
            scale, scale, scale, scale);
    clear_marks(out);
    fprintf(out, "set key off\n");
}

/* All phases of all recoveries behind a panel whose x axis is ms since zero. */
static void shade_phases(FILE *out, const struct timeline_view *v)
{
    unsigned id = 10;
    for (size_t i = 0; i < v->n_spans && id < 400; i++) {
        const struct timeline_span *s = &v->span[i];
        if (s->event || s->overlapping || s->end_ms < v->from_ms || s->begin_ms > v->to_ms)
            continue;
        fprintf(out,
                "set object %u rect from %.6f,graph 0 to %.6f,graph 1 fc rgb '%s' fs transparent solid 0.22 noborder "
                "behind\n",
                id++, fmax(s->begin_ms, v->from_ms) - v->zero_ms, fmin(s->end_ms, v->to_ms) - v->zero_ms,
                styles[style_of(s->name)].colour);
    }
}

static void vertical(FILE *out, double x, const char *colour, const char *dash)
{
    fprintf(out, "set arrow from %.6f,graph 0 to %.6f,graph 1 nohead lc rgb '%s' lw 1.3 %s front\n", x, x, colour,
            dash);
}

static void mark_events(FILE *out, const struct timeline_view *v, bool names)
{
    for (size_t i = 0; i < v->n_spans; i++) {
        const struct timeline_span *s = &v->span[i];
        bool fault = strcmp(s->name, "fault") == 0;
        bool reply = strcmp(s->name, "first_good_reply") == 0;
        if (!s->event || (!fault && !reply) || s->begin_ms < v->from_ms || s->begin_ms > v->to_ms)
            continue;
        double x = s->begin_ms - v->zero_ms;
        vertical(out, x, fault ? BAD : REPLY, "");
        if (!names || s->recovery != v->chosen)
            continue;
        char text[96];
        char after[32];
        text_ms(after, sizeof(after), x);
        (void)snprintf(text, sizeof(text), fault ? "fault" : "first good reply sent, +%s", after);
        fprintf(out, "set label ");
        gnuplot_quote(out, text);
        /* Beside the line inside the panel where the panel's title takes the room above. */
        double share = (s->begin_ms - v->from_ms) / (v->to_ms - v->from_ms);
        bool inside = fault || share * (zoom_right(v) - LEFT) < 0.31;
        fprintf(out, " at %.6f,graph %s offset character %s %s font small textcolor rgb '%s' front\n", x,
                inside ? "0.93" : "1",
                fault    ? "-0.6,0"
                : inside ? "0.6,0"
                         : "0,0.5",
                fault ? "right" : "left", fault ? BAD : REPLY);
    }
}

/* Swatch, name and length of each phase of the first recovery. */
static void legend(FILE *out, const struct timeline_view *v)
{
    const struct run_result *r = v->r;
    const struct recovery *x = r->recoveries.n > v->chosen ? &r->recoveries.item[v->chosen] : NULL;
    double y = 0.66;
    unsigned id = 500;
    bool overlap = false;
    char text[160];
    char length[32];
    if (x == NULL)
        return;
    if (r->recoveries.n > 1)
        (void)snprintf(text, sizeof(text), "Recovery %zu of %zu, %s", v->chosen + 1, r->recoveries.n,
                       qv_policy_name(x->policy));
    else
        (void)snprintf(text, sizeof(text), "Recovery, %s", qv_policy_name(x->policy));
    put_label(out, text, ZOOM_RIGHT + 0.022, y, "left font panel textcolor rgb '" INK "'");
    for (size_t i = 0; i < v->n_spans && y > 0.12; i++) {
        const struct timeline_span *s = &v->span[i];
        if (s->event || s->recovery != v->chosen)
            continue;
        y -= 0.0285;
        overlap = overlap || s->overlapping;
        fprintf(out, "set object %u rect from screen %.4f,screen %.4f to screen %.4f,screen %.4f fc rgb '%s' fs %s\n",
                id++, ZOOM_RIGHT + 0.022, y - 0.008, ZOOM_RIGHT + 0.036, y + 0.008, styles[style_of(s->name)].colour,
                s->overlapping ? "empty border rgb '#999999'" : "solid noborder");
        put_label(out, styles[style_of(s->name)].title, ZOOM_RIGHT + 0.043, y,
                  "left font body textcolor rgb '" INK "'");
        text_ms(length, sizeof(length), s->end_ms - s->begin_ms);
        put_label(out, length, RIGHT, y, "right font body textcolor rgb '" INK "'");
    }
    if (!x->complete || !(r->tick.hz > 0))
        return;
    y -= 0.034;
    fprintf(out, "set arrow from screen %.4f,screen %.4f to screen %.4f,screen %.4f nohead lc rgb '" FAINT "' lw 1\n",
            ZOOM_RIGHT + 0.022, y + 0.017, RIGHT, y + 0.017);
    put_label(out, "fault to first reply", ZOOM_RIGHT + 0.022, y, "left font body textcolor rgb '" INK "'");
    text_ms(length, sizeof(length), (double)x->end_to_end * 1e3 / r->tick.hz);
    put_label(out, length, RIGHT, y, "right font strong textcolor rgb '" INK "'");
    y -= 0.0285;
    (void)snprintf(text, sizeof(text), "phases add up to %.1f %%%s", 100 * (1 + x->difference),
                   x->flagged ? " (flagged)" : "");
    put_label(out, text, ZOOM_RIGHT + 0.022, y,
              x->flagged ? "left font note textcolor rgb '" BAD "'" : "left font note textcolor rgb '" FAINT "'");
    if (overlap) {
        put_label(out, "A phase marked by a frame", ZOOM_RIGHT + 0.022, y - 0.045,
                  "left font small textcolor rgb '" FAINT "'");
        put_label(out, "overlaps others: not in the sum.", ZOOM_RIGHT + 0.022, y - 0.065,
                  "left font small textcolor rgb '" FAINT "'");
    }
}

/* A bar from the fault to the first good reply, cut into phases. */
static void recovery_bar(FILE *out, const struct timeline_view *v)
{
    const struct timeline_span *fault = event_of(v, "fault");
    const struct timeline_span *reply = event_of(v, "first_good_reply");
    double length = fault != NULL && reply != NULL ? reply->begin_ms - fault->begin_ms : 0;
    if (!(length > 0))
        return;
    fprintf(out, "# Where the time went\n");
    margins(out, LEFT, ZOOM_RIGHT, 0.628, 0.652);
    panel_title(out, "Where the time went, from the fault to the first good reply");
    unsigned id = 10;
    for (size_t i = 0; i < v->n_spans && id < 100; i++) {
        const struct timeline_span *s = &v->span[i];
        if (s->event || s->recovery != v->chosen || s->overlapping)
            continue;
        double begin = s->begin_ms - fault->begin_ms;
        double end = s->end_ms - fault->begin_ms;
        fprintf(out, "set object %u rect from %.6f,0 to %.6f,1 fc rgb '%s' fs solid 0.9 noborder\n", id++, begin, end,
                styles[style_of(s->name)].colour);
        const char *title = styles[style_of(s->name)].title;
        if ((end - begin) / length > 0.0065 * (double)strlen(title) + 0.012)
            fprintf(out, "set label '%s' at %.6f,0.5 center font small textcolor rgb '" INK "' front\n", title,
                    (begin + end) / 2);
    }
    fprintf(out,
            "set xrange [0:%.6f]\nset yrange [0:1]\nunset ytics\nunset ylabel\nunset grid\nset border 1\n"
            "set xlabel 'ms since the fault' offset 0,0.5\nplot NaN notitle\n"
            "set ytics nomirror out scale 0.5 textcolor rgb '" INK "'\nset border 3\nset grid ytics lt 1 lc rgb '" GRID
            "' lw 1\n",
            length);
    clear_marks(out);
}

static void outage_arrow(FILE *out, const struct timeline_view *v, double top)
{
    const struct load_stats *s = &v->r->load;
    char length[32];
    /* Clear of the line of requests due. */
    double y = v->rate > 0.4 * top && v->rate < 0.72 * top ? 0.8 * top : 0.56 * top;
    double from = s->outage_start_ms - v->zero_ms;
    double to = s->outage_end_ms - v->zero_ms;
    if (s->outage_end_ms <= v->from_ms || s->outage_start_ms < v->from_ms || s->outage_start_ms >= v->to_ms)
        return;
    text_ms(length, sizeof(length), s->outage_ms);
    fprintf(out,
            "set arrow from %.6f,%.3f to %.6f,%.3f heads size screen 0.006,20 filled lc rgb '" INK "' lw 1.3 front\n",
            from, y, fmin(to, v->to_ms - v->zero_ms), y);
    fprintf(out,
            "set label 'no good reply: %s%s' at %.6f,%.3f center boxed font strong textcolor rgb '" INK "' front\n",
            s->outage_open ? "more than " : "", length, (from + fmin(to, v->to_ms - v->zero_ms)) / 2, y + 0.07 * top);
}

static void replies_panel(FILE *out, const struct timeline_view *v)
{
    double scale = 1e3 / v->bin_ms;
    double most = fmax(v->peak, v->rate);
    double top = most * 1.2;
    bool clipped = most > 5 * v->rate;
    if (clipped)
        top = 3.5 * v->rate;
    fprintf(out, "# Replies around the fault\n");
    margins(out, LEFT, zoom_right(v), zoom_top(v) / 2 + 0.078, zoom_top(v));
    char title[160];
    (void)snprintf(title, sizeof(title), "Replies (bars) and requests due (line), bins of %.0f ms", v->bin_ms);
    panel_title(out, title);
    shade_phases(out, v);
    mark_events(out, v, true);
    outage_arrow(out, v, top);
    legend(out, v);
    if (clipped) {
        char peak[32];
        text_count(peak, sizeof(peak), v->peak);
        fprintf(out,
                "set label 'peak %s/s' at graph 0.99,graph 0.93 right font small "
                "textcolor rgb '" GOOD "' front\n",
                peak);
    }
    fprintf(out,
            "set xrange [%.4f:%.4f]\nset yrange [0:%.3f]\nset format x ''\nunset xlabel\n"
            "set ylabel 'per second' offset 0.6,0\nset boxwidth %.3f absolute\n",
            v->from_ms - v->zero_ms, v->to_ms - v->zero_ms, top, 0.86 * v->bin_ms);
    fprintf(out, "at(t) = t + %.3f - (%.6f)\n", v->bin_ms / 2, v->zero_ms);
    /* With a request or two per bin the beat between rate and bins would drown the line. */
    if (v->rate * v->bin_ms < 5e3)
        fprintf(out, "due(n) = %g\n", v->rate);
    else
        fprintf(out, "due(n) = n * %.6f\n", scale);
    fprintf(out,
            "plot 'timeline.csv' using (at($1)):($4*%.6f) with boxes fc rgb '" GOOD
            "' fs solid 0.75 noborder notitle, \\\n"
            "  '' using (at($1)):(due($2)) with histeps lc rgb '" DUE "' lw 1 notitle, \\\n"
            "  '' using ($5+$6 > 0 ? at($1) : NaN):(($5+$6)*%.6f) with boxes fc rgb '" BAD
            "' fs solid 0.9 noborder notitle\n",
            scale, scale);
    clear_marks(out);
}

static void latency_axis(FILE *out, const struct timeline_view *v)
{
    double low = pow(10, floor(log10(fmax(v->latency_min, 1e-3))));
    double high = pow(10, ceil(log10(fmax(v->latency_max, low * 10) * 1.3)));
    fprintf(out,
            "set logscale y\nset yrange [%g:%g]\nset format y '%%g'\nset ylabel 'latency, ms' offset 0.6,0\n"
            "bad_y = %g\n",
            low, high, high * 0.7);
}

static void latency_panel(FILE *out, const struct timeline_view *v)
{
    fprintf(out, "# Every request\n");
    margins(out, LEFT, zoom_right(v), v->zoom ? 0.108 : 0.155, v->zoom ? zoom_top(v) / 2 + 0.03 : 0.435);
    panel_title(out, "Latency of every request, at its intended time of sending");
    double zero = v->zoom ? v->zero_ms : 0;
    double unit = v->zoom ? 1 : 1e-3;
    if (v->zoom) {
        shade_phases(out, v);
        mark_events(out, v, false);
        fprintf(out, "set xrange [%.4f:%.4f]\nset xlabel 'ms since the %s' offset 0,0.4\n", v->from_ms - v->zero_ms,
                v->to_ms - v->zero_ms, v->zero_is_fault ? "fault" : "last good reply before the gap");
    } else {
        fprintf(out, "set xrange [0:%.4f]\nset xlabel 'time since the load began, s' offset 0,0.4\n", v->end_ms / 1e3);
    }
    fprintf(out, "set format x '%%g'\n");
    latency_axis(out, v);
    fprintf(out, "set key at graph 1,graph 1.14 right top horizontal samplen 0.8 textcolor rgb '" INK "'\n");
    fprintf(
        out,
        "plot 'requests.csv' using ($2/1e3-(%.6f))*%g:(strcol(6) eq 'good' ? ($5-$2)/1e3 : NaN) with points pt 7 ps "
        "%s lc rgb '" GOOD "' title 'good', \\\n"
        "  '' using ($2/1e3-(%.6f))*%g:(strcol(6) eq 'good' ? NaN : bad_y) with points pt 2 ps 0.6 lw 1.4 lc rgb '" BAD
        "' title 'error or lost'\n",
        zero, unit, v->zoom ? "0.32" : "0.18", zero, unit);
    fprintf(out, "unset logscale y\n");
    clear_marks(out);
}

void plot_script_write(FILE *out, const struct timeline_view *v)
{
    head(out, v);
    overview(out, v);
    if (v->zoom) {
        recovery_bar(out, v);
        replies_panel(out, v);
    }
    latency_panel(out, v);
    fprintf(out, "unset multiplot\nunset output\nset key off\n}\n");
}
