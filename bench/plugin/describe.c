/* SPDX-License-Identifier: MIT */
#include "bench/plugin/describe.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FILE_MAX_BYTES 65536
#define ENTRIES_MAX    65536u
#define BYTES_MAX      (1u << 30)

enum kind { TEXT, GEOMETRY, CACHE, NUMBER, TRANSITION, WHETHER };

struct key {
    const char *name;
    enum kind kind;
    size_t offset;
    size_t size; /* TEXT */
    bool required;
};

#define AT(member) offsetof(struct description, member)
#define TLB(name, member)                                                                                              \
    {name ".4k", GEOMETRY, AT(member.by_size[PAGE_4K]), 0, false},                                                     \
        {name ".2m", GEOMETRY, AT(member.by_size[PAGE_2M]), 0, false},                                                 \
        {name ".1g", GEOMETRY, AT(member.by_size[PAGE_1G]), 0, false},                                                 \
    {                                                                                                                  \
        name ".any-size", WHETHER, AT(member.any_size), 0, false                                                       \
    }
#define WALK(name, member)                                                                                             \
    {name ".pde", GEOMETRY, AT(member.pde), 0, false}, {name ".pdpte", GEOMETRY, AT(member.pdpte), 0, false},          \
    {                                                                                                                  \
        name ".pml4e", GEOMETRY, AT(member.pml4e), 0, false                                                            \
    }

static const struct key keys[] = {
    {"name", TEXT, AT(name), sizeof(((struct description *)0)->name), true},
    {"processor", TEXT, AT(processor), sizeof(((struct description *)0)->processor), true},
    TLB("dtlb", dtlb),
    TLB("itlb", itlb),
    TLB("l2tlb", l2tlb),
    TLB("l2itlb", l2itlb),
    WALK("walk-cache", walk),
    WALK("nested-walk-cache", nested_walk),
    {"nested-tlb", GEOMETRY, AT(nested_tlb), 0, false},
    {"vm-transition", TRANSITION, AT(transition_flushes), 0, true},
    {"line", NUMBER, AT(line), 0, true},
    {"l1i", CACHE, AT(l1i), 0, true},
    {"l1d", CACHE, AT(l1d), 0, true},
    {"l2", CACHE, AT(l2), 0, false},
    {"llc", CACHE, AT(llc), 0, true},
    {"latency.l1", NUMBER, AT(latency.l1), 0, true},
    {"latency.l2", NUMBER, AT(latency.l2), 0, false},
    {"latency.llc", NUMBER, AT(latency.llc), 0, true},
    {"latency.memory", NUMBER, AT(latency.memory), 0, true},
    {"latency.l2tlb", NUMBER, AT(latency.l2tlb), 0, false},
};
#define KEYS (sizeof(keys) / sizeof(keys[0]))

struct reader {
    const char *file, *text, *at;
    char *message;
    size_t room;
};

