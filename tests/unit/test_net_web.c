/* SPDX-License-Identifier: MIT */
/*
 * The web server of a sandbox on lwIP, seen from the wire: pages, keep-alive, errors, and what recovery promises. The
 * tests run in one world, one after the other.
 */
#include <stdio.h>
#include <string.h>

#include "lwip/memp.h"
#include "lwip/priv/tcp_priv.h"
#include "net.h"
#include "net_port.h"
#include "test_net/peer.h"
#include "test_net/world.h"
#include "unit.h"

#define SHORT_US 50000u   /* no retransmission timer runs out in this time */
#define LONG_US  3000000u /* all of them do */

static uint16_t next_port = 40000;
static struct peer *watched;
static size_t watched_size;

static bool has_finished(void)
{
    return watched->got_fin || watched->got_reset;
}

static bool has_enough(void)
{
    return watched->in_size >= watched_size || has_finished();
}

static bool is_open(void)
{
    return watched->state != PEER_SYN_SENT || watched->got_reset;
}

static bool is_up(void)
{
    return status->service_up != 0;
}

static struct peer *open_to(uint32_t address)
{
    struct peer *peer = peer_open(address, next_port++);

    watched = peer;
    world_run(is_open, LONG_US);
    return peer;
}

static void get(struct peer *peer, const char *path, bool keep_alive)
{
    char request[200];

    snprintf(request, sizeof(request), "GET %s HTTP/1.1\r\nHost: x\r\n%s\r\n", path,
             keep_alive ? "Connection: keep-alive\r\n" : "");
    peer_send(peer, request);
}

static bool wait_for(struct peer *peer, size_t size, uint64_t us)
{
    watched = peer;
    watched_size = size;
    return world_run(has_enough, us) && peer->in_size >= size;
}

static bool wait_fin(struct peer *peer, uint64_t us)
{
    watched = peer;
    return world_run(has_finished, us) && peer->got_fin;
}

static char pattern(size_t k)
{
    return k % 64 == 63 ? '\n' : (char)('A' + k % 26);
}

/* Checks one reply at `offset` of what came; returns where it ends, 0 if it is not good. */
static size_t check_reply(const struct peer *peer, size_t offset, unsigned code, size_t body, bool keep_alive)
{
    const char *text = (const char *)peer->in + offset;
    const char *end = peer->in_size > offset ? strstr(text, "\r\n\r\n") : NULL;
    unsigned got_code = 0;
    size_t got_body = 0;
    const char *length;

    if (end == NULL || sscanf(text, "HTTP/1.1 %u ", &got_code) != 1) {
        return 0;
    }
    length = strstr(text, "Content-Length: ");
    if (length == NULL || sscanf(length, "Content-Length: %zu\r\n", &got_body) != 1) {
        return 0;
    }
    CU_ASSERT_EQUAL(got_code, code);
    CU_ASSERT_PTR_NOT_NULL(strstr(text, keep_alive ? "Connection: keep-alive\r\n" : "Connection: close\r\n"));
    end += 4;
    if (body != 0) {
        CU_ASSERT_EQUAL(got_body, body);
        for (size_t k = 0; k < body && end + k < (const char *)peer->in + peer->in_size; k++) {
            if (end[k] != pattern(k)) {
                CU_FAIL("wrong byte in the page");
                break;
            }
        }
    }
    return (size_t)(end - (const char *)peer->in) + got_body;
}

/* A connection of one request. True: a good reply, and the server closed. */
static bool fetch(uint32_t address, const char *path, size_t body)
{
    struct peer *peer = open_to(address);
    bool good;

    get(peer, path, false);
    good = wait_fin(peer, LONG_US);
    good = good && check_reply(peer, 0, 200, body, false) == peer->in_size && !peer->got_reset;
    peer_close(peer);
    world_run(NULL, 1000);
    good = good && peer->acked == peer->sent && !peer->got_reset;
    peer_drop(peer);
    return good;
}

/* --- start and pages --- */

static void service_comes_up(void)
{
    uint8_t mac[6];

    world_init(QV_ROLE_WEB);
    world_handoff.cfg.sandbox[0].nic = 1;
    CU_ASSERT_EQUAL(net_start(), -ENODEV); /* no such NIC */
    CU_ASSERT_EQUAL(net_reinit(), -ENODEV);
    world_handoff.cfg.sandbox[0].nic = 0;
    CU_ASSERT_EQUAL_FATAL(net_start(), 0);
    peer_absent = true; /* the gateway is not heard: the NIC does not receive yet */
    CU_ASSERT_FALSE(world_run(is_up, 4 * SHORT_US));
    peer_absent = false;
    CU_ASSERT_TRUE_FATAL(world_run(is_up, 4 * SHORT_US));
    peer_ask(WORLD_SERVER);
    CU_ASSERT_EQUAL(world_traced(QV_TRACE_SERVICE_READY), 1);
    CU_ASSERT_EQUAL(world_record(QV_TRACE_ARP_ANNOUNCE, 0)->a, WORLD_SERVER);
    world_run(NULL, SHORT_US);
    CU_ASSERT_TRUE(peer_heard_arp(WORLD_SERVER, mac));
    CU_ASSERT_EQUAL(memcmp(mac, world_handoff.cfg.sandbox[0].mac, 6), 0);
    CU_ASSERT_TRUE(world_nic.checks >= 10); /* every 2 ms */
}

