/* SPDX-License-Identifier: MIT */
/* The one file that names the makers: chooses what this processor offers. */
#include "monitor/vendor.h"

#include <stddef.h>

const struct vendor *vendor;

static const struct vendor *const vendors[] = {&vendor_svm};

const struct vendor *vendor_choose(const char **reason)
{
    for (size_t i = 0; i < sizeof(vendors) / sizeof(vendors[0]); i++) {
        *reason = vendors[i]->unusable();
        if (*reason == NULL) {
            vendor = vendors[i];
            return vendor;
        }
    }
    return NULL;
}
