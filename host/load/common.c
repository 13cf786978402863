/* SPDX-License-Identifier: MIT */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "host/load/internal.h"

uint64_t load_now(void)
{
    struct timespec ts;
    (void)clock_gettime(CLOCK_MONOTONIC, &ts);
    return (uint64_t)ts.tv_sec * NS_PER_S + (uint64_t)ts.tv_nsec;
}

void load_log_configure(struct load_log *log, const struct load_config *config, enum load_tool tool)
{
    log->tool = tool;
    log->poisson = config->arrivals == LOAD_POISSON;
    log->rate = config->rate;
    log->page_bytes = config->page_bytes;
    log->connections = config->connections;
    log->keepalive = config->keepalive;
    log->seed = config->seed;
    log->warmup_ns = config->warmup_ns;
    log->end_ns = config->warmup_ns + config->duration_ns;
    log->timeout_ns = config->timeout_ns;
}

int load_connect(uint16_t port)
{
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return -errno;
    int one = 1;
    (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
    struct sockaddr_in address = {
        .sin_family = AF_INET, .sin_port = htons(port), .sin_addr = {.s_addr = htonl(INADDR_LOOPBACK)}};
    if (connect(fd, (const struct sockaddr *)&address, sizeof(address)) != 0 && errno != EINPROGRESS) {
        int code = errno;
        close(fd);
        return -code;
    }
    return fd;
}

uint8_t load_class_of_errno(int error)
{
    switch (error) {
    case ECONNREFUSED:
        return LOAD_REFUSED;
    case ECONNRESET:
    case EPIPE:
    case ECONNABORTED:
        return LOAD_RESET;
    case ETIMEDOUT:
        return LOAD_TIMEOUT;
    default:
        return LOAD_OTHER;
    }
}
