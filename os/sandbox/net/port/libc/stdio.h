/* SPDX-License-Identifier: MIT */
/* <stdio.h> of the freestanding image, for lwIP, which needs nothing of it as it is configured here. */
#ifndef QV_NET_LIBC_STDIO_H
#define QV_NET_LIBC_STDIO_H

#include <stddef.h>

#endif
