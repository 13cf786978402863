/* SPDX-License-Identifier: MIT */
/*
 * The label of a menu entry: text that travels in an image beside the boot configuration (third boot module) and comes
 * back with the results, so that whoever collects them knows what ran. Comment lines "# key: value", then the scenario
 * as scenario_print() writes it; benchmarks have no scenario, what they ran is in the boot configuration.
 */
#ifndef QV_IMAGE_LABEL_H
#define QV_IMAGE_LABEL_H

#include <stddef.h>
#include <stdio.h>

#include "analysis/error.h"
#include "scenario/scenario.h"

#define LABEL_VERSION 1u

struct label {
    char file[256];     /* of the scenario, as it was named; "" for benchmarks */
    char command[1024]; /* that made the image */
    char commit[80];    /* of the program that made it */
    char monitor_sha256[65], sandbox_sha256[65];
};

/* `scenario` is NULL for benchmarks. */
void label_print(FILE *out, const struct label *label, const struct scenario *scenario);

/* Reads the comment lines. -EPROTO: no label, or of a version that is not known here. */
int label_read(const char *text, size_t size, struct label *out, struct qv_error *err);

#endif
