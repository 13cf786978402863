# SPDX-License-Identifier: MIT
foreach(tool fetch_lwip entry)
    add_test(NAME tools.${tool} COMMAND "${CMAKE_CURRENT_LIST_DIR}/${tool}.sh" "${PROJECT_SOURCE_DIR}")
    set_tests_properties(tools.${tool} PROPERTIES TIMEOUT 120 LABELS tools)
endforeach()
