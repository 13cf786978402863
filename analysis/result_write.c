/* SPDX-License-Identifier: MIT */
/* The files of a result directory. result.json comes last and names all others with their sums. */
#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "analysis/names.h"
#include "analysis/result_json.h"
#include "analysis/schedule.h"
#include "analysis/sha256.h"
#include "analysis/table.h"
#include "analysis/timeline.h"
#include "analysis/tlb_plot.h"

#define PATH_BYTES       4096
#define TRACE_TEXT_ALL   20000u /* up to here every record is printed */
#define TRACE_TEXT_LINES 100000u

static int finish(FILE *file, const char *path, struct qv_error *err)
{
    int failed = ferror(file);
    if (fclose(file) != 0 || failed)
        return qv_error_set(err, -EIO, "%s: cannot be written", path);
    return 0;
}

static FILE *create(const char *dir, const char *name, char *path, struct qv_error *err)
{
    (void)snprintf(path, PATH_BYTES, "%s/%s", dir, name);
    FILE *file = fopen(path, "w");
    if (file == NULL)
        (void)qv_error_set(err, -errno, "%s: %s", path, strerror(errno));
    return file;
}

typedef int table_writer(FILE *out, const struct run_result *const *results, size_t n, const char *published,
                         struct qv_error *err);

static int write_table(const char *dir, const char *name, table_writer *write, const struct run_result *r,
                       const char *published, struct qv_error *err)
{
    char path[PATH_BYTES];
    FILE *out = create(dir, name, path, err);
    if (out == NULL)
        return -EIO;
    int code = write(out, &r, 1, published, err);
    int closed = finish(out, path, code == 0 ? err : NULL);
    return code != 0 ? code : closed;
}

/* One line per phase of each recovery, in ticks and microseconds, also where a recovery never ended. */
static int write_phases(const char *dir, const struct run_result *r, struct qv_error *err)
{
    char path[PATH_BYTES];
    FILE *out = create(dir, "phases.csv", path, err);
    if (out == NULL)
        return -EIO;
    fprintf(out, "recovery,sandbox,policy,phase,begin_tsc,ticks,us,overlapping,derived,open\n");
    for (size_t i = 0; i < r->recoveries.n; i++) {
        const struct recovery *x = &r->recoveries.item[i];
        for (uint32_t k = 0; k < x->n_spans; k++) {
            const struct phase_span *s = &x->span[k];
            double us = r->tick.hz > 0 ? (double)(s->end - s->begin) * 1e6 / r->tick.hz : 0;
            fprintf(out, "%zu,%u,%s,%s,%" PRIu64 ",%" PRIu64 ",%.3f,%d,%d,%d\n", i, x->sandbox,
                    qv_policy_name(x->policy), qv_phase_name(s->phase), s->begin, s->end - s->begin, us,
                    phases_overlaps(s->phase), s->derived, s->open);
        }
    }
    return finish(out, path, err);
}

static int add_file(json_t *files, const char *dir, const char *name, struct qv_error *err)
{
    char path[PATH_BYTES];
    char sum[65];
    struct stat st;
    if (snprintf(path, sizeof(path), "%s/%s", dir, name) >= (int)sizeof(path))
        return qv_error_set(err, -ENAMETOOLONG, "%s/%s: path too long", dir, name);
    if (stat(path, &st) != 0)
        return qv_error_set(err, -errno, "%s: %s", path, strerror(errno));
    if (!S_ISREG(st.st_mode))
        return 0;
    int code = sha256_file(path, sum, err);
    if (code != 0)
        return code;
    json_t *entry = json_pack("{s:I,s:s}", "bytes", (json_int_t)st.st_size, "sha256", sum);
    return json_object_set_new(files, name, entry) == 0 ? 0 : qv_error_set(err, -ENOMEM, "result: no memory");
}

