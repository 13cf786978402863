/* SPDX-License-Identifier: MIT */
/* A result directory from facts to files and back: conclusion, result.json, tables, time line, summary. */
#include <errno.h>
#include <jansson.h>
#include <math.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "analysis/names.h"
#include "analysis/published.h"
#include "analysis/result_json.h"
#include "analysis/summary.h"
#include "analysis/table.h"
#include "analysis/timeline.h"
#include "qv/fault.h"
#include "test_analysis_fixture.h"
#include "unit.h"

static char base[64];

static void begin_base(void)
{
    strcpy(base, "/tmp/qv-result-XXXXXX");
    CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(base));
}

static void end_base(void)
{
    char command[96];
    /* Only what this test made. */
    CU_ASSERT_FATAL(strncmp(base, "/tmp/qv-result-", 15) == 0);
    snprintf(command, sizeof(command), "rm -rf %s", base);
    CU_ASSERT_EQUAL(system(command), 0);
}

static char *in_base(const char *name)
{
    static char path[4][512];
    static unsigned next;
    char *p = path[next++ % 4];
    snprintf(p, sizeof(path[0]), "%s/%s", base, name);
    return p;
}

static char *slurp(const char *dir, const char *name)
{
    char path[1024];
    snprintf(path, sizeof(path), "%s/%s", dir, name);
    FILE *in = fopen(path, "rb");
    char *text = calloc(1, 1u << 22);
    if (text == NULL)
        abort();
    if (in != NULL) {
        (void)!fread(text, 1, (1u << 22) - 1, in);
        fclose(in);
    }
    return text;
}

static bool contains(const char *dir, const char *name, const char *what)
{
    char *text = slurp(dir, name);
    bool found = strstr(text, what) != NULL;
    if (!found)
        printf("%s: \"%s\" is not in it\n", name, what);
    free(text);
    return found;
}

static void write_all(const char *dir, const struct fixture *f, bool no_plot)
{
    struct qv_error err = {""};
    struct result_sources sources = {
        .load = &f->log, .trace = &f->trace, .clock = f->clock, .published = QV_PUBLISHED, .no_plot = no_plot};
    CU_ASSERT(mkdir(dir, 0777) == 0 || errno == EEXIST);
    int code = result_write(dir, f->result, &sources, &err);
    if (code != 0)
        printf("%s\n", err.text);
    CU_ASSERT_EQUAL_FATAL(code, 0);
}

static void test_conclusions(void)
{
    static const struct {
        enum fixture_kind kind;
        enum qv_outcome outcome;
        double outage_least;
    } cases[] = {{FIXTURE_LOCAL, QV_OUTCOME_RECOVERED_LOCAL, 55},
                 {FIXTURE_REMOTE, QV_OUTCOME_RECOVERED_REMOTE, 55},
                 {FIXTURE_GOLDEN, QV_OUTCOME_NO_FAULT, 0.5},
                 {FIXTURE_DEAD, QV_OUTCOME_HANG, 5500}};
    for (size_t i = 0; i < 4; i++) {
        struct fixture f;
        fixture_make(&f, cases[i].kind, 1000, 10, 4003.3, 58, 1);
        const struct run_result *r = f.result;
        CU_ASSERT_EQUAL(r->outcome, cases[i].outcome);
        CU_ASSERT(r->outage_ms >= cases[i].outage_least && r->outage_ms < cases[i].outage_least + 600);
        CU_ASSERT_EQUAL(r->load.sent, 9000);
        CU_ASSERT_EQUAL(r->has_split, cases[i].kind != FIXTURE_GOLDEN);
        CU_ASSERT(r->n_threats > 0);
        fixture_free(&f);
    }
}

