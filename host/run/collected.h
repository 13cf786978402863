/* SPDX-License-Identifier: MIT */
/* A result out of what a machine sent that qv did not start: the same directory as a run's. */
#ifndef QV_RUN_COLLECTED_H
#define QV_RUN_COLLECTED_H

#include "analysis/error.h"
#include "analysis/result.h"
#include "guest/guest.h"
#include "image/label.h"
#include "qv/directory.h"

/* What came, and what can be told of the machine. */
struct collected {
    struct guest guest;
    const struct qv_directory *directory; /* in guest */
    struct qv_bootcfg cfg;
    const char *text; /* the label, in guest; not terminated */
    size_t text_bytes;
    struct label label;
    bool emulated;     /* it says itself that it is no real machine */
    char platform[48]; /* as in results: hardware-vmx, emulated-svm, ... */
    char machine[128]; /* in words */
    struct run_tick tick;
};

/* Looks at the memory. -EPROTO, -EINVAL with the reason if it is not what an image of this version leaves. */
int collected_look(const struct guest *guest, struct collected *out, struct qv_error *err);

/* Hashes of what ran, and the command that made the image, for the result. Says whether the OS that is built here is
 * the one that ran: else addresses cannot be named. */
bool collected_provenance(const struct collected *c, struct provenance *p);

/*
 * The scenario's run, judged: 0 and the result in *out, written to `partial` (of result_dir_begin(), with console.log
 * in it already) and then named `folder`. The label's scenario must be a good one (-EINVAL). `command` as it was typed,
 * NULL-terminated. After an error `partial` is still the caller's.
 */
int collected_run(const struct collected *c, const char *partial, const char *folder, char *const *command,
                  struct run_result **out, struct qv_error *err);

#endif
