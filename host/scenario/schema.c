/* SPDX-License-Identifier: MIT */
#include "scenario/schema.h"

#include <inttypes.h>
#include <string.h>

#include "scenario/schema_text.h"
#include "scenario/text_check.h"
#include "scenario/units.h"

#define EXPECTED_TEXT 300u
#define SHOWN_TEXT    44u

struct reading {
    const struct field *field;
    struct node *node;
    void *base;
    struct diag *diag;
};

static void refuse(const struct reading *r, const char *problem)
{
    char expected[EXPECTED_TEXT];
    diag_error(r->diag, r->node->at, "%s: %s, expected %s", r->field->key, problem,
               schema_expected(expected, sizeof(expected), r->field));
    r->node->kind = NODE_BROKEN;
}

static void refuse_value(const struct reading *r, const char *text, const char *why)
{
    char shown[SHOWN_TEXT];
    char problem[128];
    if (*text == '\0')
        snprintf(problem, sizeof(problem), "no value");
    else
        snprintf(problem, sizeof(problem), "'%s' %s", text_quote(shown, sizeof(shown), text), why);
    refuse(r, problem);
}

/* A word of no list: with the nearest one as a hint. */
static void refuse_word(const struct reading *r, struct node *node, const char *text)
{
    char expected[EXPECTED_TEXT];
    char shown[SHOWN_TEXT];
    char hint[96] = "";
    const char *names[64];
    size_t n = 0;

    for (const struct word *word = r->field->words; word->name != NULL && n < 60; word++)
        names[n++] = word->name;
    for (const struct word *word = r->field->specials; word != NULL && word->name != NULL && n < 63; word++)
        names[n++] = word->name;
    names[n] = NULL;
    const char *near = words_nearest(text, names);
    if (near != NULL && *text != '\0')
        snprintf(hint, sizeof(hint), " (did you mean '%s'?)", near);
    diag_error(r->diag, node->at, "%s: %s%s%s%s, expected %s", r->field->key, *text == '\0' ? "no value" : "'",
               *text == '\0' ? "" : text_quote(shown, sizeof(shown), text), *text == '\0' ? "" : "' is not known", hint,
               schema_expected(expected, sizeof(expected), r->field));
    r->node->kind = NODE_BROKEN;
    node->kind = NODE_BROKEN;
}

static bool special(const struct reading *r, const char *text, uint64_t *value)
{
    return r->field->specials != NULL && words_value(r->field->specials, text, value);
}

static void read_string(const struct reading *r, const char *text)
{
    const struct field *field = r->field;
    size_t length = strlen(text);

    if (length == 0 || length >= field->size) {
        refuse_value(r, text, "is too long");
        return;
    }
    if (!text_is_plain(text)) {
        refuse_value(r, text, "has control characters");
        return;
    }
    const char *letters = "#abcdefghijklmnopqrstuvwxyz0123456789-_.";
    if (field->type == FIELD_NAME && strspn(text, field->flags & FIELD_COPY ? letters : letters + 1) != length) {
        refuse_value(r, text, "has other characters");
        return;
    }
    if (field->type == FIELD_NAME && (text[0] == '.' || text[0] == '-')) {
        refuse_value(r, text, "begins with a dot or a dash");
        return;
    }
    memcpy((char *)r->base + field->offset, text, length + 1);
}

static const char *unit_problem(enum unit_error error)
{
    switch (error) {
    case UNIT_MISSING:
        return "has no unit";
    case UNIT_UNKNOWN:
        return "has a wrong unit";
    case UNIT_TOO_FINE:
        return "is finer than the smallest step";
    case UNIT_TOO_LARGE:
        return "is out of range";
    default:
        return "is not a number";
    }
}

static enum unit_error parse_number(enum field_type type, const char *text, uint64_t *value)
{
    switch (type) {
    case FIELD_DURATION:
        return units_read_duration(text, value);
    case FIELD_RATE:
        return units_read_rate(text, value);
    case FIELD_SIZE:
        return units_read_size(text, value);
    case FIELD_PERCENT:
        return units_read_percent(text, value);
    default:
        return units_read_count(text, value);
    }
}

static void read_number(const struct reading *r, const char *text)
{
    uint64_t value = 0;
    if (!special(r, text, &value)) {
        enum unit_error error = parse_number(r->field->type, text, &value);
        if (error != UNIT_OK) {
            refuse_value(r, text, unit_problem(error));
            return;
        }
        if (value < r->field->min || value > r->field->max) {
            refuse_value(r, text, "is out of range");
            return;
        }
    }
    schema_store(r->field, r->base, value);
}

