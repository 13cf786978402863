# SPDX-License-Identifier: MIT
# The emulated PMU's caches against valgrind's cachegrind. Plain, optimised code: valgrind watches it.
add_executable(cachegrind_pattern "${CMAKE_CURRENT_LIST_DIR}/cachegrind/pattern.c")
target_compile_options(cachegrind_pattern PRIVATE -O2)
target_link_libraries(cachegrind_pattern PRIVATE qv_model qv_warnings)
add_test(NAME cachegrind COMMAND "${CMAKE_CURRENT_LIST_DIR}/cachegrind/compare.sh" $<TARGET_FILE:cachegrind_pattern>)
set_tests_properties(cachegrind PROPERTIES LABELS unit SKIP_RETURN_CODE 77 TIMEOUT 120)
