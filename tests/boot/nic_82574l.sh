#!/bin/bash
# SPDX-License-Identifier: MIT
# The second NIC model under web load: its messages reach the sandboxes without an exit, and after a fault in its driver
# another sandbox serves on. Arguments: the program qv, the source folder, a folder for the results.
set -u
qv=$1
source=$2
out=$3
export QV_ROOT=$source

rm -rf "$out"
mkdir -p "$out"
# A slow load and patient limits: this is not about time.
patient=(--set load.rate=60/s --set load.timeout=20s --set platform.ready_limit=2min)
"$qv" run "$source/scenarios/no-fault.yaml" --out "$out/no-fault" "${patient[@]}" --set platform.nic=e1000e \
    --set duration=3s --set expect.max_first_reply=any || exit 1
grep -q "82574L at .*, interrupt by message" "$out/no-fault/console.log" || { echo "not by a message"; exit 1; }
exec "$qv" run "$source/scenarios/nic-fault-82574l.yaml" --out "$out/fault" "${patient[@]}" \
    --set duration=4s --set 'fault.at.after=1500ms' --set expect.max_outage=any
