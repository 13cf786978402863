# SPDX-License-Identifier: MIT
# What the OS refuses to boot, and that it says why. The runner comes from tests/boot/boot.cmake.

# qv_os_refused(NAME TEXT argument...): the machine stops at boot with this text.
function(qv_os_refused name text)
    add_test(NAME negative.os-${name}
        COMMAND run_boot_test ${boot_test_images} ${ARGN} --cores 2 --expect "MONITOR PANIC: ${text}" --status none boot)
    set_tests_properties(negative.os-${name} PROPERTIES LABELS "negative;boot" TIMEOUT 90 RESOURCE_LOCK boot-machine-0)
endfunction()

qv_os_refused(crc "boot: boot configuration: wrong CRC" --break crc)
qv_os_refused(magic "boot: boot configuration: magic" --break magic)
qv_os_refused(version "boot: boot configuration: magic 3130474643305651 version 4" --break version)
qv_os_refused(size "boot: boot configuration: magic" --break size)
qv_os_refused(short "boot: boot configuration:" --expect "bytes instead of" --break short)
qv_os_refused(mode "boot: boot configuration: a number is out of range" --break mode)
qv_os_refused(no-sandboxes "boot: boot configuration: a number is out of range" --break no-sandboxes)
qv_os_refused(many-sandboxes "boot: boot configuration: a number is out of range" --break many-sandboxes)
qv_os_refused(many-faults "boot: boot configuration: a number is out of range" --break many-faults)
qv_os_refused(many-nics "boot: boot configuration: a number is out of range" --break many-nics)
qv_os_refused(policy "unknown recovery policy 17" --break policy)
qv_os_refused(small-partition "boot: boot configuration: sandbox 0: memory of 6 MiB" --break small-partition)
qv_os_refused(odd-partition "boot: boot configuration: sandbox 0: memory of 15 MiB" --break odd-partition)
qv_os_refused(huge-partitions "boot: the configuration needs" --break huge-partitions)
qv_os_refused(absent-nic "boot: the configuration needs 1 NICs, 0 usable ones were found" --break absent-nic)
qv_os_refused(no-configuration "boot: two boot modules are needed" --break no-configuration)
qv_os_refused(few-processors "boot: the configuration needs 2 cores, the machine has 1" --processors 1)
qv_os_refused(little-memory "boot: 23 MiB of memory are too few" --memory 24)
qv_os_refused(not-an-image "boot: sandbox image: not an ELF-64 file" --sandbox "${PROJECT_BINARY_DIR}/os/monitor.elf")
qv_os_refused(admission "boot: boot configuration: a number is out of range" --break admission)
qv_os_refused(many-work "boot: boot configuration: a number is out of range" --break many-work)
qv_os_refused(timer "boot: platform.timer is tsc-deadline, and this processor has none" --timer tsc-deadline)

# A set of VCPUs that is not admitted: its kernel says so and stops, and so the machine is never ready.
add_test(NAME negative.os-not-admitted
    COMMAND run_boot_test ${boot_test_images} --break not-admitted --cores 1
            --expect "VCPU set of sandbox 0 refused: load 949999 ppm, bound 828427 ppm"
            --expect "kernel lost: VCPU set not admitted" --status none boot)
set_tests_properties(negative.os-not-admitted PROPERTIES LABELS "negative;boot" TIMEOUT 90 RESOURCE_LOCK boot-machine-0)
