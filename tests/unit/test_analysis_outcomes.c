/* SPDX-License-Identifier: MIT */
/* Injections taken from a trace, and the table of outcomes over many runs. */
#include <errno.h>
#include <jansson.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "analysis/injections.h"
#include "analysis/names.h"
#include "analysis/outcomes.h"
#include "analysis/result_json.h"
#include "analysis/table.h"
#include "qv/fault.h"
#include "test_analysis_fixture.h"
#include "unit.h"

#define WORD(before, after) ((uint64_t)(before) << 32 | (after))

static void name_by_number(const void *context, uint32_t sandbox, uint64_t address, struct address_name *out)
{
    (void)context;
    snprintf(out->symbol, sizeof(out->symbol), "s%u:%llx", sandbox, (unsigned long long)address);
    snprintf(out->source, sizeof(out->source), "file.c:7");
}

static const struct address_namer namer = {name_by_number, NULL};

static void test_bytes(void)
{
    static const struct {
        uint32_t before, after;
        const char *address, *from, *to;
    } cases[] = {{0x44332211, 0x44332210, "0x1000", "11", "10"},
                 {0x44332211, 0xc4332211, "0x1003", "44", "c4"},
                 {0x44332211, 0x44ff0011, "0x1001", "22 33", "00 ff"},
                 {0x44332211, 0x443322ee, "0x1000", "11", "ee"},
                 {0x44332211, 0x00332200, "0x1000", "11 22 33 44", "00 22 33 00"},
                 {0x44332211, 0x44332211, "0x1000", "11 22 33 44", "11 22 33 44"}};
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct run_change c;
        injection_put_bytes(&c, 0x1000, cases[i].before, cases[i].after);
        CU_ASSERT_STRING_EQUAL(c.address, cases[i].address);
        CU_ASSERT_STRING_EQUAL(c.before, cases[i].from);
        CU_ASSERT_STRING_EQUAL(c.after, cases[i].to);
    }
}

static void decode(struct trace *trace, struct qv_trace_ring **ring, size_t n)
{
    struct qv_error err = {""};
    size_t size;
    uint8_t *data = fixture_file(ring, n, &size);
    CU_ASSERT_EQUAL_FATAL(trace_decode(data, size, trace, &err), 0);
    free(data);
    for (size_t i = 0; i < n; i++)
        free(ring[i]);
}

