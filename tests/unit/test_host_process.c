/* SPDX-License-Identifier: MIT */
/* Child processes, ports and the control protocol. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "platform/backlog.h"
#include "platform/port.h"
#include "platform/process.h"
#include "platform/qmp.h"
#include "unit.h"

#define SHELL(script) ((char *const[]){(char *)"sh", (char *)"-c", (char *)script, NULL})

static pid_t start(char *const argv[], struct qv_error *why)
{
    return process_start(argv, NULL, "/dev/null", NULL, 0, why);
}

static void exit_codes(void)
{
    struct qv_error why;
    int code = -1;
    pid_t pid = start(SHELL("exit 7"), &why);
    CU_ASSERT_FATAL(pid > 0);
    CU_ASSERT(process_wait(pid, 20000, &code) && code == 7);
    pid = start(SHELL("kill -9 $$"), &why);
    CU_ASSERT_FATAL(pid > 0);
    CU_ASSERT(process_wait(pid, 20000, &code) && code == 128 + 9);
}

static void cannot_start(void)
{
    struct qv_error why;
    CU_ASSERT(start((char *const[]){(char *)"/nonexistent/program", NULL}, &why) < 0);
    CU_ASSERT(strstr(why.text, "/nonexistent/program cannot be run") != NULL);
    CU_ASSERT(process_start(SHELL("true"), "/nonexistent", "/dev/null", NULL, 0, &why) < 0);
    CU_ASSERT(process_start(SHELL("true"), NULL, "/nonexistent/log", NULL, 0, &why) < 0);
}

/* One that ignores SIGTERM, with a child of its own: both are gone afterwards. */
static void stubborn(void)
{
    struct qv_error why;
    int pipes[2];
    char byte;
    int code = -1;
    CU_ASSERT_FATAL(pipe2(pipes, O_CLOEXEC) == 0);
    char script[128];
    snprintf(script, sizeof(script), "trap '' TERM; (while :; do sleep 1; done) & echo x >&%d; wait; wait", pipes[1]);
    pid_t pid = process_start(SHELL(script), NULL, "/dev/null", &pipes[1], 1, &why);
    CU_ASSERT_FATAL(pid > 0);
    close(pipes[1]);
    CU_ASSERT(read(pipes[0], &byte, 1) == 1); /* the trap is set */
    CU_ASSERT(!process_ended(pid, &code));
    process_kill(pid, &code);
    CU_ASSERT(code == 128 + SIGKILL);
    CU_ASSERT(read(pipes[0], &byte, 1) == 1 && byte == '\n');
    CU_ASSERT(read(pipes[0], &byte, 1) == 0); /* the pipe's last holder is gone: so is the child */
    close(pipes[0]);
}

/* Only what is to be kept stays open. */
static void descriptors(void)
{
    struct qv_error why;
    int pipes[2];
    int secret = open("/dev/null", O_RDONLY);
    int code = -1;
    char text[16] = "";
    char script[128];
    CU_ASSERT_FATAL(pipe2(pipes, O_CLOEXEC) == 0 && secret > 2);
    snprintf(script, sizeof(script), "if [ -e /proc/self/fd/%d ]; then echo open >&%d; else echo shut >&%d; fi", secret,
             pipes[1], pipes[1]);
    pid_t pid = process_start(SHELL(script), "/", "/dev/null", &pipes[1], 1, &why);
    CU_ASSERT_FATAL(pid > 0);
    close(pipes[1]);
    CU_ASSERT(read(pipes[0], text, sizeof(text) - 1) == 5);
    CU_ASSERT_STRING_EQUAL(text, "shut\n");
    CU_ASSERT(process_wait(pid, 20000, &code) && code == 0);
    close(pipes[0]);
    close(secret);
}

static void arguments(void)
{
    struct arguments a = {0};
    arguments_add(&a, "%s", "one");
    arguments_add(&a, "%d,%d", 2, 3);
    CU_ASSERT(a.n == 2 && !a.failed && a.item[2] == NULL);
    CU_ASSERT_STRING_EQUAL(a.item[1], "2,3");
    arguments_free(&a);
    CU_ASSERT(a.n == 0 && a.item == NULL);
}

static void ports(void)
{
    struct qv_error why;
    uint16_t port[4] = {0};
    CU_ASSERT(port_choose(port, 4, &why) == 0);
    for (unsigned i = 0; i < 4; i++) {
        CU_ASSERT(port[i] != 0);
        for (unsigned j = 0; j < i; j++)
            CU_ASSERT(port[i] != port[j]);
    }
    uint16_t twice[2] = {port[0], port[0]};
    CU_ASSERT(port_choose(twice, 2, &why) == -EADDRINUSE);
    CU_ASSERT(strstr(why.text, "not free") != NULL);
}

