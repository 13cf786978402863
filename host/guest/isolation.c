/* SPDX-License-Identifier: MIT */
#include "guest/isolation.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "analysis/names.h"
#include "analysis/sha256.h"

#define ACCESSED_DIRTY 0x60ull /* bits that the processor itself sets in page tables */

enum method { METHOD_NONE, METHOD_COPY, METHOD_PATTERN };
enum excuse { EXCUSE_NONE, EXCUSE_TARGET, EXCUSE_RECOVERY, EXCUSE_RESTART };

struct watched {
    struct qv_region region;
    enum method method;
    enum excuse excuse;   /* why a change is no breach */
    bool pattern_missing; /* free memory that did not hold its pattern to begin with */
    uint8_t *before;      /* METHOD_COPY: owned */
    uint64_t words;       /* changed */
    uint64_t first;       /* lowest changed address */
    uint64_t old_word, new_word;
    char sha256_before[65], sha256_after[65];
};

struct isolation {
    struct guest guest;
    uint32_t targets;
    uint32_t incarnation[QV_MAX_SANDBOXES], attempts[QV_MAX_SANDBOXES]; /* at the beginning */
    uint64_t begun_ns;
    uint32_t n;
    struct watched watched[QV_MAX_REGIONS];
};

static uint64_t word_at(const uint8_t *memory, uint64_t offset)
{
    uint64_t word;
    memcpy(&word, memory + offset, sizeof(word));
    return word;
}

static enum method method_of(uint32_t kind)
{
    switch (kind) {
    case QV_REGION_MONITOR:
    case QV_REGION_NPT:
    case QV_REGION_IMMUTABLE:
    case QV_REGION_STANDBY:
    case QV_REGION_PRISTINE:
        return METHOD_COPY;
    case QV_REGION_CANARY:
        return METHOD_PATTERN;
    default:
        return METHOD_NONE;
    }
}

static void digest(char out[65], const uint8_t *data, uint64_t size)
{
    struct sha256 state;
    uint8_t bytes[SHA256_BYTES];
    sha256_init(&state);
    sha256_update(&state, data, size);
    sha256_final(&state, bytes);
    sha256_hex(bytes, out);
}

static void note_change(struct watched *w, uint64_t offset, uint64_t old_word, uint64_t new_word)
{
    if (w->words++ > 0)
        return;
    w->first = w->region.base + offset;
    w->old_word = old_word;
    w->new_word = new_word;
}

static void compare_pattern(struct watched *w, const uint8_t *now)
{
    for (uint64_t offset = 0; offset + 8 <= w->region.size; offset += 8) {
        uint64_t expected = qv_canary_word(w->region.owner, w->region.base + offset);
        uint64_t found = word_at(now, offset);
        if (found != expected)
            note_change(w, offset, expected, found);
    }
}

static void compare_copy(struct watched *w, const uint8_t *now)
{
    uint64_t ignored = w->region.kind == QV_REGION_NPT ? ACCESSED_DIRTY : 0;
    for (uint64_t offset = 0; offset + 8 <= w->region.size; offset += 8) {
        uint64_t old_word = word_at(w->before, offset);
        uint64_t found = word_at(now, offset);
        if (((old_word ^ found) & ~ignored) != 0)
            note_change(w, offset, old_word, found);
    }
}

static int begin_region(struct isolation *isolation, const struct qv_region *region)
{
    struct watched *w = &isolation->watched[isolation->n];
    const uint8_t *memory = guest_memory(&isolation->guest, region->base, region->size);

    if (region->size == 0 || memory == NULL)
        return 0;
    memset(w, 0, sizeof(*w));
    w->region = *region;
    w->method = method_of(region->kind);
    if (w->method == METHOD_COPY) {
        w->before = malloc(region->size);
        if (w->before == NULL)
            return -ENOMEM;
        memcpy(w->before, memory, region->size);
        digest(w->sha256_before, w->before, region->size);
    } else if (w->method == METHOD_PATTERN) {
        compare_pattern(w, memory);
        w->pattern_missing = w->words != 0;
        w->words = 0;
    }
    isolation->n++;
    return 0;
}

struct isolation *isolation_begin(const struct guest *guest, uint32_t targets, struct qv_error *err)
{
    struct timespec now;
    struct qv_directory *directory = malloc(sizeof(*directory));
    struct isolation *isolation = calloc(1, sizeof(*isolation));
    int result = directory == NULL || isolation == NULL ? -ENOMEM : 0;

    if (result == 0) {
        guest_copy_directory(guest, directory);
        isolation->guest = *guest;
        isolation->targets = targets;
        for (uint32_t i = 0; i < QV_MAX_SANDBOXES; i++) {
            isolation->incarnation[i] = directory->core[i].incarnation;
            isolation->attempts[i] = directory->core[i].attempts;
        }
        for (uint32_t i = 0; i < directory->n_regions && i < QV_MAX_REGIONS && result == 0; i++)
            result = begin_region(isolation, &directory->region[i]);
        clock_gettime(CLOCK_MONOTONIC, &now);
        isolation->begun_ns = (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
    }
    free(directory);
    if (result != 0) {
        isolation_free(isolation);
        (void)qv_error_set(err, result, "no memory for the copies of the isolation check");
        return NULL;
    }
    return isolation;
}

uint64_t isolation_begun_ns(const struct isolation *isolation)
{
    return isolation->begun_ns;
}

static void add_breach(const struct watched *w, struct run_isolation *out)
{
    if (out->breaches < RESULT_MAX_BREACHES)
        out->breach[out->breaches] = (struct run_breach){.base = w->region.base,
                                                         .size = w->region.size,
                                                         .kind = w->region.kind,
                                                         .owner = w->region.owner,
                                                         .first = w->first,
                                                         .words = w->words};
    out->breaches++;
}

/*
 * Whose change is it? A target's memory is not isolation's business. A restarted sandbox is a new one. A sandbox whose
 * own monitor recovered its driver (which may have been uncalled for, but that is another outcome) has other page
 * tables and standby pages than before.
 */
static enum excuse excuse_of(const struct isolation *isolation, const struct qv_region *region)
{
    const volatile struct qv_directory *directory = guest_directory(&isolation->guest, NULL);
    uint32_t owner = region->owner;

