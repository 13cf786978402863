/* SPDX-License-Identifier: MIT */
/* qv list: what there is to run and to write into a scenario. */
#include <getopt.h>
#include <glob.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "cmd/cmd.h"
#include "cmd/paths.h"
#include "scenario/scenario.h"
#include "scenario/words.h"

struct topic {
    const char *name;
    const char *title;
    const struct word *words;
};

static const struct topic topics[] = {
    {"faults", "Fault models (fault.model)", words_fault_models + 1},
    {"points", "Places in the driver (fault.point)", words_fault_points},
    {"policies", "Recovery policies (recovery.policy)", words_policies},
    {"detections", "Means of detection (expect.detected_by)", words_detections},
    {"outcomes", "Outcomes (expect.outcome)", words_outcomes},
    {"platforms", "Platforms (platform.kind)", words_platforms},
    {NULL, NULL, NULL},
};

static void help(void)
{
    printf("usage: qv list [TOPIC]...\n"
           "\n"
           "Lists scenarios and faults, or what is asked for:\n"
           "  scenarios, faults, points, policies, detections, outcomes, platforms, all\n"
           "\n"
           "  -h, --help    this help\n"
           "\n"
           "examples:\n"
           "  qv list\n"
           "  qv list outcomes detections\n"
           "\n"
           "Exit status: 0, or 2 for an unknown topic.\n");
}

static void list_words(const struct topic *topic)
{
    printf("%s\n", topic->title);
    for (const struct word *word = topic->words; word->name != NULL; word++)
        printf("  %-24s %s\n", word->name, word->text);
    printf("\n");
}

static void list_folder(const char *pattern)
{
    char full[PATH_MAX * 2];
    glob_t found;

    snprintf(full, sizeof(full), "%s", paths_in_root(pattern));
    if (glob(full, 0, NULL, &found) != 0)
        return;
    for (size_t i = 0; i < found.gl_pathc; i++) {
        struct scenario scenario;
        struct diag diag;
        /* shown below the root, as a user would write it there */
        const char *shown = found.gl_pathv[i] + strlen(paths_root()) + 1;
        if (scenario_read(found.gl_pathv[i], NULL, 0, &scenario, &diag) == 0)
            printf("  %-44s %s\n", shown, scenario.description);
        else
            printf("  %-44s (not readable: see qv check)\n", shown);
    }
    globfree(&found);
}

static void list_scenarios(void)
{
    printf("Scenarios\n");
    list_folder("scenarios/*.yaml");
    list_folder("scenarios/*/*.yaml");
    printf("\n");
}

static const struct topic *topic_of(const char *name)
{
    for (const struct topic *topic = topics; topic->name != NULL; topic++) {
        if (strcmp(topic->name, name) == 0)
            return topic;
    }
    return NULL;
}

int cmd_list(int argc, char **argv)
{
    static const struct option options[] = {{"help", no_argument, NULL, 'h'}, {NULL, 0, NULL, 0}};
    int option;

    while ((option = getopt_long(argc, argv, "h", options, NULL)) != -1) {
        if (option != 'h')
            return usage_error("list", "see the options above");
        help();
        return STATUS_MET;
    }
    if (optind == argc) {
        list_scenarios();
        list_words(&topics[0]);
        return STATUS_MET;
    }
    for (int i = optind; i < argc; i++) {
        bool all = strcmp(argv[i], "all") == 0;
        bool scenarios = strcmp(argv[i], "scenarios") == 0;
        const struct topic *topic = topic_of(argv[i]);
        if (!all && !scenarios && topic == NULL)
            return usage_error("list", "unknown topic '%s'", argv[i]);
        if (all || scenarios)
            list_scenarios();
        if (topic != NULL)
            list_words(topic);
        for (topic = topics; all && topic->name != NULL; topic++)
            list_words(topic);
    }
    return STATUS_MET;
}
