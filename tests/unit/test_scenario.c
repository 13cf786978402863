/* SPDX-License-Identifier: MIT */
/* The scenario reader: what it makes of good files, and that what it prints is what it read. */
#include <string.h>
#include <unistd.h>

#include "scenario/keys.h"
#include "scenario/scenario.h"
#include "unit.h"

#define SMALLEST                                                                                                       \
    "schema: 1\n"                                                                                                      \
    "name: smallest\n"                                                                                                 \
    "sandboxes: [{roles: web}]\n"                                                                                      \
    "fault: none\n"                                                                                                    \
    "duration: 2s\n"                                                                                                   \
    "expect: {outcome: no_fault}\n"

static int parse(const char *text, struct scenario *out)
{
    struct diag diag;
    diag_init(&diag, "test");
    int result = scenario_parse(text, strlen(text), out, &diag);
    if (result != 0)
        diag_print(&diag, stdout);
    return result;
}

static void defaults(void)
{
    struct scenario s;
    CU_ASSERT_FATAL(parse(SMALLEST, &s) == 0);
    CU_ASSERT_STRING_EQUAL(s.name, "smallest");
    CU_ASSERT_STRING_EQUAL(s.description, "");
    CU_ASSERT(s.platform.kind == SCENARIO_PLATFORM_QEMU && s.platform.mode == QV_MODE_MONITOR);
    CU_ASSERT(s.platform.cores == 1 && s.platform.memory_bytes == 256u << 20 && s.platform.iommu);
    CU_ASSERT(s.n_sandboxes == 1 && s.sandbox[0].roles == QV_ROLE_WEB && s.sandbox[0].memory_bytes == 32u << 20);
    CU_ASSERT(s.sandbox[0].ip == 0x0a00020f && s.sandbox[0].mac[5] == 0x10 && s.sandbox[0].nic == 0);
    CU_ASSERT(s.sandbox[0].standby == QV_NO_SANDBOX && s.sandbox[0].probe_us == 0);
    CU_ASSERT(s.load.tool == SCENARIO_TOOL_BUILTIN && s.load.rate_mhz == 120000 && s.load.page_bytes == 1024);
    CU_ASSERT(s.load.duration_us == 2000000 && s.load.target == 0);
    CU_ASSERT(s.n_faults == 0 && s.recovery.policy == QV_POLICY_LOCAL && s.seed == 1);
    CU_ASSERT(s.expect.max_outage_us == SCENARIO_UNLIMITED && s.expect.max_breaches == 0);
    CU_ASSERT(s.expect.outcomes == 1ull << QV_OUTCOME_NO_FAULT && s.expect.detected_by == 0);
    CU_ASSERT(scenario_nic_count(&s) == 1);
}

static const char full[] =
    "schema: 1\n"
    "name: full\n"
    "description: \"quotes \\\" and\\n lines: {and} braces \\u00e9\"\n"
    "platform: {kind: qemu, cores: 5, memory: 512MiB, lapic: guarded, iommu: false}\n"
    "sandboxes:\n"
    "  - {id: 0, roles: web, memory: 64MiB, standby: 2,\n"
    "     vcpus: {service: {budget: 3ms, period: 10ms}, nic: {utilization: 12.5%, period: 4ms}}}\n"
    "  - {roles: bystander, probe: 20ms}\n"
    "  - {roles: [standby, bystander], ip: 10.0.2.77, mac: \"02:00:00:00:00:01\", probe: off}\n"
    "  - {roles: client}\n"
    "service: {host_port: 8080}\n"
    "load: {tool: sandbox, rate: 33.3/s, arrivals: poisson, connections: 7, page: 64KiB,\n"
    "       warmup: 500ms, duration: 3s, timeout: 700ms}\n"
    "fault:\n"
    "  - {model: hang-cli, at: {requests: 100}}\n"
    "  - {model: drop-ack, target: 0, point: nic.irq, at: {packets: 9}, times: 3, interval: 50ms}\n"
    "recovery: {policy: remote, budget: 9, backoff: 1ms, heartbeat: 2ms, hang_timeout: 40ms}\n"
    "duration: 4s\n"
    "seed: 0xffffffffffffffff\n"
    "trace: {requests: true, scheduler: true}\n"
    "expect:\n"
    "  outcome: [recovered_remote, contained]\n"
    "  detected_by: [heartbeat, irq-progress]\n"
    "  max_outage: 300ms\n"
    "  max_lost: 12\n"
    "  max_breaches: any\n"
    "  min_reply_rate: 10.5/s\n"
    "  max_deadline_misses: 0\n";

