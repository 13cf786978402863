# SPDX-License-Identifier: MIT
# Parts of the boot code and the monitors that are pure enough to run on the host.
set(os "${PROJECT_SOURCE_DIR}/os")
qv_unit_test(NAME acpi SOURCES test_acpi.c ${os}/boot/acpi.c INCLUDES ${os})
qv_unit_test(NAME vtd SOURCES test_vtd.c fake_vtd.c ${os}/monitor/iommu/iommu.c ${os}/monitor/iommu/vtd.c
    ${os}/monitor/iommu/vtd_interrupts.c INCLUDES ${os})
qv_unit_test(NAME pcifilter SOURCES test_pcifilter.c ${os}/monitor/pci_filter.c INCLUDES ${os})
qv_unit_test(NAME lapicguard SOURCES test_lapicguard.c ${os}/monitor/lapic_guard.c INCLUDES ${os})
qv_unit_test(NAME policy SOURCES test_policy.c ${os}/monitor/policy.c INCLUDES ${os})
qv_unit_test(NAME loader SOURCES test_loader.c ${os}/boot/loader.c ${os}/boot/ram.c INCLUDES ${os})
