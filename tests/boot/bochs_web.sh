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
# Times are the guest's, however little of the machine Bochs gets; but a busy host may be late with its requests.
QV_ROOT=$source exec "$qv" run "$source/scenarios/no-fault.yaml" --platform bochs --out "$out" \
    --set duration=3s --set load.rate=200/s --set load.timeout=20s --set platform.ready_limit=2min \
    --set expect.max_steady_exits=0 --set expect.max_errors=0 --set expect.max_lost=0
