/* SPDX-License-Identifier: MIT */
/* qv bench: microbenchmarks of the OS on a platform; two reports compared. */
#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "bench/report.h"
#include "cmd/cmd.h"
#include "cmd/options.h"
#include "cmd/paths.h"
#include "platform/platform.h"
#include "run/run.h"
#include "scenario/scenario.h"
#include "scenario/words.h"

struct request {
    const char *platform;
    const char *only;
    uint32_t timer, cpu;
    char out[PATH_MAX];
    bool icount, quiet, compare, beside, keep;
};

static void help(void)
{
    printf("usage: qv bench [OPTION]...\n"
           "       qv bench --compare A.json B.json\n"
           "       qv bench --beside A.json B.json\n"
           "\n"
           "Runs the microbenchmarks of the OS, with monitors and native, and prints their ticks side by side.\n"
           "\n"
           "  -p, --platform P     what runs the OS (default qemu)\n"
           "  -n, --only NAME      this benchmark alone\n"
           "  -o, --out DIR        result directory (default out/bench-TIME); must not exist or be empty\n"
           "  -m, --cpu NAME       model of the processor, as platform.cpu in a scenario (bochs only)\n"
           "  -t, --timer NAME     auto (default), count-down or tsc-deadline: what drives the timer of each core\n"
           "  -i, --icount         the deterministic clock: one tick per instruction, repeats exactly\n"
           "  -c, --compare        compare two results (bench.json or their directories): ratio of medians with a\n"
           "                       bootstrap interval; refused where a tick is not the same in both\n"
           "  -b, --beside         two results of different platforms as one Markdown table, each in its own ticks\n"
           "  -k, --keep           keep what a run that failed has left, for looking at\n"
           "  -q, --quiet          no progress\n"
           "  -h, --help           this help\n"
           "\n"
           "Exit status: 0 measured, 1 a benchmark failed, 2 bad usage or not comparable, 3 the platform failed.\n");
}

static int take_word(const char *option, const char *name, const struct word *words, uint32_t *value)
{
    char known[256] = "";
    for (const struct word *word = words; word->name != NULL; word++) {
        if (strcmp(word->name, name) == 0) {
            *value = (uint32_t)word->value;
            return STATUS_MET;
        }
        size_t used = strlen(known);
        snprintf(known + used, sizeof(known) - used, "%s%s", word != words ? ", " : "", word->name);
    }
    return usage_error("bench", "--%s %s, expected one of %s", option, name, known);
}

static int take_option(struct request *request, int option)
{
    switch (option) {
    case 'p':
        request->platform = optarg;
        return STATUS_MET;
    case 'n':
        if (!option_benchmark(optarg))
            return usage_error("bench", "--only %s, expected the name of a benchmark", optarg);
        request->only = optarg;
        return STATUS_MET;
    case 'o':
        return option_folder("bench", optarg, request->out);
    case 't':
        return take_word("timer", optarg, words_timers, &request->timer);
    case 'm':
        return take_word("cpu", optarg, words_cpus, &request->cpu);
    case 'i':
        request->icount = true;
        return STATUS_MET;
    case 'q':
        request->quiet = true;
        return STATUS_MET;
    case 'k':
        request->keep = true;
        return STATUS_MET;
    case 'b':
        request->beside = true;
        return STATUS_MET;
    case 'c':
        request->compare = true;
        return STATUS_MET;
    default:
        return usage_error("bench", "see the options");
    }
}

static int find_platform(const char *name, uint32_t *kind)
{
    char known[256] = "";
    for (uint32_t k = 1; platform_by_kind(k) != NULL; k++) {
        if (strcmp(platform_by_kind(k)->name, name) == 0) {
            *kind = k;
            return STATUS_MET;
        }
        size_t used = strlen(known);
        snprintf(known + used, sizeof(known) - used, "%s%s", k > 1 ? ", " : "", platform_by_kind(k)->name);
    }
    return usage_error("bench", "--platform %s, expected %s", name, known);
}

static int print_beside(const struct bench_report *a, const struct bench_report *b, struct qv_error *err)
{
    const struct bench_report *const both[] = {a, b};
    if (strcmp(a->platform, b->platform) == 0 && a->tick.kind == b->tick.kind)
        return qv_error_set(err, -EINVAL, "both are of platform %s: --compare is for that", a->platform);
    bench_beside(stdout, both, 2);
    return 0;
}

static int two_results(int argc, char **argv, bool beside)
{
    struct bench_report a, b;
    struct qv_error why = {""};
    if (optind + 2 != argc)
        return usage_error("bench", "--%s wants two results", beside ? "beside" : "compare");
    int result = bench_read(argv[optind], &a, &why);
    if (result == 0) {
        result = bench_read(argv[optind + 1], &b, &why);
        if (result == 0) {
            result = beside ? print_beside(&a, &b, &why) : bench_compare(stdout, &a, &b, &why);
            bench_free(&b);
        }
        bench_free(&a);
    }
    if (result == 0)
        return STATUS_MET;
    fprintf(stderr, "qv bench: %s\n", why.text);
    return STATUS_BAD;
}

