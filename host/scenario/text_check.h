/* SPDX-License-Identifier: MIT */
/* Checks the bytes of a text file before a parser sees them. */
#ifndef QV_SCENARIO_TEXT_CHECK_H
#define QV_SCENARIO_TEXT_CHECK_H

#include <stdbool.h>
#include <stddef.h>

#include "scenario/diag.h"

/* Well-formed UTF-8 without NUL and control characters (tab, line feed, carriage return are fine): 0, else -1 and the
 * first offender in *diag. */
int text_check(const char *text, size_t size, struct diag *diag);

/* Can the text stand between double quotes and be read back? No control characters but tab and line feed, and none of
 * the line ends that only YAML knows (U+0085, U+2028, U+2029). `text` is UTF-8. */
bool text_is_plain(const char *text);

/* Copies `text` into `out` for a message: control bytes as \xNN, cut with "..." at `room` bytes. Returns out. */
char *text_quote(char *out, size_t room, const char *text);

#endif
