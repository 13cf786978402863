#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Emulators that fail: qv must say so, end with status 3, leave a whole result or none, and leave no process behind.
# Usage: run.sh QV SOURCE
set -u
qv=$1
export QV_ROOT=$2
here=$(cd "$(dirname "$0")" && pwd)
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
failed=0

export PATH=$here:$PATH FAKE_PID=$scratch/pid QV_OS_DIR=$scratch/os
mkdir "$QV_OS_DIR"
echo image >"$QV_OS_DIR/monitor.elf"
echo image >"$QV_OS_DIR/sandbox.img"
cat >"$scratch/s.yaml" <<'END'
schema: 1
name: failing
platform: {ready_limit: 1s}
sandboxes: [{roles: web}]
fault: none
duration: 2s
expect: {outcome: no_fault}
END
cd "$scratch" || exit 1

fault() {
    printf 'FAILED %s\n' "$*" >&2
    failed=1
}

gone() { # gone WHAT: the fake emulator that wrote its number is no more
    [[ -f $FAKE_PID ]] || return
    kill -0 "$(cat "$FAKE_PID")" 2>/dev/null && fault "$1: the emulator is still there"
    rm -f "$FAKE_PID"
}

nothing_half_done() {
    compgen -G "$scratch/.*partial*" >/dev/null && fault "$1: a half-written result is left"
}

# check WHAT STATUS FRAGMENT...: runs qv with the emulator WHAT
check() {
    local what=$1 status fragment
    export FAKE_EMULATOR=$what
    timeout -k 5 60 "$qv" run s.yaml --out "result-$what" >stdout 2>stderr
    status=$?
    [[ $status -eq $2 ]] || fault "$what: status $status, expected $2"
    shift 2
    for fragment; do
        grep -qF -- "$fragment" stdout stderr || fault "$what: no '$fragment' in: $(cat stdout stderr)"
    done
    grep -q '"outcome": *"harness_error"' "result-$what/result.json" || fault "$what: no harness_error in result.json"
    gone "$what"
    nothing_half_done "$what"
}

check refuse 3 "could not be started" "cannot set up guest memory"
check die 3 "ended with status 5 before the machine was ready" "last words of the console"
check never-ready 3 "was not ready after 1 s" "stuck in the boot code"
check silent 3 "could not be started" "no answer in time"

# No emulator at all.
mkdir "$scratch/empty-path"
PATH=$scratch/empty-path "$qv" run s.yaml --out result-none >stdout 2>stderr
[[ $? -eq 3 ]] || fault "no emulator: not status 3"
grep -q "cannot be run" stdout stderr || fault "no emulator: $(cat stdout stderr)"

# A machine that is not started by qv, and what a platform has not, asked for by the command.
refused() { # refused FRAGMENT ARGUMENT...
    local fragment=$1
    shift
    "$qv" run s.yaml --out result-refused "$@" >stdout 2>stderr
    [[ $? -eq 2 ]] || fault "$*: not status 2"
    grep -qF -- "$fragment" stderr || fault "$*: no '$fragment' in: $(cat stderr)"
    [[ ! -e result-refused ]] || fault "$*: a result"
}
refused "qv does not start such a machine" --platform hardware
refused "platform kvm does not count instructions" --platform kvm --icount --set load.tool=none
refused "platform bochs runs no model of counters" --platform bochs --set platform.pmu=nehalem
refused "platform kvm runs no model of counters" --platform kvm --set platform.pmu=nehalem

# No nested virtualization: said why, before any emulator is started.
no_kvm() { # no_kvm DEVICE FRAGMENT
    QV_KVM_DEVICE=$1 "$qv" run s.yaml --platform kvm --out "result-kvm" >stdout 2>stderr
    [[ $? -eq 3 ]] || fault "kvm at $1: not status 3"
    grep -qF -- "could not be started: $1: $2" stdout stderr || fault "kvm at $1: $(cat stdout stderr)"
    gone "kvm at $1"
    rm -rf result-kvm
}
no_kvm "$scratch/no-device" "No such file or directory"
no_kvm /dev/null "is no KVM: Inappropriate ioctl for device"