/* Each fact on its own turns the outcome. */
static void test_facts(void)
{
    struct fixture f;
    fixture_make(&f, FIXTURE_LOCAL, 1000, 10, 4003.3, 58, 1);
    struct run_result *r = f.result;
#define TURNS(change, undo, becomes)                                                                                   \
    do {                                                                                                               \
        change;                                                                                                        \
        result_conclude(r);                                                                                            \
        CU_ASSERT_EQUAL(r->outcome, becomes);                                                                          \
        undo;                                                                                                          \
        result_conclude(r);                                                                                            \
        CU_ASSERT_EQUAL(r->outcome, QV_OUTCOME_RECOVERED_LOCAL);                                                       \
    } while (0)
    /* Without a driver switch it was a repair in place. */
    for (uint32_t i = 0; i < r->recoveries.item[0].n_spans; i++) {
        struct phase_span *span = &r->recoveries.item[0].span[i];
        if (span->phase == QV_PHASE_DRIVER_SWITCH)
            TURNS(span->open = true, span->open = false, QV_OUTCOME_REPAIRED_IN_PLACE);
    }
    TURNS(r->isolation.breaches = 1, r->isolation.breaches = 0, QV_OUTCOME_ISOLATION_BREACH);
    TURNS(r->host.monitor_failed = true, r->host.monitor_failed = false, QV_OUTCOME_MONITOR_FAILURE);
    TURNS(r->host.platform_died = true, r->host.platform_died = false, QV_OUTCOME_SYSTEM_FAILURE);
    TURNS(r->host.machine_ready = false, r->host.machine_ready = true, QV_OUTCOME_HARNESS_ERROR);
    TURNS(r->host.harness_error = true, r->host.harness_error = false, QV_OUTCOME_HARNESS_ERROR);
    TURNS(r->sandbox[1].state = QV_SB_PARKED, r->sandbox[1].state = QV_SB_RUNNING, QV_OUTCOME_SYSTEM_FAILURE);
    TURNS(r->sandbox[0].state = QV_SB_GAVE_UP, r->sandbox[0].state = QV_SB_RUNNING, QV_OUTCOME_GAVE_UP);
    TURNS(r->load.wrong_ever = 1, r->load.wrong_ever = 0, QV_OUTCOME_SILENT_WRONG_OUTPUT);
    TURNS(r->load_up_at_end = false, r->load_up_at_end = true, QV_OUTCOME_HANG);
    TURNS(r->recoveries.early_detections = 1, r->recoveries.early_detections = 0, QV_OUTCOME_FALSE_ALARM);
    r->recoveries.item[0].complete = false; /* reported done, but with no reply of its own: nobody asked it */
    result_conclude(r);
    CU_ASSERT_EQUAL(r->outcome, QV_OUTCOME_RECOVERED_LOCAL);
    r->recoveries.item[0].recovered = 0;
    result_conclude(r);
    CU_ASSERT_EQUAL(r->outcome, QV_OUTCOME_CONTAINED);
    r->recoveries.detections = 0;
    result_conclude(r);
    CU_ASSERT_EQUAL(r->outcome, QV_OUTCOME_MASKED);
    r->isolation.state_differs = true;
    result_conclude(r);
    CU_ASSERT_EQUAL(r->outcome, QV_OUTCOME_LATENT);
    r->load_after.good_rate = 0.9 * r->load_before.good_rate;
    result_conclude(r);
    CU_ASSERT_EQUAL(r->outcome, QV_OUTCOME_DEGRADED);
    fixture_free(&f);
}

/* Stragglers right after a recovery belong to it; errors later mean that the service came back worse. */
static void test_settling(void)
{
    static const struct {
        size_t at; /* ms after the fault */
        uint64_t errors;
    } cases[] = {{30, 0}, {300, 0}, {700, 1}};
    for (size_t i = 0; i < 3; i++) {
        struct fixture f;
        struct qv_error err;
        fixture_make(&f, FIXTURE_LOCAL, 1000, 10, 4003.3, 58, 1);
        f.log.record[4003 + cases[i].at].cls = LOAD_RESET;
        CU_ASSERT_EQUAL(result_take_load(f.result, &f.log, f.clock, &err), 0);
        CU_ASSERT(f.result->has_split);
        CU_ASSERT_EQUAL(f.result->load.errors, 1);
        CU_ASSERT_EQUAL(f.result->load_after.errors, cases[i].errors);
        CU_ASSERT_EQUAL((result_facts(f.result) & FACT_SERVICE_WORSE) != 0, cases[i].errors > 0);
        CU_ASSERT_EQUAL(f.result->load_before.good, 3004);
        fixture_free(&f);
    }
}

static void test_threats(void)
{
    struct fixture f;
    fixture_make(&f, FIXTURE_LOCAL, 1000, 10, 4003.3, 58, 1);
    struct run_result *r = f.result;
    uint32_t before = r->n_threats;
    r->isolation.checked = false;
    result_conclude(r);
    CU_ASSERT_EQUAL(r->n_threats, before + 1);
    r->trace_lost = 5;
    r->recoveries.item[0].flagged = true;
    r->provenance.dirty = true;
    result_conclude(r);
    CU_ASSERT_EQUAL(r->n_threats, before + 4);
    bool found = false;
    for (uint32_t i = 0; i < r->n_threats; i++)
        found = found || strstr(r->threat[i], "5 trace records") != NULL;
    CU_ASSERT(found);
    fixture_free(&f);
}

