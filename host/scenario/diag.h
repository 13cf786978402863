/* SPDX-License-Identifier: MIT */
/* Located error messages: collected first, printed in the order of their places. Plain data, nothing to free. */
#ifndef QV_SCENARIO_DIAG_H
#define QV_SCENARIO_DIAG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#define DIAG_MAX   64u /* kept */
#define DIAG_SHOWN 20u /* printed: the first ones by place */
#define DIAG_TEXT  320u

/* A place in a file, from 1; line 0 = no place (the file as a whole). */
struct mark {
    unsigned line;
    unsigned column;
};

struct diag_entry {
    struct mark at;
    char text[DIAG_TEXT];
};

struct diag {
    const char *file; /* borrowed, printed before each message */
    unsigned count;
    unsigned dropped; /* mistakes beyond DIAG_MAX: counted, not kept */
    struct diag_entry entry[DIAG_MAX];
};

void diag_init(struct diag *diag, const char *file);

/* Adds a message, cut at DIAG_TEXT; beyond DIAG_MAX only counts. */
void diag_error(struct diag *diag, struct mark at, const char *format, ...) __attribute__((format(printf, 3, 4)));

static inline bool diag_any(const struct diag *diag)
{
    return diag->count > 0;
}

/* Sorts by place, keeping the order of messages with the same place. */
void diag_sort(struct diag *diag);

/* The first DIAG_SHOWN, one line each: `file:line:column: message`, or `file: message` where there is no place; then
 * how many more there are. */
void diag_print(const struct diag *diag, FILE *stream);

#endif
