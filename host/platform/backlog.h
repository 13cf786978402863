/* SPDX-License-Identifier: MIT */
/*
 * Longer queues of waiting connections for somebody else's listening sockets. QEMU's user network listens with a
 * backlog of 1, so that the host's kernel drops connections, and their clients try again a second later, whenever the
 * emulator's main loop is late by two connections. That would be taken for a fault's work.
 */
#ifndef QV_PLATFORM_BACKLOG_H
#define QV_PLATFORM_BACKLOG_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/*
 * Gives the listening sockets of child `pid` that are bound to one of the n ports a backlog of `backlog`. Returns how
 * many were changed: 0 where the kernel does not let us (before 5.6, or a sandbox forbids it), which is no error.
 */
unsigned backlog_raise(pid_t pid, const uint16_t *port, size_t n, int backlog);

#endif