static void every_page_is_right(void)
{
    static const size_t sizes[] = {64, 256, 1024, 4096, 16384, 65536};
    uint64_t requests = status->http_requests;
    uint64_t connections = status->tcp_connections;

    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        char path[16];

        snprintf(path, sizeof(path), "/%zu", sizes[i]);
        CU_ASSERT_TRUE(fetch(WORLD_SERVER, path, sizes[i]));
    }
    CU_ASSERT_TRUE(fetch(WORLD_SERVER, "/", 0));
    CU_ASSERT_TRUE(fetch(WORLD_SERVER, "/1024?query=1", 1024));
    CU_ASSERT_EQUAL(status->http_requests - requests, 8);
    CU_ASSERT_EQUAL(status->http_replies, status->http_requests);
    CU_ASSERT_EQUAL(status->tcp_connections - connections, 8);
    CU_ASSERT_EQUAL(world_traced(QV_TRACE_REQUEST), 8);
    CU_ASSERT_EQUAL(world_traced(QV_TRACE_REPLY), 8);
    CU_ASSERT_EQUAL(world_record(QV_TRACE_REPLY, 2)->b, world_record(QV_TRACE_REQUEST, 2)->b);
}

static void small_page_is_one_segment(void)
{
    struct peer *peer = open_to(WORLD_SERVER);
    uint64_t frames = world_nic.sent;

    get(peer, "/1024", false);
    CU_ASSERT_TRUE(wait_fin(peer, SHORT_US));
    CU_ASSERT_EQUAL(world_nic.sent - frames, 1); /* acknowledgement, header, page and FIN */
    peer_close(peer);
    world_run(NULL, 1000);
    peer_drop(peer);
}

static void connection_is_kept_alive(void)
{
    struct peer *peer = open_to(WORLD_SERVER);
    size_t end = 0;

    for (int i = 0; i < 5; i++) {
        size_t body = i % 2 == 0 ? 1024 : 65536;

        get(peer, i % 2 == 0 ? "/1024" : "/65536", true);
        CU_ASSERT_TRUE_FATAL(wait_for(peer, end + body + 100, SHORT_US));
        world_run(NULL, SHORT_US);
        end = check_reply(peer, end, 200, body, true);
        CU_ASSERT_EQUAL_FATAL(end, peer->in_size);
    }
    get(peer, "/nothing", true);
    CU_ASSERT_TRUE(wait_for(peer, end + 100, SHORT_US));
    end = check_reply(peer, end, 404, 0, true);
    CU_ASSERT_EQUAL(end, peer->in_size);
    CU_ASSERT_FALSE(peer->got_fin);
    get(peer, "/64", false); /* the last one */
    CU_ASSERT_TRUE(wait_fin(peer, SHORT_US));
    CU_ASSERT_EQUAL(check_reply(peer, end, 200, 64, false), peer->in_size);
    peer_drop(peer);
}

static void errors_have_pages(void)
{
    static const struct {
        const char *request;
        unsigned code;
    } cases[] = {
        {"GET /65537 HTTP/1.0\r\n\r\n", 404},
        {"GET /404.html HTTP/1.0\r\n\r\n", 404},
        {"POST /64 HTTP/1.0\r\nContent-Length: 0\r\n\r\n", 501},
        {"HEAD / HTTP/1.1\r\n\r\n", 501},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct peer *peer = open_to(WORLD_SERVER);

        peer_send(peer, cases[i].request);
        CU_ASSERT_TRUE(wait_fin(peer, SHORT_US));
        CU_ASSERT_EQUAL(check_reply(peer, 0, cases[i].code, 0, false), peer->in_size);
        peer_close(peer);
        world_run(NULL, 1000);
        peer_drop(peer);
    }
}

static void request_in_pieces(void)
{
    static const char request[] = "GET /256 HTTP/1.1\r\nHost: pieces\r\n\r\n";
    struct peer *peer = open_to(WORLD_SERVER);

    for (size_t i = 0; i + 1 < sizeof(request); i += 7) {
        peer_send_data(peer, request + i, sizeof(request) - 1 - i < 7 ? sizeof(request) - 1 - i : 7);
        world_run(NULL, 1000);
    }
    CU_ASSERT_TRUE(wait_fin(peer, SHORT_US));
    CU_ASSERT_EQUAL(check_reply(peer, 0, 200, 256, false), peer->in_size);
    peer_close(peer);
    world_run(NULL, 1000);
    peer_drop(peer);
}