    if (owner >= QV_MAX_SANDBOXES || directory == NULL)
        return EXCUSE_NONE;
    if (directory->core[owner].incarnation != isolation->incarnation[owner])
        return EXCUSE_RESTART;
    bool remapped = region->kind == QV_REGION_NPT || region->kind == QV_REGION_STANDBY;
    if (remapped && directory->core[owner].attempts != isolation->attempts[owner])
        return EXCUSE_RECOVERY;
    return isolation->targets & 1u << owner ? EXCUSE_TARGET : EXCUSE_NONE;
}

static void end_region(struct isolation *isolation, struct watched *w, struct run_isolation *out)
{
    const uint8_t *now = guest_memory(&isolation->guest, w->region.base, w->region.size);
    if (w->method == METHOD_COPY) {
        compare_copy(w, now);
        digest(w->sha256_after, now, w->region.size);
    } else {
        compare_pattern(w, now);
    }
    w->excuse = excuse_of(isolation, &w->region);
    if (w->excuse == EXCUSE_TARGET && w->words != 0)
        out->state_differs = true; /* the fault's mark remains */
    if (w->excuse != EXCUSE_NONE)
        return;
    out->checked = true;
    out->regions++;
    out->bytes += w->region.size;
    if (w->words != 0)
        add_breach(w, out);
}

void isolation_end(struct isolation *isolation, struct run_isolation *out)
{
    memset(out, 0, sizeof(*out));
    for (uint32_t i = 0; i < isolation->n; i++) {
        struct watched *w = &isolation->watched[i];
        if (w->method != METHOD_NONE && !w->pattern_missing)
            end_region(isolation, w, out);
    }
}

static const char *judgement(const struct watched *w)
{
    if (w->method == METHOD_NONE)
        return "not watched";
    if (w->pattern_missing)
        return "not watched: no pattern at the start";
    if (w->words == 0)
        return "unchanged";
    static const char *const words[] = {"BREACH", "changed (of a target)", "changed (own recovery)",
                                        "changed (restarted)"};
    return words[w->excuse];
}

static bool is_private(uint32_t kind)
{
    return kind == QV_REGION_IMMUTABLE || kind == QV_REGION_CANARY || kind == QV_REGION_MUTABLE ||
           kind == QV_REGION_DRIVER || kind == QV_REGION_STANDBY;
}

static void write_shares(const struct isolation *isolation, FILE *file)
{
    for (uint32_t sandbox = 0; sandbox < QV_MAX_SANDBOXES; sandbox++) {
        uint64_t all = 0;
        uint64_t seen = 0;
        for (uint32_t i = 0; i < isolation->n; i++) {
            const struct watched *w = &isolation->watched[i];
            if (w->region.owner != sandbox || !is_private(w->region.kind))
                continue;
            all += w->region.size;
            if (w->method != METHOD_NONE && !w->pattern_missing)
                seen += w->region.size;
        }
        if (all > 0)
            fprintf(file, "# sandbox %u: %.1f %% of %" PRIu64 " private bytes watched\n", sandbox,
                    100.0 * (double)seen / (double)all, all);
    }
}

int isolation_write(const struct isolation *isolation, const char *path, struct qv_error *err)
{
    FILE *file = fopen(path, "w");
    if (file == NULL)
        return qv_error_set(err, -errno, "%s: %s", path, strerror(errno));
    write_shares(isolation, file);
    fprintf(file,
            "kind,owner,base,size,judgement,changed_words,first_change,before,after,sha256_before,sha256_after\n");
    for (uint32_t i = 0; i < isolation->n; i++) {
        const struct watched *w = &isolation->watched[i];
        char owner[16] = "none";
        if (w->region.owner < QV_MAX_SANDBOXES)
            snprintf(owner, sizeof(owner), "%u", w->region.owner);
        fprintf(file, "%s,%s,0x%" PRIx64 ",%" PRIu64 ",%s,%" PRIu64, qv_region_name(w->region.kind), owner,
                w->region.base, w->region.size, judgement(w), w->words);
        if (w->words != 0)
            fprintf(file, ",0x%" PRIx64 ",0x%016" PRIx64 ",0x%016" PRIx64, w->first, w->old_word, w->new_word);
        else
            fprintf(file, ",,,");
        fprintf(file, ",%s,%s\n", w->sha256_before, w->sha256_after);
    }
    bool failed = ferror(file) != 0;
    if (fclose(file) != 0 || failed)
        return qv_error_set(err, -EIO, "%s: cannot be written", path);
    return 0;
}

void isolation_free(struct isolation *isolation)
{
    if (isolation == NULL)
        return;
    for (uint32_t i = 0; i < isolation->n; i++)
        free(isolation->watched[i].before);
    free(isolation);
}
