/* SPDX-License-Identifier: MIT */
/* Single requests: the counters page, and waiting for the service to come up. */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "host/load/http.h"
#include "host/load/internal.h"

#define BODY_MAX      16777216u
#define READY_TRY_NS  100000000u /* one attempt while waiting: the server may still be booting behind the forwarder */
#define READY_REST_NS 2000000u   /* between attempts that failed at once */

struct fetch {
    int fd;
    uint64_t limit;
    struct http_reply reply;
    char *body;
    size_t length;
    bool keep;
};

static int wait_for(int fd, short events, uint64_t limit)
{
    for (;;) {
        uint64_t now = load_now();
        if (now >= limit)
            return -ETIMEDOUT;
        uint64_t left = limit - now;
        struct timespec ts = {.tv_sec = (time_t)(left / NS_PER_S), .tv_nsec = (long)(left % NS_PER_S)};
        struct pollfd p = {.fd = fd, .events = events};
        int n = ppoll(&p, 1, &ts, NULL);
        if (n > 0)
            return 0;
        if (n < 0 && errno != EINTR)
            return -errno;
    }
}

static int send_all(const struct fetch *f, const char *text, size_t size)
{
    int code = wait_for(f->fd, POLLOUT, f->limit);
    if (code != 0)
        return code;
    int error = 0;
    socklen_t length = sizeof(error);
    if (getsockopt(f->fd, SOL_SOCKET, SO_ERROR, &error, &length) != 0 || error != 0)
        return error != 0 ? -error : -errno;
    while (size > 0) {
        ssize_t n = send(f->fd, text, size, MSG_NOSIGNAL);
        if (n > 0) {
            text += n;
            size -= (size_t)n;
        } else if (n < 0 && errno != EINTR && errno != EAGAIN) {
            return -errno;
        } else {
            code = wait_for(f->fd, POLLOUT, f->limit);
            if (code != 0)
                return code;
        }
    }
    return 0;
}

static int keep_body(struct fetch *f, const char *data, size_t size)
{
    if (!f->keep || size == 0)
        return 0;
    if (f->length + size > BODY_MAX)
        return -EFBIG;
    char *body = realloc(f->body, f->length + size + 1);
    if (body == NULL)
        return -ENOMEM;
    memcpy(body + f->length, data, size);
    f->body = body;
    f->length += size;
    f->body[f->length] = '\0';
    return 0;
}

static int receive_all(struct fetch *f)
{
    char buffer[16384];
    for (;;) {
        ssize_t n = recv(f->fd, buffer, sizeof(buffer), 0);
        if (n < 0 && (errno == EAGAIN || errno == EINTR)) {
            int code = wait_for(f->fd, POLLIN, f->limit);
            if (code != 0)
                return code;
            continue;
        }
        if (n < 0)
            return -errno;
        if (n == 0)
            return http_reply_end(&f->reply) == HTTP_DONE ? 0 : f->reply.head_used == 0 ? -ECONNRESET : -EPROTO;
        size_t used;
        uint64_t before = f->reply.body;
        enum http_state state = http_reply_feed(&f->reply, buffer, (size_t)n, &used);
        if (state == HTTP_INVALID)
            return -EPROTO;
        size_t body = (size_t)(f->reply.body - before);
        int code = keep_body(f, buffer + used - body, body);
        if (code != 0 || state == HTTP_DONE)
            return code;
    }
}

static int exchange(struct fetch *f, uint16_t port, const char *path)
{
    char request[512];
    int size =
        snprintf(request, sizeof(request), "GET %s HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n", path);
    if (size < 0 || (size_t)size >= sizeof(request))
        return -EINVAL;
    f->fd = load_connect(port);
    if (f->fd < 0)
        return f->fd;
    int code = send_all(f, request, (size_t)size);
    if (code == 0)
        code = receive_all(f);
    close(f->fd);
    return code;
}

int load_fetch(uint16_t port, const char *path, uint64_t timeout_ns, char **body, size_t *length, struct qv_error *err)
{
    struct fetch f = {.limit = load_now() + timeout_ns, .keep = true};
    if (body != NULL)
        *body = NULL;
    http_reply_begin(&f.reply, 0, false);
    int code = exchange(&f, port, path);
    if (code == 0 && f.body == NULL) {
        f.body = calloc(1, 1);
        code = f.body == NULL ? -ENOMEM : 0;
    }
    if (code != 0) {
        free(f.body);
        return qv_error_set(err, code, "http://127.0.0.1:%u%s: %s", port, path, strerror(-code));
    }
    if (length != NULL)
        *length = f.length;
    if (body != NULL)
        *body = f.body;
    else
        free(f.body);
    return f.reply.status;
}

int load_wait_ready(uint16_t port, uint32_t page_bytes, uint64_t timeout_ns, const int *stop, uint64_t *reply_ns,
                    struct qv_error *err)
{
    uint64_t end = load_now() + timeout_ns;
    char path[32];
    int code = -ETIMEDOUT;
    (void)snprintf(path, sizeof(path), "/%u", page_bytes);
    while (load_now() < end) {
        if (stop != NULL && __atomic_load_n(stop, __ATOMIC_RELAXED) != 0)
            return qv_error_set(err, -ECANCELED, "waiting for the web server: told to stop");
        struct fetch f = {.limit = load_now() + READY_TRY_NS};
        if (f.limit > end)
            f.limit = end;
        http_reply_begin(&f.reply, page_bytes, true);
        code = exchange(&f, port, path);
        if (code == 0 && http_reply_class(&f.reply) == LOAD_GOOD) {
            if (reply_ns != NULL)
                *reply_ns = load_now();
            return 0;
        }
        if (code != -ETIMEDOUT) {
            struct timespec rest = {.tv_nsec = READY_REST_NS};
            (void)nanosleep(&rest, NULL);
        }
    }
    return qv_error_set(err, -ETIMEDOUT, "http://127.0.0.1:%u%s: no right reply within %.1f s (last: %s)", port, path,
                        (double)timeout_ns / 1e9, code == 0 ? "wrong reply" : strerror(-code));
}
