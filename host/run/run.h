/* SPDX-License-Identifier: MIT */
/*
 * One run of a scenario: platform started, load made, fault waited for, everything collected, judged and written.
 */
#ifndef QV_RUN_RUN_H
#define QV_RUN_RUN_H

#include <stdbool.h>
#include <stdint.h>

#include "analysis/result.h"
#include "scenario/scenario.h"

struct run_options {
    const struct scenario *scenario;
    const char *scenario_path;
    const char *folder;     /* of the result; must not exist or be empty */
    char *const *reproduce; /* command line that makes this run again, NULL-terminated */
    uint32_t index;         /* of a repetition, from 0 */
    bool keep;              /* keep the files of a run that was broken off */
    bool quiet;             /* no progress on the terminal */
    bool lean;              /* without the big files: one of very many runs */
};

/*
 * Runs it. Returns 0 and the result, written to the folder, in *out (result_free() is due); the result may be a
 * harness_error. Returns a negative error, with the reason in *err, if there is no result: interrupted (-EINTR), or its
 * folder cannot be written. No process is left behind in any case.
 */
int run_scenario(const struct run_options *options, struct run_result **out, struct qv_error *err);

/* From now on SIGINT, SIGTERM and SIGHUP end a run in order instead of ending the program. */
void run_catch_signals(void);
bool run_interrupted(void);

#endif