/* All files of the directory as they are now. */
static json_t *manifest(const char *dir, struct qv_error *err)
{
    struct dirent **entry;
    int n = scandir(dir, &entry, NULL, alphasort);
    if (n < 0) {
        (void)qv_error_set(err, -errno, "%s: %s", dir, strerror(errno));
        return NULL;
    }
    json_t *files = json_object();
    int code = files == NULL ? qv_error_set(err, -ENOMEM, "result: no memory") : 0;
    for (int i = 0; i < n; i++) {
        if (code == 0 && entry[i]->d_name[0] != '.' && strncmp(entry[i]->d_name, "result.json", 11) != 0)
            code = add_file(files, dir, entry[i]->d_name, err);
        free(entry[i]);
    }
    free(entry);
    if (code != 0) {
        json_decref(files);
        return NULL;
    }
    return files;
}

/* To a temporary name, to the disk, and only then under its own. */
static int write_json(const char *dir, const struct run_result *r, struct qv_error *err)
{
    char temporary[PATH_BYTES];
    char path[PATH_BYTES];
    json_t *files = manifest(dir, err);
    if (files == NULL)
        return -EIO;
    json_t *root = result_to_json(r, files);
    json_decref(files);
    if (root == NULL)
        return qv_error_set(err, -ENOMEM, "result: no memory for result.json");
    FILE *out = create(dir, "result.json.tmp", temporary, err);
    if (out == NULL) {
        json_decref(root);
        return -EIO;
    }
    bool ok = json_dumpf(root, out, JSON_INDENT(2) | JSON_PRESERVE_ORDER | JSON_REAL_PRECISION(12)) == 0 &&
              fputc('\n', out) != EOF && fflush(out) == 0 && fsync(fileno(out)) == 0;
    json_decref(root);
    if (fclose(out) != 0 || !ok)
        return qv_error_set(err, -EIO, "%s: cannot be written", temporary);
    (void)snprintf(path, sizeof(path), "%s/result.json", dir);
    if (rename(temporary, path) != 0)
        return qv_error_set(err, -errno, "%s: %s", path, strerror(errno));
    return 0;
}

/* Requests and context switches by the thousand would bury what a person looks for. */
static bool is_bulk(uint16_t id)
{
    return id == QV_TRACE_REQUEST || id == QV_TRACE_REPLY || id == QV_TRACE_CLIENT_SEND || id == QV_TRACE_CLIENT_DONE ||
           id == QV_TRACE_SCHED_SWITCH || id == QV_TRACE_SCHED_REPL || id == QV_TRACE_SCHED_POSTED ||
           id == QV_TRACE_SCHED_DEPLETED || id == QV_TRACE_SAMPLE || id == QV_TRACE_IRQ;
}

static int write_trace_text(const char *dir, const struct trace *trace, const struct address_namer *namer,
                            struct qv_error *err)
{
    char path[PATH_BYTES];
    FILE *out = create(dir, "trace.txt", path, err);
    if (out == NULL)
        return -EIO;
    if (trace->n <= TRACE_TEXT_ALL) {
        trace_print(out, trace, namer);
        return finish(out, path, err);
    }
    fprintf(out, "%zu records; without those of requests, interrupts and the scheduler, and not more than %u lines\n",
            trace->n, TRACE_TEXT_LINES);
    unsigned lines = 0;
    for (size_t i = 0; i < trace->n && lines < TRACE_TEXT_LINES; i++) {
        if (is_bulk(trace->event[i].rec.id))
            continue;
        trace_print_event(out, trace, &trace->event[i], namer);
        lines++;
    }
    return finish(out, path, err);
}

/* Processor time: the table, the samples, their picture and, if dispatches were recorded, a Gantt chart. */
static int write_vcpus(const char *dir, const struct run_result *r, const struct result_sources *s,
                       struct qv_error *picture, struct qv_error *err)
{
    char path[PATH_BYTES];
    char title[200];
    char caption[400];
    if (r->vcpus.n == 0)
        return 0;
    FILE *out = create(dir, "vcpus.md", path, err);
    if (out == NULL)
        return -EIO;
    vcpus_write_markdown(out, &r->vcpus);
    int code = finish(out, path, err);
    if (code != 0 || r->vcpus.n_samples == 0)
        return code;
    out = create(dir, "vcpus.csv", path, err);
    if (out == NULL)
        return -EIO;
    vcpus_write_samples(out, &r->vcpus);
    code = finish(out, path, err);
    (void)snprintf(title, sizeof(title), "%s: processor time by VCPU", r->scenario);
    (void)snprintf(caption, sizeof(caption),
                   "platform %s   ·   one tick: %s   ·   seed %" PRIu64 "   ·   commit %.12s%s", r->platform,
                   r->tick.what, r->seed, r->provenance.commit, r->provenance.dirty ? "+" : "");
    if (code == 0)
        (void)vcpus_plot(dir, &r->vcpus, title, caption, !s->no_plot, picture);
    return code;
}

