/* SPDX-License-Identifier: MIT */
/*
 * libFuzzer harness of the scenario reader. Besides not crashing, the reader must keep its promises: a refusal has at
 * least one located message, and what it accepts is printed as YAML that it reads back as the same scenario.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "scenario/bootcfg.h"
#include "scenario/scenario.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void demand(int condition)
{
    if (!condition)
        abort();
}

static void check_round_trip(const struct scenario *scenario)
{
    char *text = NULL;
    size_t length = 0;
    struct scenario again;
    struct diag diag;
    struct qv_bootcfg cfg;

    FILE *stream = open_memstream(&text, &length);
    demand(stream != NULL);
    scenario_print(stream, scenario);
    fclose(stream);
    diag_init(&diag, "printed");
    if (scenario_parse(text, length, &again, &diag) != 0) {
        diag_print(&diag, stderr);
        fputs(text, stderr);
        abort();
    }
    demand(memcmp(scenario, &again, sizeof(again)) == 0);
    free(text);
    bootcfg_build(scenario, &cfg);
    demand(cfg.crc == bootcfg_crc(&cfg));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct scenario scenario;
    struct diag diag;

    diag_init(&diag, "fuzz");
    if (scenario_parse((const char *)data, size, &scenario, &diag) == 0) {
        demand(diag.count == 0);
        check_round_trip(&scenario);
    } else {
        demand(diag.count > 0);
    }
    return 0;
}
