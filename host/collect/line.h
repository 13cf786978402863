/* SPDX-License-Identifier: MIT */
/* A serial line: 115200 baud, 8 data bits, no parity, no flow control, no translation. */
#ifndef QV_COLLECT_LINE_H
#define QV_COLLECT_LINE_H

#include <stddef.h>

#include "analysis/error.h"

/* A descriptor for reading and writing, or a negative error. What is no terminal is taken as it is. */
int line_open(const char *device, struct qv_error *err);

/* Bytes read within `ms`, 0 = none came; negative error, -EPIPE where the other side is gone for good. */
long line_read(int fd, void *data, size_t size, int ms);

int line_write(int fd, const void *data, size_t size); /* all of them; 0 or a negative error */

#endif
