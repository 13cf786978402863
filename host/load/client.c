/* SPDX-License-Identifier: MIT */
/*
 * The open-loop client: one thread, one epoll instance. Whatever is due is begun before anything else is looked at; a
 * request waits only if all connections are taken, and the wait counts into its latency.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "host/load/http.h"
#include "host/load/internal.h"

#define NO_REQUEST  UINT32_MAX
#define WAIT_MAX_NS 20000000u /* the longest sleep: how soon stop and abort are noticed */
/* Of a clock that is not the host's nobody knows how long it will take to a given time. */
#define LOOK_MAX_NS  500000u
#define LOOK_MIN_NS  100000u
#define EVENTS       256
#define BUFFER_BYTES 65536u
#define PORTS_PER_S  1009u /* runs that follow each other begin elsewhere: their ports may still wait on this host */

enum conn_state { CONN_FREE, CONN_CONNECTING, CONN_SENDING, CONN_RECEIVING, CONN_IDLE };

struct conn {
    int fd;
    enum conn_state state;
    uint32_t generation; /* tells a late event for a closed socket from one for its successor */
    uint32_t request;
    uint32_t sent;
    struct http_reply reply;
};

struct client {
    const struct load_config *config;
    struct load_control *control;
    struct load_log *log;
    int epoll;
    char request[160];
    uint32_t request_bytes;
    struct conn *conn;
    uint32_t *vacant; /* stack of slots without socket */
    uint32_t n_vacant;
    uint32_t *idle; /* stack of open slots without request */
    uint32_t n_idle;
    uint32_t next;   /* first request not yet begun */
    uint32_t oldest; /* all before it have come to an end */
    uint32_t end;    /* requests in the schedule (fewer after a stop) */
    uint32_t unresolved;
    struct load_ports ports;
    bool blocked; /* requests that are due wait for a connection */
    uint64_t epoch;
    char *buffer;
};

static uint64_t clock_now(const struct client *c)
{
    return c->config->clock != NULL ? c->config->clock(c->config->clock_context) : load_now();
}

static struct load_record *record_of(struct client *c, uint32_t request)
{
    return &c->log->record[request];
}

/* The end of a request, once. */
static void resolve(struct client *c, uint32_t request, uint8_t cls, uint64_t now)
{
    struct load_record *r = record_of(c, request);
    if (r->done_ns != LOAD_NEVER)
        return;
    r->cls = cls;
    r->done_ns = now - c->epoch;
    c->unresolved--;
    if (cls == LOAD_GOOD)
        atomic_fetch_add_explicit(&c->control->good, 1, memory_order_relaxed);
    else
        atomic_fetch_add_explicit(&c->control->failed, 1, memory_order_relaxed);
}

static void close_conn(struct client *c, struct conn *conn)
{
    if (conn->state == CONN_IDLE) {
        uint32_t slot = (uint32_t)(conn - c->conn);
        for (uint32_t i = 0; i < c->n_idle; i++) {
            if (c->idle[i] == slot) {
                c->idle[i] = c->idle[--c->n_idle];
                break;
            }
        }
    }
    close(conn->fd);
    conn->fd = -1;
    conn->state = CONN_FREE;
    conn->request = NO_REQUEST;
    conn->generation++;
    c->vacant[c->n_vacant++] = (uint32_t)(conn - c->conn);
}

static void fail(struct client *c, struct conn *conn, uint8_t cls)
{
    if (conn->request != NO_REQUEST)
        resolve(c, conn->request, cls, clock_now(c));
    close_conn(c, conn);
}

static bool watch(struct client *c, struct conn *conn, int operation, uint32_t events)
{
    struct epoll_event event = {.events = events,
                                .data.u64 = (uint64_t)conn->generation << 32 | (uint64_t)(conn - c->conn)};
    return epoll_ctl(c->epoll, operation, conn->fd, &event) == 0;
}

static void send_request(struct client *c, struct conn *conn)
{
    while (conn->sent < c->request_bytes) {
        ssize_t n = send(conn->fd, c->request + conn->sent, c->request_bytes - conn->sent, MSG_NOSIGNAL);
        if (n > 0) {
            conn->sent += (uint32_t)n;
        } else if (n < 0 && errno == EINTR) {
            continue;
        } else if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) {
            return;
        } else {
            fail(c, conn, n < 0 ? load_class_of_errno(errno) : LOAD_OTHER);
            return;
        }
    }
    record_of(c, conn->request)->sent_ns = clock_now(c) - c->epoch;
    conn->state = CONN_RECEIVING;
    if (!watch(c, conn, EPOLL_CTL_MOD, EPOLLIN))
        fail(c, conn, LOAD_OTHER);
}