/* A run is not lost because a table of a paper is missing. */
static const char *published_if_there(const char *published)
{
    char path[PATH_BYTES];
    if (published == NULL || snprintf(path, sizeof(path), "%s/quest-v-poster.csv", published) >= (int)sizeof(path))
        return NULL;
    return access(path, R_OK) == 0 ? published : NULL;
}

static int write_sweeps(const char *dir, const struct run_result *r, bool no_plot, struct qv_error *picture,
                        struct qv_error *err)
{
    char path[PATH_BYTES];
    (void)snprintf(path, sizeof(path), "%s/" TLB_CSV, dir);
    int code = tlb_write_csv(r->tlb, path, err);
    if (code == 0 && !no_plot)
        (void)tlb_plot(dir, &(struct tlb_plot_run){r, r->tlb}, 1, picture);
    return code;
}

int result_write(const char *dir, const struct run_result *r, const struct result_sources *sources,
                 struct qv_error *err)
{
    static const struct result_sources none;
    const struct result_sources *s = sources != NULL ? sources : &none;
    const char *published = published_if_there(s->published);
    struct qv_error picture = {""};
    char path[PATH_BYTES];
    int code = write_phases(dir, r, err);
    if (code == 0)
        code = write_table(dir, "recovery.md", table_write_markdown, r, published, err);
    if (code == 0)
        code = write_table(dir, "recovery.csv", table_write_csv, r, published, err);
    if (code == 0 && s->load != NULL && !s->lean) {
        (void)snprintf(path, sizeof(path), "%s/requests.csv", dir);
        code = load_log_write_csv(s->load, path, err);
        if (code == 0)
            code = timeline_write(dir, r, s->load, s->clock, err);
        if (code == 0 && !s->no_plot)
            (void)timeline_plot(dir, &picture);
    }
    if (code == 0 && r->tlb != NULL)
        code = write_sweeps(dir, r, s->no_plot, &picture, err);
    if (code == 0)
        code = write_vcpus(dir, r, s, &picture, err);
    if (code == 0 && s->trace != NULL && !s->no_plot && !s->lean && schedule_recorded(s->trace))
        (void)schedule_draw(dir, r, s->trace, -1, SCHEDULE_LENGTH_MS, &picture);
    if (code == 0 && s->trace != NULL && !s->lean)
        code = write_trace_text(dir, s->trace, s->namer, err);
    if (code == 0)
        code = write_json(dir, r, err);
    if (code == 0 && err != NULL)
        *err = picture;
    return code;
}

struct run_result *result_read(const char *dir, struct qv_error *err)
{
    char path[PATH_BYTES];
    json_error_t where;
    (void)snprintf(path, sizeof(path), "%s/result.json", dir);
    if (!result_dir_is_result(dir)) {
        (void)qv_error_set(err, -ENOENT, "%s: no result (there is no readable result.json in it)", dir);
        return NULL;
    }
    json_t *root = json_load_file(path, JSON_REJECT_DUPLICATES, &where);
    if (root == NULL) {
        (void)qv_error_set(err, -EINVAL, "%s:%d:%d: %s", path, where.line, where.column, where.text);
        return NULL;
    }
    struct run_result *r = result_new();
    struct qv_error inner = {"no memory"};
    int code = r == NULL ? -ENOMEM : result_from_json(root, r, &inner);
    json_decref(root);
    if (code == 0)
        return r;
    (void)qv_error_set(err, code, "%s: %s", path, inner.text);
    result_free(r);
    return NULL;
}
