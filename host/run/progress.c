/* SPDX-License-Identifier: MIT */
#include "run/progress.h"

#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

#include "run/job.h"

#define SHOW_PERIOD_NS 100000000u

void progress_begin(struct progress *progress, bool quiet)
{
    *progress = (struct progress){.quiet = quiet, .terminal = isatty(STDERR_FILENO) == 1};
}

void progress_say(struct progress *progress, const char *format, ...)
{
    va_list arguments;
    if (progress->quiet)
        return;
    if (progress->open)
        fputs("\r\033[K", stderr);
    progress->open = false;
    fputs("qv: ", stderr);
    va_start(arguments, format);
    vfprintf(stderr, format, arguments);
    va_end(arguments);
    fputc('\n', stderr);
}

void progress_show(struct progress *progress, const char *format, ...)
{
    va_list arguments;
    uint64_t now = monotonic_ns();
    if (progress->quiet || !progress->terminal || now - progress->shown_ns < SHOW_PERIOD_NS)
        return;
    progress->shown_ns = now;
    progress->open = true;
    fputs("\r\033[Kqv: ", stderr);
    va_start(arguments, format);
    vfprintf(stderr, format, arguments);
    va_end(arguments);
    fflush(stderr);
}
