/* SPDX-License-Identifier: MIT */
/* Protects what becomes of the OS's result area: checks, statistics, files, and comparisons that must be refused. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bench/report.h"
#include "unit.h"

static struct qv_bench_area *new_area(void)
{
    struct qv_bench_area *area = calloc(1, sizeof(*area));
    area->magic = QV_BENCH_MAGIC;
    area->version = QV_BENCH_VERSION;
    area->size = sizeof(*area);
    area->state = QV_BENCH_DONE;
    area->n_sandboxes = 4;
    area->overhead = (struct qv_bench_overhead){4, 4, 5, 5, 9, 5, 1, 0};
    return area;
}

static struct qv_bench_entry *add(struct qv_bench_area *area, const char *name, const uint64_t *value, uint32_t n)
{
    struct qv_bench_entry *e = &area->entry[area->n_entries++];
    snprintf(e->name, sizeof(e->name), "%s", name);
    snprintf(e->what, sizeof(e->what), "what %s is", name);
    e->status = QV_BENCH_MEASURED;
    e->revision = 1;
    e->probes = 1;
    qv_hist_init(&e->histogram);
    for (uint32_t i = 0; i < n; i++) {
        e->sample[i] = value[i];
        qv_hist_add(&e->histogram, value[i]);
    }
    e->n = n;
    return e;
}

/* A report with one column and one benchmark of n samples that are `base` and up. */
static void fill(struct bench_report *r, const char *name, double base, size_t n)
{
    struct bench_row row = {.status = QV_BENCH_MEASURED, .revision = 1};
    double value[64];
    memset(r, 0, sizeof(*r));
    snprintf(r->platform, sizeof(r->platform), "qemu-tcg-svm");
    r->tick.kind = RUN_TICK_INSTRUCTION;
    snprintf(r->tick.what, sizeof(r->tick.what), "one instruction");
    r->n_columns = 1;
    snprintf(r->column[0].mode, sizeof(r->column[0].mode), "monitors");
    snprintf(row.name, sizeof(row.name), "%s", name);
    snprintf(row.what, sizeof(row.what), "a thing");
    for (size_t i = 0; i < n; i++)
        value[i] = base + (double)(i % 5);
    CU_ASSERT_EQUAL(bench_add_row(&r->column[0], &row, value, n), 0);
    stats_sort(r->column[0].row[0].value, n);
}

static void test_area(void)
{
    static const uint64_t samples[] = {79, 79, 80, 3000, 79};
    struct qv_bench_area *area = new_area();
    struct bench_report r = {.n_columns = 1};
    struct qv_error err = {""};
    add(area, "monitor-call", samples, 5);
    struct qv_bench_entry *e = add(area, "ipi", NULL, 0);
    e->status = QV_BENCH_INVALID;
    snprintf(e->reason, sizeof(e->reason), "needs two sandboxes");
    e = add(area, "broken", samples, 2); /* failed half way: nothing of it is reported */
    e->status = QV_BENCH_FAILED;
    e = add(area, "other", NULL, 0);
    e->status = QV_BENCH_NOT_RUN;
    CU_ASSERT_EQUAL(bench_take_area(&r.column[0], area, sizeof(*area), &err), 0);
    CU_ASSERT_EQUAL_FATAL(r.column[0].n_rows, 3);
    const struct bench_row *row = bench_find(&r.column[0], "monitor-call");
    CU_ASSERT_PTR_NOT_NULL_FATAL(row);
    CU_ASSERT_EQUAL(row->n, 5);
    CU_ASSERT_DOUBLE_EQUAL(row->s.median, 79, 0);
    CU_ASSERT_DOUBLE_EQUAL(row->s.max, 3000, 0);
    CU_ASSERT_DOUBLE_EQUAL(row->p99, 3000, 0);
    CU_ASSERT_DOUBLE_EQUAL(row->value[3], 3000, 0); /* in the order in which they came */
    CU_ASSERT_EQUAL(r.column[0].overhead.median, 5);
    CU_ASSERT_STRING_EQUAL(bench_find(&r.column[0], "ipi")->reason, "needs two sandboxes");
    CU_ASSERT_EQUAL(bench_find(&r.column[0], "broken")->n, 0);
    CU_ASSERT_EQUAL(bench_find(&r.column[0], "broken")->status, QV_BENCH_FAILED);
    CU_ASSERT_PTR_NULL(bench_find(&r.column[0], "other"));
    bench_free(&r);
    free(area);
}

