#!/bin/sh
# SPDX-License-Identifier: MIT
# scenarios.sh OUT [SCENARIO...]: the scenarios that the Intel path can run (one NIC, load from the host), on two of Bochs'
# processors; a folder for each below OUT. Run it in the source folder. Status 1: some expectation was not met.
out=${1:?usage: scenarios.sh OUT [SCENARIO...]}
shift
failed=0
[ $# -gt 0 ] || set -- scenarios/nic-fault-local.yaml scenarios/nic-fault-remote.yaml scenarios/nic-hang-remote.yaml \
    scenarios/sandbox-restart.yaml scenarios/standby-stuck.yaml scenarios/standby-lost.yaml scenarios/no-fault.yaml \
    scenarios/faults/*.yaml
for cpu in corei7_sandy_bridge_2600k corei5_arrandale_m520; do
    for scenario in "$@"; do
        name=$(basename "$scenario" .yaml)
        ${QV:-./qv} run "$scenario" --platform bochs --set platform.cpu=$cpu --quiet --lean --out "$out/$cpu/$name" \
            >"$out.log" 2>&1
        status=$?
        echo "$cpu $name $status"
        [ $status -eq 0 ] || { failed=1; cat "$out.log"; }
        rm -f "$out.log"
    done
done
exit $failed
