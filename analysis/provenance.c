/* SPDX-License-Identifier: MIT */
#include "analysis/provenance.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "analysis/sha256.h"

#define COMMAND_MS 5000

static void cut_line(char *text)
{
    text[strcspn(text, "\r\n")] = '\0';
}

/* Reads until the end or the time is up; what does not fit is dropped. */
static void drain(int fd, char *out, size_t size)
{
    size_t used = 0;
    struct timespec start;
    (void)clock_gettime(CLOCK_MONOTONIC, &start);
    for (;;) {
        struct timespec now;
        (void)clock_gettime(CLOCK_MONOTONIC, &now);
        long passed = (long)(now.tv_sec - start.tv_sec) * 1000 + (now.tv_nsec - start.tv_nsec) / 1000000;
        struct pollfd p = {.fd = fd, .events = POLLIN};
        if (passed >= COMMAND_MS || poll(&p, 1, (int)(COMMAND_MS - passed)) <= 0)
            break;
        char buffer[1024];
        ssize_t n = read(fd, buffer, sizeof(buffer));
        if (n <= 0)
            break;
        size_t room = size - 1 - used;
        size_t piece = (size_t)n < room ? (size_t)n : room;
        memcpy(out + used, buffer, piece);
        used += piece;
    }
    out[used] = '\0';
}

/* What a program prints on standard output; true if it ended well. No shell, a time limit, nothing left behind. */
static bool output_of(char *const argv[], char *out, size_t size)
{
    int pipe_fd[2];
    out[0] = '\0';
    if (pipe2(pipe_fd, O_CLOEXEC) != 0)
        return false;
    pid_t pid = fork();
    if (pid == 0) {
        int null = open("/dev/null", O_RDWR);
        if (null >= 0 && dup2(null, 0) >= 0 && dup2(pipe_fd[1], 1) >= 0 && dup2(null, 2) >= 0)
            (void)execvp(argv[0], argv);
        _exit(127);
    }
    close(pipe_fd[1]);
    int status = -1;
    if (pid > 0) {
        drain(pipe_fd[0], out, size);
        (void)kill(pid, SIGKILL); /* has no effect if it has ended; its status then stays what it was */
        while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
            continue;
    }
    close(pipe_fd[0]);
    /* A program that closed its output and was killed before it could exit has said all it had to say. */
    return pid > 0 && ((WIFEXITED(status) && WEXITSTATUS(status) == 0) || (WIFSIGNALED(status) && out[0] != '\0'));
}

static void git_state(struct provenance *p, const char *root)
{
    char *const head[] = {"git", "-C", (char *)(uintptr_t)root, "rev-parse", "HEAD", NULL};
    char *const status[] = {"git", "-C", (char *)(uintptr_t)root, "status", "--porcelain", NULL};
    char text[4096];
    if (!output_of(head, text, sizeof(text)))
        return;
    cut_line(text);
    (void)snprintf(p->commit, sizeof(p->commit), "%.*s", (int)sizeof(p->commit) - 1, text);
    (void)output_of(status, text, sizeof(text));
    p->dirty = text[0] != '\0';
}

/* The value of the first line "key ... : value" of a file of such lines. */
static void value_from_file(const char *path, const char *key, char separator, char *out, size_t size)
{
    char line[512];
    FILE *file = fopen(path, "r");
    out[0] = '\0';
    while (file != NULL && out[0] == '\0' && fgets(line, sizeof(line), file) != NULL) {
        char *value = strchr(line, separator);
        if (strncmp(line, key, strlen(key)) != 0 || value == NULL)
            continue;
        value++;
        while (*value == ' ' || *value == '"')
            value++;
        value[strcspn(value, "\"\r\n")] = '\0';
        (void)snprintf(out, size, "%.*s", (int)size - 1, value);
    }
    if (file != NULL)
        fclose(file);
}

void provenance_collect(struct provenance *p, const char *root)
{
    struct utsname u;
    struct tm tm;
    time_t now = time(NULL);
    memset(p, 0, sizeof(*p));
    if (root != NULL) {
        (void)snprintf(p->root, sizeof(p->root), "%s", root);
        size_t n = strlen(p->root);
        while (n > 1 && p->root[n - 1] == '/')
            p->root[--n] = '\0';
        git_state(p, root);
    }
    if (gmtime_r(&now, &tm) != NULL)
        (void)strftime(p->time, sizeof(p->time), "%Y-%m-%dT%H:%M:%SZ", &tm);
    if (uname(&u) == 0)
        (void)snprintf(p->host_kernel, sizeof(p->host_kernel), "%.40s %.80s", u.sysname, u.release);
    value_from_file("/proc/cpuinfo", "model name", ':', p->host_cpu, sizeof(p->host_cpu));
    value_from_file("/etc/os-release", "PRETTY_NAME", '=', p->host_os, sizeof(p->host_os));
    long cores = sysconf(_SC_NPROCESSORS_ONLN);
    p->host_cores = cores > 0 ? (uint32_t)cores : 0;
    if (getloadavg(&p->load_average, 1) != 1)
        p->load_average = 0;
#ifdef __clang__
    (void)snprintf(p->compiler, sizeof(p->compiler), "%s", __VERSION__);
#else
    (void)snprintf(p->compiler, sizeof(p->compiler), "GCC %s", __VERSION__);
#endif
    (void)snprintf(p->build_type, sizeof(p->build_type), "%s", QV_BUILD_TYPE);
}

