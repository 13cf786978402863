/* SPDX-License-Identifier: MIT */
#include "test_load_server.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define MAX_CLIENTS 1024

struct client {
    int fd;
    size_t used;
    char text[512];
};

static struct client client[MAX_CLIENTS];
static size_t n_clients;

static uint64_t now_ns(void)
{
    struct timespec ts;
    clock_gettime(CLOCK_MONOTONIC, &ts);
    return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

static void write_all(int fd, const char *data, size_t size)
{
    while (size > 0) {
        ssize_t n = send(fd, data, size, MSG_NOSIGNAL);
        if (n <= 0)
            return;
        data += n;
        size -= (size_t)n;
    }
}

static char *make_page(size_t size)
{
    char *page = malloc(size + 2);
    if (page == NULL)
        _exit(3);
    for (size_t k = 0; k <= size; k++)
        page[k] = k % 64 == 63 ? '\n' : (char)('A' + k % 26);
    return page;
}

/* The usual answer, bent by the manner. False: close the connection. */
static bool answer_page(int fd, size_t size, enum server_manner manner, bool keepalive)
{
    char head[256];
    char *page = make_page(size);
    size_t announced = manner == SERVER_WRONG_SIZE ? size + 1 : size;
    int n = manner == SERVER_NO_LENGTH
                ? snprintf(head, sizeof(head), "HTTP/1.0 200 OK\r\nServer: test\r\n\r\n")
                : snprintf(head, sizeof(head),
                           "HTTP/1.1 200 OK\r\nServer: test\r\ncontent-LENGTH:  %zu \r\nConnection: %s\r\n\r\n",
                           announced, keepalive ? "keep-alive" : "close");
    if (manner == SERVER_WRONG_BYTE)
        page[size / 2] ^= 1;
    if (manner == SERVER_DRIP) {
        for (int i = 0; i < n; i++)
            write_all(fd, &head[i], 1);
        for (size_t i = 0; i < size; i++)
            write_all(fd, &page[i], 1);
    } else {
        write_all(fd, head, (size_t)n);
        write_all(fd, page, manner == SERVER_CUT ? size / 2 : announced);
    }
    free(page);
    return keepalive && manner != SERVER_CUT && manner != SERVER_NO_LENGTH;
}

static void stall(struct server_shared *shared)
{
    shared->stall_begin_ns = now_ns();
    struct timespec ts = {.tv_sec = shared->stall_ms / 1000, .tv_nsec = (long)(shared->stall_ms % 1000) * 1000000};
    nanosleep(&ts, NULL);
    shared->stall_end_ns = now_ns();
}

static bool answer(struct server_shared *shared, struct client *c)
{
    uint32_t k = __atomic_fetch_add(&shared->requests, 1, __ATOMIC_RELAXED);
    enum server_manner manner = k < SERVER_PLAN ? shared->manner[k] : SERVER_GOOD;
    bool keepalive = strstr(c->text, "keep-alive") != NULL;
    size_t size = (size_t)strtoul(c->text + strlen("GET /"), NULL, 10);
    struct linger hard = {.l_onoff = 1, .l_linger = 0};
    static const char error[] = "HTTP/1.1 500 Oops\r\nContent-Length: 4\r\nConnection: close\r\n\r\nOops";
    static const char counters[] = "HTTP/1.1 200 OK\r\nContent-Length: 11\r\nConnection: close\r\n\r\nrequests 1\n";
    if (strncmp(c->text, "GET /counters ", 14) == 0) {
        write_all(c->fd, counters, sizeof(counters) - 1);
        return false;
    }
    switch (manner) {
    case SERVER_STALL:
        stall(shared);
        return answer_page(c->fd, size, SERVER_GOOD, keepalive);
    case SERVER_NEVER:
        return true;
    case SERVER_RESET:
        setsockopt(c->fd, SOL_SOCKET, SO_LINGER, &hard, sizeof(hard));
        return false;
    case SERVER_CLOSE:
        return false;
    case SERVER_500:
        write_all(c->fd, error, sizeof(error) - 1);
        return false;
    case SERVER_GARBAGE:
        write_all(c->fd, "220 ready\r\n\r\n", 13);
        return false;
    default:
        return answer_page(c->fd, size, manner, keepalive);
    }
}

/* False: the connection is over. */
static bool serve(struct server_shared *shared, struct client *c)
{
    ssize_t n = recv(c->fd, c->text + c->used, sizeof(c->text) - 1 - c->used, 0);
    if (n <= 0)
        return false;
    c->used += (size_t)n;
    c->text[c->used] = '\0';
    if (strstr(c->text, "\r\n\r\n") == NULL)
        return c->used < sizeof(c->text) - 1;
    c->used = 0;
    return answer(shared, c);
}

static void accept_one(struct server_shared *shared, int listener)
{
    struct sockaddr_in from = {0};
    socklen_t size = sizeof(from);
    int fd = accept(listener, (struct sockaddr *)&from, &size);
    if (fd < 0)
        return;
    uint32_t port = ntohs(from.sin_port);
    shared->ports_again += (shared->port_used[port / 8] & (1u << port % 8)) != 0;
    shared->port_used[port / 8] |= (uint8_t)(1u << port % 8);
    int one = 1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
    __atomic_fetch_add(&shared->connections, 1, __ATOMIC_RELAXED);
    client[n_clients++] = (struct client){.fd = fd};
}

static void run(struct server_shared *shared, int listener)
{
    static struct pollfd p[MAX_CLIENTS + 1];
    for (;;) {
        p[0] = (struct pollfd){.fd = listener, .events = n_clients < MAX_CLIENTS ? POLLIN : 0};
        size_t n = n_clients;
        for (size_t i = 0; i < n; i++)
            p[i + 1] = (struct pollfd){.fd = client[i].fd, .events = POLLIN};
        if (poll(p, n + 1, -1) < 0)
            continue;
        /* From the end, so that moving the last one into a gap disturbs nothing. */
        for (size_t i = n; i-- > 0;) {
            if (p[i + 1].revents != 0 && !serve(shared, &client[i])) {
                close(client[i].fd);
                client[i] = client[--n_clients];
            }
        }
        if (p[0].revents != 0)
            accept_one(shared, listener);
    }
}

static int bind_loopback(uint16_t *port)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr = {.s_addr = htonl(INADDR_LOOPBACK)}};
    socklen_t size = sizeof(address);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0 || bind(fd, (struct sockaddr *)&address, sizeof(address)) != 0 ||
        getsockname(fd, (struct sockaddr *)&address, &size) != 0)
        return -errno;
    *port = ntohs(address.sin_port);
    return fd;
}

int server_refusing_port(uint16_t *port)
{
    return bind_loopback(port); /* bound, never listened on */
}

int server_prepare(struct server *s)
{
    memset(s, 0, sizeof(*s));
    s->shared = mmap(NULL, sizeof(*s->shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (s->shared == MAP_FAILED) {
        s->shared = NULL;
        return -errno;
    }
    return 0;
}

int server_start(struct server *s)
{
    int listener = bind_loopback(&s->port);
    if (listener < 0)
        return listener;
    if (listen(listener, 1024) != 0)
        return -errno;
    s->pid = fork();
    if (s->pid < 0)
        return -errno;
    if (s->pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        run(s->shared, listener);
    }
    close(listener);
    return 0;
}

void server_stop(struct server *s)
{
    if (s->pid > 0) {
        kill(s->pid, SIGKILL);
        waitpid(s->pid, NULL, 0);
    }
    if (s->shared != NULL)
        munmap(s->shared, sizeof(*s->shared));
    memset(s, 0, sizeof(*s));
}
