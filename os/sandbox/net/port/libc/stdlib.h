/* SPDX-License-Identifier: MIT */
/* <stdlib.h> of the freestanding image, for lwIP. */
#ifndef QV_NET_LIBC_STDLIB_H
#define QV_NET_LIBC_STDLIB_H

#include <stddef.h>

int atoi(const char *text);

#endif
