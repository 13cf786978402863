/* SPDX-License-Identifier: MIT */
/* qv collect: the results of a machine that was started from an image, by its serial line. */
#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "analysis/table.h"
#include "bench/report.h"
#include "cmd/cmd.h"
#include "cmd/options.h"
#include "cmd/paths.h"
#include "collect/session.h"
#include "run/collected.h"
#include "run/run.h"

#define MAX_TIMEOUT (7u * 86400u)

struct request {
    const char *device;
    char out[PATH_MAX];
    unsigned timeout_s;
    bool quiet;
    char partial[PATH_MAX + 64]; /* the directory until it is complete */
    char *const *command;
};

static void help(void)
{
    printf(
        "usage: qv collect --serial DEVICE [OPTION]...\n"
        "\n"
        "Waits for the results of a machine that runs an image of qv image, takes them from the serial line, asks\n"
        "again for what the line has damaged, and writes a result directory as qv run (or qv bench) does. May be\n"
        "started before, during or after the run: the machine waits. What the machine prints is shown meanwhile.\n"
        "\n"
        "  -s, --serial DEVICE  the line, such as /dev/ttyUSB0; it is set to 115200 baud, 8N1\n"
        "  -o, --out DIR        result directory (default out/collected-TIME); must not exist or be empty\n"
        "  -t, --timeout S      give up after so many seconds (default: never)\n"
        "  -q, --quiet          nothing but errors and the verdict\n"
        "  -h, --help           this help\n"
        "\n"
        "Exit status: 0 expectations met or benchmarks measured, 1 not, 2 bad usage or an image of another version,\n"
        "3 the line, the machine or its monitors failed.\n");
}

static int take_option(struct request *request, int option)
{
    unsigned long number;
    switch (option) {
    case 's':
        request->device = optarg;
        return STATUS_MET;
    case 'o':
        return option_folder("collect", optarg, request->out);
    case 't':
        if (optarg[0] == '0' || !option_number(optarg, 1, MAX_TIMEOUT, &number))
            return usage_error("collect", "--timeout %s, expected seconds from 1 to %u", optarg, MAX_TIMEOUT);
        request->timeout_s = (unsigned)number;
        return STATUS_MET;
    case 'q':
        request->quiet = true;
        return STATUS_MET;
    default:
        return usage_error("collect", "see the options");
    }
}

static int failed(int code, const struct qv_error *why)
{
    fprintf(stderr, "qv collect: %s\n", why->text);
    return code == -EEXIST || code == -EINVAL || code == -ENAMETOOLONG || code == -EPROTO ? STATUS_BAD
                                                                                          : STATUS_PLATFORM;
}

static int take_run(const struct request *request, const struct collected *c)
{
    struct run_result *result = NULL;
    struct qv_error why = {""};
    bool colour = table_wants_colour(stdout);
    int code = collected_run(c, request->partial, request->out, request->command, &result, &why);
    if (code != 0)
        return failed(code, &why);
    const struct run_result *const one[] = {result};
    if (!request->quiet && result->recoveries.n > 0 &&
        table_print(stdout, one, 1, paths_in_root("results/published"), colour, &why) != 0)
        fprintf(stderr, "qv collect: %s\n", why.text);
    table_print_run(stdout, result, colour);
    printf("result: %s\n", request->out);
    int status = run_status(result);
    result_free(result);
    return status;
}

static int take_bench(const struct request *request, const struct collected *c)
{
    struct bench_report report = {.n_columns = 1, .tick = c->tick};
    struct qv_error why = {""};
    snprintf(report.platform, sizeof(report.platform), "%s", c->platform);
    snprintf(report.column[0].mode, sizeof(report.column[0].mode), "monitors");
    (void)collected_provenance(c, &report.provenance);
    (void)provenance_add_command(&report.provenance, "collect", request->command);
    int code = bench_collect(&c->guest, QV_MODE_MONITOR, &report.column[0], &why);
    if (code == 0)
        code = bench_write(request->partial, &report, &why);
    if (code == 0 && rename(request->partial, request->out) != 0)
        code = qv_error_set(&why, -errno, "%s: %s", request->out, strerror(errno));
    int status = bench_any_failed(&report) ? STATUS_NOT_MET : STATUS_MET;
    if (code == 0) {
        if (!request->quiet)
            bench_print(stdout, &report, paths_in_root("results/published"));
        printf("results: %s\n", request->out);
    } else {
        status = failed(code, &why);
    }
    bench_free(&report);
    return status;
}

static int collect(const struct request *request)
{
    struct qv_error why = {""};
    struct session session;
    struct collected c;
    char console[PATH_MAX + 80];
    snprintf(console, sizeof(console), "%s/console.log", request->partial);
    const struct session_options options = {.device = request->device,
                                            .console = console,
                                            .echo = request->quiet ? NULL : stderr,
                                            .timeout_s = request->timeout_s,
                                            .interrupted = run_interrupted};
    int code = session_run(&options, &session, &why);
    if (code != 0)
        return failed(code, &why);
    if (!request->quiet)
        fprintf(stderr, "qv: %u frames, %llu bytes of memory; %llu damaged, %u times asked again\n",
                session.state.frames, (unsigned long long)session.state.bytes,
                (unsigned long long)session.state.damaged, session.asked);
    const struct guest guest = {session.memory, session.bytes};
    code = collected_look(&guest, &c, &why);
    int status = code != 0                                                            ? failed(code, &why)
                 : strncmp(c.cfg.test, QV_BENCH_TEST, sizeof(QV_BENCH_TEST) - 1) == 0 ? take_bench(request, &c)
                                                                                      : take_run(request, &c);
    session_free(&session);
    return status;
}

/* As it was typed, for the record. */
static char *const *make_command(int argc, char **argv)
{
    static char *line[32];
    size_t n = 0;
    line[n++] = (char *)(uintptr_t) "./qv";
    for (int i = 0; i < argc && n < 31; i++)
        line[n++] = argv[i];
    return line;
}

int cmd_collect(int argc, char **argv)
{
    static const struct option options[] = {
        {"serial", required_argument, NULL, 's'},  {"out", required_argument, NULL, 'o'},
        {"timeout", required_argument, NULL, 't'}, {"quiet", no_argument, NULL, 'q'},
        {"help", no_argument, NULL, 'h'},          {NULL, 0, NULL, 0}};
    static struct request request;
    struct qv_error why = {""};
    int option;

    while ((option = getopt_long(argc, argv, "s:o:t:qh", options, NULL)) != -1) {
        if (option == 'h') {
            help();
            return STATUS_MET;
        }
        int status = take_option(&request, option);
        if (status != STATUS_MET)
            return status;
    }
    if (optind != argc)
        return usage_error("collect", "unexpected argument %s", argv[optind]);
    if (request.device == NULL)
        return usage_error("collect", "which line? --serial DEVICE");
    if (request.out[0] == '\0')
        default_folder(request.out, "collected");
    request.command = make_command(argc, argv);
    /* Before hours of waiting it is known whether the result can be written. */
    int code = result_dir_begin(request.out, request.partial, sizeof(request.partial), &why);
    if (code != 0)
        return failed(code, &why);
    run_catch_signals();
    int status = collect(&request);
    result_dir_abandon(request.partial); /* where it is not a result by now */
    return status;
}
