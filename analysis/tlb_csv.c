/* SPDX-License-Identifier: MIT */
/* tlb.csv: one line per point, raw sums over its rounds; events that were not counted have empty fields. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/tlb.h"

#define LINE_MAX_BYTES 1024
#define FIXED          "counters,nested_pages,pattern,between,pages,rounds,ticks"
#define NO_COUNTERS    "none"
#define OWN_COUNTERS   "pmu"
#define SIMULATED      "simulated: "

static const char *const names[] = {
#define EVENT_NAME(sym, num, name, what) [num] = name,
    QV_EMUPMU_EVENTS(EVENT_NAME)};

static void header(char out[LINE_MAX_BYTES])
{
    int n = snprintf(out, LINE_MAX_BYTES, FIXED);
    for (unsigned i = 0; i < QV_EMUPMU_EVENTS_KNOWN; i++)
        n += snprintf(out + n, LINE_MAX_BYTES - (size_t)n, ",%s", names[i]);
}

int tlb_write_csv(const struct tlb_sweep *sweep, const char *path, struct qv_error *err)
{
    char line[LINE_MAX_BYTES];
    FILE *out = fopen(path, "w");
    if (out == NULL)
        return qv_error_set(err, -errno, "%s: %s", path, strerror(errno));
    header(line);
    fprintf(out, "%s\n", line);
    for (size_t i = 0; i < sweep->n; i++) {
        const struct qv_tlb_point *p = &sweep->point[i];
        const char *counters = sweep->counted == 0 ? NO_COUNTERS : sweep->emulated ? SIMULATED : OWN_COUNTERS;
        fprintf(out, "%s%s,%s,%s,%s,%u,%u,%" PRIu64, counters, sweep->emulated ? sweep->model : "",
                tlb_nested_name(sweep->nested), tlb_pattern_name(p->pattern), tlb_case_name(p->between), p->pages,
                p->rounds, p->ticks);
        for (unsigned k = 0; k < QV_EMUPMU_EVENTS_KNOWN; k++) {
            if (sweep->counted >> k & 1u)
                fprintf(out, ",%" PRIu64, p->count[k]);
            else
                fputc(',', out);
        }
        fputc('\n', out);
    }
    bool failed = ferror(out) != 0;
    return fclose(out) == 0 && !failed ? 0 : qv_error_set(err, -EIO, "%s: cannot be written", path);
}

struct reader {
    const char *path;
    unsigned line, column; /* of the field taken last */
    char *next;
    struct qv_error *err;
};

static int refuse(const struct reader *r, const char *expected)
{
    return qv_error_set(r->err, -EINVAL, "%s:%u: field %u: expected %s", r->path, r->line, r->column, expected);
}

static char *field(struct reader *r)
{
    r->column++;
    return r->next != NULL ? strsep(&r->next, ",") : NULL;
}

static int take_number(struct reader *r, uint64_t limit, uint64_t *out)
{
    const char *text = field(r);
    char *end = NULL;
    errno = 0;
    *out = text != NULL && *text >= '0' && *text <= '9' ? strtoull(text, &end, 10) : 0;
    return end != NULL && *end == '\0' && errno == 0 && *out <= limit ? 0 : refuse(r, "a whole number");
}

static int take_word(struct reader *r, const char *(*name)(uint32_t), uint32_t count, uint32_t *out)
{
    const char *text = field(r);
    for (uint32_t i = 0; text != NULL && i < count; i++) {
        if (strcmp(text, name(i)) == 0) {
            *out = i;
            return 0;
        }
    }
    return refuse(r, "a word of TLB sweeps");
}

static int take_source(struct reader *r, struct tlb_sweep *sweep)
{
    const char *text = field(r);
    const size_t n = sizeof(SIMULATED) - 1;
    if (text != NULL && (strcmp(text, NO_COUNTERS) == 0 || strcmp(text, OWN_COUNTERS) == 0))
        return 0;
    if (text == NULL || strncmp(text, SIMULATED, n) != 0 || strlen(text + n) >= sizeof(sweep->model))
        return refuse(r, NO_COUNTERS ", " OWN_COUNTERS " or '" SIMULATED "NAME'");
    sweep->emulated = true;
    strcpy(sweep->model, text + n);
    return 0;
}

static int read_line(struct reader *r, struct tlb_sweep *sweep)
{
    struct qv_tlb_point *p = &sweep->point[sweep->n];
    uint64_t pages = 0, rounds = 0;
    if (sweep->n == QV_TLB_POINTS)
        return refuse(r, "no more lines");
    int result = take_source(r, sweep);
    result = result != 0 ? result : take_word(r, tlb_nested_name, QV_TLB_NESTED_COUNT, &sweep->nested);
    result = result != 0 ? result : take_word(r, tlb_pattern_name, QV_TLB_PATTERN_COUNT, &p->pattern);
    result = result != 0 ? result : take_word(r, tlb_case_name, QV_TLB_CASE_COUNT, &p->between);
    result = result != 0 ? result : take_number(r, UINT32_MAX, &pages);
    result = result != 0 ? result : take_number(r, UINT32_MAX, &rounds);
    result = result != 0 ? result : take_number(r, UINT64_MAX, &p->ticks);
    if (result == 0 && rounds == 0)
        result = refuse(r, "at least one round");
    for (unsigned k = 0; result == 0 && k < QV_EMUPMU_EVENTS_KNOWN; k++) {
        if (r->next != NULL && (*r->next == ',' || *r->next == '\0')) {
            (void)field(r);
            continue;
        }
        sweep->counted |= 1u << k;
        result = take_number(r, UINT64_MAX, &p->count[k]);
    }
    p->pages = (uint32_t)pages;
    p->rounds = (uint32_t)rounds;
    if (result == 0 && r->next != NULL)
        result = refuse(r, "the end of the line");
    sweep->n++;
    return result;
}

int tlb_read_csv(struct tlb_sweep *sweep, const char *path, struct qv_error *err)
{
    char line[LINE_MAX_BYTES];
    char expected[LINE_MAX_BYTES];
    struct reader r = {.path = path, .line = 0, .err = err};
    FILE *in = fopen(path, "r");
    int result = 0;
    memset(sweep, 0, sizeof(*sweep));
    if (in == NULL)
        return qv_error_set(err, -errno, "%s: %s", path, strerror(errno));
    header(expected);
    while (result == 0 && fgets(line, sizeof(line), in) != NULL) {
        r.line++;
        r.column = 0;
        line[strcspn(line, "\n")] = '\0';
        r.next = line;
        if (r.line == 1)
            result = strcmp(line, expected) == 0 ? 0 : refuse(&r, "the header of TLB sweeps of this version");
        else
            result = read_line(&r, sweep);
    }
    fclose(in);
    return result == 0 && r.line < 2 ? qv_error_set(err, -EINVAL, "%s: empty, expected TLB sweeps", path) : result;
}
