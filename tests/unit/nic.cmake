# SPDX-License-Identifier: MIT
# The driver without the kernel (nic.c), against a model of the device: each test with each NIC.
set(nic_folder "${PROJECT_SOURCE_DIR}/os/sandbox/nic")
file(GLOB nic_sources CONFIGURE_DEPENDS "${nic_folder}/*.c")
list(REMOVE_ITEM nic_sources "${nic_folder}/nic.c")
set(nic_includes "${PROJECT_SOURCE_DIR}/os" "${PROJECT_SOURCE_DIR}/os/sandbox" "${CMAKE_CURRENT_LIST_DIR}/nic_env")

qv_unit_test(NAME nic_lock SOURCES test_nic_lock.c "${nic_folder}/robust_lock.c" INCLUDES ${nic_includes})

foreach(model 82540EM 82574L)
    foreach(part driver recovery corrupt death threads)
        qv_unit_test(NAME nic_${part}_${model} SOURCES test_nic_${part}.c test_nic_model.c ${nic_sources}
            INCLUDES ${nic_includes} DEFINES MODEL_ID=NIC_ID_${model} TIMEOUT 300)
    endforeach()
endforeach()