static void reply_cut_off_is_no_reply(void)
{
    struct peer *peer = open_to(WORLD_SERVER);
    uint64_t requests = status->http_requests;
    uint64_t replies = status->http_replies;
    uint32_t acknowledged;

    world_run(NULL, 1000);
    peer->mute = true;
    get(peer, "/65536", false);
    world_run(NULL, SHORT_US);
    CU_ASSERT_TRUE(peer->in_size > 0 && peer->in_size < 65536);
    peer_reset(peer);
    world_run(NULL, SHORT_US);
    CU_ASSERT_EQUAL(status->http_requests, requests + 1);
    CU_ASSERT_EQUAL(status->http_replies, replies);
    peer = open_to(WORLD_SERVER);
    world_run(NULL, 1000);
    acknowledged = peer->expected;
    peer->mute = true;
    get(peer, "/65536", true);
    world_run(NULL, SHORT_US);
    /* It closes without having acknowledged anything, so that the rest of the page never was in TCP's hands. */
    peer_stray(WORLD_SERVER, peer->port, 1 | 16, peer->sent, acknowledged);
    world_run(NULL, SHORT_US);
    CU_ASSERT_EQUAL(status->http_requests, requests + 2);
    CU_ASSERT_EQUAL(status->http_replies, replies);
    peer_reset(peer);
}

static void rubbish_breaks_nothing(void)
{
    static const uint8_t rubbish[] = {0, 1, 2, 0xff, '\r', '\n', '\r', '\n', 'G', 'E', 'T', ' ', 0, ' ', '\r', '\n'};
    char big[3000];
    struct peer *peer = open_to(WORLD_SERVER);

    peer_send_data(peer, rubbish, sizeof(rubbish));
    world_run(NULL, SHORT_US);
    peer_drop(peer);
    peer = open_to(WORLD_SERVER);
    memset(big, 'x', sizeof(big));
    peer_send_data(peer, big, sizeof(big));
    CU_ASSERT_TRUE(wait_fin(peer, SHORT_US));
    CU_ASSERT_EQUAL(check_reply(peer, 0, 400, 0, false), peer->in_size);
    peer_drop(peer);
    world_wire_put(rubbish, sizeof(rubbish)); /* not even an Ethernet frame */
    CU_ASSERT_TRUE(fetch(WORLD_SERVER, "/64", 64));
}

static bool has_line(const struct peer *peer, const char *line)
{
    return strstr((const char *)peer->in, line) != NULL;
}

static void counters_are_shown(void)
{
    struct peer *peer = open_to(WORLD_SERVER);
    char line[64];

    world_directory.core[0].exits[QV_STAGE_BOOT][QV_EXIT_MSR] = 17;
    world_directory.core[0].exits[QV_STAGE_BOOT][QV_EXIT_CALL] = 3;
    get(peer, "/counters", false);
    CU_ASSERT_TRUE(wait_fin(peer, SHORT_US));
    CU_ASSERT_EQUAL(check_reply(peer, 0, 200, 0, false), peer->in_size);
    CU_ASSERT_TRUE(has_line(peer, "\nincarnation 1\n"));
    CU_ASSERT_TRUE(has_line(peer, "\nserves 0 10.0.2.16\n"));
    CU_ASSERT_FALSE(has_line(peer, "\nserves 1 "));
    CU_ASSERT_TRUE(has_line(peer, "\nexits_boot_msr 17\n"));
    CU_ASSERT_TRUE(has_line(peer, "\nexits_boot 20\n"));
    CU_ASSERT_TRUE(has_line(peer, "\nexits_steady 0\n"));
    snprintf(line, sizeof(line), "\nhttp_requests %llu\n", (unsigned long long)status->http_requests - 1);
    CU_ASSERT_TRUE(has_line(peer, line));
    CU_ASSERT_FALSE(has_line(peer, "memory_pool_"));
    peer_drop(peer);
}

static void many_connections_at_a_time(void)
{
    struct peer *peer[PEER_CONNECTIONS];

    for (int round = 0; round < 40; round++) {
        for (int i = 0; i < PEER_CONNECTIONS; i++) {
            peer[i] = peer_open(WORLD_SERVER, next_port++);
            get(peer[i], i % 8 == 0 ? "/counters" : i % 8 == 1 ? "/65536" : "/1024", false);
        }
        for (int i = 0; i < PEER_CONNECTIONS; i++) {
            CU_ASSERT_TRUE(wait_fin(peer[i], LONG_US));
            CU_ASSERT_EQUAL(check_reply(peer[i], 0, 200,
                                        i % 8 == 0   ? 0
                                        : i % 8 == 1 ? 65536
                                                     : 1024,
                                        false),
                            peer[i]->in_size);
            peer_close(peer[i]);
        }
        world_run(NULL, 1000);
        for (int i = 0; i < PEER_CONNECTIONS; i++) {
            peer_drop(peer[i]);
        }
        world_run(NULL, 30000); /* 2,000 connections a second */
    }
    CU_ASSERT_TRUE(memp_pools[MEMP_TCP_PCB]->stats->max < 600); /* TIME_WAIT is short */
    for (int i = 0; i < MEMP_MAX; i++) {
        CU_ASSERT_EQUAL(memp_pools[i]->stats->err, 0);
    }
    world_run(NULL, LONG_US);
    CU_ASSERT_PTR_NULL(tcp_tw_pcbs);
}

