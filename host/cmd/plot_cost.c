/* SPDX-License-Identifier: MIT */
#include "cmd/plot_cost.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "analysis/gnuplot.h"
#include "analysis/names.h"
#include "analysis/result.h"
#include "cmd/cmd.h"
#include "cmd/paths.h"

#define ROWS_MAX 256u

/* Runs of one kind: they differ in nothing that is shown. */
struct row {
    uint32_t mode, traffic, bytes, sharers, nics;
    bool unshared, paths;
    unsigned runs;
    struct cost_figures f; /* sums over the runs */
    struct run_cost cost;  /* of the first run */
};

struct figures {
    struct row row[ROWS_MAX];
    size_t n;
    char platform[48];
    char tick[128];
    char simulated[32];
    bool ticks_only; /* nobody counted, but the clock tells how long paths are */
    char reason[64]; /* then: why nobody did */
};

static double per(double what, double of)
{
    return of > 0 ? what / of : 0;
}

/* What the instructions are divided by: requests, or frames received for these sandboxes and sent by them. */
static double units(const struct row *row)
{
    return row->traffic == QV_TRAFFIC_NONE ? row->f.requests : row->f.packets;
}

static void count_sandboxes(const struct run_cost *cost, struct row *row)
{
    uint32_t used = 0;
    for (uint32_t i = 0; i < cost->n_sandboxes; i++) {
        if (!cost->sandbox[i].present || (cost->sandbox[i].roles & QV_ROLE_WEB) == 0)
            continue;
        row->sharers++;
        used |= 1u << (cost->sandbox[i].nic & 31u);
    }
    row->nics = (uint32_t)__builtin_popcount(used);
}

static bool same(const struct row *a, const struct row *b)
{
    return a->mode == b->mode && a->traffic == b->traffic && a->bytes == b->bytes && a->sharers == b->sharers &&
           a->nics == b->nics && a->unshared == b->unshared && a->paths == b->paths;
}

static void add(struct cost_figures *to, const struct cost_figures *f)
{
    to->requests += f->requests;
    to->packets += f->packets;
    to->skipped += f->skipped;
    to->bytes += f->bytes;
    to->irqs += f->irqs;
    to->irq_acks += f->irq_acks;
    to->exits += f->exits;
    to->lock_waits += f->lock_waits;
    to->lock_wait_ticks += f->lock_wait_ticks;
    to->core += f->core;
    to->driver += f->driver;
    to->window_ticks += f->window_ticks;
}

/* Ticks of one core's own clock, by path: of the instruction clock, which others' instructions move on, they say
 * nothing. */
static bool has_lengths(const struct run_result *r, const struct cost_figures *f)
{
    return f->paths && (r->tick.kind == RUN_TICK_EMULATED || r->tick.kind == RUN_TICK_HARDWARE);
}

static int take(struct figures *all, const char *dir, struct qv_error *why)
{
    struct run_result *r = result_read(dir, why);
    struct row row = {.runs = 1};
    if (r == NULL)
        return -EINVAL;
    int code = 0;
    if (!r->cost.present || !cost_figures(&r->cost, &row.f))
        code = qv_error_set(why, -ENODATA, "%s: no report on costs, expected a run with the key cost", dir);
    else if (!row.f.counted && !has_lengths(r, &row.f))
        code = qv_error_set(why, -ENODATA, "%s: no PMU (%s), so instructions are unknown", dir,
                            r->cost.sandbox[0].area.reason);
    else if (all->n == ROWS_MAX)
        code = qv_error_set(why, -E2BIG, "more than %u results", ROWS_MAX);
    else if (all->n > 0 && all->ticks_only == row.f.counted)
        code = qv_error_set(why, -EINVAL, "%s: instructions and ticks do not go into one table", dir);
    else if (all->n > 0 && (strcmp(all->platform, r->platform) != 0 || strcmp(all->tick, r->tick.what) != 0))
        code = qv_error_set(why, -EINVAL, "%s: of another platform, or with other ticks, than the first", dir);
    if (code == 0) {
        snprintf(all->platform, sizeof(all->platform), "%s", r->platform);
        snprintf(all->tick, sizeof(all->tick), "%s", r->tick.what);
        all->ticks_only = !row.f.counted;
        snprintf(all->reason, sizeof(all->reason), "%s", r->cost.sandbox[0].area.reason);
        for (uint32_t i = 0; i < r->cost.n_sandboxes; i++)
            if (r->cost.sandbox[i].area.model[0] != '\0')
                snprintf(all->simulated, sizeof(all->simulated), "%s", r->cost.sandbox[i].area.model);
        row.mode = r->mode;
        row.traffic = r->cost.traffic;
        row.bytes = r->cost.bytes;
        row.unshared = r->cost.unshared;
        row.paths = row.f.paths;
        row.cost = r->cost;
        count_sandboxes(&r->cost, &row);
        size_t at = 0;
        while (at < all->n && !same(&all->row[at], &row))
            at++;
        if (at == all->n) {
            all->row[all->n++] = row;
        } else {
            all->row[at].runs++;
            add(&all->row[at].f, &row.f);
        }
    }
    result_free(r);
    return code;
}

