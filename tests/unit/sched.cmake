# SPDX-License-Identifier: MIT
# The scheduler core is compiled here with the sanitizers, straight from the kernel's sources.
set(sched "${PROJECT_SOURCE_DIR}/os/sandbox/sched")
set(sched_core ${sched}/sched.c ${sched}/server.c ${sched}/pibs.c ${sched}/slots.c ${sched}/math.c ${sched}/check.c
               ${sched}/admit.c)

# By hand with 100000 sets: docs/scheduling.md.
qv_unit_test(NAME sched_property
    SOURCES test_sched_property.c test_sched_reference.c test_sched_drive.c ${sched_core}
    ARGS 5000 TIMEOUT 120)
qv_unit_test(NAME sched_rules SOURCES test_sched_rules.c ${sched_core})
qv_unit_test(NAME sched_admit SOURCES test_sched_admit.c ${sched_core} LIBS m)
qv_unit_test(NAME sched_set SOURCES test_sched_set.c ${sched}/set.c ${sched}/wakeups.c ${sched}/math.c ${sched}/admit.c
    INCLUDES "${PROJECT_SOURCE_DIR}")
# What the scheduler's timer is told.
qv_unit_test(NAME oneshot SOURCES test_oneshot.c "${PROJECT_SOURCE_DIR}/os/sandbox/oneshot.c" INCLUDES "${PROJECT_SOURCE_DIR}/os")
