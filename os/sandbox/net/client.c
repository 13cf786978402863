/* SPDX-License-Identifier: MIT */
#include "client.h"

#include "arrivals.h"
#include "kernel.h"
#include "lwip/tcp.h"
#include "pages.h"
#include "qv/draw.h"
#include "text.h"

#define STREAM_CLIENT 0x746e65696c63ull /* keeps these draws apart from others of the same seed */
#define HEADER_MAX    512u
#define HTTP_PORT     80u
#define IDLE_US       10000u
#define LINGER_POLL   10u /* timer steps of 100 ms until a connection that the server does not close is aborted */

struct request {
    struct tcp_pcb *pcb; /* NULL: this slot is free */
    uint64_t index;
    uint64_t due;
    uint64_t deadline;
    bool counted;
    bool in_body;
    uint32_t header; /* bytes of the header so far */
    uint32_t body;   /* bytes of the body so far */
    char text[HEADER_MAX];
};

static struct {
    const struct qv_client_cfg *cfg;
    const char *page; /* what the body has to be, */
    uint32_t bytes;   /* and its length */
    struct arrivals arrivals;
    uint32_t slots;
    uint32_t active;
    uint64_t start; /* 0: not begun */
    uint64_t due;   /* of the next request */
    uint64_t warm;  /* end of the warm-up */
    uint64_t end;
    ip_addr_t own;
    ip_addr_t target;
    char get[96];
    uint32_t get_size;
    struct request request[CLIENT_MAX_CONNECTIONS];
} client;

static void finish(struct request *request, enum qv_client_result result)
{
    if (request->counted) {
        switch (result) {
        case QV_CLIENT_GOOD:
            status->client_good++;
            break;
        case QV_CLIENT_TIMEOUT:
            status->client_lost++;
            break;
        default:
            status->client_errors++;
            break;
        }
        trace(QV_TRACE_CLIENT_DONE, request->index, (uint64_t)result);
    }
    request->pcb = NULL;
    client.active--;
}

/* --- a connection whose request is over: waits for the server's close, but not for ever --- */

static err_t on_late_data(void *argument, struct tcp_pcb *pcb, struct pbuf *data, err_t error)
{
    (void)argument;
    (void)error;
    if (data != NULL) {
        tcp_recved(pcb, data->tot_len);
        pbuf_free(data);
        return ERR_OK;
    }
    tcp_poll(pcb, NULL, 0);
    if (tcp_close(pcb) != ERR_OK) {
        tcp_abort(pcb);
        return ERR_ABRT;
    }
    return ERR_OK;
}

static err_t on_linger(void *argument, struct tcp_pcb *pcb)
{
    (void)argument;
    tcp_abort(pcb);
    return ERR_ABRT;
}

static void detach(struct tcp_pcb *pcb)
{
    tcp_arg(pcb, NULL);
    tcp_err(pcb, NULL);
    tcp_recv(pcb, on_late_data);
    tcp_poll(pcb, on_linger, LINGER_POLL);
}

static void give_up(struct request *request, enum qv_client_result result)
{
    struct tcp_pcb *pcb = request->pcb;

    tcp_arg(pcb, NULL);
    tcp_err(pcb, NULL);
    tcp_recv(pcb, NULL);
    finish(request, result);
    tcp_abort(pcb);
}

/* --- a running request --- */

/* Takes bytes of the header; returns how many. request->in_body is set behind its last one. */
static size_t take_header(struct request *request, const char *data, size_t size)
{
    size_t taken = 0;

    while (taken < size && !request->in_body && request->header < HEADER_MAX) {
        request->text[request->header++] = data[taken++];
        request->in_body = request->header >= 4 && memcmp(request->text + request->header - 4, "\r\n\r\n", 4) == 0;
    }
    return taken;
}

/* What these bytes say of the reply; GOOD: nothing bad so far. */
static enum qv_client_result take(struct request *request, const char *data, size_t size)
{
    bool had_header = request->in_body;
    size_t taken = had_header ? 0 : take_header(request, data, size);

    data += taken;
    size -= taken;
    if (!request->in_body) {
        return request->header < HEADER_MAX ? QV_CLIENT_GOOD : QV_CLIENT_WRONG;
    }
    if (!had_header && memcmp(request->text, "HTTP/1.", 7) != 0) {
        return QV_CLIENT_WRONG;
    }
    if (!had_header && memcmp(request->text + 8, " 200 ", 5) != 0) {
        return QV_CLIENT_BAD_STATUS;
    }
    if (size > client.bytes - request->body || memcmp(data, client.page + request->body, size) != 0) {
        return QV_CLIENT_WRONG;
    }
    request->body += (uint32_t)size;
    return QV_CLIENT_GOOD;
}

static err_t on_receive(void *argument, struct tcp_pcb *pcb, struct pbuf *data, err_t error)
{
    struct request *request = argument;
    enum qv_client_result result = QV_CLIENT_GOOD;

    (void)error;
    if (data == NULL) {
        finish(request, QV_CLIENT_CLOSED);
        detach(pcb);
        return on_late_data(NULL, pcb, NULL, ERR_OK);
    }
    for (const struct pbuf *part = data; part != NULL && result == QV_CLIENT_GOOD; part = part->next) {
        result = take(request, part->payload, part->len);
    }
    tcp_recved(pcb, data->tot_len);
    pbuf_free(data);
    if (result != QV_CLIENT_GOOD) {
        give_up(request, result);
        return ERR_ABRT;
    }
    if (request->in_body && request->body == client.bytes) {
        finish(request, QV_CLIENT_GOOD);
        detach(pcb);
    }
    return ERR_OK;
}