static const struct row *find(const struct figures *all, uint32_t traffic, bool unshared, uint32_t sharers)
{
    for (size_t i = 0; i < all->n; i++) {
        const struct row *row = &all->row[i];
        if (row->traffic == traffic && row->unshared == unshared && row->sharers == sharers && !row->paths &&
            (unshared || row->nics == 1))
            return row;
    }
    return NULL;
}

static const struct row *native_of(const struct figures *all, const struct row *row)
{
    for (size_t i = 0; i < all->n; i++)
        if (all->row[i].mode == QV_MODE_NATIVE && all->row[i].traffic == QV_TRAFFIC_NONE &&
            all->row[i].bytes == row->bytes && all->row[i].paths == row->paths)
            return &all->row[i];
    return NULL;
}

static void write_csv(FILE *out, const struct figures *all)
{
    fprintf(out, "traffic,mode,driver,sandboxes,nics,bytes,runs,by_path,unit,units,instructions,instructions_per_unit,"
                 "driver_per_unit,frames_of_others,interrupts,acknowledgements,lock_waits,lock_wait_ticks,exits,"
                 "payload_bytes,window_ticks\n");
    for (size_t i = 0; i < all->n; i++) {
        const struct row *r = &all->row[i];
        fprintf(out, "%s,%s,%s,%u,%u,%u,%u,%d,%s,%.0f,%.0f,%.2f,", cost_traffic_name(r->traffic), qv_mode_name(r->mode),
                r->unshared ? "unshared" : "shared", r->sharers, r->nics, r->bytes, r->runs, r->paths,
                r->traffic == QV_TRAFFIC_NONE ? "request" : "packet", units(r), r->f.core, per(r->f.core, units(r)));
        if (r->paths)
            fprintf(out, "%.2f", per(r->f.driver, units(r)));
        fprintf(out, ",%.0f,%.0f,%.0f,%.0f,%.0f,%.0f,%.0f,%.0f\n", r->f.skipped, r->f.irqs, r->f.irq_acks,
                r->f.lock_waits, r->f.lock_wait_ticks, r->f.exits, r->f.bytes, r->f.window_ticks);
    }
}

static void caption(FILE *out, const struct figures *all)
{
    unsigned runs = 0;
    for (size_t i = 0; i < all->n; i++)
        runs = all->row[i].runs > runs ? all->row[i].runs : runs;
    fprintf(out, "Platform %s; one tick is %s; %u run%s of each; instructions counted%s%s.", all->platform, all->tick,
            runs, runs == 1 ? "" : "s at most",
            all->simulated[0] != '\0' ? " by the emulated PMU, simulated: " : " by the processor", all->simulated);
}

static void write_paths(FILE *out, const struct figures *all)
{
    bool any = false;
    for (size_t i = 0; i < all->n; i++) {
        const struct row *r = &all->row[i];
        if (!r->paths || r->traffic == QV_TRAFFIC_NONE)
            continue;
        if (!any)
            fprintf(out, "\n## By path through the driver\n\nInstructions per call and calls per packet. Taking the "
                         "readings is in these figures, in those above it is not.\n\n"
                         "| traffic | driver | sandboxes | path | calls per packet | items per call | instructions per "
                         "call | per packet |\n|---|---|---|---|---|---|---|---|\n");
        any = true;
        for (unsigned p = 0; p < QV_COST_PATH_COUNT; p++) {
            double calls = 0, items = 0, instructions = 0;
            for (uint32_t s = 0; s < r->cost.n_sandboxes; s++) {
                const struct run_cost_sandbox *x = &r->cost.sandbox[s];
                if (!x->present || (x->roles & QV_ROLE_WEB) == 0)
                    continue;
                calls += (double)x->area.path[p].calls;
                items += (double)x->area.path[p].items;
                instructions += (double)x->area.path[p].instructions;
            }
            if (calls > 0)
                fprintf(out, "| %s | %s | %u | %s | %.3f | %.2f | %.0f | %.1f |\n", cost_traffic_name(r->traffic),
                        r->unshared ? "unshared" : "shared", r->sharers, cost_path_name(p),
                        per(calls, units(r) / r->runs), per(items, calls), per(instructions, calls),
                        per(instructions, units(r) / r->runs));
        }
    }
}