static void neighbours_are_forgotten(void)
{
    unsigned questions = peer_questions;

    world_run(NULL, 310000000);
    CU_ASSERT_TRUE(fetch(WORLD_SERVER, "/64", 64));
    CU_ASSERT_EQUAL(peer_questions, questions + 1);
}

static void nothing_is_left_over(void)
{
    world_run(NULL, 60000000); /* dropped connections time out, idle ones are closed */
    CU_ASSERT_PTR_NULL(tcp_active_pcbs);
    CU_ASSERT_PTR_NULL(tcp_tw_pcbs);
    CU_ASSERT_EQUAL(memp_pools[MEMP_TCP_SEG]->stats->used, 0);
    CU_ASSERT_EQUAL(memp_pools[MEMP_PBUF]->stats->used, 0);
    CU_ASSERT_EQUAL(peer_bad_checksums, 0);
    CU_ASSERT_EQUAL(status->rx_dropped, 0);
}

static void checksum_is_the_sum_of_words(void)
{
    uint8_t data[200];
    unsigned wrong = 0;

    for (size_t i = 0; i < sizeof(data); i++) {
        data[i] = (uint8_t)(i * 37 + 11);
    }
    memset(data, 0xff, 40); /* carries all the way */
    for (size_t from = 0; from < 9; from++) {
        for (size_t size = 0; size + from <= sizeof(data); size++) {
            uint32_t sum = 0;

            for (size_t i = 0; i < size; i++) {
                sum += i % 2 == 0 ? data[from + i] : (uint32_t)data[from + i] << 8;
            }
            while (sum >> 16) {
                sum = (sum & 0xffffu) + (sum >> 16);
            }
            wrong += net_checksum(data + from, (int)size) != sum;
        }
    }
    CU_ASSERT_EQUAL(wrong, 0);
}

/* --- when the driver does not take frames --- */

static void busy_ring_holds_frames_back(void)
{
    struct peer *peer = open_to(WORLD_SERVER);

    world_nic.mode = NIC_BUSY;
    get(peer, "/4096", false);
    world_run(NULL, 20000);
    CU_ASSERT_EQUAL(peer->in_size, 0);
    world_nic.mode = NIC_WORKS;
    CU_ASSERT_TRUE(wait_fin(peer, 20000));
    CU_ASSERT_EQUAL(check_reply(peer, 0, 200, 4096, false), peer->in_size);
    peer_close(peer);
    world_run(NULL, 1000);
    peer_drop(peer);
}

static void frame_of_many_parts_leaves_whole(void)
{
    struct netif *netif = netif_list;
    struct pbuf *frame = NULL;
    unsigned wrong = 0;

    CU_ASSERT_PTR_NOT_NULL_FATAL(netif);
    for (uint8_t part = 0; part < 12; part++) { /* more than are handed to the driver one by one */
        struct pbuf *piece = pbuf_alloc(PBUF_RAW, 17, PBUF_RAM);

        memset(piece->payload, 0xa0 + part, 17);
        if (frame == NULL) {
            frame = piece;
        } else {
            pbuf_cat(frame, piece);
        }
    }
    CU_ASSERT_EQUAL(netif->linkoutput(netif, frame), ERR_OK);
    CU_ASSERT_EQUAL(world_nic.last_size, 12 * 17);
    for (size_t i = 0; i < world_nic.last_size; i++) {
        wrong += world_nic.last[i] != 0xa0 + i / 17;
    }
    CU_ASSERT_EQUAL(wrong, 0);
    pbuf_free(frame);
    frame = pbuf_alloc(PBUF_RAW, NIC_MTU_FRAME + 1, PBUF_RAM);
    CU_ASSERT_EQUAL(netif->linkoutput(netif, frame), ERR_ARG);
    pbuf_free(frame);
}