/* Two plans in sandbox 0 and one in sandbox 1, which is armed and never fires. */
static void test_injections(void)
{
    struct qv_trace_ring *ring[2] = {fixture_ring(0, QV_WRITER_SANDBOX, 64), fixture_ring(1, QV_WRITER_SANDBOX, 64)};
    struct trace trace;
    fixture_put(ring[0], 100, QV_TRACE_FAULT_ARM, QV_FAULT_TEXT_BITFLIP, 2ull << 32 | 0);
    fixture_put(ring[0], 101, QV_TRACE_FAULT_ARM, QV_FAULT_RING_INDEX, 1ull << 32 | 1);
    fixture_put(ring[1], 102, QV_TRACE_FAULT_ARM, QV_FAULT_TEXT_BITFLIP, 1ull << 32 | 2);
    fixture_put(ring[0], 200, QV_TRACE_FAULT_CHANGE, 0x5000, WORD(0x11, 0x13));
    fixture_put(ring[0], 210, QV_TRACE_FAULT_ACTIVATE, QV_FAULT_TEXT_BITFLIP, 0x5001);
    fixture_put(ring[0], 390, QV_TRACE_FAULT_CHANGE, 0x6000, WORD(1, 0x201));
    fixture_put(ring[0], 400, QV_TRACE_FAULT_ACTIVATE, QV_FAULT_RING_INDEX, 0x6000);
    fixture_put(ring[0], 500, QV_TRACE_FAULT_ARM, QV_FAULT_RING_INDEX, 1ull << 32 | 1); /* after a restart */
    fixture_put(ring[0], 590, QV_TRACE_FAULT_CHANGE, 0x7000, WORD(2, 3));
    fixture_put(ring[0], 600, QV_TRACE_FAULT_ACTIVATE, QV_FAULT_RING_INDEX, 0x7000);
    decode(&trace, ring, 2);
    struct run_result *r = result_new();
    CU_ASSERT_PTR_NOT_NULL_FATAL(r);
    r->n_faults = 3;
    r->fault[0] = (struct run_fault){.model = QV_FAULT_TEXT_BITFLIP, .target = 0};
    r->fault[1] = (struct run_fault){.model = QV_FAULT_RING_INDEX, .target = 0, .point = 3};
    r->fault[2] = (struct run_fault){.model = QV_FAULT_TEXT_BITFLIP, .target = 1};
    result_take_injections(r, &trace, &namer);
    CU_ASSERT_EQUAL(r->n_injections, 3);
    const struct run_injection *x = &r->injection[0];
    CU_ASSERT_EQUAL(x->point, QV_POINT_NIC_TX);
    CU_ASSERT_EQUAL(x->armed, 100);
    CU_ASSERT_EQUAL(x->activated, 210);
    CU_ASSERT_EQUAL(x->activations, 1);
    CU_ASSERT_STRING_EQUAL(x->activation_address, "0x5001");
    CU_ASSERT_STRING_EQUAL(x->activation_name.symbol, "s0:5001");
    CU_ASSERT_EQUAL(x->n_changes, 1);
    CU_ASSERT_STRING_EQUAL(x->change[0].address, "0x5000");
    CU_ASSERT_STRING_EQUAL(x->change[0].name.symbol, "s0:5000");
    CU_ASSERT_STRING_EQUAL(x->change[0].name.source, "file.c:7");
    x = &r->injection[1];
    CU_ASSERT_EQUAL(x->point, QV_POINT_NIC_RX); /* as armed, not as planned */
    CU_ASSERT_EQUAL(x->armed, 101);
    CU_ASSERT_EQUAL(x->activated, 400);
    CU_ASSERT_EQUAL(x->activations, 2);
    CU_ASSERT_EQUAL(x->n_changes, 2);
    CU_ASSERT_STRING_EQUAL(x->change[0].address, "0x6001");
    CU_ASSERT_STRING_EQUAL(x->change[0].name.symbol, "s0:6001"); /* of the byte, not of its word */
    CU_ASSERT_EQUAL(x->change[1].tsc, 590);
    x = &r->injection[2];
    CU_ASSERT_EQUAL(x->armed, 102);
    CU_ASSERT(x->activated == 0 && x->activations == 0 && x->n_changes == 0);
    CU_ASSERT_STRING_EQUAL(x->activation_address, "");
    result_take_injections(r, &trace, NULL);
    CU_ASSERT_STRING_EQUAL(r->injection[0].change[0].name.symbol, "unknown");
    trace_free(&trace);
    result_free(r);
}

/* Two plans with one model in one sandbox: the records do not say whose they are, so each has its share. */
static void test_equal_plans(void)
{
    struct qv_trace_ring *ring[1] = {fixture_ring(0, QV_WRITER_SANDBOX, 64)};
    struct trace trace;
    for (uint64_t i = 0; i < 3; i++)
        fixture_put(ring[0], 100 + 100 * i, QV_TRACE_FAULT_ACTIVATE, QV_FAULT_LOCK_LEAK, 0x1000 * (i + 1));
    decode(&trace, ring, 1);
    struct run_injection x[2] = {{.model = QV_FAULT_LOCK_LEAK}, {.model = QV_FAULT_LOCK_LEAK}};
    injections_find(&trace, NULL, x, 2);
    CU_ASSERT(x[0].activations == 2 && x[0].activated == 100);
    CU_ASSERT(x[1].activations == 1 && x[1].activated == 200);
    trace_free(&trace);
}

