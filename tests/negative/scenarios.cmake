# SPDX-License-Identifier: MIT
add_test(NAME negative.scenarios
    COMMAND "${CMAKE_CURRENT_LIST_DIR}/scenarios/run.sh" $<TARGET_FILE:qv>)
set_tests_properties(negative.scenarios PROPERTIES TIMEOUT 120 LABELS "negative;scenario")

# Every scenario that comes with the project is good.
add_test(NAME scenarios.good
    COMMAND sh -c "exec \"$1\" check --quiet \"$2\"/scenarios/*.yaml \"$2\"/scenarios/*/*.yaml"
            sh $<TARGET_FILE:qv> "${PROJECT_SOURCE_DIR}")
set_tests_properties(scenarios.good PROPERTIES TIMEOUT 60 LABELS "scenario")

# Emulators that fail, users that break off, wrong usage. Needs neither the OS nor an emulator.
add_test(NAME negative.platform
    COMMAND "${CMAKE_CURRENT_LIST_DIR}/platform/run.sh" $<TARGET_FILE:qv> "${PROJECT_SOURCE_DIR}")
set_tests_properties(negative.platform PROPERTIES TIMEOUT 180 LABELS "negative;host")
