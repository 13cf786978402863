/* SPDX-License-Identifier: MIT */
/*
 * lwIP's httpd keeps its connections to itself. It is observed from outside, where it meets TCP: the accept function
 * of its listening control block, and the callbacks that it sets on every connection it accepts, are replaced by ours,
 * which note which connection is being served and then call httpd's.
 */
#include "web.h"

#include "kernel.h"
#include "lwip/apps/fs.h"
#include "lwip/apps/httpd.h"
#include "lwip/priv/tcp_priv.h"
#include "net.h"
#include "orphans.h"
#include "pages.h"
#include "replies.h"

#define FILE_IS_VOLATILE 0x80u /* in fs_file.flags, beside lwIP's own */

static struct {
    tcp_accept_fn accept;
    tcp_recv_fn receive;
    tcp_sent_fn sent;
    tcp_poll_fn poll;
    tcp_err_fn error;
} httpd;

/* The connection whose callback httpd is in, NULL if in none or if it is gone. */
static struct tcp_pcb *serving;
static bool serving_keep_alive;
static struct replies replies;

/* --- files: what httpd opens, sends and closes --- */

/* The extension word of an open file: where in the connection its reply began, and which request it was. */
static void *extension(uint32_t begin, uint64_t number)
{
    return (void *)(uintptr_t)((number << 32) | begin);
}

/* lwIP 2.1 does not declare what its file system calls. */
int fs_open_custom(struct fs_file *file, const char *name);
void fs_close_custom(struct fs_file *file);

int fs_open_custom(struct fs_file *file, const char *name)
{
    struct page page;

    if (serving == NULL || !pages_find(name, serving_keep_alive, &page)) {
        return 0;
    }
    file->data = page.reply;
    file->len = (int)page.size;
    file->index = file->len; /* all of it is in memory: nothing to be read later */
    file->flags = FS_FILE_FLAGS_HEADER_INCLUDED | FS_FILE_FLAGS_HEADER_PERSISTENT;
    if (page.is_volatile) {
        file->flags |= FILE_IS_VOLATILE;
    }
    status->http_requests++;
    file->pextension = extension(serving->snd_lbb, status->http_requests);
    if (handoff->cfg.flags & QV_CFG_TRACE_REQUESTS) {
        trace(QV_TRACE_REQUEST, serving->remote_port, status->http_requests);
    }
    return 1;
}

static bool is_good(const struct fs_file *file)
{
    return memcmp(file->data, "HTTP/1.1 200", 12) == 0;
}

void fs_close_custom(struct fs_file *file)
{
    uint32_t begin = (uint32_t)(uintptr_t)file->pextension;
    uint32_t bytes = (uint32_t)file->len;

    /* Closed early when the connection broke: no reply then. */
    if (serving != NULL && serving->snd_lbb - begin >= bytes) {
        status->http_replies++;
        if (handoff->cfg.flags & QV_CFG_TRACE_REQUESTS) {
            trace(QV_TRACE_REPLY, bytes, (uint64_t)(uintptr_t)file->pextension >> 32);
        }
        if (is_good(file)) {
            replies_note(&replies, (struct reply_mark){.local = ip_2_ip4(&serving->local_ip)->addr,
                                                       .remote = ip_2_ip4(&serving->remote_ip)->addr,
                                                       .remote_port = serving->remote_port,
                                                       .end = begin + bytes,
                                                       .bytes = bytes});
        }
    }
    if (file->flags & FILE_IS_VOLATILE) {
        pages_release(file->data);
    }
}

bool web_data_volatile(const struct fs_file *file)
{
    return file != NULL && (file->flags & FILE_IS_VOLATILE) != 0;
}

/* --- connections --- */

/*
 * As httpd decides it: by the exact text of one header. Only looked for in each buffer by itself: if it is cut in two,
 * or came before the last part of the request, the reply says "close" although httpd keeps the connection, and the
 * peer closes it.
 */
static bool asks_keep_alive(const struct pbuf *request)
{
    static const char wanted[] = "Connection: keep-alive";
    const size_t size = sizeof(wanted) - 1;
    const size_t kay = sizeof("Connection: ") - 1; /* may be a capital letter */

    for (; request != NULL; request = request->next) {
        const char *text = request->payload;

        for (size_t at = 0; at + size <= request->len; at++) {
            if (text[at] == wanted[0] && memcmp(text + at, wanted, kay) == 0 && (text[at + kay] | 0x20) == 'k' &&
                memcmp(text + at + kay + 1, wanted + kay + 1, size - kay - 1) == 0) {
                return true;
            }
        }
    }
    return false;
}

static err_t on_receive(void *argument, struct tcp_pcb *pcb, struct pbuf *data, err_t error)
{
    err_t result;

    serving = pcb;
    serving_keep_alive = data != NULL && asks_keep_alive(data);
    result = httpd.receive(argument, pcb, data, error);
    serving = NULL;
    return result;
}

static err_t on_sent(void *argument, struct tcp_pcb *pcb, u16_t size)
{
    err_t result;

    serving = pcb;
    result = httpd.sent(argument, pcb, size);
    serving = NULL;
    return result;
}

static err_t on_poll(void *argument, struct tcp_pcb *pcb)
{
    err_t result;

    serving = pcb;
    result = httpd.poll(argument, pcb);
    serving = NULL;
    return result;
}

static void on_error(void *argument, err_t error)
{
    serving = NULL;
    httpd.error(argument, error);
}

static err_t on_accept(void *argument, struct tcp_pcb *pcb, err_t error)
{
    err_t result = httpd.accept(argument, pcb, error);

    if (result != ERR_OK || pcb == NULL) {
        return result;
    }
    status->tcp_connections++;
    orphans_note(pcb, net_sandbox_of(ip_current_input_netif()));
    httpd.receive = pcb->recv;
    httpd.sent = pcb->sent;
    httpd.poll = pcb->poll;
    httpd.error = pcb->errf;
    tcp_recv(pcb, on_receive);
    tcp_sent(pcb, on_sent);
    tcp_poll(pcb, on_poll, HTTPD_POLL_INTERVAL);
    tcp_err(pcb, on_error);
    return ERR_OK;
}

void web_abandon(void)
{
    serving = NULL;
}

void web_start(void)
{
    struct tcp_pcb_listen *listener;

    pages_init();
    httpd_init();
    for (listener = tcp_listen_pcbs.listen_pcbs; listener != NULL; listener = listener->next) {
        if (listener->local_port == HTTPD_SERVER_PORT) {
            httpd.accept = listener->accept;
            tcp_accept((struct tcp_pcb *)listener, on_accept);
            return;
        }
    }
    net_assertion_failed("the web server does not listen", __FILE__, __LINE__);
}

/* --- the first reply after a recovery --- */

void web_expect_first_reply(uint32_t local)
{
    replies_arm(&replies, local);
}

void web_frame_sent(const struct pbuf *frame, bool held)
{
    const struct reply_mark *mark = replies_match(&replies, frame->payload, frame->len, held);

    if (mark != NULL) {
        trace(QV_TRACE_FIRST_REPLY, mark->bytes, 0);
        recovery_first_reply();
    }
}
