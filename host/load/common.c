/* SPDX-License-Identifier: MIT */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
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
    log->guest_time = tool == LOAD_TOOL_QV && config->clock != NULL;
}

void load_ports_init(struct load_ports *ports, uint64_t start)
{
    unsigned first = 0;
    unsigned last = 0;
    *ports = (struct load_ports){0};
    FILE *file = fopen("/proc/sys/net/ipv4/ip_local_port_range", "r");
    if (file == NULL)
        return;
    if (fscanf(file, "%u %u", &first, &last) == 2 && first > 0 && first <= last && last <= UINT16_MAX) {
        uint32_t count = last - first + 1;
        *ports = (struct load_ports){
            .first = (uint16_t)first, .last = (uint16_t)last, .next = (uint16_t)(first + start % count), .left = count};
    }
    fclose(file);
}

static uint16_t take_port(struct load_ports *ports)
{
    uint16_t port = ports->next;
    ports->next = port == ports->last ? ports->first : (uint16_t)(port + 1);
    ports->left--;
    return port;
}

/* Somebody else's port, or one that waits for the end of an earlier connection to the same place. */
static bool is_taken(int error)
{
    return error == EADDRINUSE || error == EADDRNOTAVAIL;
}

static int connect_from(uint16_t local, uint16_t port);

int load_connect_from(struct load_ports *ports, uint16_t port)
{
    while (ports->left > 0) {
        int fd = connect_from(take_port(ports), port);
        if (fd >= 0 || !is_taken(-fd))
            return fd;
    }
    return load_connect(port);
}

int load_connect(uint16_t port)
{
    return connect_from(0, port);
}

/* local = 0: any. */
static int connect_from(uint16_t local, uint16_t port)
{
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return -errno;
    int one = 1;
    (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
    struct sockaddr_in from = {
        .sin_family = AF_INET, .sin_port = htons(local), .sin_addr = {.s_addr = htonl(INADDR_LOOPBACK)}};
    if (local != 0 && bind(fd, (const struct sockaddr *)&from, sizeof(from)) != 0) {
        int code = errno;
        close(fd);
        return -code;
    }
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
