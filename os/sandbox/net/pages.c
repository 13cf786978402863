/* SPDX-License-Identifier: MIT */
#include "pages.h"

#include "counters.h"
#include "kernel.h"
#include "text.h"

#define HEADER_MAX     160u
#define COUNTERS_MAX   6144u
#define COUNTERS_PAGES 8u

#define PATTERN_PAGES   6
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
    const char *path;
    const char *body; /* NULL: the pattern */
    uint32_t size;    /* of the body */
    unsigned code;
    char *arena[2];      /* room for header and body; [1]: the connection is kept open */
    struct page page[2]; /* made when first asked for, so that a restarted sandbox serves soon; reply NULL until then */
};

static const struct {
    const char *path;
    uint32_t size;
} pattern_pages[PATTERN_PAGES] = {{"/64", 64},     {"/256", 256},     {"/1024", 1024},
                                  {"/4096", 4096}, {"/16384", 16384}, {"/65536", 65536}};

static struct constant_page constant[PATTERN_PAGES + TEXT_PAGES];
static char arena[ARENA_BYTES];
static size_t arena_used;
static char pattern[PAGES_MAX_BODY];
static uint32_t pattern_made; /* bytes of it */

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

/* Pattern bytes are made as far as they are asked for. */
static const char *pattern_of(uint32_t size)
{
    uint32_t letter = pattern_made % 26;

    for (; pattern_made < size; pattern_made++) {
        pattern[pattern_made] = pattern_made % 64 == 63 ? '\n' : (char)('A' + letter);
        letter = letter == 25 ? 0 : letter + 1;
    }
    return pattern;
}

static void add_constant(struct constant_page *page, const char *path, unsigned code, const char *body, uint32_t size)
{
    *page = (struct constant_page){.path = path, .body = body, .size = size, .code = code};
    for (int keep_alive = 0; keep_alive < 2; keep_alive++) {
        page->arena[keep_alive] = arena + arena_used;
        arena_used += HEADER_MAX + size;
    }
}

static void make_constant(struct constant_page *page, bool keep_alive)
{
    char *reply = page->arena[keep_alive];
    uint32_t header = (uint32_t)write_header(reply, page->code, page->size, keep_alive);

    memcpy(reply + header, page->body != NULL ? page->body : pattern_of(page->size), page->size);
    page->page[keep_alive] =
        (struct page){.reply = reply, .size = header + page->size, .body = page->size, .code = page->code};
}

void pages_init(void)
{
    struct constant_page *page = constant;

    arena_used = 0;
    for (size_t i = 0; i < PATTERN_PAGES; i++) {
        add_constant(page++, pattern_pages[i].path, 200, NULL, pattern_pages[i].size);
    }
    for (size_t i = 0; i < TEXT_PAGES; i++) {
        const char *body = text_pages[i].body;

        add_constant(page++, text_pages[i].path, text_pages[i].code, body, (uint32_t)strlen(body));
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
            if (constant[i].page[keep_alive].reply == NULL) {
                make_constant(&constant[i], keep_alive);
            }
            *page = constant[i].page[keep_alive];
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
    return pattern_of(PAGES_MAX_BODY);
}
