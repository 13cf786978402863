# SPDX-License-Identifier: MIT
qv_unit_test(NAME bench SOURCES test_bench.c LIBS qv_host LABELS host DEFINES _GNU_SOURCE)
