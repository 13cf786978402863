#!/bin/sh
# SPDX-License-Identifier: MIT
# Every fault of the first set under every policy, 20 seeds each: campaign.sh OUTDIR, from the project's root. About an
# hour on two cores. A run that ends in anything but a known outcome, or with a breach, fails its scenario.
set -u
out=${1:?usage: campaign.sh OUTDIR}
outcomes='[recovered_local, recovered_remote, recovered_restart, repaired_in_place, masked, latent, not_activated, degraded, gave_up, contained, silent_wrong_output, hang, false_alarm]'
status=0
for policy in local remote restart; do
    for scenario in scenarios/faults/*.yaml; do
        ./qv run "$scenario" --lean --repeat 20 --quiet --out "$out/$policy/$(basename "$scenario" .yaml)" \
            --set recovery.policy=$policy --set duration=2200ms --set fault.at.after=1100ms --set load.warmup=200ms \
            --set "expect.outcome=$outcomes" || status=1
    done
done
./qv table "$out"/* --markdown "$out/outcomes.md" --csv "$out/outcomes.csv"
exit $status
