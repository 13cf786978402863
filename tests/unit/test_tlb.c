/* SPDX-License-Identifier: MIT */
/* TLB sweeps on the host's side: what is taken from the OS, the file, and the figures. */
#include <string.h>
#include <unistd.h>

#include "analysis/tlb.h"
#include "unit.h"

static char path[256];
static struct tlb_sweep sweep;

static struct qv_tlb_point *add(uint32_t what, uint32_t pages, uint64_t walks)
{
    struct qv_tlb_point *p = &sweep.point[sweep.n++];
    *p = (struct qv_tlb_point){.pattern = QV_TLB_DATA, .between = what, .pages = pages, .rounds = 8};
    p->ticks = 8 * (100 + 4 * pages);
    p->count[QV_EMUPMU_DTLB_LOAD_WALKS] = 8 * walks;
    return p;
}

/* Eight rounds; without pages two walks a round, which must not count. */
static void make(void)
{
    memset(&sweep, 0, sizeof(sweep));
    sweep.counted = 1u << QV_EMUPMU_DTLB_LOAD_WALKS | 1u << QV_EMUPMU_INSTRUCTIONS;
    sweep.emulated = true;
    sweep.nested = QV_TLB_NESTED_4K;
    strcpy(sweep.model, "sandybridge");
    (void)add(QV_TLB_BASE, 0, 2);
    (void)add(QV_TLB_BASE, 100, 2 + 10); /* exactly 10 % */
    (void)add(QV_TLB_BASE, 200, 2 + 20);
    (void)add(QV_TLB_BASE, 300, 2 + 32); /* more */
    (void)add(QV_TLB_BASE, 400, 2);      /* and again less: beyond the knee all the same */
    (void)add(QV_TLB_EXIT, 0, 3);
    (void)add(QV_TLB_EXIT, 100, 3 + 100);
    (void)add(QV_TLB_EXIT, 200, 3 + 190);
    (void)add(QV_TLB_EXIT, 400, 3);
}

static void figures(void)
{
    double value = 0, least = 0, most = 0;
    make();
    CU_ASSERT_PTR_NULL(tlb_find(&sweep, QV_TLB_DATA, QV_TLB_FLUSH, 100));
    const struct qv_tlb_point *p = tlb_find(&sweep, QV_TLB_DATA, QV_TLB_BASE, 300);
    CU_ASSERT_PTR_NOT_NULL_FATAL(p);
    CU_ASSERT_TRUE(tlb_walks(&sweep, p, &value));
    CU_ASSERT_DOUBLE_EQUAL(value, 32.0 / 300, 1e-12);
    CU_ASSERT_TRUE(tlb_ticks(&sweep, p, &value));
    CU_ASSERT_DOUBLE_EQUAL(value, 4, 1e-12);
    CU_ASSERT_FALSE(tlb_per_access(&sweep, p, QV_EMUPMU_LOADS, &value)); /* not counted */
    CU_ASSERT_FALSE(tlb_walks(&sweep, tlb_find(&sweep, QV_TLB_DATA, QV_TLB_BASE, 0), &value));
    CU_ASSERT_EQUAL(tlb_knee(&sweep, QV_TLB_DATA), 200);
    CU_ASSERT_EQUAL(tlb_knee(&sweep, QV_TLB_CODE), TLB_NO_KNEE);
    CU_ASSERT_TRUE(tlb_beyond_base(&sweep, QV_TLB_DATA, QV_TLB_EXIT, &least, &most));
    CU_ASSERT_DOUBLE_EQUAL(least, 0.85, 1e-12); /* of 200 pages: 190 - 20 */
    CU_ASSERT_DOUBLE_EQUAL(most, 0.9, 1e-12);   /* of 100: 100 - 10; that of 400 is beyond the knee */
    CU_ASSERT_FALSE(tlb_beyond_base(&sweep, QV_TLB_DATA, QV_TLB_FLUSH, &least, &most));
    sweep.counted = 0;
    CU_ASSERT_EQUAL(tlb_knee(&sweep, QV_TLB_DATA), TLB_NO_KNEE);
    CU_ASSERT_FALSE(tlb_beyond_base(&sweep, QV_TLB_DATA, QV_TLB_EXIT, &least, &most));
}

static void round_trip(const char *counters)
{
    static struct tlb_sweep back;
    struct qv_error err = {""};
    char line[1024] = "";
    CU_ASSERT_EQUAL(tlb_write_csv(&sweep, path, &err), 0);
    CU_ASSERT_EQUAL(tlb_read_csv(&back, path, &err), 0);
    CU_ASSERT_STRING_EQUAL(err.text, "");
    CU_ASSERT_EQUAL(memcmp(&back, &sweep, sizeof(back)), 0);
    FILE *file = fopen(path, "r");
    CU_ASSERT_PTR_NOT_NULL_FATAL(file);
    CU_ASSERT_PTR_NOT_NULL(fgets(line, sizeof(line), file));
    CU_ASSERT_PTR_NOT_NULL(fgets(line, sizeof(line), file));
    fclose(file);
    CU_ASSERT_EQUAL(strncmp(line, counters, strlen(counters)), 0);
}

