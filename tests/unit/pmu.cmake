# SPDX-License-Identifier: MIT
# Counters of recorded processors, and the estimate of cache occupancy.
set(os "${PROJECT_SOURCE_DIR}/os")
qv_unit_test(NAME pmu_unit SOURCES test_pmu_unit.c ${os}/lib/pmu_unit.c INCLUDES ${os})
qv_unit_test(NAME occupancy SOURCES test_occupancy.c ${os}/lib/occupancy.c INCLUDES ${os})
qv_unit_test(NAME events SOURCES test_events.c LIBS qv_events DEFINES _GNU_SOURCE)
# Where there is no /sys/bus/event_source/devices (a chroot without /sys, for one), libpfm4 of Debian 13 (4.13.0+git99) takes
# scandir()'s -1 in pfm_initialize() for a number of entries and asks malloc() for -16 bytes. It gets none, and goes on without the
# kernel's own events, which we do not use; the sanitizer would end the test over it.
set_tests_properties(unit.events PROPERTIES
    ENVIRONMENT_MODIFICATION "ASAN_OPTIONS=string_append::allocator_may_return_null=1")
qv_unit_test(NAME analysis_cost SOURCES test_analysis_cost.c LIBS qv_analysis jansson m DEFINES _GNU_SOURCE)
