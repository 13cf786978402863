/* SPDX-License-Identifier: MIT */
/* The in-guest client against a server of the tests' own. Each test is a process: the client runs once in a life. */
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "arrivals.h"
#include "client.h"
#include "lwip/priv/tcp_priv.h"
#include "net.h"
#include "qv/draw.h"
#include "test_net/peer.h"
#include "test_net/world.h"
#include "unit.h"

#define PAGE 1024u

static unsigned served;
static char page[PAGE];

static bool is_done(void)
{
    return status->client_done != 0;
}

static void make_page(void)
{
    for (size_t k = 0; k < PAGE; k++) {
        page[k] = k % 64 == 63 ? '\n' : (char)('A' + k % 26);
    }
}

static void reply(struct peer *peer, const char *status_line, const char *body, size_t size)
{
    char header[200];

    snprintf(header, sizeof(header), "%s\r\nContent-Length: %u\r\nConnection: close\r\n\r\n", status_line, PAGE);
    peer_send(peer, header);
    peer_send_data(peer, body, size);
}

static void serve_good(struct peer *peer)
{
    served++;
    reply(peer, "HTTP/1.1 200 OK", page, PAGE);
    peer_close(peer);
}

/* One of each kind, by the order of requests. */
static void serve_kinds(struct peer *peer)
{
    char wrong[PAGE + 1];

    memcpy(wrong, page, PAGE);
    switch (served++) {
    case 0: /* good, in two pieces, closed by the server */
        reply(peer, "HTTP/1.1 200 OK", page, 500);
        peer_send_data(peer, page + 500, PAGE - 500);
        peer_close(peer);
        break;
    case 1: /* good, but the server forgets to close */
        reply(peer, "HTTP/1.0 200 OK", page, PAGE);
        break;
    case 2:
        reply(peer, "HTTP/1.1 503 Busy", page, PAGE);
        break;
    case 3:
        wrong[PAGE - 1] ^= 1;
        reply(peer, "HTTP/1.1 200 OK", wrong, PAGE);
        peer_close(peer);
        break;
    case 4: /* more than was asked for */
        reply(peer, "HTTP/1.1 200 OK", page, PAGE - 1);
        wrong[PAGE] = (char)('A' + PAGE % 26); /* as a larger page goes on */
        peer_send_data(peer, wrong + PAGE - 1, 2);
        break;
    case 5: /* too little */
        reply(peer, "HTTP/1.1 200 OK", page, 10);
        peer_close(peer);
        break;
    case 6: /* nothing at all */
        peer->mute = true;
        break;
    case 7: /* no HTTP */
        memset(wrong, 'x', PAGE);
        peer_send_data(peer, wrong, PAGE);
        break;
    default:
        reply(peer, "HTTP/1.1 200 OK", page, PAGE);
        peer_close(peer);
        break;
    }
}

static void start_client(const struct qv_client_cfg *cfg)
{
    make_page();
    world_init(QV_ROLE_CLIENT);
    world_handoff.cfg.client = *cfg;
    world_handoff.cfg.client.target_ip = WORLD_PEER;
    world_handoff.cfg.client.page_bytes = PAGE;
    CU_ASSERT_EQUAL(net_start(), 0);
    CU_ASSERT_FALSE(world_run(is_done, 20000));
    CU_ASSERT_EQUAL(status->service_up, 1);
    CU_ASSERT_EQUAL(served, 0); /* not before the machine is ready */
    world_directory.ready_tsc = time_now();
    world_directory.machine_state = QV_MACHINE_READY;
}

static unsigned results(enum qv_client_result result)
{
    const struct world_record *record;
    unsigned count = 0;

    for (unsigned i = 0; (record = world_record(QV_TRACE_CLIENT_DONE, i)) != NULL; i++) {
        count += record->b == (uint64_t)result;
    }
    return count;
}