/* The same in ticks, of a single core at work: what interrupts it takes time, too. */
static void write_lengths(FILE *out, const struct figures *all)
{
    fprintf(
        out,
        "<!-- SPDX-License-Identifier: MIT -->\n# How long the driver's paths are\n\nPlatform %s; one tick is %s. No "
        "PMU (%s): nothing but the clock was read, and what interrupted a path is in its ticks.\n\n"
        "| load | mode | driver | sandboxes | path | calls per unit | items per call | ticks per call | per unit |\n"
        "|---|---|---|---|---|---|---|---|---|\n",
        all->platform, all->tick, all->reason);
    for (size_t i = 0; i < all->n; i++) {
        const struct row *r = &all->row[i];
        for (unsigned p = 0; p < QV_COST_PATH_COUNT; p++) {
            double calls = 0, items = 0, ticks = 0;
            for (uint32_t s = 0; s < r->cost.n_sandboxes; s++) {
                const struct run_cost_sandbox *x = &r->cost.sandbox[s];
                bool web = x->present && (x->roles & QV_ROLE_WEB) != 0;
                calls += web ? (double)x->area.path[p].calls : 0;
                items += web ? (double)x->area.path[p].items : 0;
                ticks += web ? (double)x->area.path[p].ticks : 0;
            }
            if (calls > 0)
                fprintf(out, "| %s | %s | %s | %u | %s | %.3f | %.2f | %.0f | %.1f |\n",
                        r->traffic == QV_TRAFFIC_NONE ? "requests" : cost_traffic_name(r->traffic),
                        qv_mode_name(r->mode), r->unshared ? "unshared" : "shared", r->sharers, cost_path_name(p),
                        per(calls, units(r) / r->runs), per(items, calls), per(ticks, calls),
                        per(ticks, units(r) / r->runs));
        }
    }
    fprintf(out, "\nA unit is a request, or a packet of the traffic.\n");
}

static void write_interrupts(FILE *out, const struct figures *all)
{
    fprintf(
        out,
        "\n## Who was interrupted, and who acknowledged\n\nInterrupts handled / acknowledged, by sandbox, in the "
        "counted window of the first run.\n\n| traffic | driver | interrupts / acknowledgements |\n|---|---|---|\n");
    for (size_t i = 0; i < all->n; i++) {
        const struct row *r = &all->row[i];
        if (r->traffic == QV_TRAFFIC_NONE || r->paths || r->sharers < 2)
            continue;
        fprintf(out, "| %s | %s |", cost_traffic_name(r->traffic), r->unshared ? "unshared" : "shared");
        for (uint32_t s = 0; s < r->cost.n_sandboxes; s++)
            if ((r->cost.sandbox[s].roles & QV_ROLE_WEB) != 0)
                fprintf(out, " %u: %llu / %llu", s, (unsigned long long)r->cost.sandbox[s].area.irqs,
                        (unsigned long long)r->cost.sandbox[s].area.irq_acks);
        fprintf(out, " |\n");
    }
}

