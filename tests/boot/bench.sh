#!/bin/sh
# SPDX-License-Identifier: MIT
# bench.sh QV ROOT: path lengths on the instruction clock. They count instructions, not time, so that a limit on them is no
# timed assertion.
. "$(dirname "$0")/lib.sh"

for run in 1 2; do
    "$qv" bench --icount --quiet --only monitor-call --out "$work/call-$run" || fail "monitor-call: status $?"
done
cmp "$work/call-1/samples.csv" "$work/call-2/samples.csv" || fail "the samples of two runs differ"
cmp "$work/call-1/bench.csv" "$work/call-2/bench.csv" || fail "the tables of two runs differ"
at_most "$work/call-1" monitors monitor-call 80
[ "$(grep -c '"timer": "count-down"' "$work/call-1/bench.json")" = 2 ] || fail "what drives the timers is not told"
"$qv" bench --icount --timer sundial --out "$work/none" 2>"$work/text"
[ $? -eq 2 ] && grep -q "expected one of auto, count-down, tsc-deadline" "$work/text" || fail "an unknown timer is not refused"
"$qv" bench --icount --cpu corei5_arrandale_m520 --out "$work/none" 2>"$work/text"
[ $? -eq 2 ] && grep -q "qemu has but one model" "$work/text" || fail "a model of Bochs' is not refused"
"$qv" bench --icount --quiet --timer tsc-deadline --only monitor-call --out "$work/none" 2>"$work/text"
[ $? -eq 3 ] && grep -q "a monitor failed" "$work/text" || fail "TSC-deadline where there is none: $(cat "$work/text")"
[ -z "$(median "$work/call-1" native monitor-call)" ] || fail "a monitor call without a monitor"

for run in 1 2; do
    "$qv" bench --icount --quiet --only ipi-round-trip-hlt --out "$work/ipi-$run" || fail "ipi-round-trip-hlt: status $?"
done
cmp "$work/ipi-1/samples.csv" "$work/ipi-2/samples.csv" || fail "the samples of two runs differ"
at_most "$work/ipi-1" monitors ipi-round-trip-hlt 80
# Interrupts do not go through the monitors: they are no shorter without them.
[ "$(median "$work/ipi-1" monitors ipi-round-trip-hlt)" = "$(median "$work/ipi-1" native ipi-round-trip-hlt)" ] ||
    fail "the way of an interrupt is not the same with monitors and without"

"$qv" bench --icount --quiet --only system-call --out "$work/system-call" || fail "system-call: status $?"
at_most "$work/system-call" monitors system-call 80
[ "$(median "$work/system-call" monitors system-call)" = "$(median "$work/system-call" native system-call)" ] ||
    fail "the way of a system call is not the same with monitors and without"

"$qv" bench --compare "$work/call-1" "$work/call-2/bench.json" >"$work/text" || fail "comparison: status $?"
grep -q "no difference shown" "$work/text" || fail "a difference between two equal runs"
"$qv" bench --icount --quiet --only no-such --out "$work/none" 2>"$work/text"
[ $? -eq 2 ] && grep -q "monitor-call" "$work/text" || fail "an unknown benchmark is not refused with a list"
[ ! -e "$work/none" ] || fail "a result of nothing"
exit $failed
