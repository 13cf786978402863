/* SPDX-License-Identifier: MIT */
#include "analysis/published.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define COLUMNS "key,policy,value,unit,note"

static void comment_value(const char *line, const char *key, char *out, size_t size)
{
    size_t n = strlen(key);
    if (strncmp(line, key, n) == 0)
        (void)snprintf(out, size, "%.*s", (int)size - 1, line + n);
}

/* Copies a field up to the comma (or the end, for the last one) and moves on; false if it is missing or too long. */
static bool take_field(const char **at, bool last, char *out, size_t size)
{
    size_t n = last ? strlen(*at) : strcspn(*at, ",");
    if (n >= size || (!last && (*at)[n] != ','))
        return false;
    memcpy(out, *at, n);
    out[n] = '\0';
    *at += n + (last ? 0 : 1);
    return true;
}

static const char *parse_line(const char *line, struct published_figure *f)
{
    char value[32];
    char *end;
    const char *at = line;
    if (!take_field(&at, false, f->key, sizeof(f->key)) || !take_field(&at, false, f->policy, sizeof(f->policy)) ||
        !take_field(&at, false, value, sizeof(value)) || !take_field(&at, false, f->unit, sizeof(f->unit)) ||
        !take_field(&at, true, f->note, sizeof(f->note)))
        return "expected " COLUMNS;
    f->value = strtod(value, &end);
    if (end == value || *end != '\0')
        return "expected a number as value";
    return f->key[0] == '\0' ? "expected a key" : NULL;
}

static const char *read_line(struct published_set *out, const char *line, bool *body)
{
    if (line[0] == '#') {
        comment_value(line, "# source: ", out->source, sizeof(out->source));
        comment_value(line, "# machine: ", out->machine, sizeof(out->machine));
        return NULL;
    }
    if (!*body) {
        *body = true;
        return strcmp(line, COLUMNS) == 0 ? NULL : "expected the column names " COLUMNS;
    }
    struct published_figure *figure = realloc(out->figure, (out->n + 1) * sizeof(*figure));
    if (figure == NULL)
        return "no memory";
    out->figure = figure;
    const char *wrong = parse_line(line, &out->figure[out->n]);
    if (wrong == NULL)
        out->n++;
    return wrong;
}

int published_read(const char *path, struct published_set *out, struct qv_error *err)
{
    memset(out, 0, sizeof(*out));
    FILE *file = fopen(path, "r");
    if (file == NULL) {
        int code = errno;
        return qv_error_set(err, -code, "%s: %s", path, strerror(code));
    }
    char line[1024];
    size_t number = 0;
    bool body = false;
    const char *wrong = NULL;
    while (wrong == NULL && fgets(line, sizeof(line), file) != NULL) {
        number++;
        line[strcspn(line, "\r\n")] = '\0';
        wrong = read_line(out, line, &body);
    }
    if (wrong == NULL && (!body || out->source[0] == '\0' || out->machine[0] == '\0'))
        wrong = "expected \"# source:\" and \"# machine:\" before the figures";
    fclose(file);
    if (wrong == NULL)
        return 0;
    published_free(out);
    return qv_error_set(err, -EINVAL, "%s:%zu: %s", path, number, wrong);
}

void published_free(struct published_set *set)
{
    free(set->figure);
    memset(set, 0, sizeof(*set));
}

const struct published_figure *published_find(const struct published_set *set, const char *key, const char *policy)
{
    for (size_t i = 0; i < set->n; i++) {
        if (strcmp(set->figure[i].key, key) == 0 && strcmp(set->figure[i].policy, policy) == 0)
            return &set->figure[i];
    }
    return NULL;
}
