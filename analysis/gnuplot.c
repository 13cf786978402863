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

void gnuplot_quote(FILE *out, const char *text)
{
    fputc('\'', out);
    for (; *text != '\0'; text++) {
        if (*text == '\'')
            fputc('\'', out);
        if ((unsigned char)*text >= ' ')
            fputc(*text, out);
    }
    fputc('\'', out);
}

void gnuplot_begin(FILE *out, const char *name, unsigned height)
{
    fprintf(out,
            "# SPDX-License-Identifier: MIT\n"
            "set encoding utf8\nset datafile separator ','\nset datafile columnheaders\n"
            "do for [kind in 'svg png'] {\n"
            "if (kind eq 'svg') {\n"
            "  set terminal svg size 1400,%u dynamic rounded noenhanced font 'DejaVu Sans,14' background '#ffffff'\n"
            "} else {\n"
            "  set terminal pngcairo size 1400,%u noenhanced rounded font 'DejaVu Sans,10.5' background '#ffffff'\n"
            "}\n"
            "set output '%s.'.kind\n",
            height, height, name);
    /* SVG counts in pixels, cairo in points. */
    fprintf(out,
            "sans(size) = sprintf('DejaVu Sans,%%.1f', kind eq 'svg' ? size * 1.333 : size)\n"
            "sans_bold(size) = sprintf('DejaVu Sans Bold,%%.1f', kind eq 'svg' ? size * 1.333 : size)\n"
            "small = sans(8.5); note = sans(9); body = sans(10); panel = sans_bold(10); heading = sans_bold(12.5)\n"
            "set border 3 lc rgb '#6b6b6b' lw 1\n"
            "set tics nomirror out scale 0.5 textcolor rgb '#222222'\n"
            "set grid ytics lt 1 lc rgb '#e4e4e4' lw 1\n");
}

void gnuplot_end(FILE *out)
{
    fprintf(out, "unset multiplot\nunset output\n}\n");
}