/* More changes than are kept are counted all the same. */
static void test_many_changes(void)
{
    struct qv_trace_ring *ring[1] = {fixture_ring(0, QV_WRITER_SANDBOX, 64)};
    struct trace trace;
    for (uint64_t i = 0; i < INJECTION_MAX_CHANGES + 5; i++)
        fixture_put(ring[0], 100 + i, QV_TRACE_FAULT_CHANGE, 0x1000 + 4 * i, WORD(0, 1));
    decode(&trace, ring, 1);
    struct run_injection x = {.model = QV_FAULT_DESC_ADDRESS};
    injections_find(&trace, NULL, &x, 1);
    CU_ASSERT_EQUAL(x.n_changes, INJECTION_MAX_CHANGES + 5);
    CU_ASSERT_STRING_EQUAL(x.change[INJECTION_MAX_CHANGES - 1].address, "0x103c");
    trace_free(&trace);
}

static struct run_result *make_run(uint32_t fault, uint32_t policy, enum qv_outcome outcome, uint32_t detected,
                                   double outage)
{
    struct run_result *r = result_new();
    CU_ASSERT_PTR_NOT_NULL_FATAL(r);
    r->n_faults = fault != QV_FAULT_NONE;
    r->fault[0].model = fault;
    r->policy = policy;
    r->outcome = outcome;
    r->detected_by = detected;
    r->has_load = outage >= 0;
    r->outage_ms = outage >= 0 ? outage : 0;
    r->load.errors = 2;
    r->load.lost = 3;
    r->isolation.checked = true;
    return r;
}

enum { RUNS = 9 };

static void make_runs(struct run_result *r[RUNS])
{
    uint32_t flip = QV_FAULT_TEXT_BITFLIP;
    uint32_t local = QV_POLICY_LOCAL;
    r[0] = make_run(flip, local, QV_OUTCOME_RECOVERED_LOCAL, QV_DETECT_EXCEPTION, 30);
    r[1] = make_run(QV_FAULT_BAD_JUMP, QV_POLICY_REMOTE, QV_OUTCOME_RECOVERED_REMOTE, QV_DETECT_EXCEPTION, 80);
    r[2] = make_run(flip, local, QV_OUTCOME_MASKED, QV_DETECT_NONE, 5);
    r[3] = make_run(flip, local, QV_OUTCOME_RECOVERED_RESTART, QV_DETECT_EXCEPTION, 900);
    r[4] = make_run(flip, QV_POLICY_REMOTE, QV_OUTCOME_HARNESS_ERROR, QV_DETECT_NONE, -1);
    r[5] = make_run(flip, local, QV_OUTCOME_ISOLATION_BREACH, QV_DETECT_HEARTBEAT, 40);
    r[5]->isolation.breaches = 4;
    r[6] = make_run(flip, local, QV_OUTCOME_RECOVERED_LOCAL, QV_DETECT_EXCEPTION, -1);
    r[7] = make_run(QV_FAULT_NONE, local, QV_OUTCOME_NO_FAULT, QV_DETECT_NONE, 1);
    r[8] = make_run(QV_FAULT_BAD_JUMP, QV_POLICY_REMOTE, QV_OUTCOME_RECOVERED_REMOTE, QV_DETECT_EXCEPTION, 60);
    r[4]->isolation.checked = false;
    r[6]->isolation.checked = false;
}

static void free_runs(struct run_result *r[RUNS])
{
    for (size_t i = 0; i < RUNS; i++)
        result_free(r[i]);
}

