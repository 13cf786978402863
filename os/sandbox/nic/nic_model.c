/* SPDX-License-Identifier: MIT */
/* The NICs that this driver drives, and in what they differ. Both take legacy descriptors and have one ring each way.
 */
#include "nic_driver.h"

/*
 * The 82574L can do more than is asked of it here; what could have been switched on, by the firmware or by a faulty
 * driver on a device whose reset keeps it, is switched off.
 */
static const struct nic_setting settings_82574l[] = {
    {NIC_REG_CTRL_EXT, NIC_CTRL_EXT_AUTO_MASK, NIC_CTRL_EXT_DRIVER},
    {NIC_REG_IAM, 0xffffffffu, 0},
    {NIC_REG_RFCTL, NIC_RFCTL_EXTENDED, 0},
    {NIC_REG_MRQC, 0xffffffffu, 0},
    {NIC_REG_RXDCTL, 0xffffffffu, NIC_DCTL_EACH},
    {NIC_REG_TXDCTL, 0xffffffffu, NIC_DCTL_EACH | NIC_TXDCTL_COUNT},
    {NIC_REG_TARC0, 0, NIC_TARC_ENABLE},
};

static const struct nic_model models[] = {
    {.id = NIC_ID_82540EM, .tctl = NIC_TCTL_VALUE, .tipg = NIC_TIPG_VALUE},
    {.id = NIC_ID_82574L,
     .tctl = NIC_TCTL_82574L,
     .tipg = NIC_TIPG_82574L,
     .express = true,
     .setting = settings_82574l,
     .n_settings = sizeof(settings_82574l) / sizeof(settings_82574l[0])},
};

const struct nic_model *nic_model_of(uint32_t id)
{
    for (unsigned i = 0; i < sizeof(models) / sizeof(models[0]); i++)
        if (models[i].id == id)
            return &models[i];
    return NULL;
}
