/* SPDX-License-Identifier: MIT */
#include <inttypes.h>
#include <string.h>

#include "scenario/schema.h"
#include "scenario/schema_text.h"

#define VALUE_TEXT 1200u

static void print_fields(FILE *stream, const struct field *fields, const void *base, unsigned indent,
                         bool first_inline);

static void print_list(FILE *stream, const struct field *field, const void *base, unsigned indent)
{
    uint32_t count = 0;
    memcpy(&count, (const char *)base + field->count_offset, sizeof(count));
    if (count == 0) {
        fprintf(stream, "%s: %s\n", field->key, field->flags & FIELD_SINGLE ? "none" : "[]");
        return;
    }
    fprintf(stream, "%s:\n", field->key);
    for (uint32_t i = 0; i < count; i++) {
        fprintf(stream, "%*s- ", (int)indent + 2, "");
        print_fields(stream, field->fields, (const char *)base + field->offset + i * field->size, indent + 4, true);
    }
}

static void print_names(FILE *stream, const struct field *field, const void *base)
{
    uint32_t count = 0;
    memcpy(&count, (const char *)base + field->count_offset, sizeof(count));
    fprintf(stream, "%s: [", field->key);
    for (uint32_t i = 0; i < count; i++)
        fprintf(stream, "%s\"%s\"", i > 0 ? ", " : "", (const char *)base + field->offset + i * field->size);
    fprintf(stream, "]\n");
}

/* first_inline: the cursor stands already where the first key belongs (after a list's dash). */
static void print_fields(FILE *stream, const struct field *fields, const void *base, unsigned indent, bool first_inline)
{
    char value[VALUE_TEXT];
    for (const struct field *field = fields; field->key != NULL; field++) {
        bool number = field->type != FIELD_MAP && field->type != FIELD_LIST && field->size <= sizeof(uint64_t);
        if ((field->flags & FIELD_OMIT_ZERO) && number && schema_load(field, base) == 0)
            continue;
        if (field->type == FIELD_TEXT && ((const char *)base)[field->offset] == '\0')
            continue;
        fprintf(stream, "%*s", first_inline ? 0 : (int)indent, "");
        first_inline = false;
        if (field->type == FIELD_MAP) {
            fprintf(stream, "%s:\n", field->key);
            print_fields(stream, field->fields, (const char *)base + field->offset, indent + 2, false);
        } else if (field->type == FIELD_NAMES) {
            print_names(stream, field, base);
        } else if (field->type == FIELD_LIST) {
            print_list(stream, field, base, indent);
        } else {
            fprintf(stream, "%s: %s\n", field->key, schema_value(value, sizeof(value), field, base));
        }
    }
}

void schema_print(FILE *stream, const struct field *fields, const void *base)
{
    print_fields(stream, fields, base, 0, false);
}

void schema_print_keys(FILE *stream, const struct field *fields, const char *prefix)
{
    char path[128];
    char expected[600];
    for (const struct field *field = fields; field->key != NULL; field++) {
        snprintf(path, sizeof(path), "%s%s", prefix, field->key);
        const char *fallback = field->flags & FIELD_REQUIRED ? "required"
                               : field->fallback != NULL     ? field->fallback
                                                             : "-";
        fprintf(stream, "%s\t%s\t%s\t%s\n", path, schema_expected(expected, sizeof(expected), field), fallback,
                field->help);
        if (field->fields != NULL) {
            snprintf(path, sizeof(path), "%s%s%s.", prefix, field->key, field->type == FIELD_LIST ? "[]" : "");
            schema_print_keys(stream, field->fields, path);
        }
    }
}
