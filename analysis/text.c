/* SPDX-License-Identifier: MIT */
#include "analysis/text.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

char *text_count(char *out, size_t size, double value)
{
    char digits[64];
    if (!isfinite(value)) {
        (void)snprintf(out, size, "-");
        return out;
    }
    int n = snprintf(digits, sizeof(digits), "%.0f", fabs(value));
    size_t used = 0;
    if (value < 0 && strcmp(digits, "0") != 0 && used + 1 < size)
        out[used++] = '-';
    for (int i = 0; i < n && used + 1 < size; i++) {
        if (i > 0 && (n - i) % 3 == 0 && used + 2 < size)
            out[used++] = ',';
        out[used++] = digits[i];
    }
    out[used] = '\0';
    return out;
}

static int decimals(double value)
{
    double size = fabs(value);
    return size < 9.995 ? 2 : size < 99.95 ? 1 : 0;
}

char *text_ms(char *out, size_t size, double ms)
{
    double abs_ms = fabs(ms);
    if (!isfinite(ms))
        (void)snprintf(out, size, "-");
    else if (abs_ms == 0)
        (void)snprintf(out, size, "0 ms");
    else if (abs_ms < 0.0009995)
        (void)snprintf(out, size, "%.0f ns", ms * 1e6);
    else if (abs_ms < 0.9995)
        (void)snprintf(out, size, "%.*f µs", decimals(ms * 1e3), ms * 1e3);
    else if (abs_ms < 1999.5)
        (void)snprintf(out, size, "%.*f ms", decimals(ms), ms);
    else
        (void)snprintf(out, size, "%.*f s", decimals(ms / 1e3), ms / 1e3);
    return out;
}

size_t text_width(const char *text)
{
    size_t width = 0;
    for (; *text != '\0'; text++)
        width += ((unsigned char)*text & 0xc0) != 0x80;
    return width;
}
