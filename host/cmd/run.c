/* SPDX-License-Identifier: MIT */
/* qv run: one scenario, once or many times. */
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/result.h"
#include "analysis/table.h"
#include "cmd/cmd.h"
#include "cmd/options.h"
#include "cmd/paths.h"
#include "run/run.h"
#include "scenario/scenario.h"

#define MAX_SETTINGS 64u
#define MAX_RUNS     10000u

struct request {
    const char *scenario_path;
    char out[PATH_MAX];
    unsigned long repeat;
    bool same_seed;
    bool keep;
    bool quiet;
    bool lean;
    struct scenario_setting setting[MAX_SETTINGS];
    size_t n_settings;
    char storage[MAX_SETTINGS][128]; /* of paths that were cut out of "path=value" */
};

static void help(void)
{
    printf(
        "usage: qv run SCENARIO [OPTION]...\n"
        "\n"
        "Starts the machine of a scenario, makes its load, waits for its fault, collects everything, judges it by the\n"
        "scenario's expect block, and writes one result directory. Prints the recovery-phase table and the verdict.\n"
        "\n"
        "  -o, --out DIR        result directory (default out/NAME-TIME); must not exist or be empty\n"
        "  -r, --repeat N       run N times: run-001, run-002, ... in DIR, and a summary with min/median/max; run i "
        "uses\n"
        "                       the seed + i - 1\n"
        "      --same-seed      all runs of --repeat use the same seed\n"
        "  -s, --seed N         seed instead of the scenario's\n"
        "  -p, --platform P     platform instead of the scenario's (qv list platforms)\n"
        "  -i, --icount         the deterministic clock: one tick per instruction, repeats exactly\n"
        "      --set KEY=VALUE  any other key of the scenario, checked like the file: load.rate=500/s\n"
        "      --lean           small directories for many runs: no time line, no Gantt chart, no requests.csv,\n"
        "                       no trace.txt\n"
        "  -k, --keep           keep what a run that was broken off has left, for looking at\n"
        "  -q, --quiet          nothing but errors and the verdict\n"
        "  -h, --help           this help\n"
        "\n"
        "examples:\n"
        "  qv run scenarios/nic-fault-local.yaml\n"
        "  qv run scenarios/nic-fault-remote.yaml --repeat 10 --out out/remote\n"
        "  qv run scenarios/self-contained.yaml --icount --seed 7\n"
        "  qv run scenarios/faults/bad-jump.yaml --set recovery.policy=restart --set expect.outcome=recovered_restart\n"
        "\n"
        "Exit status: 0 all expectations met, 1 not met, 2 bad scenario or usage, 3 the platform failed.\n");
}

static int add_setting(struct request *request, const char *path, const char *value)
{
    if (request->n_settings == MAX_SETTINGS)
        return usage_error("run", "more than %u settings", MAX_SETTINGS);
    request->setting[request->n_settings++] = (struct scenario_setting){path, value};
    return STATUS_MET;
}

/* KEY=VALUE of --set. */
static int split_setting(struct request *request, const char *argument)
{
    const char *value;
    if (request->n_settings == MAX_SETTINGS ||
        !option_setting(argument, request->storage[request->n_settings], sizeof(request->storage[0]), &value))
        return usage_error("run", "--set %s, expected KEY=VALUE such as load.rate=500/s", argument);
    return add_setting(request, request->storage[request->n_settings], value);
}

enum { OPTION_SET = 256, OPTION_SAME_SEED, OPTION_LEAN };

static int take_option(struct request *request, int option)
{
    switch (option) {
    case 'o':
        return option_folder("run", optarg, request->out);
    case 'r':
        if (!option_number(optarg, 1, MAX_RUNS, &request->repeat))
            return usage_error("run", "--repeat %s, expected a number from 1 to %u", optarg, MAX_RUNS);
        return STATUS_MET;
    case 's':
        return add_setting(request, "seed", optarg);
    case 'p':
        return add_setting(request, "platform.kind", optarg);
    case 'i':
        return add_setting(request, "platform.clock", "icount");
    case OPTION_SET:
        return split_setting(request, optarg);
    case OPTION_SAME_SEED:
        request->same_seed = true;
        return STATUS_MET;
    case OPTION_LEAN:
        request->lean = true;
        return STATUS_MET;
    case 'k':
        request->keep = true;
        return STATUS_MET;
    case 'q':
        request->quiet = true;
        return STATUS_MET;
    default:
        return usage_error("run", "see the options");
    }
}

