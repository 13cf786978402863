/* SPDX-License-Identifier: MIT */
/* Tables and summaries for the terminal. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "analysis/names.h"
#include "analysis/summary.h"
#include "analysis/table.h"
#include "analysis/table_model.h"
#include "analysis/text.h"
#include "qv/fault.h"

#define CELL        96
#define MAX_COLUMNS (1u + 2u * TABLE_POLICIES + 2u)
#define MAX_LINES   (TABLE_ROWS + 1u)

static const char *bold = "";
static const char *dim = "";
static const char *good = "";
static const char *bad = "";
static const char *plain = "";

static void set_colours(bool colour)
{
    bold = colour ? "\033[1m" : "";
    dim = colour ? "\033[2m" : "";
    good = colour ? "\033[32m" : "";
    bad = colour ? "\033[31m" : "";
    plain = colour ? "\033[0m" : "";
}

bool table_wants_colour(FILE *out)
{
    const char *term = getenv("TERM");
    const char *no_colour = getenv("NO_COLOR");
    return isatty(fileno(out)) == 1 && term != NULL && strcmp(term, "dumb") != 0 &&
           (no_colour == NULL || no_colour[0] == '\0');
}

/* Text cells with equal widths per column. */
struct grid {
    char cell[MAX_LINES][MAX_COLUMNS][CELL];
    size_t columns, lines;
    bool strong[MAX_LINES];
};

static void add_line(struct grid *g, const struct table *t, size_t row)
{
    size_t line = g->lines++;
    size_t c = 0;
    enum table_kind kind = table_rows[row].kind;
    g->strong[line] = kind != TABLE_PHASE;
    (void)snprintf(g->cell[line][c++], CELL, "%s", table_rows[row].title);
    for (uint32_t k = 0; k < TABLE_POLICIES; k++) {
        const struct table_column *column = &t->column[k];
        if (!column->shown)
            continue;
        (void)table_ticks_text(&column->cell[row], kind, g->cell[line][c], CELL);
        if (column->cell[row].n == 0 && column->complete > 0)
            (void)snprintf(g->cell[line][c], CELL, "-");
        c++;
        (void)table_time_text(&column->cell[row], kind, g->cell[line][c++], CELL);
    }
    if (t->has_poster) {
        (void)table_poster_text(t, row, "local", g->cell[line][c++], CELL);
        (void)table_poster_text(t, row, "remote", g->cell[line][c++], CELL);
    }
}

static void add_head(struct grid *g, const struct table *t)
{
    size_t c = 1;
    (void)snprintf(g->cell[0][0], CELL, "phase");
    for (uint32_t k = 0; k < TABLE_POLICIES; k++) {
        if (!t->column[k].shown)
            continue;
        (void)snprintf(g->cell[0][c++], CELL, "%s, ticks", qv_policy_name(t->column[k].policy));
        (void)snprintf(g->cell[0][c++], CELL, "time");
    }
    if (t->has_poster) {
        (void)snprintf(g->cell[0][c++], CELL, "Quest-V local, cycles");
        (void)snprintf(g->cell[0][c++], CELL, "remote, cycles");
    }
    g->columns = c;
    g->lines = 1;
}

static void print_grid(FILE *out, const struct grid *g)
{
    size_t width[MAX_COLUMNS] = {0};
    for (size_t l = 0; l < g->lines; l++) {
        for (size_t c = 0; c < g->columns; c++) {
            size_t w = text_width(g->cell[l][c]);
            width[c] = w > width[c] ? w : width[c];
        }
    }
    for (size_t l = 0; l < g->lines; l++) {
        fprintf(out, "  %s", l == 0 ? dim : g->strong[l] ? bold : "");
        for (size_t c = 0; c < g->columns; c++) {
            int pad = (int)(width[c] - text_width(g->cell[l][c]));
            if (c == 0)
                fprintf(out, "%s%*s", g->cell[l][c], pad, "");
            else
                fprintf(out, "   %*s%s", pad, "", g->cell[l][c]);
        }
        fprintf(out, "%s\n", plain);
    }
}

static void print_notes(FILE *out, const struct table *t)
{
    char text[1024];
    for (uint32_t k = 0; k < TABLE_POLICIES; k++) {
        const struct table_column *column = &t->column[k];
        if (column->complete > 1)
            fprintf(out, "  %s: min / median / max of %zu recoveries; time of the median\n",
                    qv_policy_name(column->policy), column->complete);
        if (column->incomplete > 0)
            fprintf(out, "  %s%s: %zu recoveries not completed, not in the table%s\n", bad,
                    qv_policy_name(column->policy), column->incomplete, plain);
        if (column->unfounded > 0)
            fprintf(out, "  %s%s: %zu recoveries without a fault (false alarms), not in the table%s\n", bad,
                    qv_policy_name(column->policy), column->unfounded, plain);
        if (column->in_place > 0)
            fprintf(out, "  %s: %zu of %zu repaired a shared device in place, whatever the policy: no driver switch\n",
                    qv_policy_name(column->policy), column->in_place, column->complete);
        if (column->flagged > 0)
            fprintf(out,
                    "  %sflag: %s: in %zu of %zu recoveries the phases differ by more than 5 %% from the end-to-end "
                    "time%s\n",
                    bad, qv_policy_name(column->policy), column->flagged, column->complete, plain);
    }
    if (t->example == NULL)
        return;
    const char *timers = result_timers(t->example);
    fprintf(out, "  %splatform %s%s%s; one tick: %s%s\n", dim, t->example->platform, timers != NULL ? "; timers " : "",
            timers != NULL ? timers : "", t->example->tick.what, plain);
    if (t->has_poster) {
        table_not_comparable(t->example, t->poster.machine, text, sizeof(text));
        fprintf(out, "  %s%s%s\n", dim, text, plain);
    }
}

