/* SPDX-License-Identifier: MIT */
#include "analysis/gnuplot.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define GNUPLOT_LIMIT_S 120

extern char **environ;

/* Starts gnuplot in `dir`, its messages into gnuplot.log there. Negative errno if it cannot be started. */
static int start_gnuplot(const char *dir, const char *script, pid_t *pid)
{
    char log[4096];
    char *const argv[] = {"gnuplot", (char *)(uintptr_t)script, NULL};
    posix_spawn_file_actions_t actions;
    (void)snprintf(log, sizeof(log), "%s/gnuplot.log", dir);
    int code = posix_spawn_file_actions_init(&actions);
    if (code != 0)
        return -code;
    code = posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
    if (code == 0)
        code = posix_spawn_file_actions_addopen(&actions, 1, log, O_WRONLY | O_CREAT | O_TRUNC, 0666);
    if (code == 0)
        code = posix_spawn_file_actions_adddup2(&actions, 1, 2);
    if (code == 0)
        code = posix_spawn_file_actions_addchdir_np(&actions, dir);
    if (code == 0)
        code = posix_spawnp(pid, argv[0], &actions, NULL, argv, environ);
    (void)posix_spawn_file_actions_destroy(&actions);
    return -code;
}

int gnuplot_run(const char *dir, const char *script, struct qv_error *err)
{
    char path[4096];
    pid_t pid;
    (void)snprintf(path, sizeof(path), "%s/%s", dir, script);
    if (access(path, R_OK) != 0)
        return qv_error_set(err, -ENOENT, "%s: %s", path, strerror(errno));
    int code = start_gnuplot(dir, script, &pid);
    if (code != 0)
        return qv_error_set(err, code, "gnuplot: %s", code == -ENOENT ? "not installed" : strerror(-code));
    int status = 0;
    for (int i = 0; i < GNUPLOT_LIMIT_S * 100; i++) {
        if (waitpid(pid, &status, WNOHANG) == pid) {
            if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
                return qv_error_set(err, -EIO, "%s: gnuplot failed; see gnuplot.log beside it", path);
            (void)snprintf(path, sizeof(path), "%s/gnuplot.log", dir);
            (void)remove(path);
            return 0;
        }
        struct timespec rest = {.tv_nsec = 10000000};
        (void)nanosleep(&rest, NULL);
    }
    (void)kill(pid, SIGKILL);
    (void)waitpid(pid, &status, 0);
    return qv_error_set(err, -ETIMEDOUT, "%s: gnuplot took more than %d s", path, GNUPLOT_LIMIT_S);
}