static void remember(const struct request *request, struct bench_report *report)
{
    char *argv[12];
    size_t n = 0;
    argv[n++] = (char *)(uintptr_t) "./qv";
    argv[n++] = (char *)(uintptr_t) "bench";
    argv[n++] = (char *)(uintptr_t) "--platform";
    argv[n++] = (char *)(uintptr_t)request->platform;
    if (request->only != NULL) {
        argv[n++] = (char *)(uintptr_t) "--only";
        argv[n++] = (char *)(uintptr_t)request->only;
    }
    if (request->timer != SCENARIO_TIMER_AUTO) {
        argv[n++] = (char *)(uintptr_t) "--timer";
        argv[n++] = (char *)(uintptr_t)words_name(words_timers, request->timer);
    }
    if (request->cpu != 0) {
        argv[n++] = (char *)(uintptr_t) "--cpu";
        argv[n++] = (char *)(uintptr_t)words_name(words_cpus, request->cpu);
    }
    if (request->icount)
        argv[n++] = (char *)(uintptr_t) "--icount";
    argv[n] = NULL;
    provenance_quote(&report->provenance, report->provenance.reproduce, sizeof(report->provenance.reproduce), argv);
}

static int measure(struct request *request, uint32_t platform)
{
    char partial[PATH_MAX + 64];
    struct bench_report report = {.n_columns = 0};
    struct qv_error why = {""};

    int result = result_dir_begin(request->out, partial, sizeof(partial), &why);
    if (result != 0) {
        fprintf(stderr, "qv bench: %s\n", why.text);
        return result == -EEXIST || result == -EINVAL || result == -ENAMETOOLONG ? STATUS_BAD : STATUS_PLATFORM;
    }
    const struct bench_options options = {.platform = platform,
                                          .timer = request->timer,
                                          .cpu = request->cpu != 0 ? words_name(words_cpus, request->cpu) : NULL,
                                          .only = request->only,
                                          .folder = partial,
                                          .icount = request->icount,
                                          .quiet = request->quiet};
    result = bench_measure(&options, &report, &why);
    remember(request, &report);
    if (result == 0)
        result = bench_write(partial, &report, &why);
    if (result == 0 && rename(partial, request->out) != 0)
        result = qv_error_set(&why, -errno, "%s: %s", request->out, strerror(errno));
    int status = bench_any_failed(&report) ? STATUS_NOT_MET : STATUS_MET;
    if (result == 0) {
        bench_print(stdout, &report, paths_in_root("results/published"));
        printf("results: %s\n", request->out);
    } else {
        fprintf(stderr, "qv bench: %s\n", why.text);
        if (result == -ENOENT && request->only != NULL) {
            fprintf(stderr, "qv bench: and of those from recoveries: ");
            bench_recovery_names(stderr);
            fprintf(stderr, "\n");
        }
        status = result == -ENOENT && request->only != NULL ? STATUS_BAD : STATUS_PLATFORM;
        if (request->keep)
            fprintf(stderr, "qv bench: kept %s\n", partial);
        else
            result_dir_abandon(partial);
    }
    bench_free(&report);
    return status;
}

int cmd_bench(int argc, char **argv)
{
    static const struct option options[] = {
        {"platform", required_argument, NULL, 'p'}, {"only", required_argument, NULL, 'n'},
        {"out", required_argument, NULL, 'o'},      {"icount", no_argument, NULL, 'i'},
        {"compare", no_argument, NULL, 'c'},        {"beside", no_argument, NULL, 'b'},
        {"timer", required_argument, NULL, 't'},    {"cpu", required_argument, NULL, 'm'},
        {"keep", no_argument, NULL, 'k'},           {"quiet", no_argument, NULL, 'q'},
        {"help", no_argument, NULL, 'h'},           {NULL, 0, NULL, 0}};
    static struct request request = {.platform = "qemu"};
    uint32_t platform = 0;
    int option;

    while ((option = getopt_long(argc, argv, "p:n:o:t:m:icbkqh", options, NULL)) != -1) {
        if (option == 'h') {
            help();
            return STATUS_MET;
        }
        int status = take_option(&request, option);
        if (status != STATUS_MET)
            return status;
    }
    if (request.compare || request.beside)
        return two_results(argc, argv, request.beside);
    if (optind != argc)
        return usage_error("bench", "unexpected argument %s", argv[optind]);
    int status = find_platform(request.platform, &platform);
    if (status != STATUS_MET)
        return status;
    if (request.icount && platform_by_kind(platform)->own_clock)
        return usage_error("bench", "--icount: the clock of %s counts instructions by itself", request.platform);
    if (request.cpu != 0 && platform != SCENARIO_PLATFORM_BOCHS)
        return usage_error("bench", "--cpu: %s has but one model of the processor", request.platform);
    if (request.out[0] == '\0')
        default_folder(request.out, "bench");
    run_catch_signals();
    return measure(&request, platform);
}
