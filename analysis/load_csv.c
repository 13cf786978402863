/* SPDX-License-Identifier: MIT */
/*
 * requests.csv: a head of "# key value" lines with the configuration, a line of column names, one line per request.
 * Times are microseconds with three decimals, so that nanoseconds survive; an empty field means that it did not happen.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/load_log.h"

#define COLUMNS "index,intended_us,sent_us,first_us,done_us,class,status,warmup"
#define FIELDS  8

static void put_time(FILE *out, uint64_t ns)
{
    if (ns != LOAD_NEVER)
        fprintf(out, "%" PRIu64 ".%03u", ns / 1000, (unsigned)(ns % 1000));
    fputc(',', out);
}

static void put_summary(FILE *out, const struct load_tool_summary *s)
{
    fprintf(out, "# tool_connections %.17g\n# tool_requests %.17g\n# tool_replies %.17g\n# tool_duration_s %.17g\n",
            s->connections, s->requests, s->replies, s->duration_s);
    fprintf(out,
            "# tool_reply_rate_avg %.17g\n# tool_reply_ms_avg %.17g\n# tool_connect_ms_avg %.17g\n"
            "# tool_connect_ms_median %.17g\n# tool_connect_ms_max %.17g\n",
            s->reply_rate_avg, s->reply_ms_avg, s->connect_ms_avg, s->connect_ms_median, s->connect_ms_max);
    fprintf(out,
            "# tool_errors_total %.17g\n# tool_errors_timeout %.17g\n# tool_errors_refused %.17g\n"
            "# tool_errors_reset %.17g\n",
            s->errors_total, s->errors_timeout, s->errors_refused, s->errors_reset);
}

static void put_head(FILE *out, const struct load_log *log)
{
    fprintf(out, "# qv-requests 1\n# tool %s\n# arrivals %s\n# rate %.17g\n", load_tool_name(log->tool),
            log->poisson ? "poisson" : "constant", log->rate);
    fprintf(out, "# guest_time %d\n# printed %d\n# keepalive %d\n", log->guest_time, log->printed, log->keepalive);
    fprintf(out, "# page_bytes %u\n# connections %u\n# seed %" PRIu64 "\n", log->page_bytes, log->connections,
            log->seed);
    fprintf(out, "# epoch_ns %" PRIu64 "\n# warmup_ns %" PRIu64 "\n# end_ns %" PRIu64 "\n", log->epoch_ns,
            log->warmup_ns, log->end_ns);
    fprintf(out, "# timeout_ns %" PRIu64 "\n# late_max_ns %" PRIu64 "\n", log->timeout_ns, log->late_max_ns);
    if (log->summary.present)
        put_summary(out, &log->summary);
    fprintf(out, "%s\n", COLUMNS);
}

int load_log_write_csv(const struct load_log *log, const char *path, struct qv_error *err)
{
    FILE *out = fopen(path, "w");
    if (out == NULL) {
        int code = errno;
        return qv_error_set(err, -code, "%s: %s", path, strerror(code));
    }
    put_head(out, log);
    for (size_t i = 0; i < log->n; i++) {
        const struct load_record *r = &log->record[i];
        fprintf(out, "%u,", r->index);
        put_time(out, r->intended_ns);
        put_time(out, r->sent_ns);
        put_time(out, r->first_ns);
        put_time(out, r->done_ns);
        fprintf(out, "%s,%u,%u\n", load_class_name(r->cls), r->status, r->warmup);
    }
    int failed = ferror(out);
    if (fclose(out) != 0 || failed)
        return qv_error_set(err, -EIO, "%s: cannot be written", path);
    return 0;
}

static bool get_u64(const char *text, uint64_t *out)
{
    if (*text < '0' || *text > '9')
        return false;
    char *end;
    errno = 0;
    *out = strtoull(text, &end, 10);
    return *end == '\0' && errno == 0;
}

static bool get_small(const char *text, uint64_t most, uint64_t *out)
{
    return get_u64(text, out) && *out <= most;
}

static bool get_double(const char *text, double *out)
{
    char *end;
    *out = strtod(text, &end);
    return end != text && *end == '\0';
}

/* "123.456" microseconds to 123456 ns. */
static bool get_time(char *text, uint64_t *out)
{
    if (*text == '\0') {
        *out = LOAD_NEVER;
        return true;
    }
    char *dot = strchr(text, '.');
    uint64_t us;
    uint64_t ns;
    if (dot == NULL || strlen(dot + 1) != 3)
        return false;
    *dot = '\0';
    if (!get_small(text, UINT64_MAX / 2000, &us) || !get_small(dot + 1, 999, &ns))
        return false;
    *out = us * 1000 + ns;
    return true;
}

static bool get_flag(const char *text, bool *out)
{
    uint64_t value;
    bool ok = get_small(text, 1, &value);
    if (ok)
        *out = value == 1;
    return ok;
}

static bool get_u32(const char *text, uint32_t *out)
{
    uint64_t value;
    bool ok = get_small(text, UINT32_MAX, &value);
    if (ok)
        *out = (uint32_t)value;
    return ok;
}

static bool get_tool(const char *text, uint32_t *out)
{
    int tool = load_tool_by_name(text);
    *out = tool < 0 ? 0 : (uint32_t)tool;
    return tool >= 0;
}

struct double_key {
    const char *name;
    size_t offset;
};
#define SUMMARY(name)                                                                                                  \
    {                                                                                                                  \
        "tool_" #name, offsetof(struct load_tool_summary, name)                                                        \
    }
