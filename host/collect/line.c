/* SPDX-License-Identifier: MIT */
#include "collect/line.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#define WRITE_PATIENCE_MS 5000

int line_open(const char *device, struct qv_error *err)
{
    struct termios t;
    int fd = open(device, O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0)
        return qv_error_set(err, -errno, "%s: %s", device, strerror(errno));
    if (!isatty(fd))
        return fd;
    if (tcgetattr(fd, &t) == 0) {
        cfmakeraw(&t);
        t.c_cflag |= CLOCAL | CREAD;
        t.c_cflag &= ~(tcflag_t)(CRTSCTS | CSTOPB);
        (void)cfsetispeed(&t, B115200);
        (void)cfsetospeed(&t, B115200);
        if (tcsetattr(fd, TCSANOW, &t) == 0)
            return fd;
    }
    int error = errno;
    close(fd);
    return qv_error_set(err, -error, "%s: cannot be set to 115200 baud, 8N1: %s", device, strerror(error));
}

long line_read(int fd, void *data, size_t size, int ms)
{
    struct pollfd wait = {.fd = fd, .events = POLLIN};
    int ready = poll(&wait, 1, ms);
    if (ready < 0)
        return errno == EINTR ? 0 : -errno;
    if (ready == 0)
        return 0;
    ssize_t n = read(fd, data, size);
    if (n > 0)
        return n;
    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return 0;
    return n < 0 && errno != EIO ? -errno : -EPIPE; /* a pseudo-terminal whose other side is closed gives EIO */
}

int line_write(int fd, const void *data, size_t size)
{
    const char *p = data;
    while (size > 0) {
        struct pollfd wait = {.fd = fd, .events = POLLOUT};
        if (poll(&wait, 1, WRITE_PATIENCE_MS) == 0)
            return -ETIMEDOUT;
        ssize_t n = write(fd, p, size);
        if (n < 0 && errno != EAGAIN && errno != EINTR)
            return -errno;
        p += n > 0 ? n : 0;
        size -= n > 0 ? (size_t)n : 0;
    }
    return 0;
}
