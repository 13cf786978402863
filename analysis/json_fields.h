/* SPDX-License-Identifier: MIT */
/*
 * Structures to JSON and back by table, so that what is written and what is read cannot drift apart.
 */
#ifndef QV_ANALYSIS_JSON_FIELDS_H
#define QV_ANALYSIS_JSON_FIELDS_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "analysis/error.h"

enum json_kind {
    JSON_KIND_BOOL,
    JSON_KIND_INT, /* int */
    JSON_KIND_U32,
    JSON_KIND_U64,    /* above 2^63 - 1 as a decimal string: JSON readers take integers for signed */
    JSON_KIND_DOUBLE, /* NaN and infinities are null */
    JSON_KIND_TEXT,   /* char array */
};

struct json_field {
    const char *key;
    enum json_kind kind;
    size_t offset;
    size_t size;
};

#define JSON_BOOL(type, member)                                                                                        \
    {                                                                                                                  \
#member, JSON_KIND_BOOL, offsetof(type, member), sizeof(bool)                                                  \
    }
#define JSON_INT(type, member)                                                                                         \
    {                                                                                                                  \
#member, JSON_KIND_INT, offsetof(type, member), sizeof(int)                                                    \
    }
#define JSON_U32(type, member)                                                                                         \
    {                                                                                                                  \
#member, JSON_KIND_U32, offsetof(type, member), sizeof(uint32_t)                                               \
    }
#define JSON_U64(type, member)                                                                                         \
    {                                                                                                                  \
#member, JSON_KIND_U64, offsetof(type, member), sizeof(uint64_t)                                               \
    }
#define JSON_DOUBLE(type, member)                                                                                      \
    {                                                                                                                  \
#member, JSON_KIND_DOUBLE, offsetof(type, member), sizeof(double)                                              \
    }
#define JSON_TEXT(type, member)                                                                                        \
    {                                                                                                                  \
#member, JSON_KIND_TEXT, offsetof(type, member), sizeof(((type *)0)->member)                                   \
    }
#define JSON_AS(name, kind, type, member)                                                                              \
    {                                                                                                                  \
        name, kind, offsetof(type, member), sizeof(((type *)0)->member)                                                \
    }
#define JSON_COUNT(table) (sizeof(table) / sizeof((table)[0]))

/* Adds the fields of *base to `object`. False if memory is short or a text is no UTF-8. */
bool json_put_fields(json_t *object, const void *base, const struct json_field *field, size_t n);

/* Fills *base from `object`. A field that is missing or of another kind is an error that names where ("load.sent"). */
int json_get_fields(const json_t *object, void *base, const struct json_field *field, size_t n, const char *where,
                    struct qv_error *err);

#endif
