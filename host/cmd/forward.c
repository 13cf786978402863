/* SPDX-License-Identifier: MIT */
/* qv doctor, qv test: the script at the root does these, because it must work before anything is built. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "cmd/cmd.h"
#include "cmd/paths.h"

int cmd_forward(int argc, char **argv)
{
    const char *script = paths_in_root("qv");
    char **arguments = calloc((size_t)argc + 2, sizeof(*arguments));

    if (arguments == NULL) {
        fprintf(stderr, "qv: out of memory\n");
        return STATUS_PLATFORM;
    }
    arguments[0] = (char *)(uintptr_t)script;
    for (int i = 0; i < argc; i++)
        arguments[i + 1] = argv[i];
    execv(script, arguments);
    fprintf(stderr, "qv %s: %s cannot be run; go to the project's folder and run ./qv %s\n", argv[0], script, argv[0]);
    free(arguments);
    return STATUS_PLATFORM;
}
