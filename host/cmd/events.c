/* SPDX-License-Identifier: MIT */
/* qv events: what a scenario may ask a processor's counters for. */
#include "events/events.h"

#include <getopt.h>
#include <stdio.h>

#include "cmd/cmd.h"

static void help(void)
{
    printf("usage: qv events [--cpu PROCESSOR [PATTERN]]\n"
           "\n"
           "Lists the events that a scenario may name (key events) for a processor, with the raw code that the OS\n"
           "programs; only those whose name or description contains PATTERN. Without --cpu, lists the processors. The\n"
           "host's own processor does not matter.\n"
           "\n"
           "  -c, --cpu PROCESSOR   as libpfm4 calls it (snb), or by its common name (sandybridge)\n"
           "  -h, --help            this help\n"
           "\n"
           "examples:\n"
           "  qv events\n"
           "  qv events --cpu sandybridge DTLB\n"
           "\n"
           "Exit status: 0, 2 for an unknown processor or if no event contains PATTERN.\n");
}

int cmd_events(int argc, char **argv)
{
    static const struct option options[] = {
        {"cpu", required_argument, NULL, 'c'}, {"help", no_argument, NULL, 'h'}, {NULL, 0, NULL, 0}};
    const char *cpu = NULL;
    char why[EVENTS_WHY];
    int option;

    while ((option = getopt_long(argc, argv, "c:h", options, NULL)) != -1) {
        if (option == 'h') {
            help();
            return STATUS_MET;
        }
        if (option != 'c')
            return usage_error("events", "see the options");
        cpu = optarg;
    }
    if (argc - optind > 1)
        return usage_error("events", "one pattern at most");
    if (cpu == NULL && optind < argc)
        return usage_error("events", "a pattern needs --cpu");
    if (cpu == NULL) {
        events_list_processors(stdout);
        return STATUS_MET;
    }
    if (!events_processor(cpu, why)) {
        fprintf(stderr, "qv events: %s\n", why);
        return STATUS_BAD;
    }
    const char *pattern = optind < argc ? argv[optind] : "";
    if (events_list(stdout, cpu, pattern) > 0)
        return STATUS_MET;
    fprintf(stderr, "qv events: no event of %s contains '%s'\n", cpu, pattern);
    return STATUS_BAD;
}
