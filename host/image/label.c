/* SPDX-License-Identifier: MIT */
#include "image/label.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define FIRST_LINE "# qv image label "

static const struct {
    const char *key;
    size_t offset, size;
} fields[] = {
#define FIELD(key, member)                                                                                             \
    {                                                                                                                  \
        key, offsetof(struct label, member), sizeof(((struct label *)0)->member)                                       \
    }
    FIELD("file", file),
    FIELD("command", command),
    FIELD("commit", commit),
    FIELD("monitor.elf", monitor_sha256),
    FIELD("sandbox.img", sandbox_sha256),
#undef FIELD
};
#define FIELDS (sizeof(fields) / sizeof(fields[0]))

void label_print(FILE *out, const struct label *label, const struct scenario *scenario)
{
    fprintf(out, FIRST_LINE "%u\n", LABEL_VERSION);
    for (size_t i = 0; i < FIELDS; i++)
        fprintf(out, "# %s: %s\n", fields[i].key, (const char *)label + fields[i].offset);
    if (scenario != NULL)
        scenario_print(out, scenario);
}

/* "# key: value" into the member of that key; other comments are passed over. */
static void take_line(const char *line, size_t length, struct label *out)
{
    for (size_t i = 0; i < FIELDS; i++) {
        size_t key = strlen(fields[i].key);
        if (length < key + 4 || strncmp(line + 2, fields[i].key, key) != 0 || strncmp(line + 2 + key, ": ", 2) != 0)
            continue;
        size_t n = length - key - 4;
        n = n < fields[i].size ? n : fields[i].size - 1;
        memcpy((char *)out + fields[i].offset, line + key + 4, n);
        ((char *)out + fields[i].offset)[n] = '\0';
    }
}

int label_read(const char *text, size_t size, struct label *out, struct qv_error *err)
{
    memset(out, 0, sizeof(*out));
    if (size < sizeof(FIRST_LINE) || memcmp(text, FIRST_LINE, sizeof(FIRST_LINE) - 1) != 0)
        return qv_error_set(err, -EPROTO, "the machine's boot modules carry no label of qv image");
    if (text[sizeof(FIRST_LINE) - 1] != '0' + (char)LABEL_VERSION || text[sizeof(FIRST_LINE)] != '\n')
        return qv_error_set(err, -EPROTO, "the image's label is of a version other than %u", LABEL_VERSION);
    for (size_t at = 0; at < size && text[at] == '#';) {
        const char *end = memchr(text + at, '\n', size - at);
        size_t length = end != NULL ? (size_t)(end - (text + at)) : size - at;
        take_line(text + at, length, out);
        at += length + 1;
    }
    return 0;
}