static void full_backlog_gives_segments_back(void)
{
    struct peer *peer[PEER_CONNECTIONS];

    for (int i = 0; i < PEER_CONNECTIONS; i++) {
        peer[i] = open_to(WORLD_SERVER);
    }
    world_nic.mode = NIC_BUSY;
    for (int round = 0; round < 10; round++) { /* 630 replies, more than are held back */
        for (int i = 0; i < PEER_CONNECTIONS - 1; i++) {
            get(peer[i], "/64", true);
        }
        world_run(NULL, 1000);
    }
    get(peer[PEER_CONNECTIONS - 1], "/64", true); /* of this one nothing is: TCP has to be told */
    world_run(NULL, 1000);
    world_nic.mode = NIC_WORKS;
    world_run(NULL, SHORT_US);
    for (int i = 0; i < PEER_CONNECTIONS; i++) {
        size_t end = 0;
        int replies = 0;

        while (end < peer[i]->in_size) {
            size_t next = check_reply(peer[i], end, 200, 64, true);

            if (next <= end) {
                CU_FAIL("a reply is damaged");
                break;
            }
            end = next;
            replies++;
        }
        CU_ASSERT_EQUAL(replies, i < PEER_CONNECTIONS - 1 ? 10 : 1);
        peer_close(peer[i]);
    }
    world_run(NULL, SHORT_US);
    for (int i = 0; i < PEER_CONNECTIONS; i++) {
        peer_drop(peer[i]);
    }
}

/* --- recovery in place --- */

static void driver_is_back(void)
{
    CU_ASSERT_EQUAL(nic_reinit(), 0);
    nic_component.state = COMPONENT_RUNNING;
    CU_ASSERT_EQUAL(net_reinit(), 0);
}

static void lost_reply_comes_at_once(void)
{
    struct peer *peer = open_to(WORLD_SERVER);
    unsigned announcements = peer_announcements;
    unsigned first = world_first_replies;

    world_nic.mode = NIC_LOSES; /* the device takes the reply and fails before it leaves */
    get(peer, "/4096", true);
    world_run(NULL, 5000);
    CU_ASSERT_EQUAL(peer->in_size, 0);
    nic_component.state = COMPONENT_RECOVERING;
    world_run(NULL, 5000);
    driver_is_back();
    CU_ASSERT_TRUE(wait_for(peer, 4096, 10000));
    world_run(NULL, 10000);
    CU_ASSERT_EQUAL(check_reply(peer, 0, 200, 4096, true), peer->in_size);
    CU_ASSERT_EQUAL(peer_announcements, announcements + 1);
    /* That one had been handed to the NIC before the fault: the first reply is the next. */
    CU_ASSERT_EQUAL(world_first_replies, first);
    get(peer, "/64", false);
    CU_ASSERT_TRUE(wait_fin(peer, 10000));
    CU_ASSERT_EQUAL(world_first_replies, first + 1);
    CU_ASSERT_EQUAL(world_traced(QV_TRACE_FIRST_REPLY), world_first_replies);
    CU_ASSERT_EQUAL(peer->resent, 0);
    peer_close(peer);
    world_run(NULL, 1000);
    peer_drop(peer);
    CU_ASSERT_TRUE(fetch(WORLD_SERVER, "/64", 64)); /* the listening socket is still there */
    CU_ASSERT_EQUAL(world_first_replies, first + 1);
}

static void lost_request_is_asked_for(void)
{
    struct peer *peer = open_to(WORLD_SERVER);

    world_wire_lose_in = 1;
    get(peer, "/1024", false);
    world_run(NULL, 5000);
    CU_ASSERT_EQUAL(world_wire_lose_in, 0);
    driver_is_back();
    CU_ASSERT_TRUE(wait_fin(peer, 10000));
    CU_ASSERT_EQUAL(peer->fast_resent, 1);
    CU_ASSERT_EQUAL(check_reply(peer, 0, 200, 1024, false), peer->in_size);
    peer_close(peer);
    world_run(NULL, 1000);
    peer_drop(peer);
}

static void reply_made_meanwhile_is_the_first(void)
{
    struct peer *peer = open_to(WORLD_SERVER);
    unsigned first = world_first_replies;

    world_nic.mode = NIC_FAULTS; /* the reply itself is what the driver fails on */
    get(peer, "/1024", false);
    world_run(NULL, 10000);
    CU_ASSERT_EQUAL(nic_component.state, COMPONENT_RECOVERING);
    CU_ASSERT_EQUAL(world_last_failure, QV_DETECT_EXCEPTION);
    CU_ASSERT_EQUAL(peer->in_size, 0);
    driver_is_back();
    CU_ASSERT_TRUE(wait_fin(peer, 10000));
    CU_ASSERT_EQUAL(check_reply(peer, 0, 200, 1024, false), peer->in_size);
    CU_ASSERT_EQUAL(world_first_replies, first + 1);
    peer_close(peer);
    world_run(NULL, 1000);
    peer_drop(peer);
}

static void fault_while_receiving_loses_no_frame(void)
{
    struct peer *peer = open_to(WORLD_SERVER);
    unsigned failures = world_failures;

    world_nic.receive_faults = true;
    get(peer, "/1024", false);
    world_run(NULL, 10000);
    CU_ASSERT_EQUAL(world_failures, failures + 1);
    CU_ASSERT_EQUAL(peer->in_size, 0);
    driver_is_back();
    CU_ASSERT_TRUE(wait_fin(peer, 10000));
    CU_ASSERT_EQUAL(check_reply(peer, 0, 200, 1024, false), peer->in_size);
    peer_close(peer);
    world_run(NULL, 1000);
    peer_drop(peer);
}

