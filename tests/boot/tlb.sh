#!/bin/sh
# SPDX-License-Identifier: MIT
# tlb.sh QV ROOT: the TLB sweeps under the emulated PMU, as a user runs them. Their scenarios expect the published shape; here
# also: the same twice, no walk that the model gets wrong, one picture of all, and what must be refused.
. "$(dirname "$0")/lib.sh"

# run NAME SCENARIO [OPTION...]
run() {
    name=$1
    scenario=$2
    shift 2
    "$qv" run "scenarios/cost/$scenario.yaml" --out "$work/$name" "$@" >"$work/text" 2>&1
}

run native tlb-native || { fail "native: status $?"; cat "$work/text"; }
run nested tlb-nested-4k || { fail "nested 4 KiB: status $?"; cat "$work/text"; }
run again tlb-nested-4k || fail "nested 4 KiB again: status $?"
cmp "$work/nested/tlb.csv" "$work/again/tlb.csv" || fail "two equal runs counted differently"
for result in native nested; do
    awk -F, 'NR == 1 { for (i = 1; i <= NF; i++) if ($i == "mistranslations") at = i; else if ($i == "loads") loads = i }
             NR > 1 { wrong += $at; all += $loads } END { exit !(at && all > 0 && wrong == 0) }' "$work/$result/tlb.csv" ||
        fail "$result: the model's translations are not the emulator's"
    grep -q '"simulated": "sandybridge"' "$work/$result/result.json" || fail "$result does not say what is simulated"
    [ -s "$work/$result/tlb.png" ] || fail "$result has no picture"
done
"$qv" plot --out "$work/all" "$work/native" "$work/nested" >"$work/text" 2>&1 || { fail "plot"; cat "$work/text"; }
[ -s "$work/all/tlb.svg" ] && [ -s "$work/all/tlb.png" ] || fail "no picture of all"
grep -q 'simulated: sandybridge' "$work/all/tlb.svg" || fail "the picture does not say what is simulated"

# Without counters nothing is counted, and that is said.
run none tlb-native --set platform.pmu=none --set platform.processor=sandybridge
[ $? -eq 1 ] && grep -q "was no PMU" "$work/text" || fail "without counters: not 'no PMU'"
[ "$(sed -n 2p "$work/none/tlb.csv" | cut -d, -f1)" = none ] || fail "without counters: counts"
"$qv" plot --out "$work/mixed" "$work/native" "$work/none" >"$work/text" 2>&1
[ $? -eq 2 ] || fail "counts of a model and of nothing in one picture"
exit $failed
