/* SPDX-License-Identifier: MIT */
/* Text put together piece by piece in a buffer of fixed size; what does not fit is cut. No terminating NUL. */
#ifndef QV_NET_TEXT_H
#define QV_NET_TEXT_H

#include <stddef.h>
#include <stdint.h>

struct text {
    char *buffer;
    size_t size;
    size_t used;
};

static inline void text_string(struct text *text, const char *string)
{
    while (*string != '\0' && text->used < text->size) {
        text->buffer[text->used++] = *string++;
    }
}

static inline void text_number(struct text *text, uint64_t number)
{
    char digit[21];
    size_t at = sizeof(digit) - 1;

    digit[at] = '\0';
    do {
        digit[--at] = (char)('0' + number % 10);
        number /= 10;
    } while (number > 0);
    text_string(text, digit + at);
}

/* An IPv4 address in host order. */
static inline void text_address(struct text *text, uint32_t address)
{
    for (int shift = 24; shift >= 0; shift -= 8) {
        text_number(text, (address >> shift) & 0xff);
        if (shift > 0) {
            text_string(text, ".");
        }
    }
}

#endif
