/* SPDX-License-Identifier: MIT */
/* Free TCP ports of the loopback interface. */
#ifndef QV_PLATFORM_PORT_H
#define QV_PLATFORM_PORT_H

#include <stddef.h>
#include <stdint.h>

#include "analysis/error.h"

/* Puts a free port into each entry that is 0 and checks that the others are free; all different. 0, or -EADDRINUSE. */
int port_choose(uint16_t *port, size_t n, struct qv_error *err);

#endif
