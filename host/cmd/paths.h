/* SPDX-License-Identifier: MIT */
/* Where things lie. Buffers are static: valid until the next call of the same function. */
#ifndef QV_CMD_PATHS_H
#define QV_CMD_PATHS_H

/* The project's folder: QV_ROOT, else seen from the program's own place (build/host/qv), else the current folder. */
const char *paths_root(void);

/* The OS images: QV_OS_DIR, else os/ in the build folder that the program lies in. */
const char *paths_os_dir(void);

/* The emulator's plugins: QV_PLUGIN_DIR, else bench/plugin/ in the build folder that the program lies in. */
const char *paths_plugin_dir(void);

/* `name` below the root. */
const char *paths_in_root(const char *name);

/* The same path as seen from the root if it lies below it, else the path itself. */
const char *paths_below_root(const char *path);

/* NAME/FILE into `out`, -1 if it does not fit. */
int paths_join(char *out, unsigned long room, const char *folder, const char *name);

#endif