static int parse_arguments(int argc, char **argv, struct request *request, bool *helped)
{
    static const struct option options[] = {{"out", required_argument, NULL, 'o'},
                                            {"repeat", required_argument, NULL, 'r'},
                                            {"seed", required_argument, NULL, 's'},
                                            {"platform", required_argument, NULL, 'p'},
                                            {"icount", no_argument, NULL, 'i'},
                                            {"set", required_argument, NULL, OPTION_SET},
                                            {"same-seed", no_argument, NULL, OPTION_SAME_SEED},
                                            {"lean", no_argument, NULL, OPTION_LEAN},
                                            {"keep", no_argument, NULL, 'k'},
                                            {"quiet", no_argument, NULL, 'q'},
                                            {"help", no_argument, NULL, 'h'},
                                            {NULL, 0, NULL, 0}};
    int option;

    while ((option = getopt_long(argc, argv, "o:r:s:p:ikqh", options, NULL)) != -1) {
        if (option == 'h') {
            help();
            *helped = true;
            return STATUS_MET;
        }
        int status = take_option(request, option);
        if (status != STATUS_MET)
            return status;
    }
    if (optind + 1 != argc)
        return usage_error("run", optind == argc ? "which scenario?" : "one scenario at a time");
    request->scenario_path = argv[optind];
    return STATUS_MET;
}

/* The command that makes one run again: as asked for, with the run's own seed. */
struct command_line {
    char *argv[8 + 2 * MAX_SETTINGS];
    char seed[32];
    char text[MAX_SETTINGS][256];
};

static void make_command(struct command_line *line, const struct request *request, uint64_t seed)
{
    size_t n = 0;
    line->argv[n++] = (char *)(uintptr_t) "./qv";
    line->argv[n++] = (char *)(uintptr_t) "run";
    line->argv[n++] = (char *)(uintptr_t)request->scenario_path;
    line->argv[n++] = (char *)(uintptr_t) "--seed";
    snprintf(line->seed, sizeof(line->seed), "%" PRIu64, seed);
    line->argv[n++] = line->seed;
    for (size_t i = 0; i < request->n_settings; i++) {
        if (strcmp(request->setting[i].path, "seed") == 0)
            continue;
        snprintf(line->text[i], sizeof(line->text[i]), "%s=%s", request->setting[i].path, request->setting[i].value);
        line->argv[n++] = (char *)(uintptr_t) "--set";
        line->argv[n++] = line->text[i];
    }
    line->argv[n] = NULL;
}

int run_status(const struct run_result *result)
{
    if (result->met)
        return STATUS_MET;
    bool platform = result->outcome == QV_OUTCOME_HARNESS_ERROR || result->outcome == QV_OUTCOME_SYSTEM_FAILURE;
    return platform ? STATUS_PLATFORM : STATUS_NOT_MET;
}

/* The graver of two: a platform that failed, then an expectation that was not met. */
static int worse(int a, int b)
{
    return a > b ? a : b;
}

static int failed(const struct request *request, int code, const struct qv_error *why)
{
    fprintf(stderr, "qv run: %s\n", why->text);
    (void)request;
    return code == -EEXIST || code == -EINVAL || code == -ENAMETOOLONG ? STATUS_BAD : STATUS_PLATFORM;
}

static const char *published(void)
{
    return paths_in_root("results/published");
}

static int run_single(const struct request *request, const struct scenario *scenario)
{
    struct command_line line;
    struct run_result *result = NULL;
    struct qv_error why = {""};
    bool colour = table_wants_colour(stdout);

    make_command(&line, request, scenario->seed);
    struct run_options options = {.scenario = scenario,
                                  .scenario_path = request->scenario_path,
                                  .folder = request->out,
                                  .reproduce = line.argv,
                                  .keep = request->keep,
                                  .lean = request->lean,
                                  .quiet = request->quiet};
    int code = run_scenario(&options, &result, &why);
    if (code != 0)
        return failed(request, code, &why);
    const struct run_result *const one[] = {result};
    if (!request->quiet && result->recoveries.n > 0 && table_print(stdout, one, 1, published(), colour, &why) != 0)
        fprintf(stderr, "qv run: %s\n", why.text);
    table_print_run(stdout, result, colour);
    printf("result: %s\n", request->out);
    int status = run_status(result);
    result_free(result);
    return status;
}