static void read_address(const struct reading *r, const char *text)
{
    uint64_t value = 0;
    if (special(r, text, &value)) {
        schema_store(r->field, r->base, value);
    } else if (r->field->type == FIELD_MAC) {
        uint8_t mac[6];
        static const uint8_t zero[6];
        if (units_read_mac(text, mac) != 0)
            refuse_value(r, text, "is not a MAC address");
        else if ((mac[0] & 1) != 0 || memcmp(mac, zero, sizeof(mac)) == 0)
            refuse_value(r, text, "is not the address of one interface");
        else
            memcpy((char *)r->base + r->field->offset, mac, sizeof(mac));
    } else {
        uint32_t ip = 0;
        if (units_read_ipv4(text, &ip) != 0 || ip == 0)
            refuse_value(r, text, "is not an IPv4 address");
        else
            schema_store(r->field, r->base, ip);
    }
}

static void read_word(const struct reading *r, const char *text)
{
    uint64_t value = 0;
    if (words_value(r->field->words, text, &value) || special(r, text, &value))
        schema_store(r->field, r->base, value);
    else
        refuse_word(r, r->node, text);
}

static void read_scalar(const struct reading *r)
{
    const char *text = r->node->text;
    switch (r->field->type) {
    case FIELD_NAME:
    case FIELD_TEXT:
        read_string(r, text);
        break;
    case FIELD_BOOL:
        if (strcmp(text, "true") == 0 || strcmp(text, "false") == 0)
            schema_store(r->field, r->base, text[0] == 't');
        else
            refuse_value(r, text, "is neither");
        break;
    case FIELD_MAC:
    case FIELD_IPV4:
        read_address(r, text);
        break;
    case FIELD_WORD:
        read_word(r, text);
        break;
    default:
        read_number(r, text);
        break;
    }
}

static bool add_word(const struct reading *r, struct node *node, uint64_t *bits)
{
    uint64_t value = 0;
    if (node->kind == NODE_BROKEN) {
        r->node->kind = NODE_BROKEN;
        return false;
    }
    if (node->kind != NODE_SCALAR) {
        refuse(r, "a list in a list or a map");
        return false;
    }
    if (!words_value(r->field->words, node->text, &value)) {
        refuse_word(r, node, node->text);
        return false;
    }
    uint64_t bit = r->field->flags & FIELD_BITS ? value : 1ull << value;
    if (*bits & bit) {
        diag_error(r->diag, node->at, "%s: '%s' is given twice, expected it once", r->field->key, node->text);
        r->node->kind = NODE_BROKEN;
        return false;
    }
    *bits |= bit;
    return true;
}

static void read_words(const struct reading *r)
{
    uint64_t bits = 0;
    bool fine = true;

    if (r->node->kind == NODE_SCALAR) {
        fine = add_word(r, r->node, &bits);
    } else if (r->node->kind == NODE_LIST) {
        struct node *first = r->node->first;
        if (first == NULL) {
            refuse(r, "an empty list");
            return;
        }
        for (struct node *item = first; item != NULL; item = item->next)
            fine = add_word(r, item, &bits) && fine;
    } else {
        refuse(r, "a map");
        return;
    }
    if (fine)
        schema_store(r->field, r->base, bits);
}

static void read_list(const struct reading *r)
{
    const struct field *field = r->field;
    struct node *node = r->node;
    uint32_t count = 0;
    char where[64];

    bool single = (field->flags & FIELD_SINGLE) != 0;
    if (single && node->kind == NODE_SCALAR && strcmp(node->text, "none") == 0)
        return;
    if (single && node->kind == NODE_MAP) {
        schema_read(field->fields, node, (char *)r->base + field->offset, field->key, r->diag);
        count = 1;
    } else if (node->kind != NODE_LIST) {
        refuse(r, node->kind == NODE_MAP ? "a map" : "a single value");
        return;
    } else {
        for (struct node *item = node->first; item != NULL; item = item->next) {
            if (count == field->max) {
                struct reading at = *r;
                at.node = item;
                refuse(&at, "too many entries");
                break;
            }
            snprintf(where, sizeof(where), "%s[%u]", field->key, count);
            schema_read(field->fields, item, (char *)r->base + field->offset + count * field->size, where, r->diag);
            count++;
        }
    }
    memcpy((char *)r->base + field->count_offset, &count, sizeof(count));
}