static void test_outcomes(void)
{
    struct run_result *r[RUNS];
    struct outcomes o;
    struct qv_error err;
    char text[64];
    make_runs(r);
    CU_ASSERT_EQUAL_FATAL(outcomes_count(&o, (const struct run_result *const *)r, RUNS, &err), 0);
    CU_ASSERT_EQUAL_FATAL(o.n, 4);
    CU_ASSERT(o.row[0].fault == QV_FAULT_NONE && o.row[1].fault == QV_FAULT_BAD_JUMP);
    CU_ASSERT(o.row[2].fault == QV_FAULT_TEXT_BITFLIP && o.row[2].policy == QV_POLICY_LOCAL);
    CU_ASSERT(o.row[3].fault == QV_FAULT_TEXT_BITFLIP && o.row[3].policy == QV_POLICY_REMOTE);
    const struct outcomes_row *row = &o.row[2];
    CU_ASSERT_EQUAL(row->n, 5);
    CU_ASSERT_EQUAL(row->outcome[QV_OUTCOME_RECOVERED_LOCAL], 2);
    CU_ASSERT_EQUAL(row->outcome[QV_OUTCOME_MASKED], 1);
    CU_ASSERT_EQUAL(row->recovered, 3);
    CU_ASSERT_EQUAL(row->breaches, 4);
    CU_ASSERT_EQUAL(row->unchecked, 1);
    CU_ASSERT_EQUAL(row->loaded, 4);
    CU_ASSERT_EQUAL(row->errors, 8); /* the run without load has none to count */
    CU_ASSERT_EQUAL(row->lost, 12);
    CU_ASSERT_DOUBLE_EQUAL(row->outage_median, 35, 1e-9);
    CU_ASSERT_DOUBLE_EQUAL(row->outage_max, 900, 1e-9);
    CU_ASSERT_DOUBLE_EQUAL(row->share.low, 0.230724, 1e-5); /* Wilson, 3 of 5 */
    CU_ASSERT_DOUBLE_EQUAL(row->share.high, 0.882379, 1e-5);
    CU_ASSERT_STRING_EQUAL(outcomes_detections_text(row, text, sizeof(text)), "cpu-exception 3, none 1, heartbeat 1");
    CU_ASSERT_STRING_EQUAL(outcomes_detections_text(row, text, 8), "cpu-exc"); /* cut, not overrun */
    CU_ASSERT_EQUAL(o.row[3].recovered, 0);
    CU_ASSERT_EQUAL(o.row[3].loaded, 0);
    CU_ASSERT_EQUAL(o.total[QV_OUTCOME_RECOVERED_REMOTE], 2);
    CU_ASSERT_EQUAL(o.total[QV_OUTCOME_HANG], 0);
    outcomes_free(&o);
    CU_ASSERT_EQUAL(outcomes_count(&o, NULL, 0, &err), 0);
    CU_ASSERT_EQUAL(o.n, 0);
    outcomes_free(&o);
    free_runs(r);
}

static char *layout(const struct outcomes *o, int how)
{
    static char text[16384];
    struct qv_error err;
    memset(text, 0, sizeof(text));
    FILE *out = fmemopen(text, sizeof(text) - 1, "w");
    CU_ASSERT_PTR_NOT_NULL_FATAL(out);
    if (how == 0)
        CU_ASSERT_EQUAL(outcomes_print(out, o, false, &err), 0);
    if (how == 1)
        outcomes_write_markdown(out, o);
    if (how == 2)
        outcomes_write_csv(out, o);
    fclose(out);
    return text;
}

static size_t count_of(const char *from, const char *to, char what)
{
    size_t n = 0;
    for (; from < to; from++)
        n += *from == what;
    return n;
}

static void test_layouts(void)
{
    struct run_result *r[RUNS];
    struct outcomes o;
    struct qv_error err;
    make_runs(r);
    CU_ASSERT_EQUAL_FATAL(outcomes_count(&o, (const struct run_result *const *)r, RUNS, &err), 0);
    char *text = layout(&o, 0);
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "recovered_local"));
    CU_ASSERT_PTR_NULL(strstr(text, "degraded")); /* never occurred: no column */
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "60 % [23.1, 88.2]"));
    text = layout(&o, 1);
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "| bad-jump | remote | 2 | 0 | 0 | 0 | 2 | 0 | 0 | 0 | cpu-exception 2 | 0 | "
                                        "70.0 ms | 80.0 ms | 4 | 6 | 100 % [34.2, 100.0] |\n"));
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "| 4 (1 unchecked) | 35.0 ms | 900 ms | 8 | 12 |"));
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "| none 1 | - | - | - | - | - | 0 % "));
    text = layout(&o, 2);
    size_t commas = count_of(text, strchr(text, '\n'), ',');
    size_t lines = 0;
    for (char *line = text; *line != '\0'; line = strchr(line, '\n') + 1) {
        CU_ASSERT_EQUAL(count_of(line, strchr(line, '\n'), ','), commas);
        lines++;
    }
    CU_ASSERT_EQUAL(lines, 5);
    CU_ASSERT_PTR_NOT_NULL(
        strstr(text, ",detected_by_none,detected_by_nested-page-violation,detected_by_cpu-exception,"));
    CU_ASSERT_PTR_NOT_NULL(strstr(text, ",4,1,35,900,8,12,3,0.600000,0.230724,0.882379\n"));
    CU_ASSERT_PTR_NOT_NULL(strstr(text, ",0,1,,,,,0,0.000000,"));
    outcomes_free(&o);
    free_runs(r);
}

