# SPDX-License-Identifier: MIT
# Nested page tables and the pure parts of the SVM vendor code.
set(os "${PROJECT_SOURCE_DIR}/os")
qv_unit_test(NAME nested SOURCES test_nested.c ${os}/monitor/nested.c ${os}/monitor/svm/nested_format.c INCLUDES ${os})
qv_unit_test(NAME svm SOURCES test_svm.c ${os}/monitor/svm/maps.c ${os}/monitor/direct.c ${os}/monitor/svm/audit.c ${os}/monitor/svm/exit.c
    INCLUDES ${os})
