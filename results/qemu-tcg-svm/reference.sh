#!/bin/sh
# SPDX-License-Identifier: MIT
# The reference results of this folder, measured again: reference.sh OUTDIR, from the project's root, on a machine that does
# nothing else. OUTDIR then holds a folder for each folder here (outcomes/ has a script of its own). About ten minutes.
set -u
out=${1:?usage: reference.sh OUTDIR}
status=0

fail() {
    echo "reference.sh: $*" >&2
    status=1
}

# keep FROM TO FILE...: the files that are kept in the repository
keep() {
    from=$1
    to=$2
    shift 2
    mkdir -p "$to"
    for file in "$@"; do
        [ ! -e "$from/$file" ] || cp "$from/$file" "$to/" || fail "$to/$file"
    done
}

mkdir -p "$out/raw" || exit 1
for name in nic-fault-local nic-fault-remote nic-hang-remote; do
    ./qv run scenarios/$name.yaml --repeat 10 --quiet --out "$out/raw/$name" || fail "$name: status $?"
    keep "$out/raw/$name" "$out/$name" outcomes.csv recovery.csv recovery.md runs.csv summary.json summary.md
    keep "$out/raw/$name/run-001" "$out/$name" timeline.png timeline.svg timeline.csv timeline.gp
    (cd "$out/raw/$name" && find . -name result.json -o -name trace.bin -o -name phases.csv | sort |
        tar --owner=0 --group=0 -cJf ../../$name/runs.tar.xz -T -) || fail "$name: tar"
done
for name in no-fault no-fault-httperf throughput sandbox-restart; do
    ./qv run scenarios/$name.yaml --quiet --out "$out/raw/$name" || fail "$name: status $?"
    keep "$out/raw/$name" "$out/$name" recovery.md result.json timeline.svg trace.bin
done
for run in seed-1-first:1 seed-1-second:1 seed-2:2; do
    ./qv run scenarios/self-contained.yaml --icount --quiet --seed "${run#*:}" --out "$out/raw/${run%:*}" ||
        fail "$run: status $?"
    keep "$out/raw/${run%:*}" "$out/icount/${run%:*}" recovery.md result.json trace.bin
done
cmp "$out/icount/seed-1-first/trace.bin" "$out/icount/seed-1-second/trace.bin" || fail "equal runs differ"
./qv bench --icount --quiet --out "$out/raw/bench-icount" || fail "bench: status $?"
xz -k "$out/raw/bench-icount/samples.csv" || fail "bench: xz"
keep "$out/raw/bench-icount" "$out/bench-icount" bench.csv bench.json bench.md bench.svg samples.csv.xz
exit $status