static void all_kinds_of_replies(void)
{
    start_client(
        &(struct qv_client_cfg){.rate_mhz = 100000, .duration_us = 100000, .timeout_us = 300000, .connections = 16});
    peer_serve = serve_kinds;
    CU_ASSERT_TRUE(world_run(is_done, 5000000));
    CU_ASSERT_EQUAL(served, 10);
    CU_ASSERT_EQUAL(status->client_sent, 10);
    CU_ASSERT_EQUAL(status->client_good, 4);
    CU_ASSERT_EQUAL(status->client_errors, 5);
    CU_ASSERT_EQUAL(status->client_lost, 1);
    CU_ASSERT_EQUAL(results(QV_CLIENT_GOOD), 4);
    CU_ASSERT_EQUAL(results(QV_CLIENT_WRONG), 3);
    CU_ASSERT_EQUAL(results(QV_CLIENT_BAD_STATUS), 1);
    CU_ASSERT_EQUAL(results(QV_CLIENT_CLOSED), 1);
    CU_ASSERT_EQUAL(results(QV_CLIENT_TIMEOUT), 1);
    world_run(NULL, 3000000);
    CU_ASSERT_PTR_NULL(tcp_active_pcbs); /* not even that of the server that forgot */
    for (unsigned i = 0; i < 10; i++) {
        const struct world_record *sent = world_record(QV_TRACE_CLIENT_SEND, i);

        CU_ASSERT_EQUAL(sent->a, i);
        CU_ASSERT_EQUAL(sent->b, world_record(QV_TRACE_CLIENT_SEND, 0)->b + i * 10000000ull); /* 100 a second */
        CU_ASSERT_TRUE(i == 0 || sent->time == sent->b); /* the first is due when the client hears that it is ready */
    }
}

static void refused_and_unanswered(void)
{
    peer_serve = serve_good;
    peer_refuses = true;
    start_client(
        &(struct qv_client_cfg){.rate_mhz = 1000000, .duration_us = 20000, .timeout_us = 50000, .connections = 64});
    world_run(is_done, 10500);
    peer_refuses = false;
    peer_ignores = true;
    CU_ASSERT_TRUE(world_run(is_done, 1000000));
    CU_ASSERT_EQUAL(status->client_sent, 20);
    CU_ASSERT_EQUAL(status->client_good, 0);
    CU_ASSERT_EQUAL(results(QV_CLIENT_RESET) + results(QV_CLIENT_TIMEOUT), 20);
    CU_ASSERT_TRUE(results(QV_CLIENT_RESET) >= 9 && results(QV_CLIENT_TIMEOUT) >= 9);
}

static void warm_up_is_not_counted(void)
{
    peer_serve = serve_good;
    start_client(&(struct qv_client_cfg){
        .rate_mhz = 1000000, .duration_us = 50000, .warmup_us = 20000, .timeout_us = 50000, .connections = 8});
    CU_ASSERT_TRUE(world_run(is_done, 1000000));
    CU_ASSERT_EQUAL(served, 50);
    CU_ASSERT_EQUAL(status->client_sent, 30);
    CU_ASSERT_EQUAL(status->client_good, 30);
    CU_ASSERT_EQUAL(world_traced(QV_TRACE_CLIENT_SEND), 30);
    CU_ASSERT_EQUAL(world_record(QV_TRACE_CLIENT_SEND, 0)->a, 20);
}

static void nobody_there_in_the_warm_up(void)
{
    peer_serve = serve_good;
    peer_absent = true;
    make_page();
    world_init(QV_ROLE_CLIENT);
    world_handoff.cfg.client = (struct qv_client_cfg){.rate_mhz = 100000,
                                                      .duration_us = 900000,
                                                      .warmup_us = 700000,
                                                      .timeout_us = 1000000,
                                                      .connections = 8,
                                                      .target_ip = WORLD_PEER,
                                                      .page_bytes = PAGE};
    CU_ASSERT_EQUAL(net_start(), 0);
    world_directory.ready_tsc = time_now();
    world_directory.machine_state = QV_MACHINE_READY;
    world_run(NULL, 350000);
    CU_ASSERT_EQUAL(status->service_up, 0);
    peer_absent = false;
    CU_ASSERT_TRUE(world_run(is_done, 5000000));
    CU_ASSERT_EQUAL(status->service_up, 1);
    CU_ASSERT_EQUAL(status->client_sent, 20);
    CU_ASSERT_EQUAL(status->client_good, 20);
    CU_ASSERT_TRUE(served > 40 && served < 60); /* those that were left out come to no harm */
    CU_ASSERT_EQUAL(world_record(QV_TRACE_CLIENT_SEND, 0)->a, 70);
}

