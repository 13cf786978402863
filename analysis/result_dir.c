/* SPDX-License-Identifier: MIT */
/* A result directory appears all at once, by renaming, or not at all. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "analysis/result.h"

static bool is_empty(const char *dir)
{
    DIR *d = opendir(dir);
    if (d == NULL)
        return false;
    bool empty = true;
    const struct dirent *entry;
    while (empty && (entry = readdir(d)) != NULL)
        empty = strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0;
    closedir(d);
    return empty;
}

static int check_target(const char *dir, struct qv_error *err)
{
    struct stat st;
    if (lstat(dir, &st) != 0)
        return errno == ENOENT ? 0 : qv_error_set(err, -errno, "%s: %s", dir, strerror(errno));
    if (!S_ISDIR(st.st_mode))
        return qv_error_set(err, -EEXIST, "%s: exists and is no directory", dir);
    if (!is_empty(dir))
        return qv_error_set(err, -EEXIST, "%s: exists and is not empty; name another directory or remove it", dir);
    return 0;
}

/* mkdir -p of everything above the last component. */
static int make_parents(char *path)
{
    for (char *c = path + 1; *c != '\0'; c++) {
        if (*c != '/')
            continue;
        *c = '\0';
        int code = mkdir(path, 0777) != 0 && errno != EEXIST ? -errno : 0;
        *c = '/';
        if (code != 0)
            return code;
    }
    return 0;
}

int result_dir_begin(const char *dir, char *partial, size_t size, struct qv_error *err)
{
    char clean[4096];
    size_t length = strlen(dir);
    while (length > 1 && dir[length - 1] == '/')
        length--;
    if (length == 0 || length >= sizeof(clean))
        return qv_error_set(err, -EINVAL, "result directory: expected a path of 1 to %zu bytes", sizeof(clean) - 1);
    memcpy(clean, dir, length);
    clean[length] = '\0';
    int code = check_target(clean, err);
    if (code != 0)
        return code;
    const char *slash = strrchr(clean, '/');
    int folder = slash == NULL ? 0 : (int)(slash - clean) + 1;
    int n = snprintf(partial, size, "%.*s.%s.partial-%ld", folder, clean, clean + folder, (long)getpid());
    if (n < 0 || (size_t)n >= size)
        return qv_error_set(err, -ENAMETOOLONG, "%s: path too long", dir);
    code = make_parents(clean);
    if (code == 0) {
        result_dir_abandon(partial); /* left by an earlier process with our number */
        if (mkdir(partial, 0777) != 0)
            code = -errno;
    }
    return code == 0 ? 0 : qv_error_set(err, code, "%s: %s", partial, strerror(-code));
}

int result_dir_commit(const char *partial, const char *dir, struct qv_error *err)
{
    if (!result_dir_is_result(partial))
        return qv_error_set(err, -EINVAL, "%s: holds no result.json: not a result", partial);
    /* rename() replaces an empty directory and refuses any other. */
    if (rename(partial, dir) != 0) {
        int code = errno;
        return qv_error_set(err, -code, "%s: %s", dir, strerror(code));
    }
    return 0;
}

static int remove_entry(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
    (void)st;
    (void)type;
    (void)ftw;
    return remove(path);
}

void result_dir_abandon(const char *partial)
{
    /* Only what result_dir_begin made. */
    if (strstr(partial, ".partial-") != NULL)
        (void)nftw(partial, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
}

bool result_dir_is_result(const char *dir)
{
    char path[4096];
    int n = snprintf(path, sizeof(path), "%s/result.json", dir);
    return n > 0 && (size_t)n < sizeof(path) && access(path, R_OK) == 0;
}
