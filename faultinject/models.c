/* SPDX-License-Identifier: MIT */
/* The table of fault models. */
#include "faultinject/model.h"

#include <stddef.h>

static const struct fault_model *const models[] = {
    &fault_wild_write_sandbox, &fault_wild_write_monitor, &fault_wild_write_unmapped,
    &fault_wild_write_kernel,  &fault_null_pointer,       &fault_bad_jump,
    &fault_divide_error,       &fault_ring_index,         &fault_desc_address,
    &fault_text_bitflip,       &fault_hang_cli,           &fault_lock_leak,
    &fault_lock_holder_kill,   &fault_drop_ack,           &fault_livelock,
};
_Static_assert(sizeof(models) / sizeof(models[0]) == QV_FAULT_MODEL_COUNT - 1, "every model but `none` is here");

const struct fault_model *fault_model_find(uint32_t id)
{
    for (size_t i = 0; i < sizeof(models) / sizeof(models[0]); i++)
        if ((uint32_t)models[i]->id == id)
            return models[i];
    return NULL;
}
