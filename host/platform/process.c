/* SPDX-License-Identifier: MIT */
#include "platform/process.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define FIRST_FREE_FD 3
#define MAX_FD        1024

static bool kept(int fd, const int *keep, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (keep[i] == fd)
            return true;
    }
    return false;
}

/* In the child: only async-signal-safe calls. Reports errno through `report` if the program cannot be run. */
static void become(char *const argv[], const char *cwd, int log, int report, pid_t parent, const int *keep, size_t n)
{
    static const int restore[] = {SIGINT, SIGTERM, SIGHUP, SIGPIPE, SIGCHLD};
    sigset_t none;
    int null = open("/dev/null", O_RDONLY);

    (void)setpgid(0, 0);
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent) /* it died before we asked to be told */
        _exit(127);
    for (size_t i = 0; i < sizeof(restore) / sizeof(restore[0]); i++)
        (void)signal(restore[i], SIG_DFL);
    sigemptyset(&none);
    (void)sigprocmask(SIG_SETMASK, &none, NULL);
    if (null < 0 || dup2(null, 0) < 0 || dup2(log, 1) < 0 || dup2(log, 2) < 0 || (cwd != NULL && chdir(cwd) != 0))
        goto failed;
    for (int fd = FIRST_FREE_FD; fd < MAX_FD; fd++) {
        if (kept(fd, keep, n))
            (void)fcntl(fd, F_SETFD, 0);
        else if (fd != report)
            (void)close(fd);
    }
    (void)fcntl(report, F_SETFD, FD_CLOEXEC);
    execvp(argv[0], argv);
failed:;
    int error = errno;
    (void)!write(report, &error, sizeof(error));
    _exit(127);
}

pid_t process_start(char *const argv[], const char *cwd, const char *log, const int *keep, size_t n,
                    struct qv_error *err)
{
    int report[2];
    int error = 0;
    int out = open(log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
    if (out < 0)
        return qv_error_set(err, -errno, "%s: %s", log, strerror(errno));
    if (pipe2(report, O_CLOEXEC) != 0) {
        error = errno;
        close(out);
        return qv_error_set(err, -error, "pipe: %s", strerror(error));
    }
    pid_t parent = getpid();
    pid_t pid = fork();
    if (pid == 0)
        become(argv, cwd, out, report[1], parent, keep, n);
    if (pid > 0)
        (void)setpgid(pid, pid); /* whoever comes first */
    else
        error = errno;
    close(out);
    close(report[1]);
    if (pid > 0 && read(report[0], &error, sizeof(error)) == (ssize_t)sizeof(error)) {
        (void)waitpid(pid, NULL, 0);
        pid = -1;
    }
    close(report[0]);
    if (pid < 0)
        return qv_error_set(err, -error, "%s cannot be run: %s", argv[0], strerror(error));
    return pid;
}

static int code_of(int status)
{
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

bool process_ended(pid_t pid, int *code)
{
    int status = 0;
    pid_t result = waitpid(pid, &status, WNOHANG);
    if (result == 0 || (result < 0 && errno == EINTR))
        return false;
    *code = result == pid ? code_of(status) : 127;
    return true;
}

bool process_wait(pid_t pid, unsigned ms, int *code)
{
    const struct timespec step = {0, 5000000};
    for (unsigned waited = 0;; waited += 5) {
        if (process_ended(pid, code))
            return true;
        if (waited >= ms)
            return false;
        (void)nanosleep(&step, NULL);
    }
}

void process_kill(pid_t pid, int *code)
{
    (void)kill(-pid, SIGTERM);
    bool ended = process_wait(pid, 500, code);
    (void)kill(-pid, SIGKILL); /* also for what the leader left behind */
    if (!ended)
        (void)process_wait(pid, 10000, code);
}

void arguments_add(struct arguments *arguments, const char *format, ...)
{
    va_list list;
    char *text = NULL;
    char **item = realloc(arguments->item, (arguments->n + 2) * sizeof(*item));
    if (item == NULL) {
        arguments->failed = true;
        return;
    }
    arguments->item = item;
    va_start(list, format);
    if (vasprintf(&text, format, list) < 0) {
        text = NULL;
        arguments->failed = true;
    }
    va_end(list);
    item[arguments->n] = text;
    if (text != NULL)
        item[++arguments->n] = NULL;
}

void arguments_free(struct arguments *arguments)
{
    for (size_t i = 0; i < arguments->n; i++)
        free(arguments->item[i]);
    free(arguments->item);
    memset(arguments, 0, sizeof(*arguments));
}
