/* SPDX-License-Identifier: MIT */
/* Parts of a machine that every emulator needs. */
#ifndef QV_PLATFORM_PARTS_H
#define QV_PLATFORM_PARTS_H

#include <stdint.h>

#include "analysis/error.h"
#include "platform/platform.h"

/*
 * The guest's memory: a file without a name, `slack` bytes larger than the memory, mapped here as machine->ram. Returns
 * the file's descriptor, which the caller closes once the emulator has it, or a negative error.
 */
int parts_make_memory(struct machine *machine, uint64_t bytes, uint64_t slack, struct qv_error *err);

/* Fills machine->forward with the ways that the configuration asks for, each with a free port. 0, or -EADDRINUSE. */
int parts_choose_ports(struct machine *machine, const struct machine_config *config, struct qv_error *err);

/* Lets many connections wait at the ports of a running machine: emulators ask for a queue of one. Ports found open. */
unsigned parts_raise_backlog(const struct machine *machine);

/* The full path of a library to be preloaded into an emulator: beside the program, where the build puts it, or in the
 * folder QV_PRELOAD_DIR. 0, -ENOENT, or -EINVAL for a path that the dynamic linker would cut. */
int parts_find_preloaded(const char *library, char *out, size_t size, struct qv_error *err);

uint64_t parts_now_ns(void); /* CLOCK_MONOTONIC */

#endif
