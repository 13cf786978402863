# SPDX-License-Identifier: MIT
# Reports on costs, as a user makes them: what a web request costs with monitors and without, and no figures without a PMU.
add_test(NAME boot-cost COMMAND "${CMAKE_CURRENT_LIST_DIR}/cost.sh" $<TARGET_FILE:qv> "${PROJECT_SOURCE_DIR}")
set_tests_properties(boot-cost PROPERTIES LABELS boot TIMEOUT 600 RESOURCE_LOCK boot-machine-0
    ENVIRONMENT "QV_OS_DIR=${PROJECT_BINARY_DIR}/os;QV_PLUGIN_DIR=${PROJECT_BINARY_DIR}/bench/plugin")
