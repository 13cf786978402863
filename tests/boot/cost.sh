#!/bin/sh
# SPDX-License-Identifier: MIT
# cost.sh QV ROOT: instructions, not time, so that a limit on them is no timed assertion.
. "$(dirname "$0")/lib.sh"

for mode in monitor native; do
    "$qv" run scenarios/cost/web-$mode.yaml --lean --set duration=400ms --set load.warmup=100ms \
        --out "$work/web/$mode" >"$work/text" 2>&1 || { fail "web-$mode: status $?"; tail -20 "$work/text"; }
done
"$qv" plot --out "$work/cost" "$work/web" >"$work/text" 2>&1 || fail "qv plot: status $? $(cat "$work/text")"
for file in cost.csv cost.md web.svg web.png; do
    [ -s "$work/cost/$file" ] || fail "no $file"
done
grep -q "simulated: sandybridge" "$work/cost/cost.md" || fail "the table does not say that the counts are a model's"
# At most 0.5 % more instructions a request with monitors, and no exit in the window.
awk -F, '$2 == "monitor" { m = $12; exits = $19; n++ } $2 == "native" { w = $12; n++ }
    END { if (n != 2 || w <= 0 || m > 1.005 * w || exits != 0) { print "monitor", m, "native", w, "exits", exits; exit 1 } }' \
    "$work/cost/cost.csv" || fail "the price of monitors"

# Without a PMU: said, and no figure.
"$qv" run scenarios/cost/nic-shared-1.yaml --lean --set platform.pmu=none --set cost=paths --out "$work/none" >"$work/text" 2>&1 ||
    { fail "without a PMU: status $?"; tail -20 "$work/text"; }
grep -q '"pmu": "no PMU"' "$work/none/result.json" || fail "no word about the missing PMU"
grep -q '"instructions"' "$work/none/result.json" && fail "instructions that nobody counted"
grep -q '"reason": "' "$work/none/result.json" || fail "no reason"
"$qv" plot --out "$work/nothing" "$work/none" >"$work/text" 2>&1
[ $? -eq 2 ] && grep -q "no PMU" "$work/text" || fail "figures without a PMU are not refused"

# Four interfaces unshared beside the client's: each has an interrupt of its own, and its sandbox gets its datagrams.
for nic in e1000 e1000e; do
    "$qv" run scenarios/cost/nic-unshared-4.yaml --lean --set platform.pmu=none --set platform.nic=$nic --out "$work/$nic" \
        >"$work/text" 2>&1 || { fail "four $nic: status $?"; tail -20 "$work/text"; }
    pins=$(grep -aoE 'interrupt by pin [0-9]+' "$work/$nic/console.log" | sort -u | wc -l)
    messages=$(grep -ac 'interrupt by message' "$work/$nic/console.log")
    [ "$pins/$messages" = 5/0 ] || [ "$pins/$messages" = 0/5 ] || fail "four $nic: $pins pins, $messages messages"
    busy=$(sed -n '/"cost": {/,$p' "$work/$nic/result.json" | grep -cE '"rx_frames": *[1-9][0-9]{3},')
    [ "$busy" -eq 4 ] || fail "four $nic: $busy sandboxes received"
done
exit $failed
