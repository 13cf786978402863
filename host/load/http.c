/* SPDX-License-Identifier: MIT */
#include "host/load/http.h"

#include <string.h>
#include <strings.h>

#include "analysis/load_log.h"
#include "host/load/load.h"

void http_reply_begin(struct http_reply *reply, uint32_t page_bytes, bool check)
{
    /* Not the head's bytes: they are written before they are read. */
    memset(reply, 0, offsetof(struct http_reply, head));
    reply->page_bytes = page_bytes;
    reply->check = check;
}

static bool digits(const char *text, size_t size, uint64_t *out)
{
    uint64_t value = 0;
    if (size == 0 || size > 18)
        return false;
    for (size_t i = 0; i < size; i++) {
        if (text[i] < '0' || text[i] > '9')
            return false;
        value = value * 10 + (uint64_t)(text[i] - '0');
    }
    *out = value;
    return true;
}

static bool parse_status_line(struct http_reply *reply, const char *line, size_t size)
{
    uint64_t status;
    if (size < 12 || memcmp(line, "HTTP/1.", 7) != 0 || (line[7] != '0' && line[7] != '1') || line[8] != ' ' ||
        !digits(line + 9, 3, &status) || (size > 12 && line[12] != ' '))
        return false;
    reply->status = (uint16_t)status;
    reply->keepalive = line[7] == '1';
    return true;
}

/* Whether a header line has this name; then its value without blanks around it. */
static bool header_value(const char *line, size_t size, const char *name, const char **value, size_t *length)
{
    size_t n = strlen(name);
    if (size <= n || line[n] != ':' || strncasecmp(line, name, n) != 0)
        return false;
    const char *from = line + n + 1;
    const char *to = line + size;
    while (from < to && (*from == ' ' || *from == '\t'))
        from++;
    while (to > from && (to[-1] == ' ' || to[-1] == '\t'))
        to--;
    *value = from;
    *length = (size_t)(to - from);
    return true;
}

static bool parse_header(struct http_reply *reply, const char *line, size_t size)
{
    const char *value;
    size_t length;
    if (header_value(line, size, "Content-Length", &value, &length)) {
        uint64_t number;
        if (!digits(value, length, &number) || (reply->has_length && number != reply->length))
            return false;
        reply->has_length = true;
        reply->length = number;
    } else if (header_value(line, size, "Connection", &value, &length)) {
        if (length == 5 && strncasecmp(value, "close", 5) == 0)
            reply->keepalive = false;
        else if (length == 10 && strncasecmp(value, "keep-alive", 10) == 0)
            reply->keepalive = true;
    } else if (header_value(line, size, "Transfer-Encoding", &value, &length)) {
        return false; /* our server never does */
    }
    return true;
}

static bool parse_head(struct http_reply *reply)
{
    const char *line = reply->head;
    const char *end = reply->head + reply->head_used;
    bool first = true;
    while (line < end) {
        const char *stop = memchr(line, '\n', (size_t)(end - line));
        if (stop == NULL)
            return false;
        size_t size = (size_t)(stop - line);
        if (size > 0 && line[size - 1] == '\r')
            size--;
        if (first ? !parse_status_line(reply, line, size) : !parse_header(reply, line, size))
            return false;
        first = false;
        line = stop + 1;
    }
    if (!reply->has_length)
        reply->keepalive = false;
    return !first;
}

/* Takes bytes up to the empty line that ends the head. */
static enum http_state feed_head(struct http_reply *reply, const char *data, size_t size, size_t *used)
{
    for (size_t i = 0; i < size; i++) {
        if (reply->head_used == HTTP_HEAD_MAX)
            return HTTP_INVALID;
        reply->head[reply->head_used++] = data[i];
        if (data[i] != '\n')
            continue;
        uint32_t n = reply->head_used;
        bool empty = (n >= 2 && reply->head[n - 2] == '\n') ||
                     (n >= 3 && reply->head[n - 2] == '\r' && reply->head[n - 3] == '\n');
        if (!empty)
            continue;
        reply->head_used = n - (reply->head[n - 2] == '\r' ? 2 : 1);
        *used = i + 1;
        reply->head_done = true;
        return parse_head(reply) ? HTTP_DONE : HTTP_INVALID;
    }
    *used = size;
    return HTTP_MORE;
}

enum http_state http_reply_feed(struct http_reply *reply, const char *data, size_t size, size_t *used)
{
    size_t head = 0;
    *used = 0;
    if (!reply->head_done) {
        enum http_state state = feed_head(reply, data, size, &head);
        if (state != HTTP_DONE) {
            *used = head;
            return state;
        }
    }
    size_t rest = size - head;
    if (reply->has_length && rest > reply->length - reply->body)
        rest = (size_t)(reply->length - reply->body);
    if (reply->check && reply->status == 200 && !reply->wrong) {
        reply->wrong = reply->body + rest > reply->page_bytes || !load_page_matches(data + head, rest, reply->body);
    }
    reply->body += rest;
    *used = head + rest;
    return reply->has_length && reply->body == reply->length ? HTTP_DONE : HTTP_MORE;
}

enum http_state http_reply_end(const struct http_reply *reply)
{
    if (!reply->head_done || (reply->has_length && reply->body < reply->length))
        return HTTP_INVALID;
    return HTTP_DONE;
}

uint8_t http_reply_class(const struct http_reply *reply)
{
    if (reply->status != 200)
        return LOAD_BAD_STATUS;
    if (reply->check && (reply->wrong || reply->body != reply->page_bytes))
        return LOAD_WRONG_BODY;
    return LOAD_GOOD;
}