static void write_markdown(FILE *out, const struct figures *all)
{
    bool web = false;
    bool nic = false;
    fprintf(out, "<!-- SPDX-License-Identifier: MIT -->\n# What it costs\n\n");
    caption(out, all);
    fprintf(out, "\n");
    for (size_t i = 0; i < all->n; i++) {
        const struct row *r = &all->row[i];
        const struct row *native = native_of(all, r);
        if (r->traffic != QV_TRAFFIC_NONE)
            continue;
        if (!web)
            fprintf(out, "\n| page, bytes | mode | requests | instructions per request | over native | VM exits |\n"
                         "|---|---|---|---|---|---|\n");
        web = true;
        fprintf(out, "| %u | %s | %.0f | %.1f | ", r->bytes, qv_mode_name(r->mode), r->f.requests,
                per(r->f.core, r->f.requests));
        if (native != NULL && native != r)
            fprintf(out, "%+.3f %%",
                    100 * (per(r->f.core, r->f.requests) / per(native->f.core, native->f.requests) - 1));
        fprintf(out, " | %.0f |\n", r->f.exits);
    }
    for (size_t i = 0; i < all->n; i++) {
        const struct row *r = &all->row[i];
        const struct row *base = find(all, r->traffic, true, 1);
        if (r->traffic == QV_TRAFFIC_NONE || r->paths)
            continue;
        if (!nic)
            fprintf(out,
                    "\n| traffic | driver | sandboxes | interfaces | packets | instructions per packet | over one "
                    "unshared | frames of others per packet | interrupts per packet | lock waits in 1,000 packets | "
                    "ticks per wait | Mbit/s of payload, each |\n|---|---|---|---|---|---|---|---|---|---|---|---|\n");
        nic = true;
        fprintf(out, "| %s | %s | %u | %u | %.0f | %.0f | ", cost_traffic_name(r->traffic),
                r->unshared ? "unshared" : "shared", r->sharers, r->nics, r->f.packets, per(r->f.core, r->f.packets));
        if (base != NULL && base != r)
            fprintf(out, "%+.1f %%", 100 * (per(r->f.core, r->f.packets) / per(base->f.core, base->f.packets) - 1));
        fprintf(out, " | %.2f | %.2f | %.2f | %.0f | %.1f |\n", per(r->f.skipped, r->f.packets),
                per(r->f.irqs, r->f.packets), 1000 * per(r->f.lock_waits, r->f.packets),
                per(r->f.lock_wait_ticks, r->f.lock_waits),
                /* on the instruction clock a tick is a nanosecond */
                8e3 * per(r->f.bytes / r->sharers, r->f.window_ticks));
    }
    if (nic)
        write_interrupts(out, all);
    write_paths(out, all);
}

/* The caption as a label of the picture. */
static void label(FILE *out, const struct figures *all)
{
    char text[512];
    FILE *line = fmemopen(text, sizeof(text), "w");
    fprintf(out, "set label 1 ");
    if (line != NULL) {
        caption(line, all);
        fclose(line);
        gnuplot_quote(out, text);
    } else {
        fprintf(out, "''");
    }
    fprintf(out, " at screen 0.02,0.03 font note textcolor rgb '#6b6b6b'\n");
}

static void write_nic(FILE *out, const struct figures *all)
{
    static const char *const colour[] = {"", "#1f6fb2", "#d55e00", "#009e73", "#7b5aa6"};
    const char *comma = "";
    for (uint32_t t = QV_TRAFFIC_UDP_RECEIVE; t <= QV_TRAFFIC_TCP_SEND; t++) {
        fprintf(out, "$t%u << END\nn,i\n", t);
        for (uint32_t n = 1; n <= QV_MAX_SANDBOXES; n++) {
            const struct row *r = find(all, t, false, n);
            if (r != NULL)
                fprintf(out, "%u,%.1f\n", n, per(r->f.core, r->f.packets));
        }
        fprintf(out, "END\n");
    }
    gnuplot_begin(out, "nic", 720);
    fprintf(
        out,
        "set title 'What sharing a network interface costs' font heading offset 0,0.5\nset key outside right top "
        "font body\nset bmargin 6\nset xrange [0.8:4.2]\nset xtics 1,1,4 font body\nset yrange [0:*]\nset ytics font "
        "body\nset xlabel 'sandboxes that share the interface' font body\nset ylabel 'instructions per packet, all of "
        "the sandbox' font body\n");
    label(out, all);
    fprintf(out, "plot ");
    for (uint32_t t = QV_TRAFFIC_UDP_RECEIVE; t <= QV_TRAFFIC_TCP_SEND; t++) {
        const struct row *base = find(all, t, true, 1);
        if (find(all, t, false, 1) == NULL)
            continue;
        fprintf(out, "%s$t%u using 1:2 with linespoints pt 7 ps 1.1 lw 2 lc rgb '%s' title '%s, shared driver'", comma,
                t, colour[t], cost_traffic_name(t));
        comma = ", ";
        if (base != NULL)
            fprintf(out, ", %.1f with lines dt 2 lw 1.5 lc rgb '%s' title '%s, unshared driver'",
                    per(base->f.core, base->f.packets), colour[t], cost_traffic_name(t));
    }
    fprintf(out, "\n");
    gnuplot_end(out);
}

