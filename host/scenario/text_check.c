/* SPDX-License-Identifier: MIT */
#include "scenario/text_check.h"

#include <stdint.h>
#include <string.h>

/* Length of the UTF-8 sequence at p and its code point; 0 if it is not well formed (Unicode 15, table 3-7). */
static size_t decode(const unsigned char *p, size_t left, uint32_t *point)
{
    static const struct {
        unsigned char low, high, mask;
        unsigned char length;
        uint32_t smallest;
    } kind[] = {
        {0x00, 0x7f, 0x7f, 1, 0},
        {0xc2, 0xdf, 0x1f, 2, 0x80},
        {0xe0, 0xef, 0x0f, 3, 0x800},
        {0xf0, 0xf4, 0x07, 4, 0x10000},
    };

    for (size_t k = 0; k < sizeof(kind) / sizeof(kind[0]); k++) {
        if (p[0] < kind[k].low || p[0] > kind[k].high)
            continue;
        if (left < kind[k].length)
            return 0;
        uint32_t value = p[0] & kind[k].mask;
        for (size_t i = 1; i < kind[k].length; i++) {
            if ((p[i] & 0xc0) != 0x80)
                return 0;
            value = value << 6 | (p[i] & 0x3fu);
        }
        if (value < kind[k].smallest || value > 0x10ffff || (value >= 0xd800 && value <= 0xdfff))
            return 0;
        *point = value;
        return kind[k].length;
    }
    return 0;
}

static bool allowed(uint32_t point)
{
    if (point == '\t' || point == '\n' || point == '\r' || point == 0x85)
        return true;
    return point >= 0x20 && !(point >= 0x7f && point <= 0x9f) && point != 0xfffe && point != 0xffff;
}

int text_check(const char *text, size_t size, struct diag *diag)
{
    const unsigned char *p = (const unsigned char *)text;
    struct mark at = {1, 1};
    size_t i = 0;

    if (size >= 3 && memcmp(p, "\xef\xbb\xbf", 3) == 0)
        i = 3;
    while (i < size) {
        uint32_t point = 0;
        size_t length = decode(p + i, size - i, &point);
        if (length == 0) {
            diag_error(diag, at, "byte 0x%02x is not UTF-8, expected UTF-8 text", p[i]);
            return -1;
        }
        if (point == 0) {
            diag_error(diag, at, "NUL character in the file, expected text");
            return -1;
        }
        if (!allowed(point)) {
            diag_error(diag, at, "control character U+%04X in the file, expected printable text", (unsigned)point);
            return -1;
        }
        i += length;
        bool line_end = point == '\n' || point == 0x85 || point == 0x2028 || point == 0x2029 ||
                        (point == '\r' && !(i < size && p[i] == '\n'));
        if (line_end) {
            at.line++;
            at.column = 1;
        } else {
            at.column++;
        }
    }
    return 0;
}

bool text_is_plain(const char *text)
{
    const unsigned char *p = (const unsigned char *)text;
    size_t left = strlen(text);
    while (left > 0) {
        uint32_t point = 0;
        size_t length = decode(p, left, &point);
        if (length == 0 || !allowed(point) || point == '\r' || point == 0x85 || point == 0x2028 || point == 0x2029 ||
            point == 0xfeff)
            return false;
        p += length;
        left -= length;
    }
    return true;
}

char *text_quote(char *out, size_t room, const char *text)
{
    size_t n = 0;
    for (const char *p = text; *p != '\0'; p++) {
        unsigned char c = (unsigned char)*p;
        size_t need = c < 0x20 || c == 0x7f ? 4 : 1;
        if (n + need + 4 > room) {
            /* not in the middle of a character */
            while (n > 0 && ((unsigned char)out[n - 1] & 0xc0) == 0x80)
                n--;
            if (n > 0 && ((unsigned char)out[n - 1] & 0xc0) == 0xc0)
                n--;
            memcpy(out + n, "...", 3);
            n += 3;
            break;
        }
        if (need == 4) {
            static const char digit[] = "0123456789abcdef";
            out[n++] = '\\';
            out[n++] = 'x';
            out[n++] = digit[c >> 4];
            out[n++] = digit[c & 15];
        } else {
            out[n++] = (char)c;
        }
    }
    out[n] = '\0';
    return out;
}
