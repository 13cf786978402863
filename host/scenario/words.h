/* SPDX-License-Identifier: MIT */
/* Lists of words with numbers (enums as a scenario writes them), and what was probably meant by a word not in one. */
#ifndef QV_SCENARIO_WORDS_H
#define QV_SCENARIO_WORDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct word {
    const char *name; /* NULL ends a list */
    uint64_t value;
    const char *text; /* one-line description, or NULL */
};

extern const struct word words_platforms[];
extern const struct word words_admissions[];
extern const struct word words_vcpu_kinds[];
extern const struct word words_io_kinds[];
extern const struct word words_slots[]; /* QV_VCPU_SLOTS: own */
extern const struct word words_works[];
extern const struct word words_modes[];
extern const struct word words_clocks[];
extern const struct word words_lapic[];
extern const struct word words_timers[];
extern const struct word words_nic_models[];
extern const struct word words_pmus[];
extern const struct word words_nested_pages[];
extern const struct word words_experiments[];
extern const struct word words_cpus[]; /* "auto" first; the others as Bochs names them */
extern const struct word words_roles[];
extern const struct word words_services[];
extern const struct word words_tools[];
extern const struct word words_arrivals[];
extern const struct word words_traffic[];
extern const struct word words_drivers[];
extern const struct word words_costs[];
extern const struct word words_pages[];
extern const struct word words_fault_models[]; /* "none" first: words_fault_models + 1 are the real ones */
extern const struct word words_fault_points[];
extern const struct word words_policies[];
extern const struct word words_detections[];
extern const struct word words_outcomes[];

bool words_value(const struct word *list, const char *name, uint64_t *value);
const char *words_name(const struct word *list, uint64_t value); /* "?" if there is none */

/* "a, b or c", cut with ", ..." at `room`. Returns out. */
char *words_join(char *out, size_t room, const struct word *list);

/*
 * The entry of `names` (NULL-terminated) nearest to `wrong`, if it is near enough to be worth a hint: NULL otherwise.
 * Distance is Damerau-Levenshtein (adjacent transpositions count one), case ignored.
 */
const char *words_nearest(const char *wrong, const char *const *names);

#endif