static void on_error(void *argument, err_t error)
{
    (void)error;
    finish(argument, QV_CLIENT_RESET);
}

static err_t on_connected(void *argument, struct tcp_pcb *pcb, err_t error)
{
    struct request *request = argument;

    (void)error;
    if (tcp_write(pcb, client.get, (u16_t)client.get_size, 0) != ERR_OK) {
        give_up(request, QV_CLIENT_NO_MEMORY);
        return ERR_ABRT;
    }
    return ERR_OK;
}

static void connect(struct request *request)
{
    struct tcp_pcb *pcb = tcp_new();

    request->pcb = pcb;
    if (pcb == NULL) {
        finish(request, QV_CLIENT_NO_MEMORY);
        return;
    }
    tcp_arg(pcb, request);
    tcp_recv(pcb, on_receive);
    tcp_err(pcb, on_error);
    if (tcp_bind(pcb, &client.own, 0) != ERR_OK ||
        tcp_connect(pcb, &client.target, HTTP_PORT, on_connected) != ERR_OK) {
        give_up(request, QV_CLIENT_NO_MEMORY);
    }
}

/* --- the schedule --- */

static void set_due(void)
{
    client.due = client.start + time_from_us(arrivals_time_ns(&client.arrivals) / 1000);
}

static void next_request(void)
{
    arrivals_next(&client.arrivals);
    set_due();
}

static void make_request(struct request *request, uint64_t now)
{
    *request = (struct request){.index = client.arrivals.index,
                                .due = client.due,
                                .deadline = client.due + time_from_us(client.cfg->timeout_us),
                                .counted = client.due >= client.warm};
    client.active++;
    if (request->counted) {
        status->client_sent++;
        trace(QV_TRACE_CLIENT_SEND, request->index, request->due);
    }
    next_request();
    if (request->deadline <= now) {
        finish(request, QV_CLIENT_TIMEOUT); /* waited too long for a free connection */
    } else {
        connect(request);
    }
}

/* Makes the requests that are due, as far as there are free slots. */
static void make_requests(uint64_t now)
{
    for (uint32_t slot = 0; slot < client.slots; slot++) {
        while (client.request[slot].pcb == NULL) {
            if (client.due >= client.end || client.due > now) {
                return;
            }
            make_request(&client.request[slot], now);
        }
    }
}

static void leave_out_requests(uint64_t now)
{
    while (client.due < client.warm && client.due <= now) {
        next_request();
    }
}

/* Ends what is overdue; returns the earliest deadline of the others, 0 if there is none. */
static uint64_t expire(uint64_t now)
{
    uint64_t earliest = 0;

    for (uint32_t slot = 0; slot < client.slots && client.active > 0; slot++) {
        struct request *request = &client.request[slot];

        if (request->pcb == NULL) {
            continue;
        }
        if (request->deadline <= now) {
            give_up(request, QV_CLIENT_TIMEOUT);
        } else if (earliest == 0 || request->deadline < earliest) {
            earliest = request->deadline;
        }
    }
    return earliest;
}

static void begin(void)
{
    client.start = directory()->ready_tsc;
    client.warm = client.start + time_from_us(client.cfg->warmup_us);
    client.end = client.start + time_from_us(client.cfg->duration_us);
    set_due();
}

uint64_t client_step(uint64_t now, bool reached)
{
    uint64_t wake = now + time_from_us(IDLE_US);
    uint64_t expiry;

    if (status->client_done) {
        return UINT64_MAX;
    }
    if (client.start == 0) {
        if (directory()->machine_state != QV_MACHINE_READY) {
            return now + time_from_us(1000);
        }
        begin();
    }
    if (!reached) {
        leave_out_requests(now);
    }
    make_requests(now);
    expiry = expire(now);
    if (client.active == 0 && client.due >= client.end) {
        __atomic_store_n(&status->client_done, 1, __ATOMIC_RELEASE);
        return UINT64_MAX;
    }
    if (expiry != 0 && expiry < wake) {
        wake = expiry;
    }
    /* A request that is due already waits for a slot: what frees one, a frame or an expiry, comes by here anyway. */
    return client.due > now && client.due < wake ? client.due : wake;
}

void client_start(uint32_t own)
{
    const struct qv_client_cfg *cfg = &handoff->cfg.client;
    struct text get = {.buffer = client.get, .size = sizeof(client.get)};

    client.cfg = cfg;
    client.slots = cfg->connections < CLIENT_MAX_CONNECTIONS ? cfg->connections : CLIENT_MAX_CONNECTIONS;
    ip_addr_set_ip4_u32_val(client.own, lwip_htonl(own));
    ip_addr_set_ip4_u32_val(client.target, lwip_htonl(cfg->target_ip));
    text_string(&get, "GET /");
    text_number(&get, cfg->page_bytes);
    text_string(&get, " HTTP/1.1\r\nHost: ");
    text_address(&get, cfg->target_ip);
    text_string(&get, "\r\nConnection: close\r\n\r\n");
    client.get_size = (uint32_t)get.used;
    client.page = pages_pattern();
    client.bytes = cfg->page_bytes < PAGES_MAX_BODY ? cfg->page_bytes : PAGES_MAX_BODY;
    arrivals_init(&client.arrivals, qv_draw(handoff->cfg.seed, STREAM_CLIENT << 8 | handoff->id), cfg->rate_mhz,
                  cfg->arrivals != 0);
}
