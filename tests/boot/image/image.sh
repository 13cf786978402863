#!/bin/bash
# SPDX-License-Identifier: MIT
# image.sh HOW NOISE: an image is made, booted as HOW says, and what it measured is collected over a serial line that
# damages about one byte in NOISE (0 = none). HOW: bios-cd, bios-stick, uefi-cd, uefi-stick, bochs-cd.
# Environment: QV, RELAY, QV_ROOT, QV_OS_DIR. Status 77: what it needs is not installed.
set -u
how=$1
noise=$2
seed=20
scenario=$QV_ROOT/scenarios/self-contained.yaml

for file in /usr/bin/grub-mkrescue /usr/lib/grub/i386-pc/multiboot2.mod /usr/lib/grub/x86_64-efi/multiboot2.mod \
    /usr/bin/xorriso /usr/bin/mformat; do
    [[ -e $file ]] || exit 77
done
firmware=/usr/share/ovmf/OVMF.fd
[[ $how != uefi-* || -r $firmware ]] || exit 77
[[ $how != bochs-* ]] || command -v bochs-bin >/dev/null || exit 77

work=$(mktemp -d /tmp/qv-image-test-XXXXXX) || exit 1
started=()
clean() {
    local pid
    for pid in "${started[@]}"; do
        kill -KILL "$pid" 2>/dev/null # Bochs takes no other
        wait "$pid" 2>/dev/null
    done
    rm -rf "$work"
}
trap clean EXIT
trap 'exit 1' INT TERM

fail() {
    echo "FAIL $how, noise $noise: $*"
    for file in "$work"/{emulator,relay,collect}.log; do
        [[ -e $file ]] && tail -n 25 "$file" | cat -v
    done
    exit 1
}

wait_for() { # wait_for FILE PATTERN: prints what matched
    local _
    for _ in {1..400}; do
        grep -aoE -m1 "$2" "$1" 2>/dev/null && return
        sleep 0.05
    done
    return 1
}

# The first entry is the one that starts by itself.
if [[ $how == bios-stick ]]; then
    entries=(--scenario "$scenario" --bench=monitor-call)
else
    entries=(--bench=monitor-call --scenario "$scenario")
fi
"$QV" image "${entries[@]}" --timeout 0 --out "$work/qv.iso" >"$work/image.log" 2>&1 ||
    fail "no image: $(cat "$work/image.log")"

start_qemu() { # a pseudo-terminal of its own making stands in for the serial port
    local -a net=() drive=(-cdrom "$work/qv.iso") machine=(-machine pc)
    # Time by instructions: whether the scenario's deadlines are met does not depend on how busy the host is.
    [[ $how == bios-stick ]] && accel=tcg clock=(-icount "shift=0,sleep=off") || accel=tcg,thread=multi clock=()
    for i in 0 1; do
        net+=(-netdev "hubport,id=n$i,hubid=0" -device "e1000,addr=$((i + 4)),netdev=n$i,mac=52:54:00:51:56:0$i,romfile=")
    done
    [[ $how == uefi-* ]] && machine=(-machine q35 -bios "$firmware")
    [[ $how == *-stick ]] && drive=(-device qemu-xhci,addr=6 -drive "if=none,id=stick,format=raw,readonly=on,file=$work/qv.iso"
        -device usb-storage,drive=stick)
    qemu-system-x86_64 -accel "$accel" "${clock[@]}" -cpu qemu64,+svm,+npt,+nx -smp 4 -m 512 "${machine[@]}" "${drive[@]}" \
        "${net[@]}" -nodefaults -display none -no-reboot -serial pty >"$work/emulator.log" 2>&1 &
    started+=($!)
    line=$(wait_for "$work/emulator.log" '/dev/pts/[0-9]+') || fail "the emulator has no line"
}

start_relay() { # start_relay LINE
    "$RELAY" "$1" "$seed" "$noise" >"$work/relay.log" 2>&1 &
    started+=($!)
    device=$(wait_for "$work/relay.log" 'host /dev/pts/[0-9]+') || fail "no relay"
    device=${device#host }
}

start_bochs() {
    start_relay new
    line=$(wait_for "$work/relay.log" 'machine /dev/pts/[0-9]+') || fail "no line"
    cat >"$work/bochsrc" <<END
romimage: file=\$BXSHARE/BIOS-bochs-latest, options=fastboot
vgaromimage: file=\$BXSHARE/VGABIOS-lgpl-latest
cpu: model=corei7_sandy_bridge_2600k, count=4, ips=25000000, reset_on_triple_fault=0
memory: guest=256, host=256
clock: sync=none, time0=1000000000
display_library: term
com1: enabled=1, mode=term, dev=${line#machine }
port_e9_hack: enabled=0
ata0-master: type=cdrom, path=$work/qv.iso, status=inserted
boot: cdrom
log: -
panic: action=fatal
error: action=ignore
info: action=ignore
debug: action=ignore
pci: enabled=1, chipset=i440fx
END
    echo c >"$work/go"
    TERM=vt100 bochs-bin -q -f "$work/bochsrc" -rc "$work/go" </dev/null >"$work/emulator.log" 2>&1 &
    started+=($!)
}

if [[ $how == bochs-cd ]]; then
    start_bochs
else
    start_qemu
    start_relay "$line"
fi
timeout -k 5 420 "$QV" collect --serial "$device" --timeout 400 --out "$work/result" >"$work/collect.log" 2>&1
status=$?
[[ $status -eq 0 ]] || fail "qv collect: status $status"
grep -q 'results: ' "$work/result/console.log" || [[ $noise -ne 0 ]] || fail "nothing of the console was kept"
if ((noise != 0)); then
    grep -qE 'frames, .* [1-9][0-9]* times asked again' "$work/collect.log" || fail "the line damaged nothing: no test"
fi
if [[ $how == bios-stick ]]; then
    grep -q '"outcome": *"recovered_local"' "$work/result/result.json" || fail "not recovered"
    grep -q '"checked": *true' "$work/result/result.json" || fail "isolation was not checked"
    grep -q '"platform": *"emulated-svm"' "$work/result/result.json" || fail "not the platform that it was"
    [[ -s $work/result/trace.bin && -s $work/result/boot.cfg && -s $work/result/scenario.yaml ]] || fail "files lack"
else
    vendor=svm
    [[ $how == bochs-* ]] && vendor=vmx
    grep -q "\"platform\": *\"emulated-$vendor\"" "$work/result/bench.json" || fail "not the platform that it was"
    grep -q '^[^,]*,[^,]*,monitors,monitor-call,' "$work/result/bench.csv" || fail "no figure of the benchmark"
fi
compgen -G "$work/.result*" >/dev/null && fail "a half-written result is left"
exit 0
