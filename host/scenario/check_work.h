/* SPDX-License-Identifier: MIT */
/* What check.c and check_work.c share: looking at a scenario together with the places of its values. */
#ifndef QV_SCENARIO_CHECK_WORK_H
#define QV_SCENARIO_CHECK_WORK_H

#include <stdbool.h>

#include "scenario/scenario.h"
#include "scenario/tree.h"

struct check {
    const struct scenario *scenario;
    const struct tree *tree;
    struct diag *diag;
};

/* Could everything at this path be read (or was it left to its default)? Is it written at all? */
bool check_usable(const struct check *c, const char *path);
bool check_given(const struct check *c, const char *path);

/* A message at the place of `path`, or of what is nearest to it. */
void check_complain(const struct check *c, const char *path, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Work loads and what is expected of VCPUs. */
void check_work(const struct check *c);

/* Is every sandbox's set of VCPUs admitted? Only for a scenario without any other mistake. */
void check_admission(const struct check *c);

#endif
