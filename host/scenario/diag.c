/* SPDX-License-Identifier: MIT */
#include "scenario/diag.h"

#include <stdarg.h>
#include <string.h>

void diag_init(struct diag *diag, const char *file)
{
    diag->file = file;
    diag->count = 0;
    diag->dropped = 0;
}

void diag_error(struct diag *diag, struct mark at, const char *format, ...)
{
    if (diag->count == DIAG_MAX) {
        diag->dropped++;
        return;
    }
    struct diag_entry *entry = &diag->entry[diag->count++];
    entry->at = at;
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(entry->text, sizeof(entry->text), format, arguments);
    va_end(arguments);
}

static bool before(struct mark a, struct mark b)
{
    return a.line != b.line ? a.line < b.line : a.column < b.column;
}

void diag_sort(struct diag *diag)
{
    for (unsigned i = 1; i < diag->count; i++) {
        struct diag_entry moved = diag->entry[i];
        unsigned j = i;
        for (; j > 0 && before(moved.at, diag->entry[j - 1].at); j--)
            diag->entry[j] = diag->entry[j - 1];
        diag->entry[j] = moved;
    }
}

void diag_print(const struct diag *diag, FILE *stream)
{
    unsigned shown = diag->count < DIAG_SHOWN ? diag->count : DIAG_SHOWN;
    unsigned more = diag->count - shown + diag->dropped;
    for (unsigned i = 0; i < shown; i++) {
        const struct diag_entry *entry = &diag->entry[i];
        if (entry->at.line > 0)
            fprintf(stream, "%s:%u:%u: %s\n", diag->file, entry->at.line, entry->at.column, entry->text);
        else
            fprintf(stream, "%s: %s\n", diag->file, entry->text);
    }
    if (more > 0)
        fprintf(stream, "%s: %u more mistake%s not shown\n", diag->file, more, more == 1 ? "" : "s");
}
