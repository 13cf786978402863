/* SPDX-License-Identifier: MIT */
#include "guest/sums.h"

#include <string.h>

static bool excused(const struct qv_directory *d, const struct qv_region *region, uint32_t targets)
{
    uint32_t owner = region->owner;
    if (owner >= QV_MAX_SANDBOXES)
        return false;
    bool restarted = d->core[owner].incarnation != 1;
    bool recovered = d->core[owner].attempts != 0 && region->kind == QV_REGION_STANDBY;
    return restarted || recovered || (targets & 1u << owner) != 0;
}

void sums_judge(const struct qv_directory *directory, uint32_t targets, struct run_isolation *out)
{
    memset(out, 0, sizeof(*out));
    for (uint32_t i = 0; i < QV_MAX_REGIONS && directory->sums_taken == 1; i++) {
        const struct qv_region *region = &directory->region[i];
        const struct qv_region_sum *sum = &directory->sum[i];
        bool changed = sum->before != sum->after;
        if (sum->bytes == 0)
            continue;
        if (excused(directory, region, targets)) {
            bool target = region->owner < QV_MAX_SANDBOXES && (targets & 1u << region->owner) != 0;
            out->state_differs =
                out->state_differs || (changed && target && directory->core[region->owner].incarnation == 1);
            continue;
        }
        out->checked = true;
        out->regions++;
        out->bytes += sum->bytes;
        if (!changed)
            continue;
        if (out->breaches < RESULT_MAX_BREACHES)
            out->breach[out->breaches] =
                (struct run_breach){.base = region->base,
                                    .size = region->size,
                                    .kind = region->kind,
                                    .owner = region->owner,
                                    .words = region->kind == QV_REGION_CANARY ? sum->after : 0};
        out->breaches++;
    }
}
