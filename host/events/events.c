/* SPDX-License-Identifier: MIT */
#include "events/events.h"

#include <ctype.h>
#include <perfmon/pfmlib.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "events/pfm_name.h"
#include "qv/emupmu.h"

#define NAME_MAX_LENGTH 160u
#define NEAREST         3u
/* What the OS decides: PERFEVTSELx bits USR, OS, PC, INT, ANY, EN. */
#define CODE_OURS 0x7b0000ull

static const struct {
    const char *name;
    const char *pfm;
} aliases[] = {
    {"nehalem", "nhm"},
    {"westmere", "wsm"},
    {"sandybridge", "snb"},
    {"ivybridge", "ivb"},
    {"haswell", "hsw"},
    {"broadwell", "bdw"},
    {"skylake", "skl"},
    {"icelake", "icl"},
    {"barcelona", "amd64_fam10h_barcelona"},
    {"k10", "amd64_fam10h_barcelona"},
    {"bulldozer", "amd64_fam15h_interlagos"},
    {"zen1", "amd64_fam17h_zen1"},
    {"zen2", "amd64_fam17h_zen2"},
    {"zen3", "amd64_fam19h_zen3"},
    {"zen4", "amd64_fam19h_zen4"},
};

/* Events that the emulated PMU counts as well (qv/emupmu.h), by the code they have from Sandy Bridge to Broadwell. */
static const struct {
    uint64_t code;
    uint16_t emulated;
} emulated[] = {
    {0x00c0, QV_EMUPMU_INSTRUCTIONS},    /* INST_RETIRED */
    {0x81d0, QV_EMUPMU_LOADS},           /* MEM_UOPS_RETIRED:ALL_LOADS */
    {0x82d0, QV_EMUPMU_STORES},          /* MEM_UOPS_RETIRED:ALL_STORES */
    {0x0108, QV_EMUPMU_DTLB_LOAD_WALKS}, /* DTLB_LOAD_MISSES:MISS_CAUSES_A_WALK */
    {0x8108, QV_EMUPMU_DTLB_LOAD_WALKS}, /* the same on Ivy Bridge */
    {0x0149, QV_EMUPMU_DTLB_STORE_WALKS},
    {0x0185, QV_EMUPMU_ITLB_WALKS},
    {0x0280, QV_EMUPMU_L1I_MISSES}, /* ICACHE:MISSES */
    {0x0151, QV_EMUPMU_L1D_MISSES}, /* L1D:REPLACEMENT */
    {0x412e, QV_EMUPMU_LLC_MISSES}, /* LAST_LEVEL_CACHE_MISSES; libpfm4 has another umask that means the same */
    {0x012e, QV_EMUPMU_LLC_MISSES},
};
static const char *const emulated_on[] = {"snb", "snb_ep", "ivb", "ivb_ep", "hsw", "hsw_ep", "bdw", "bdw_ep"};

static bool start(void)
{
    static bool started;
    if (!started)
        started = setenv("LIBPFM_ENCODE_INACTIVE", "1", 1) == 0 && pfm_initialize() == PFM_SUCCESS;
    return started;
}

const char *events_pfm_name(const char *processor)
{
    for (size_t i = 0; i < sizeof(aliases) / sizeof(aliases[0]); i++)
        if (strcmp(aliases[i].name, processor) == 0)
            return aliases[i].pfm;
    return processor;
}

/* Cores whose counters the OS knows how to program. */
static bool usable(const pfm_pmu_info_t *info)
{
    static const char *const not [] = {"netburst", "netburst_p", "knc", "ix86arch", "perf", "perf_raw"};
    if (info->type != PFM_PMU_TYPE_CORE || info->nevents == 0)
        return false;
    for (size_t i = 0; i < sizeof(not ) / sizeof(not [0]); i++)
        if (strcmp(info->name, not [i]) == 0)
            return false;
    return true;
}

static bool find(const char *processor, pfm_pmu_info_t *info)
{
    const char *name = events_pfm_name(processor);
    for (int i = 0; start() && i < PFM_PMU_MAX; i++) {
        memset(info, 0, sizeof(*info));
        info->size = sizeof(*info);
        if (pfm_get_pmu_info((pfm_pmu_t)i, info) == PFM_SUCCESS && usable(info) && strcmp(info->name, name) == 0)
            return true;
    }
    return false;
}

/* --- the nearest names --- */

struct near {
    char name[NEAREST][NAME_MAX_LENGTH];
    unsigned distance[NEAREST];
    unsigned n;
};

