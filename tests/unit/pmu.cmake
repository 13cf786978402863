# SPDX-License-Identifier: MIT
# Counters of recorded processors, and the estimate of cache occupancy.
set(os "${PROJECT_SOURCE_DIR}/os")
qv_unit_test(NAME pmu_unit SOURCES test_pmu_unit.c ${os}/lib/pmu_unit.c INCLUDES ${os})
qv_unit_test(NAME occupancy SOURCES test_occupancy.c ${os}/lib/occupancy.c INCLUDES ${os})
qv_unit_test(NAME events SOURCES test_events.c LIBS qv_events DEFINES _GNU_SOURCE)
qv_unit_test(NAME analysis_cost SOURCES test_analysis_cost.c LIBS qv_analysis jansson m DEFINES _GNU_SOURCE)