static void file(void)
{
    make();
    round_trip("simulated: sandybridge,4KiB,data,base,0,8,");
    sweep.emulated = false;
    memset(sweep.model, 0, sizeof(sweep.model));
    round_trip("pmu,4KiB,");
    sweep.counted = 0;
    for (size_t i = 0; i < sweep.n; i++)
        memset(sweep.point[i].count, 0, sizeof(sweep.point[i].count));
    round_trip("none,4KiB,");
}

static void refuse_text(const char *text, const char *expected)
{
    static struct tlb_sweep back;
    struct qv_error err = {""};
    FILE *out = fopen(path, "w");
    CU_ASSERT_PTR_NOT_NULL_FATAL(out);
    fputs(text, out);
    fclose(out);
    CU_ASSERT_EQUAL(tlb_read_csv(&back, path, &err), -22);
    CU_ASSERT_PTR_NOT_NULL(strstr(err.text, expected));
    if (strstr(err.text, expected) == NULL)
        printf("\n    '%s' instead of '%s'\n", err.text, expected);
}

static void refused(void)
{
    struct qv_error err = {""};
    char text[4096] = "";
    static struct tlb_sweep back;
    make();
    CU_ASSERT_EQUAL(tlb_write_csv(&sweep, path, &err), 0);
    FILE *in = fopen(path, "r");
    CU_ASSERT_PTR_NOT_NULL_FATAL(in);
    char *header = fgets(text, sizeof(text), in);
    fclose(in);
    CU_ASSERT_PTR_NOT_NULL_FATAL(header);
    size_t n = strlen(header);
    refuse_text("", "empty, expected TLB sweeps");
    refuse_text(header, "empty, expected TLB sweeps");
    refuse_text("a,b\n", ":1: field 0: expected the header");
#define LINE(fields, expected) (strcpy(text + n, fields), refuse_text(text, expected))
    LINE("measured,4KiB,data,base,0,8,1\n", ":2: field 1: expected none, pmu or 'simulated: NAME'");
    LINE("pmu,1GiB,data,base,0,8,1\n", ":2: field 2: expected a word");
    LINE("pmu,4KiB,dada,base,0,8,1\n", ":2: field 3: expected a word");
    LINE("pmu,4KiB,data,base,-1,8,1\n", ":2: field 5: expected a whole number");
    LINE("pmu,4KiB,data,base,1,0,1\n", "expected at least one round");
    LINE("pmu,4KiB,data,base,1,8,1,2\n", "expected a whole number");
    LINE("pmu,4KiB,data,base,1,8,1,,,,,,,,,,,,,,,,,,,,5\n", "the end of the line");
    CU_ASSERT_EQUAL(tlb_read_csv(&back, "/nowhere/tlb.csv", &err), -2);
}

static void area(void)
{
    static struct qv_tlb_area a;
    static struct tlb_sweep taken;
    struct qv_error err = {""};
    a.magic = QV_TLB_MAGIC;
    a.version = QV_TLB_VERSION;
    a.size = sizeof(a);
    a.state = QV_TLB_DONE;
    a.n_points = 1;
    a.counted = UINT32_MAX; /* what we do not know is left out */
    a.emulated = 1;
    strcpy(a.model, "nehalem");
    a.point[0] = (struct qv_tlb_point){.pattern = QV_TLB_CODE, .between = QV_TLB_EXIT, .pages = 3, .rounds = 8};
    CU_ASSERT_EQUAL(tlb_take_area(&taken, &a, sizeof(a), &err), 0);
    CU_ASSERT_EQUAL(taken.counted, (1u << QV_EMUPMU_EVENTS_KNOWN) - 1);
    CU_ASSERT_EQUAL(taken.n, 1);
    CU_ASSERT_STRING_EQUAL(taken.model, "nehalem");
    CU_ASSERT_EQUAL(tlb_take_area(&taken, &a, sizeof(a) - 1, &err), -71);
    a.state = QV_TLB_RUNNING;
    CU_ASSERT_EQUAL(tlb_take_area(&taken, &a, sizeof(a), &err), -115);
    a.state = QV_TLB_DONE;
    a.point[0].pattern = QV_TLB_PATTERN_COUNT;
    CU_ASSERT_EQUAL(tlb_take_area(&taken, &a, sizeof(a), &err), -71);
    a.point[0].pattern = 0;
    a.point[0].rounds = 0;
    CU_ASSERT_EQUAL(tlb_take_area(&taken, &a, sizeof(a), &err), -71);
    a.point[0].rounds = 1;
    a.n_points = QV_TLB_POINTS + 1;
    CU_ASSERT_EQUAL(tlb_take_area(&taken, &a, sizeof(a), &err), -71);
    a.n_points = 1;
    memset(a.model, 'x', sizeof(a.model));
    CU_ASSERT_EQUAL(tlb_take_area(&taken, &a, sizeof(a), &err), -71);
}

int main(void)
{
    static const struct unit_test tests[] = {
        {"figures", figures}, {"file", file}, {"refused", refused}, {"area", area}};
    snprintf(path, sizeof(path), "/tmp/qv-test-tlb-%d.csv", (int)getpid());
    int status = unit_run("TLB sweeps", tests, sizeof(tests) / sizeof(tests[0]));
    (void)remove(path);
    return status;
}
