/* SPDX-License-Identifier: MIT */
/*
 * Running httperf. Its standard output is a terminal of our own: through a pipe it would come in blocks and the time
 * stamps would be those of the blocks.
 */
#include "host/load/httperf.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#include "host/load/internal.h"

#define DESCRIPTORS   1000.0 /* of the 1,024 that httperf's select() can hold */
#define GRACE_NS      (10ull * NS_PER_S)
#define LINE_MAX_BYTE 4096u
#define MAX_ARGS      20u
#define ARG_BYTES     64u

static void add_arg(char **argv, size_t *n, char **text, const char *format, double number)
{
    argv[(*n)++] = *text;
    *text += snprintf(*text, ARG_BYTES, format, number) + 1;
}

int load_httperf_command(const struct load_config *config, char ***argv, struct qv_error *err)
{
    *argv = NULL;
    if (!load_config_check(config, err))
        return -EINVAL;
    double timeout = (double)config->timeout_ns / 1e9;
    if (config->rate * timeout >= DESCRIPTORS)
        return qv_error_set(err, -E2BIG,
                            "load: httperf holds %.0f connections at most: rate x timeout is %.0f; shorten the timeout "
                            "or use the built-in client",
                            DESCRIPTORS, config->rate * timeout);
    double seconds = ((double)config->warmup_ns + (double)config->duration_ns) / 1e9;
    double connections = ceil(config->rate * seconds);
    char **block = calloc(1, MAX_ARGS * sizeof(char *) + MAX_ARGS * ARG_BYTES);
    if (block == NULL)
        return qv_error_set(err, -ENOMEM, "load: no memory");
    char *text = (char *)(block + MAX_ARGS);
    size_t n = 0;
    add_arg(block, &n, &text, "httperf", 0);
    add_arg(block, &n, &text, "--hog", 0);
    add_arg(block, &n, &text, "--server", 0);
    add_arg(block, &n, &text, "127.0.0.1", 0);
    add_arg(block, &n, &text, "--port", 0);
    add_arg(block, &n, &text, "%.0f", config->port);
    add_arg(block, &n, &text, "--uri", 0);
    add_arg(block, &n, &text, "/%.0f", config->page_bytes);
    add_arg(block, &n, &text, "--num-conns", 0);
    add_arg(block, &n, &text, "%.0f", connections);
    add_arg(block, &n, &text, "--num-calls", 0);
    add_arg(block, &n, &text, "1", 0);
    if (config->arrivals == LOAD_POISSON) {
        add_arg(block, &n, &text, "--period", 0);
        add_arg(block, &n, &text, "e%.9f", 1 / config->rate);
    } else {
        add_arg(block, &n, &text, "--rate", 0);
        add_arg(block, &n, &text, "%g", config->rate);
    }
    add_arg(block, &n, &text, "--timeout", 0);
    add_arg(block, &n, &text, "%g", timeout);
    add_arg(block, &n, &text, "--print-request=header", 0);
    add_arg(block, &n, &text, "--print-reply=header", 0);
    *argv = block;
    return 0;
}

/* Where a program is, by PATH: looked up before the fork, after which little is allowed. */
static bool find_program(const char *name, char *out, size_t size)
{
    const char *path = getenv("PATH");
    if (path == NULL)
        path = "/usr/bin:/bin";
    while (*path != '\0') {
        size_t length = strcspn(path, ":");
        int n = snprintf(out, size, "%.*s/%s", (int)length, path, name);
        if (n > 0 && (size_t)n < size && access(out, X_OK) == 0)
            return true;
        path += length;
        path += *path == ':';
    }
    return false;
}

/* Both ends of a terminal that passes bytes through unchanged. */
static int open_terminal(int *master, int *slave)
{
    char name[128];
    struct termios mode;
    *slave = -1;
    *master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
    if (*master >= 0 && grantpt(*master) == 0 && unlockpt(*master) == 0 && ptsname_r(*master, name, sizeof(name)) == 0)
        *slave = open(name, O_RDWR | O_NOCTTY | O_CLOEXEC);
    if (*slave < 0) {
        int code = errno;
        if (*master >= 0)
            close(*master);
        return -code;
    }
    if (tcgetattr(*slave, &mode) == 0) {
        cfmakeraw(&mode);
        (void)tcsetattr(*slave, TCSANOW, &mode);
    }
    return 0;
}

static pid_t spawn(const char *program, char **argv, int slave)
{
    pid_t parent = getpid();
    pid_t pid = fork();
    if (pid != 0)
        return pid;
    (void)setsid();
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent)
        _exit(127);
    int null = open("/dev/null", O_RDONLY);
    if (null < 0 || dup2(null, 0) < 0 || dup2(slave, 1) < 0 || dup2(slave, 2) < 0)
        _exit(127);
    execv(program, argv);
    _exit(127);
}

