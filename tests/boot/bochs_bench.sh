#!/bin/sh
# SPDX-License-Identifier: MIT
# bochs_bench.sh QV ROOT: path lengths on Bochs' clock, which counts instructions, and the table of two platforms side by
# side. Status 77: Bochs is not installed.
set -u
command -v bochs-bin >/dev/null && command -v grub-mkrescue >/dev/null || exit 77
qv=$1
cd "$2" || exit 1
work=$(mktemp -d /tmp/qv-bench-test-XXXXXX) || exit 1
trap 'rm -rf "$work"' EXIT
failed=0

fail() {
    echo "FAIL $*"
    failed=1
}

# median FOLDER MODE
median() {
    awk -F, -v mode="$2" -v name="$1" '$3 == mode && $4 == name { print $11 }' "$work/$1/bench.csv"
}

for name in monitor-call ipi-round-trip-hlt; do
    "$qv" bench --platform bochs --quiet --only $name --out "$work/$name" || fail "$name: status $?"
    value=$(median $name monitors)
    [ -n "$value" ] && [ "$value" -gt 0 ] && [ "$value" -le 80 ] || fail "$name: '$value' ticks, at most 80"
done
[ "$(median ipi-round-trip-hlt monitors)" = "$(median ipi-round-trip-hlt native)" ] ||
    fail "the way of an interrupt is not the same with monitors and without"
[ -z "$(median monitor-call native)" ] || fail "a monitor call without a monitor"

qemu=results/qemu-tcg-svm/bench-icount
"$qv" bench --beside $qemu "$work/monitor-call" >"$work/text" || fail "side by side: status $?"
grep -q "^| benchmark | qemu-tcg-svm: monitors | native | price | bochs-vmx: monitors |" "$work/text" ||
    fail "side by side: not a column for each platform"
grep -q "^| monitor-call | [0-9]* | - | - | $(median monitor-call monitors) | - | - |" "$work/text" ||
    fail "side by side: monitor-call is not there"
"$qv" bench --compare $qemu "$work/monitor-call" 2>"$work/text"
[ $? -eq 2 ] && grep -q "a tick is not the same in both" "$work/text" || fail "two kinds of tick are compared"
"$qv" bench --beside $qemu $qemu 2>"$work/text"
[ $? -eq 2 ] && grep -q "both are of platform" "$work/text" || fail "a platform stands beside itself"
"$qv" bench --platform bochs --icount --out "$work/none" 2>"$work/text"
[ $? -eq 2 ] && [ ! -e "$work/none" ] || fail "--icount on Bochs is not refused"
exit $failed