/* A listening socket of a child that never accepts: how many connections come to stand? */
static unsigned waiting_connections(uint16_t port, unsigned tries)
{
    struct sockaddr_in address = {
        .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd[32];
    unsigned connected = 0;
    for (unsigned i = 0; i < tries; i++) {
        fd[i] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
        (void)connect(fd[i], (struct sockaddr *)&address, sizeof(address)); /* on loopback it is done at once, or not */
        struct pollfd ready = {.fd = fd[i], .events = POLLOUT};
        connected += poll(&ready, 1, 0) == 1 && (ready.revents & POLLOUT) != 0 && (ready.revents & POLLERR) == 0;
    }
    for (unsigned i = 0; i < tries; i++)
        close(fd[i]);
    return connected;
}

static void backlog(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof(address);
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    CU_ASSERT_FATAL(bind(fd, (struct sockaddr *)&address, size) == 0 && listen(fd, 1) == 0);
    CU_ASSERT_FATAL(getsockname(fd, (struct sockaddr *)&address, &size) == 0);
    uint16_t port = ntohs(address.sin_port);
    uint16_t other = (uint16_t)(port ^ 1);
    pid_t child = fork();
    if (child == 0) {
        pause();
        _exit(0);
    }
    close(fd);
    CU_ASSERT(waiting_connections(port, 32) < 8);
    CU_ASSERT(backlog_raise(child, &other, 1, 64) == 0);
    unsigned raised = backlog_raise(child, &port, 1, 64);
    /* where it is not allowed, nothing may have changed */
    unsigned standing = waiting_connections(port, 24);
    CU_ASSERT((raised == 1 && standing == 24) || (raised == 0 && standing < 8));
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
}

/* The other end of the control connection: says its lines, then hangs up or stays. */
struct server {
    int fd;
    const char *greeting;
    const char *answer[3]; /* to each line that comes */
};

static void *serve(void *argument)
{
    struct server *server = argument;
    char byte;
    unsigned answered = 0;
    (void)!write(server->fd, server->greeting, strlen(server->greeting));
    while (answered < 3 && server->answer[answered] != NULL && read(server->fd, &byte, 1) == 1) {
        if (byte != '\n')
            continue;
        const char *text = server->answer[answered++];
        (void)!write(server->fd, text, strlen(text));
    }
    close(server->fd);
    return NULL;
}

#define GREETING                                                                                                       \
    "{\"QMP\": {\"version\": {\"qemu\": {\"micro\": 22, \"minor\": 2, \"major\": 7}, \"package\": \"Debian\"},"        \
    " \"capabilities\": []}}\r\n"
#define READY "{\"return\": {}, \"id\": \"qmp_capabilities\"}\r\n"
#define DONE  "{\"return\": {}, \"id\": \"quit\"}\r\n"

static int talk(struct server server, char *version, size_t size, struct qv_error *why)
{
    int pair[2];
    pthread_t thread;
    CU_ASSERT_FATAL(socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0);
    server.fd = pair[1];
    CU_ASSERT_FATAL(pthread_create(&thread, NULL, serve, &server) == 0);
    int result = qmp_connect(pair[0], 20000, version, size, why);
    if (result == 0)
        result = qmp_command(pair[0], "quit", 20000, why);
    close(pair[0]);
    pthread_join(thread, NULL);
    return result;
}

static void qmp(void)
{
    struct qv_error why = {""};
    char version[64] = "";
    CU_ASSERT(
        talk((struct server){.greeting = GREETING,
                             .answer = {READY,
                                        "{\"event\": \"SHUTDOWN\"}\r\n{\"return\": {}, \"id\": \"cont\"}\r\n" DONE}},
             version, sizeof(version), &why) == 0);
    CU_ASSERT_STRING_EQUAL(version, "7.2.22 (Debian)");
    CU_ASSERT(talk((struct server){.greeting = GREETING,
                                   .answer = {READY, "{\"id\": \"quit\", \"error\": {\"desc\": \"no\"}}\r\n"}},
                   version, sizeof(version), &why) == -EPROTO);
    CU_ASSERT(strstr(why.text, "quit: no") != NULL);
    CU_ASSERT(talk((struct server){.greeting = GREETING, .answer = {READY}}, version, sizeof(version), &why) == -EPIPE);
    CU_ASSERT(talk((struct server){.greeting = ""}, version, sizeof(version), &why) == -EPIPE);
    CU_ASSERT(talk((struct server){.greeting = "hello\n"}, version, sizeof(version), &why) == -EPROTO);
    CU_ASSERT(talk((struct server){.greeting = "{}\n"}, version, sizeof(version), &why) == -EPROTO);
}

static void qmp_silence(void)
{
    struct qv_error why;
    char version[64];
    int pair[2];
    CU_ASSERT_FATAL(socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0);
    CU_ASSERT(qmp_connect(pair[0], 20, version, sizeof(version), &why) == -ETIMEDOUT);
    close(pair[0]);
    close(pair[1]);
}

int main(void)
{
    static const struct unit_test tests[] = {
        {"exit codes", exit_codes},   {"cannot start", cannot_start}, {"stubborn child", stubborn},
        {"descriptors", descriptors}, {"arguments", arguments},       {"ports", ports},
        {"backlog", backlog},         {"control protocol", qmp},      {"silence", qmp_silence},
    };
    signal(SIGPIPE, SIG_IGN);
    return unit_run("processes", tests, sizeof(tests) / sizeof(tests[0]));
}
