/* SPDX-License-Identifier: MIT */
#include "faultinject/faultinject.h"

void faultinject_start(void)
{
}