void provenance_set_version(struct provenance *p, const char *program)
{
    char *const argv[] = {(char *)(uintptr_t)program, "--version", NULL};
    char text[1024];
    if (!output_of(argv, text, sizeof(text)))
        text[0] = '\0';
    cut_line(text);
    (void)snprintf(p->qemu_version, sizeof(p->qemu_version), "%.*s", (int)sizeof(p->qemu_version) - 1, text);
}

/* `text` with each occurrence of the root's path taken out, as far as it fits. */
static void relative(const struct provenance *p, const char *text, char *out, size_t size)
{
    size_t n = strlen(p->root);
    size_t used = 0;
    while (*text != '\0' && used + 1 < size) {
        if (n > 1 && strncmp(text, p->root, n) == 0 && (text[n] == '/' || text[n] == '\0')) {
            text += n;
            if (text[0] == '/' && text[1] != '\0')
                text++;
            else
                out[used++] = '.';
            continue;
        }
        out[used++] = *text++;
    }
    out[used] = '\0';
}

static bool needs_quotes(const char *word)
{
    if (*word == '\0')
        return true;
    for (; *word != '\0'; word++) {
        if (!isalnum((unsigned char)*word) && strchr("_-+=.,/:@%", *word) == NULL)
            return true;
    }
    return false;
}

/* Appends text; *used never passes size - 1. */
static void append(char *out, size_t size, size_t *used, const char *text, size_t length)
{
    size_t room = size - 1 - *used;
    size_t piece = length < room ? length : room;
    memcpy(out + *used, text, piece);
    *used += piece;
    out[*used] = '\0';
}

void provenance_quote(const struct provenance *p, char *out, size_t size, char *const argv[])
{
    size_t used = 0;
    out[0] = '\0';
    for (size_t i = 0; argv[i] != NULL; i++) {
        char word[2048];
        relative(p, argv[i], word, sizeof(word));
        if (i > 0)
            append(out, size, &used, " ", 1);
        if (!needs_quotes(word)) {
            append(out, size, &used, word, strlen(word));
            continue;
        }
        append(out, size, &used, "'", 1);
        for (const char *c = word; *c != '\0'; c++) {
            if (*c == '\'')
                append(out, size, &used, "'\\''", 4);
            else
                append(out, size, &used, c, 1);
        }
        append(out, size, &used, "'", 1);
    }
}

int provenance_add_command(struct provenance *p, const char *role, char *const argv[])
{
    if (p->n_commands == PROVENANCE_MAX_COMMANDS)
        return -ENOSPC;
    (void)snprintf(p->command[p->n_commands].role, sizeof(p->command[0].role), "%s", role);
    provenance_quote(p, p->command[p->n_commands].line, sizeof(p->command[0].line), argv);
    p->n_commands++;
    return 0;
}

int provenance_add_file(struct provenance *p, const char *path, struct qv_error *err)
{
    if (p->n_hashes == PROVENANCE_MAX_HASHES)
        return qv_error_set(err, -ENOSPC, "provenance: more than %u hashes", PROVENANCE_MAX_HASHES);
    int code = sha256_file(path, p->hash[p->n_hashes].sha256, err);
    if (code != 0)
        return code;
    relative(p, path, p->hash[p->n_hashes].name, sizeof(p->hash[0].name));
    p->n_hashes++;
    return 0;
}

int provenance_add_bytes(struct provenance *p, const char *name, const void *data, size_t size)
{
    if (p->n_hashes == PROVENANCE_MAX_HASHES)
        return -ENOSPC;
    struct sha256 s;
    uint8_t digest[SHA256_BYTES];
    sha256_init(&s);
    sha256_update(&s, data, size);
    sha256_final(&s, digest);
    sha256_hex(digest, p->hash[p->n_hashes].sha256);
    (void)snprintf(p->hash[p->n_hashes].name, sizeof(p->hash[0].name), "%s", name);
    p->n_hashes++;
    return 0;
}
