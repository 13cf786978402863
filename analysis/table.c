/* SPDX-License-Identifier: MIT */
/* The recovery table as Markdown and as CSV. */
#include "analysis/table.h"

#include <math.h>
#include <string.h>

#include "analysis/names.h"
#include "analysis/result_json.h"
#include "analysis/table_model.h"
#include "analysis/text.h"

void table_not_comparable(const struct run_result *r, const char *machine, char *out, size_t size)
{
    const char *why = "";
    switch (r->tick.kind) {
    case RUN_TICK_HOST_TSC:
        why =
            "our ticks are the host's time-stamp counter while an emulator translates the guest's instructions, so an "
            "exit or an interrupt costs what the emulator's bookkeeping costs";
        break;
    case RUN_TICK_INSTRUCTION:
        why = "our ticks are instructions executed under a deterministic clock: path lengths, in which caches, TLBs, "
              "exits and devices take no time of their own";
        break;
    case RUN_TICK_EMULATED:
        why = "our ticks are an emulator's own clock: path lengths, in which exits, interrupts and memory cost nothing";
        break;
    case RUN_TICK_NESTED:
        why = "our ticks are the host's time-stamp counter while a hypervisor runs the monitors as its guests, so an "
              "exit "
              "or an entry costs what the hypervisor's emulation of it costs";
        break;
    case RUN_TICK_KINDS:
        break;
    case RUN_TICK_HARDWARE:
        why = "both are cycles of a processor, but not of the same one, and the device is another";
        break;
    }
    (void)snprintf(out, size,
                   "Not comparable as absolute values, because the poster's figures are processor cycles on "
                   "%s, and %s. What can be compared is the order of the rows and their shares.",
                   machine, why);
}

static void markdown_head(FILE *out, const struct table *t)
{
    fprintf(out, "| Phase |");
    for (uint32_t c = 0; c < TABLE_POLICIES; c++) {
        if (t->column[c].shown)
            fprintf(out, " %s, ticks | %s, time |", qv_policy_name(t->column[c].policy),
                    qv_policy_name(t->column[c].policy));
    }
    fprintf(out, "%s\n|---|", t->has_poster ? " Quest-V local, cycles | Quest-V remote, cycles |" : "");
    for (uint32_t c = 0; c < TABLE_POLICIES; c++) {
        if (t->column[c].shown)
            fprintf(out, "---:|---:|");
    }
    fprintf(out, "%s\n", t->has_poster ? "---:|---:|" : "");
}

static void markdown_row(FILE *out, const struct table *t, size_t row)
{
    char text[160];
    enum table_kind kind = table_rows[row].kind;
    bool strong = kind != TABLE_PHASE;
    fprintf(out, "| %s%s%s |", strong ? "**" : "", table_rows[row].title, strong ? "**" : "");
    for (uint32_t c = 0; c < TABLE_POLICIES; c++) {
        const struct table_column *column = &t->column[c];
        if (!column->shown)
            continue;
        /* Empty: nothing was measured. A dash: measured, and this policy has no such phase. */
        const char *absent = column->complete > 0 ? "-" : "";
        fprintf(out, " %s |",
                column->cell[row].n > 0 ? table_ticks_text(&column->cell[row], kind, text, sizeof(text)) : absent);
        fprintf(out, " %s |", table_time_text(&column->cell[row], kind, text, sizeof(text)));
    }
    if (t->has_poster) {
        fprintf(out, " %s |", table_poster_text(t, row, "local", text, sizeof(text)));
        fprintf(out, " %s |", table_poster_text(t, row, "remote", text, sizeof(text)));
    }
    fputc('\n', out);
}

