#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# make_disk.sh DIR [SUITE [MIRROR]]: what run.sh boots, in DIR: a Debian with QEMU and the packages that ./qv wants, its
# kernel and its initial RAM disk. As root. Suite and mirror are this machine's (os-release, apt) unless told.
set -euo pipefail

fail() {
    echo "make_disk.sh: $*" >&2
    exit 2
}

[[ $# -ge 1 && $# -le 3 && $1 != -* ]] || fail "usage: make_disk.sh DIR [SUITE [MIRROR]]"
tree=$(realpath "$(dirname "$0")/../..")
# shellcheck disable=SC1091
suite=${2:-$(. /etc/os-release && echo "${VERSION_CODENAME:-}")}
mirror=${3:-$(apt-get indextargets --format '$(SITE)' 'Created-By: Packages' "Codename: $suite" | head -n 1)}
[[ $(id -u) -eq 0 ]] || fail "not root"
[[ -n $suite ]] || fail "which Debian? this machine's os-release has no VERSION_CODENAME"
[[ -n $mirror ]] || fail "which mirror? apt here has none for $suite"
command -v debootstrap >/dev/null || fail "debootstrap is not installed"
mkdir -p "$1"
dir=$(realpath "$1")
root=$dir/root
[[ ! -e $root ]] || fail "$root: is there already"
trap 'rm -rf --one-file-system "$root"' EXIT

# The names in the list `required` of ./qv, of alternatives the first.
mapfile -t packages < <(sed -n '/^required=(/,/^)/s/^ *"\([^|=]*\).*/\1/p' "$tree/qv")
[[ ${#packages[@]} -gt 0 ]] || fail "$tree/qv: no list of packages found in it"

debootstrap --variant=minbase "$suite" "$root" "$mirror"
printf '#!/bin/sh\nexit 101\n' >"$root/usr/sbin/policy-rc.d" # starts no services
chmod +x "$root/usr/sbin/policy-rc.d"
in_root() {
    chroot "$root" env DEBIAN_FRONTEND=noninteractive "$@"
}
in_root apt-get -q -y install --no-install-recommends linux-image-amd64 initramfs-tools kmod iproute2 "${packages[@]}"
in_root apt-get clean
mkdir -p "$root/share"
install -m 755 "$tree/tests/kvm/init.sh" "$root/qv-init"

cp "$root"/boot/vmlinuz-* "$dir/vmlinuz"
cp "$root"/boot/initrd.img-* "$dir/initrd"
rm -f "$dir/disk.img"
truncate -s 6G "$dir/disk.img" # mostly holes
mke2fs -q -t ext4 -d "$root" "$dir/disk.img"