static int finish_repeat(const struct request *request, struct run_result **results, size_t n, const char *partial)
{
    struct qv_error why = {""};
    const struct run_result *const *all = (const struct run_result *const *)results;
    bool colour = table_wants_colour(stdout);

    int code = table_write_summary(partial, all, n, published(), &why);
    if (code == 0 && rename(partial, request->out) != 0)
        code = qv_error_set(&why, -errno, "%s: %s", request->out, strerror(errno));
    if (code != 0)
        return failed(request, code, &why);
    if (!request->quiet && table_print(stdout, all, n, published(), colour, &why) != 0)
        fprintf(stderr, "qv run: %s\n", why.text);
    table_print_summary(stdout, all, n, colour);
    printf("results: %s\n", request->out);
    return STATUS_MET;
}

static int run_repeated(const struct request *request, const struct scenario *scenario)
{
    struct qv_error why = {""};
    char partial[PATH_MAX];
    char folder[PATH_MAX + 32];
    int status = STATUS_MET;
    size_t n = 0;
    struct run_result **results = calloc(request->repeat, sizeof(struct run_result *));

    int code = results == NULL ? qv_error_set(&why, -ENOMEM, "out of memory")
                               : result_dir_begin(request->out, partial, sizeof(partial), &why);
    if (code != 0) {
        free(results);
        return failed(request, code, &why);
    }
    for (; n < request->repeat; n++) {
        struct scenario one = *scenario;
        struct command_line line;
        one.seed = request->same_seed ? scenario->seed : scenario->seed + n;
        make_command(&line, request, one.seed);
        snprintf(folder, sizeof(folder), "%s/run-%03zu", partial, n + 1);
        struct run_options options = {.scenario = &one,
                                      .scenario_path = request->scenario_path,
                                      .folder = folder,
                                      .reproduce = line.argv,
                                      .index = (uint32_t)n,
                                      .keep = request->keep,
                                      .lean = request->lean,
                                      .quiet = true};
        code = run_scenario(&options, &results[n], &why);
        if (code != 0)
            break;
        status = worse(status, run_status(results[n]));
        if (!request->quiet)
            fprintf(stderr, "qv: run %zu of %lu, seed %" PRIu64 ": %s, %s\n", n + 1, request->repeat, one.seed,
                    results[n]->met ? "met" : "not met", outcome_name(results[n]->outcome));
    }
    status = worse(status, code != 0 ? failed(request, code, &why) : finish_repeat(request, results, n, partial));
    if (code != 0 && !request->keep)
        result_dir_abandon(partial);
    else if (code != 0)
        fprintf(stderr, "qv run: kept %s\n", partial);
    for (size_t i = 0; i < n; i++)
        result_free(results[i]);
    free(results);
    return status;
}

/* In a file the instruction clock and a modelled PMU are for platforms that need them; asked for here, they are meant.
 */
static int check_settings(const struct request *request, const struct scenario *scenario)
{
    const char *platform = scenario_platform_name(scenario->platform.kind);
    for (size_t i = 0; i < request->n_settings; i++) {
        const struct scenario_setting *s = &request->setting[i];
        if (strcmp(s->path, "platform.clock") == 0 && strcmp(s->value, "icount") == 0 &&
            scenario->platform.clock != SCENARIO_CLOCK_ICOUNT)
            return usage_error("run", "platform %s does not count instructions: expected platform.clock real",
                               platform);
        if (strcmp(s->path, "platform.pmu") == 0 && strcmp(s->value, "none") != 0 &&
            scenario->platform.pmu == SCENARIO_PMU_NONE)
            return usage_error("run", "platform %s runs no model of counters: expected platform.pmu none", platform);
    }
    return STATUS_MET;
}

int cmd_run(int argc, char **argv)
{
    static struct request request; /* large, and once per program */
    struct scenario scenario;
    struct diag diag;
    bool helped = false;

    int status = parse_arguments(argc, argv, &request, &helped);
    if (status != STATUS_MET || helped)
        return status;
    if (scenario_read(request.scenario_path, request.setting, request.n_settings, &scenario, &diag) != 0) {
        diag_print(&diag, stderr);
        return STATUS_BAD;
    }
    status = check_settings(&request, &scenario);
    if (status != STATUS_MET)
        return status;
    if (request.out[0] == '\0')
        default_folder(request.out, scenario.name);
    run_catch_signals();
    return request.repeat > 0 ? run_repeated(&request, &scenario) : run_single(&request, &scenario);
}
