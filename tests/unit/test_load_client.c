/* SPDX-License-Identifier: MIT */
/*
 * The client and the httperf driver against a real server that misbehaves. Nothing here depends on how fast the machine
 * is: what is asserted follows from the order of events.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "analysis/stats.h"
#include "host/load/internal.h"
#include "host/load/load.h"
#include "test_load_server.h"
#include "unit.h"

#define SECOND 1000000000ull

static struct server server;

static void begin_server(void)
{
    CU_ASSERT_EQUAL_FATAL(server_prepare(&server), 0);
}

static struct load_config make_config(double rate, double seconds)
{
    struct load_config config;
    CU_ASSERT_EQUAL_FATAL(server_start(&server), 0);
    load_config_default(&config);
    config.port = server.port;
    config.rate = rate;
    config.warmup_ns = 0;
    config.duration_ns = (uint64_t)(seconds * 1e9);
    config.timeout_ns = 30 * SECOND;
    return config;
}

static struct load_log run(const struct load_config *config)
{
    struct load_log log;
    struct qv_error err = {""};
    int code = load_run(config, &log, &err);
    if (code != 0)
        printf("%s\n", err.text);
    CU_ASSERT_EQUAL_FATAL(code, 0);
    return log;
}

static size_t count(const struct load_log *log, uint8_t cls)
{
    size_t n = 0;
    for (size_t i = 0; i < log->n; i++)
        n += log->record[i].cls == cls;
    return n;
}

static void test_all_good(void)
{
    begin_server();
    struct load_config config = make_config(1000, 0.5);
    struct qv_error err;
    uint64_t *due;
    config.warmup_ns = SECOND / 10;
    struct load_log log = run(&config);
    CU_ASSERT_EQUAL_FATAL(load_schedule(&config, &due, &err), (long)log.n);
    CU_ASSERT_EQUAL(log.n, 600);
    for (size_t i = 0; i < log.n; i++) {
        const struct load_record *r = &log.record[i];
        CU_ASSERT_EQUAL(r->index, i);
        CU_ASSERT_EQUAL(r->intended_ns, due[i]);
        CU_ASSERT_EQUAL(r->cls, LOAD_GOOD);
        CU_ASSERT_EQUAL(r->status, 200);
        CU_ASSERT_EQUAL(r->warmup, i < 100);
        CU_ASSERT(r->sent_ns >= r->intended_ns);
        CU_ASSERT(r->first_ns != LOAD_NEVER && r->first_ns >= r->sent_ns && r->done_ns >= r->first_ns);
    }
    CU_ASSERT_EQUAL(server.shared->connections, 600);
    CU_ASSERT_EQUAL(server.shared->ports_again, 0);
    free(due);
    load_log_free(&log);
    server_stop(&server);
}

static uint16_t local_port(int fd)
{
    struct sockaddr_in address = {0};
    socklen_t size = sizeof(address);
    CU_ASSERT_EQUAL(getsockname(fd, (struct sockaddr *)&address, &size), 0);
    return ntohs(address.sin_port);
}

/* In sequence, around the end of the range; past one that is taken; and by the kernel when all were used. */
static void test_ports(void)
{
    begin_server();
    CU_ASSERT_EQUAL_FATAL(server_start(&server), 0);
    struct load_ports all;
    load_ports_init(&all, 5);
    CU_ASSERT_FATAL(all.first > 0 && all.left == all.last - all.first + 1u);
    CU_ASSERT_EQUAL(all.next, all.first + 5);

    /* Until three neighbours are free. */
    struct load_ports probe = all;
    int fd[3] = {-1, -1, -1};
    uint16_t port[3] = {0};
    do {
        for (int i = 0; i < 3; i++) {
            close(fd[i]);
            fd[i] = load_connect_from(&probe, server.port);
            CU_ASSERT_FATAL(fd[i] >= 0);
            port[i] = local_port(fd[i]);
        }
    } while (port[1] != port[0] + 1 || port[2] != port[0] + 2);
    int holder = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    for (int i = 0; i < 3; i++)
        close(fd[i]);
    struct sockaddr_in taken = {.sin_family = AF_INET, .sin_port = 0, .sin_addr = {.s_addr = htonl(INADDR_LOOPBACK)}};
    CU_ASSERT_EQUAL_FATAL(bind(holder, (struct sockaddr *)&taken, sizeof(taken)), 0);
    uint16_t other_s = local_port(holder);

    struct load_ports few = {
        .first = other_s, .last = other_s, .next = other_s, .left = 1}; /* nothing but what is taken */
    int other = load_connect_from(&few, server.port);
    CU_ASSERT_FATAL(other >= 0);
    CU_ASSERT_EQUAL(few.left, 0);
    CU_ASSERT_NOT_EQUAL(local_port(other), other_s);
    close(other);
    close(holder);

    struct load_ports round = {.first = 100, .last = 102, .next = 102, .left = 0};
    CU_ASSERT_FATAL((other = load_connect_from(&round, server.port)) >= 0);
    CU_ASSERT_EQUAL(round.next, 102); /* all were used: not one of them again */
    close(other);
    server_stop(&server);
}