static bool exists(const char *dir, const char *name)
{
    char path[600];
    snprintf(path, sizeof(path), "%s/%s", dir, name);
    return access(path, F_OK) == 0;
}

/* A lean result is whole, small, and can be read back with its injections. */
static void test_lean(void)
{
    static const char *const big[] = {"requests.csv", "timeline.csv", "timeline.svg", "timeline.png",
                                      "timeline.gp",  "spans.csv",    "trace.txt"};
    static const char *const kept[] = {"result.json", "recovery.csv", "recovery.md", "phases.csv"};
    char dir[] = "/tmp/qv-lean-XXXXXX";
    char command[96];
    struct fixture f;
    struct qv_error err = {""};
    CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(dir));
    fixture_make(&f, FIXTURE_LOCAL, 1000, 10, 4003.3, 58, 1);
    result_take_injections(f.result, &f.trace, &namer);
    struct result_sources sources = {.load = &f.log, .trace = &f.trace, .clock = f.clock, .lean = true};
    CU_ASSERT_EQUAL_FATAL(result_write(dir, f.result, &sources, &err), 0);
    for (size_t i = 0; i < sizeof(big) / sizeof(big[0]); i++)
        CU_ASSERT(!exists(dir, big[i]));
    for (size_t i = 0; i < sizeof(kept) / sizeof(kept[0]); i++)
        CU_ASSERT(exists(dir, kept[i]));
    struct run_result *back = result_read(dir, &err);
    CU_ASSERT_PTR_NOT_NULL_FATAL(back);
    CU_ASSERT_EQUAL(back->n_injections, 1);
    CU_ASSERT_EQUAL(memcmp(&back->injection[0], &f.result->injection[0], sizeof(back->injection[0])), 0);
    CU_ASSERT_STRING_EQUAL(back->injection[0].activation_name.symbol, "s0:40000000");
    CU_ASSERT_EQUAL(back->load.sent, f.result->load.sent);
    result_free(back);
    fixture_free(&f);
    snprintf(command, sizeof(command), "rm -rf %s", dir);
    CU_ASSERT_EQUAL(system(command), 0);
}

/* Results of older versions have no list of injections; a list that is there must be right. */
static void test_reading(void)
{
    static const char *const wrong[] = {"\"nonsense\"", "[{}]", "[{},{},{},{},{}]"};
    struct fixture f;
    struct qv_error err = {""};
    fixture_make(&f, FIXTURE_LOCAL, 1000, 10, 4003.3, 58, 1);
    result_take_injections(f.result, &f.trace, &namer);
    for (size_t i = 0; i < 5; i++) {
        json_t *root = result_to_json(f.result, NULL);
        CU_ASSERT_PTR_NOT_NULL_FATAL(root);
        json_t *x = json_array_get(json_object_get(root, "injections"), 0);
        if (i < 3)
            json_object_set_new(root, "injections", json_loads(wrong[i], JSON_DECODE_ANY, NULL));
        else if (i == 3)
            json_object_set_new(x, "n_changes", json_integer(3)); /* and none of them there */
        else
            json_object_del(root, "injections");
        struct run_result *back = result_new();
        CU_ASSERT_PTR_NOT_NULL_FATAL(back);
        CU_ASSERT_EQUAL(result_from_json(root, back, &err), i < 4 ? -EINVAL : 0);
        CU_ASSERT_EQUAL(back->n_injections == 0, i == 0 || i == 2 || i == 4);
        result_free(back);
        json_decref(root);
    }
    fixture_free(&f);
}

