/* SPDX-License-Identifier: MIT */
#include "pages.h"

#include "counters.h"
#include "kernel.h"
#include "text.h"

#define HEADER_MAX     160u
#define COUNTERS_MAX   6144u
#define COUNTERS_PAGES 8u

static const uint32_t pattern_sizes[] = {64, 256, 1024, 4096, 16384, 65536};
#define PATTERN_PAGES   (sizeof(pattern_sizes) / sizeof(pattern_sizes[0]))
#define PATTERN_BYTES   (64 + 256 + 1024 + 4096 + 16384 + 65536)
#define TEXT_PAGES      4
#define TEXT_PAGE_BYTES 512
#define PATTERN_ALL     (PATTERN_BYTES + PATTERN_PAGES * HEADER_MAX)
#define ARENA_BYTES     (2 * (PATTERN_ALL + TEXT_PAGES * (TEXT_PAGE_BYTES + HEADER_MAX)))

static const struct {
    const char *path;
    unsigned code;
    const char *body;
} text_pages[TEXT_PAGES] = {
    {"/index.html", 200,
     "Quest-V testbed\n\n"
     "/64 /256 /1024 /4096 /16384 /65536   a page of that many bytes\n"
     "/counters                            counters of this sandbox\n"},
    {"/404.html", 404, "no such page; / lists what there is\n"},
    {"/400.html", 400, "not an HTTP request that is understood here\n"},
    {"/501.html", 501, "only GET is served here\n"},
};

struct constant_page {
    char path[12];
    struct page page[2]; /* [1]: the connection is kept open */
};

static struct constant_page constant[PATTERN_PAGES + TEXT_PAGES];
static char arena[ARENA_BYTES];
static size_t arena_used;
static const char *pattern;

static struct {
    char data[HEADER_MAX + COUNTERS_MAX];
    const char *reply; /* NULL: free */
} counters_page[COUNTERS_PAGES];

static const char *reason(unsigned code)
{
    switch (code) {
    case 200:
        return "OK";
    case 400:
        return "Bad Request";
    case 404:
        return "Not Found";
    default:
        return "Not Implemented";
    }
}

/* The header, at most HEADER_MAX bytes; returns its length. */
static size_t write_header(char *to, unsigned code, uint32_t body, bool keep_alive)
{
    struct text text = {.buffer = to, .size = HEADER_MAX};

    text_string(&text, "HTTP/1.1 ");
    text_number(&text, code);
    text_string(&text, " ");
    text_string(&text, reason(code));
    text_string(&text, "\r\nServer: quest-v-testbed\r\nContent-Type: text/plain\r\nContent-Length: ");
    text_number(&text, body);
    text_string(&text, keep_alive ? "\r\nConnection: keep-alive\r\n\r\n" : "\r\nConnection: close\r\n\r\n");
    return text.used;
}

static void add_constant(struct constant_page *slot, const char *path, unsigned code, const char *body, uint32_t size)
{
    memcpy(slot->path, path, strlen(path) + 1);
    for (int keep_alive = 0; keep_alive < 2; keep_alive++) {
        char *reply = arena + arena_used;
        size_t header = write_header(reply, code, size, keep_alive == 1);
        struct page page = {.reply = reply, .size = (uint32_t)header + size, .body = size, .code = code};

        if (body != NULL) {
            memcpy(reply + header, body, size);
        } else {
            for (uint32_t k = 0; k < size; k++) {
                reply[header + k] = k % 64 == 63 ? '\n' : (char)('A' + k % 26);
            }
            pattern = reply + header; /* ends as that of the largest page, which comes last */
        }
        slot->page[keep_alive] = page;
        arena_used += header + size;
    }
}

void pages_init(void)
{
    struct constant_page *slot = constant;

    arena_used = 0;
    for (size_t i = 0; i < PATTERN_PAGES; i++, slot++) {
        char path[12];
        struct text text = {.buffer = path, .size = sizeof(path) - 1};

        text_string(&text, "/");
        text_number(&text, pattern_sizes[i]);
        path[text.used] = '\0';
        add_constant(slot, path, 200, NULL, pattern_sizes[i]);
    }
    for (size_t i = 0; i < TEXT_PAGES; i++, slot++) {
        const char *body = text_pages[i].body;

        add_constant(slot, text_pages[i].path, text_pages[i].code, body, (uint32_t)strlen(body));
    }
    for (size_t i = 0; i < COUNTERS_PAGES; i++) {
        counters_page[i].reply = NULL;
    }
}

static bool make_counters(bool keep_alive, struct page *page)
{
    for (size_t i = 0; i < COUNTERS_PAGES; i++) {
        char *body = counters_page[i].data + HEADER_MAX;

        if (counters_page[i].reply == NULL) {
            char header[HEADER_MAX];
            uint32_t size = (uint32_t)counters_text(body, COUNTERS_MAX);
            size_t header_size = write_header(header, 200, size, keep_alive);

            memcpy(body - header_size, header, header_size);
            counters_page[i].reply = body - header_size;
            *page = (struct page){.reply = body - header_size,
                                  .size = (uint32_t)header_size + size,
                                  .body = size,
                                  .code = 200,
                                  .is_volatile = true};
            return true;
        }
    }
    return false;
}

bool pages_find(const char *path, bool keep_alive, struct page *page)
{
    for (size_t i = 0; i < PATTERN_PAGES + TEXT_PAGES; i++) {
        if (strcmp(constant[i].path, path) == 0) {
            *page = constant[i].page[keep_alive ? 1 : 0];
            return true;
        }
    }
    return strcmp(path, "/counters") == 0 && make_counters(keep_alive, page);
}

void pages_release(const char *reply)
{
    for (size_t i = 0; i < COUNTERS_PAGES; i++) {
        if (counters_page[i].reply == reply) {
            counters_page[i].reply = NULL;
        }
    }
}

const char *pages_pattern(void)
{
    return pattern;
}
