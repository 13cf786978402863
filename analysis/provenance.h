/* SPDX-License-Identifier: MIT */
/*
 * Where a result comes from: program, machine, command lines, hashes. Everything that is written down is safe to
 * publish: paths below the project's root are made relative to it, and the host's name and user are left out.
 */
#ifndef QV_ANALYSIS_PROVENANCE_H
#define QV_ANALYSIS_PROVENANCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "analysis/error.h"

#define PROVENANCE_MAX_COMMANDS 8u
#define PROVENANCE_MAX_HASHES   16u

struct provenance {
    char root[512];  /* made relative in all text below; not written to results */
    char commit[64]; /* "" = not a git work tree */
    bool dirty;
    char qemu_version[128]; /* first line of qemu --version, or another platform's */
    char compiler[128];     /* that built this program */
    char build_type[32];
    char host_cpu[128];
    uint32_t host_cores;
    char host_kernel[128];
    char host_os[128];
    double load_average;  /* 1 minute, when collected */
    char time[32];        /* start, UTC, ISO 8601 */
    char reproduce[1024]; /* one command that makes this run again */
    char guest_cpu[64];
    struct {
        char role[32];   /* "platform", "load", "qv" */
        char line[4096]; /* shell-quoted */
    } command[PROVENANCE_MAX_COMMANDS];
    uint32_t n_commands;
    struct {
        char name[128]; /* path relative to the root, or a name */
        char sha256[65];
    } hash[PROVENANCE_MAX_HASHES];
    uint32_t n_hashes;
};

/* Fills in what can be found out about host, compiler and work tree. `root` = the project's directory, may be NULL. */
void provenance_collect(struct provenance *p, const char *root);

/* First line of what `program --version` prints, "" on failure. */
void provenance_set_version(struct provenance *p, const char *program);

/* Records an argument vector (NULL-terminated) under a role; shell-quoted. -ENOSPC if there are too many. */
int provenance_add_command(struct provenance *p, const char *role, char *const argv[]);

/* The same quoting into a buffer of the caller's (`reproduce`); paths below the root made relative. */
void provenance_quote(const struct provenance *p, char *out, size_t size, char *const argv[]);

/* SHA-256 of a file, recorded under its path relative to the root. Negative errno if it cannot be read. */
int provenance_add_file(struct provenance *p, const char *path, struct qv_error *err);

/* SHA-256 of some bytes (a boot configuration in memory, the scenario's text) under a name. */
int provenance_add_bytes(struct provenance *p, const char *name, const void *data, size_t size);

#endif
