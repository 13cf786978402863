/* SPDX-License-Identifier: MIT */
#include "platform/parts.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "platform/backlog.h"
#include "platform/port.h"

#define BACKLOG 1024

uint64_t parts_now_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

int parts_make_memory(struct machine *machine, uint64_t bytes, uint64_t slack, struct qv_error *err)
{
    int fd = memfd_create("qv-guest-memory", MFD_CLOEXEC);
    void *ram = MAP_FAILED;
    if (fd >= 0 && ftruncate(fd, (off_t)(bytes + slack)) == 0)
        ram = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (ram == MAP_FAILED) {
        int error = errno;
        if (fd >= 0)
            close(fd);
        return qv_error_set(err, -error, "guest memory: %s", strerror(error));
    }
    machine->ram = ram;
    machine->ram_bytes = bytes;
    return fd;
}

int parts_choose_ports(struct machine *machine, const struct machine_config *config, struct qv_error *err)
{
    uint16_t port[QV_MAX_SANDBOXES];
    machine->n_forwards = config->host_network ? config->n_forwards : 0;
    for (uint32_t i = 0; i < machine->n_forwards; i++) {
        machine->forward[i] = config->forward[i];
        port[i] = config->forward[i].host_port;
    }
    int result = port_choose(port, machine->n_forwards, err);
    for (uint32_t i = 0; i < machine->n_forwards && result == 0; i++)
        machine->forward[i].host_port = port[i];
    return result;
}

unsigned parts_raise_backlog(const struct machine *machine)
{
    uint16_t port[QV_MAX_SANDBOXES];
    for (uint32_t i = 0; i < machine->n_forwards; i++)
        port[i] = machine->forward[i].host_port;
    return backlog_raise(machine->pid, port, machine->n_forwards, BACKLOG);
}

int parts_find_preloaded(const char *library, char *out, size_t size, struct qv_error *err)
{
    char self[PATH_MAX];
    const char *given = getenv("QV_PRELOAD_DIR");
    ssize_t length = readlink("/proc/self/exe", self, sizeof(self) - 1);
    self[length > 0 ? length : 0] = '\0';
    char *slash = strrchr(self, '/');
    if (given != NULL)
        snprintf(out, size, "%s/%s", given, library);
    else if (slash != NULL)
        snprintf(out, size, "%.*s/%s", (int)(slash - self), self, library);
    if ((given == NULL && slash == NULL) || access(out, R_OK) != 0)
        return qv_error_set(err, -ENOENT, "%s is not beside the program: ./qv builds it", library);
    if (strpbrk(out, " :") != NULL)
        return qv_error_set(err, -EINVAL, "%s: the dynamic linker takes no path with a space or a colon", out);
    return 0;
}
