/* SPDX-License-Identifier: MIT */
/* Numbers as people read them. Every function fills a buffer of the caller's and returns it. */
#ifndef QV_ANALYSIS_TEXT_H
#define QV_ANALYSIS_TEXT_H

#include <stddef.h>

/* Rounded to a whole number, thousands apart: 14,500,000. NaN: "-". */
char *text_count(char *out, size_t size, double value);

/* A time in the unit that suits it: 885 ns, 4.40 µs, 4.42 ms, 1.20 s. */
char *text_ms(char *out, size_t size, double ms);

/* Columns that UTF-8 text takes on a terminal, for the characters used here (none is wide). */
size_t text_width(const char *text);

#endif
