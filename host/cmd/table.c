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
#include <unistd.h>

#include "analysis/gnuplot.h"
#include "analysis/outcomes.h"
#include "analysis/result.h"
#include "analysis/schedule.h"
#include "analysis/table.h"
#include "analysis/timeline.h"
#include "cmd/cmd.h"
#include "cmd/paths.h"
#include "cmd/plot_cost.h"
#include "cmd/plot_tlb.h"

#define DEEPEST 8u /* folders between the one named and its results */

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

/* Not what is hidden: results that are not complete yet have such names. */
static int not_hidden(const struct dirent *entry)
{
    return entry->d_name[0] != '.';
}

/* A result, or everything below that is one: the runs of a repetition, a campaign's DIR/POLICY/FAULT/run-001. */
static int collect(struct folders *folders, const char *folder, unsigned depth)
{
    struct dirent **entry = NULL;
    int result = 0;

    if (result_dir_is_result(folder))
        return add_folder(folders, folder);
    int n = depth < DEEPEST ? scandir(folder, &entry, not_hidden, alphasort) : 0;
    for (int i = 0; i < n; i++) {
        char path[PATH_MAX];
        bool file = entry[i]->d_type == DT_REG;
        if (result == 0 && !file && paths_join(path, sizeof(path), folder, entry[i]->d_name) == 0)
            result = collect(folders, path, depth + 1);
        free(entry[i]);
    }
    free(entry);
    return result;
}

static int expand(struct folders *folders, const char *folder)
{
    size_t before = folders->n;
    int result = collect(folders, folder, 0);
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
    printf("usage: qv table [OPTION]... DIR...\n"
           "\n"
           "The recovery-phase table of one or more results, or of all results below DIR; beside it the published\n"
           "figures and why they are not comparable. Local and remote recovery have columns of their own: name a "
           "result of\n"
           "each to see both. With several results also the table of outcomes, a row for each fault and policy.\n"
           "\n"
           "  -m, --markdown FILE   write both tables as Markdown, too\n"
           "  -c, --csv FILE        write the table of outcomes as CSV, too\n"
           "  -r, --recovery FILE   write the recovery-phase table as CSV, too\n"
           "  -h, --help            this help\n"
           "\n"
           "FILE may be - for the standard output, which then has nothing else.\n"
           "\n"
           "examples:\n"
           "  qv table out/local out/remote\n"
           "  qv table out/campaign --markdown outcomes.md --csv outcomes.csv\n"
           "\n"
           "Exit status: 0, 2 if a directory holds no result, 3 if a file cannot be written.\n");
}

/* Where the tables go, NULL = not there. */
struct targets {
    const char *markdown, *csv, *recovery;
};

/* What is written, and how often it occurs. */
struct material {
    const struct run_result *const *results;
    size_t n;
    const char *published;
    struct outcomes outcomes;
};

typedef int writer(FILE *out, const struct material *m, struct qv_error *err);

static int write_markdown(FILE *out, const struct material *m, struct qv_error *err)
{
    int result = table_write_markdown(out, m->results, m->n, m->published, err);
    if (result == 0 && m->n > 1) {
        fputc('\n', out);
        outcomes_write_markdown(out, &m->outcomes);
    }
    return result;
}

static int write_csv(FILE *out, const struct material *m, struct qv_error *err)
{
    (void)err;
    outcomes_write_csv(out, &m->outcomes);
    return 0;
}

static int write_recovery(FILE *out, const struct material *m, struct qv_error *err)
{
    return table_write_csv(out, m->results, m->n, m->published, err);
}

static int write_to(const char *path, writer *write, const struct material *m, struct qv_error *err)
{
    if (path == NULL)
        return 0;
    bool standard = strcmp(path, "-") == 0;
    FILE *out = standard ? stdout : fopen(path, "w");
    if (out == NULL)
        return qv_error_set(err, -errno, "%s: %s", path, strerror(errno));
    int result = write(out, m, err);
    bool failed = ferror(out) != 0;
    if (!standard && fclose(out) != 0)
        failed = true;
    return result == 0 && failed ? qv_error_set(err, -EIO, "%s: cannot be written", path) : result;
}

