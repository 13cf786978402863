#!/bin/sh
# SPDX-License-Identifier: MIT
# measure.sh OUT: the runs behind web/ and nic/ here, then their tables and pictures. From the project's root; about ten
# minutes on an idle machine.
set -eu
out=${1:?usage: measure.sh OUT}
for mode in monitor native; do
    for page in 64B 1KiB 16KiB; do
        ./qv run scenarios/cost/web-$mode.yaml --lean --set load.page=$page --out "$out/web/$mode-$page"
    done
done
for traffic in udp-receive udp-send tcp-receive tcp-send; do
    case $traffic in udp*) size=1472B ;; *) size=1460B ;; esac
    for kind in unshared-1 unshared-4 shared-1 shared-2 shared-3 shared-4; do
        ./qv run scenarios/cost/nic-$kind.yaml --lean --set load.traffic=$traffic --set load.size=$size \
            --out "$out/nic/$traffic/$kind"
    done
done
for traffic in udp-receive udp-send; do
    for kind in unshared-1 unshared-4 shared-1 shared-4; do
        ./qv run scenarios/cost/nic-$kind.yaml --lean --set load.traffic=$traffic --set cost=paths \
            --out "$out/nic/$traffic/paths-$kind"
    done
done
./qv run scenarios/cost/nic-flood.yaml --lean --out "$out/flood"
./qv plot --out "$out/web-figures" "$out/web"
./qv plot --out "$out/nic-figures" "$out/nic"
./qv plot --out "$out/flood-figures" "$out/flood"
