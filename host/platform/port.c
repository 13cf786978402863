/* SPDX-License-Identifier: MIT */
#include "platform/port.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define MAX_PORTS 16u

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

int port_choose(uint16_t *port, size_t n, struct qv_error *err)
{
    int held[MAX_PORTS];
    size_t count = 0;
    int result = 0;

    /* all are held at once, so that they differ */
    for (; count < n && count < MAX_PORTS && result == 0; count++) {
        held[count] = hold(&port[count]);
        if (held[count] < 0)
            result = qv_error_set(err, -EADDRINUSE, "port %u of 127.0.0.1 is not free", port[count]);
    }
    for (size_t i = 0; i < count; i++) {
        if (held[i] >= 0)
            close(held[i]);
    }
    return result;
}
