/* SPDX-License-Identifier: MIT */
/* qv version: what this program is and which formats it knows. */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/provenance.h"
#include "analysis/result.h"
#include "cmd/cmd.h"
#include "cmd/paths.h"
#include "qv/directory.h"
#include "qv/trace.h"
#include "scenario/scenario.h"

int cmd_version(int argc, char **argv)
{
    static const struct option options[] = {{"help", no_argument, NULL, 'h'}, {NULL, 0, NULL, 0}};
    int option;

    while ((option = getopt_long(argc, argv, "h", options, NULL)) != -1) {
        if (option != 'h')
            return usage_error("version", "see the options");
        printf("usage: qv version\n\nVersion of qv, of what it was built with and of the formats it knows.\n");
        return STATUS_MET;
    }
    struct provenance *p = calloc(1, sizeof(*p));
    if (p == NULL)
        return STATUS_PLATFORM;
    provenance_collect(p, paths_root());
    printf("qv, commit %s%s\n", p->commit[0] != '\0' ? p->commit : "unknown", p->dirty ? " with changes" : "");
    printf("built with %s (%s)\n", p->compiler, p->build_type);
    printf("scenario schema %u, boot configuration %u, directory %u, trace %u, result schema %d\n", SCENARIO_SCHEMA,
           QV_BOOTCFG_VERSION, QV_DIRECTORY_VERSION, QV_TRACE_VERSION, RESULT_SCHEMA);
    free(p);
    return STATUS_MET;
}