struct reader {
    struct load_log *log;
    struct load_control *control;
    char line[LINE_MAX_BYTE];
    size_t used;
};

static void publish(struct reader *r, const char *line, uint64_t ns)
{
    if (strncmp(line, "SS", 2) == 0)
        atomic_fetch_add_explicit(&r->control->sent, 1, memory_order_relaxed);
    else if (strncmp(line, "RS", 2) == 0)
        atomic_fetch_add_explicit(&r->control->good, 1, memory_order_relaxed);
    httperf_line(r->log, line, ns);
}

static void take_bytes(struct reader *r, const char *data, size_t size, uint64_t ns)
{
    for (size_t i = 0; i < size; i++) {
        if (data[i] == '\n') {
            while (r->used > 0 && r->line[r->used - 1] == '\r')
                r->used--;
            r->line[r->used] = '\0';
            publish(r, r->line, ns);
            r->used = 0;
        } else if (r->used < sizeof(r->line) - 1) {
            r->line[r->used++] = data[i];
        }
    }
}

/* Reads until the other end is closed, the time is up or the load is to end. */
static void read_all(struct reader *r, int master, uint64_t limit)
{
    static const int step_ms = 20;
    char data[16384];
    for (;;) {
        uint64_t now = load_now();
        bool stop = atomic_load_explicit(&r->control->stop, memory_order_relaxed);
        if (now >= limit || stop) {
            if (stop && r->log->end_ns > now - r->log->epoch_ns)
                r->log->end_ns = now - r->log->epoch_ns;
            return;
        }
        if (now - r->log->epoch_ns >= r->log->warmup_ns)
            atomic_store_explicit(&r->control->warm, true, memory_order_relaxed);
        struct pollfd p = {.fd = master, .events = POLLIN};
        if (poll(&p, 1, step_ms) <= 0)
            continue;
        ssize_t n = read(master, data, sizeof(data));
        if (n < 0 && (errno == EINTR || errno == EAGAIN))
            continue;
        if (n <= 0) /* EIO: the last writer has gone */
            return;
        take_bytes(r, data, (size_t)n, load_now() - r->log->epoch_ns);
    }
}

/* Ends the whole process group, if it is still there, and reaps its leader. */
static int reap(pid_t pid, bool patient)
{
    int status = 0;
    for (int i = 0; patient && i < 100; i++) {
        if (waitpid(pid, &status, WNOHANG) == pid)
            return status;
        struct timespec rest = {.tv_nsec = 10000000};
        (void)nanosleep(&rest, NULL);
    }
    (void)kill(-pid, SIGKILL);
    (void)kill(pid, SIGKILL);
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
        continue;
    return status;
}

int httperf_run(const struct load_config *config, struct load_control *control, struct load_log *log,
                struct qv_error *err)
{
    char **argv;
    char program[512];
    int master;
    int slave;
    load_log_configure(log, config, LOAD_TOOL_HTTPERF);
    log->keepalive = false;
    log->connections = 0;
    if (!find_program("httperf", program, sizeof(program)))
        return qv_error_set(err, -ENOENT, "load: httperf is not installed");
    int code = load_httperf_command(config, &argv, err);
    if (code != 0)
        return code;
    log->n = (size_t)ceil(config->rate * (double)log->end_ns / 1e9);
    log->record = calloc(log->n + 1, sizeof(*log->record));
    code = log->record == NULL ? -ENOMEM : open_terminal(&master, &slave);
    if (code != 0) {
        free(argv);
        return qv_error_set(err, code, "load: httperf: %s", strerror(-code));
    }
    httperf_begin(log);
    log->epoch_ns = load_now();
    atomic_store(&control->epoch_ns, log->epoch_ns);
    pid_t pid = spawn(program, argv, slave);
    close(slave);
    free(argv);
    if (pid < 0) {
        code = errno;
        close(master);
        return qv_error_set(err, -code, "load: httperf: %s", strerror(code));
    }
    struct reader reader = {.log = log, .control = control};
    read_all(&reader, master, log->epoch_ns + log->end_ns + config->timeout_ns + GRACE_NS);
    int status = reap(pid, !atomic_load(&control->stop));
    close(master);
    httperf_end(log);
    if (WIFEXITED(status) && WEXITSTATUS(status) == 127)
        return qv_error_set(err, -ENOEXEC, "load: httperf could not be started");
    if (!log->summary.present && !atomic_load(&control->stop))
        return qv_error_set(err, -EPROTO, "load: httperf ended without its sums (status %d)", status);
    return 0;
}