/* Levenshtein's, without regard to case. */
static unsigned distance(const char *a, const char *b)
{
    unsigned row[NAME_MAX_LENGTH + 1];
    size_t n = strlen(b);
    if (n > NAME_MAX_LENGTH)
        return UINT32_MAX;
    for (size_t j = 0; j <= n; j++)
        row[j] = (unsigned)j;
    for (size_t i = 0; a[i] != '\0'; i++) {
        unsigned diagonal = row[0]++;
        for (size_t j = 0; j < n; j++) {
            unsigned above = row[j + 1];
            unsigned same = diagonal + (tolower((unsigned char)a[i]) != tolower((unsigned char)b[j]));
            unsigned step = (row[j] < above ? row[j] : above) + 1;
            row[j + 1] = same < step ? same : step;
            diagonal = above;
        }
    }
    return row[n];
}

static void consider(struct near *near, const char *wrong, const char *name)
{
    unsigned d = distance(wrong, name);
    unsigned at = near->n < NEAREST ? near->n : NEAREST;
    while (at > 0 && near->distance[at - 1] > d)
        at--;
    if (at == NEAREST)
        return;
    unsigned last = near->n < NEAREST ? near->n++ : NEAREST - 1;
    for (unsigned i = last; i > at; i--) {
        near->distance[i] = near->distance[i - 1];
        memcpy(near->name[i], near->name[i - 1], NAME_MAX_LENGTH);
    }
    near->distance[at] = d;
    snprintf(near->name[at], NAME_MAX_LENGTH, "%s", name);
}

static void say_near(char why[EVENTS_WHY], const char *what, const struct near *near)
{
    size_t used = (size_t)snprintf(why, EVENTS_WHY, "%s, expected one such as", what);
    for (unsigned i = 0; i < near->n && used < EVENTS_WHY; i++)
        used += (size_t)snprintf(why + used, EVENTS_WHY - used, "%s %s", i > 0 ? " or" : "", near->name[i]);
}

/* --- walking through what there is --- */

typedef void visitor(void *context, const char *name, const char *text);

static void walk_masks(const pfm_event_info_t *event, visitor *visit, void *context)
{
    char name[NAME_MAX_LENGTH];
    unsigned masks = 0;
    for (int a = 0; a < event->nattrs; a++) {
        pfm_event_attr_info_t mask = {.size = sizeof(mask)};
        if (pfm_get_event_attr_info(event->idx, a, PFM_OS_NONE, &mask) != PFM_SUCCESS || mask.type != PFM_ATTR_UMASK)
            continue;
        masks++;
        snprintf(name, sizeof(name), "%s:%s", event->name, mask.name);
        visit(context, name, mask.desc);
    }
    if (masks == 0)
        visit(context, event->name, event->desc);
}

static void walk(const pfm_pmu_info_t *info, visitor *visit, void *context)
{
    for (int e = info->first_event; e != -1; e = pfm_get_event_next(e)) {
        pfm_event_info_t event = {.size = sizeof(event)};
        if (pfm_get_event_info(e, PFM_OS_NONE, &event) == PFM_SUCCESS && event.equiv == NULL)
            walk_masks(&event, visit, context);
    }
}

struct search {
    struct near near;
    const char *wrong;
};

static void compare(void *context, const char *name, const char *text)
{
    struct search *search = context;
    (void)text;
    consider(&search->near, search->wrong, name);
}

bool events_processor(const char *processor, char why[EVENTS_WHY])
{
    pfm_pmu_info_t info;
    struct near near = {.n = 0};
    if (find(processor, &info))
        return true;
    for (size_t i = 0; i < sizeof(aliases) / sizeof(aliases[0]); i++)
        consider(&near, processor, aliases[i].name);
    for (int i = 0; i < PFM_PMU_MAX; i++) {
        memset(&info, 0, sizeof(info));
        info.size = sizeof(info);
        if (pfm_get_pmu_info((pfm_pmu_t)i, &info) == PFM_SUCCESS && usable(&info))
            consider(&near, processor, info.name);
    }
    char what[96];
    snprintf(what, sizeof(what), "'%.40s' is no processor whose events are known", processor);
    say_near(why, what, &near);
    return false;
}

/* --- codes --- */

static uint16_t emulated_of(const char *pfm, uint64_t code)
{
    for (size_t i = 0; i < sizeof(emulated_on) / sizeof(emulated_on[0]); i++) {
        if (strcmp(emulated_on[i], pfm) != 0)
            continue;
        for (size_t k = 0; k < sizeof(emulated) / sizeof(emulated[0]); k++)
            if (emulated[k].code == code)
                return emulated[k].emulated;
    }
    return QV_PMU_NO_EMULATED;
}