/* A second of this clock is 10,000 looks at it. */
static uint64_t strange_clock(void *context)
{
    uint64_t *now = context;
    return *now += SECOND / 10000;
}

static void test_other_clock(void)
{
    begin_server();
    struct load_config config = make_config(100, 0.5);
    uint64_t now = 1000 * SECOND;
    config.clock = strange_clock;
    config.clock_context = &now;
    config.timeout_ns = 3600 * SECOND;
    struct load_log log = run(&config);
    CU_ASSERT(log.guest_time);
    CU_ASSERT_EQUAL(log.epoch_ns, 1000 * SECOND + SECOND / 10000);
    CU_ASSERT_EQUAL(log.n, 50);
    CU_ASSERT_EQUAL(count(&log, LOAD_GOOD), log.n);
    for (size_t i = 0; i < log.n; i++) { /* every time is one that the clock has shown */
        const struct load_record *r = &log.record[i];
        CU_ASSERT(r->sent_ns >= r->intended_ns && r->first_ns >= r->sent_ns && r->done_ns >= r->first_ns);
        CU_ASSERT_EQUAL(r->done_ns % (SECOND / 10000), 0);
        CU_ASSERT(log.epoch_ns + r->done_ns <= now);
    }
    load_log_free(&log);
    server_stop(&server);
}

static void test_keepalive(void)
{
    begin_server();
    struct load_config config = make_config(1000, 0.5);
    config.arrivals = LOAD_POISSON;
    config.seed = 7;
    config.keepalive = true;
    config.connections = 8;
    config.page_bytes = 65536;
    struct load_log log = run(&config);
    CU_ASSERT(log.n > 0);
    CU_ASSERT_EQUAL(count(&log, LOAD_GOOD), log.n);
    CU_ASSERT(server.shared->connections <= 8);
    CU_ASSERT_EQUAL(server.shared->requests, log.n);
    load_log_free(&log);
    server_stop(&server);
}

static void test_classes(void)
{
    static const struct {
        enum server_manner manner;
        uint8_t cls;
    } expected[] = {
        {SERVER_RESET, LOAD_RESET},           {SERVER_CLOSE, LOAD_RESET},           {SERVER_CUT, LOAD_PROTOCOL},
        {SERVER_WRONG_BYTE, LOAD_WRONG_BODY}, {SERVER_WRONG_SIZE, LOAD_WRONG_BODY}, {SERVER_NO_LENGTH, LOAD_GOOD},
        {SERVER_500, LOAD_BAD_STATUS},        {SERVER_GARBAGE, LOAD_PROTOCOL},      {SERVER_DRIP, LOAD_GOOD},
    };
    for (int keepalive = 0; keepalive < 2; keepalive++) {
        for (size_t i = 0; i < sizeof(expected) / sizeof(expected[0]); i++) {
            begin_server();
            for (size_t k = 3; k < 30; k += 3)
                server.shared->manner[k] = (uint8_t)expected[i].manner;
            struct load_config config = make_config(500, 0.08);
            config.keepalive = keepalive == 1;
            struct load_log log = run(&config);
            CU_ASSERT_EQUAL(log.n, 40);
            CU_ASSERT_EQUAL(count(&log, expected[i].cls), expected[i].cls == LOAD_GOOD ? 40 : 9);
            CU_ASSERT_EQUAL(count(&log, LOAD_GOOD) + count(&log, expected[i].cls),
                            expected[i].cls == LOAD_GOOD ? 80 : 40);
            load_log_free(&log);
            server_stop(&server);
        }
    }
}

