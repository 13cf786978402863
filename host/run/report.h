/* SPDX-License-Identifier: MIT */
/* What is shown and kept of a machine for finding out what happened to it. */
#ifndef QV_RUN_REPORT_H
#define QV_RUN_REPORT_H

#include <stdio.h>

#include "analysis/address.h"
#include "analysis/error.h"
#include "qv/directory.h"

/* exits.log: the exits of every core by cause, and the last ones one by one, where the sandbox was by name. */
int report_write_exits(const char *path, const struct qv_directory *directory, const struct address_namer *namer,
                       struct qv_error *err);
void report_exits(FILE *stream, const struct qv_directory *directory, const struct address_namer *namer);

/* The last `lines` lines of a text file, indented; nothing if there is none. */
void report_tail(FILE *stream, const char *path, unsigned lines);

#endif
