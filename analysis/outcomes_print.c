/* SPDX-License-Identifier: MIT */
/* The table of outcomes laid out. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/names.h"
#include "analysis/outcomes.h"
#include "analysis/text.h"
#include "qv/fault.h"

#define CELL        256
#define MAX_COLUMNS (10u + (unsigned)QV_OUTCOME_COUNT)

/* Columns: two names and n, the outcomes that occur, then these. */
static const char *const after[] = {"detected by", "breaches", "outage median", "max", "errors", "lost", "recovered"};
#define AFTER (sizeof(after) / sizeof(after[0]))

struct line {
    char cell[MAX_COLUMNS][CELL];
    size_t columns;
};

static char *next(struct line *line)
{
    return line->cell[line->columns++];
}

static void make_head(const struct outcomes *o, struct line *line)
{
    line->columns = 0;
    (void)snprintf(next(line), CELL, "fault");
    (void)snprintf(next(line), CELL, "policy");
    (void)snprintf(next(line), CELL, "n");
    for (int k = 0; k < QV_OUTCOME_COUNT; k++) {
        if (o->total[k] > 0)
            (void)snprintf(next(line), CELL, "%s", outcome_name((enum qv_outcome)k));
    }
    for (size_t k = 0; k < AFTER; k++)
        (void)snprintf(next(line), CELL, "%s", after[k]);
}

/* A figure that no run had is a dash. */
static void make_figures(const struct outcomes_row *row, struct line *line)
{
    if (row->unchecked == row->n)
        (void)snprintf(next(line), CELL, "-");
    else
        (void)snprintf(next(line), CELL, row->unchecked > 0 ? "%" PRIu64 " (%zu unchecked)" : "%" PRIu64, row->breaches,
                       row->unchecked);
    if (row->loaded == 0) {
        for (int i = 0; i < 4; i++)
            (void)snprintf(next(line), CELL, "-");
        return;
    }
    (void)text_ms(next(line), CELL, row->outage_median);
    (void)text_ms(next(line), CELL, row->outage_max);
    (void)snprintf(next(line), CELL, "%" PRIu64, row->errors);
    (void)snprintf(next(line), CELL, "%" PRIu64, row->lost);
}

static void make_row(const struct outcomes *o, const struct outcomes_row *row, struct line *line)
{
    line->columns = 0;
    (void)snprintf(next(line), CELL, "%s", qv_fault_name(row->fault));
    (void)snprintf(next(line), CELL, "%s", qv_policy_name(row->policy));
    (void)snprintf(next(line), CELL, "%zu", row->n);
    for (int k = 0; k < QV_OUTCOME_COUNT; k++) {
        if (o->total[k] > 0)
            (void)snprintf(next(line), CELL, "%zu", row->outcome[k]);
    }
    (void)outcomes_detections_text(row, next(line), CELL);
    make_figures(row, line);
    (void)snprintf(next(line), CELL, "%.0f %% [%.1f, %.1f]", 100 * (double)row->recovered / (double)row->n,
                   100 * row->share.low, 100 * row->share.high);
}

/* Names stand at the left, figures at the right. */
static bool is_text(const struct line *head, size_t column)
{
    return column < 2 || strcmp(head->cell[column], after[0]) == 0;
}

static void print_line(FILE *out, const struct line *head, const struct line *line, const size_t *width)
{
    for (size_t c = 0; c < line->columns; c++) {
        int pad = (int)(width[c] - text_width(line->cell[c]));
        if (is_text(head, c))
            fprintf(out, "  %s%*s", line->cell[c], pad, "");
        else
            fprintf(out, "  %*s%s", pad, "", line->cell[c]);
    }
}