int table_print(FILE *out, const struct run_result *const *results, size_t n, const char *published, bool colour,
                struct qv_error *err)
{
    struct table t;
    int code = table_build(&t, results, n, published, err);
    if (code != 0)
        return code;
    struct grid *g = calloc(1, sizeof(*g));
    if (g == NULL) {
        table_free(&t);
        return qv_error_set(err, -ENOMEM, "table: no memory");
    }
    set_colours(colour);
    add_head(g, &t);
    for (size_t row = 0; row < TABLE_ROWS; row++) {
        if (table_row_shown(&t, row))
            add_line(g, &t, row);
    }
    print_grid(out, g);
    print_notes(out, &t);
    free(g);
    table_free(&t);
    return 0;
}

static void print_load(FILE *out, const struct run_result *r)
{
    const struct load_stats *s = &r->load;
    char outage[32];
    if (!r->has_load)
        return;
    fprintf(out,
            "  load       %g requests/s (%s, %s): %" PRIu64 " sent, %" PRIu64 " good, %s%" PRIu64 " errors, %" PRIu64
            " lost%s\n",
            r->load_rate, load_tool_name(r->load_tool), r->load_poisson ? "Poisson" : "constant", s->sent, s->good,
            s->errors + s->lost > 0 ? bad : "", s->errors, s->lost, plain);
    if (s->has_latency)
        fprintf(out, "  latency    p50 %.2f, p90 %.2f, p99 %.2f, p99.9 %.2f, max %.2f ms (from the intended time)\n",
                s->latency_p50, s->latency_p90, s->latency_p99, s->latency_p999, s->latency_max);
    text_ms(outage, sizeof(outage), s->outage_ms);
    fprintf(out, "  outage     %s%s between good replies at the longest\n", s->outage_open ? "more than " : "", outage);
    for (uint32_t i = LOAD_BAD_STATUS; i < LOAD_CLASS_COUNT; i++) {
        if (s->by_class[i] > 0)
            fprintf(out, "             %s: %" PRIu64 "\n", load_class_name(i), s->by_class[i]);
    }
}

static void print_exits(FILE *out, const struct run_result *r)
{
    if (!r->has_directory)
        return;
    fprintf(out, "  exits     ");
    for (uint32_t stage = 0; stage < QV_STAGE_COUNT; stage++) {
        uint64_t sum = 0;
        for (uint32_t i = 0; i < r->n_sandboxes; i++) {
            for (uint32_t k = 0; k < QV_EXIT_CAUSE_SLOTS; k++)
                sum += r->exits[i][stage][k];
        }
        fprintf(out, "%s %s %" PRIu64, stage == 0 ? "" : ",", qv_stage_name(stage), sum);
    }
    fputc('\n', out);
}

static void print_isolation(FILE *out, const struct run_result *r)
{
    const struct run_isolation *x = &r->isolation;
    double misses;
    if (!x->checked)
        fprintf(out, "  isolation  not checked\n");
    else
        fprintf(out, "  isolation  %s%u breaches%s in %u regions, %.1f MiB\n", x->breaches > 0 ? bad : "", x->breaches,
                plain, x->regions, (double)x->bytes / 1048576.0);
    for (uint32_t i = 0; i < x->breaches && i < RESULT_MAX_BREACHES; i++)
        fprintf(out,
                "             %s%s of sandbox %u at 0x%" PRIx64 ", %" PRIu64 " words changed, the first at 0x%" PRIx64
                "%s\n",
                bad, qv_region_name(x->breach[i].kind), x->breach[i].owner, x->breach[i].base, x->breach[i].words,
                x->breach[i].first, plain);
    if (result_metric(r, "probe.misses", &misses))
        fprintf(out, "  deadlines  %.0f missed by bystanders\n", misses);
}

static void print_expectations(FILE *out, const struct run_result *r)
{
    for (uint32_t i = 0; i < r->n_expect; i++) {
        const struct run_expectation *e = &r->expect[i];
        fprintf(out, "  %s%-7s%s    %s: expected %s, was %s\n", e->met ? good : bad, e->met ? "met" : "not met", plain,
                e->name, e->expected, e->actual);
    }
}

