/* SPDX-License-Identifier: MIT */
/*
 * Published figures kept as data (results/published/<set>.csv): value, unit, machine, source and condition.
 */
#ifndef QV_ANALYSIS_PUBLISHED_H
#define QV_ANALYSIS_PUBLISHED_H

#include <stddef.h>

#include "analysis/error.h"

struct published_figure {
    char key[32];    /* phase name */
    char policy[16]; /* "local", "remote" */
    double value;
    char unit[16];
    char note[160];
};

struct published_set {
    char source[256];
    char machine[256];
    struct published_figure *figure; /* owned */
    size_t n;
};

/* Errors name file and line. */
int published_read(const char *path, struct published_set *out, struct qv_error *err);
void published_free(struct published_set *set);

/* NULL if there is none. */
const struct published_figure *published_find(const struct published_set *set, const char *key, const char *policy);

#endif