static void test_json_there_and_back(void)
{
    for (int kind = FIXTURE_LOCAL; kind <= FIXTURE_DEAD; kind++) {
        struct fixture f;
        struct qv_error err = {""};
        fixture_make(&f, (enum fixture_kind)kind, 1000, 10, 4003.3, 58, UINT64_MAX - 1);
        struct run_result *r = f.result;
        r->isolation.breaches = 1;
        r->isolation.breach[0] = (struct run_breach){
            .base = 0x40000000, .size = 4096, .kind = QV_REGION_CANARY, .owner = 1, .first = 0x40000010, .words = 3};
        provenance_add_bytes(&r->provenance, "boot configuration", "abc", 3);
        char *const argv[] = {"qemu-system-x86_64", "-m", "512", NULL};
        provenance_add_command(&r->provenance, "platform", argv);
        CU_ASSERT_PTR_NULL(result_timers(r)); /* as in results of older versions */
        r->sandbox[0].status.timer = QV_TIMER_TSC_DEADLINE;
        CU_ASSERT_STRING_EQUAL(result_timers(r), "tsc-deadline");
        r->sandbox[2].status.timer = QV_TIMER_COUNT_DOWN;
        CU_ASSERT_STRING_EQUAL(result_timers(r), "not the same on all cores");
        snprintf(r->sandbox[2].status.message, sizeof(r->sandbox[2].status.message), "last \x01\xff words");
        result_conclude(r);
        json_t *there = result_to_json(r, NULL);
        CU_ASSERT_PTR_NOT_NULL_FATAL(there);
        struct run_result *back = result_new();
        int code = result_from_json(there, back, &err);
        if (code != 0)
            printf("%s\n", err.text);
        CU_ASSERT_EQUAL_FATAL(code, 0);
        json_t *again = result_to_json(back, NULL);
        CU_ASSERT_PTR_NOT_NULL_FATAL(again);
        CU_ASSERT(json_equal(there, again));
        CU_ASSERT_EQUAL(back->seed, UINT64_MAX - 1);
        CU_ASSERT_EQUAL(back->recoveries.n, r->recoveries.n);
        CU_ASSERT_EQUAL(back->sandbox[0].status.timer, QV_TIMER_TSC_DEADLINE);
        CU_ASSERT_EQUAL(back->sandbox[1].status.timer, QV_TIMER_UNKNOWN);
        CU_ASSERT_EQUAL(back->exits[1][QV_STAGE_BOOT][QV_EXIT_CPUID], 41);
        json_decref(there);
        json_decref(again);
        result_free(back);
        fixture_free(&f);
    }
}

/* Every key that is read is missed when it is not there, by name, and nothing leaks. */
static void test_json_refuses(void)
{
    static const char *const keys[] = {
        "schema",      "mode",      "scenario",  "platform", "seed",       "tick",           "verdict", "outcome",
        "detected_by", "policy",    "outage_ms", "host",     "faults",     "recoveries",     "load",    "exits",
        "isolation",   "sandboxes", "expect",    "threats",  "provenance", "fault_activity", "trace"};
    struct fixture f;
    fixture_make(&f, FIXTURE_REMOTE, 1000, 10, 4003.3, 58, 1);
    for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
        for (int how = 0; how < 2; how++) {
            struct qv_error err = {""};
            json_t *root = result_to_json(f.result, NULL);
            if (how == 0)
                json_object_del(root, keys[i]);
            else
                json_object_set_new(root, keys[i], json_string("nonsense"));
            struct run_result *r = result_new();
            bool text = how == 1 && (strcmp(keys[i], "scenario") == 0 || strcmp(keys[i], "platform") == 0);
            CU_ASSERT_EQUAL(result_from_json(root, r, &err), text ? 0 : -EINVAL);
            CU_ASSERT(text || err.text[0] != '\0');
            result_free(r);
            json_decref(root);
        }
    }
    fixture_free(&f);
}