/* An address without a name is shown itself. */
static void print_place(FILE *out, const char *address, const struct address_name *name)
{
    bool named = strcmp(name->symbol, ADDRESS_UNKNOWN) != 0;
    fprintf(out, " at %s", named ? name->symbol : address);
    if (name->source[0] != '\0')
        fprintf(out, " (%s)", name->source);
}

static void print_injection(FILE *out, const struct run_result *r, const struct run_injection *x)
{
    const struct run_change *c = &x->change[0];
    fprintf(out, "  fault      %s", qv_fault_name(x->model));
    if (x->n_changes > 0)
        print_place(out, c->address, &c->name);
    else if (x->activation_address[0] != '\0')
        print_place(out, x->activation_address, &x->activation_name);
    if (x->n_changes > 0)
        fprintf(out, ": %s -> %s", c->before, c->after);
    if (x->n_changes > 1)
        fprintf(out, " and %u more", x->n_changes - 1);
    if (x->activations == 0)
        fprintf(out, x->armed != 0 ? ", never activated\n" : ", never armed\n");
    else if (r->detected_by == QV_DETECT_NONE)
        fprintf(out, ", activated, not detected\n");
    else
        fprintf(out, ", activated, detected by %s\n", qv_detection_name(r->detected_by));
}

void table_print_run(FILE *out, const struct run_result *r, bool colour)
{
    set_colours(colour);
    fprintf(out, "%s%s%s  %s%s%s\n", bold, r->scenario, plain, r->met ? good : bad,
            r->met ? "expectations met" : "expectations not met", plain);
    const char *timers = result_timers(r);
    fprintf(out, "  platform   %s%s%s\n", r->platform, timers != NULL ? ", timers " : "", timers != NULL ? timers : "");
    fprintf(out, "  outcome    %s%s%s: %s\n", bold, outcome_name(r->outcome), plain, outcome_text(r->outcome));
    for (uint32_t i = 0; i < r->n_injections; i++) {
        if (r->injection[i].model != QV_FAULT_NONE)
            print_injection(out, r, &r->injection[i]);
    }
    if (r->n_injections == 0 && r->recoveries.activations > 0)
        fprintf(out, "  fault      %s, detected by %s\n",
                qv_fault_name(r->recoveries.first_fault != 0 ? r->recoveries.first_fault : r->fault[0].model),
                qv_detection_name(r->detected_by));
    if (r->host.message[0] != '\0')
        fprintf(out, "  host       %s\n", r->host.message);
    print_load(out, r);
    print_exits(out, r);
    print_isolation(out, r);
    vcpus_print(out, &r->vcpus);
    print_expectations(out, r);
    for (uint32_t i = 0; i < r->n_threats; i++)
        fprintf(out, "  %s%s%s%s\n", dim, i == 0 ? "caveat     " : "           ", r->threat[i], plain);
    if (r->provenance.reproduce[0] != '\0')
        fprintf(out, "  %sagain with %s%s\n", dim, r->provenance.reproduce, plain);
}

void table_print_summary(FILE *out, const struct run_result *const *results, size_t n, bool colour)
{
    static const char *const shown[] = {
        "outage_ms",           "load.errors",        "load.lost",     "load.latency_p50_ms",      "load.latency_p99_ms",
        "load.latency_max_ms", "detection_us",       "end_to_end_us", "phase_difference_percent", "exits.steady",
        "exits.recovery",      "isolation.breaches", "probe.misses",  "start_to_first_reply_ms"};
    struct summary_group *group;
    long groups = summary_groups(results, n, &group);
    set_colours(colour);
    for (long k = 0; k < groups; k++) {
        const struct summary_group *g = &group[k];
        fprintf(out, "%s%s%s  %s%zu of %zu met%s (fault %s, policy %s)\n", bold, g->scenario, plain,
                g->met == g->runs ? good : bad, g->met, g->runs, plain, qv_fault_name(g->fault),
                qv_policy_name(g->policy));
        for (int o = 0; o < QV_OUTCOME_COUNT; o++) {
            struct stats_interval w = stats_wilson(g->outcome[o], g->runs, SUMMARY_LEVEL);
            if (g->outcome[o] > 0)
                fprintf(out, "  %-20s %4zu   95 %% interval %.1f to %.1f %%\n", outcome_name((enum qv_outcome)o),
                        g->outcome[o], 100 * w.low, 100 * w.high);
        }
    }
    if (groups == 1) {
        fprintf(out, "  %s%-26s %5s %12s %12s %12s   unit%s\n", dim, "", "n", "min", "median", "max", plain);
        for (size_t i = 0; i < sizeof(shown) / sizeof(shown[0]); i++) {
            struct summary_metric s;
            if (summary_metric_of(results, n, shown[i], &s))
                fprintf(out, "  %-26s %5zu %12.6g %12.6g %12.6g   %s\n", s.name, s.s.n, s.s.min, s.s.median, s.s.max,
                        s.unit);
        }
    }
    free(group);
}