static void write_web(FILE *out, const struct figures *all)
{
    unsigned groups = 0;
    fprintf(out, "$web << END\nx,native,monitor\n");
    char tics[512] = "";
    for (size_t i = 0; i < all->n; i++) {
        const struct row *r = &all->row[i];
        const struct row *native = native_of(all, r);
        if (r->traffic != QV_TRAFFIC_NONE || r->mode != QV_MODE_MONITOR || native == NULL || r->paths)
            continue;
        size_t used = strlen(tics);
        double a = per(native->f.core, native->f.requests);
        double b = per(r->f.core, r->f.requests);
        snprintf(tics + used, sizeof(tics) - used, "%s'%u bytes, %+.3f %%%%' %u", groups > 0 ? ", " : "", r->bytes,
                 100 * (b / a - 1), groups);
        fprintf(out, "%u,%.1f,%.1f\n", groups++, a, b);
    }
    fprintf(out, "END\n");
    gnuplot_begin(out, "web", 640);
    fprintf(out,
            "set title 'Instructions per web request, native and with monitors' font heading offset 0,0.5\nset key "
            "outside right top font body\nset bmargin 6\nset style fill solid 0.85\nset boxwidth 0.3\nset xrange "
            "[-0.6:%u.6]\nset yrange [0:*]\nset ytics font body\nset xtics (%s) font body\nset xlabel 'page, and what "
            "monitors add' font body\nset ylabel 'instructions per request' font body\n",
            groups > 0 ? groups - 1 : 0, tics);
    label(out, all);
    fprintf(out, "plot $web using ($1-0.17):2 with boxes lc rgb "
                 "'#b9b9b9' title 'native', $web using ($1+0.17):3 with boxes lc rgb '#1f6fb2' title 'monitor'\n");
    gnuplot_end(out);
}

static int write_file(const char *folder, const char *name, void (*write)(FILE *, const struct figures *),
                      const struct figures *all, struct qv_error *why)
{
    char path[4200];
    if (paths_join(path, sizeof(path), folder, name) != 0)
        return qv_error_set(why, -ENAMETOOLONG, "%s: name too long", folder);
    FILE *out = fopen(path, "w");
    if (out == NULL)
        return qv_error_set(why, -errno, "%s: %s", path, strerror(errno));
    write(out, all);
    bool failed = ferror(out) != 0;
    if (fclose(out) != 0 || failed)
        return qv_error_set(why, -EIO, "%s: cannot be written", path);
    printf("%s\n", path);
    return 0;
}

static int in_order(const void *a, const void *b)
{
    const struct row *x = a;
    const struct row *y = b;
    const uint32_t left[] = {x->traffic, x->bytes, !x->unshared, x->nics, x->sharers, x->mode == QV_MODE_MONITOR};
    const uint32_t right[] = {y->traffic, y->bytes, !y->unshared, y->nics, y->sharers, y->mode == QV_MODE_MONITOR};
    for (size_t i = 0; i < sizeof(left) / sizeof(left[0]); i++)
        if (left[i] != right[i])
            return left[i] < right[i] ? -1 : 1;
    return 0;
}

static int write_all(const char *out, const struct figures *all, struct qv_error *why)
{
    bool nic = false;
    bool web = false;
    for (size_t i = 0; i < all->n; i++) {
        nic = nic || (all->row[i].traffic != QV_TRAFFIC_NONE && find(all, all->row[i].traffic, false, 1) != NULL);
        web = web || (all->row[i].traffic == QV_TRAFFIC_NONE && native_of(all, &all->row[i]) != NULL);
    }
    int code = mkdir(out, 0777) != 0 && errno != EEXIST ? qv_error_set(why, -errno, "%s: %s", out, strerror(errno)) : 0;
    if (code == 0 && all->ticks_only)
        return write_file(out, "cost.md", write_lengths, all, why);
    if (code == 0)
        code = write_file(out, "cost.csv", write_csv, all, why);
    if (code == 0)
        code = write_file(out, "cost.md", write_markdown, all, why);
    if (code == 0 && nic)
        code = write_file(out, "nic.gp", write_nic, all, why);
    if (code == 0 && nic)
        code = gnuplot_run(out, "nic.gp", why);
    if (code == 0 && web)
        code = write_file(out, "web.gp", write_web, all, why);
    if (code == 0 && web)
        code = gnuplot_run(out, "web.gp", why);
    return code;
}

int plot_cost(const char *out, char *const *dirs, size_t n)
{
    struct qv_error why = {""};
    struct figures *all = calloc(1, sizeof(*all));
    int code = all == NULL ? qv_error_set(&why, -ENOMEM, "out of memory") : 0;
    for (size_t i = 0; i < n && code == 0; i++)
        code = take(all, dirs[i], &why);
    bool bad = code != 0;
    if (!bad)
        qsort(all->row, all->n, sizeof(all->row[0]), in_order);
    if (code == 0)
        code = write_all(out, all, &why);
    free(all);
    if (code == 0)
        return STATUS_MET;
    fprintf(stderr, "qv plot: %s\n", why.text);
    return bad ? STATUS_BAD : STATUS_PLATFORM;
}
