/* SPDX-License-Identifier: MIT */
/* Child processes that do not outlive us: each leads a process group of its own and is killed when we die. */
#ifndef QV_PLATFORM_PROCESS_H
#define QV_PLATFORM_PROCESS_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "analysis/error.h"

/*
 * Starts argv[0] (searched in PATH) with `log` as its standard output and error and no input, in the folder `cwd`
 * (NULL: here). The n descriptors of `keep` stay open in it, all others are closed. Returns its id, or a negative
 * error: also when the program cannot be run. Must be called in the thread that stays alive as long as the child
 * should.
 */
pid_t process_start(char *const argv[], const char *cwd, const char *log, const int *keep, size_t n,
                    struct qv_error *err);

/* True once it has ended (and is reaped): exit status, or 128 + signal, in *code. */
bool process_ended(pid_t pid, int *code);

/* Waits up to `ms` for its end. */
bool process_wait(pid_t pid, unsigned ms, int *code);

/* Ends the whole process group: SIGTERM, half a second, SIGKILL; reaps the leader. */
void process_kill(pid_t pid, int *code);

/* An argument vector that grows. */
struct arguments {
    char **item; /* NULL-terminated, each malloc'd; owned by whoever takes it */
    size_t n;
    bool failed; /* out of memory at some point */
};
void arguments_add(struct arguments *arguments, const char *format, ...) __attribute__((format(printf, 2, 3)));
void arguments_free(struct arguments *arguments);

#endif
