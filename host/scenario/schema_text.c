/* SPDX-License-Identifier: MIT */
#include "scenario/schema_text.h"

#include <inttypes.h>
#include <string.h>

#include "scenario/units.h"

uint64_t schema_load(const struct field *field, const void *base)
{
    const char *at = (const char *)base + field->offset;
    uint64_t value = 0;
    memcpy(&value, at, field->size); /* little endian: x86-64 only, as the layouts in include/qv */
    return value;
}

void schema_store(const struct field *field, void *base, uint64_t value)
{
    memcpy((char *)base + field->offset, &value, field->size);
}

/* A number of the field's type, as it would be written. */
static char *number(char *out, const struct field *field, uint64_t value)
{
    switch (field->type) {
    case FIELD_DURATION:
        return units_write_duration(out, value);
    case FIELD_RATE:
        return units_write_rate(out, value);
    case FIELD_SIZE:
        return units_write_size(out, value);
    case FIELD_PERCENT:
        return units_write_percent(out, value);
    case FIELD_IPV4:
        return units_write_ipv4(out, (uint32_t)value);
    default:
        snprintf(out, UNITS_TEXT, "%" PRIu64, value);
        return out;
    }
}

static void expected_number(char *out, size_t room, const struct field *field, const char *noun, const char *example)
{
    char low[UNITS_TEXT];
    char high[UNITS_TEXT];
    if (field->min == field->max)
        snprintf(out, room, "%s", number(low, field, field->min));
    else if (field->max == UINT64_MAX)
        snprintf(out, room, "%s%s%s%s", noun, field->min > 0 ? " of at least " : "",
                 field->min > 0 ? number(low, field, field->min) : "", example);
    else
        snprintf(out, room, "%s from %s to %s%s", noun, number(low, field, field->min), number(high, field, field->max),
                 example);
}

static void expected_plain(char *out, size_t room, const struct field *field)
{
    char list[256];
    switch (field->type) {
    case FIELD_NAME:
        snprintf(out, room, "a name of lower-case letters, digits, '-', '_' and '.', at most %zu", field->size - 1);
        break;
    case FIELD_TEXT:
        snprintf(out, room, "text of at most %zu bytes", field->size - 1);
        break;
    case FIELD_COUNT:
        expected_number(out, room, field, "a whole number", "");
        break;
    case FIELD_BOOL:
        snprintf(out, room, "true or false");
        break;
    case FIELD_DURATION:
        expected_number(out, room, field, "a duration", ", such as 250ms or 4s");
        break;
    case FIELD_RATE:
        expected_number(out, room, field, "a rate", ", such as 120/s");
        break;
    case FIELD_SIZE:
        expected_number(out, room, field, "a size", ", such as 16MiB");
        break;
    case FIELD_PERCENT:
        expected_number(out, room, field, "a share", ", such as 30%");
        break;
    case FIELD_MAC:
        snprintf(out, room, "a MAC address such as 52:54:00:12:34:10");
        break;
    case FIELD_IPV4:
        snprintf(out, room, "an IPv4 address such as 10.0.2.15");
        break;
    case FIELD_WORD:
        snprintf(out, room, "%s", words_join(list, sizeof(list), field->words));
        break;
    case FIELD_WORDS:
        snprintf(out, room, "one or a list of %s", words_join(list, sizeof(list), field->words));
        break;
    case FIELD_NAMES:
        snprintf(out, room, "a list of up to %" PRIu64 " names", field->max);
        break;
    case FIELD_MAP:
        snprintf(out, room, "a map of keys and values");
        break;
    case FIELD_LIST:
        snprintf(out, room, "a list of up to %" PRIu64 " maps%s", field->max,
                 field->flags & FIELD_SINGLE ? ", one map, or none" : "");
        break;
    }
}

char *schema_expected(char *out, size_t room, const struct field *field)
{
    expected_plain(out, room, field);
    for (const struct word *special = field->specials; special != NULL && special->name != NULL; special++) {
        size_t n = strlen(out);
        snprintf(out + n, room - n, "%s%s", special[1].name == NULL ? ", or " : ", ", special->name);
    }
    return out;
}

/* Double-quoted, as YAML and JSON both read it. */
static void quoted(char *out, size_t room, const char *text)
{
    size_t n = 0;
    out[n++] = '"';
    for (; *text != '\0' && n + 8 < room; text++) {
        if (*text == '"' || *text == '\\') {
            out[n++] = '\\';
            out[n++] = *text;
        } else if (*text == '\n' || *text == '\t') {
            out[n++] = '\\';
            out[n++] = *text == '\n' ? 'n' : 't';
        } else {
            out[n++] = *text;
        }
    }
    out[n++] = '"';
    out[n] = '\0';
}

static void word_list(char *out, size_t room, const struct field *field, uint64_t bits)
{
    size_t n = (size_t)snprintf(out, room, "[");
    const char *gap = "";
    for (const struct word *word = field->words; word->name != NULL; word++) {
        uint64_t bit = field->flags & FIELD_BITS ? word->value : 1ull << word->value;
        if (!(bits & bit) || n >= room)
            continue;
        n += (size_t)snprintf(out + n, room - n, "%s%s", gap, word->name);
        gap = ", ";
    }
    if (n < room)
        snprintf(out + n, room - n, "]");
}

char *schema_value(char *out, size_t room, const struct field *field, const void *base)
{
    char text[UNITS_TEXT];
    const char *at = (const char *)base + field->offset;

    if (field->type == FIELD_NAME || field->type == FIELD_TEXT) {
        quoted(out, room, at);
        return out;
    }
    if (field->type == FIELD_MAC) {
        snprintf(out, room, "\"%s\"", units_write_mac(text, (const uint8_t *)at));
        return out;
    }
    uint64_t value = schema_load(field, base);
    for (const struct word *special = field->specials; special != NULL && special->name != NULL; special++) {
        if (special->value == value) {
            snprintf(out, room, "%s", special->name);
            return out;
        }
    }
    if (field->type == FIELD_BOOL)
        snprintf(out, room, "%s", value != 0 ? "true" : "false");
    else if (field->type == FIELD_WORD)
        snprintf(out, room, "%s", words_name(field->words, value));
    else if (field->type == FIELD_WORDS)
        word_list(out, room, field, value);
    else
        snprintf(out, room, "%s", number(text, field, value));
    return out;
}