static void test_directory(void)
{
    struct fixture f;
    struct qv_error err = {""};
    char partial[512];
    begin_base();
    fixture_make(&f, FIXTURE_LOCAL, 1000, 10, 4003.3, 58, 7);
    char *dir = in_base("deep/er/run/");
    CU_ASSERT_EQUAL_FATAL(result_dir_begin(dir, partial, sizeof(partial), &err), 0);
    CU_ASSERT(access(in_base("deep/er/run"), F_OK) != 0); /* nothing under its name yet */
    CU_ASSERT_EQUAL(result_dir_commit(partial, in_base("deep/er/run"), &err), -EINVAL);
    CU_ASSERT_PTR_NULL(result_read(partial, &err));
    CU_ASSERT(strstr(err.text, "no result") != NULL);
    write_all(partial, &f, false);
    CU_ASSERT_EQUAL_FATAL(result_dir_commit(partial, in_base("deep/er/run"), &err), 0);
    CU_ASSERT(access(partial, F_OK) != 0);
    CU_ASSERT(result_dir_is_result(in_base("deep/er/run")));
    struct run_result *r = result_read(in_base("deep/er/run"), &err);
    CU_ASSERT_PTR_NOT_NULL_FATAL(r);
    CU_ASSERT_STRING_EQUAL(r->scenario, "nic-fault-local");
    CU_ASSERT_EQUAL(r->outcome, QV_OUTCOME_RECOVERED_LOCAL);
    result_free(r);
    /* A result is not written over. */
    CU_ASSERT_EQUAL(result_dir_begin(in_base("deep/er/run"), partial, sizeof(partial), &err), -EEXIST);
    CU_ASSERT_EQUAL_FATAL(result_dir_begin(in_base("other"), partial, sizeof(partial), &err), 0);
    result_dir_abandon(partial);
    CU_ASSERT(access(partial, F_OK) != 0);
    CU_ASSERT_EQUAL(result_dir_begin("", partial, sizeof(partial), &err), -EINVAL);
    fixture_free(&f);
    end_base();
}

static void test_files(void)
{
    struct fixture f;
    struct qv_error err = {""};
    begin_base();
    fixture_make(&f, FIXTURE_LOCAL, 1000, 10, 4003.3, 58, 7);
    char *dir = in_base("run");
    write_all(dir, &f, false);
    CU_ASSERT(contains(dir, "recovery.md", "| Driver Switch | 2,070,000 | 900 µs |"));
    CU_ASSERT(contains(dir, "recovery.md", "| 10,503 | n/a |"));
    CU_ASSERT(contains(dir, "recovery.md", "| IPI Round Trip | - |"));
    CU_ASSERT(contains(dir, "recovery.md", "| n/a | 4,542 |"));
    CU_ASSERT(contains(dir, "recovery.md", "Not comparable as absolute values, because"));
    CU_ASSERT(contains(dir, "recovery.md", "i5-2500K"));
    CU_ASSERT(contains(dir, "recovery.csv", "vm_exit,local,ticks,1,29900,29900,29900,29900,0,13.000000,885,cycles\n"));
    CU_ASSERT(contains(dir, "recovery.csv", "ipi_round_trip,remote,ticks,0,,,,,,,4542,cycles\n"));
    CU_ASSERT(contains(dir, "phases.csv", "0,0,local,driver_switch,"));
    CU_ASSERT(contains(dir, "spans.csv", "fault,event,0,0,4003.3"));
    CU_ASSERT(contains(dir, "trace.txt", "fault-activated"));
    CU_ASSERT(contains(dir, "timeline.svg", "</svg>"));
    char *png = slurp(dir, "timeline.png");
    CU_ASSERT_EQUAL(memcmp(png, "\x89PNG\r\n\x1a\n", 8), 0);
    free(png);
    /* The manifest holds what is there. */
    char path[600];
    snprintf(path, sizeof(path), "%s/result.json", dir);
    json_t *root = json_load_file(path, 0, NULL);
    CU_ASSERT_PTR_NOT_NULL_FATAL(root);
    json_t *files = json_object_get(root, "files");
    static const char *const names[] = {"phases.csv",   "recovery.csv", "recovery.md",  "requests.csv", "spans.csv",
                                        "timeline.csv", "timeline.gp",  "timeline.png", "timeline.svg", "trace.txt"};
    CU_ASSERT_EQUAL(json_object_size(files), sizeof(names) / sizeof(names[0]));
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        struct stat st;
        snprintf(path, sizeof(path), "%s/%s", dir, names[i]);
        CU_ASSERT_EQUAL(stat(path, &st), 0);
        CU_ASSERT_EQUAL(json_integer_value(json_object_get(json_object_get(files, names[i]), "bytes")), st.st_size);
    }
    /* The keys that others rely on. */
    static const char *const keys[] = {"scenario", "platform",    "tick",      "seed",      "verdict",
                                       "outcome",  "detected_by", "phases",    "outage_ms", "load",
                                       "exits",    "isolation",   "provenance"};
    for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
        CU_ASSERT_PTR_NOT_NULL(json_object_get(root, keys[i]));
    CU_ASSERT_EQUAL(json_array_size(json_object_get(root, "phases")), 9);
    json_t *phase = json_array_get(json_object_get(root, "phases"), 3);
    CU_ASSERT_STRING_EQUAL(json_string_value(json_object_get(phase, "name")), "driver_switch");
    CU_ASSERT_EQUAL(json_integer_value(json_object_get(phase, "ticks")), 2070000);
    json_decref(root);
    /* Drawn again from what is in the directory. */
    snprintf(path, sizeof(path), "%s/timeline.svg", dir);
    CU_ASSERT_EQUAL(remove(path), 0);
    char *script = slurp(dir, "timeline.gp");
    int code = timeline_redraw(dir, &err);
    if (code != 0)
        printf("%s\n", err.text);
    CU_ASSERT_EQUAL(code, 0);
    CU_ASSERT(contains(dir, "timeline.svg", "</svg>"));
    char *again = slurp(dir, "timeline.gp");
    CU_ASSERT_STRING_EQUAL(script, again);
    free(script);
    free(again);
    fixture_free(&f);
    end_base();
}