static void everything(void)
{
    struct scenario s;
    CU_ASSERT_FATAL(parse(full, &s) == 0);
    CU_ASSERT(s.platform.lapic == SCENARIO_LAPIC_GUARDED && !s.platform.iommu && s.platform.cores == 5);
    CU_ASSERT(s.sandbox[0].standby == 2 && s.sandbox[0].vcpu[QV_VCPU_SERVICE].budget_us == 3000);
    CU_ASSERT(s.sandbox[0].vcpu[QV_VCPU_NIC].utilization_ppm == 125000);
    CU_ASSERT(s.sandbox[0].vcpu[QV_VCPU_HEALTH].budget_us == 200); /* not named: default */
    CU_ASSERT(s.sandbox[1].nic == SCENARIO_NO_NIC && s.sandbox[1].ip == 0 && s.sandbox[1].probe_us == 20000);
    CU_ASSERT(s.sandbox[2].ip == 0x0a00024d && s.sandbox[2].mac[5] == 1 && s.sandbox[2].probe_us == 0);
    CU_ASSERT(s.sandbox[3].nic == 1 && scenario_nic_count(&s) == 2);
    CU_ASSERT(s.service.host_port == 8080);
    CU_ASSERT(s.load.rate_mhz == 33300 && s.load.page_bytes == 65536 && s.load.warmup_us == 500000);
    CU_ASSERT(s.n_faults == 2 && s.fault[0].target == 0 && s.fault[0].trigger == QV_TRIGGER_REQUESTS);
    CU_ASSERT(s.fault[0].value == 100 && s.fault[0].times == 1);
    CU_ASSERT(s.fault[1].trigger == QV_TRIGGER_PACKETS && s.fault[1].value == 9 && s.fault[1].times == 3);
    CU_ASSERT(s.fault[1].point == QV_POINT_NIC_IRQ && s.fault[0].point == 0);
    CU_ASSERT(s.seed == UINT64_MAX && s.trace.requests && s.trace.scheduler);
    CU_ASSERT(s.expect.outcomes == (1ull << QV_OUTCOME_RECOVERED_REMOTE | 1ull << QV_OUTCOME_CONTAINED));
    CU_ASSERT(s.expect.detected_by == (1ull << QV_DETECT_HEARTBEAT | 1ull << QV_DETECT_IRQ_PROGRESS));
    CU_ASSERT(s.expect.max_outage_us == 300000 && s.expect.max_lost == 12 && s.expect.max_errors == SCENARIO_UNLIMITED);
    CU_ASSERT(s.expect.max_breaches == SCENARIO_UNLIMITED && s.expect.min_reply_rate_mhz == 10500);
}

static void printed_reads_back(const char *text)
{
    struct scenario s;
    struct scenario again;
    char *printed = NULL;
    size_t size = 0;

    CU_ASSERT_FATAL(parse(text, &s) == 0);
    FILE *stream = open_memstream(&printed, &size);
    CU_ASSERT_FATAL(stream != NULL);
    scenario_print(stream, &s);
    fclose(stream);
    CU_ASSERT(parse(printed, &again) == 0);
    CU_ASSERT(memcmp(&s, &again, sizeof(s)) == 0);
    free(printed);
}

