# SPDX-License-Identifier: MIT
# The emulated PMU: its model, its descriptions, and what the plugin decodes.
set(plugin "${PROJECT_SOURCE_DIR}/bench/plugin")
qv_unit_test(NAME plugin_walk SOURCES test_plugin_walk.c LIBS qv_model)
qv_unit_test(NAME plugin_caches SOURCES test_plugin_caches.c LIBS qv_model)
qv_unit_test(NAME plugin_describe SOURCES test_plugin_describe.c ${plugin}/decode.c LIBS qv_model qv_scenario
    INCLUDES "${PROJECT_SOURCE_DIR}/host" ARGS "${plugin}/models")
qv_unit_test(NAME tlb SOURCES test_tlb.c LIBS qv_analysis INCLUDES "${PROJECT_SOURCE_DIR}")
qv_unit_test(NAME plugin_occupancy SOURCES test_plugin_occupancy.c "${PROJECT_SOURCE_DIR}/os/lib/occupancy.c" LIBS qv_model
    INCLUDES "${PROJECT_SOURCE_DIR}/os")