static bool encode(const pfm_pmu_info_t *info, const char *name, struct qv_pmu_event *out)
{
    char full[NAME_MAX_LENGTH];
    pfm_pmu_encode_arg_t arg = {.size = sizeof(arg)};
    if (strchr(name, ' ') != NULL || (size_t)snprintf(full, sizeof(full), "%s::%s", info->name, name) >= sizeof(full) ||
        pfm_get_os_event_encoding(full, PFM_PLM0 | PFM_PLM3, PFM_OS_NONE, &arg) != PFM_SUCCESS)
        return false;
    bool fine = arg.count >= 1 && arg.codes != NULL;
    uint64_t code = fine ? arg.codes[0] : 0;
    free(arg.codes);
    bool amd = strncmp(info->name, "amd64", 5) == 0;
    bool extra = fine && arg.count > 1 && !amd; /* needs a second register, such as OFFCORE_RSP */
    if (!fine || extra)
        return false;
    *out = (struct qv_pmu_event){.code = code & ~CODE_OURS, .vendor = amd ? QV_PMU_AMD : QV_PMU_INTEL};
    if (!amd && (out->code & 0xffu) == 0 && out->code >> 8 >= 1 && out->code >> 8 <= 4) { /* libpfm4's fixed ones */
        out->fixed = 1;
        out->code = (out->code >> 8) - 1u;
        out->emulated = QV_PMU_NO_EMULATED;
        if (out->code == 0)
            out->emulated = QV_EMUPMU_INSTRUCTIONS;
    } else {
        out->emulated = emulated_of(info->name, out->code);
    }
    return true;
}

bool events_resolve(const char *processor, const char *name, struct qv_pmu_event *out, char why[EVENTS_WHY])
{
    pfm_pmu_info_t info;
    char what[128];
    if (strcmp(name, EVENTS_CYCLES) == 0) {
        *out = (struct qv_pmu_event){.portable = QV_PMU_CYCLES, .emulated = QV_PMU_NO_EMULATED};
        return true;
    }
    if (!find(processor, &info))
        return events_processor(processor, why);
    if (encode(&info, name, out))
        return true;
    struct search search = {.near = {.n = 0}, .wrong = name};
    walk(&info, compare, &search);
    snprintf(what, sizeof(what), "'%.60s' is no event of %s", name, processor);
    say_near(why, what, &search.near);
    return false;
}

struct listing {
    const pfm_pmu_info_t *info;
    FILE *out;
    const char *pattern;
    int n;
};

static bool contains(const char *text, const char *pattern)
{
    for (; *text != '\0' || *pattern == '\0'; text++) {
        size_t i = 0;
        while (pattern[i] != '\0' && tolower((unsigned char)text[i]) == tolower((unsigned char)pattern[i]))
            i++;
        if (pattern[i] == '\0')
            return true;
    }
    return false;
}

static void print(void *context, const char *name, const char *text)
{
    struct listing *list = context;
    struct qv_pmu_event event;
    if ((!contains(name, list->pattern) && !contains(text, list->pattern)) || !encode(list->info, name, &event))
        return;
    list->n++;
    fprintf(list->out, "%-52s %s%-8llx %s%s\n", name, event.fixed ? "fixed " : "", (unsigned long long)event.code, text,
            event.emulated != QV_PMU_NO_EMULATED ? " [also emulated]" : "");
}

int events_list(FILE *out, const char *processor, const char *pattern)
{
    pfm_pmu_info_t info;
    if (!find(processor, &info))
        return -1;
    struct listing list = {.info = &info, .out = out, .pattern = pattern};
    walk(&info, print, &list);
    return list.n;
}

void events_list_processors(FILE *out)
{
    for (int i = 0; start() && i < PFM_PMU_MAX; i++) {
        pfm_pmu_info_t info = {.size = sizeof(info)};
        if (pfm_get_pmu_info((pfm_pmu_t)i, &info) != PFM_SUCCESS || !usable(&info))
            continue;
        const char *alias = "";
        for (size_t k = 0; k < sizeof(aliases) / sizeof(aliases[0]); k++)
            if (strcmp(aliases[k].pfm, info.name) == 0)
                alias = aliases[k].name;
        fprintf(out, "%-26s %-12s %s\n", info.name, alias, info.desc);
    }
}
