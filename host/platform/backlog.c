/* SPDX-License-Identifier: MIT */
#include "platform/backlog.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

/* By number: the C library of Debian 12 has wrappers, older ones do not. */
#ifndef SYS_pidfd_open
#define SYS_pidfd_open 434
#endif
#ifndef SYS_pidfd_getfd
#define SYS_pidfd_getfd 438
#endif

static bool listens_on(int fd, const uint16_t *port, size_t n)
{
    struct sockaddr_in address = {.sin_family = AF_UNSPEC};
    socklen_t size = sizeof(address);
    int listening = 0;
    socklen_t int_size = sizeof(listening);

    if (getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listening, &int_size) != 0 || !listening ||
        getsockname(fd, (struct sockaddr *)&address, &size) != 0 || address.sin_family != AF_INET)
        return false;
    for (size_t i = 0; i < n; i++) {
        if (ntohs(address.sin_port) == port[i])
            return true;
    }
    return false;
}

unsigned backlog_raise(pid_t pid, const uint16_t *port, size_t n, int backlog)
{
    char path[64];
    unsigned raised = 0;
    int process = (int)syscall(SYS_pidfd_open, pid, 0);
    snprintf(path, sizeof(path), "/proc/%ld/fd", (long)pid);
    DIR *list = process >= 0 ? opendir(path) : NULL;
    struct dirent *entry;

    while (list != NULL && (entry = readdir(list)) != NULL) {
        if (entry->d_name[0] == '.')
            continue;
        /* a descriptor of ours for the same socket; calling listen() again changes the queue's length */
        int fd = (int)syscall(SYS_pidfd_getfd, process, atoi(entry->d_name), 0);
        if (fd < 0)
            continue;
        if (listens_on(fd, port, n) && listen(fd, backlog) == 0)
            raised++;
        close(fd);
    }
    if (list != NULL)
        closedir(list);
    if (process >= 0)
        close(process);
    return raised;
}
