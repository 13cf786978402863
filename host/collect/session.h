/* SPDX-License-Identifier: MIT */
/*
 * The host's side of a delivery (qv/stream.h): takes a machine's results from a serial line until all of them are there
 * and the machine knows it.
 */
#ifndef QV_COLLECT_SESSION_H
#define QV_COLLECT_SESSION_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "analysis/error.h"
#include "analysis/stream.h"

struct session_options {
    const char *device;  /* a terminal, or anything that can be read and written */
    const char *console; /* file that gets what the machine says besides */
    FILE *echo;          /* the same for people, NULL = nobody; control characters are left out of both */
    unsigned timeout_s;  /* without a whole result; 0 = wait for ever */
    bool (*interrupted)(void);
};

struct session {
    uint8_t *memory; /* of the machine, as far as it was sent; zero elsewhere */
    uint64_t bytes;
    struct stream_state state;
    uint64_t taken; /* bytes from the line */
    uint32_t asked; /* REQUESTs sent */
    uint32_t begun; /* deliveries begun: more than one where a second run came upon an unfinished one */
};

/*
 * 0 and the memory, which session_free() gives back; -EINTR, -ETIMEDOUT, -EPROTO (a stream that is not known here), or
 * what the device says. Nothing is sent before the machine has sent an END: it may still be in its boot menu.
 */
int session_run(const struct session_options *options, struct session *out, struct qv_error *err);
void session_free(struct session *session);

#endif