static void finish_reply(struct client *c, struct conn *conn, bool closed)
{
    uint32_t request = conn->request;
    record_of(c, request)->status = conn->reply.status;
    resolve(c, request, http_reply_class(&conn->reply), clock_now(c));
    conn->request = NO_REQUEST;
    if (closed || !c->config->keepalive || !conn->reply.keepalive) {
        close_conn(c, conn);
        return;
    }
    conn->state = CONN_IDLE;
    c->idle[c->n_idle++] = (uint32_t)(conn - c->conn);
}

/* The peer closed or failed while a reply was due. */
static void reply_cut(struct client *c, struct conn *conn, int error)
{
    struct load_record *r = record_of(c, conn->request);
    r->status = conn->reply.status;
    if (error != 0)
        fail(c, conn, load_class_of_errno(error));
    else if (http_reply_end(&conn->reply) == HTTP_DONE)
        finish_reply(c, conn, true);
    else
        fail(c, conn, r->first_ns == LOAD_NEVER ? LOAD_RESET : LOAD_PROTOCOL);
}

static void receive_reply(struct client *c, struct conn *conn)
{
    for (;;) {
        ssize_t n = recv(conn->fd, c->buffer, BUFFER_BYTES, 0);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
            return;
        if (n <= 0) {
            reply_cut(c, conn, n < 0 ? errno : 0);
            return;
        }
        struct load_record *r = record_of(c, conn->request);
        if (r->first_ns == LOAD_NEVER)
            r->first_ns = clock_now(c) - c->epoch;
        size_t used;
        enum http_state state = http_reply_feed(&conn->reply, c->buffer, (size_t)n, &used);
        if (state == HTTP_INVALID) {
            r->status = conn->reply.status;
            fail(c, conn, LOAD_PROTOCOL);
            return;
        }
        if (state == HTTP_DONE) {
            /* Bytes after the reply: on a connection without a second request they can only be wrong. */
            if (used < (size_t)n)
                conn->reply.wrong = true;
            finish_reply(c, conn, used < (size_t)n);
            return;
        }
    }
}

static void handle_event(struct client *c, const struct epoll_event *event)
{
    struct conn *conn = &c->conn[(uint32_t)event->data.u64];
    if (conn->generation != (uint32_t)(event->data.u64 >> 32) || conn->state == CONN_FREE)
        return;
    if (conn->state == CONN_IDLE) {
        close_conn(c, conn); /* closed by the peer, or it says something nobody asked for */
        return;
    }
    if (conn->state == CONN_CONNECTING) {
        int error = 0;
        socklen_t size = sizeof(error);
        (void)getsockopt(conn->fd, SOL_SOCKET, SO_ERROR, &error, &size);
        if (error != 0) {
            fail(c, conn, load_class_of_errno(error));
            return;
        }
        conn->state = CONN_SENDING;
    }
    if (conn->state == CONN_SENDING)
        send_request(c, conn);
    else
        receive_reply(c, conn);
}

/* Puts a request on a connection. False: it has to wait for one. */
static bool begin_request(struct client *c, uint32_t request)
{
    struct conn *conn;
    bool open = c->n_idle > 0;
    if (open)
        conn = &c->conn[c->idle[--c->n_idle]];
    else if (c->n_vacant > 0)
        conn = &c->conn[c->vacant[--c->n_vacant]];
    else
        return false;
    conn->request = request;
    conn->sent = 0;
    http_reply_begin(&conn->reply, c->config->page_bytes, true);
    atomic_fetch_add_explicit(&c->control->sent, 1, memory_order_relaxed);
    if (open) {
        conn->state = CONN_SENDING;
        if (watch(c, conn, EPOLL_CTL_MOD, EPOLLOUT))
            send_request(c, conn);
        else
            fail(c, conn, LOAD_OTHER);
        return true;
    }
    int fd = load_connect_from(&c->ports, c->config->port);
    if (fd < 0) {
        c->vacant[c->n_vacant++] = (uint32_t)(conn - c->conn);
        conn->request = NO_REQUEST;
        resolve(c, request, load_class_of_errno(-fd), clock_now(c));
        return true;
    }
    conn->fd = fd;
    conn->state = CONN_CONNECTING;
    if (!watch(c, conn, EPOLL_CTL_ADD, EPOLLOUT))
        fail(c, conn, LOAD_OTHER);
    return true;
}

