# SPDX-License-Identifier: MIT
qv_unit_test(NAME scenario SOURCES test_scenario.c LIBS qv_scenario LABELS scenario)
qv_unit_test(NAME scenario_units SOURCES test_scenario_units.c LIBS qv_scenario LABELS scenario)
qv_unit_test(NAME scenario_bootcfg SOURCES test_scenario_bootcfg.c LIBS qv_scenario LABELS scenario)
qv_unit_test(NAME scenario_corpus SOURCES test_scenario_corpus.c LIBS qv_scenario LABELS scenario
             ARGS "${PROJECT_SOURCE_DIR}/tests/negative/scenarios")
# For libpfm: see unit.events in pmu.cmake.
set_tests_properties(unit.scenario_bootcfg unit.scenario_corpus PROPERTIES
    ENVIRONMENT_MODIFICATION "ASAN_OPTIONS=string_append::allocator_may_return_null=1")
qv_unit_test(NAME scenario_docs SOURCES test_scenario_docs.c LIBS qv_scenario LABELS scenario
             ARGS "${PROJECT_SOURCE_DIR}/docs/scenarios.md")
