# SPDX-License-Identifier: MIT
qv_unit_test(NAME load_http SOURCES test_load_http.c LIBS qv_load m)
qv_unit_test(NAME load_client SOURCES test_load_client.c test_load_server.c LIBS qv_load m TIMEOUT 120
    DEFINES _GNU_SOURCE)
