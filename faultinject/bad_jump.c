/* SPDX-License-Identifier: MIT */
/* A call through a damaged pointer: to no address at all, into data, or to where nothing is mapped. */
#include "faultinject/model.h"
#include "lib/elf64.h"
#include "sandbox/faultpoint.h"
#include "sandbox/kernel.h"

enum choice { CHOICE_KIND, CHOICE_ADDRESS };
enum kind { TO_NON_CANONICAL, TO_DATA, TO_UNMAPPED, KINDS };

/* Between the image and the end of the 1 GiB that its tables could map. */
#define HOLE_BEGIN (KERNEL_VIRT + 0x10000000ull)
#define HOLE_BYTES 0x30000000ull

static uint64_t target(const struct armed_fault *fault)
{
    const struct sandbox_image_header *image =
        (const struct sandbox_image_header *)(uintptr_t)SANDBOX_IMAGE_HEADER_VIRT;
    uint64_t data = image->image_end - image->window_end;

    switch (fault_draw_below(fault, CHOICE_KIND, KINDS)) {
    case TO_NON_CANONICAL:
        return 0x4000000000000000ull | (fault_draw(fault, CHOICE_ADDRESS) & 0x00ffffffffffffffull);
    case TO_DATA:
        return image->window_end + fault_draw_below(fault, CHOICE_ADDRESS, data);
    default:
        return HOLE_BEGIN + fault_draw_below(fault, CHOICE_ADDRESS, HOLE_BYTES);
    }
}

static uint32_t fire(struct armed_fault *fault, struct nic_view *view)
{
    uint64_t address = target(fault);

    (void)view;
    fault_active(fault, address);
    ((void (*)(void))(uintptr_t)address)();
    return FAULT_EFFECT_NONE;
}

const struct fault_model fault_bad_jump = {
    .id = QV_FAULT_BAD_JUMP,
    .fire = fire,
};
