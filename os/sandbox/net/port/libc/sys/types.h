/* SPDX-License-Identifier: MIT */
/* <sys/types.h> of the freestanding image, for lwIP. */
#ifndef QV_NET_LIBC_TYPES_H
#define QV_NET_LIBC_TYPES_H

typedef long ssize_t;

#endif