static int refuse(const struct reader *r, const char *at, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
static int refuse(const struct reader *r, const char *at, const char *format, ...)
{
    unsigned line = 1;
    unsigned column = 1;
    va_list arguments;
    for (const char *p = r->text; p < at; p++) {
        column = *p == '\n' ? 1 : column + 1;
        line += *p == '\n';
    }
    int n = snprintf(r->message, r->room, "%s:%u:%u: ", r->file, line, column);
    va_start(arguments, format);
    if (n > 0 && (size_t)n < r->room)
        (void)vsnprintf(r->message + n, r->room - (size_t)n, format, arguments);
    va_end(arguments);
    return -1;
}

static void skip_blanks(struct reader *r)
{
    while (*r->at == ' ' || *r->at == '\t')
        r->at++;
}

static bool at_end(const struct reader *r)
{
    return *r->at == '\n' || *r->at == '\0' || *r->at == '#';
}

static bool take_word(struct reader *r, const char *word)
{
    size_t n = strlen(word);
    skip_blanks(r);
    if (strncmp(r->at, word, n) != 0 || isalnum((unsigned char)r->at[n]))
        return false;
    r->at += n;
    return true;
}

static bool take_number(struct reader *r, uint32_t limit, uint32_t *out)
{
    uint64_t value = 0;
    const char *begin;
    skip_blanks(r);
    for (begin = r->at; isdigit((unsigned char)*r->at) && value <= limit; r->at++)
        value = value * 10 + (uint64_t)(*r->at - '0');
    *out = (uint32_t)value;
    if (r->at == begin || value > limit) {
        r->at = begin;
        return false;
    }
    return true;
}

/* "64 entries, 4 ways" or "48 entries, full" */
static int read_geometry(struct reader *r, const char *name, struct assoc_geometry *out)
{
    static const char form[] = "N entries, N ways (or: full)";
    const char *begin = r->at;
    if (!take_number(r, ENTRIES_MAX, &out->entries) || out->entries == 0)
        return refuse(r, r->at, "%s: expected %s, N from 1 to %u", name, form, ENTRIES_MAX);
    if (!take_word(r, "entries") || !take_word(r, ","))
        return refuse(r, r->at, "%s: expected 'entries,' as in %s", name, form);
    if (take_word(r, "full"))
        out->ways = out->entries;
    else if (!take_number(r, out->entries, &out->ways) || out->ways == 0 || !take_word(r, "ways"))
        return refuse(r, r->at, "%s: expected the ways, at most the entries, as in %s", name, form);
    if (out->entries % out->ways != 0)
        return refuse(r, begin, "%s: %u entries do not divide into sets of %u ways, expected a multiple", name,
                      out->entries, out->ways);
    return 0;
}

/* "32 KiB, 8 ways" */
static int read_cache(struct reader *r, const char *name, struct cache_description *out)
{
    static const char form[] = "N KiB, N ways (or MiB)";
    uint32_t unit = 1024;
    if (!take_number(r, BYTES_MAX / 1024, &out->bytes) || out->bytes == 0)
        return refuse(r, r->at, "%s: expected a size, as in %s", name, form);
    if (take_word(r, "MiB"))
        unit = 1024 * 1024;
    else if (!take_word(r, "KiB"))
        return refuse(r, r->at, "%s: expected KiB or MiB, as in %s", name, form);
    if (out->bytes > BYTES_MAX / unit)
        return refuse(r, r->at, "%s: too large, expected at most %u MiB", name, BYTES_MAX >> 20);
    out->bytes *= unit;
    if (!take_word(r, ",") || !take_number(r, ENTRIES_MAX, &out->ways) || out->ways == 0 || !take_word(r, "ways"))
        return refuse(r, r->at, "%s: expected ', N ways', as in %s", name, form);
    return 0;
}

static int read_text(struct reader *r, const struct key *key, char *out)
{
    const char *end = r->at;
    while (*end != '\n' && *end != '\0' && *end != '#')
        end++;
    const char *next = end;
    while (end > r->at && isblank((unsigned char)end[-1]))
        end--;
    size_t n = (size_t)(end - r->at);
    if (n == 0 || n >= key->size)
        return refuse(r, r->at, "%s: expected 1 to %zu characters", key->name, key->size - 1);
    memcpy(out, r->at, n);
    out[n] = '\0';
    r->at = next;
    return 0;
}

static int read_choice(struct reader *r, const char *name, const char *yes, const char *no, bool *out)
{
    *out = take_word(r, yes);
    return *out || take_word(r, no) ? 0 : refuse(r, r->at, "%s: expected %s or %s", name, yes, no);
}

static int read_value(struct reader *r, const struct key *key, struct description *out)
{
    void *to = (char *)out + key->offset;
    skip_blanks(r);
    switch (key->kind) {
    case TEXT:
        return read_text(r, key, to);
    case GEOMETRY:
        return read_geometry(r, key->name, to);
    case CACHE:
        return read_cache(r, key->name, to);
    case TRANSITION:
        return read_choice(r, key->name, "flush", "tagged", to);
    case WHETHER:
        return read_choice(r, key->name, "yes", "no", to);
    default:
        break;
    }
    if (!take_number(r, 100000, to) || *(uint32_t *)to == 0)
        return refuse(r, r->at, "%s: expected a whole number from 1 to 100000", key->name);
    return 0;
}

static int read_line(struct reader *r, bool seen[KEYS], struct description *out)
{
    const char *begin = r->at;
    while (isalnum((unsigned char)*r->at) || *r->at == '.' || *r->at == '-')
        r->at++;
    size_t n = (size_t)(r->at - begin);
    size_t i = 0;
    while (i < KEYS && (strlen(keys[i].name) != n || strncmp(keys[i].name, begin, n) != 0))
        i++;
    if (i == KEYS)
        return refuse(r, begin, "'%.*s' is no key, expected one as in docs/pmu.md", (int)(n < 40 ? n : 40), begin);
    if (seen[i])
        return refuse(r, begin, "%s is given twice, expected it once", keys[i].name);
    seen[i] = true;
    skip_blanks(r);
    if (*r->at != '=')
        return refuse(r, r->at, "expected '=' after %s", keys[i].name);
    r->at++;
    if (read_value(r, &keys[i], out) != 0)
        return -1;
    skip_blanks(r);
    return at_end(r) ? 0 : refuse(r, r->at, "expected the end of the line after %s's value", keys[i].name);
}

static int check_cache(const struct reader *r, const char *name, const struct cache_description *cache, uint32_t line)
{
    if (cache->bytes != 0 && (cache->bytes / line == 0 || cache->bytes / line % cache->ways != 0))
        return refuse(r, r->at, "%s: its lines do not divide into sets of %u ways, expected a multiple", name,
                      cache->ways);
    return 0;
}

static int check(const struct reader *r, const struct description *d)
{
    if (d->dtlb.by_size[PAGE_4K].entries == 0 || d->itlb.by_size[PAGE_4K].entries == 0)
        return refuse(r, r->at, "expected dtlb.4k and itlb.4k");
    if ((d->line & (d->line - 1)) != 0 || d->line < 16 || d->line > 4096)
        return refuse(r, r->at, "line: expected a power of two from 16 to 4096");
    if (d->l2.bytes != 0 && d->latency.l2 == 0)
        return refuse(r, r->at, "expected latency.l2 where there is an l2");
    int result = check_cache(r, "l1i", &d->l1i, d->line);
    result = result != 0 ? result : check_cache(r, "l1d", &d->l1d, d->line);
    result = result != 0 ? result : check_cache(r, "l2", &d->l2, d->line);
    return result != 0 ? result : check_cache(r, "llc", &d->llc, d->line);
}

int describe_parse(const char *file, const char *text, struct description *out, char *message, size_t size)
{
    struct reader r = {.file = file, .text = text, .at = text, .message = message, .room = size};
    bool seen[KEYS] = {false};
    memset(out, 0, sizeof(*out));
    while (*r.at != '\0') {
        skip_blanks(&r);
        if (!at_end(&r) && read_line(&r, seen, out) != 0)
            return -1;
        while (*r.at != '\n' && *r.at != '\0')
            r.at++;
        r.at += *r.at == '\n';
    }
    for (size_t i = 0; i < KEYS; i++)
        if (keys[i].required && !seen[i])
            return refuse(&r, r.at, "%s is missing, expected it", keys[i].name);
    return check(&r, out);
}

int describe_read(const char *path, const char *name, struct description *out, char *message, size_t size)
{
    char *text = calloc(1, FILE_MAX_BYTES + 1);
    FILE *file = text != NULL ? fopen(path, "rb") : NULL;
    size_t n = 0;
    int result = -1;
    if (file == NULL) {
        (void)snprintf(message, size, "%s: %s", path, strerror(text != NULL ? errno : ENOMEM));
        free(text);
        return -1;
    }
    n = fread(text, 1, FILE_MAX_BYTES, file);
    if (ferror(file) != 0 || n == FILE_MAX_BYTES)
        (void)snprintf(message, size, "%s: cannot be read, expected a file of less than %u bytes", path,
                       FILE_MAX_BYTES);
    else if (strlen(text) != n)
        (void)snprintf(message, size, "%s:1:1: a byte of zero, expected text", path);
    else
        result = describe_parse(path, text, out, message, size);
    fclose(file);
    free(text);
    if (result == 0 && name != NULL && strcmp(name, out->name) != 0) {
        (void)snprintf(message, size, "%s: describes '%s', expected '%s'", path, out->name, name);
        result = -1;
    }
    return result;
}
