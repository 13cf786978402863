#!/bin/bash
# SPDX-License-Identifier: MIT
# costs.sh: the scenarios in scenarios/cost go into an image as they are. Three of them are booted, one natively, on a machine
# without counters: the results say so, and have ticks, frames and requests all the same.
# Environment: QV, QV_ROOT, QV_OS_DIR. Status 77: what it needs is not installed.
set -u
for file in /usr/bin/grub-mkrescue /usr/lib/grub/i386-pc/multiboot2.mod /usr/bin/xorriso /usr/bin/mformat; do
    [[ -e $file ]] || exit 77
done

work=$(mktemp -d /tmp/qv-image-costs-XXXXXX) || exit 1
emulator=
stop() {
    [[ -n $emulator ]] && kill -KILL "$emulator" 2>/dev/null && wait "$emulator" 2>/dev/null
    emulator=
}
trap 'stop; rm -rf "$work"' EXIT
trap 'exit 1' INT TERM

fail() {
    echo "FAIL $*"
    for file in "$work"/{image,emulator,collect}.log; do
        [[ -e $file ]] && tail -n 25 "$file" | cat -v
    done
    exit 1
}

image() { # image SCENARIO...
    local -a entries=()
    local name
    for name; do
        entries+=(--scenario "$QV_ROOT/scenarios/cost/$name.yaml")
    done
    "$QV" image "${entries[@]}" --timeout 0 --out "$work/qv.iso" >"$work/image.log" 2>&1 || fail "no image of $*"
}

# run STATUS SCENARIO: on a machine of emulated time, so that nothing depends on how busy the host is.
run() {
    local -a net=()
    local line i
    image "$2"
    for i in 0 1; do
        net+=(-netdev "hubport,id=n$i,hubid=0" -device "e1000,addr=$((i + 4)),netdev=n$i,mac=52:54:00:51:56:0$i,romfile=")
    done
    qemu-system-x86_64 -accel tcg -icount "shift=0,sleep=off" -cpu qemu64,+svm,+npt,+nx -smp 3 -m 512 -machine pc \
        -cdrom "$work/qv.iso" "${net[@]}" -nodefaults -display none -no-reboot -serial pty >"$work/emulator.log" 2>&1 &
    emulator=$!
    for i in {1..400}; do
        line=$(grep -aoE -m1 '/dev/pts/[0-9]+' "$work/emulator.log") && break
        sleep 0.05
    done
    result=$work/$2
    timeout -k 5 120 "$QV" collect --serial "$line" --timeout 110 --out "$result" >"$work/collect.log" 2>&1
    i=$?
    [[ $i -eq $1 ]] || fail "$2: qv collect: status $i, expected $1"
    stop
    grep -q '"platform": *"emulated-svm"' "$result/result.json" || fail "$2: not the platform that it was"
    grep -q '^  kind: hardware' "$result/scenario.yaml" && grep -q '^  clock: real' "$result/scenario.yaml" ||
        fail "$2: what was used is not in scenario.yaml"
}

counted_nothing() { # what reports on costs have without counters
    grep -q '"pmu": *"no PMU"' "$result/result.json" || fail "$result: no word about the missing PMU"
    grep -q '"reason": *"the counters cannot' "$result/result.json" || fail "$result: no reason"
    grep -qE '"(instructions|simulated)"' "$result/result.json" && fail "$result: instructions that nobody counted"
    grep -qE '"end_tsc": *[1-9]' "$result/result.json" || fail "$result: no ticks"
    grep -qE "\"$1\": *[1-9][0-9][0-9]" "$result/result.json" || fail "$result: no $1"
}

all=()
for file in "$QV_ROOT"/scenarios/cost/*.yaml; do
    name=$(basename "$file" .yaml)
    [[ $name == *-bochs ]] || all+=("$name") # their requests are made by the host
done
image "${all[@]}"

run 0 nic-shared-1
counted_nothing rx_frames
run 0 web-native
counted_nothing http_replies
run 1 tlb-nested-4k # not met: nobody counts what the knee is found by
grep -q "min_tlb_knee.*was no PMU" "$work/collect.log" || fail "the knee is not unknown for want of a PMU"
awk -F, 'NR > 1 && $1 != "none" { counts = 1 } NR > 1 { n++; ticks += $7 } END { exit !(n > 100 && ticks > 0 && !counts) }' \
    "$result/tlb.csv" || fail "no ticks of the sweeps, or counts"
exit 0