static void round_trip(void)
{
    printed_reads_back(SMALLEST);
    printed_reads_back(full);
}

/* All ways of giving one fault come to the same. */
static void ways_of_a_fault(void)
{
    static const char *const way[] = {
        "fault: {model: bad-jump, at: {after: 1s}}\n",
        "fault: [{model: bad-jump, at: {after: 1s}}]\n",
        "fault:\n  - model: bad-jump\n    at:\n      after: 1s\n",
        "'fault': {\"model\": 'bad-jump', at: {after: \"1s\"}}\n",
    };
    struct scenario first;
    for (size_t i = 0; i < sizeof(way) / sizeof(way[0]); i++) {
        char text[512];
        struct scenario s;
        snprintf(text, sizeof(text),
                 "schema: 1\nname: way\nsandboxes: [{roles: web}]\nduration: 2s\nexpect: {outcome: contained}\n%s",
                 way[i]);
        CU_ASSERT_FATAL(parse(text, &s) == 0);
        if (i == 0)
            first = s;
        CU_ASSERT(memcmp(&first, &s, sizeof(s)) == 0);
    }
}

static void standby_choice(void)
{
    static const char head[] = "schema: 1\nname: standby\nfault: none\nduration: 2s\nexpect: {outcome: no_fault}\n";
    struct scenario s;
    char text[512];

    snprintf(text, sizeof(text), "%ssandboxes: [{roles: web}, {roles: bystander}, {roles: [standby, web]}]\n", head);
    CU_ASSERT_FATAL(parse(text, &s) == 0);
    CU_ASSERT(s.sandbox[0].standby == 2);             /* the first other one with the role */
    CU_ASSERT(s.sandbox[1].standby == QV_NO_SANDBOX); /* not a web sandbox */
    CU_ASSERT(s.sandbox[2].standby == QV_NO_SANDBOX); /* no other one */
    snprintf(text, sizeof(text),
             "%ssandboxes: [{roles: web}, {roles: standby}, {roles: standby}, {roles: web, standby: none}]\n"
             "recovery: {standby: 2}\n",
             head);
    CU_ASSERT_FATAL(parse(text, &s) == 0);
    CU_ASSERT(s.sandbox[0].standby == 2 && s.sandbox[3].standby == QV_NO_SANDBOX);
}

/* A default in the tables must itself be a value that the key accepts: else it would silently become zero. */
static void check_defaults(const struct field *fields)
{
    for (const struct field *field = fields; field->key != NULL; field++) {
        if (field->fields != NULL)
            check_defaults(field->fields);
        if (field->fallback == NULL)
            continue;
        struct field alone[2] = {*field, {.key = NULL}};
        struct node key = {.kind = NODE_SCALAR, .text = (char[64]){0}};
        struct node value = {.kind = NODE_SCALAR, .text = (char[96]){0}, .key = &key};
        struct node map = {.kind = NODE_MAP, .first = &value, .last = &value};
        struct diag diag;
        static struct scenario scratch;
        snprintf(key.text, 64, "%s", field->key);
        snprintf(value.text, 96, "%s", field->fallback);
        diag_init(&diag, "defaults");
        schema_read(alone, &map, &scratch, "defaults", &diag);
        if (diag_any(&diag))
            diag_print(&diag, stdout);
        CU_ASSERT(!diag_any(&diag));
    }
}

static void table_defaults(void)
{
    check_defaults(scenario_keys);
}

