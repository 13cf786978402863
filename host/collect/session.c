/* SPDX-License-Identifier: MIT */
#include "collect/session.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "collect/line.h"

#define PICTURE_BYTES (2ull << 30) /* the OS uses no memory beyond */
#define POLL_MS       100
#define LINGER_MS     (4u * QV_STREAM_LISTEN_MS) /* after our DONE, for the machine's own or for one more END */
#define ESCAPE        '\033'

struct work {
    const struct session_options *options;
    struct session *session;
    struct stream_receiver *receiver;
    int fd;
    FILE *console;
    enum { PLAIN, ESCAPED, SEQUENCE } text_state;
    uint32_t answered;         /* END frames */
    uint64_t begin_ms, end_ms; /* end_ms: when the result was whole; 0 = not yet */
};

static uint64_t now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000u + (uint64_t)t.tv_nsec / 1000000u;
}

/* Control sequences are those of the boot menu, or noise: neither belongs into a log or on somebody's terminal. */
static bool is_text(struct work *w, char c)
{
    if (w->text_state == PLAIN && c == ESCAPE)
        w->text_state = ESCAPED;
    else if (w->text_state == PLAIN)
        return c == '\n' || c == '\t' || (c >= ' ' && c <= '~');
    else if (w->text_state == ESCAPED)
        w->text_state = c == '[' ? SEQUENCE : PLAIN;
    else if (c >= '@' && c <= '~')
        w->text_state = PLAIN;
    return false;
}

/* A damaged frame has other bytes than text with a flipped bit here and there. */
static bool is_rubble(const char *data, size_t size)
{
    size_t strange = 0;
    for (size_t i = 0; i < size; i++) {
        unsigned char c = (unsigned char)data[i];
        strange += c > '~' || (c < ' ' && strchr("\b\t\n\r\033", c) == NULL);
    }
    return strange * 20 > size;
}

static void take_text(void *context, const char *data, size_t size)
{
    struct work *w = context;
    if (is_rubble(data, size))
        return;
    for (size_t i = 0; i < size; i++) {
        if (!is_text(w, data[i]))
            continue;
        fputc(data[i], w->console);
        if (w->options->echo != NULL)
            fputc(data[i], w->options->echo);
    }
    fflush(w->console);
    if (w->options->echo != NULL)
        fflush(w->options->echo);
}

static int begin(struct work *w, struct qv_error *err)
{
    struct session *s = w->session;
    if (s->memory != NULL)
        munmap(s->memory, s->bytes);
    stream_receiver_free(w->receiver);
    s->bytes = PICTURE_BYTES;
    s->memory = mmap(NULL, s->bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (s->memory == MAP_FAILED)
        s->memory = NULL;
    w->receiver = s->memory != NULL ? stream_receiver_new(s->memory, s->bytes) : NULL;
    w->answered = 0;
    s->begun++;
    return w->receiver != NULL ? 0 : qv_error_set(err, -ENOMEM, "no memory for the machine's memory");
}

static int answer(struct work *w, struct qv_error *err)
{
    uint8_t bytes[QV_STREAM_MAX_ENCODED];
    struct session *s = w->session;
    if (s->state.conflicting)
        return begin(w, err);
    if (s->state.ends == w->answered)
        return 0;
    w->answered = s->state.ends;
    size_t n = stream_receiver_answer(w->receiver, bytes);
    if (n == 0)
        return 0;
    if (s->state.complete && w->end_ms == 0)
        w->end_ms = now_ms();
    s->asked += s->state.complete ? 0 : 1;
    int result = line_write(w->fd, bytes, n);
    return result == 0 ? 0 : qv_error_set(err, result, "%s: %s", w->options->device, strerror(-result));
}

/* 1: all is done; 0: go on. */
static int step(struct work *w, struct qv_error *err)
{
    uint8_t data[4096];
    struct session *s = w->session;
    if (w->options->interrupted != NULL && w->options->interrupted())
        return qv_error_set(err, -EINTR, "interrupted");
    long n = line_read(w->fd, data, sizeof(data), POLL_MS);
    if (n < 0 && w->end_ms != 0)
        return 1; /* switched off: we have it all */
    if (n < 0)
        return qv_error_set(err, (int)n, "%s: %s", w->options->device,
                            n == -EPIPE ? "the other side is gone" : strerror((int)-n));
    s->taken += (uint64_t)n;
    int result = stream_receiver_feed(w->receiver, data, (size_t)n, take_text, w, err);
    if (result != 0)
        return result;
    stream_receiver_look(w->receiver, &s->state);
    if (s->state.delivered && s->state.complete)
        return 1;
    result = answer(w, err);
    if (result != 0)
        return result;
    if (w->end_ms != 0)
        return now_ms() - w->end_ms > LINGER_MS && n == 0;
    if (w->options->timeout_s != 0 && now_ms() - w->begin_ms > 1000ull * w->options->timeout_s)
        return qv_error_set(err, -ETIMEDOUT, "no whole result within %u s: %u of %u frames, %llu damaged",
                            w->options->timeout_s, s->state.frames, s->state.expected,
                            (unsigned long long)s->state.damaged);
    return 0;
}

int session_run(const struct session_options *options, struct session *out, struct qv_error *err)
{
    struct work w = {.options = options, .session = out, .begin_ms = now_ms()};
    memset(out, 0, sizeof(*out));
    w.console = fopen(options->console, "w");
    if (w.console == NULL)
        return qv_error_set(err, -errno, "%s: %s", options->console, strerror(errno));
    w.fd = line_open(options->device, err);
    int result = w.fd < 0 ? w.fd : begin(&w, err);
    while (result == 0)
        result = step(&w, err);
    if (w.fd >= 0)
        close(w.fd);
    fclose(w.console);
    stream_receiver_free(w.receiver);
    if (result < 0)
        session_free(out);
    return result < 0 ? result : 0;
}

void session_free(struct session *session)
{
    if (session->memory != NULL)
        munmap(session->memory, session->bytes);
    session->memory = NULL;
}
