/* SPDX-License-Identifier: MIT */
/*
 * How functions of qv_analysis and qv_load report failure: they return a negative errno value (or false) and, where the
 * caller passed a struct qv_error, say in one line what was wrong and where. The text is for the user as it stands.
 */
#ifndef QV_ANALYSIS_ERROR_H
#define QV_ANALYSIS_ERROR_H

struct qv_error {
    char text[512];
};

/* Writes the message (cut to fit) into *err; err may be NULL. Returns `code`, so that it can stand behind `return`. */
int qv_error_set(struct qv_error *err, int code, const char *format, ...) __attribute__((format(printf, 3, 4)));

#endif
