/* SPDX-License-Identifier: MIT */
/* A report for the terminal, as Markdown and as CSV. One tick kind to a table; columns are ways of running the OS. */
#include <math.h>
#include <string.h>

#include "analysis/published.h"
#include "analysis/result_json.h"
#include "analysis/text.h"
#include "bench/report.h"
#include "cmd/paths.h"

/* The poster's row that measures what comes nearest. */
static const struct {
    const char *bench, *key, *policy;
} near[] = {
    {"vm-exit", "vm_exit", "local"},
    {"vm-enter", "vm_enter", "local"},
    {"ipi-round-trip-hlt", "ipi_round_trip", "remote"},
    {"driver-switch", "driver_switch", "local"},
    {"driver-reinit", "driver_reinit", "local"},
    {"net-reinit", "net_reinit", "local"},
};

static bool read_published(const char *folder, struct published_set *set)
{
    char path[4200];
    return folder != NULL && paths_join(path, sizeof(path), folder, "quest-v-poster.csv") == 0 &&
           published_read(path, set, NULL) == 0;
}

static void published_text(const struct published_set *set, const char *name, char *out, size_t size)
{
    snprintf(out, size, "-");
    for (size_t i = 0; set != NULL && i < sizeof(near) / sizeof(near[0]); i++) {
        const struct published_figure *f =
            strcmp(near[i].bench, name) == 0 ? published_find(set, near[i].key, near[i].policy) : NULL;
        if (f != NULL)
            text_count(out, size, f->value);
    }
}

static const struct bench_row *other(const struct bench_report *report, const char *name)
{
    return report->n_columns > 1 ? bench_find(&report->column[1], name) : NULL;
}

/* "median [q1 q3] p99", or why there is none. */
static void figure(const struct bench_row *row, char *out, size_t size)
{
    char median[32], q1[32], q3[32], p99[32];
    if (row == NULL || row->status != QV_BENCH_MEASURED) {
        snprintf(out, size, "%s", row == NULL ? "-" : row->status == QV_BENCH_FAILED ? "FAILED" : "-");
        return;
    }
    snprintf(out, size, "%s [%s .. %s] %s", text_count(median, sizeof(median), row->s.median),
             text_count(q1, sizeof(q1), row->s.q1), text_count(q3, sizeof(q3), row->s.q3),
             text_count(p99, sizeof(p99), row->p99));
}

/* What isolation costs: the first column over the second. */
static void price(const struct bench_row *a, const struct bench_row *b, char *out, size_t size)
{
    if (a == NULL || b == NULL || a->status != QV_BENCH_MEASURED || b->status != QV_BENCH_MEASURED ||
        !(b->s.median > 0))
        snprintf(out, size, "-");
    else
        snprintf(out, size, "%.2f", a->s.median / b->s.median);
}

static void tick_line(FILE *out, const struct bench_report *report)
{
    fprintf(out, "Platform %s. One tick is %s.\n", report->platform, report->tick.what);
}

static void notes(FILE *out, const struct bench_report *report, const char *bullet)
{
    for (size_t c = 0; c < report->n_columns; c++) {
        const struct bench_column *column = &report->column[c];
        if (column->overhead.max > 0)
            fprintf(out,
                    "%s%s: %s, %u sandboxes, timers %s; an empty probe costs %llu ticks (%llu to %llu), taken off each "
                    "sample\n",
                    bullet, column->mode, column->vendor, column->sandboxes,
                    column->timer[0] != '\0' ? column->timer : "unknown", (unsigned long long)column->overhead.median,
                    (unsigned long long)column->overhead.min, (unsigned long long)column->overhead.max);
        for (size_t i = 0; i < column->n_rows; i++) {
            const struct bench_row *row = &column->row[i];
            if (row->status != QV_BENCH_MEASURED)
                fprintf(out, "%s%s, %s: %s: %s\n", bullet, column->mode, row->name,
                        row->status == QV_BENCH_FAILED ? "failed" : "not measured", row->reason);
            else if (row->below > 0)
                fprintf(out, "%s%s, %s: %u of %zu samples were below zero and count as zero\n", bullet, column->mode,
                        row->name, row->below, row->n);
        }
    }
}