static void read_names(const struct reading *r)
{
    const struct field *field = r->field;
    uint32_t count = 0;

    if (r->node->kind != NODE_LIST) {
        refuse(r, r->node->kind == NODE_MAP ? "a map" : "a single value");
        return;
    }
    for (struct node *item = r->node->first; item != NULL; item = item->next) {
        struct reading at = *r;
        at.node = item;
        if (count == field->max) {
            refuse(&at, "too many entries");
            break;
        }
        if (item->kind != NODE_SCALAR) {
            refuse(&at, "a list or a map");
        } else if (strlen(item->text) == 0 || strlen(item->text) >= field->size || !text_is_plain(item->text)) {
            refuse_value(&at, item->text, "is too long, or no plain text");
        } else {
            strcpy((char *)r->base + field->offset + count * field->size, item->text);
        }
        count++;
    }
    memcpy((char *)r->base + field->count_offset, &count, sizeof(count));
}

static void read_field(const struct field *field, struct node *node, void *base, struct diag *diag)
{
    struct reading r = {field, node, base, diag};

    if (node->kind == NODE_BROKEN)
        return;
    if (field->type == FIELD_MAP)
        schema_read(field->fields, node, (char *)base + field->offset, field->key, diag);
    else if (field->type == FIELD_LIST)
        read_list(&r);
    else if (field->type == FIELD_NAMES)
        read_names(&r);
    else if (field->type == FIELD_WORDS)
        read_words(&r);
    else if (node->kind != NODE_SCALAR)
        refuse(&r, node->kind == NODE_MAP ? "a map" : "a list");
    else
        read_scalar(&r);
}

/* Defaults are written as text and go the same way as what a user writes. */
static void apply_default(const struct field *field, void *base)
{
    if (field->type == FIELD_MAP) {
        schema_read(field->fields, NULL, (char *)base + field->offset, field->key, NULL);
        return;
    }
    if (field->fallback == NULL)
        return;
    struct diag nowhere;
    char text[96];
    diag_init(&nowhere, "default");
    snprintf(text, sizeof(text), "%s", field->fallback);
    struct node node = {.kind = NODE_SCALAR, .text = text};
    read_field(field, &node, base, &nowhere);
}

static void unknown_key(const struct field *fields, const struct node *key, const char *where, struct diag *diag)
{
    const char *names[64];
    char list[220] = "";
    char shown[SHOWN_TEXT];
    char hint[96] = "";
    size_t n = 0;
    size_t used = 0;

    for (const struct field *field = fields; field->key != NULL && n < 63; field++) {
        names[n++] = field->key;
        if (used + strlen(field->key) + 8 < sizeof(list))
            used += (size_t)snprintf(list + used, sizeof(list) - used, "%s%s", n > 1 ? ", " : "", field->key);
    }
    names[n] = NULL;
    const char *near = words_nearest(key->text, names);
    if (near != NULL)
        snprintf(hint, sizeof(hint), " (did you mean '%s'?)", near);
    diag_error(diag, key->at, "unknown key '%s' in %s%s, expected one of: %s",
               text_quote(shown, sizeof(shown), key->text), where, hint, list);
}

static const struct field *field_of(const struct field *fields, const char *key)
{
    for (; fields->key != NULL; fields++) {
        if (strcmp(fields->key, key) == 0)
            return fields;
    }
    return NULL;
}

static void missing_key(const struct field *field, struct node *map, const char *where, struct diag *diag)
{
    char expected[EXPECTED_TEXT];
    diag_error(diag, map->at, "%s: key '%s' is missing, expected %s", where, field->key,
               schema_expected(expected, sizeof(expected), field));
    map->incomplete = true;
}

void schema_read(const struct field *fields, struct node *node, void *base, const char *where, struct diag *diag)
{
    for (const struct field *field = fields; field->key != NULL; field++)
        apply_default(field, base);
    if (node == NULL || node->kind == NODE_BROKEN)
        return;
    if (node->kind != NODE_MAP) {
        diag_error(diag, node->at, "%s: %s, expected a map of keys and values", where,
                   node->kind == NODE_LIST ? "a list"
                   : node->text[0] == '\0' ? "no value"
                                           : "a single value");
        node->kind = NODE_BROKEN;
        return;
    }
    for (struct node *value = node->first; value != NULL; value = value->next) {
        const struct field *field = field_of(fields, value->key->text);
        if (field == NULL)
            unknown_key(fields, value->key, where, diag);
        else
            read_field(field, value, base, diag);
    }
    for (const struct field *field = fields; field->key != NULL; field++) {
        if ((field->flags & FIELD_REQUIRED) && tree_get(node, field->key) == NULL)
            missing_key(field, node, where, diag);
    }
}