static const struct double_key summary_keys[] = {
    SUMMARY(connections),    SUMMARY(requests),     SUMMARY(replies),        SUMMARY(duration_s),
    SUMMARY(reply_rate_avg), SUMMARY(reply_ms_avg), SUMMARY(connect_ms_avg), SUMMARY(connect_ms_median),
    SUMMARY(connect_ms_max), SUMMARY(errors_total), SUMMARY(errors_timeout), SUMMARY(errors_refused),
    SUMMARY(errors_reset),
};

static bool get_summary_key(struct load_tool_summary *s, const char *key, const char *value)
{
    for (size_t i = 0; i < sizeof(summary_keys) / sizeof(summary_keys[0]); i++) {
        if (strcmp(key, summary_keys[i].name) != 0)
            continue;
        double number;
        if (!get_double(value, &number))
            return false;
        memcpy((char *)s + summary_keys[i].offset, &number, sizeof(number));
        s->present = true;
        return true;
    }
    return false;
}

static bool get_key(struct load_log *log, const char *key, const char *value)
{
    const struct {
        const char *name;
        uint64_t *number;
    } numbers[] = {{"seed", &log->seed},     {"epoch_ns", &log->epoch_ns},     {"warmup_ns", &log->warmup_ns},
                   {"end_ns", &log->end_ns}, {"timeout_ns", &log->timeout_ns}, {"late_max_ns", &log->late_max_ns}};
    for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
        if (strcmp(key, numbers[i].name) == 0)
            return get_u64(value, numbers[i].number);
    }
    if (strcmp(key, "qv-requests") == 0)
        return strcmp(value, "1") == 0;
    if (strcmp(key, "tool") == 0)
        return get_tool(value, &log->tool);
    if (strcmp(key, "arrivals") == 0) {
        log->poisson = strcmp(value, "poisson") == 0;
        return log->poisson || strcmp(value, "constant") == 0;
    }
    if (strcmp(key, "rate") == 0)
        return get_double(value, &log->rate);
    if (strcmp(key, "guest_time") == 0)
        return get_flag(value, &log->guest_time);
    if (strcmp(key, "printed") == 0)
        return get_flag(value, &log->printed);
    if (strcmp(key, "keepalive") == 0)
        return get_flag(value, &log->keepalive);
    if (strcmp(key, "page_bytes") == 0)
        return get_u32(value, &log->page_bytes);
    if (strcmp(key, "connections") == 0)
        return get_u32(value, &log->connections);
    return get_summary_key(&log->summary, key, value);
}

static bool get_record(char *line, struct load_record *r)
{
    char *field[FIELDS];
    for (size_t i = 0; i < FIELDS; i++) {
        field[i] = line;
        char *comma = strchr(line, ',');
        if ((comma == NULL) != (i == FIELDS - 1))
            return false;
        if (comma != NULL) {
            *comma = '\0';
            line = comma + 1;
        }
    }
    uint64_t status;
    uint64_t warmup;
    int cls = load_class_by_name(field[5]);
    memset(r, 0, sizeof(*r));
    if (!get_u32(field[0], &r->index) || !get_time(field[1], &r->intended_ns) || !get_time(field[2], &r->sent_ns) ||
        !get_time(field[3], &r->first_ns) || !get_time(field[4], &r->done_ns) || cls < 0 ||
        !get_small(field[6], UINT16_MAX, &status) || !get_small(field[7], 1, &warmup))
        return false;
    r->cls = (uint8_t)cls;
    r->status = (uint16_t)status;
    r->warmup = (uint8_t)warmup;
    return true;
}

static bool append(struct load_log *log, size_t *room, const struct load_record *r)
{
    if (log->n == *room) {
        size_t more = *room == 0 ? 4096 : *room * 2;
        struct load_record *record = realloc(log->record, more * sizeof(*record));
        if (record == NULL)
            return false;
        log->record = record;
        *room = more;
    }
    log->record[log->n++] = *r;
    return true;
}

/* What is wrong with a line, or NULL. `*body` says whether the line of column names has been seen. */
static const char *read_line(struct load_log *log, char *line, bool *body, size_t *room)
{
    if (!*body && strncmp(line, "# ", 2) == 0) {
        char *space = strchr(line + 2, ' ');
        if (space == NULL)
            return "expected \"# key value\"";
        *space = '\0';
        return get_key(log, line + 2, space + 1) ? NULL : "unknown key or bad value";
    }
    if (!*body) {
        *body = true;
        return strcmp(line, COLUMNS) == 0 ? NULL : "expected the column names " COLUMNS;
    }
    struct load_record r;
    if (!get_record(line, &r))
        return "expected " COLUMNS;
    return append(log, room, &r) ? NULL : "no memory";
}

int load_log_read_csv(const char *path, struct load_log *log, struct qv_error *err)
{
    load_log_init(log);
    FILE *in = fopen(path, "r");
    if (in == NULL) {
        int code = errno;
        return qv_error_set(err, -code, "%s: %s", path, strerror(code));
    }
    char *line = NULL;
    size_t size = 0;
    size_t room = 0;
    size_t number = 0;
    bool body = false;
    const char *wrong = NULL;
    while (wrong == NULL && getline(&line, &size, in) >= 0) {
        number++;
        line[strcspn(line, "\r\n")] = '\0';
        wrong = read_line(log, line, &body, &room);
    }
    if (wrong == NULL && !body)
        wrong = "expected the column names, found the end";
    free(line);
    fclose(in);
    if (wrong == NULL)
        return 0;
    load_log_free(log);
    return qv_error_set(err, -EINVAL, "%s:%zu: %s", path, number, wrong);
}
