# SPDX-License-Identifier: MIT
# Boot tests: the OS under QEMU, judged by tests/boot/host/run_boot_test.c.
file(GLOB boot_test_sources CONFIGURE_DEPENDS "${CMAKE_CURRENT_LIST_DIR}/host/*.c")
add_executable(run_boot_test ${boot_test_sources})
target_compile_definitions(run_boot_test PRIVATE _GNU_SOURCE)
target_link_libraries(run_boot_test PRIVATE qv_warnings qv_layouts qv_host)

set(boot_test_images --monitor "${PROJECT_BINARY_DIR}/os/monitor.elf" --sandbox "${PROJECT_BINARY_DIR}/os/sandbox.img")
set(boot_test_turn 0)

# qv_boot_test(NAME argument...): `boot-NAME`, with the arguments of run_boot_test. Two locks, taken in turn, let at most
# two machines run at once.
function(qv_boot_test name)
    add_test(NAME boot-${name} COMMAND run_boot_test ${boot_test_images} --timeout 120 ${ARGN})
    set_tests_properties(boot-${name} PROPERTIES LABELS boot SKIP_RETURN_CODE 77 TIMEOUT 150 RESOURCE_LOCK boot-machine-${boot_test_turn})
    math(EXPR next "1 - ${boot_test_turn}")
    set(boot_test_turn ${next} PARENT_SCOPE)
endfunction()

# The machine comes up.
foreach(cores 1 2 4 8)
    qv_boot_test(${cores} --cores ${cores} boot)
endforeach()
qv_boot_test(pc --machine pc boot)
qv_boot_test(native-1 --native --cores 1 boot)
qv_boot_test(native-4 --native --cores 4 boot)
qv_boot_test(no-svm --cpu qemu64,-svm,+nx --expect "no usable hardware virtualization" --expect "PASS boot" boot)
qv_boot_test(more-processors --cores 2 --processors 4 boot)

# In steady state its monitors sleep.
qv_boot_test(steady --cores 4 steady)
qv_boot_test(steady-8 --cores 8 steady)
qv_boot_test(steady-native --native --cores 4 steady)

# All time is in somebody's account, and no VCPU comes in that is not admitted.
qv_boot_test(accounting --cores 2 accounting)
qv_boot_test(accounting-native --native --cores 2 accounting)

# The one-shot timer; this emulator has no TSC-deadline.
qv_boot_test(timer --cores 2 --expect "timer count-down" --expect "PASS timer" timer)
qv_boot_test(timer-native --native --cores 2 --expect "timer count-down" --expect "PASS timer" timer)

# What a sandbox must not get through.
qv_boot_test(memory --policy local memory)
qv_boot_test(memory-nic --policy local --nic memory)
qv_boot_test(tables --policy local tables)
qv_boot_test(window --policy local window)
qv_boot_test(instructions instructions)
qv_boot_test(msr msr)
qv_boot_test(ports ports)
qv_boot_test(pci --nic pci)
qv_boot_test(pci-pc --machine pc --nic pci)
qv_boot_test(pci-82574l --nic=e1000e --expect "4 registers of MSI tried" --expect "PASS pci" pci)
qv_boot_test(dma --nic dma)
qv_boot_test(dma-82574l --nic=e1000e dma)
qv_boot_test(forge --nic --expect "interrupts of devices are remapped" --expect "PASS forge" forge)
qv_boot_test(forge-82574l --nic=e1000e --expect "interrupts of devices are remapped" --expect "PASS forge" forge)
qv_boot_test(forge-pc --machine pc --nic --expect "interrupts of devices are NOT" --expect "PASS forge" forge)
qv_boot_test(calls calls)
qv_boot_test(quick quick)
qv_boot_test(map --policy local map)
qv_boot_test(shutdown --duration 600 --when "PASS shutdown=stop" shutdown)
qv_boot_test(guarded --guarded --processors 5 guarded)

# User mode: calls, interrupts and faults in ring 3, and that it reaches nothing else.
qv_boot_test(user --policy local user)
qv_boot_test(user-native --native user)

# What happens to a sandbox that is lost, and to the others meanwhile.
qv_boot_test(restart --policy restart restart)
qv_boot_test(hang --policy restart --hang-timeout 1000 hang)
qv_boot_test(core-reset --policy restart --hang-timeout 1000 core-reset)
qv_boot_test(core-reset-bsp --policy restart --hang-timeout 1000 core-reset-bsp)
qv_boot_test(core-reset-bsp-pc --machine pc --policy restart --hang-timeout 1000 core-reset-bsp)
qv_boot_test(panic --policy restart --when "the image may be damaged=damage" --status 127
             --expect "MONITOR PANIC: restart" --count "64:core 0 exit" --count "64:core 3 exit" panic)

# The injector, without a NIC: what is due fires, once, with the choices that its seed makes.
qv_boot_test(faults --faults --cores 2 faults)

# The runner itself can fail.
qv_boot_test(unknown --status 1 --count "1:FAIL there is no boot test of this name" no-such-test)
set_tests_properties(boot-unknown PROPERTIES WILL_FAIL TRUE)
qv_boot_test(wrong-verdict --count "2:PASS boot" --cores 1 boot)
set_tests_properties(boot-wrong-verdict PROPERTIES WILL_FAIL TRUE)

# The second NIC model under load, and with a fault.
add_test(NAME boot-nic-82574l COMMAND "${CMAKE_CURRENT_LIST_DIR}/nic_82574l.sh" $<TARGET_FILE:qv> "${PROJECT_SOURCE_DIR}"
    "${CMAKE_CURRENT_BINARY_DIR}/nic-82574l")
set_tests_properties(boot-nic-82574l PROPERTIES LABELS boot TIMEOUT 150 RESOURCE_LOCK boot-machine-0)