static void requests_wait_for_connections(void)
{
    peer_serve = serve_good;
    peer_ignores = true;
    start_client(
        &(struct qv_client_cfg){.rate_mhz = 1000000, .duration_us = 10000, .timeout_us = 4000, .connections = 2});
    CU_ASSERT_TRUE(world_run(is_done, 1000000));
    /* The clock of the time limit runs while they wait, so all are lost about when it is over, not after 5 rounds. */
    CU_ASSERT_EQUAL(status->client_sent, 10);
    CU_ASSERT_EQUAL(status->client_lost, 10);
    CU_ASSERT_TRUE(world_record(QV_TRACE_CLIENT_DONE, 9)->time - world_record(QV_TRACE_CLIENT_SEND, 0)->b < 14100000);
}

static void poisson_schedule_is_drawn_from_the_seed(void)
{
    struct arrivals arrivals;
    uint64_t start;

    peer_serve = serve_good;
    start_client(&(struct qv_client_cfg){
        .rate_mhz = 500000, .arrivals = 1, .duration_us = 200000, .timeout_us = 50000, .connections = 32});
    CU_ASSERT_TRUE(world_run(is_done, 1000000));
    CU_ASSERT_TRUE(status->client_sent > 60 && status->client_sent < 140);
    CU_ASSERT_EQUAL(status->client_good, status->client_sent);
    CU_ASSERT_EQUAL(status->client_sent, served);
    arrivals_init(&arrivals, qv_draw(42, 0x746e65696c63ull << 8), 500000, true);
    start = world_record(QV_TRACE_CLIENT_SEND, 0)->b - arrivals_time_ns(&arrivals) / 1000 * 1000;
    for (unsigned i = 0; i < served; i++) {
        CU_ASSERT_EQUAL(world_record(QV_TRACE_CLIENT_SEND, i)->b - start, arrivals_time_ns(&arrivals) / 1000 * 1000);
        arrivals_next(&arrivals);
    }
}

/* Runs `body` in a process of its own; its failed assertions fail this one. */
static void in_a_process(void (*body)(void))
{
    unsigned before = CU_get_number_of_failure_records();
    int result = -1;
    pid_t child = fork();

    if (child == 0) {
        CU_pFailureRecord record;

        body();
        record = CU_get_failure_list();
        for (unsigned i = 0; i < before; i++) {
            record = record->pNext;
        }
        result = record == NULL ? 0 : 1;
        for (; record != NULL; record = record->pNext) {
            fprintf(stderr, "%s:%u: %s\n", record->strFileName, record->uiLineNumber, record->strCondition);
        }
        _exit(result);
    }
    CU_ASSERT_EQUAL(waitpid(child, &result, 0), child);
    CU_ASSERT_EQUAL(result, 0);
}

#define IN_A_PROCESS(body)                                                                                             \
    static void run_##body(void)                                                                                       \
    {                                                                                                                  \
        in_a_process(body);                                                                                            \
    }
IN_A_PROCESS(all_kinds_of_replies)
IN_A_PROCESS(refused_and_unanswered)
IN_A_PROCESS(warm_up_is_not_counted)
IN_A_PROCESS(nobody_there_in_the_warm_up)
IN_A_PROCESS(requests_wait_for_connections)
IN_A_PROCESS(poisson_schedule_is_drawn_from_the_seed)

static const struct unit_test tests[] = {
    {"all kinds of replies", run_all_kinds_of_replies},
    {"refused and unanswered", run_refused_and_unanswered},
    {"warm-up is not counted", run_warm_up_is_not_counted},
    {"nobody there in the warm-up", run_nobody_there_in_the_warm_up},
    {"requests wait for connections", run_requests_wait_for_connections},
    {"Poisson schedule is drawn from the seed", run_poisson_schedule_is_drawn_from_the_seed},
};

int main(void)
{
    return unit_run("network: client", tests, sizeof(tests) / sizeof(tests[0]));
}
