/* SPDX-License-Identifier: MIT */
/*
 * libFuzzer harness of the trace decoder and of what reads a decoded trace. Built on demand (docs/method.md). Each
 * input is tried as it is and with its checksum made right, since no fuzzer would get past that by chance. Besides not
 * crashing, the decoder must keep its promises: a refusal has a reason and leaves nothing behind, what it accepts is in
 * order of time, and no record is invented.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/load_log.h"
#include "analysis/phases.h"
#include "analysis/trace.h"
#include "analysis/trace_file.h"
#include "qv/draw.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void demand(int condition)
{
    if (!condition)
        abort();
}

static void check_order(const struct trace *trace)
{
    for (size_t i = 1; i < trace->n; i++)
        demand(trace->event[i - 1].t <= trace->event[i].t);
    uint64_t count = 0;
    for (uint32_t i = 0; i < trace->n_rings; i++)
        count += trace->ring[i].count;
    demand(count == trace->n);
}

static void use(const struct trace *trace)
{
    struct qv_error err = {""};
    struct recoveries rs;
    struct load_log log;
    struct load_stats stats;
    char *text = NULL;
    size_t length = 0;
    if (phases_extract(trace, &rs, &err) == 0) {
        for (size_t i = 0; i < rs.n; i++)
            demand(rs.item[i].n_spans <= PHASES_MAX_SPANS);
        phases_free(&rs);
    } else {
        demand(err.text[0] != '\0' && rs.item == NULL);
    }
    load_log_init(&log);
    if (load_log_from_trace(&log, trace, &err) == 0) {
        demand(load_stats_of(&log, &stats, &err) == 0);
        demand(stats.sent == stats.good + stats.errors + stats.lost);
    }
    load_log_free(&log);
    FILE *out = open_memstream(&text, &length);
    demand(out != NULL);
    trace_print(out, trace, NULL);
    fclose(out);
    free(text);
}

static void try_one(const uint8_t *data, size_t size)
{
    struct trace trace;
    struct qv_error err = {""};
    if (trace_decode(data, size, &trace, &err) != 0) {
        demand(err.text[0] != '\0' && trace.event == NULL && trace.n == 0);
        return;
    }
    check_order(&trace);
    use(&trace);
    trace_free(&trace);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct trace_file_header header;
    try_one(data, size);
    if (size < sizeof(header))
        return 0;
    uint8_t *sealed = malloc(size);
    demand(sealed != NULL);
    memcpy(sealed, data, size);
    memcpy(&header, data, sizeof(header));
    header.magic = TRACE_FILE_MAGIC;
    header.version = TRACE_FILE_VERSION;
    header.record_version = QV_TRACE_VERSION;
    header.crc = qv_crc32(0, data + sizeof(header), size - sizeof(header));
    memcpy(sealed, &header, sizeof(header));
    try_one(sealed, size);
    free(sealed);
    return 0;
}
