#!/bin/sh
# SPDX-License-Identifier: MIT
# bochs_costs.sh QV ROOT: scenarios of scenarios/cost under Bochs: nobody counts, but its clock does. Status 77:
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

# Lengths of the driver's paths, with the host's requests: a busy host may be late with them.
"$qv" run scenarios/cost/web-bochs.yaml --lean --set platform.ready_limit=2min --out "$work/web" >"$work/text" 2>&1 ||
    { fail "web: status $?"; cat "$work/text"; }
grep -q '"pmu": *"no PMU"' "$work/web/result.json" || fail "web: no word about the missing PMU"
grep -qE '"instructions"' "$work/web/result.json" && fail "web: instructions that nobody counted"
"$qv" plot --out "$work/lengths" "$work/web" >"$work/text" 2>&1 || fail "qv plot: status $? $(cat "$work/text")"
# A reply takes at least one frame in and one out, and each of these some instructions.
for path in receive transmit; do
    awk -F'|' -v path=" $path " '$6 == path && $7 >= 1 && $9 > 10 && $10 > $9 { found = 1 } END { exit !found }' \
        "$work/lengths/cost.md" || { fail "no length of the path $path"; cat "$work/lengths/cost.md"; }
done
grep -q 'No PMU (the counters cannot' "$work/lengths/cost.md" || fail "the table does not say that nobody counted"
exit $failed