static void test_refused(void)
{
    begin_server();
    struct load_config config = make_config(200, 0.1);
    int fd = server_refusing_port(&config.port);
    CU_ASSERT_FATAL(fd >= 0);
    struct load_log log = run(&config);
    CU_ASSERT_EQUAL(log.n, 20);
    CU_ASSERT_EQUAL(count(&log, LOAD_REFUSED), 20);
    CU_ASSERT_EQUAL(log.record[3].sent_ns, LOAD_NEVER);
    load_log_free(&log);
    close(fd);
    server_stop(&server);
}

static void test_timeout(void)
{
    begin_server();
    memset(server.shared->manner, SERVER_NEVER, sizeof(server.shared->manner));
    struct load_config config = make_config(200, 0.2);
    config.timeout_ns = SECOND / 10;
    config.connections = 10;
    struct load_log log = run(&config);
    CU_ASSERT_EQUAL(log.n, 40);
    CU_ASSERT_EQUAL(count(&log, LOAD_TIMEOUT) + count(&log, LOAD_NOT_SENT), 40);
    CU_ASSERT(count(&log, LOAD_TIMEOUT) >= 10);
    for (size_t i = 0; i < log.n; i++)
        CU_ASSERT(log.record[i].done_ns >= log.record[i].intended_ns + SECOND / 10);
    load_log_free(&log);
    server_stop(&server);
}

/*
 * Coordinated omission. The server sleeps once for 300 ms. No reply can come while it sleeps, so each request that the
 * schedule puts into the stall must show at least the rest of the stall as its latency, whatever else the machine does;
 * and the schedule must have put as many there as its rate says, since it may not wait for the server. A client that
 * measured from the time of sending, or that sent only after the reply before, would fail both.
 */
static void test_no_coordinated_omission(void)
{
    begin_server();
    server.shared->manner[100] = SERVER_STALL;
    server.shared->stall_ms = 300;
    struct load_config config = make_config(400, 1.5);
    struct load_log log = run(&config);
    CU_ASSERT_EQUAL(count(&log, LOAD_GOOD), log.n);
    uint64_t begin = server.shared->stall_begin_ns - log.epoch_ns;
    uint64_t end = server.shared->stall_end_ns - log.epoch_ns;
    CU_ASSERT_FATAL(server.shared->stall_begin_ns > log.epoch_ns && end >= begin + 3 * SECOND / 10);
    size_t inside = 0;
    double *bound = calloc(log.n, sizeof(*bound));
    double *latency = calloc(log.n, sizeof(*latency));
    CU_ASSERT_FATAL(bound != NULL && latency != NULL);
    for (size_t i = 0; i < log.n; i++) {
        const struct load_record *r = &log.record[i];
        latency[i] = (double)(r->done_ns - r->intended_ns) / 1e6;
        if (r->intended_ns <= begin || r->intended_ns >= end)
            continue;
        inside++;
        CU_ASSERT(r->done_ns >= end);
        bound[i] = (double)(end - r->intended_ns) / 1e6;
        CU_ASSERT(latency[i] >= bound[i]);
    }
    /* Every 2.5 ms one, but for the two ends. */
    bool whole = end <= config.duration_ns; /* the stall lies inside the schedule */
    CU_ASSERT(!whole || inside + 2 >= 300 / 2.5);
    stats_sort(bound, log.n);
    stats_sort(latency, log.n);
    double p99 = stats_percentile(latency, log.n, 99);
    CU_ASSERT(p99 >= stats_percentile(bound, log.n, 99));
    CU_ASSERT(!whole || p99 >= 250); /* of 600, 6 lie above p99; at least 20 were due in the first 50 ms of the stall */
    free(bound);
    free(latency);
    load_log_free(&log);
    server_stop(&server);
}

