/* SPDX-License-Identifier: MIT */
/* docs/scenarios.md names every key with its default and every word of the lists. Argument: the file. */
#include <string.h>

#include "scenario/keys.h"
#include "scenario/words.h"
#include "unit.h"

static char *docs;

static void demand(const char *format, const char *word, const char *other)
{
    char wanted[256];
    snprintf(wanted, sizeof(wanted), format, word, other);
    if (strstr(docs, wanted) == NULL)
        printf("\n    missing: %s\n", wanted);
    CU_ASSERT(strstr(docs, wanted) != NULL);
}

static void check_keys(const struct field *fields)
{
    for (const struct field *field = fields; field->key != NULL; field++) {
        if (field->fields != NULL) {
            demand("`%s`", field->key, "");
            check_keys(field->fields);
        } else if (field->flags & FIELD_REQUIRED) {
            demand("| `%s` | required |", field->key, "");
        } else {
            demand("| `%s` | %s |", field->key, field->fallback != NULL ? field->fallback : "-");
        }
    }
}

static void keys(void)
{
    check_keys(scenario_keys);
}

static void words(void)
{
    const struct word *const lists[] = {words_platforms,   words_modes,        words_clocks,       words_lapic,
                                        words_roles,       words_tools,        words_arrivals,     words_pages,
                                        words_policies,    words_fault_points, words_fault_models, words_detections,
                                        words_outcomes,    words_admissions,   words_vcpu_kinds,   words_io_kinds,
                                        words_slots,       words_works,        words_pmus,         words_nested_pages,
                                        words_experiments, words_nic_models,   words_cpus,         words_timers};
    for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
        for (const struct word *word = lists[i]; word->name != NULL; word++)
            demand("`%s`", word->name, "");
    }
}

int main(int argc, char **argv)
{
    static const struct unit_test tests[] = {{"keys", keys}, {"words", words}};
    static char buffer[1 << 18];
    FILE *file = argc == 2 ? fopen(argv[1], "r") : NULL;
    if (file == NULL) {
        fprintf(stderr, "usage: %s docs/scenarios.md\n", argv[0]);
        return EXIT_FAILURE;
    }
    buffer[fread(buffer, 1, sizeof(buffer) - 1, file)] = '\0';
    fclose(file);
    docs = buffer;
    return unit_run("scenario documentation", tests, sizeof(tests) / sizeof(tests[0]));
}
