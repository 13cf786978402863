/* SPDX-License-Identifier: MIT */
#include "cmd/paths.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The folder `levels` above the running program; "" if that cannot be told. */
static void above_program(char out[PATH_MAX], unsigned levels)
{
    ssize_t n = readlink("/proc/self/exe", out, PATH_MAX - 1);
    out[n < 0 ? 0 : n] = '\0';
    for (unsigned i = 0; i < levels; i++) {
        char *slash = strrchr(out, '/');
        if (slash == NULL)
            break;
        *slash = '\0';
    }
}

const char *paths_root(void)
{
    static char root[PATH_MAX];
    char probe[PATH_MAX + 16];
    const char *told = getenv("QV_ROOT");

    if (told != NULL && told[0] != '\0') {
        snprintf(root, sizeof(root), "%s", told);
        return root;
    }
    above_program(root, 3); /* the program, host, build */
    snprintf(probe, sizeof(probe), "%s/scenarios", root);
    if (root[0] == '\0' || access(probe, R_OK) != 0)
        strcpy(root, ".");
    return root;
}

static void in_build(char *folder, size_t room, const char *variable, const char *name)
{
    char build[PATH_MAX];
    const char *told = getenv(variable);

    if (told != NULL && told[0] != '\0') {
        snprintf(folder, room, "%s", told);
        return;
    }
    above_program(build, 2);
    snprintf(folder, room, "%s/%s", build, name);
}

const char *paths_os_dir(void)
{
    static char folder[PATH_MAX + 8];
    in_build(folder, sizeof(folder), "QV_OS_DIR", "os");
    return folder;
}

const char *paths_plugin_dir(void)
{
    static char folder[PATH_MAX + 16];
    in_build(folder, sizeof(folder), "QV_PLUGIN_DIR", "bench/plugin");
    return folder;
}

const char *paths_in_root(const char *name)
{
    static char path[2 * PATH_MAX];
    snprintf(path, sizeof(path), "%s/%s", paths_root(), name);
    return path;
}

int paths_join(char *out, unsigned long room, const char *folder, const char *name)
{
    int n = snprintf(out, room, "%s/%s", folder, name);
    return n >= 0 && (unsigned long)n < room ? 0 : -1;
}

const char *paths_below_root(const char *path)
{
    static char shown[PATH_MAX];
    char root[PATH_MAX];
    char full[PATH_MAX];

    if (realpath(path, full) == NULL || realpath(paths_root(), root) == NULL)
        return path;
    size_t length = strlen(root);
    if (strncmp(full, root, length) != 0 || full[length] != '/')
        return path;
    strcpy(shown, full + length + 1);
    return shown;
}