static int take(struct qv_bench_area *area, size_t size, struct qv_error *err)
{
    struct bench_report r = {.n_columns = 1};
    int result = bench_take_area(&r.column[0], area, size, err);
    bench_free(&r);
    return result;
}

static void test_area_refused(void)
{
    static const uint64_t samples[] = {1, 2, 3};
    struct qv_bench_area *area = new_area();
    struct qv_bench_entry *e = add(area, "one", samples, 3);
    struct qv_error err = {""};
    CU_ASSERT_EQUAL(take(area, sizeof(*area), &err), 0);
    CU_ASSERT_EQUAL(take(area, sizeof(*area) - 1, &err), -EPROTO);
    area->magic ^= 1;
    CU_ASSERT_EQUAL(take(area, sizeof(*area), &err), -EPROTO);
    area->magic ^= 1;
    area->version++;
    CU_ASSERT_EQUAL(take(area, sizeof(*area), &err), -EPROTO);
    area->version--;
    area->n_entries = QV_BENCH_MAX + 1;
    CU_ASSERT_EQUAL(take(area, sizeof(*area), &err), -EPROTO);
    area->n_entries = 1;
    e->sample[1] = 4; /* the histogram still has 2 */
    CU_ASSERT_EQUAL(take(area, sizeof(*area), &err), -EPROTO);
    CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "do not agree"));
    e->sample[1] = 2;
    e->n = QV_BENCH_SAMPLES + 1;
    CU_ASSERT_EQUAL(take(area, sizeof(*area), &err), -EPROTO);
    e->n = 0;
    CU_ASSERT_EQUAL(take(area, sizeof(*area), &err), -EPROTO); /* measured, without a sample */
    e->n = 3;
    e->status = 9;
    CU_ASSERT_EQUAL(take(area, sizeof(*area), &err), -EPROTO);
    e->status = QV_BENCH_MEASURED;
    area->state = QV_BENCH_RUNNING;
    CU_ASSERT_EQUAL(take(area, sizeof(*area), &err), -EINPROGRESS);
    area->state = QV_BENCH_UNSTABLE;
    CU_ASSERT_EQUAL(take(area, sizeof(*area), &err), -EAGAIN);
    area->state = QV_BENCH_NO_SUCH;
    CU_ASSERT_EQUAL(take(area, sizeof(*area), &err), -ENOENT);
    CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "one"));
    area->state = 77;
    CU_ASSERT_EQUAL(take(area, sizeof(*area), &err), -EPROTO);
    free(area);
}

static void test_json(void)
{
    struct bench_report a, b;
    struct qv_error err = {""};
    struct bench_row none = {.status = QV_BENCH_INVALID, .revision = 3};
    char path[] = "/tmp/qv-bench-XXXXXX";
    int fd = mkstemp(path);
    CU_ASSERT_FATAL(fd >= 0);
    close(fd);
    fill(&a, "monitor-call", 79, 50);
    snprintf(none.name, sizeof(none.name), "ipi");
    snprintf(none.reason, sizeof(none.reason), "needs \"two\"");
    CU_ASSERT_EQUAL(bench_add_row(&a.column[0], &none, NULL, 0), 0);
    a.column[0].overhead.median = 5;
    CU_ASSERT_EQUAL(bench_write_json(path, &a, &err), 0);
    CU_ASSERT_EQUAL_FATAL(bench_read(path, &b, &err), 0);
    CU_ASSERT_STRING_EQUAL(b.platform, a.platform);
    CU_ASSERT_EQUAL(b.tick.kind, RUN_TICK_INSTRUCTION);
    CU_ASSERT_EQUAL(b.column[0].overhead.median, 5);
    CU_ASSERT_EQUAL_FATAL(b.column[0].n_rows, 2);
    const struct bench_row *row = &b.column[0].row[0];
    CU_ASSERT_EQUAL_FATAL(row->n, 50);
    CU_ASSERT_EQUAL(memcmp(row->value, a.column[0].row[0].value, 50 * sizeof(double)), 0);
    CU_ASSERT_DOUBLE_EQUAL(row->s.sd, a.column[0].row[0].s.sd, 1e-12);
    CU_ASSERT_EQUAL(b.column[0].row[1].status, QV_BENCH_INVALID);
    CU_ASSERT_STRING_EQUAL(b.column[0].row[1].reason, "needs \"two\"");
    CU_ASSERT_EQUAL(b.column[0].row[1].revision, 3);
    bench_free(&b);
    bench_free(&a);
    unlink(path);
}

