/* SPDX-License-Identifier: MIT */
#include "cmd/options.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "cmd/cmd.h"
#include "qv/bench.h"
#include "qv/bootcfg.h"

#define FILE_ROOM 64u /* for what is put below a result directory */

int option_folder(const char *command, const char *text, char out[PATH_MAX])
{
    if (text[0] == '\0' || strlen(text) > PATH_MAX - FILE_ROOM)
        return usage_error(command, "--out %s, expected a directory", text);
    strcpy(out, text);
    return STATUS_MET;
}

void default_folder(char out[PATH_MAX], const char *name)
{
    char stamp[32];
    time_t now = time(NULL);
    struct tm parts;
    localtime_r(&now, &parts);
    strftime(stamp, sizeof(stamp), "%Y%m%d-%H%M%S", &parts);
    snprintf(out, PATH_MAX, "out/%s-%s", name, stamp);
    for (unsigned i = 2; access(out, F_OK) == 0 && i < 1000; i++)
        snprintf(out, PATH_MAX, "out/%s-%s-%u", name, stamp, i);
}

bool option_number(const char *text, unsigned long least, unsigned long most, unsigned long *out)
{
    char *end = NULL;
    errno = 0;
    *out = strtoul(text, &end, 10);
    return errno == 0 && text[0] >= '0' && text[0] <= '9' && *end == '\0' && *out >= least && *out <= most;
}

bool option_setting(const char *text, char *key, size_t size, const char **value)
{
    const char *equals = strchr(text, '=');
    size_t length = equals != NULL ? (size_t)(equals - text) : 0;
    if (length == 0 || length >= size)
        return false;
    memcpy(key, text, length);
    key[length] = '\0';
    *value = equals + 1;
    return true;
}

bool option_benchmark(const char *text)
{
    return text[0] != '\0' && strlen(text) + sizeof(QV_BENCH_TEST) < sizeof(((struct qv_bootcfg *)0)->test);
}
