/* SPDX-License-Identifier: MIT */
#include "platform/qmp.h"

#include <errno.h>
#include <jansson.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define LINE_MAX_BYTES 16384u

static long now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (long)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* One line, which is one JSON object. Byte by byte: nothing of the next one may be lost, and there are few. */
static int read_line(int fd, long deadline, char *line, struct qv_error *err)
{
    size_t n = 0;
    while (n + 1 < LINE_MAX_BYTES) {
        struct pollfd wait = {.fd = fd, .events = POLLIN};
        long left = deadline - now_ms();
        int ready = poll(&wait, 1, left > 0 ? (int)left : 0);
        if (ready < 0 && errno == EINTR)
            continue;
        if (ready == 0)
            return qv_error_set(err, -ETIMEDOUT, "QMP: no answer in time");
        ssize_t got = ready < 0 ? -1 : recv(fd, &line[n], 1, 0);
        if (got <= 0)
            return qv_error_set(err, -EPIPE, "QMP: the emulator hung up");
        if (line[n] == '\n') {
            line[n] = '\0';
            return 0;
        }
        n++;
    }
    return qv_error_set(err, -EPROTO, "QMP: a line of more than %u bytes", LINE_MAX_BYTES);
}

static int read_object(int fd, long deadline, json_t **out, struct qv_error *err)
{
    char line[LINE_MAX_BYTES];
    json_error_t problem;
    int result = read_line(fd, deadline, line, err);
    if (result != 0)
        return result;
    *out = json_loads(line, 0, &problem);
    if (*out == NULL)
        return qv_error_set(err, -EPROTO, "QMP: not JSON: %s", problem.text);
    return 0;
}

static void take_version(json_t *greeting, char *version, size_t size)
{
    int major = 0;
    int minor = 0;
    int micro = 0;
    const char *package = "";
    if (json_unpack(greeting, "{s:{s:{s:{s:i,s:i,s:i},s?s}}}", "QMP", "version", "qemu", "major", &major, "minor",
                    &minor, "micro", &micro, "package", &package) == 0)
        snprintf(version, size, "%d.%d.%d%s%s%s", major, minor, micro, package[0] != '\0' ? " (" : "", package,
                 package[0] != '\0' ? ")" : "");
}

int qmp_connect(int fd, unsigned timeout_ms, char *version, size_t size, struct qv_error *err)
{
    json_t *greeting = NULL;
    int result = read_object(fd, now_ms() + (long)timeout_ms, &greeting, err);
    if (result != 0)
        return result;
    if (json_object_get(greeting, "QMP") == NULL)
        result = qv_error_set(err, -EPROTO, "QMP: no greeting");
    else
        take_version(greeting, version, size);
    json_decref(greeting);
    return result != 0 ? result : qmp_command(fd, "qmp_capabilities", timeout_ms, err);
}

int qmp_send(int fd, const char *name, struct qv_error *err)
{
    char text[128];
    int n = snprintf(text, sizeof(text), "{\"execute\": \"%s\", \"id\": \"%s\"}\n", name, name);
    if (send(fd, text, (size_t)n, MSG_NOSIGNAL) != n)
        return qv_error_set(err, -EPIPE, "QMP: the emulator hung up");
    return 0;
}

static bool answers(json_t *object, const char *name)
{
    const char *id = json_string_value(json_object_get(object, "id"));
    return id != NULL && strcmp(id, name) == 0;
}

int qmp_command(int fd, const char *name, unsigned timeout_ms, struct qv_error *err)
{
    long deadline = now_ms() + (long)timeout_ms;
    int result = qmp_send(fd, name, err);
    bool done = false;

    while (result == 0 && !done) {
        json_t *object = NULL;
        const char *why = "";
        result = read_object(fd, deadline, &object, err);
        if (result != 0)
            return result;
        done = answers(object, name);
        if (done && json_unpack(object, "{s:{s:s}}", "error", "desc", &why) == 0)
            result = qv_error_set(err, -EPROTO, "QMP: %s: %s", name, why);
        json_decref(object);
    }
    return result;
}
