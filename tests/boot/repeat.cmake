# SPDX-License-Identifier: MIT
# The same scenario, seed and image give the same run.
add_test(NAME boot-repeat COMMAND "${CMAKE_CURRENT_LIST_DIR}/repeat.sh" $<TARGET_FILE:qv> "${PROJECT_SOURCE_DIR}")
set_tests_properties(boot-repeat PROPERTIES LABELS boot TIMEOUT 300 RESOURCE_LOCK boot-machine-1
    ENVIRONMENT "QV_OS_DIR=${PROJECT_BINARY_DIR}/os")
