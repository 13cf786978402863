# SPDX-License-Identifier: MIT
if(NOT TARGET qv_load)
    add_subdirectory("${PROJECT_SOURCE_DIR}/host/load" "${CMAKE_BINARY_DIR}/host/load")
endif()
qv_unit_test(NAME load_http SOURCES test_load_http.c LIBS qv_load m)
qv_unit_test(NAME load_client SOURCES test_load_client.c test_load_server.c LIBS qv_load m TIMEOUT 120
    DEFINES _GNU_SOURCE)
