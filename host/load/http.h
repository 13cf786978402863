/* SPDX-License-Identifier: MIT */
/*
 * Reading one HTTP/1.x reply from a stream of pieces of any size, comparing the body with the page that was asked for
 * as it comes. No allocation, no system calls.
 */
#ifndef QV_LOAD_HTTP_H
#define QV_LOAD_HTTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define HTTP_HEAD_MAX 4096u

struct http_reply {
    uint32_t page_bytes; /* expected */
    bool check;          /* compare the body with the page; false: any body will do */
    bool head_done;
    bool wrong; /* a byte of the body differs, or there are too many */
    bool has_length;
    bool keepalive; /* the connection may be used again */
    uint16_t status;
    uint64_t length; /* Content-Length */
    uint64_t body;   /* bytes of the body so far */
    uint32_t head_used;
    char head[HTTP_HEAD_MAX + 1];
};

enum http_state {
    HTTP_MORE,    /* go on reading */
    HTTP_DONE,    /* complete; look at class */
    HTTP_INVALID, /* not a reply we understand */
};

void http_reply_begin(struct http_reply *reply, uint32_t page_bytes, bool check);

/* The next piece. With HTTP_DONE, *used says how much of the piece belonged to this reply. */
enum http_state http_reply_feed(struct http_reply *reply, const char *data, size_t size, size_t *used);

/* The peer has closed. HTTP_DONE if that is how this reply ends, HTTP_INVALID if it was cut off. */
enum http_state http_reply_end(const struct http_reply *reply);

/* After HTTP_DONE: enum load_class GOOD, BAD_STATUS or WRONG_BODY. */
uint8_t http_reply_class(const struct http_reply *reply);

#endif
