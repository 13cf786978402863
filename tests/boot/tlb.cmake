# SPDX-License-Identifier: MIT
# The TLB sweeps under the emulated PMU.
add_test(NAME boot-tlb COMMAND "${CMAKE_CURRENT_LIST_DIR}/tlb.sh" $<TARGET_FILE:qv> "${PROJECT_SOURCE_DIR}")
set_tests_properties(boot-tlb PROPERTIES LABELS boot TIMEOUT 600 RESOURCE_LOCK boot-machine-1
    ENVIRONMENT "QV_OS_DIR=${PROJECT_BINARY_DIR}/os;QV_PLUGIN_DIR=${PROJECT_BINARY_DIR}/bench/plugin;QV_ROOT=${PROJECT_SOURCE_DIR}")
