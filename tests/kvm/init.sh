#!/bin/sh
# SPDX-License-Identifier: MIT
# The only process of the outer machine besides what it starts: loads KVM, runs the command in share/command, in the
# project's tree, which it finds where the host has it. What is written there is forgotten; what is written to /share
# stays.
export PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root

mount -t proc proc /proc
mountpoint -q /sys || mount -t sysfs sys /sys
mountpoint -q /dev || mount -t devtmpfs dev /dev
mkdir -p /dev/pts /dev/shm
mount -t devpts pts /dev/pts
mount -t tmpfs shm /dev/shm
mount -t tmpfs tmp /tmp
ip link set lo up
modprobe -a virtio_pci 9pnet_virtio 9p overlay

mount -t 9p -o trans=virtio,version=9p2000.L,msize=262144 share /share
tree=$(cat /share/tree)
mkdir -p "$tree"
mount -t tmpfs written /run
mkdir -p /run/lower /run/upper /run/work
mount -t 9p -o trans=virtio,version=9p2000.L,msize=262144,cache=loose,ro tree /run/lower
mount -t overlay -o lowerdir=/run/lower,upperdir=/run/upper,workdir=/run/work tree "$tree"

# Of these two one is refused: the processor is of the other maker.
modprobe kvm_amd nested=1 npt=1 2>/dev/null
modprobe kvm_intel nested=1 2>/dev/null

cd "$tree" && sh /share/command
echo $? >/share/status
sync
echo o >/proc/sysrq-trigger
sleep 60