int outcomes_print(FILE *out, const struct outcomes *outcomes, bool colour, struct qv_error *err)
{
    struct line *line = calloc(outcomes->n + 1, sizeof(*line));
    size_t width[MAX_COLUMNS] = {0};
    if (line == NULL)
        return qv_error_set(err, -ENOMEM, "outcomes: no memory");
    make_head(outcomes, &line[0]);
    for (size_t i = 0; i < outcomes->n; i++)
        make_row(outcomes, &outcomes->row[i], &line[i + 1]);
    for (size_t i = 0; i <= outcomes->n; i++) {
        for (size_t c = 0; c < line[i].columns; c++) {
            size_t w = text_width(line[i].cell[c]);
            width[c] = w > width[c] ? w : width[c];
        }
    }
    for (size_t i = 0; i <= outcomes->n; i++) {
        fputs(colour && i == 0 ? "\033[2m" : "", out);
        print_line(out, &line[0], &line[i], width);
        fprintf(out, "%s\n", colour && i == 0 ? "\033[0m" : "");
    }
    fprintf(out, "  recovered: runs with an outcome recovered_* or repaired_in_place, of all runs, with the Wilson 95 "
                 "%% interval\n");
    free(line);
    return 0;
}

void outcomes_write_markdown(FILE *out, const struct outcomes *outcomes)
{
    struct line head;
    struct line line;
    make_head(outcomes, &head);
    for (size_t c = 0; c < head.columns; c++)
        fprintf(out, "| %s ", head.cell[c]);
    fprintf(out, "|\n");
    for (size_t c = 0; c < head.columns; c++)
        fprintf(out, is_text(&head, c) ? "|---" : "|---:");
    fprintf(out, "|\n");
    for (size_t i = 0; i < outcomes->n; i++) {
        make_row(outcomes, &outcomes->row[i], &line);
        for (size_t c = 0; c < line.columns; c++)
            fprintf(out, "| %s ", line.cell[c]);
        fprintf(out, "|\n");
    }
    fprintf(
        out,
        "\nRecovered: runs with an outcome `recovered_*` or `repaired_in_place`, of all runs, with the Wilson 95 %% "
        "interval. Outages are the longest gaps between good replies; errors and lost requests are sums over the "
        "runs.\n");
}

static const uint32_t detections[] = {
#define DETECTION_NUMBER(sym, num, name, text) num,
    QV_DETECTIONS(DETECTION_NUMBER)};
#define DETECTIONS (sizeof(detections) / sizeof(detections[0]))

void outcomes_write_csv(FILE *out, const struct outcomes *outcomes)
{
    fprintf(out, "fault,policy,n");
    for (int k = 0; k < QV_OUTCOME_COUNT; k++)
        fprintf(out, ",%s", outcome_name((enum qv_outcome)k));
    for (size_t d = 0; d < DETECTIONS; d++)
        fprintf(out, ",detected_by_%s", qv_detection_name(detections[d]));
    fprintf(out, ",breaches,unchecked,outage_median_ms,outage_max_ms,errors,lost,recovered,recovered_share,"
                 "wilson95_low,wilson95_high\n");
    for (size_t i = 0; i < outcomes->n; i++) {
        const struct outcomes_row *row = &outcomes->row[i];
        fprintf(out, "%s,%s,%zu", qv_fault_name(row->fault), qv_policy_name(row->policy), row->n);
        for (int k = 0; k < QV_OUTCOME_COUNT; k++)
            fprintf(out, ",%zu", row->outcome[k]);
        for (size_t d = 0; d < DETECTIONS; d++)
            fprintf(out, ",%zu", row->detected[detections[d]]);
        fprintf(out, ",%" PRIu64 ",%zu", row->breaches, row->unchecked);
        if (row->loaded > 0)
            fprintf(out, ",%.6g,%.6g,%" PRIu64 ",%" PRIu64, row->outage_median, row->outage_max, row->errors,
                    row->lost);
        else
            fprintf(out, ",,,,");
        fprintf(out, ",%zu,%.6f,%.6f,%.6f\n", row->recovered, (double)row->recovered / (double)row->n, row->share.low,
                row->share.high);
    }
}
