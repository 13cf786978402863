/* SPDX-License-Identifier: MIT */
/*
 * The schema engine: tables that say which keys a map has, what type, range and default each has and where its value
 * goes; one reader and one printer for all of them. The tables of the scenario are in keys.c.
 */
#ifndef QV_SCENARIO_SCHEMA_H
#define QV_SCENARIO_SCHEMA_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "scenario/tree.h"
#include "scenario/words.h"

enum field_type {
    FIELD_NAME,     /* char[size]: lower-case letters, digits, '-', '_', '.' */
    FIELD_TEXT,     /* char[size] */
    FIELD_COUNT,    /* unsigned of 1 to 8 bytes, like all numbers below */
    FIELD_BOOL,     /* true or false */
    FIELD_DURATION, /* microseconds */
    FIELD_RATE,     /* thousandths per second */
    FIELD_SIZE,     /* bytes */
    FIELD_PERCENT,  /* millionths */
    FIELD_MAC,      /* uint8_t[6] */
    FIELD_IPV4,     /* host order */
    FIELD_WORD,     /* one of `words` */
    FIELD_WORDS,    /* one of `words` or a list of them: the bits 1 << value, or the values or-ed with FIELD_BITS */
    FIELD_NAMES,    /* a list of up to `max` texts, char[size] each; the number goes to count_offset */
    FIELD_MAP,      /* `fields` */
    FIELD_LIST,     /* up to `max` entries of `fields`; the number goes to count_offset */
};

enum field_flag {
    FIELD_REQUIRED = 1u << 0,
    FIELD_BITS = 1u << 1,      /* FIELD_WORDS: the words' values are bits already */
    FIELD_SINGLE = 1u << 2,    /* FIELD_LIST: one entry may stand without a list, and the word "none" for no entry */
    FIELD_OMIT_ZERO = 1u << 3, /* not printed when 0 */
    FIELD_COPY = 1u << 4,      /* FIELD_NAME: may also have '#', for one of several copies */
};

struct field {
    const char *key;
    enum field_type type;
    unsigned flags;
    size_t offset; /* of the value in the struct that the table describes */
    size_t size;   /* bytes of the value; FIELD_LIST: of one entry */
    uint64_t min;
    uint64_t max;
    const struct word *words;
    const struct word *specials; /* words that stand for a number: "auto", "none", "any" */
    const char *fallback;        /* default, as it would be written; NULL: zero */
    const struct field *fields;  /* ends with a NULL key */
    size_t count_offset;
    const char *help;
};

/*
 * Reads `node` by `fields` into `base`; mistakes go to *diag. Values that cannot be read get their default and their
 * node becomes NODE_BROKEN; a map without a required key gets `incomplete`. node == NULL: all defaults. `where` is how
 * messages call the map.
 */
void schema_read(const struct field *fields, struct node *node, void *base, const char *where, struct diag *diag);

/* Writes the struct at `base` as YAML. */
void schema_print(FILE *stream, const struct field *fields, const void *base);

/* One line for each key: `path`, type and range, default, meaning; separated by tabs. */
void schema_print_keys(FILE *stream, const struct field *fields, const char *prefix);

#endif