/* What the script cannot know about: a scenario with a quote in its name, no recovery, no fault, low rates. */
static void test_plots(void)
{
    begin_base();
    for (int kind = FIXTURE_LOCAL; kind <= FIXTURE_DEAD; kind++) {
        struct fixture f;
        char name[16];
        snprintf(name, sizeof(name), "plot%d", kind);
        fixture_make(&f, (enum fixture_kind)kind, kind % 2 == 0 ? 120 : 1000, 10, 4003.3, 400, 7);
        strcpy(f.result->scenario, "it's a \"test\"\n; quit");
        write_all(in_base(name), &f, false);
        CU_ASSERT(contains(in_base(name), "timeline.svg", "it's a"));
        CU_ASSERT(access(in_base("plot0/gnuplot.log"), F_OK) != 0);
        fixture_free(&f);
    }
    struct qv_error err;
    CU_ASSERT_EQUAL(timeline_plot(base, &err), -ENOENT);
    end_base();
}

/* Without gnuplot, or without the published figures, there is a result all the same. */
static void test_without_helpers(void)
{
    struct fixture f;
    struct qv_error err = {"old"};
    char path[4096];
    begin_base();
    fixture_make(&f, FIXTURE_LOCAL, 1000, 10, 4003.3, 58, 7);
    CU_ASSERT_FATAL(getenv("PATH") != NULL && strlen(getenv("PATH")) < sizeof(path));
    strcpy(path, getenv("PATH"));
    CU_ASSERT_EQUAL(setenv("PATH", base, 1), 0);
    struct result_sources sources = {.load = &f.log, .trace = &f.trace, .clock = f.clock, .published = "/nonexistent"};
    CU_ASSERT_EQUAL(result_write(base, f.result, &sources, &err), 0);
    CU_ASSERT(strstr(err.text, "gnuplot") != NULL);
    CU_ASSERT(result_dir_is_result(base));
    CU_ASSERT_EQUAL(setenv("PATH", path, 1), 0);
    CU_ASSERT_EQUAL(result_write(base, f.result, &sources, &err), 0);
    CU_ASSERT_STRING_EQUAL(err.text, "");
    fixture_free(&f);
    end_base();
}

static void test_metrics(void)
{
    struct fixture f;
    double value;
    fixture_make(&f, FIXTURE_LOCAL, 1000, 10, 4003.3, 58, 7);
    size_t n = 0;
    for (; result_metric_list(n) != NULL; n++) {
        CU_ASSERT(result_metric_known(result_metric_list(n)));
        for (size_t k = 0; k < n; k++)
            CU_ASSERT_STRING_NOT_EQUAL(result_metric_list(n), result_metric_list(k));
    }
    CU_ASSERT(n > 50);
    CU_ASSERT(!result_metric_known("colour"));
    CU_ASSERT(!result_metric(f.result, "colour", &value));
    CU_ASSERT(result_metric(f.result, "load.sent", &value) && value == 9000);
    CU_ASSERT(result_metric(f.result, "exits.boot", &value) && value == 123);
    CU_ASSERT(result_metric(f.result, "exits.recovery", &value) && value == 1);
    CU_ASSERT(result_metric(f.result, "exits.steady", &value) && value == 0);
    CU_ASSERT(result_metric(f.result, "probe.misses", &value) && value == 0);
    CU_ASSERT(result_metric(f.result, "phase.driver_switch_ticks", &value) && value == 2070000);
    CU_ASSERT(result_metric(f.result, "phase.driver_switch_us", &value) && fabs(value - 900) < 1e-9);
    CU_ASSERT(!result_metric(f.result, "phase.kernel_boot_us", &value));
    CU_ASSERT(result_metric(f.result, "detection_us", &value) && fabs(value - 6) < 1e-3);
    CU_ASSERT(result_metric(f.result, "end_to_end_us", &value) && fabs(value - 57600) < 1);
    CU_ASSERT(result_metric(f.result, "recoveries.complete", &value) && value == 1);
    CU_ASSERT(result_metric(f.result, "start_to_first_reply_ms", &value) && value == 804.25);
    f.result->isolation.checked = false;
    CU_ASSERT(!result_metric(f.result, "isolation.breaches", &value)); /* not checked is not zero */
    fixture_free(&f);
}

