#!/bin/sh
# SPDX-License-Identifier: MIT
# bochs_bench.sh QV ROOT: path lengths on Bochs' clock, which counts instructions, and the table of two platforms side by
# side. Status 77: Bochs is not installed.
command -v bochs-bin >/dev/null && command -v grub-mkrescue >/dev/null || exit 77
. "$(dirname "$0")/lib.sh"

# Each source of the timers says that it was used.
timers() {
    [ "$(grep -c "\"timer\": \"$2\"" "$work/$1/bench.json")" = 2 ] || fail "$1: timers are not $2"
}
"$qv" bench --platform bochs --quiet --timer count-down --only timer-latency --out "$work/timer-latency" ||
    fail "timer-latency: status $?"
timers timer-latency count-down

for name in monitor-call ipi-round-trip-hlt system-call; do
    "$qv" bench --platform bochs --quiet --only $name --out "$work/$name" || fail "$name: status $?"
    at_most "$work/$name" monitors $name 80
    timers $name tsc-deadline
done
# The clock goes in steps of 5, and where a path begins between two of them is chance.
for name in ipi-round-trip-hlt system-call; do
    price=$(($(median "$work/$name" monitors $name) - $(median "$work/$name" native $name)))
    [ $price -ge -5 ] && [ $price -le 5 ] || fail "$name: the monitors' price is $price ticks"
done
[ -z "$(median "$work/monitor-call" native monitor-call)" ] || fail "a monitor call without a monitor"

"$qv" bench --platform bochs --quiet --cpu corei5_arrandale_m520 --only monitor-call --out "$work/arrandale" ||
    fail "monitor-call on the Arrandale model: status $?"
at_most "$work/arrandale" monitors monitor-call 80
timers arrandale count-down

qemu=results/qemu-tcg-svm/bench-icount
"$qv" bench --beside $qemu "$work/monitor-call" >"$work/text" || fail "side by side: status $?"
grep -q "^| benchmark | qemu-tcg-svm: monitors | native | price | bochs-vmx: monitors |" "$work/text" ||
    fail "side by side: not a column for each platform"
grep -q "^| monitor-call | [0-9]* | - | - | $(median "$work/monitor-call" monitors monitor-call) | - | - |" "$work/text" ||
    fail "side by side: monitor-call is not there"
"$qv" bench --compare $qemu "$work/monitor-call" 2>"$work/text"
[ $? -eq 2 ] && grep -q "a tick is not the same in both" "$work/text" || fail "two kinds of tick are compared"
"$qv" bench --beside $qemu $qemu 2>"$work/text"
[ $? -eq 2 ] && grep -q "both are of platform" "$work/text" || fail "a platform stands beside itself"
"$qv" bench --platform bochs --icount --out "$work/none" 2>"$work/text"
[ $? -eq 2 ] && [ ! -e "$work/none" ] || fail "--icount on Bochs is not refused"
exit $failed