static void begin_due(struct client *c)
{
    while (c->next < c->end) {
        uint64_t now = clock_now(c) - c->epoch;
        struct load_record *r = record_of(c, c->next);
        if (r->intended_ns > now) {
            c->blocked = false;
            break;
        }
        if (r->done_ns == LOAD_NEVER) { /* else it timed out while it waited for a connection */
            if (!begin_request(c, c->next)) {
                c->blocked = true;
                break;
            }
            /* How late this thread was by itself. */
            if (!c->blocked && now - r->intended_ns > c->log->late_max_ns)
                c->log->late_max_ns = now - r->intended_ns;
        }
        c->next++;
    }
}

static struct conn *conn_of(struct client *c, uint32_t request)
{
    for (uint32_t i = 0; i < c->config->connections; i++) {
        if (c->conn[i].request == request)
            return &c->conn[i];
    }
    return NULL;
}

/* Requests run out of time in the order in which they were intended. Returns when the next one does. */
static uint64_t expire(struct client *c)
{
    uint64_t now = clock_now(c);
    while (c->oldest < c->end) {
        struct load_record *r = record_of(c, c->oldest);
        if (r->done_ns == LOAD_NEVER) {
            uint64_t limit = c->epoch + r->intended_ns + c->config->timeout_ns;
            if (limit > now)
                return limit;
            if (c->oldest < c->next) {
                struct conn *conn = conn_of(c, c->oldest);
                if (conn != NULL)
                    fail(c, conn, LOAD_TIMEOUT);
                else
                    resolve(c, c->oldest, LOAD_TIMEOUT, now);
            } else {
                resolve(c, c->oldest, LOAD_NOT_SENT, now);
            }
        }
        c->oldest++;
    }
    return UINT64_MAX;
}

static void check_control(struct client *c)
{
    uint64_t now = clock_now(c);
    if (now - c->epoch >= c->log->warmup_ns)
        atomic_store_explicit(&c->control->warm, true, memory_order_relaxed);
    if (atomic_load_explicit(&c->control->stop, memory_order_relaxed) && c->next < c->end) {
        /* What was not due does not exist; what was due and waits for a connection stays. */
        uint32_t end = c->next;
        while (end < c->end && record_of(c, end)->intended_ns <= now - c->epoch)
            end++;
        for (uint32_t i = end; i < c->end; i++) {
            if (record_of(c, i)->done_ns == LOAD_NEVER)
                c->unresolved--;
        }
        c->end = end;
        if (c->log->end_ns > now - c->epoch)
            c->log->end_ns = now - c->epoch;
    }
    if (atomic_load_explicit(&c->control->abort, memory_order_relaxed)) {
        for (uint32_t i = 0; i < c->end; i++)
            resolve(c, i, i < c->next ? LOAD_LOST : LOAD_NOT_SENT, now);
        c->unresolved = 0;
    }
}

/* In host time. */
static uint64_t sleep_ns(const struct client *c, uint64_t wake)
{
    uint64_t now = clock_now(c);
    uint64_t wait = wake > now ? wake - now : 0;
    if (c->config->clock == NULL)
        return wait < WAIT_MAX_NS ? wait : WAIT_MAX_NS;
    return wait > LOOK_MAX_NS ? LOOK_MAX_NS : wait < LOOK_MIN_NS ? LOOK_MIN_NS : wait;
}

