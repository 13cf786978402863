# SPDX-License-Identifier: MIT
foreach(check spdx length leftovers format vendor headers)
    add_test(NAME style.${check}
        COMMAND "${CMAKE_CURRENT_LIST_DIR}/style.sh" ${check} "${PROJECT_SOURCE_DIR}" "${CMAKE_BINARY_DIR}")
    set_tests_properties(style.${check} PROPERTIES
        TIMEOUT 300 LABELS style SKIP_RETURN_CODE 77 ENVIRONMENT "CC=${CMAKE_C_COMPILER}")
endforeach()
add_test(NAME style.selftest COMMAND "${CMAKE_CURRENT_LIST_DIR}/selftest.sh")
set_tests_properties(style.selftest PROPERTIES TIMEOUT 300 LABELS style ENVIRONMENT "CC=${CMAKE_C_COMPILER}")
