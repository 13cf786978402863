/* SPDX-License-Identifier: MIT */
/* The one file that names the makers: chooses what this processor offers. */
#include "monitor/vendor.h"

#include <stddef.h>

#include "monitor/svm/svm.h"
#include "monitor/vmx/vmx.h"

const struct vendor *vendor;

const char vendor_absent[] = "the processor has neither SVM nor VMX";

static const struct vendor *const vendors[] = {&vendor_svm, &vendor_vmx};

/* Where one is there but cannot be used, its reason counts, not that the other one is absent. */
const struct vendor *vendor_choose(const char **reason)
{
    *reason = vendor_absent;
    for (size_t i = 0; i < sizeof(vendors) / sizeof(vendors[0]); i++) {
        const char *why = vendors[i]->unusable();
        if (why == NULL) {
            *reason = NULL;
            vendor = vendors[i];
            return vendor;
        }
        if (why != vendor_absent)
            *reason = why;
    }
    return NULL;
}
