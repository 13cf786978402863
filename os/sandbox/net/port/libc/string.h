/* SPDX-License-Identifier: MIT */
/* <string.h> of the freestanding image, for lwIP. */
#ifndef QV_NET_LIBC_STRING_H
#define QV_NET_LIBC_STRING_H

#include "lib/string.h"

char *strchr(const char *text, int wanted);
char *strstr(const char *text, const char *wanted);

#endif
