/* SPDX-License-Identifier: MIT */
#include "platform/port.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define MAX_PORTS 16u

/* Below those that the kernel gives to outgoing connections, which other runs' clients take all the time: a port found
 * free among them may not be free any more when the emulator asks for it. */
#define FIRST_PORT 20000u
#define LAST_PORT  32767u
#define TRIES      64u

/* A socket bound to *port (0: any) on the loopback interface; -1 if that cannot be. */
static int hold(uint16_t *port)
{
    struct sockaddr_in address = {
        .sin_family = AF_INET, .sin_port = htons(*port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof(address);
    int on = 1;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return -1;
    /* connections of a former run that still linger do not make a port unusable */
    (void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
    if (bind(fd, (struct sockaddr *)&address, sizeof(address)) != 0 || listen(fd, 1) != 0 ||
        getsockname(fd, (struct sockaddr *)&address, &size) != 0) {
        close(fd);
        return -1;
    }
    *port = ntohs(address.sin_port);
    return fd;
}

/* A free one, tried from a place that differs from run to run. */
static int hold_any(uint16_t *port)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    const unsigned start = (unsigned)getpid() * 61u + (unsigned)(now.tv_nsec / 1000);
    for (unsigned i = 0; i < TRIES; i++) {
        *port = (uint16_t)(FIRST_PORT + (start + i) % (LAST_PORT - FIRST_PORT + 1));
        int fd = hold(port);
        if (fd >= 0)
            return fd;
    }
    *port = 0;
    return hold(port);
}

int port_choose(uint16_t *port, size_t n, struct qv_error *err)
{
    int held[MAX_PORTS];
    size_t count = 0;
    int result = 0;

    /* all are held at once, so that they differ */
    for (; count < n && count < MAX_PORTS && result == 0; count++) {
        held[count] = port[count] == 0 ? hold_any(&port[count]) : hold(&port[count]);
        if (held[count] < 0)
            result = qv_error_set(err, -EADDRINUSE, "port %u of 127.0.0.1 is not free", port[count]);
    }
    for (size_t i = 0; i < count; i++) {
        if (held[i] >= 0)
            close(held[i]);
    }
    return result;
}
