# SPDX-License-Identifier: MIT
# The pure parts of the VMX vendor code, and extended page tables.
set(os "${PROJECT_SOURCE_DIR}/os")
qv_unit_test(NAME vmx SOURCES test_vmx.c ${os}/monitor/vmx/maps.c ${os}/monitor/direct.c ${os}/monitor/vmx/audit.c ${os}/monitor/vmx/exit.c
    ${os}/monitor/vmx/controls.c ${os}/monitor/vmx/nested_format.c ${os}/monitor/nested.c INCLUDES ${os})
