# SPDX-License-Identifier: MIT
# The driver without the kernel (nic.c), against a model of the device.
set(nic_folder "${PROJECT_SOURCE_DIR}/os/sandbox/nic")
file(GLOB nic_sources CONFIGURE_DEPENDS "${nic_folder}/*.c")
list(REMOVE_ITEM nic_sources "${nic_folder}/nic.c")
set(nic_includes "${PROJECT_SOURCE_DIR}/os" "${PROJECT_SOURCE_DIR}/os/sandbox")

qv_unit_test(NAME nic_lock SOURCES test_nic_lock.c "${nic_folder}/robust_lock.c" INCLUDES ${nic_includes})
qv_unit_test(NAME nic_driver SOURCES test_nic_driver.c test_nic_model.c ${nic_sources} INCLUDES ${nic_includes})
qv_unit_test(NAME nic_recovery SOURCES test_nic_recovery.c test_nic_model.c ${nic_sources} INCLUDES ${nic_includes})
qv_unit_test(NAME nic_corrupt SOURCES test_nic_corrupt.c test_nic_model.c ${nic_sources} INCLUDES ${nic_includes}
    TIMEOUT 300)
qv_unit_test(NAME nic_death SOURCES test_nic_death.c test_nic_model.c ${nic_sources} INCLUDES ${nic_includes}
    TIMEOUT 300)
qv_unit_test(NAME nic_threads SOURCES test_nic_threads.c test_nic_model.c ${nic_sources} INCLUDES ${nic_includes}
    TIMEOUT 120)