static char *printed(int (*print)(FILE *, const struct run_result *const *, size_t, const char *, struct qv_error *),
                     const struct run_result *const *results, size_t n)
{
    char *text = NULL;
    size_t size = 0;
    struct qv_error err;
    FILE *out = open_memstream(&text, &size);
    CU_ASSERT_EQUAL(print(out, results, n, QV_PUBLISHED, &err), 0);
    fclose(out);
    return text;
}

static int print_plain(FILE *out, const struct run_result *const *results, size_t n, const char *published,
                       struct qv_error *err)
{
    return table_print(out, results, n, published, false, err);
}

/* Several runs of both policies in one table: min, median and max, and both columns. */
static void test_tables(void)
{
    struct fixture f[5];
    const struct run_result *results[5];
    struct qv_error err;
    for (int i = 0; i < 5; i++) {
        fixture_make(&f[i], i < 3 ? FIXTURE_LOCAL : FIXTURE_REMOTE, 1000, 10, 4003.3, 50 + 10 * i, 7);
        results[i] = f[i].result;
    }
    char *text = printed(table_write_markdown, results, 5);
    CU_ASSERT(strstr(text, "| Driver Re-initialization | 48,300,000 / 57,960,000 / 67,620,000 | 25.2 ms |") != NULL);
    CU_ASSERT(strstr(text, "| IPI Round Trip | - |") != NULL);
    CU_ASSERT(strstr(text, "| 345,000 / 345,000 / 345,000 | 150 µs | n/a | 4,542 |") != NULL);
    CU_ASSERT(strstr(text, "local: 3 complete recoveries in 5 runs") != NULL);
    CU_ASSERT(strstr(text, "restart") == NULL);
    free(text);
    text = printed(print_plain, results, 5);
    CU_ASSERT(strstr(text, "VM-Exit") != NULL && strstr(text, "\033") == NULL);
    /* Aligned: all lines of the grid are equally wide. */
    size_t width = strcspn(text, "\n");
    const char *second = text + width + 1;
    CU_ASSERT(width > 60 && strcspn(second, "\n") >= width);
    free(text);
    /* A recovery that was not completed is counted, and its phases are in no figure. */
    f[2].result->recoveries.item[0].complete = false;
    text = printed(table_write_markdown, results, 5);
    CU_ASSERT(strstr(text, "local: 2 complete recoveries in 5 runs") != NULL);
    CU_ASSERT(strstr(text, "; 1 not completed and not in the table") != NULL);
    CU_ASSERT(strstr(text, "| Driver Re-initialization | 48,300,000 / 53,130,000 / 57,960,000 |") != NULL);
    free(text);
    f[2].result->recoveries.item[0].complete = true;
    /* Nor is one that answered no fault. */
    uint64_t activated = f[2].result->recoveries.item[0].activated;
    f[2].result->recoveries.item[0].activated = 0;
    f[2].result->recoveries.item[0].detected = activated - 1;
    text = printed(table_write_markdown, results, 5);
    CU_ASSERT(strstr(text, "local: 2 complete recoveries in 5 runs") != NULL);
    CU_ASSERT(strstr(text, "; 1 without a fault (false alarms)") != NULL);
    free(text);
    /* Figures of another platform do not go into the same table. */
    f[4].result->tick.kind = RUN_TICK_INSTRUCTION;
    FILE *null = fopen("/dev/null", "w");
    CU_ASSERT_EQUAL(table_print(null, results, 5, QV_PUBLISHED, false, &err), -EINVAL);
    CU_ASSERT(strstr(err.text, "different platforms") != NULL);
    CU_ASSERT(table_print(null, results, 4, "/nonexistent", false, &err) < 0);
    CU_ASSERT_EQUAL(table_print(null, results, 0, QV_PUBLISHED, false, &err), 0);
    fclose(null);
    for (int i = 0; i < 5; i++)
        fixture_free(&f[i]);
}