/* Brackets in trace.txt where a record holds an address and there is somebody who knows its name. */
static void test_trace_text(void)
{
    static char text[8192];
    struct fixture f;
    fixture_make(&f, FIXTURE_LOCAL, 1000, 10, 4003.3, 58, 1);
    for (int named = 0; named < 2; named++) {
        memset(text, 0, sizeof(text));
        FILE *out = fmemopen(text, sizeof(text) - 1, "w");
        CU_ASSERT_PTR_NOT_NULL_FATAL(out);
        trace_print(out, &f.trace, named ? &namer : NULL);
        fclose(out);
        CU_ASSERT_EQUAL(strstr(text, "address 0x40000000 [s0:40000000, file.c:7]\n") != NULL, named == 1);
        CU_ASSERT_EQUAL(strstr(text, "nested-page-violation, 0x40000000 [s0:40000000, file.c:7]\n") != NULL,
                        named == 1);
        CU_ASSERT_EQUAL(count_of(text, text + strlen(text), '['), named ? 2 : 0);
    }
    fixture_free(&f);
}

/* The line of the fault in the terminal's summary. */
static void test_summary_line(void)
{
    static char text[8192];
    struct fixture f;
    fixture_make(&f, FIXTURE_LOCAL, 1000, 10, 4003.3, 58, 1);
    result_take_injections(f.result, &f.trace, &namer);
    struct run_injection *x = &f.result->injection[0];
    static const char *const lines[] = {
        "  fault      wild-write-sandbox at s0:40000000 (file.c:7), activated, detected by nested-page-violation\n",
        "  fault      wild-write-sandbox at f+0x3 (a.c:1): 24 -> 25 and 1 more, activated, detected by "
        "nested-page-violation\n",
        "  fault      wild-write-sandbox at 0x5003: 24 -> 25, activated, not detected\n",
        "  fault      wild-write-sandbox at 0x5003: 24 -> 25, never activated\n",
        "  fault      wild-write-sandbox at 0x5003: 24 -> 25, never armed\n"};
    for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
        if (i == 1) {
            x->n_changes = 2;
            injection_put_bytes(&x->change[0], 0x5000, 0x24000000, 0x25000000);
            strcpy(x->change[0].name.symbol, "f+0x3");
            strcpy(x->change[0].name.source, "a.c:1");
        } else if (i == 2) {
            x->n_changes = 1;
            address_name_of(NULL, 0, 0x5003, &x->change[0].name);
            f.result->detected_by = QV_DETECT_NONE;
        } else if (i == 3) {
            x->activations = 0;
        } else if (i == 4) {
            x->armed = 0;
        }
        memset(text, 0, sizeof(text));
        FILE *out = fmemopen(text, sizeof(text) - 1, "w");
        CU_ASSERT_PTR_NOT_NULL_FATAL(out);
        table_print_run(out, f.result, false);
        fclose(out);
        CU_ASSERT_PTR_NOT_NULL(strstr(text, lines[i]));
    }
    fixture_free(&f);
}

static const struct unit_test tests[] = {
    {"bytes that changed", test_bytes},
    {"injections from a trace", test_injections},
    {"plans that are alike", test_equal_plans},
    {"many changes", test_many_changes},
    {"outcomes by fault and policy", test_outcomes},
    {"the table's layouts", test_layouts},
    {"a lean result directory", test_lean},
    {"injections read back", test_reading},
    {"names in the trace's text", test_trace_text},
    {"the fault in the summary", test_summary_line},
};

int main(void)
{
    return unit_run("outcomes", tests, sizeof(tests) / sizeof(tests[0]));
}
