# SPDX-License-Identifier: MIT
# Scenarios that no boot test can stand for: services, load and several faults together. Judged by their own expectations.
function(qv_scenario_test name scenario)
    add_test(NAME boot-scenario-${name}
        COMMAND $<TARGET_FILE:qv> run "${PROJECT_SOURCE_DIR}/scenarios/${scenario}.yaml" --quiet --lean
                --out "${CMAKE_CURRENT_BINARY_DIR}/scenario-${name}" ${ARGN})
    set_tests_properties(boot-scenario-${name} PROPERTIES LABELS "boot;scenario" TIMEOUT 150
        RESOURCE_LOCK boot-machine-${boot_test_turn} ENVIRONMENT "QV_OS_DIR=${PROJECT_BINARY_DIR}/os"
        FIXTURES_REQUIRED boot-scenario-${name})
    # qv never writes over a result.
    add_test(NAME boot-scenario-${name}-clean
        COMMAND ${CMAKE_COMMAND} -E rm -rf "${CMAKE_CURRENT_BINARY_DIR}/scenario-${name}")
    set_tests_properties(boot-scenario-${name}-clean PROPERTIES FIXTURES_SETUP boot-scenario-${name} TIMEOUT 60 LABELS scenario)
    math(EXPR next "1 - ${boot_test_turn}")
    set(boot_test_turn ${next} PARENT_SCOPE)
endfunction()

# A loop with interrupts on stops no heartbeat.
qv_scenario_test(livelock faults/livelock --set duration=2500ms --set fault.at.after=1s)

# What a standby serves for somebody else does not end with it.
qv_scenario_test(standby-lost standby-lost --set duration=3500ms)

# A recovery that does not end by itself is ended by its limit, whoever is stuck.
qv_scenario_test(standby-stuck standby-stuck --set duration=5s)
qv_scenario_test(local-stuck standby-stuck --set duration=5s --set recovery.policy=local
    --set "fault=[{model: bad-jump, target: 0, at: {after: 1s}}, {model: livelock, target: 0, point: nic.reinit, at: {after: 1s}}]"
    --set expect.outcome=recovered_remote --set expect.detected_by=cpu-exception)
# Also where the failed sandbox has no attempt left: the standby's own service, which is the one under load, comes back.
# The 60 replies are more than were asked for before the fault.
qv_scenario_test(standby-stuck-spent standby-stuck --set duration=6s --set load.target=1 --set load.rate=50/s
    --set recovery.budget=1 --set recovery.limit=1s --set recovery.hang_timeout=9s
    --set expect.outcome=gave_up --set expect.min_replies=60)

# Processor time: who gives way, what an I/O VCPU lets through, and no late bystander beside faults. They repeat exactly.
qv_scenario_test(rt-share-io rt/share-io)
qv_scenario_test(rt-flood-pibs rt/flood-pibs)
qv_scenario_test(rt-long-short rt/long-short)
