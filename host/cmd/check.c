/* SPDX-License-Identifier: MIT */
/* qv check: reads scenarios, says what is wrong with them or what they amount to. */
#include <getopt.h>
#include <stdbool.h>
#include <stdio.h>

#include "cmd/cmd.h"
#include "scenario/scenario.h"

static void help(void)
{
    printf(
        "usage: qv check [--quiet] SCENARIO...\n"
        "       qv check --keys\n"
        "\n"
        "Reads scenario files. A good one is printed as it is understood, with every default filled in; of a bad one\n"
        "every mistake is named with its place (file:line:column) and what was expected there. Nothing is run.\n"
        "\n"
        "  -q, --quiet   print nothing about good files\n"
        "  -k, --keys    print every key with type, default and meaning, separated by tabs\n"
        "  -h, --help    this help\n"
        "\n"
        "examples:\n"
        "  qv check scenarios/nic-fault-local.yaml\n"
        "  qv check --quiet scenarios/*.yaml scenarios/*/*.yaml\n"
        "  qv check --keys | column -t -s \"$(printf '\\t')\" | less -S\n"
        "\n"
        "Exit status: 0 all files are good, 2 at least one is not. docs/scenarios.md explains the format.\n");
}

int cmd_check(int argc, char **argv)
{
    static const struct option options[] = {{"quiet", no_argument, NULL, 'q'},
                                            {"keys", no_argument, NULL, 'k'},
                                            {"help", no_argument, NULL, 'h'},
                                            {NULL, 0, NULL, 0}};
    bool quiet = false;
    int option;

    while ((option = getopt_long(argc, argv, "qkh", options, NULL)) != -1) {
        switch (option) {
        case 'q':
            quiet = true;
            break;
        case 'k':
            scenario_print_keys(stdout);
            return STATUS_MET;
        case 'h':
            help();
            return STATUS_MET;
        default:
            return usage_error("check", "see the options above");
        }
    }
    if (optind == argc)
        return usage_error("check", "which scenario?");

    int status = STATUS_MET;
    for (int i = optind; i < argc; i++) {
        struct scenario scenario;
        struct diag diag;
        if (scenario_read(argv[i], NULL, 0, &scenario, &diag) != 0) {
            diag_print(&diag, stderr);
            status = STATUS_BAD;
        } else if (!quiet) {
            printf("# %s\n", argv[i]);
            scenario_print(stdout, &scenario);
        }
    }
    return status;
}