/* With one connection only, what is due waits for it, and the wait is part of the latency. */
static void test_one_connection(void)
{
    begin_server();
    server.shared->manner[5] = SERVER_STALL;
    server.shared->stall_ms = 100;
    struct load_config config = make_config(200, 0.2);
    config.connections = 1;
    struct load_log log = run(&config);
    CU_ASSERT_EQUAL(log.n, 40);
    CU_ASSERT_EQUAL(count(&log, LOAD_GOOD), 40);
    uint64_t begin = server.shared->stall_begin_ns - log.epoch_ns;
    uint64_t end = server.shared->stall_end_ns - log.epoch_ns;
    for (size_t i = 0; i < log.n; i++) {
        CU_ASSERT(i == 0 || log.record[i].sent_ns >= log.record[i - 1].done_ns);
        if (log.record[i].intended_ns > begin && log.record[i].intended_ns < end && log.record[i].sent_ns > begin)
            CU_ASSERT(log.record[i].sent_ns >= end);
    }
    load_log_free(&log);
    server_stop(&server);
}

static void wait_until_sent(struct load *load, uint64_t sent)
{
    struct load_progress p;
    do {
        struct timespec rest = {.tv_nsec = 1000000};
        nanosleep(&rest, NULL);
        load_progress(load, &p);
    } while (p.sent < sent && !p.finished);
    CU_ASSERT(p.sent >= sent);
}

static void test_stop(void)
{
    begin_server();
    struct load_config config = make_config(500, 3600);
    struct qv_error err;
    struct load_log log;
    struct load *load = load_start(&config, &err);
    CU_ASSERT_PTR_NOT_NULL_FATAL(load);
    wait_until_sent(load, 10);
    load_stop(load);
    CU_ASSERT_EQUAL_FATAL(load_finish(load, &log, &err), 0);
    CU_ASSERT(log.n >= 10 && log.n < 500 * 3600);
    CU_ASSERT_EQUAL(count(&log, LOAD_GOOD), log.n);
    CU_ASSERT(log.end_ns < 3600 * SECOND);
    CU_ASSERT(log.record[log.n - 1].intended_ns <= log.end_ns);
    load_log_free(&log);
    server_stop(&server);
}

static void test_abort(void)
{
    begin_server();
    memset(server.shared->manner, SERVER_NEVER, sizeof(server.shared->manner));
    struct load_config config = make_config(500, 3600);
    struct qv_error err;
    struct load_log log;
    struct load *load = load_start(&config, &err);
    CU_ASSERT_PTR_NOT_NULL_FATAL(load);
    wait_until_sent(load, 10);
    load_abort(load);
    CU_ASSERT_EQUAL_FATAL(load_finish(load, &log, &err), 0);
    CU_ASSERT(log.n >= 10 && log.n < 500 * 3600);
    CU_ASSERT_EQUAL(count(&log, LOAD_LOST) + count(&log, LOAD_NOT_SENT), log.n);
    CU_ASSERT(count(&log, LOAD_LOST) >= 10);
    load_log_free(&log);
    server_stop(&server);
}

static void test_fetch(void)
{
    begin_server();
    server.shared->manner[2] = SERVER_RESET;
    server.shared->manner[3] = SERVER_NEVER;
    struct load_config config = make_config(1, 1);
    struct qv_error err;
    char *body;
    size_t length;
    CU_ASSERT_EQUAL(load_fetch(config.port, "/counters", 30 * SECOND, &body, &length, &err), 200);
    CU_ASSERT_EQUAL(length, 11);
    CU_ASSERT_STRING_EQUAL(body, "requests 1\n");
    free(body);
    CU_ASSERT_EQUAL(load_fetch(config.port, "/70000", 30 * SECOND, &body, &length, &err), 200);
    CU_ASSERT_EQUAL(length, 70000);
    CU_ASSERT(load_page_matches(body, length, 0));
    free(body);
    CU_ASSERT_EQUAL(load_fetch(config.port, "/1", 30 * SECOND, &body, &length, &err), -ECONNRESET);
    CU_ASSERT_PTR_NULL(body);
    CU_ASSERT_EQUAL(load_fetch(config.port, "/1", SECOND / 20, NULL, NULL, &err), -ETIMEDOUT);
    CU_ASSERT_EQUAL(load_fetch(config.port, "/1", 30 * SECOND, NULL, NULL, &err), 200);
    uint16_t port;
    int fd = server_refusing_port(&port);
    CU_ASSERT_EQUAL(load_fetch(port, "/1", 30 * SECOND, NULL, NULL, &err), -ECONNREFUSED);
    CU_ASSERT(strstr(err.text, "127.0.0.1") != NULL);
    close(fd);
    server_stop(&server);
}