static void test_not_comparable(void)
{
    struct run_result *r = result_new();
    char text[RUN_TICK_KINDS][1024];
    for (int kind = 0; kind < RUN_TICK_KINDS; kind++) {
        r->tick.kind = (enum run_tick_kind)kind;
        table_not_comparable(r, "machine X", text[kind], sizeof(text[kind]));
        CU_ASSERT(strstr(text[kind], "machine X") != NULL);
        for (int other = 0; other < kind; other++)
            CU_ASSERT_STRING_NOT_EQUAL(text[kind], text[other]);
    }
    result_free(r);
}

static void test_print_run(void)
{
    for (int kind = FIXTURE_LOCAL; kind <= FIXTURE_DEAD; kind++) {
        struct fixture f;
        char *text = NULL;
        size_t size = 0;
        fixture_make(&f, (enum fixture_kind)kind, 1000, 10, 4003.3, 58, 7);
        FILE *out = open_memstream(&text, &size);
        table_print_run(out, f.result, false);
        fclose(out);
        CU_ASSERT(strstr(text, outcome_name(f.result->outcome)) != NULL);
        CU_ASSERT(strstr(text, f.result->met ? "expectations met" : "expectations not met") != NULL);
        CU_ASSERT(strstr(text, "\033") == NULL);
        CU_ASSERT(strstr(text, "9000 sent") != NULL);
        free(text);
        fixture_free(&f);
    }
}

static void test_summary(void)
{
    struct fixture f[6];
    const struct run_result *results[6];
    struct summary_group *group;
    struct summary_metric m;
    struct qv_error err;
    for (int i = 0; i < 6; i++) {
        fixture_make(&f[i], i < 5 ? FIXTURE_LOCAL : FIXTURE_DEAD, 1000, 10, 4003.3, 50 + 10 * i, (uint64_t)i);
        f[i].result->run_index = (uint32_t)i;
        results[i] = f[i].result;
    }
    f[4].result->met = false;
    CU_ASSERT_EQUAL_FATAL(summary_groups(results, 6, &group), 2);
    CU_ASSERT_EQUAL(group[0].runs, 5);
    CU_ASSERT_EQUAL(group[0].met, 4);
    CU_ASSERT_EQUAL(group[0].outcome[QV_OUTCOME_RECOVERED_LOCAL], 5);
    CU_ASSERT_EQUAL(group[1].outcome[QV_OUTCOME_HANG], 1);
    free(group);
    CU_ASSERT(summary_metric_of(results, 5, "outage_ms", &m));
    CU_ASSERT_EQUAL(m.s.n, 5);
    CU_ASSERT(m.s.median > 69 && m.s.median < 73);
    CU_ASSERT(m.median.low <= m.s.median && m.median.high >= m.s.median);
    CU_ASSERT(!summary_metric_of(results, 5, "phase.kernel_boot_us", &m));
    begin_base();
    CU_ASSERT_EQUAL_FATAL(table_write_summary(base, results, 6, QV_PUBLISHED, &err), 0);
    CU_ASSERT(
        contains(base, "outcomes.csv", "nic-fault-local,wild-write-sandbox,local,recovered_local,5,5,1.000000,0.565"));
    CU_ASSERT(contains(base, "runs.csv", "\n4,nic-fault-local,wild-write-sandbox,local,4,not met,recovered_local,"));
    CU_ASSERT(contains(base, "summary.md", "| nic-hang-none | hang-cli | none | 1 | 0 | hang 1 "));
    CU_ASSERT(contains(base, "recovery.md", "local: 5 complete recoveries in 6 runs"));
    CU_ASSERT(contains(base, "summary.json", "\"kind\": \"summary\""));
    /* A summary is not mistaken for a run. */
    CU_ASSERT(!result_dir_is_result(base));
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    table_print_summary(out, results, 5, false);
    fclose(out);
    CU_ASSERT(strstr(text, "4 of 5 met") != NULL && strstr(text, "outage_ms") != NULL);
    free(text);
    end_base();
    for (int i = 0; i < 6; i++)
        fixture_free(&f[i]);
}