static void missed_interrupt_is_made_up_for(void)
{
    struct peer *peer = open_to(WORLD_SERVER);
    uint64_t acknowledged;

    world_run(NULL, 1000);
    nic_component.state = COMPONENT_RECOVERING;
    CU_ASSERT_EQUAL(nic_reinit(), 0);
    acknowledged = world_nic.acknowledged;
    get(peer, "/64", false); /* comes before the driver is said to run */
    world_run(NULL, 10100);
    CU_ASSERT_EQUAL(world_nic.acknowledged, acknowledged);
    nic_component.state = COMPONENT_RUNNING;
    CU_ASSERT_EQUAL(net_reinit(), 0);
    CU_ASSERT_TRUE(wait_fin(peer, 100)); /* at once, not at the next periodic check */
    CU_ASSERT_TRUE(world_nic.acknowledged > acknowledged);
    peer_close(peer);
    world_run(NULL, 1000);
    peer_drop(peer);
}

static void overtaken_frame_is_dropped(void)
{
    struct peer *peer = open_to(WORLD_SERVER);

    world_run(NULL, 1000);
    world_nic.frames_overtaken = 1;
    get(peer, "/64", false);
    world_run(NULL, 10000);
    CU_ASSERT_EQUAL(world_nic.frames_overtaken, 0);
    CU_ASSERT_EQUAL(peer->in_size, 0);
    CU_ASSERT_TRUE(wait_fin(peer, LONG_US)); /* the peer sends it again */
    CU_ASSERT_EQUAL(peer->resent, 1);
    peer_close(peer);
    world_run(NULL, 1000);
    peer_drop(peer);
}

static void every_state_survives(void)
{
    struct peer *opening, *idle, *closing;

    idle = open_to(WORLD_SERVER);
    closing = open_to(WORLD_SERVER);
    world_nic.mode = NIC_LOSES;
    opening = peer_open(WORLD_SERVER, next_port++); /* its SYN|ACK is lost */
    get(closing, "/64", false);                     /* so are the reply and the FIN */
    world_run(NULL, 5000);
    nic_component.state = COMPONENT_RECOVERING;
    world_run(NULL, 5000);
    driver_is_back();
    watched = opening;
    CU_ASSERT_TRUE(world_run(is_open, 10000));
    CU_ASSERT_TRUE(wait_fin(closing, 10000));
    CU_ASSERT_EQUAL(check_reply(closing, 0, 200, 64, false), closing->in_size);
    get(opening, "/256", false);
    get(idle, "/256", false);
    CU_ASSERT_TRUE(wait_fin(opening, 10000));
    CU_ASSERT_TRUE(wait_fin(idle, 10000));
    CU_ASSERT_FALSE(opening->got_reset || idle->got_reset || closing->got_reset);
    peer_close(opening);
    peer_close(idle);
    peer_close(closing);
    world_run(NULL, 1000);
    peer_drop(opening);
    peer_drop(idle);
    peer_drop(closing);
}

/* The network thread dies where it sends; `timer`: from a timer of TCP. */
static void thread_dies(bool timer)
{
    struct peer *peer = open_to(WORLD_SERVER);

    world_run(NULL, 1000);
    world_nic.mode = timer ? NIC_LOSES : NIC_KILLS;
    get(peer, "/4096", false);
    world_run(NULL, 5000);
    if (timer) {
        world_nic.mode = NIC_KILLS; /* what dies is the first attempt to send it again */
        world_run(NULL, LONG_US);
    }
    nic_component.state = COMPONENT_RECOVERING;
    CU_ASSERT_EQUAL(world_revive(), 1);
    driver_is_back();
    CU_ASSERT_TRUE(wait_fin(peer, LONG_US));
    CU_ASSERT_EQUAL(check_reply(peer, 0, 200, 4096, false), peer->in_size);
    peer_close(peer);
    world_run(NULL, SHORT_US);
    peer_drop(peer);
    CU_ASSERT_TRUE(fetch(WORLD_SERVER, "/65536", 65536));
    world_run(NULL, LONG_US);
    CU_ASSERT_PTR_NULL(tcp_tw_pcbs); /* the timers run */
}

static void killed_thread_begins_anew(void)
{
    thread_dies(false);
    thread_dies(true);
}

static void check_hands_over_what_it_finds(void)
{
    unsigned failures = world_failures;

    world_nic.found = QV_DETECT_RING_INVARIANT;
    world_run(NULL, 10000);
    CU_ASSERT_EQUAL(world_failures, failures + 1);
    CU_ASSERT_EQUAL(world_last_failure, QV_DETECT_RING_INVARIANT);
    driver_is_back();
    CU_ASSERT_TRUE(fetch(WORLD_SERVER, "/64", 64));
}

