# SPDX-License-Identifier: MIT
qv_unit_test(NAME guest_clock SOURCES test_guest_clock.c LIBS qv_host LABELS host)
qv_unit_test(NAME host_guest SOURCES test_host_guest.c LIBS qv_host LABELS host)
qv_unit_test(NAME host_isolation SOURCES test_host_isolation.c LIBS qv_host LABELS host)
qv_unit_test(NAME host_judge SOURCES test_host_judge.c LIBS qv_host LABELS host)
qv_unit_test(NAME host_process SOURCES test_host_process.c LIBS qv_host LABELS host
             DEFINES _GNU_SOURCE)
qv_unit_test(NAME host_vcpus SOURCES test_vcpus.c LIBS qv_host LABELS host)
qv_unit_test(NAME kvm SOURCES test_kvm.c LIBS qv_host LABELS host)