static void test_published(void)
{
    struct published_set set;
    struct qv_error err = {""};
    CU_ASSERT_EQUAL_FATAL(published_read(QV_PUBLISHED "/quest-v-poster.csv", &set, &err), 0);
    CU_ASSERT_EQUAL(set.n, 10);
    CU_ASSERT_EQUAL(published_find(&set, "vm_exit", "local")->value, 885);
    CU_ASSERT_EQUAL(published_find(&set, "driver_reinit", "remote")->value, 1.45e7);
    CU_ASSERT_PTR_NULL(published_find(&set, "driver_switch", "remote"));
    CU_ASSERT_STRING_EQUAL(published_find(&set, "net_reinit", "local")->unit, "cycles");
    published_free(&set);
    CU_ASSERT_EQUAL_FATAL(published_read(QV_PUBLISHED "/linux-peers.csv", &set, &err), 0);
    CU_ASSERT_EQUAL(published_find(&set, "kvm-vmmcall", "icount")->value, 2559);
    published_free(&set);
    CU_ASSERT_EQUAL(published_read(QV_PUBLISHED "/recovery-systems.csv", &set, &err), 0);
    published_free(&set);
    static const struct {
        const char *text;
        const char *line;
    } bad[] = {{"", ":0:"},
               {"# source: x\nkey,policy,value,unit,note\n", ":2:"},
               {"# source: x\n# machine: y\nkey,value\n", ":3:"},
               {"# source: x\n# machine: y\nkey,policy,value,unit,note\na,b,c,d,e\n", ":4:"},
               {"# source: x\n# machine: y\nkey,policy,value,unit,note\na,b,1,d\n", ":4:"},
               {"# source: x\n# machine: y\nkey,policy,value,unit,note\n,b,1,d,e\n", ":4:"}};
    begin_base();
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        FILE *out = fopen(in_base("x.csv"), "w");
        fputs(bad[i].text, out);
        fclose(out);
        CU_ASSERT_EQUAL(published_read(in_base("x.csv"), &set, &err), -EINVAL);
        CU_ASSERT(strstr(err.text, bad[i].line) != NULL);
    }
    end_base();
}

static void test_provenance(void)
{
    struct provenance *p = calloc(1, sizeof(*p));
    struct qv_error err;
    CU_ASSERT_PTR_NOT_NULL_FATAL(p);
    provenance_collect(p, "/somewhere/project/");
    CU_ASSERT(p->host_cores > 0);
    CU_ASSERT(strlen(p->time) == 20);
    CU_ASSERT(p->compiler[0] != '\0');
    CU_ASSERT_STRING_EQUAL(p->commit, ""); /* no such directory */
    char *const argv[] = {
        "/somewhere/project/build/qv", "run", "it's", "", "file=/somewhere/project/x y", "/somewhere/projects",
        "/somewhere/project",          NULL};
    CU_ASSERT_EQUAL(provenance_add_command(p, "qv", argv), 0);
    CU_ASSERT_STRING_EQUAL(p->command[0].line, "build/qv run 'it'\\''s' '' 'file=x y' /somewhere/projects .");
    begin_base();
    FILE *out = fopen(in_base("image"), "w");
    fputs("abc", out);
    fclose(out);
    snprintf(p->root, sizeof(p->root), "%s", base);
    CU_ASSERT_EQUAL(provenance_add_file(p, in_base("image"), &err), 0);
    CU_ASSERT_STRING_EQUAL(p->hash[0].name, "image");
    CU_ASSERT_EQUAL(strncmp(p->hash[0].sha256, "ba7816bf", 8), 0);
    CU_ASSERT(provenance_add_file(p, in_base("none"), &err) < 0);
    provenance_set_version(p, "/nonexistent/program");
    CU_ASSERT_STRING_EQUAL(p->qemu_version, "");
    end_base();
    while (provenance_add_bytes(p, "x", "y", 1) == 0)
        continue;
    CU_ASSERT_EQUAL(p->n_hashes, PROVENANCE_MAX_HASHES);
    free(p);
}

static const struct unit_test tests[] = {
    {"conclusions", test_conclusions},
    {"facts turn the outcome", test_facts},
    {"settling after a recovery", test_settling},
    {"threats to validity", test_threats},
    {"result.json, there and back", test_json_there_and_back},
    {"result.json, refused", test_json_refuses},
    {"directories", test_directory},
    {"files of a directory", test_files},
    {"plots of all kinds of run", test_plots},
    {"without gnuplot and published figures", test_without_helpers},
    {"metrics", test_metrics},
    {"recovery tables", test_tables},
    {"not comparable because", test_not_comparable},
    {"a run on the terminal", test_print_run},
    {"summary of many runs", test_summary},
    {"published figures", test_published},
    {"provenance", test_provenance},
};

int main(void)
{
    return unit_run("analysis: results", tests, sizeof(tests) / sizeof(tests[0]));
}