# No images.
rm "$QV_OS_DIR/sandbox.img"
"$qv" run s.yaml --out result-images >stdout 2>stderr
[[ $? -eq 3 ]] || fault "no images: not status 3"
grep -q "not built" stdout stderr || fault "no images: $(cat stdout stderr)"
echo image >"$QV_OS_DIR/sandbox.img"

# Broken off by the user: no result, no process, no files; with --keep the files stay.
interrupt() { # interrupt SIGNAL OPTION...
    local signal=$1 pid status
    shift
    sed 's/1s/60s/' s.yaml >long.yaml
    FAKE_EMULATOR=never-ready "$qv" run long.yaml --out result-broken "$@" >stdout 2>stderr &
    pid=$!
    for _ in {1..200}; do
        [[ -s $FAKE_PID ]] && break
        sleep 0.05
    done
    kill "-$signal" "$pid"
    wait "$pid"
    status=$?
    [[ $status -eq 3 ]] || fault "$signal: status $status, expected 3"
    grep -q interrupted stderr || fault "$signal: $(cat stderr)"
    [[ -e result-broken ]] && fault "$signal: a result"
    gone "$signal"
}
interrupt INT
nothing_half_done INT
interrupt TERM
nothing_half_done TERM
interrupt INT --keep
compgen -G ".result-broken.partial*/console.log" >/dev/null || fault "--keep: nothing kept"
rm -rf .result-broken.partial*

# qv itself killed: the emulator goes with it.
FAKE_EMULATOR=never-ready "$qv" run long.yaml --out result-killed >stdout 2>stderr &
pid=$!
for _ in {1..200}; do
    [[ -s $FAKE_PID ]] && break
    sleep 0.05
done
kill -KILL "$pid"
wait "$pid" 2>/dev/null
for _ in {1..200}; do
    kill -0 "$(cat "$FAKE_PID")" 2>/dev/null || break
    sleep 0.05
done
gone KILL

# Usage: status 2 and a hint, and a result is never written over.
usage() {
    "$qv" "$@" >stdout 2>stderr
    [[ $? -eq 2 ]] || fault "qv $*: not status 2"
    [[ -s stderr ]] || fault "qv $*: says nothing"
}
usage
usage nonsense
usage run
usage run s.yaml s.yaml
usage run missing.yaml
usage run s.yaml --repeat 0
usage run s.yaml --repeat many
usage run s.yaml --seed -1
usage run s.yaml --platform abacus
usage run s.yaml --set nonsense
usage run s.yaml --set load.rate=fast
usage run s.yaml --icount
usage run s.yaml --unknown
usage run s.yaml --out result-die
usage image
usage image --scenario missing.yaml
usage image --bench= --out x.iso
usage image --bench --timeout soon
usage image --scenario "$QV_ROOT/scenarios/no-fault.yaml" --out x.iso       # nobody there makes its load
usage image --scenario "$QV_ROOT/scenarios/self-contained.yaml" --set platform.kind=qemu --out x.iso
[[ -e x.iso ]] && fault "an image of what was refused"
usage collect
usage collect --serial /dev/null --timeout never
usage collect --serial /dev/null --out result-die
"$qv" collect --serial "$scratch/no-line" --out collected 2>stderr
[[ $? -eq 3 ]] && grep -q "no-line: No such file" stderr || fault "collect without a line: $(cat stderr)"
"$qv" collect --serial /dev/null --out collected 2>stderr
[[ $? -eq 3 ]] && grep -q "the other side is gone" stderr || fault "collect from nowhere: $(cat stderr)"
[[ -e collected ]] && fault "a result of nothing"
usage check
usage list nonsense
usage table
mkdir "$scratch/empty" # qv looks for results below a directory, too
usage table "$scratch/empty"
usage plot "$scratch/empty"
rm -f result-die/requests.csv # as a lean result
usage plot result-die
grep -q 'result-die: no requests.csv' stderr || fault "qv plot of a lean result: $(cat stderr)"

exit "$failed"