static void nobody_answers_a_request_in_time(void)
{
    /* While the network thread cannot run, the caller is not held up for ever. */
    uint64_t begin = time_now();

    world_stopped = true;
    CU_ASSERT_EQUAL(net_reinit(), -ETIMEDOUT);
    CU_ASSERT_EQUAL(time_to_us(time_now() - begin), NET_REQUEST_US);
    world_stopped = false;
    CU_ASSERT_EQUAL(net_reinit(), 0);
    CU_ASSERT_TRUE(fetch(WORLD_SERVER, "/64", 64));
}

/* --- takeover --- */

static void other_address_is_not_ours(void)
{
    uint8_t mac[6];

    peer_ask(WORLD_OTHER);
    world_run(NULL, 5000);
    CU_ASSERT_FALSE(peer_heard_arp(WORLD_OTHER, mac));
    CU_ASSERT_EQUAL(net_takeover(QV_MAX_SANDBOXES, true), -EINVAL);
}

static void service_is_taken_over(void)
{
    unsigned announcements = peer_announcements;
    unsigned first = world_first_replies;
    uint8_t mac[6];
    struct peer *old, *bad;
    const struct qv_connection *noted;

    /* It had accepted two connections; one was made of another address, which is not taken over. */
    world_directory.core[1].state = QV_SB_PARKED;
    world_other_status.connection[0] =
        (struct qv_connection){.remote = lwip_htonl(WORLD_PEER), .port = 40001, .sandbox = 1};
    world_other_status.connection[1] =
        (struct qv_connection){.remote = lwip_htonl(WORLD_PEER), .port = 40002, .sandbox = 2};
    peer_orphan = 40001;
    CU_ASSERT_EQUAL(net_takeover(1, true), 0);
    CU_ASSERT_EQUAL(world_nic.taken_over, 2);
    world_run(NULL, 5000);
    CU_ASSERT_EQUAL(peer_orphan_asked, 2); /* a segment that it cannot accept, and the reset that its answer draws */
    CU_ASSERT_EQUAL(peer_orphan_resets, 1);
    peer_orphan = 0;
    CU_ASSERT_EQUAL(peer_announcements, announcements + 1);
    CU_ASSERT_TRUE(peer_heard_arp(WORLD_OTHER, mac));
    CU_ASSERT_EQUAL(memcmp(mac, world_handoff.cfg.sandbox[1].mac, 6), 0);

    /* A connection of the failed sandbox is unknown here. */
    peer_stray(WORLD_OTHER, 55555, 16, 1234, 5678);
    world_run(NULL, 5000);
    CU_ASSERT_EQUAL(peer_stray_reset_from, WORLD_OTHER);

    old = open_to(WORLD_SERVER); /* replies of our own service are not the ones waited for */
    get(old, "/64", true);
    CU_ASSERT_TRUE(wait_for(old, 100, SHORT_US));
    CU_ASSERT_EQUAL(world_first_replies, first);
    bad = open_to(WORLD_OTHER);
    get(bad, "/nothing", false);
    CU_ASSERT_TRUE(wait_fin(bad, SHORT_US));
    CU_ASSERT_EQUAL(check_reply(bad, 0, 404, 0, false), bad->in_size);
    CU_ASSERT_EQUAL(world_first_replies, first); /* not a good reply */
    peer_drop(bad);
    CU_ASSERT_TRUE(fetch(WORLD_OTHER, "/1024", 1024));
    CU_ASSERT_EQUAL(world_first_replies, first + 1);
    noted = &status->connection[(status->connection_head - 1) % QV_CONNECTIONS];
    CU_ASSERT_EQUAL(noted->sandbox, 1);
    CU_ASSERT_EQUAL(noted->remote, lwip_htonl(WORLD_PEER));
    CU_ASSERT_TRUE(fetch(WORLD_OTHER, "/65536", 65536));
    CU_ASSERT_EQUAL(world_first_replies, first + 1);
    peer_drop(old);
}

/*
 * What a dead neighbour's page says may be anything, and clients may be gone: none of it keeps the others waiting for
 * ever, and hosts that do not answer are not asked for ever.
 */