/* Each of these is no report; the reader says where, and leaks nothing. */
static void test_json_refused(void)
{
    static const char head[] =
        "{\"kind\":\"qv-bench\",\"schema\":1,\"platform\":\"p\",\"tick\":{\"kind\":\"instruction\","
        "\"what\":\"w\"},\"columns\":";
    static const char *const columns[] = {
        "[]}", "{}}", "[{}]}", "[{\"mode\":\"m\",\"vendor\":\"v\",\"cpu\":\"c\",\"sandboxes\":4,\"tsc_hz\":1}]}", "[",
    };
    static const char *const whole[] = {
        "", "[]", "{}", "{\"kind\":\"qv-bench\",\"schema\":2}",
        "{\"kind\":\"qv-bench\",\"schema\":1,\"platform\":\"p\",\"tick\":{\"kind\":\"x\"}}"};
    char path[] = "/tmp/qv-bench-XXXXXX";
    int fd = mkstemp(path);
    CU_ASSERT_FATAL(fd >= 0);
    close(fd);
    for (size_t i = 0; i < sizeof(columns) / sizeof(columns[0]) + sizeof(whole) / sizeof(whole[0]); i++) {
        struct bench_report r;
        struct qv_error err = {""};
        bool first = i < sizeof(columns) / sizeof(columns[0]);
        FILE *file = fopen(path, "w");
        CU_ASSERT_PTR_NOT_NULL_FATAL(file);
        fprintf(file, "%s%s", first ? head : "", first ? columns[i] : whole[i - sizeof(columns) / sizeof(columns[0])]);
        fclose(file);
        CU_ASSERT_EQUAL(bench_read(path, &r, &err), -EINVAL);
        CU_ASSERT_PTR_NOT_NULL(strstr(err.text, path));
    }
    unlink(path);
    struct bench_report r;
    struct qv_error err = {""};
    CU_ASSERT_EQUAL(bench_read("/nonexistent/bench.json", &r, &err), -EINVAL);
}

static int compare(const struct bench_report *a, const struct bench_report *b, char **text, struct qv_error *err)
{
    size_t size;
    FILE *out = open_memstream(text, &size);
    int result = bench_compare(out, a, b, err);
    fclose(out);
    return result;
}

static void test_compare(void)
{
    struct bench_report a, b;
    struct qv_error err = {""};
    char *text;
    fill(&a, "x", 100, 50);
    fill(&b, "x", 200, 50);
    CU_ASSERT_EQUAL(compare(&a, &b, &text, &err), 0);
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "1.980")); /* 202 / 102 */
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "more"));
    free(text);
    CU_ASSERT_EQUAL(compare(&a, &a, &text, &err), 0);
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "no difference shown"));
    free(text);
    b.column[0].row[0].revision = 2;
    CU_ASSERT_EQUAL(compare(&a, &b, &text, &err), 0);
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "another revision"));
    CU_ASSERT_PTR_NULL(strstr(text, "1.980"));
    free(text);
    b.column[0].row[0].revision = 1;
    b.column[0].row[0].what[0] = 'A';
    CU_ASSERT_EQUAL(compare(&a, &b, &text, &err), 0);
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "described otherwise"));
    free(text);
    bench_free(&b);
    fill(&b, "y", 200, 50);
    CU_ASSERT_EQUAL(compare(&a, &b, &text, &err), 0);
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "not in the second report"));
    free(text);
    b.tick.kind = RUN_TICK_HOST_TSC;
    CU_ASSERT_EQUAL(compare(&a, &b, &text, &err), -EINVAL);
    CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "a tick is not the same"));
    free(text);
    b.tick.kind = a.tick.kind;
    snprintf(b.platform, sizeof(b.platform), "bochs-vmx");
    CU_ASSERT_EQUAL(compare(&a, &b, &text, &err), -EINVAL);
    CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "not the same platform"));
    free(text);
    bench_free(&a);
    bench_free(&b);
}

