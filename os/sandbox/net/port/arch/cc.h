/* SPDX-License-Identifier: MIT */
/* lwIP's view of the compiler: freestanding C11; the byte order is lwIP's default, little endian. */
#ifndef QV_LWIP_CC_H
#define QV_LWIP_CC_H

#include <sys/types.h> /* ssize_t */

#include "net_port.h"

#define LWIP_NO_INTTYPES_H 1
#define LWIP_NO_LIMITS_H   1
#define LWIP_NO_CTYPE_H    1
#define LWIP_NO_UNISTD_H   1
#ifndef SSIZE_MAX
#define SSIZE_MAX 0x7fffffffffffffffl /* keeps lwIP from defining ssize_t itself */
#endif

#define LWIP_RAND() net_random()

#define LWIP_PLATFORM_DIAG(message)   ((void)0)
#define LWIP_PLATFORM_ASSERT(message) net_assertion_failed(message, __FILE__, __LINE__)

#endif
