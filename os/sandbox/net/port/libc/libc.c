/* SPDX-License-Identifier: MIT */
/* What lwIP needs of the C library beyond os/lib. */
#include "stdlib.h"
#include "string.h"

#include <stdint.h>

char *strchr(const char *text, int wanted)
{
    for (; *text != (char)wanted; text++) {
        if (*text == '\0') {
            return NULL;
        }
    }
    return (char *)(uintptr_t)text;
}

char *strstr(const char *text, const char *wanted)
{
    size_t size = strlen(wanted);

    for (; *text != '\0'; text++) {
        if (strncmp(text, wanted, size) == 0) {
            return (char *)(uintptr_t)text;
        }
    }
    return size == 0 ? (char *)(uintptr_t)text : NULL;
}

int atoi(const char *text)
{
    int value = 0;

    for (; *text >= '0' && *text <= '9'; text++) {
        value = value * 10 + (*text - '0');
    }
    return value;
}
