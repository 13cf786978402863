/* SPDX-License-Identifier: MIT */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "cmd/cmd.h"
#include "scenario/words.h"

const struct command commands[] = {
    {"run", cmd_run, "SCENARIO [OPTION]...", "run a scenario and judge what happens"},
    {"check", cmd_check, "SCENARIO...", "read scenarios and say what is wrong with them"},
    {"list", cmd_list, "[TOPIC]...", "scenarios, faults, outcomes and other words"},
    {"events", cmd_events, "[--cpu PROCESSOR]", "performance events that a scenario may name"},
    {"bench", cmd_bench, "[OPTION]...", "microbenchmarks of the OS, with monitors and native"},
    {"image", cmd_image, "[OPTION]...", "a bootable image for real machines"},
    {"collect", cmd_collect, "--serial DEVICE", "take the results of such a machine from its serial line"},
    {"table", cmd_table, "DIR...", "recovery-phase table of results, and their outcomes"},
    {"plot", cmd_plot, "DIR...", "draw the pictures of results again"},
    {"doctor", cmd_forward, "", "what is here, what is missing"},
    {"test", cmd_forward, "[-R REGEX]", "build everything and run the tests"},
    {"version", cmd_version, "", "version of qv and of what it was built with"},
    {NULL, NULL, NULL, NULL},
};

static void help(FILE *stream)
{
    fprintf(stream, "usage: qv COMMAND [ARGUMENT]...\n"
                    "\n"
                    "Puts faults into a running multikernel and measures everything that follows.\n"
                    "\n");
    for (const struct command *command = commands; command->name != NULL; command++)
        fprintf(stream, "  %-8s %-22s %s\n", command->name, command->arguments, command->text);
    fprintf(stream,
            "\n"
            "examples:\n"
            "  qv run scenarios/nic-fault-local.yaml\n"
            "  qv run scenarios/nic-fault-remote.yaml --repeat 10 --out out/remote\n"
            "  qv table out/local out/remote\n"
            "\n"
            "Every command has --help. Exit status: 0 expectations met, 1 not met, 2 bad input or usage, 3 the\n"
            "platform failed.\n");
}

int usage_error(const char *command, const char *format, ...)
{
    va_list arguments;
    fprintf(stderr, "qv %s: ", command);
    va_start(arguments, format);
    vfprintf(stderr, format, arguments);
    va_end(arguments);
    fprintf(stderr, " (try qv %s --help)\n", command);
    return STATUS_BAD;
}

static int unknown_command(const char *name)
{
    const char *names[32];
    size_t n = 0;
    for (const struct command *command = commands; command->name != NULL && n < 31; command++)
        names[n++] = command->name;
    names[n] = NULL;
    const char *near = words_nearest(name, names);
    fprintf(stderr, "qv: unknown command '%s'", name);
    if (near != NULL)
        fprintf(stderr, " (did you mean '%s'?)", near);
    fprintf(stderr, ", expected one of those that qv --help names\n");
    return STATUS_BAD;
}

int main(int argc, char **argv)
{
    if (argc < 2) {
        help(stderr);
        return STATUS_BAD;
    }
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0 || strcmp(argv[1], "help") == 0) {
        help(stdout);
        return STATUS_MET;
    }
    if (strcmp(argv[1], "--version") == 0)
        return cmd_version(argc - 1, argv + 1);
    for (const struct command *command = commands; command->name != NULL; command++) {
        if (strcmp(command->name, argv[1]) == 0)
            return command->run(argc - 1, argv + 1);
    }
    return unknown_command(argv[1]);
}
