# SPDX-License-Identifier: MIT
# Images for real machines, booted in emulators in every way that a machine may boot them, and their results collected
# over a pseudo-terminal that stands in for the serial cable.
add_executable(line_relay "${CMAKE_CURRENT_LIST_DIR}/image/relay.c")
target_compile_definitions(line_relay PRIVATE _GNU_SOURCE)
target_link_libraries(line_relay PRIVATE qv_warnings qv_layouts)

# qv_image_test(HOW NOISE)
function(qv_image_test how noise)
    add_test(NAME image-${how} COMMAND "${CMAKE_CURRENT_LIST_DIR}/image/image.sh" ${how} ${noise})
    set_tests_properties(image-${how} PROPERTIES LABELS boot TIMEOUT 480 SKIP_RETURN_CODE 77
        RESOURCE_LOCK boot-machine-1
        ENVIRONMENT "QV=$<TARGET_FILE:qv>;RELAY=$<TARGET_FILE:line_relay>;QV_ROOT=${PROJECT_SOURCE_DIR};QV_OS_DIR=${PROJECT_BINARY_DIR}/os")
endfunction()

qv_image_test(bios-cd 0)
qv_image_test(bios-stick 800)
qv_image_test(uefi-cd 800)
qv_image_test(uefi-stick 0)
qv_image_test(bochs-cd 1500)
set_tests_properties(image-bochs-cd PROPERTIES LABELS "boot;bochs" RESOURCE_LOCK bochs)

add_test(NAME image-costs COMMAND "${CMAKE_CURRENT_LIST_DIR}/image/costs.sh")
set_tests_properties(image-costs PROPERTIES LABELS boot TIMEOUT 480 SKIP_RETURN_CODE 77 RESOURCE_LOCK boot-machine-1
    ENVIRONMENT "QV=$<TARGET_FILE:qv>;QV_ROOT=${PROJECT_SOURCE_DIR};QV_OS_DIR=${PROJECT_BINARY_DIR}/os")
