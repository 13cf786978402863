/* SPDX-License-Identifier: MIT */
#include "analysis/error.h"

#include <stdarg.h>
#include <stdio.h>

int qv_error_set(struct qv_error *err, int code, const char *format, ...)
{
    if (err != NULL) {
        va_list args;
        va_start(args, format);
        (void)vsnprintf(err->text, sizeof(err->text), format, args);
        va_end(args);
    }
    return code;
}