static void test_ratio(void)
{
    struct bench_report a, b;
    struct stats_interval interval, again;
    double ratio;
    fill(&a, "x", 10, 60);
    fill(&b, "x", 13, 59);
    CU_ASSERT_TRUE(bench_ratio(&a.column[0].row[0], &b.column[0].row[0], &ratio, &interval));
    CU_ASSERT_DOUBLE_EQUAL(ratio, 15.0 / 12.0, 1e-12);
    CU_ASSERT_TRUE(interval.low <= ratio && ratio <= interval.high);
    CU_ASSERT_TRUE(interval.low > 1 && interval.high < 2);
    CU_ASSERT_TRUE(bench_ratio(&a.column[0].row[0], &b.column[0].row[0], &ratio, &again));
    CU_ASSERT_DOUBLE_EQUAL(interval.low, again.low, 0);
    CU_ASSERT_DOUBLE_EQUAL(interval.high, again.high, 0);
    bench_free(&a);
    fill(&a, "x", 0, 1);
    CU_ASSERT_FALSE(bench_ratio(&a.column[0].row[0], &b.column[0].row[0], &ratio, &interval));
    bench_free(&a);
    bench_free(&b);
}

static void test_tables(void)
{
    struct bench_report r;
    char *text;
    size_t size;
    fill(&r, "monitor-call", 79, 50);
    snprintf(r.column[0].row[0].what, sizeof(r.column[0].row[0].what), "a \"quoted\" thing");
    FILE *out = open_memstream(&text, &size);
    bench_csv(out, &r);
    fclose(out);
    CU_ASSERT_PTR_NOT_NULL(
        strstr(text, "qemu-tcg-svm,instruction,monitors,monitor-call,1,measured,50,0,79,80,81,81,82,83,"));
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "\"a \"\"quoted\"\" thing\""));
    free(text);
    out = open_memstream(&text, &size);
    bench_samples(out, &r);
    fclose(out);
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "monitors,monitor-call,49,83\n"));
    free(text);
    out = open_memstream(&text, &size);
    bench_markdown(out, &r, NULL);
    bench_print(out, &r, NULL);
    fclose(out);
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "One tick is one instruction."));
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "81 [80 .. 82] 83"));
    free(text);
    bench_free(&r);
}

/* Figures of two platforms in one table: each in columns of its own, and nothing is computed from both. */
static void test_beside(void)
{
    struct bench_report a, b;
    const struct bench_report *const both[] = {&a, &b};
    char *text;
    size_t size;
    fill(&a, "x", 1100, 50);
    fill(&b, "y", 200, 50);
    snprintf(b.platform, sizeof(b.platform), "bochs-vmx");
    snprintf(b.tick.what, sizeof(b.tick.what), "another thing");
    FILE *out = open_memstream(&text, &size);
    bench_beside(out, both, 2);
    fclose(out);
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "| benchmark | qemu-tcg-svm: monitors | native | price | bochs-vmx: monitors "
                                        "| native | price | what |\n"));
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "| x | 1,102 |"));
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "| y | - | - | - | 202 |"));
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "- qemu-tcg-svm: one tick is one instruction.\n"));
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "- bochs-vmx: one tick is another thing.\n"));
    free(text);
    bench_free(&a);
    bench_free(&b);
}

int main(void)
{
    static const struct unit_test tests[] = {
        {"a result area is taken", test_area},
        {"a result area that contradicts itself", test_area_refused},
        {"JSON there and back", test_json},
        {"JSON that is no report", test_json_refused},
        {"comparison", test_compare},
        {"ratio and its interval", test_ratio},
        {"tables", test_tables},
        {"side by side", test_beside},
    };
    return unit_run("benchmarks", tests, sizeof(tests) / sizeof(tests[0]));
}
