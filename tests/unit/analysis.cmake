# SPDX-License-Identifier: MIT
qv_unit_test(NAME analysis_stats SOURCES test_analysis_stats.c LIBS qv_analysis m)
qv_unit_test(NAME analysis_trace SOURCES test_analysis_trace.c test_analysis_fixture.c LIBS qv_analysis m
    DEFINES _GNU_SOURCE)
qv_unit_test(NAME analysis_phases SOURCES test_analysis_phases.c test_analysis_fixture.c LIBS qv_analysis m
    DEFINES _GNU_SOURCE)
qv_unit_test(NAME analysis_load SOURCES test_analysis_load.c test_analysis_fixture.c LIBS qv_analysis m
    DEFINES _GNU_SOURCE)
qv_unit_test(NAME analysis_result SOURCES test_analysis_result.c test_analysis_fixture.c LIBS qv_analysis jansson m
    DEFINES _GNU_SOURCE QV_PUBLISHED="${PROJECT_SOURCE_DIR}/results/published" TIMEOUT 180)