static int run_loop(struct client *c, struct qv_error *err)
{
    struct epoll_event event[EVENTS];
    c->epoch = clock_now(c);
    c->log->epoch_ns = c->epoch;
    atomic_store(&c->control->epoch_ns, c->epoch);
    for (;;) {
        begin_due(c);
        uint64_t wake = expire(c);
        check_control(c);
        if (c->unresolved == 0)
            return 0;
        /* A request that waits for a connection is begun by the event that frees one. */
        if (c->next < c->end && (c->n_vacant > 0 || c->n_idle > 0)) {
            uint64_t due = c->epoch + record_of(c, c->next)->intended_ns;
            wake = due < wake ? due : wake;
        }
        struct timespec limit = {.tv_sec = 0, .tv_nsec = (long)sleep_ns(c, wake)};
        int n = epoll_pwait2(c->epoll, event, EVENTS, &limit, NULL);
        if (n < 0 && errno != EINTR)
            return qv_error_set(err, -errno, "load: epoll: %s", strerror(errno));
        for (int i = 0; i < n; i++) {
            handle_event(c, &event[i]);
            begin_due(c);
        }
    }
}

/* As many descriptors as connections, and some for the rest of the program. */
static int raise_limit(uint32_t connections, struct qv_error *err)
{
    struct rlimit limit;
    rlim_t need = (rlim_t)connections + 128;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur >= need)
        return 0;
    limit.rlim_cur = need < limit.rlim_max ? need : limit.rlim_max;
    if (limit.rlim_cur < need || setrlimit(RLIMIT_NOFILE, &limit) != 0)
        return qv_error_set(err, -EMFILE, "load: %u connections need %llu descriptors, the limit is %llu", connections,
                            (unsigned long long)need, (unsigned long long)limit.rlim_max);
    return 0;
}

static int prepare(struct client *c, struct qv_error *err)
{
    uint64_t *due;
    long n = load_schedule(c->config, &due, err);
    if (n < 0)
        return (int)n;
    uint32_t connections = c->config->connections;
    c->log->record = calloc((size_t)n + 1, sizeof(*c->log->record));
    c->conn = calloc(connections, sizeof(*c->conn));
    c->vacant = calloc(connections, sizeof(*c->vacant));
    c->idle = calloc(connections, sizeof(*c->idle));
    c->buffer = malloc(BUFFER_BYTES);
    if (c->log->record == NULL || c->conn == NULL || c->vacant == NULL || c->idle == NULL || c->buffer == NULL) {
        free(due);
        return qv_error_set(err, -ENOMEM, "load: no memory for %ld requests", n);
    }
    c->log->n = (size_t)n;
    c->end = (uint32_t)n;
    c->unresolved = (uint32_t)n;
    for (uint32_t i = 0; i < c->end; i++)
        c->log->record[i] = (struct load_record){.intended_ns = due[i],
                                                 .sent_ns = LOAD_NEVER,
                                                 .first_ns = LOAD_NEVER,
                                                 .done_ns = LOAD_NEVER,
                                                 .index = i,
                                                 .cls = LOAD_NOT_SENT,
                                                 .warmup = due[i] < c->config->warmup_ns};
    free(due);
    for (uint32_t i = 0; i < connections; i++) {
        c->conn[i] = (struct conn){.fd = -1, .request = NO_REQUEST};
        c->vacant[c->n_vacant++] = connections - 1 - i;
    }
    c->request_bytes = (uint32_t)snprintf(c->request, sizeof(c->request),
                                          "GET /%u HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: %s\r\n\r\n",
                                          c->config->page_bytes, c->config->keepalive ? "keep-alive" : "close");
    load_ports_init(&c->ports, load_now() / NS_PER_S * PORTS_PER_S);
    c->epoll = epoll_create1(EPOLL_CLOEXEC);
    if (c->epoll < 0)
        return qv_error_set(err, -errno, "load: epoll: %s", strerror(errno));
    return raise_limit(connections, err);
}

int client_run(const struct load_config *config, struct load_control *control, struct load_log *log,
               struct qv_error *err)
{
    struct client c = {.config = config, .control = control, .log = log, .epoll = -1};
    load_log_configure(log, config, LOAD_TOOL_QV);
    int code = prepare(&c, err);
    if (code == 0) {
        /* Wake-ups to the microsecond: the default slack of 50 us would be a part of every latency. */
        (void)prctl(PR_SET_TIMERSLACK, 1UL);
        code = run_loop(&c, err);
    }
    log->n = c.end;
    for (uint32_t i = 0; c.conn != NULL && i < config->connections; i++) {
        if (c.conn[i].fd >= 0)
            close(c.conn[i].fd);
    }
    if (c.epoll >= 0)
        close(c.epoll);
    free(c.conn);
    free(c.vacant);
    free(c.idle);
    free(c.buffer);
    return code;
}
