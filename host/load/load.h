/* SPDX-License-Identifier: MIT */
/*
 * Load on the sandbox's web server, from the host, through 127.0.0.1 only.
 *
 * The schedule is open: request i is due at a time that depends on rate, arrivals and seed alone, whatever became of
 * the requests before it, and latencies count from that time. A stalled server therefore shows in every request that
 * should have been sent during the stall (no coordinated omission).
 *
 * The server's pages: /N is N bytes, byte k = 'A' + k % 26, but a newline where k % 64 == 63; every body is compared.
 */
#ifndef QV_LOAD_H
#define QV_LOAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "analysis/error.h"
#include "analysis/load_log.h"

#define LOAD_MAX_RATE        100000.0 /* requests per second */
#define LOAD_MAX_REQUESTS    5000000u
#define LOAD_MAX_CONNECTIONS 16384u
#define LOAD_MAX_PAGE        16777216u

enum load_arrivals { LOAD_CONSTANT = 0, LOAD_POISSON = 1 };

struct load_config {
    uint16_t port;       /* on 127.0.0.1 */
    uint32_t page_bytes; /* page asked for: /page_bytes */
    double rate;         /* requests per second, > 0 */
    enum load_arrivals arrivals;
    uint64_t seed;        /* Poisson gaps are draws of this seed */
    uint64_t warmup_ns;   /* first part of the schedule, out of all figures */
    uint64_t duration_ns; /* of the schedule after the warm-up */
    uint64_t timeout_ns;  /* per request, from its intended time; also how long the end waits for stragglers */
    bool keepalive;       /* connections are used again; else one per request */
    uint32_t connections; /* open at once at most, >= 1; what is due waits for one, and its latency counts on */
    /* The clock that all times are of, in ns: the guest's (the log then says guest_time), or NULL = CLOCK_MONOTONIC.
     * Never goes back; called from the load's thread. httperf knows its own clock only. */
    uint64_t (*clock)(void *context);
    void *clock_context;
};

/* Fills in what a scenario may leave open: 1,024 bytes, 1 s warm-up, 5 s timeout, 512 connections, one per request. */
void load_config_default(struct load_config *config);

/* False and a reason for what cannot be done. */
bool load_config_check(const struct load_config *config, struct qv_error *err);

/* Intended times in ns since the start of the schedule; *out is malloc'd. Returns their number or a negative error. */
long load_schedule(const struct load_config *config, uint64_t **out, struct qv_error *err);

/* Runs the whole load in the calling thread. 0, or a negative error if it could not be run at all; a server that fails
 * is no error. `log` is initialised by the call and owned by the caller (load_log_free). */
int load_run(const struct load_config *config, struct load_log *log, struct qv_error *err);

/* The same in a thread of its own. */
struct load; /* opaque */

struct load_progress {
    uint64_t sent, good, failed; /* so far, warm-up included */
    bool finished;
    bool warm;         /* the warm-up is over */
    uint64_t epoch_ns; /* CLOCK_MONOTONIC of the schedule's start */
};

struct load *load_start(const struct load_config *config, struct qv_error *err); /* NULL on failure */
void load_progress(const struct load *load, struct load_progress *out);          /* any thread, any time */
void load_stop(struct load *load); /* end early: requests not yet due are dropped, those in flight get their time-out */
void load_abort(struct load *load); /* end now: those in flight become lost */
int load_finish(struct load *load, struct load_log *log, struct qv_error *err); /* waits, then frees */

/*
 * httperf, with --hog, an explicit time-out and a limit on rate x time-out (it can hold 1,024 descriptors at most).
 * Runs in a process group of its own that is ended with everything in it at the latest 10 s after its time. It prints
 * each request and reply as it happens, and those lines are stamped as they come (log->printed): times are good to
 * about a millisecond, the intended time is taken to be the time of sending, status and length are checked, bodies are
 * not. Its own sums are in log->summary. keepalive and connections are not used. -ENOENT if httperf is not installed.
 */
struct load *load_httperf_start(const struct load_config *config, struct qv_error *err);
int load_httperf_run(const struct load_config *config, struct load_log *log, struct qv_error *err);

/* The argument vector that was or will be run, for provenance: malloc'd NULL-terminated array in one block, free() it.
 * -E2BIG and a reason if the descriptors would not do. */
int load_httperf_command(const struct load_config *config, char ***argv, struct qv_error *err);

/*
 * One GET with a time limit. On success returns the HTTP status and *body is malloc'd, NUL terminated, *length bytes
 * long (both may be NULL). -ETIMEDOUT, -ECONNREFUSED, -ECONNRESET, -EPROTO, -EFBIG (over 16 MiB) otherwise.
 */
int load_fetch(uint16_t port, const char *path, uint64_t timeout_ns, char **body, size_t *length, struct qv_error *err);

/* Asks for a page again and again, with short time-outs, until a right reply comes. 0 and the CLOCK_MONOTONIC time of
 * its last byte, -ETIMEDOUT otherwise. `stop` (may be NULL): ends with -ECANCELED when it becomes nonzero. */
int load_wait_ready(uint16_t port, uint32_t page_bytes, uint64_t timeout_ns, const int *stop, uint64_t *reply_ns,
                    struct qv_error *err);

/* Byte k of any page, and a check of a piece of one. */
static inline char load_page_byte(uint64_t k)
{
    return k % 64 == 63 ? '\n' : (char)('A' + k % 26);
}
bool load_page_matches(const char *data, size_t length, uint64_t offset);

#endif
