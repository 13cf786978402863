/* SPDX-License-Identifier: MIT */
#include "analysis/json_fields.h"

#include <errno.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Text that came from outside (a command line, a guest's last words) may hold anything: what is no UTF-8 becomes '?'.
 */
static json_t *text_value(const char *text, size_t size)
{
    char copy[4096];
    size_t n = strnlen(text, size < sizeof(copy) ? size : sizeof(copy) - 1);
    json_t *value = json_stringn(text, n);
    if (value != NULL)
        return value;
    for (size_t i = 0; i < n; i++)
        copy[i] = (unsigned char)text[i] < 0x80 ? text[i] : '?';
    return json_stringn(copy, n);
}

static json_t *u64_value(uint64_t number)
{
    if (number <= INT64_MAX)
        return json_integer((json_int_t)number);
    return json_sprintf("%llu", (unsigned long long)number);
}

static json_t *field_value(const void *base, const struct json_field *f)
{
    const char *at = (const char *)base + f->offset;
    uint32_t u32;
    uint64_t u64;
    double real;
    int integer;
    bool flag;
    switch (f->kind) {
    case JSON_KIND_BOOL:
        memcpy(&flag, at, sizeof(flag));
        return json_boolean(flag);
    case JSON_KIND_INT:
        memcpy(&integer, at, sizeof(integer));
        return json_integer(integer);
    case JSON_KIND_U32:
        memcpy(&u32, at, sizeof(u32));
        return json_integer(u32);
    case JSON_KIND_U64:
        memcpy(&u64, at, sizeof(u64));
        return u64_value(u64);
    case JSON_KIND_DOUBLE:
        memcpy(&real, at, sizeof(real));
        return isfinite(real) ? json_real(real) : json_null();
    case JSON_KIND_TEXT:
        return text_value(at, f->size);
    }
    return NULL;
}

bool json_put_fields(json_t *object, const void *base, const struct json_field *field, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (json_object_set_new(object, field[i].key, field_value(base, &field[i])) != 0)
            return false;
    }
    return true;
}

static bool get_u64(const json_t *value, uint64_t *out)
{
    if (json_is_integer(value) && json_integer_value(value) >= 0) {
        *out = (uint64_t)json_integer_value(value);
        return true;
    }
    const char *text = json_string_value(value);
    char *end;
    if (text == NULL || text[0] < '0' || text[0] > '9')
        return false;
    errno = 0;
    *out = strtoull(text, &end, 10);
    return *end == '\0' && errno == 0;
}

static bool get_double(const json_t *value, double *out)
{
    if (json_is_null(value))
        *out = NAN;
    else if (json_is_number(value))
        *out = json_number_value(value);
    else
        return false;
    return true;
}

/* What was expected there, or NULL if the field was filled. */
static const char *get_field(const json_t *value, void *base, const struct json_field *f)
{
    char *at = (char *)base + f->offset;
    uint64_t u64;
    double real;
    switch (f->kind) {
    case JSON_KIND_BOOL: {
        bool flag = json_is_true(value);
        memcpy(at, &flag, sizeof(flag));
        return json_is_boolean(value) ? NULL : "true or false";
    }
    case JSON_KIND_INT: {
        int integer = (int)json_integer_value(value);
        memcpy(at, &integer, sizeof(integer));
        return json_is_integer(value) && json_integer_value(value) == integer ? NULL : "an integer";
    }
    case JSON_KIND_U32: {
        if (!get_u64(value, &u64) || u64 > UINT32_MAX)
            return "an integer from 0 to 2^32 - 1";
        uint32_t u32 = (uint32_t)u64;
        memcpy(at, &u32, sizeof(u32));
        return NULL;
    }
    case JSON_KIND_U64:
        if (!get_u64(value, &u64))
            return "an integer from 0 to 2^64 - 1";
        memcpy(at, &u64, sizeof(u64));
        return NULL;
    case JSON_KIND_DOUBLE:
        if (!get_double(value, &real))
            return "a number or null";
        memcpy(at, &real, sizeof(real));
        return NULL;
    case JSON_KIND_TEXT:
        if (!json_is_string(value) || json_string_length(value) >= f->size)
            return "a string that fits";
        memcpy(at, json_string_value(value), json_string_length(value) + 1);
        return NULL;
    }
    return "a known kind";
}

int json_get_fields(const json_t *object, void *base, const struct json_field *field, size_t n, const char *where,
                    struct qv_error *err)
{
    for (size_t i = 0; i < n; i++) {
        const char *expected = get_field(json_object_get(object, field[i].key), base, &field[i]);
        if (expected != NULL)
            return qv_error_set(err, -EINVAL, "%s%s%s: expected %s", where, where[0] != '\0' ? "." : "", field[i].key,
                                expected);
    }
    return 0;
}
