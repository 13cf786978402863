# SPDX-License-Identifier: MIT
# qv bench on the deterministic clock, as a user runs it: twice the same figures, and the path lengths that are promised.
add_test(NAME boot-bench COMMAND "${CMAKE_CURRENT_LIST_DIR}/bench.sh" $<TARGET_FILE:qv> "${PROJECT_SOURCE_DIR}")
set_tests_properties(boot-bench PROPERTIES LABELS boot TIMEOUT 900 RESOURCE_LOCK boot-machine-0
    ENVIRONMENT "QV_OS_DIR=${PROJECT_BINARY_DIR}/os")
