/* SPDX-License-Identifier: MIT */
#include "analysis/tlb.h"

#include <errno.h>
#include <string.h>

static const char *const patterns[] = {
#define PATTERN_NAME(sym, num, name, what) [num] = name,
    QV_TLB_PATTERNS(PATTERN_NAME)};
static const char *const cases[] = {
#define CASE_NAME(sym, num, name, what) [num] = name,
    QV_TLB_CASES(CASE_NAME)};

const char *tlb_pattern_name(uint32_t pattern)
{
    return pattern < QV_TLB_PATTERN_COUNT ? patterns[pattern] : "?";
}

const char *tlb_case_name(uint32_t what)
{
    return what < QV_TLB_CASE_COUNT ? cases[what] : "?";
}

const char *tlb_nested_name(uint32_t nested)
{
    static const char *const name[QV_TLB_NESTED_COUNT] = {"none", "2MiB", "4KiB"};
    return nested < QV_TLB_NESTED_COUNT ? name[nested] : "?";
}

static int check_point(const struct qv_tlb_point *p, size_t i, struct qv_error *err)
{
    if (p->pattern < QV_TLB_PATTERN_COUNT && p->between < QV_TLB_CASE_COUNT && p->rounds > 0)
        return 0;
    return qv_error_set(err, -EPROTO, "TLB sweep, point %zu: pattern %u, case %u, %u rounds are not known", i,
                        p->pattern, p->between, p->rounds);
}

int tlb_take_area(struct tlb_sweep *sweep, const void *bytes, size_t size, struct qv_error *err)
{
    const struct qv_tlb_area *area = bytes;
    memset(sweep, 0, sizeof(*sweep));
    if (size < sizeof(*area) || area->magic != QV_TLB_MAGIC || area->version != QV_TLB_VERSION ||
        area->size != sizeof(*area) || area->n_points > QV_TLB_POINTS || area->nested >= QV_TLB_NESTED_COUNT ||
        memchr(area->model, '\0', sizeof(area->model)) == NULL)
        return qv_error_set(err, -EPROTO, "the OS's TLB sweeps are not in a form that this program knows: build both");
    if (__atomic_load_n(&area->state, __ATOMIC_ACQUIRE) != QV_TLB_DONE)
        return qv_error_set(err, -EINPROGRESS, "the TLB sweeps did not come to their end");
    sweep->counted = area->counted & ((1u << QV_EMUPMU_EVENTS_KNOWN) - 1);
    sweep->nested = area->nested;
    sweep->emulated = area->emulated != 0;
    memcpy(sweep->model, area->model, sizeof(sweep->model));
    sweep->n = area->n_points;
    memcpy(sweep->point, area->point, sweep->n * sizeof(sweep->point[0]));
    for (size_t i = 0; i < sweep->n; i++) {
        int result = check_point(&sweep->point[i], i, err);
        if (result != 0)
            return result;
    }
    return 0;
}

const struct qv_tlb_point *tlb_find(const struct tlb_sweep *sweep, uint32_t pattern, uint32_t what, uint32_t pages)
{
    for (size_t i = 0; i < sweep->n; i++) {
        const struct qv_tlb_point *p = &sweep->point[i];
        if (p->pattern == pattern && p->between == what && p->pages == pages)
            return p;
    }
    return NULL;
}

/* Per round, less what it is without pages, per page. */
static bool per_access(const struct tlb_sweep *sweep, const struct qv_tlb_point *point, uint64_t count,
                       const uint64_t *(*of)(const struct qv_tlb_point *, unsigned), unsigned which, double *value)
{
    const struct qv_tlb_point *empty = tlb_find(sweep, point->pattern, point->between, 0);
    if (empty == NULL || point->pages == 0)
        return false;
    *value = ((double)count / point->rounds - (double)*of(empty, which) / empty->rounds) / point->pages;
    return true;
}

static const uint64_t *count_of(const struct qv_tlb_point *p, unsigned which)
{
    return &p->count[which];
}

static const uint64_t *ticks_of(const struct qv_tlb_point *p, unsigned which)
{
    (void)which;
    return &p->ticks;
}

bool tlb_per_access(const struct tlb_sweep *sweep, const struct qv_tlb_point *point, enum qv_emupmu_event event,
                    double *value)
{
    return (sweep->counted >> event & 1u) != 0 &&
           per_access(sweep, point, point->count[event], count_of, (unsigned)event, value);
}

bool tlb_ticks(const struct tlb_sweep *sweep, const struct qv_tlb_point *point, double *value)
{
    return per_access(sweep, point, point->ticks, ticks_of, 0, value);
}

bool tlb_walks(const struct tlb_sweep *sweep, const struct qv_tlb_point *point, double *value)
{
    return tlb_per_access(sweep, point,
                          point->pattern == QV_TLB_CODE ? QV_EMUPMU_ITLB_WALKS : QV_EMUPMU_DTLB_LOAD_WALKS, value);
}

uint32_t tlb_knee(const struct tlb_sweep *sweep, uint32_t pattern)
{
    uint32_t beyond = TLB_NO_KNEE; /* fewest pages with more walks */
    uint32_t knee = TLB_NO_KNEE;
    double walks = 0;
    for (size_t i = 0; i < sweep->n; i++) {
        const struct qv_tlb_point *p = &sweep->point[i];
        if (p->pattern == pattern && p->between == QV_TLB_BASE && tlb_walks(sweep, p, &walks) &&
            walks > TLB_KNEE_PPM / 1e6 && p->pages < beyond)
            beyond = p->pages;
    }
    for (size_t i = 0; i < sweep->n && beyond != TLB_NO_KNEE; i++) {
        const struct qv_tlb_point *p = &sweep->point[i];
        if (p->pattern == pattern && p->between == QV_TLB_BASE && p->pages < beyond &&
            (knee == TLB_NO_KNEE || p->pages > knee))
            knee = p->pages;
    }
    return knee;
}

bool tlb_beyond_base(const struct tlb_sweep *sweep, uint32_t pattern, uint32_t what, double *least, double *most)
{
    uint32_t knee = tlb_knee(sweep, pattern);
    bool any = false;
    for (size_t i = 0; i < sweep->n && knee != TLB_NO_KNEE; i++) {
        const struct qv_tlb_point *p = &sweep->point[i];
        double with, without;
        if (p->pattern != pattern || p->between != what || p->pages == 0 || p->pages > knee)
            continue;
        const struct qv_tlb_point *base = tlb_find(sweep, pattern, QV_TLB_BASE, p->pages);
        if (base == NULL || !tlb_walks(sweep, p, &with) || !tlb_walks(sweep, base, &without))
            continue;
        *least = any && *least < with - without ? *least : with - without;
        *most = any && *most > with - without ? *most : with - without;
        any = true;
    }
    return any;
}
