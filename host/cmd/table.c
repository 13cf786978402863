/* SPDX-License-Identifier: MIT */
/* qv table, qv plot: results looked at again. */
#include <dirent.h>
#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/result.h"
#include "analysis/table.h"
#include "analysis/timeline.h"
#include "cmd/cmd.h"
#include "cmd/paths.h"

enum format { FORMAT_TERMINAL, FORMAT_MARKDOWN, FORMAT_CSV };

/* Directories that hold one result each; names are malloc'd. */
struct folders {
    char **name;
    size_t n;
};

static int add_folder(struct folders *folders, const char *name)
{
    char **grown = realloc(folders->name, (folders->n + 1) * sizeof(*grown));
    if (grown == NULL)
        return -ENOMEM;
    folders->name = grown;
    grown[folders->n] = strdup(name);
    return grown[folders->n++] != NULL ? 0 : -ENOMEM;
}

static void free_folders(struct folders *folders)
{
    for (size_t i = 0; i < folders->n; i++)
        free(folders->name[i]);
    free(folders->name);
}

/* A result, or the runs of a repetition. */
static int expand(struct folders *folders, const char *folder)
{
    struct dirent **entry = NULL;
    size_t before = folders->n;
    int result = 0;

    if (result_dir_is_result(folder))
        return add_folder(folders, folder);
    int n = scandir(folder, &entry, NULL, alphasort);
    for (int i = 0; i < n; i++) {
        char path[PATH_MAX];
        bool run = strncmp(entry[i]->d_name, "run-", 4) == 0;
        if (result == 0 && run && paths_join(path, sizeof(path), folder, entry[i]->d_name) == 0 &&
            result_dir_is_result(path))
            result = add_folder(folders, path);
        free(entry[i]);
    }
    free(entry);
    return result == 0 && folders->n == before ? -ENOENT : result;
}

static int expand_all(struct folders *folders, const char *command, int argc, char **argv)
{
    memset(folders, 0, sizeof(*folders));
    if (optind == argc)
        return usage_error(command, "which result?");
    for (int i = optind; i < argc; i++) {
        int result = expand(folders, argv[i]);
        if (result == 0)
            continue;
        fprintf(stderr, "qv %s: %s: %s\n", command, argv[i],
                result == -ENOENT ? "no result here, expected a directory that qv run has written" : strerror(-result));
        free_folders(folders);
        return STATUS_BAD;
    }
    return STATUS_MET;
}

static void help_table(void)
{
    printf("usage: qv table [--markdown | --csv] DIR...\n"
           "\n"
           "The recovery-phase table of one or more results, or of all runs of a repetition; beside it the published\n"
           "figures and why they are not comparable. Local and remote recovery have columns of their own: name a "
           "result of\n"
           "each to see both.\n"
           "\n"
           "  -m, --markdown   as recovery.md\n"
           "  -c, --csv        as recovery.csv\n"
           "  -h, --help       this help\n"
           "\n"
           "example:\n"
           "  qv table out/local out/remote\n"
           "\n"
           "Exit status: 0, or 2 if a directory holds no result.\n");
}

static int print_table(const struct run_result *const *results, size_t n, enum format format)
{
    struct qv_error why = {""};
    const char *published = paths_in_root("results/published");
    bool colour = table_wants_colour(stdout);
    int result;

    if (format == FORMAT_MARKDOWN)
        result = table_write_markdown(stdout, results, n, published, &why);
    else if (format == FORMAT_CSV)
        result = table_write_csv(stdout, results, n, published, &why);
    else
        result = table_print(stdout, results, n, published, colour, &why);
    if (result == 0 && format == FORMAT_TERMINAL && n == 1)
        table_print_run(stdout, results[0], colour);
    else if (result == 0 && format == FORMAT_TERMINAL)
        table_print_summary(stdout, results, n, colour);
    if (result != 0)
        fprintf(stderr, "qv table: %s\n", why.text);
    return result == 0 ? STATUS_MET : STATUS_PLATFORM;
}

int cmd_table(int argc, char **argv)
{
    static const struct option options[] = {{"markdown", no_argument, NULL, 'm'},
                                            {"csv", no_argument, NULL, 'c'},
                                            {"help", no_argument, NULL, 'h'},
                                            {NULL, 0, NULL, 0}};
    enum format format = FORMAT_TERMINAL;
    struct folders folders;
    struct qv_error why = {""};
    int option;

    while ((option = getopt_long(argc, argv, "mch", options, NULL)) != -1) {
        if (option == 'h') {
            help_table();
            return STATUS_MET;
        }
        if (option != 'm' && option != 'c')
            return usage_error("table", "see the options");
        format = option == 'm' ? FORMAT_MARKDOWN : FORMAT_CSV;
    }
    int status = expand_all(&folders, "table", argc, argv);
    if (status != STATUS_MET)
        return status;
    struct run_result **results = calloc(folders.n, sizeof(struct run_result *));
    for (size_t i = 0; i < folders.n && status == STATUS_MET && results != NULL; i++) {
        results[i] = result_read(folders.name[i], &why);
        if (results[i] == NULL) {
            fprintf(stderr, "qv table: %s\n", why.text);
            status = STATUS_BAD;
        }
    }
    if (results == NULL)
        status = STATUS_PLATFORM;
    if (status == STATUS_MET)
        status = print_table((const struct run_result *const *)results, folders.n, format);
    for (size_t i = 0; i < folders.n && results != NULL; i++)
        result_free(results[i]);
    free(results);
    free_folders(&folders);
    return status;
}

static void help_plot(void)
{
    printf("usage: qv plot DIR...\n"
           "\n"
           "Draws the time lines (timeline.svg, timeline.png) of results again from their raw data, with gnuplot. DIR "
           "is a\n"
           "result, or a repetition: then all its runs are drawn.\n"
           "\n"
           "  -h, --help   this help\n"
           "\n"
           "example:\n"
           "  qv plot out/nic-fault-local-20260101-120000\n"
           "\n"
           "Exit status: 0, 2 if a directory holds no result, 3 if it cannot be drawn.\n");
}

int cmd_plot(int argc, char **argv)
{
    static const struct option options[] = {{"help", no_argument, NULL, 'h'}, {NULL, 0, NULL, 0}};
    struct folders folders;
    struct qv_error why = {""};
    int option;

    while ((option = getopt_long(argc, argv, "h", options, NULL)) != -1) {
        if (option != 'h')
            return usage_error("plot", "see the options");
        help_plot();
        return STATUS_MET;
    }
    int status = expand_all(&folders, "plot", argc, argv);
    if (status != STATUS_MET)
        return status;
    for (size_t i = 0; i < folders.n; i++) {
        if (timeline_redraw(folders.name[i], &why) == 0) {
            printf("%s/timeline.svg\n%s/timeline.png\n", folders.name[i], folders.name[i]);
        } else {
            fprintf(stderr, "qv plot: %s\n", why.text);
            status = STATUS_PLATFORM;
        }
    }
    free_folders(&folders);
    return status;
}
