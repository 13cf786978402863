/* SPDX-License-Identifier: MIT */
/* The commands of qv. Each gets its own argv (argv[0] is the command's name) and returns the exit status. */
#ifndef QV_CMD_CMD_H
#define QV_CMD_CMD_H

enum qv_status {
    STATUS_MET = 0,      /* expectations met; for other commands: done */
    STATUS_NOT_MET = 1,  /* expectations not met */
    STATUS_BAD = 2,      /* bad input or usage */
    STATUS_PLATFORM = 3, /* the platform failed: emulator, host, files that cannot be written */
};

struct command {
    const char *name;
    int (*run)(int argc, char **argv);
    const char *arguments;
    const char *text;
};

extern const struct command commands[]; /* ends with a NULL name */

int cmd_events(int argc, char **argv);
int cmd_run(int argc, char **argv);
int cmd_bench(int argc, char **argv);
int cmd_check(int argc, char **argv);
int cmd_collect(int argc, char **argv);
int cmd_image(int argc, char **argv);
int cmd_list(int argc, char **argv);
int cmd_plot(int argc, char **argv);
int cmd_table(int argc, char **argv);
int cmd_version(int argc, char **argv);
int cmd_forward(int argc, char **argv); /* doctor, test: what the script at the root does */

struct run_result;
int run_status(const struct run_result *result); /* the exit status that tells of it */

/* Says on standard error what was wrong with the arguments and how to get help; returns STATUS_BAD. */
int usage_error(const char *command, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
