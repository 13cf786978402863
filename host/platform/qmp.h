/* SPDX-License-Identifier: MIT */
/* A small client of QEMU's machine protocol (QMP) on a connected socket. */
#ifndef QV_PLATFORM_QMP_H
#define QV_PLATFORM_QMP_H

#include <stddef.h>

#include "analysis/error.h"

/* Reads the greeting, leaves negotiation mode. The emulator's version ("7.2.22 (...)") goes to `version`. 0 or an
 * error: -ETIMEDOUT, -EPIPE (it hung up), -EPROTO. */
int qmp_connect(int fd, unsigned timeout_ms, char *version, size_t size, struct qv_error *err);

/* Sends a command without arguments and does not wait for its answer. 0 or -EPIPE. */
int qmp_send(int fd, const char *name, struct qv_error *err);

/* Sends a command without arguments and waits for its answer; events and answers to others in between are skipped. */
int qmp_command(int fd, const char *name, unsigned timeout_ms, struct qv_error *err);

#endif
