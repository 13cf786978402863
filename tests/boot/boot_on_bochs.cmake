# SPDX-License-Identifier: MIT
# The same boot tests on the Intel path: VMX and extended page tables under Bochs. Bochs takes a whole host core, so one
# machine at a time; where it is not installed the tests are skipped.
function(qv_bochs_test name)
    add_test(NAME bochs-${name} COMMAND run_boot_test ${boot_test_images} --machine bochs --timeout 150 ${ARGN})
    set_tests_properties(bochs-${name} PROPERTIES LABELS "boot;bochs" TIMEOUT 180 RESOURCE_LOCK bochs SKIP_RETURN_CODE 77
        ENVIRONMENT "QV_PRELOAD_DIR=$<TARGET_FILE_DIR:qv_bochs_ram>")
endfunction()

# On both processors that stand for the machines of the reference: Sandy Bridge, which is what Bochs is without --cpu, and
# Arrandale, a Core i5 without TSC-deadline timer.
function(qv_bochs_tests name)
    qv_bochs_test(${name} ${ARGN})
    qv_bochs_test(arrandale-${name} --cpu corei5_arrandale_m520 ${ARGN})
endfunction()

foreach(cores 1 2 4 8)
    qv_bochs_tests(${cores} --cores ${cores} boot)
endforeach()
foreach(model corei5_lynnfield_750 corei7_skylake_x)
    qv_bochs_test(${model} --cpu ${model} boot)
endforeach()
qv_bochs_tests(native-4 --native boot)
qv_bochs_tests(steady steady)
qv_bochs_tests(steady-8 --cores 8 steady)

# Processors that cannot be used: said in these words, and then without monitors.
qv_bochs_test(no-vmx --cpu athlon64_venice --cores 1 --status none --expect "PASS boot"
              --expect "the processor has neither SVM nor VMX" boot)
qv_bochs_test(no-ept --cpu core2_penryn_t9600 --cores 1 --status none --expect "PASS boot"
              --expect "VMX without extended page tables" boot)

# The one-shot timer: TSC-deadline where it works and is wanted, count-down elsewhere. The trial must say so where the
# TSC is another clock than the one that deadlines are of.
qv_bochs_test(timer --cores 2 --timer tsc-deadline --count "2:timer tsc-deadline" --expect "PASS timer" timer)
qv_bochs_test(timer-native --native --cores 2 --count "2:timer tsc-deadline" --expect "PASS timer" timer)
qv_bochs_test(timer-trial --native --cores 2 --count "2:timer tsc-deadline" --expect "PASS timer-trial" timer-trial)
qv_bochs_test(timer-guarded --guarded --cores 2 --count "2:timer tsc-deadline" --expect "PASS timer" timer)
qv_bochs_test(timer-count-down --cores 2 --timer count-down --count "2:timer count-down" --expect "PASS timer" timer)
qv_bochs_test(timer-arrandale --cores 2 --cpu corei5_arrandale_m520 --count "2:timer count-down" --expect "PASS timer"
              timer)

qv_bochs_tests(memory --policy local memory)
qv_bochs_tests(tables --policy local tables)
qv_bochs_tests(window --policy local window)
qv_bochs_tests(instructions instructions)
qv_bochs_tests(msr msr)
qv_bochs_test(msr-count-down --timer count-down msr)
qv_bochs_tests(ports ports)
qv_bochs_tests(pci --nic pci)
qv_bochs_tests(calls calls)
qv_bochs_tests(quick quick)
qv_bochs_tests(map --policy local map)
qv_bochs_tests(user --policy local user)
qv_bochs_tests(shutdown --duration 600 --when "PASS shutdown=stop" shutdown)
qv_bochs_tests(guarded --guarded guarded)
qv_bochs_test(guarded-count-down --guarded --timer count-down guarded)
qv_bochs_tests(alarm --cores 1 --policy local --recover-limit 100 alarm)
qv_bochs_tests(restart --policy restart restart)
qv_bochs_tests(hang --policy restart --hang-timeout 1000 hang)
qv_bochs_tests(core-reset --policy restart --hang-timeout 1000 core-reset)
qv_bochs_tests(core-reset-bsp --policy restart --hang-timeout 1000 core-reset-bsp)
qv_bochs_tests(panic --policy restart --when "the image may be damaged=damage" --status 127
               --expect "MONITOR PANIC: restart" --count "64:core 0 exit" --count "64:core 3 exit" panic)

# Results by port E9h: the same bytes that the memory holds, also after a panic.
qv_bochs_tests(stream --dump --nic pci)
qv_bochs_tests(stream-panic --dump --policy restart --when "the image may be damaged=damage" --status 127
               --expect "MONITOR PANIC: restart" panic)

# NIC, TCP/IP and web server above these monitors, with requests from the host.
add_test(NAME bochs-web COMMAND "${CMAKE_CURRENT_LIST_DIR}/bochs_web.sh" $<TARGET_FILE:qv> "${PROJECT_SOURCE_DIR}"
    "${CMAKE_CURRENT_BINARY_DIR}/bochs-web")
set_tests_properties(bochs-web PROPERTIES LABELS "boot;bochs" TIMEOUT 240 RESOURCE_LOCK bochs SKIP_RETURN_CODE 77)

# Path lengths.
add_test(NAME bochs-bench COMMAND "${CMAKE_CURRENT_LIST_DIR}/bochs_bench.sh" $<TARGET_FILE:qv> "${PROJECT_SOURCE_DIR}")
set_tests_properties(bochs-bench PROPERTIES LABELS "boot;bochs" TIMEOUT 240 RESOURCE_LOCK bochs SKIP_RETURN_CODE 77)

# Reports on costs where nothing counts.
add_test(NAME bochs-costs COMMAND "${CMAKE_CURRENT_LIST_DIR}/bochs_costs.sh" $<TARGET_FILE:qv> "${PROJECT_SOURCE_DIR}")
set_tests_properties(bochs-costs PROPERTIES LABELS "boot;bochs" TIMEOUT 240 RESOURCE_LOCK bochs SKIP_RETURN_CODE 77)
