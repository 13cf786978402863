# SPDX-License-Identifier: MIT
# The stream of results: the OS's sender against the host's receiver.
set(os "${PROJECT_SOURCE_DIR}/os")
qv_unit_test(NAME stream SOURCES test_stream.c ${os}/lib/stream.c LIBS qv_analysis INCLUDES ${os} "${PROJECT_SOURCE_DIR}")
