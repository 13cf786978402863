/* SPDX-License-Identifier: MIT */
/* The files that Bochs reads: its configuration, its network's, and a CD to boot from. All lie in one folder. */
#ifndef QV_PLATFORM_BOCHS_FILES_H
#define QV_PLATFORM_BOCHS_FILES_H

#include "analysis/error.h"
#include "platform/platform.h"

/*
 * Writes them into `scratch` (its path is plain: no spaces, commas or quotes), where bochs_files_remove() finds them
 * again. 0 or a negative error.
 */
int bochs_files_write(const struct machine *machine, const struct machine_config *config, const char *scratch,
                      struct qv_error *err);
void bochs_files_remove(const char *scratch);

#endif
