/* SPDX-License-Identifier: MIT */
/* The text of the page /counters. */
#ifndef QV_NET_COUNTERS_H
#define QV_NET_COUNTERS_H

#include <stddef.h>

/*
 * Writes this sandbox's counters, one "name value" a line: who serves, struct qv_sandbox_status, the exits of this core
 * by stage and cause (those that are not zero, and the sum of each stage), and lwIP's own. Returns the length, <= size.
 */
size_t counters_text(char *buffer, size_t size);

#endif