static int print_terminal(const struct material *m, struct qv_error *err)
{
    bool colour = table_wants_colour(stdout);
    int result = table_print(stdout, m->results, m->n, m->published, colour, err);
    if (result != 0)
        return result;
    if (m->n == 1) {
        table_print_run(stdout, m->results[0], colour);
        return 0;
    }
    if (m->outcomes.n == 1)
        table_print_summary(stdout, m->results, m->n, colour);
    fputc('\n', stdout);
    return outcomes_print(stdout, &m->outcomes, colour, err);
}

static bool is_standard(const char *path)
{
    return path != NULL && strcmp(path, "-") == 0;
}

static int print_tables(const struct run_result *const *results, size_t n, const struct targets *to)
{
    struct qv_error why = {""};
    struct material m = {.results = results, .n = n, .published = paths_in_root("results/published")};
    int result = outcomes_count(&m.outcomes, results, n, &why);

    if (result == 0 && !is_standard(to->markdown) && !is_standard(to->csv) && !is_standard(to->recovery))
        result = print_terminal(&m, &why);
    if (result == 0)
        result = write_to(to->markdown, write_markdown, &m, &why);
    if (result == 0)
        result = write_to(to->csv, write_csv, &m, &why);
    if (result == 0)
        result = write_to(to->recovery, write_recovery, &m, &why);
    outcomes_free(&m.outcomes);
    if (result != 0)
        fprintf(stderr, "qv table: %s\n", why.text);
    return result == 0 ? STATUS_MET : STATUS_PLATFORM;
}

/* Reads the results and prints them. */
static int show(const struct folders *folders, const struct targets *to)
{
    struct qv_error why = {""};
    int status = STATUS_MET;
    struct run_result **results = calloc(folders->n, sizeof(struct run_result *));

    if (results == NULL)
        return STATUS_PLATFORM;
    for (size_t i = 0; i < folders->n && status == STATUS_MET; i++) {
        results[i] = result_read(folders->name[i], &why);
        if (results[i] == NULL) {
            fprintf(stderr, "qv table: %s\n", why.text);
            status = STATUS_BAD;
        }
    }
    if (status == STATUS_MET)
        status = print_tables((const struct run_result *const *)results, folders->n, to);
    for (size_t i = 0; i < folders->n; i++)
        result_free(results[i]);
    free(results);
    return status;
}

int cmd_table(int argc, char **argv)
{
    static const struct option options[] = {{"markdown", required_argument, NULL, 'm'},
                                            {"csv", required_argument, NULL, 'c'},
                                            {"recovery", required_argument, NULL, 'r'},
                                            {"help", no_argument, NULL, 'h'},
                                            {NULL, 0, NULL, 0}};
    struct targets to = {NULL, NULL, NULL};
    struct folders folders;
    int option;

    while ((option = getopt_long(argc, argv, "m:c:r:h", options, NULL)) != -1) {
        switch (option) {
        case 'h':
            help_table();
            return STATUS_MET;
        case 'm':
            to.markdown = optarg;
            break;
        case 'c':
            to.csv = optarg;
            break;
        case 'r':
            to.recovery = optarg;
            break;
        default:
            return usage_error("table", "see the options");
        }
    }
    int status = expand_all(&folders, "table", argc, argv);
    if (status != STATUS_MET)
        return status;
    status = show(&folders, &to);
    free_folders(&folders);
    return status;
}

static void help_plot(void)
{
    printf(
        "usage: qv plot [OPTION]... DIR...\n"
        "\n"
        "Draws the pictures of results again from their raw data, with gnuplot: time lines (timeline.svg,\n"
        "timeline.png), processor time by VCPU (vcpus), of a run with trace.scheduler a Gantt chart of its VCPUs\n"
        "with budgets and replenishments (schedule), and of an experiment its sweeps (tlb). DIR is a result, or a\n"
        "repetition: then all its runs are drawn.\n"
        "\n"
        "  -o, --out FOLDER   the TLB sweeps of all DIRs in one picture, in this folder; or, of runs with a report on\n"
        "                     costs, tables and pictures of what requests and packets cost (cost.md, web.*, nic.*)\n"
        "      --from MS      the Gantt chart begins so many milliseconds after ready (default: 1000, or 0)\n"
        "      --length MS    and is so long (default: 100)\n"
        "  -h, --help         this help\n"
        "\n"
        "examples:\n"
        "  qv plot out/nic-fault-local-20260101-120000\n"
        "  qv plot --from 2500 --length 40 out/rt-share-io-20260101-120000\n"
        "  qv plot --out out/tlb out/tlb-native-... out/tlb-nested-2m-... out/tlb-nested-4k-...\n"
        "\n"
        "Exit status: 0, 2 if a directory holds no result or not what is drawn (--lean), 3 if\n"
        "drawing fails.\n");
}

