#!/bin/sh
# SPDX-License-Identifier: MIT
# The results of this folder, measured again: measure.sh OUTDIR, from the project's root. On the instruction clock, so that
# the host may do other things beside it. About ten minutes; OUTDIR then holds a folder for each folder here but dispatch/.
set -u
out=${1:?usage: measure.sh OUTDIR}
status=0
mkdir -p "$out/raw" || exit 1
for scenario in scenarios/rt/*.yaml; do
    name=$(basename "$scenario" .yaml)
    raw=$out/raw/$name
    ./qv run "$scenario" --quiet --out "$raw" || { echo "measure.sh: $name: status $?" >&2; status=1; }
    [ "$name" != schedule ] || ./qv plot --from 90 --length 20 "$raw" || status=1
    mkdir -p "$out/$name"
    cp "$raw/result.json" "$raw/vcpus.md" "$out/$name/" || status=1
    for picture in vcpus.png schedule.png schedule.svg; do
        [ ! -e "$raw/$picture" ] || cp "$raw/$picture" "$out/$name/"
    done
    for file in vcpus.csv trace.bin; do
        xz -c "$raw/$file" >"$out/$name/$file.xz" || status=1
    done
done
exit $status
