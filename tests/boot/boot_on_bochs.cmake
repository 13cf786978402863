# SPDX-License-Identifier: MIT
# The same boot tests on the Intel path: VMX and extended page tables under Bochs. Bochs takes a whole host core, so one
# machine at a time; where it is not installed the tests are skipped.
function(qv_bochs_test name)
    add_test(NAME bochs-${name} COMMAND run_boot_test ${boot_test_images} --machine bochs --timeout 150 ${ARGN})
    set_tests_properties(bochs-${name} PROPERTIES LABELS "boot;bochs" TIMEOUT 180 RESOURCE_LOCK bochs SKIP_RETURN_CODE 77
        ENVIRONMENT "QV_PRELOAD_DIR=$<TARGET_FILE_DIR:qv_bochs_ram>")
endfunction()

foreach(cores 1 2 4 8)
    qv_bochs_test(${cores} --cores ${cores} boot)
endforeach()
foreach(model corei5_lynnfield_750 corei5_arrandale_m520 corei7_skylake_x)
    qv_bochs_test(${model} --cpu ${model} boot)
endforeach()
qv_bochs_test(native-4 --native boot)
qv_bochs_test(steady steady)
qv_bochs_test(steady-8 --cores 8 steady)
qv_bochs_test(steady-arrandale --cpu corei5_arrandale_m520 steady)

# Processors that cannot be used: said in these words, and then without monitors.
qv_bochs_test(no-vmx --cpu athlon64_venice --cores 1 --status none --expect "PASS boot"
              --expect "the processor has neither SVM nor VMX" boot)
qv_bochs_test(no-ept --cpu core2_penryn_t9600 --cores 1 --status none --expect "PASS boot"
              --expect "VMX without extended page tables" boot)

# The one-shot timer: TSC-deadline where it works and is wanted, count-down elsewhere. Without a monitor the test also
# sets the TSC to another time than the emulator's, which its deadlines do not follow: the trial must say so.
qv_bochs_test(timer --cores 2 --timer tsc-deadline --count "2:timer tsc-deadline" --expect "PASS timer" timer)
qv_bochs_test(timer-native --native --cores 2 --count "2:timer tsc-deadline" --expect "PASS timer" timer)
qv_bochs_test(timer-guarded --guarded --cores 2 --count "2:timer tsc-deadline" --expect "PASS timer" timer)
qv_bochs_test(timer-count-down --cores 2 --timer count-down --count "2:timer count-down" --expect "PASS timer" timer)
qv_bochs_test(timer-arrandale --cores 2 --cpu corei5_arrandale_m520 --count "2:timer count-down" --expect "PASS timer"
              timer)

qv_bochs_test(memory --policy local memory)
qv_bochs_test(tables --policy local tables)
qv_bochs_test(window --policy local window)
qv_bochs_test(instructions instructions)
qv_bochs_test(msr msr)
qv_bochs_test(msr-count-down --timer count-down msr)
qv_bochs_test(ports ports)
qv_bochs_test(pci --nic pci)
qv_bochs_test(calls calls)
qv_bochs_test(quick quick)
qv_bochs_test(map --policy local map)
qv_bochs_test(user --policy local user)
qv_bochs_test(shutdown --duration 600 --when "PASS shutdown=stop" shutdown)
qv_bochs_test(guarded --guarded guarded)
qv_bochs_test(guarded-count-down --guarded --timer count-down guarded)
qv_bochs_test(alarm --cores 1 --policy local --recover-limit 100 alarm)
qv_bochs_test(restart --policy restart restart)
qv_bochs_test(hang --policy restart --hang-timeout 1000 hang)
qv_bochs_test(core-reset --policy restart --hang-timeout 1000 core-reset)
qv_bochs_test(core-reset-bsp --policy restart --hang-timeout 1000 core-reset-bsp)
qv_bochs_test(panic --policy restart --when "the image may be damaged=damage" --status 127
              --expect "MONITOR PANIC: restart" --count "64:core 0 exit" --count "64:core 3 exit" panic)

# Results by port E9h: the same bytes that the memory holds, also after a panic.
qv_bochs_test(stream --dump --nic pci)
qv_bochs_test(stream-panic --dump --policy restart --when "the image may be damaged=damage" --status 127
              --expect "MONITOR PANIC: restart" panic)

# NIC, TCP/IP and web server above these monitors, with requests from the host.
add_test(NAME bochs-web COMMAND "${CMAKE_CURRENT_LIST_DIR}/bochs_web.sh" $<TARGET_FILE:qv> "${PROJECT_SOURCE_DIR}"
    "${CMAKE_CURRENT_BINARY_DIR}/bochs-web")
set_tests_properties(bochs-web PROPERTIES LABELS "boot;bochs" TIMEOUT 240 RESOURCE_LOCK bochs SKIP_RETURN_CODE 77)

# Path lengths.
add_test(NAME bochs-bench COMMAND "${CMAKE_CURRENT_LIST_DIR}/bochs_bench.sh" $<TARGET_FILE:qv> "${PROJECT_SOURCE_DIR}")
set_tests_properties(bochs-bench PROPERTIES LABELS "boot;bochs" TIMEOUT 240 RESOURCE_LOCK bochs SKIP_RETURN_CODE 77)