static void test_wait_ready(void)
{
    begin_server();
    server.shared->manner[0] = SERVER_RESET;
    server.shared->manner[1] = SERVER_WRONG_BYTE;
    server.shared->manner[2] = SERVER_NEVER;
    server.shared->manner[3] = SERVER_500;
    struct load_config config = make_config(1, 1);
    struct qv_error err;
    uint64_t when = 0;
    CU_ASSERT_EQUAL(load_wait_ready(config.port, 1024, 60 * SECOND, NULL, &when, &err), 0);
    CU_ASSERT(when > 0);
    CU_ASSERT(server.shared->requests >= 5);
    int stop = 1;
    CU_ASSERT_EQUAL(load_wait_ready(config.port, 1024, 60 * SECOND, &stop, &when, &err), -ECANCELED);
    uint16_t port;
    int fd = server_refusing_port(&port);
    CU_ASSERT_EQUAL(load_wait_ready(port, 1024, SECOND / 20, NULL, &when, &err), -ETIMEDOUT);
    close(fd);
    server_stop(&server);
}

static void test_httperf(void)
{
    begin_server();
    server.shared->manner[7] = SERVER_500;
    struct load_config config = make_config(100, 0.4);
    struct qv_error err = {""};
    struct load_log log;
    config.timeout_ns = 9 * SECOND;
    int code = load_httperf_run(&config, &log, &err);
    if (code != 0)
        printf("%s\n", err.text);
    CU_ASSERT_EQUAL_FATAL(code, 0);
    CU_ASSERT_EQUAL(log.n, 40);
    CU_ASSERT_EQUAL(count(&log, LOAD_GOOD), 39);
    CU_ASSERT_EQUAL(count(&log, LOAD_BAD_STATUS), 1);
    for (size_t i = 0; i < log.n; i++) {
        const struct load_record *r = &log.record[i];
        CU_ASSERT(r->sent_ns != LOAD_NEVER && r->first_ns >= r->sent_ns && r->done_ns >= r->first_ns);
        CU_ASSERT(i == 0 || r->intended_ns >= log.record[i - 1].intended_ns);
    }
    CU_ASSERT(log.summary.present);
    CU_ASSERT_EQUAL(log.summary.replies, 40);
    CU_ASSERT_EQUAL(log.summary.errors_total, 0);
    load_log_free(&log);
    server_stop(&server);
}

static void test_httperf_ended(void)
{
    begin_server();
    struct load_config config = make_config(100, 3600);
    struct qv_error err;
    struct load_log log;
    config.timeout_ns = 9 * SECOND;
    struct load *load = load_httperf_start(&config, &err);
    CU_ASSERT_PTR_NOT_NULL_FATAL(load);
    wait_until_sent(load, 5);
    load_stop(load);
    CU_ASSERT_EQUAL_FATAL(load_finish(load, &log, &err), 0);
    CU_ASSERT(count(&log, LOAD_GOOD) + count(&log, LOAD_LOST) >= 5);
    CU_ASSERT(log.end_ns < 3600 * SECOND);
    load_log_free(&log);
    server_stop(&server);
}

static const struct unit_test tests[] = {
    {"all good, one connection per request", test_all_good},
    {"local ports in sequence", test_ports},
    {"the times of another clock", test_other_clock},
    {"keep-alive, Poisson, 64 KiB", test_keepalive},
    {"classes of errors", test_classes},
    {"connection refused", test_refused},
    {"time-outs", test_timeout},
    {"no coordinated omission", test_no_coordinated_omission},
    {"one connection", test_one_connection},
    {"stop", test_stop},
    {"abort", test_abort},
    {"single requests", test_fetch},
    {"waiting for the service", test_wait_ready},
    {"httperf", test_httperf},
    {"httperf ended early", test_httperf_ended},
};

int main(void)
{
    return unit_run("load: against a server", tests, sizeof(tests) / sizeof(tests[0]));
}
