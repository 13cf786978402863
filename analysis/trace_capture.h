/* SPDX-License-Identifier: MIT */
/*
 * Capturing trace rings from memory that a running OS writes: the host maps guest RAM, adds each ring once and polls
 * now and then; what was written between polls and not overwritten is kept. A ring whose header makes no sense is
 * refused. The mapping must stay valid until the capture is freed. One thread at a time.
 */
#ifndef QV_ANALYSIS_TRACE_CAPTURE_H
#define QV_ANALYSIS_TRACE_CAPTURE_H

#include <stddef.h>
#include <stdint.h>

#include "analysis/error.h"
#include "analysis/trace.h"

struct trace_capture;

/* NULL if memory is short. tsc_hz as the directory says; may be set later, before writing. */
struct trace_capture *trace_capture_new(uint64_t tsc_hz);
void trace_capture_set_hz(struct trace_capture *capture, uint64_t tsc_hz);
void trace_capture_free(struct trace_capture *capture);

/* Adds the ring at `memory`, of which `available` bytes are mapped. -EINVAL (with reason) if it is no ring or cut off.
 */
int trace_capture_add(struct trace_capture *capture, const volatile void *memory, size_t available,
                      struct qv_error *err);

/*
 * Takes what is new in all rings. Returns the number of new records, or a negative error (a header that changed under
 * us, no memory). With `latest_tsc` not NULL: the largest tsc among the new records, 0 if there was none (for
 * clock_map).
 */
long trace_capture_poll(struct trace_capture *capture, uint64_t *latest_tsc, struct qv_error *err);

/* Records captured so far with this id (and first of them in *first if there is one and `first` is not NULL). */
uint64_t trace_capture_count(const struct trace_capture *capture, uint32_t id, struct qv_trace_record *first);

/* Writes trace.bin. */
int trace_capture_write(const struct trace_capture *capture, const char *path, struct qv_error *err);

/* Decodes without a file. */
int trace_capture_decode(const struct trace_capture *capture, struct trace *out, struct qv_error *err);

#endif