static void markdown_notes(FILE *out, const struct table *t)
{
    const struct run_result *r = t->example;
    char text[1024];
    fprintf(out, "\n");
    const char *timers = r != NULL ? result_timers(r) : NULL;
    if (r != NULL)
        fprintf(out, "- Platform: %s%s%s. One tick: %s.\n", r->platform, timers != NULL ? "; timers " : "",
                timers != NULL ? timers : "", r->tick.what);
    for (uint32_t c = 0; c < TABLE_POLICIES; c++) {
        const struct table_column *column = &t->column[c];
        if (column->complete + column->incomplete + column->unfounded == 0)
            continue;
        fprintf(out, "- %s: %zu complete recover%s in %zu run%s%s", qv_policy_name(column->policy), column->complete,
                column->complete == 1 ? "y" : "ies", t->n_results, t->n_results == 1 ? "" : "s",
                column->complete > 1 ? ", given as min / median / max; the time is the median's" : "");
        if (column->incomplete > 0)
            fprintf(out, "; %zu not completed and not in the table", column->incomplete);
        if (column->unfounded > 0)
            fprintf(out, "; %zu without a fault (false alarms) and not in the table", column->unfounded);
        if (column->flagged > 0)
            fprintf(out, "; **flagged: in %zu the phases differ by more than 5 %% from the end-to-end time**",
                    column->flagged);
        fprintf(out, ".\n");
    }
    fprintf(out, "- IPI Round Trip overlaps other phases and is not in the sum.\n");
    if (t->has_poster) {
        fprintf(out, "- Quest-V: %s; %s.\n", t->poster.source, t->poster.machine);
        if (r != NULL) {
            table_not_comparable(r, t->poster.machine, text, sizeof(text));
            fprintf(out, "- %s\n", text);
        }
    }
}

int table_write_markdown(FILE *out, const struct run_result *const *results, size_t n, const char *published,
                         struct qv_error *err)
{
    struct table t;
    int code = table_build(&t, results, n, published, err);
    if (code != 0)
        return code;
    fprintf(out, "<!-- SPDX-License-Identifier: MIT -->\n# Recovery phases%s%s\n\n", t.example != NULL ? ": " : "",
            t.example != NULL ? t.example->scenario : "");
    markdown_head(out, &t);
    for (size_t row = 0; row < TABLE_ROWS; row++) {
        if (table_row_shown(&t, row))
            markdown_row(out, &t, row);
    }
    markdown_notes(out, &t);
    table_free(&t);
    return 0;
}

static void csv_row(FILE *out, const struct table *t, const struct table_column *column, size_t row)
{
    const struct table_cell *cell = &column->cell[row];
    enum table_kind kind = table_rows[row].kind;
    const char *unit = kind == TABLE_DIFFERENCE ? "%" : kind == TABLE_OUTAGE ? "ms" : "ticks";
    const char *policy = qv_policy_name(column->policy);
    const struct published_figure *poster =
        t->has_poster ? published_find(&t->poster, table_rows[row].key, policy) : NULL;
    if (cell->n == 0 && poster == NULL)
        return;
    fprintf(out, "%s,%s,%s,%zu,", table_rows[row].key, policy, unit, cell->n);
    if (cell->n > 0)
        fprintf(out, "%.12g,%.12g,%.12g,%.12g,%.12g,", cell->ticks.min, cell->ticks.median, cell->ticks.max,
                cell->ticks.mean, cell->ticks.sd);
    else
        fprintf(out, ",,,,,");
    if (cell->n > 0 && kind <= TABLE_END_TO_END)
        fprintf(out, "%.6f", cell->median_us);
    fprintf(out, ",");
    if (poster != NULL)
        fprintf(out, "%.12g,%s", poster->value, poster->unit);
    else
        fprintf(out, ",");
    fprintf(out, "\n");
}

int table_write_csv(FILE *out, const struct run_result *const *results, size_t n, const char *published,
                    struct qv_error *err)
{
    struct table t;
    int code = table_build(&t, results, n, published, err);
    if (code != 0)
        return code;
    fprintf(out, "key,policy,unit,n,min,median,max,mean,sd,median_us,published,published_unit\n");
    for (size_t row = 0; row < TABLE_ROWS; row++) {
        for (uint32_t c = 0; c < TABLE_POLICIES; c++)
            csv_row(out, &t, &t.column[c], row);
    }
    table_free(&t);
    return 0;
}
