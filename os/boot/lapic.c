/* SPDX-License-Identifier: MIT */
#include "boot/boot.h"
#include "lib/x86.h"

void lapic_start(unsigned index)
{
    *lapic(LAPIC_DFR) = 0xffffffffu; /* flat */
    *lapic(LAPIC_LDR) = 1u << (24 + index);
    *lapic(LAPIC_TPR) = 0;
    *lapic(LAPIC_LVT_TIMER) = LAPIC_LVT_MASKED;
    *lapic(LAPIC_LVT_LINT0) = LAPIC_LVT_MASKED;
    *lapic(LAPIC_LVT_LINT1) = LAPIC_LVT_MASKED;
    *lapic(LAPIC_LVT_ERROR) = LAPIC_LVT_MASKED;
    *lapic(LAPIC_SVR) = 0x100u | VECTOR_SPURIOUS;
    *lapic(LAPIC_TIMER_DIVIDE) = 0xb;
}