void bench_print(FILE *out, const struct bench_report *report, const char *published)
{
    struct published_set set;
    bool has = read_published(published, &set);
    const struct bench_column *first = &report->column[0];

    tick_line(out, report);
    fprintf(out, "Ticks: median [quartiles] p99.\n\n%-24s %-36s %-36s %6s %12s\n", "", first->mode,
            report->n_columns > 1 ? report->column[1].mode : "", "price", "poster");
    for (size_t i = 0; i < first->n_rows; i++) {
        const struct bench_row *row = &first->row[i];
        const struct bench_row *native = other(report, row->name);
        char a[160], b[160], ratio[32], poster[32];
        figure(row, a, sizeof(a));
        figure(native, b, sizeof(b));
        price(row, native, ratio, sizeof(ratio));
        published_text(has ? &set : NULL, row->name, poster, sizeof(poster));
        fprintf(out, "%-24s %-36s %-36s %6s %12s\n", row->name, a, b, ratio, poster);
    }
    fprintf(out, "\n");
    notes(out, report, "  ");
    if (has) {
        fprintf(out, "  poster: cycles of %s, not ticks of this platform: not to be compared as numbers\n",
                set.machine);
        published_free(&set);
    }
}

void bench_markdown(FILE *out, const struct bench_report *report, const char *published)
{
    struct published_set set;
    bool has = read_published(published, &set);

    fprintf(out, "# Benchmarks on %s\n\n", report->platform);
    tick_line(out, report);
    fprintf(out,
            "\n| benchmark | mode | n | min | q1 | median | mean | q3 | p99 | max | sd | monitors / native | poster, "
            "cycles | what |\n|---|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|---|\n");
    for (size_t i = 0; i < report->column[0].n_rows; i++) {
        for (size_t c = 0; c < report->n_columns; c++) {
            const struct bench_row *row = bench_find(&report->column[c], report->column[0].row[i].name);
            char t[7][32], ratio[32], poster[32];
            if (row == NULL || row->status != QV_BENCH_MEASURED)
                continue;
            const double v[7] = {row->s.min, row->s.q1, row->s.median, row->s.mean, row->s.q3, row->p99, row->s.max};
            for (size_t k = 0; k < 7; k++)
                text_count(t[k], sizeof(t[k]), v[k]);
            price(c == 0 ? row : NULL, other(report, row->name), ratio, sizeof(ratio));
            published_text(has && c == 0 ? &set : NULL, row->name, poster, sizeof(poster));
            fprintf(out, "| %s | %s | %zu | %s | %s | %s | %s | %s | %s | %s | %.1f | %s | %s | %s |\n", row->name,
                    report->column[c].mode, row->n, t[0], t[1], t[2], t[3], t[4], t[5], t[6], row->s.sd, ratio, poster,
                    row->what);
        }
    }
    fprintf(out, "\n");
    notes(out, report, "- ");
    if (has) {
        fprintf(out,
                "- poster: %s, %s; cycles of a processor, not ticks of this platform: not to be compared as numbers\n",
                set.source, set.machine);
        published_free(&set);
    }
}

/* A text as a CSV field: quoted, quotes doubled. */
static void csv_text(FILE *out, const char *text)
{
    fputc('"', out);
    for (; *text != '\0'; text++) {
        if (*text == '"')
            fputc('"', out);
        fputc(*text, out);
    }
    fputc('"', out);
}

void bench_csv(FILE *out, const struct bench_report *report)
{
    fprintf(
        out,
        "platform,tick,mode,benchmark,revision,status,n,warmup,min,q1,median,mean,q3,p99,max,sd,below,bytes,what\n");
    for (size_t c = 0; c < report->n_columns; c++) {
        for (size_t i = 0; i < report->column[c].n_rows; i++) {
            const struct bench_row *row = &report->column[c].row[i];
            fprintf(out, "%s,%s,%s,%s,%u,%s,%zu,%u,", report->platform, result_tick_name(report->tick.kind),
                    report->column[c].mode, row->name, row->revision,
                    row->status == QV_BENCH_MEASURED ? "measured"
                    : row->status == QV_BENCH_FAILED ? "failed"
                                                     : "not-measurable",
                    row->n, row->warmup);
            if (row->n > 0)
                fprintf(out, "%.0f,%.6g,%.6g,%.6g,%.6g,%.0f,%.0f,%.6g,", row->s.min, row->s.q1, row->s.median,
                        row->s.mean, row->s.q3, row->p99, row->s.max, row->s.sd);
            else
                fprintf(out, ",,,,,,,,");
            fprintf(out, "%u,%u,", row->below, row->bytes);
            csv_text(out, row->status == QV_BENCH_MEASURED ? row->what : row->reason);
            fputc('\n', out);
        }
    }
}

void bench_samples(FILE *out, const struct bench_report *report)
{
    fprintf(out, "mode,benchmark,index,ticks\n");
    for (size_t c = 0; c < report->n_columns; c++) {
        for (size_t i = 0; i < report->column[c].n_rows; i++) {
            const struct bench_row *row = &report->column[c].row[i];
            for (size_t k = 0; k < row->n; k++)
                fprintf(out, "%s,%s,%zu,%.0f\n", report->column[c].mode, row->name, k, row->value[k]);
        }
    }
}
