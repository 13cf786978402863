/* SPDX-License-Identifier: MIT */
/*
 * The corpus of malformed scenarios under the sanitizers, which also find leaks. Argument: the corpus' folder. The exit
 * status of qv is tested by tests/negative/scenarios/run.sh.
 */
#include <string.h>

#include "scenario/scenario.h"
#include "unit.h"

static const char *folder;

static bool says(const struct diag *diag, const char *place, const char *fragment)
{
    char at[32];
    for (unsigned i = 0; i < diag->count; i++) {
        snprintf(at, sizeof(at), "%u:%u", diag->entry[i].at.line, diag->entry[i].at.column);
        if (strcmp(at, place) == 0 && strstr(diag->entry[i].text, fragment) != NULL)
            return true;
    }
    return false;
}

static void check_line(char *line)
{
    char path[512];
    struct scenario scenario;
    struct diag diag;
    const char *name = strtok(line, "\t\n");
    const char *place = strtok(NULL, "\t\n");
    const char *fragment = strtok(NULL, "\n");

    CU_ASSERT_FATAL(name != NULL && place != NULL && fragment != NULL);
    snprintf(path, sizeof(path), "%s/%s.yaml", folder, name);
    CU_ASSERT(scenario_read(path, NULL, 0, &scenario, &diag) == -1);
    bool said = says(&diag, place, fragment);
    if (!said) {
        printf("\n    %s: expected '%s' at %s\n", name, fragment, place);
        diag_print(&diag, stdout);
    }
    CU_ASSERT(said);
}

static void corpus(void)
{
    char path[512];
    char line[512];
    unsigned count = 0;

    snprintf(path, sizeof(path), "%s/expected.tsv", folder);
    FILE *list = fopen(path, "r");
    CU_ASSERT_FATAL(list != NULL);
    while (fgets(line, sizeof(line), list) != NULL) {
        if (line[0] == '#')
            continue;
        check_line(line);
        count++;
    }
    fclose(list);
    CU_ASSERT(count >= 40);
}

static void missing_file(void)
{
    struct scenario scenario;
    struct diag diag;
    CU_ASSERT(scenario_read("/nonexistent/scenario.yaml", NULL, 0, &scenario, &diag) == -1);
    CU_ASSERT(diag.count == 1 && strstr(diag.entry[0].text, "cannot be read") != NULL);
    CU_ASSERT(scenario_read(folder, NULL, 0, &scenario, &diag) == -1); /* a folder */
    CU_ASSERT(diag.count == 1);
}

int main(int argc, char **argv)
{
    static const struct unit_test tests[] = {{"corpus", corpus}, {"no such file", missing_file}};
    if (argc != 2) {
        fprintf(stderr, "usage: %s CORPUS\n", argv[0]);
        return EXIT_FAILURE;
    }
    folder = argv[1];
    return unit_run("malformed scenarios", tests, sizeof(tests) / sizeof(tests[0]));
}