static void orphans_behind_bad_entries_are_told(void)
{
    static const uint32_t nobody[] = {0,
                                      0xffffffffu,
                                      WORLD_OTHER | 0xffu,
                                      0xe0000001u,
                                      0xf0000001u,
                                      0x7f000001u,
                                      WORLD_SERVER,
                                      WORLD_OTHER,
                                      (WORLD_OTHER & ~0xffu) | 200u,
                                      (WORLD_OTHER & ~0xffu) | 200u,
                                      (WORLD_OTHER & ~0xffu) | 201u};
    const unsigned count = sizeof(nobody) / sizeof(nobody[0]);
    uint64_t sent = world_nic.sent;

    for (unsigned i = 0; i < count; i++) {
        world_other_status.connection[i] =
            (struct qv_connection){.remote = lwip_htonl(nobody[i]), .port = (uint16_t)(41000 + i), .sandbox = 1};
    }
    world_other_status.connection[count] =
        (struct qv_connection){.remote = lwip_htonl(WORLD_PEER), .port = 40003, .sandbox = 1};
    peer_orphan = 40003;
    peer_orphan_asked = peer_orphan_resets = 0;
    CU_ASSERT_EQUAL(net_takeover(1, false), 0);
    world_run(NULL, 50000);
    CU_ASSERT_EQUAL(peer_orphan_resets, 0); /* two hosts may still answer */
    world_run(NULL, 250000);
    CU_ASSERT_EQUAL(peer_orphan_asked, 2);
    CU_ASSERT_EQUAL(peer_orphan_resets, 1);
    peer_orphan = 0;
    CU_ASSERT_TRUE(world_nic.sent - sent <= 30); /* ten questions to each of the two, and the announcement */
    memset(world_other_status.connection, 0, sizeof(world_other_status.connection));
}

static void addresses_keep_their_interfaces(void)
{
    unsigned announcements;
    uint8_t mac[6];

    announcements = peer_announcements;
    CU_ASSERT_EQUAL(net_takeover(1, false), 0); /* again: announced again, the same interface */
    world_run(NULL, 5000);
    CU_ASSERT_EQUAL(peer_announcements, announcements + 1);
    CU_ASSERT_TRUE(fetch(WORLD_SERVER, "/64", 64));
    CU_ASSERT_TRUE(peer_heard_from(WORLD_SERVER, mac));
    CU_ASSERT_EQUAL(memcmp(mac, world_handoff.cfg.sandbox[0].mac, 6), 0);
    CU_ASSERT_TRUE(peer_heard_from(WORLD_OTHER, mac));
    CU_ASSERT_EQUAL(memcmp(mac, world_handoff.cfg.sandbox[1].mac, 6), 0);
    for (int i = 0; i < 2; i++) { /* each is answered by its own interface */
        uint32_t address = i == 0 ? WORLD_SERVER : WORLD_OTHER;

        peer_forget(address);
        peer_ask(address);
        world_run(NULL, 5000);
        CU_ASSERT_TRUE(peer_heard_arp(address, mac));
        CU_ASSERT_EQUAL(memcmp(mac, world_handoff.cfg.sandbox[i].mac, 6), 0);
    }
    driver_is_back(); /* local recovery with two interfaces */
    CU_ASSERT_TRUE(fetch(WORLD_OTHER, "/1024", 1024));
    CU_ASSERT_TRUE(fetch(WORLD_SERVER, "/1024", 1024));
}

static const struct unit_test tests[] = {
    {"service comes up", service_comes_up},
    {"every page is right", every_page_is_right},
    {"small page is one segment", small_page_is_one_segment},
    {"connection is kept alive", connection_is_kept_alive},
    {"errors have pages", errors_have_pages},
    {"request in pieces", request_in_pieces},
    {"reply cut off is no reply", reply_cut_off_is_no_reply},
    {"rubbish breaks nothing", rubbish_breaks_nothing},
    {"counters are shown", counters_are_shown},
    {"many connections at a time", many_connections_at_a_time},
    {"checksum is the sum of words", checksum_is_the_sum_of_words},
    {"busy ring holds frames back", busy_ring_holds_frames_back},
    {"frame of many parts leaves whole", frame_of_many_parts_leaves_whole},
    {"full backlog gives segments back", full_backlog_gives_segments_back},
    {"lost reply comes at once", lost_reply_comes_at_once},
    {"lost request is asked for", lost_request_is_asked_for},
    {"reply made meanwhile is the first", reply_made_meanwhile_is_the_first},
    {"fault while receiving loses no frame", fault_while_receiving_loses_no_frame},
    {"missed interrupt is made up for", missed_interrupt_is_made_up_for},
    {"overtaken frame is dropped", overtaken_frame_is_dropped},
    {"every state survives", every_state_survives},
    {"killed thread begins anew", killed_thread_begins_anew},
    {"check hands over what it finds", check_hands_over_what_it_finds},
    {"nobody answers a request in time", nobody_answers_a_request_in_time},
    {"other address is not ours", other_address_is_not_ours},
    {"service is taken over", service_is_taken_over},
    {"orphans behind bad entries are told", orphans_behind_bad_entries_are_told},
    {"addresses keep their interfaces", addresses_keep_their_interfaces},
    {"neighbours are forgotten", neighbours_are_forgotten},
    {"nothing is left over", nothing_is_left_over},
};

int main(void)
{
    return unit_run("network: web server", tests, sizeof(tests) / sizeof(tests[0]));
}
