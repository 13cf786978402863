/* SPDX-License-Identifier: MIT */
#include "run/report.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/names.h"

#define TAIL_BYTES 16384

static void report_counts(FILE *stream, const struct qv_core_report *core)
{
    for (uint32_t stage = 0; stage < QV_STAGE_COUNT; stage++) {
        for (uint32_t cause = 0; cause < QV_EXIT_CAUSE_SLOTS; cause++) {
            if (core->exits[stage][cause] != 0)
                fprintf(stream, "  %-9s %-28s %10" PRIu64 "\n", qv_stage_name(stage), qv_exit_name(cause),
                        core->exits[stage][cause]);
        }
    }
}

void report_exits(FILE *stream, const struct qv_directory *directory, const struct address_namer *namer)
{
    for (uint32_t i = 0; i < directory->n_cores && i < QV_MAX_SANDBOXES; i++) {
        const struct qv_core_report *core = &directory->core[i];
        uint64_t n = core->exit_log_head < QV_EXIT_LOG ? core->exit_log_head : QV_EXIT_LOG;
        fprintf(stream, "core %u: %s, incarnation %u, %u recoveries tried, %u operations refused, %" PRIu64 " exits\n",
                i, qv_state_name(core->state), core->incarnation, core->attempts, core->refused, core->exit_log_head);
        report_counts(stream, core);
        for (uint64_t k = core->exit_log_head - n; k < core->exit_log_head; k++) {
            const struct qv_exit_record *e = &core->exit_log[k % QV_EXIT_LOG];
            struct address_name name;
            address_name_virtual(namer, i, e->rip, &name);
            fprintf(stream,
                    "  #%-6" PRIu64 " tsc %-16" PRIu64 " %-9s %-26s rip 0x%016" PRIx64 " info 0x%" PRIx64 " 0x%" PRIx64
                    " code 0x%x [%s]\n",
                    k, e->tsc, qv_stage_name(e->stage), qv_exit_name(e->cause), e->rip, e->info1, e->info2,
                    e->vendor_code, name.symbol);
        }
    }
}

int report_write_exits(const char *path, const struct qv_directory *directory, const struct address_namer *namer,
                       struct qv_error *err)
{
    FILE *file = fopen(path, "w");
    if (file == NULL)
        return qv_error_set(err, -errno, "%s: %s", path, strerror(errno));
    report_exits(file, directory, namer);
    return fclose(file) == 0 ? 0 : qv_error_set(err, -EIO, "%s: cannot be written", path);
}

void report_tail(FILE *stream, const char *path, unsigned lines)
{
    char *text = malloc(TAIL_BYTES + 1);
    FILE *file = text != NULL ? fopen(path, "rb") : NULL;
    if (file == NULL) {
        free(text);
        return;
    }
    if (fseek(file, -TAIL_BYTES, SEEK_END) != 0)
        rewind(file);
    size_t n = fread(text, 1, TAIL_BYTES, file);
    fclose(file);
    while (n > 0 && isspace((unsigned char)text[n - 1]))
        n--;
    text[n] = '\0';
    size_t from = n;
    for (unsigned seen = 0; from > 0; from--) {
        if (text[from - 1] == '\n' && ++seen == lines)
            break;
    }
    for (char *line = strtok(&text[from], "\n"); line != NULL; line = strtok(NULL, "\n")) {
        fputs("    ", stream);
        for (char *p = line; *p != '\0'; p++) /* nothing from there may steer our terminal */
            fputc(isprint((unsigned char)*p) || *p == '\t' ? *p : '.', stream);
        fputc('\n', stream);
    }
    free(text);
}