/* Mistakes do not hide each other, and nothing is said twice. */
static void all_mistakes_at_once(void)
{
    static const char text[] = "schema: 1\n"
                               "name: UPPER\n"                                  /* 2:7 */
                               "sandboxes: [{roles: wep}]\n"                    /* 3:21 */
                               "fault: {model: null-pointer, at: {after: 4}}\n" /* 4:42 */
                               "duration: 2\n"                                  /* 5:11 */
                               "expect: {outcome: masked, max_lust: 3}\n";      /* 6:27 */
    static const struct mark where[] = {{2, 7}, {3, 21}, {4, 42}, {5, 11}, {6, 27}};
    struct scenario s;
    struct diag diag;

    memset(&s, 0xa5, sizeof(s));
    struct scenario before = s;
    diag_init(&diag, "test");
    CU_ASSERT(scenario_parse(text, sizeof(text) - 1, &s, &diag) == -1);
    CU_ASSERT(memcmp(&before, &s, sizeof(s)) == 0); /* nothing half built */
    CU_ASSERT_FATAL(diag.count == sizeof(where) / sizeof(where[0]));
    for (unsigned i = 0; i < diag.count; i++)
        CU_ASSERT(diag.entry[i].at.line == where[i].line && diag.entry[i].at.column == where[i].column);
}

/* Settings go through the same checks as the file; the file is written here because settings only go with files. */
static int read_with(const struct scenario_setting *settings, size_t n, struct scenario *out, struct diag *diag)
{
    char path[] = "/tmp/qv-test-scenario-XXXXXX";
    int fd = mkstemp(path);
    CU_ASSERT_FATAL(fd >= 0);
    CU_ASSERT_FATAL(write(fd, SMALLEST, strlen(SMALLEST)) == (ssize_t)strlen(SMALLEST));
    close(fd);
    int result = scenario_read(path, settings, n, out, diag);
    unlink(path);
    return result;
}

static void settings_from_the_command_line(void)
{
    static const struct scenario_setting good[] = {{"seed", "77"},
                                                   {"load.rate", "333/s"},
                                                   {"sandboxes[0].memory", "64MiB"},
                                                   {"sandboxes[0].vcpus.nic", "{utilization: 10%}"},
                                                   {"fault", "{model: bad-jump, at: {after: 1s}}"},
                                                   {"fault[0].at.after", "500ms"},
                                                   {"expect.outcome", "[contained, gave_up]"}};
    static const struct scenario_setting bad[][1] = {
        {{"seed", "many"}},
        {{"sede", "1"}},
        {{"load..rate", "1/s"}},
        {{"", "1"}},
        {{"sandboxes[4].ip", "1"}},
        {{"sandboxes[x]", "1"}},
        {{"load.rate.", "1/s"}},
        {{"seed.x", "1"}},
        {{"load.rate", "{a: [b"}},
        {{"load.rate", ""}},
        {{"[0]]", "1"}},
        {{"load", "&a {}"}},
        {{"platform.clock", "icount"}},
    };
    struct scenario s;
    struct diag diag;

    CU_ASSERT_FATAL(read_with(good, sizeof(good) / sizeof(good[0]), &s, &diag) == 0);
    CU_ASSERT(s.seed == 77 && s.load.rate_mhz == 333000 && s.sandbox[0].memory_bytes == 64u << 20);
    CU_ASSERT(s.sandbox[0].vcpu[QV_VCPU_NIC].utilization_ppm == 100000);
    CU_ASSERT(s.n_faults == 1 && s.fault[0].value == 500000);
    CU_ASSERT(s.expect.outcomes == (1ull << QV_OUTCOME_CONTAINED | 1ull << QV_OUTCOME_GAVE_UP));
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        CU_ASSERT(read_with(bad[i], 1, &s, &diag) == -1);
        CU_ASSERT(diag.count > 0);
    }
}

int main(void)
{
    static const struct unit_test tests[] = {
        {"defaults", defaults},
        {"every key", everything},
        {"what is printed reads back", round_trip},
        {"ways of giving a fault", ways_of_a_fault},
        {"who stands by", standby_choice},
        {"defaults in the tables are valid", table_defaults},
        {"all mistakes at once", all_mistakes_at_once},
        {"settings from the command line", settings_from_the_command_line},
    };
    return unit_run("scenario reader", tests, sizeof(tests) / sizeof(tests[0]));
}
