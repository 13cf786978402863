/* SPDX-License-Identifier: MIT */
/* Reading what httperf prints: no processes here, lines in and records out. */
#ifndef QV_LOAD_HTTPERF_H
#define QV_LOAD_HTTPERF_H

#include <stdint.h>

#include "analysis/load_log.h"

/* Room for all records, none of them seen yet. */
void httperf_begin(struct load_log *log);

/*
 * One line, without its end, read at time `ns` since epoch. With --print-request=header and --print-reply=header the
 * interesting ones are "SS<call>: ..." (request sent), "RH<call>:<header>" (reply begins) and "RS<call>: header H
 * content C footer F" (reply complete). Anything else is left alone, except the sums at the end.
 */
void httperf_line(struct load_log *log, const char *line, uint64_t ns);

/* After the last line: gives requests without reply their class, and those never made their place. */
void httperf_end(struct load_log *log);

#endif
