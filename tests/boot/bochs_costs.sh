#!/bin/sh
# SPDX-License-Identifier: MIT
# bochs_costs.sh QV ROOT: a scenario of scenarios/cost as it is, under Bochs: nobody counts, and its clock does. Status 77:
# Bochs is not installed.
command -v bochs-bin >/dev/null && command -v grub-mkrescue >/dev/null || exit 77
. "$(dirname "$0")/lib.sh"

"$qv" run scenarios/cost/tlb-nested-4k.yaml --platform bochs --lean --out "$work/tlb" >"$work/text" 2>&1
[ $? -eq 1 ] && grep -q "min_tlb_knee.*was no PMU" "$work/text" || { fail "tlb: not 'no PMU'"; cat "$work/text"; }
# Ticks are instructions: of each access the same number, and none of what comes between rounds.
awk -F, '$1 != "none" && NR > 1 { exit 1 } $3 == "data" { ticks[$4, $5] = $7 }
    END { step = ticks["base", 512] - ticks["base", 256]
          exit !(step > 0 && ticks["base", 1024] - ticks["base", 512] == 2 * step &&
                 ticks["exit", 1024] == ticks["base", 1024] && ticks["flush", 1024] == ticks["base", 1024]) }' "$work/tlb/tlb.csv" ||
    { fail "ticks of the sweeps"; grep "data,base" "$work/tlb/tlb.csv"; }
exit $failed
