#!/bin/bash
# SPDX-License-Identifier: MIT
# The web load on the Intel path: every request of a run under Bochs is answered, and no core leaves guest mode after
# boot. Arguments: the program qv, the source folder, a folder for the result. Status 77: Bochs is not installed.
set -u
qv=$1
source=$2
out=$3

command -v bochs-bin >/dev/null && command -v grub-mkrescue >/dev/null || exit 77
rm -rf "$out"
# A slow load and patient limits: this is not about time, and Bochs may get little of the machine.
QV_ROOT=$source exec "$qv" run "$source/scenarios/no-fault.yaml" --platform bochs --out "$out" \
    --set duration=6s --set load.rate=30/s --set load.timeout=20s --set platform.ready_limit=2min \
    --set expect.max_first_reply=any --set expect.max_steady_exits=0 --set expect.max_errors=0 --set expect.max_lost=0
