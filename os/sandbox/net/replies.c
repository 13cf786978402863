/* SPDX-License-Identifier: MIT */
#include "replies.h"

#define ETHERNET_HEADER 14u
#define HEADERS         (ETHERNET_HEADER + 40u)

static uint16_t be16(const uint8_t *at)
{
    return (uint16_t)(at[0] << 8 | at[1]);
}

static uint32_t be32(const uint8_t *at)
{
    return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}

static uint32_t word(const uint8_t *at)
{
    uint32_t value;

    __builtin_memcpy(&value, at, sizeof(value));
    return value;
}

void replies_arm(struct replies *replies, uint32_t local)
{
    replies->epoch++;
    replies->local = local;
    replies->armed = true;
}

void replies_note(struct replies *replies, struct reply_mark mark)
{
    mark.epoch = replies->epoch;
    replies->mark[mark.remote_port & (REPLIES_KEPT - 1)] = mark;
}

const struct reply_mark *replies_match(struct replies *replies, const uint8_t *frame, size_t size, bool held)
{
    const uint8_t *ip = frame + ETHERNET_HEADER;
    const struct reply_mark *mark;
    const uint8_t *tcp;
    uint32_t headers;
    uint32_t payload;

    if (!replies->armed || size < HEADERS || be16(frame + 12) != 0x0800 || ip[0] >> 4 != 4 || ip[9] != 6) {
        return NULL;
    }
    tcp = ip + (ip[0] & 15u) * 4u;
    if (size < (size_t)(tcp - frame) + 20u) {
        return NULL;
    }
    headers = (ip[0] & 15u) * 4u + (tcp[12] >> 4) * 4u;
    if (be16(ip + 2) <= headers) {
        return NULL;
    }
    payload = be16(ip + 2) - headers;
    mark = &replies->mark[be16(tcp + 2) & (REPLIES_KEPT - 1)];
    if (mark->remote_port != be16(tcp + 2) || mark->remote != word(ip + 16) || mark->local != word(ip + 12) ||
        mark->end != be32(tcp + 4) + payload || (replies->local != 0 && mark->local != replies->local)) {
        return NULL;
    }
    if (mark->epoch != replies->epoch && !held) {
        return NULL;
    }
    replies->armed = false;
    return mark;
}
