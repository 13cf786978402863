#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# run.sh [-t SECONDS] [-c CPUS] [-m MIB] DIR COMMAND [ARGUMENT...]: boots what make_disk.sh made in DIR and runs the
# command in it, in this tree. DIR/share is /share there. Exit status: the command's; 3 if it did not come to its end.
set -uo pipefail

fail() {
    echo "run.sh: $*" >&2
    exit "${2:-2}"
}

seconds=900
cpus=2
mib=3072
while getopts t:c:m: option; do
    case $option in
    t) seconds=$OPTARG ;;
    c) cpus=$OPTARG ;;
    m) mib=$OPTARG ;;
    *) exit 2 ;;
    esac
done
shift $((OPTIND - 1))
[[ $# -ge 2 ]] || fail "usage: run.sh [-t SECONDS] [-c CPUS] [-m MIB] DIR COMMAND [ARGUMENT...]"
dir=$1
shift
tree=$(realpath "$(dirname "$0")/../..")
[[ -r $dir/disk.img && -r $dir/vmlinuz && -r $dir/initrd ]] || fail "$dir: make_disk.sh has made nothing here"
[[ $tree != *,* && $dir != *,* ]] || fail "QEMU takes no path with a comma here"

mkdir -p "$dir/share"
rm -f "$dir/share/status"
printf '%s\n' "$tree" >"$dir/share/tree"
printf '%q ' "$@" >"$dir/share/command"

# TCG does not say that its TSC is invariant, though it is. Left to itself Linux would read the time from the HPET, an
# exit each, and its KVM would let the TSC of its guests stand still whenever they do.
timeout "$seconds" qemu-system-x86_64 -accel tcg,thread=multi -machine q35 -cpu EPYC -smp "$cpus" -m "$mib" \
    -nodefaults -display none -no-reboot -serial stdio -kernel "$dir/vmlinuz" -initrd "$dir/initrd" \
    -append "root=/dev/vda rw console=ttyS0 quiet loglevel=3 panic=-1 init=/qv-init mitigations=off tsc=reliable clocksource=tsc" \
    -drive "file=$dir/disk.img,if=virtio,format=raw,snapshot=on" \
    -virtfs "local,path=$tree,mount_tag=tree,security_model=none,readonly=on" \
    -virtfs "local,path=$dir/share,mount_tag=share,security_model=none" \
    </dev/null 2> >(grep -v "TCG doesn't support requested feature" >&2)
[[ -r $dir/share/status ]] || fail "the command did not come to its end" 3
exit "$(cat "$dir/share/status")"
