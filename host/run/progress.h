/* SPDX-License-Identifier: MIT */
/* What a person sees while a run is on: one line that changes on a terminal, single lines elsewhere. */
#ifndef QV_RUN_PROGRESS_H
#define QV_RUN_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

struct progress {
    bool quiet;
    bool terminal;
    bool open; /* a changing line is on the screen */
    uint64_t shown_ns;
};

void progress_begin(struct progress *progress, bool quiet);

/* A line that stays. */
void progress_say(struct progress *progress, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* A line that the next one replaces; on terminals only, and not more often than ten times a second. */
void progress_show(struct progress *progress, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
