/* SPDX-License-Identifier: MIT */
/* What several commands take as options, read in one way. */
#ifndef QV_CMD_OPTIONS_H
#define QV_CMD_OPTIONS_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>

/* --out: a directory (not there yet, which is not looked at here). STATUS_MET, or STATUS_BAD with a message. */
int option_folder(const char *command, const char *text, char out[PATH_MAX]);

/* Where results go that nobody gave a place: out/NAME-TIME, and -2, -3 ... if there is one from the same second. */
void default_folder(char out[PATH_MAX], const char *name);

/* The whole text is a decimal number from `least` to `most`. */
bool option_number(const char *text, unsigned long least, unsigned long most, unsigned long *out);

/* KEY=VALUE: the key is copied to `key`, `value` points into the text. False: no key, or one longer than `size` takes.
 */
bool option_setting(const char *text, char *key, size_t size, const char **value);

/* May the text be a benchmark's name, as the boot configuration carries it? Its existence is not looked at. */
bool option_benchmark(const char *text);

#endif
