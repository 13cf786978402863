/* SPDX-License-Identifier: MIT */
/*
 * relay LINE SEED RATE: a bad serial cable. LINE is the machine's end, a terminal, or "new" to make one; the host's end
 * is a new pseudo-terminal. Prints "machine PATH" and "host PATH", then carries bytes both ways. About one byte in RATE
 * (0 = none) is dropped or has a bit flipped, or noise is put before it; which one is a function of seed, direction and
 * position. Ends when the machine's end does, or at SIGTERM.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#include "qv/draw.h"

#define CHUNK 1024

struct direction {
    int from, to;
    uint64_t seed, rate, position;
};

static int make_raw(int fd)
{
    struct termios t;
    if (tcgetattr(fd, &t) != 0)
        return -1;
    cfmakeraw(&t);
    return tcsetattr(fd, TCSANOW, &t);
}

/* A pseudo-terminal whose other side we keep open too, so that nobody's coming and going hangs it up. */
static int make_end(const char *name)
{
    int fd = posix_openpt(O_RDWR | O_NOCTTY);
    if (fd < 0 || grantpt(fd) != 0 || unlockpt(fd) != 0)
        return -1;
    int other = open(ptsname(fd), O_RDWR | O_NOCTTY);
    if (other < 0 || make_raw(other) != 0)
        return -1;
    printf("%s %s\n", name, ptsname(fd));
    return fd;
}

/* What becomes of one byte; returns how many come out. */
static size_t disturb(struct direction *d, uint8_t byte, uint8_t out[2])
{
    uint64_t draw = qv_draw(d->seed, d->position++);
    if (d->rate == 0 || draw % d->rate != 0) {
        out[0] = byte;
        return 1;
    }
    switch (draw >> 40 & 3u) {
    case 0:
        return 0;
    case 1:
        out[0] = (uint8_t)(draw >> 48);
        out[1] = byte;
        return 2;
    default:
        out[0] = (uint8_t)(byte ^ 1u << (draw >> 48 & 7u));
        return 1;
    }
}

static bool write_all(int fd, const uint8_t *data, size_t size)
{
    while (size > 0) {
        ssize_t n = write(fd, data, size);
        if (n < 0 && errno == EAGAIN) {
            const struct timespec pause = {0, 1000000};
            (void)nanosleep(&pause, NULL);
        } else if (n < 0 && errno != EINTR) {
            return false;
        }
        data += n > 0 ? n : 0;
        size -= n > 0 ? (size_t)n : 0;
    }
    return true;
}

static bool carry(struct direction *d)
{
    uint8_t in[CHUNK], out[2 * CHUNK];
    size_t used = 0;
    ssize_t n = read(d->from, in, sizeof(in));
    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return true;
    if (n <= 0)
        return false;
    for (ssize_t i = 0; i < n; i++)
        used += disturb(d, in[i], out + used);
    return write_all(d->to, out, used);
}

int main(int argc, char **argv)
{
    if (argc != 4) {
        fprintf(stderr, "usage: relay LINE|new SEED RATE\n");
        return 2;
    }
    uint64_t seed = strtoull(argv[2], NULL, 10), rate = strtoull(argv[3], NULL, 10);
    bool new_end = strcmp(argv[1], "new") == 0;
    int machine = new_end ? make_end("machine") : open(argv[1], O_RDWR | O_NOCTTY);
    int host = make_end("host");
    if (machine < 0 || host < 0 || (!new_end && make_raw(machine) != 0)) {
        perror("relay");
        return 3;
    }
    fflush(stdout);
    struct direction way[2] = {{machine, host, qv_draw(seed, 1), rate, 0}, {host, machine, qv_draw(seed, 2), rate, 0}};
    for (;;) {
        struct pollfd wait[2] = {{.fd = machine, .events = POLLIN}, {.fd = host, .events = POLLIN}};
        if (poll(wait, 2, -1) < 0 && errno != EINTR)
            return 3;
        for (int i = 0; i < 2; i++)
            if ((wait[i].revents & (POLLIN | POLLHUP)) != 0 && !carry(&way[i]))
                return 0;
    }
}