static bool has_file(const char *folder, const char *name)
{
    char path[PATH_MAX];
    return paths_join(path, sizeof(path), folder, name) == 0 && access(path, R_OK) == 0;
}

/* What can be drawn of this result; at least something must be. */
static int draw(const char *folder, double from_ms, double length_ms)
{
    struct qv_error why = {""};
    int drawn = 0;

    if (has_file(folder, "requests.csv") && has_file(folder, "spans.csv")) {
        if (timeline_redraw(folder, &why) != 0)
            goto failed;
        printf("%s/timeline.svg\n%s/timeline.png\n", folder, folder);
        drawn++;
    }
    if (has_file(folder, "vcpus.gp")) {
        if (gnuplot_run(folder, "vcpus.gp", &why) != 0)
            goto failed;
        printf("%s/vcpus.svg\n%s/vcpus.png\n", folder, folder);
        drawn++;
    }
    int code = has_file(folder, "trace.bin") ? schedule_redraw(folder, from_ms, length_ms, &why) : -ENOENT;
    if (code == 0)
        printf("%s/schedule.svg\n%s/schedule.png\n", folder, folder);
    else if (code != -ENOENT || from_ms >= 0)
        goto failed;
    if (code == 0 || drawn > 0)
        return STATUS_MET;
    fprintf(stderr,
            "qv plot: %s: no requests.csv, from which a time line is drawn (a run with --lean or without load keeps "
            "none), and no scheduling trace\n",
            folder);
    return STATUS_BAD;
failed:
    fprintf(stderr, "qv plot: %s\n", why.text);
    return STATUS_PLATFORM;
}

static bool read_ms(const char *text, double least, double *out)
{
    char *end = NULL;
    *out = strtod(text, &end);
    return end != text && *end == '\0' && *out >= least && *out <= 3600e3;
}

struct plot_options {
    const char *together;
    double from_ms, length_ms;
};

static int draw_all(const struct folders *folders, const struct plot_options *options)
{
    int status = STATUS_MET;
    for (size_t i = 0; i < folders->n; i++) {
        const char *name = folders->name[i];
        int one = plot_has_tlb(name) ? plot_tlb(name) : draw(name, options->from_ms, options->length_ms);
        status = one > status ? one : status;
    }
    return status;
}

/* STATUS_MET, or why the command ends here; *help: because it was asked for. */
static int plot_options_read(int argc, char **argv, struct plot_options *out, bool *help)
{
    static const struct option options[] = {{"out", required_argument, NULL, 'o'},
                                            {"from", required_argument, NULL, 'f'},
                                            {"length", required_argument, NULL, 'l'},
                                            {"help", no_argument, NULL, 'h'},
                                            {NULL, 0, NULL, 0}};
    int option;

    while ((option = getopt_long(argc, argv, "o:h", options, NULL)) != -1) {
        if (option == 'f' && !read_ms(optarg, 0, &out->from_ms))
            return usage_error("plot", "--from wants milliseconds, such as 1000");
        if (option == 'l' && !read_ms(optarg, 0.001, &out->length_ms))
            return usage_error("plot", "--length wants milliseconds, such as 100");
        if (option == '?' || (option == 'o' && *optarg == '\0'))
            return usage_error("plot", "see the options");
        if (option == 'o')
            out->together = optarg;
        *help = *help || option == 'h';
    }
    return STATUS_MET;
}

int cmd_plot(int argc, char **argv)
{
    struct plot_options options = {.from_ms = -1, .length_ms = SCHEDULE_LENGTH_MS};
    struct folders folders;
    bool help = false;
    int status = plot_options_read(argc, argv, &options, &help);

    if (status != STATUS_MET)
        return status;
    if (help) {
        help_plot();
        return STATUS_MET;
    }
    status = expand_all(&folders, "plot", argc, argv);
    if (status != STATUS_MET)
        return status;
    if (options.together == NULL)
        status = draw_all(&folders, &options);
    else if (plot_has_tlb(folders.name[0]))
        status = plot_tlb_together(options.together, folders.name, folders.n);
    else
        status = plot_cost(options.together, folders.name, folders.n);
    free_folders(&folders);
    return status;
}
