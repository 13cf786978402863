/* SPDX-License-Identifier: MIT */
/*
 * Which processors a name of libpfm4 stands for. Sources: Intel SDM vol. 4, table 2-1 (display family and model); AMD's
 * revision guides and processor programming references, which name families and ranges of models.
 */
#include <string.h>

#include "events/events.h"
#include "events/pfm_name.h"

#define ONE(model)                                                                                                     \
    {                                                                                                                  \
        6, model, model                                                                                                \
    }

static const struct {
    const char *pfm;
    struct qv_pmu_models models[QV_PMU_MODELS];
} known[] = {
    {"core", {ONE(0x0f), {6, 0x16, 0x17}, ONE(0x1d)}},
    {"nhm", {ONE(0x1a), {6, 0x1e, 0x1f}}},
    {"nhm_ex", {ONE(0x2e)}},
    {"wsm", {ONE(0x25)}},
    {"wsm_dp", {ONE(0x2c)}},
    {"snb", {ONE(0x2a)}},
    {"snb_ep", {ONE(0x2d)}},
    {"ivb", {ONE(0x3a)}},
    {"ivb_ep", {ONE(0x3e)}},
    {"hsw", {ONE(0x3c), {6, 0x45, 0x46}}},
    {"hsw_ep", {ONE(0x3f)}},
    {"bdw", {ONE(0x3d), ONE(0x47)}},
    {"bdw_ep", {ONE(0x4f), ONE(0x56)}},
    {"skl", {ONE(0x4e), ONE(0x5e), ONE(0x8e), ONE(0x9e)}},
    {"skx", {ONE(0x55)}}, /* the two differ in the stepping only */
    {"clx", {ONE(0x55)}},
    {"icl", {{6, 0x7d, 0x7e}}},
    {"icx", {ONE(0x6a), ONE(0x6c)}},
    {"spr", {ONE(0x8f)}},
    {"amd64_fam10h_barcelona", {{0x10, 0x02, 0x02}}},
    {"amd64_fam10h_shanghai", {{0x10, 0x04, 0x06}}},
    {"amd64_fam10h_istanbul", {{0x10, 0x08, 0x09}}},
    {"amd64_fam15h_interlagos", {{0x15, 0x00, 0x1f}}},
    {"amd64_fam17h_zen1", {{0x17, 0x00, 0x2f}}},
    {"amd64_fam17h_zen2", {{0x17, 0x30, 0xaf}}},
    {"amd64_fam19h_zen3", {{0x19, 0x00, 0x0f}, {0x19, 0x20, 0x5f}}},
    {"amd64_fam19h_zen4", {{0x19, 0x10, 0x1f}, {0x19, 0x60, 0xaf}}},
};

uint32_t events_models(const char *processor, struct qv_pmu_models out[QV_PMU_MODELS])
{
    const char *name = events_pfm_name(processor);
    uint32_t n = 0;

    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
        if (strcmp(known[i].pfm, name) != 0)
            continue;
        for (; n < QV_PMU_MODELS && known[i].models[n].family != 0; n++)
            out[n] = known[i].models[n];
    }
    return n;
}
