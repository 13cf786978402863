/* SPDX-License-Identifier: MIT */
/*
 * What a load generator did, request by request, and the figures drawn from it. The records come from host/load (own
 * client, httperf) or from the trace (a client sandbox).
 */
#ifndef QV_ANALYSIS_LOAD_LOG_H
#define QV_ANALYSIS_LOAD_LOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "analysis/error.h"
#include "analysis/trace.h"

/* X(symbol, number, name). Good is the only class that is not an error; lost and not-sent are counted apart. */
#define LOAD_CLASSES(X)                                                                                                \
    X(GOOD, 0, "good")                                                                                                 \
    X(BAD_STATUS, 1, "bad-status")                                                                                     \
    X(WRONG_BODY, 2, "wrong-body")                                                                                     \
    X(REFUSED, 3, "refused")                                                                                           \
    X(RESET, 4, "reset")                                                                                               \
    X(TIMEOUT, 5, "timeout")                                                                                           \
    X(LOST, 6, "lost")                                                                                                 \
    X(PROTOCOL, 7, "protocol")                                                                                         \
    X(OTHER, 8, "other")                                                                                               \
    X(NOT_SENT, 9, "not-sent")
#define LOAD_ENUM_ENTRY(sym, num, name) LOAD_##sym = num,
enum load_class { LOAD_CLASSES(LOAD_ENUM_ENTRY) };
#define LOAD_CLASS_COUNT 10u
const char *load_class_name(uint32_t cls);
int load_class_by_name(const char *name); /* -1 = unknown */
bool load_is_lost(uint32_t cls);          /* timeout or lost */

enum load_tool { LOAD_TOOL_QV = 0, LOAD_TOOL_HTTPERF = 1, LOAD_TOOL_SANDBOX = 2 };
const char *load_tool_name(uint32_t tool);
int load_tool_by_name(const char *name);

#define LOAD_NEVER UINT64_MAX /* in a record's time: it did not happen */

/* One request. Times in nanoseconds since load_log.epoch_ns. */
struct load_record {
    uint64_t intended_ns; /* when the schedule wanted it sent */
    uint64_t sent_ns;     /* last byte of the request handed to the socket */
    uint64_t first_ns;    /* first byte of the reply */
    uint64_t done_ns;     /* last byte of a good or bad reply, or when the error was found */
    uint32_t index;       /* position in the schedule, from 0 */
    uint16_t status;      /* HTTP status, 0 = none */
    uint8_t cls;          /* enum load_class */
    uint8_t warmup;       /* 1 = intended before the end of the warm-up */
};

/* What the tool itself says at its end (httperf); fields it does not say are NaN. */
struct load_tool_summary {
    bool present;
    double connections, requests, replies, duration_s;
    double reply_rate_avg, reply_ms_avg, connect_ms_avg, connect_ms_median, connect_ms_max;
    double errors_total, errors_timeout, errors_refused, errors_reset;
};

struct load_log {
    uint32_t tool;   /* enum load_tool */
    bool poisson;    /* arrivals */
    bool guest_time; /* times are guest ticks turned into ns, epoch_ns is guest time */
    bool printed;    /* times are when the tool printed its lines, intended = sent, bodies were not compared */
    double rate;     /* requests per second asked for */
    uint32_t page_bytes;
    uint32_t connections; /* at most; 0 = one per request */
    bool keepalive;
    uint64_t seed;
    uint64_t epoch_ns;  /* CLOCK_MONOTONIC when the schedule began (or guest time, see guest_time) */
    uint64_t warmup_ns; /* the first part of the schedule, kept out of all figures */
    uint64_t end_ns;    /* end of the schedule */
    uint64_t timeout_ns;
    uint64_t late_max_ns;       /* worst delay of our own between intended and actual start */
    struct load_record *record; /* owned; in order of intended_ns */
    size_t n;
    struct load_tool_summary summary;
};

void load_log_init(struct load_log *log);
void load_log_free(struct load_log *log);

/* Figures after the warm-up. Latencies in milliseconds from the intended send time to the last byte, good replies only;
 * `outage_*`: longest gap between consecutive good replies. */
struct load_stats {
    uint64_t intended; /* requests of the schedule after the warm-up */
    uint64_t sent;     /* = good + errors + lost: all that was begun, also where the connection was refused */
    uint64_t good;
    uint64_t errors; /* came to a bad end that the client saw */
    uint64_t lost;   /* sent, no reply within the time limit or by the end (timeout and lost) */
    uint64_t by_class[LOAD_CLASS_COUNT];
    uint64_t wrong_ever;   /* wrong bodies, warm-up included */
    uint64_t last_good_ns; /* since epoch, 0 = none */
    double duration_s;
    double sent_rate, good_rate; /* per second */
    bool has_latency;
    double latency_min, latency_p50, latency_p90, latency_p99, latency_p999, latency_max, latency_mean, latency_sd;
    double answer_p50, answer_p99, answer_max; /* the same from the actual send time, to show coordinated omission */
    double late_max_ms; /* how late our own client was at worst: large values mean an overloaded host */
    double outage_ms;   /* longest gap between consecutive good replies */
    double outage_start_ms, outage_end_ms; /* since epoch */
    bool outage_open;                      /* no good reply came after it: a lower bound */
};
int load_stats_of(const struct load_log *log, struct load_stats *out, struct qv_error *err);

/* The same for the requests intended in [from_ns, to_ns), since epoch. */
int load_stats_window(const struct load_log *log, uint64_t from_ns, uint64_t to_ns, struct load_stats *out,
                      struct qv_error *err);

/* One bin of the time line; `t_ms` = start of the bin since epoch. */
struct load_bin {
    double t_ms;
    uint32_t intended;     /* by intended time */
    uint32_t sent;         /* by time of sending */
    uint32_t good;         /* by time of the last byte */
    uint32_t errors;       /* by time of finding out */
    uint32_t lost;         /* by intended time */
    double latency_max_ms; /* of the good replies that ended in this bin; NaN = none */
};
/* Bins of `bin_ms` from 0 to the end of the log; *out is malloc'd, returns its length or a negative error. */
long load_bins(const struct load_log *log, double bin_ms, struct load_bin **out, struct qv_error *err);

/* requests.csv: every record. load_log_read_csv reads it back (also the head comment with the configuration). */
int load_log_write_csv(const struct load_log *log, const char *path, struct qv_error *err);
int load_log_read_csv(const char *path, struct load_log *log, struct qv_error *err);

/* Load made by a client sandbox: from CLIENT_SEND and CLIENT_DONE records. Fills times, classes and n; the caller sets
 * rate, warm-up and so on before. -ENOENT if the trace holds none. */
int load_log_from_trace(struct load_log *log, const struct trace *trace, struct qv_error *err);

#endif
