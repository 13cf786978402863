# SPDX-License-Identifier: MIT
qv_unit_test(NAME analysis_outcomes SOURCES test_analysis_outcomes.c test_analysis_fixture.c LIBS qv_analysis jansson m
    DEFINES _GNU_SOURCE)
