#!/bin/sh
# SPDX-License-Identifier: MIT
# repeat.sh QV ROOT: on the instruction clock a run with boot, load, fault and recovery repeats: two runs with one seed give
# the same trace, byte for byte, also beside a busy host, and another seed gives another.
. "$(dirname "$0")/lib.sh"
busy=
trap '[ -z "$busy" ] || kill "$busy" 2>/dev/null; rm -rf "$work"' EXIT

# run NAME SEED
run() {
    "$qv" run scenarios/self-contained.yaml --icount --lean --seed "$2" --out "$work/$1" >"$work/$1.text" 2>&1 ||
        { fail "$1: status $?"; cat "$work/$1.text"; }
}

run first 1
(while :; do :; done) &
busy=$!
run second 1
kill "$busy"
busy=
run other 2
cmp "$work/first/trace.bin" "$work/second/trace.bin" || fail "two runs with one seed differ"
! cmp -s "$work/first/trace.bin" "$work/other/trace.bin" || fail "another seed gave the same trace"
[ "$(wc -c <"$work/first/trace.bin")" -gt 10000 ] || fail "a trace of nothing"
exit $failed
