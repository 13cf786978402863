#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# entry.sh ROOT: what ./qv itself answers, in an empty build folder, so that nothing of this build is touched.
set -u

qv=$1/qv
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
bad=0
export QV_BUILD=$work/build

expect() { # expect STATUS WORD ARGUMENT...
    local status=$1 word=$2 output got
    shift 2
    output=$(cd / && "$qv" "$@" 2>&1)
    got=$?
    if [[ $got -ne $status || $output != *$word* ]]; then
        printf 'qv %s: exit status %s, expected %s and "%s" in:\n%s\n' "$*" "$got" "$status" "$word" "$output"
        bad=1
    fi
    if [[ -e $QV_BUILD ]]; then
        echo "qv $*: made a build folder"
        rm -rf "$QV_BUILD"
        bad=1
    fi
}

expect 2 'unknown argument --nonsense' test --nonsense
expect 2 'wants a regular expression' test -R
expect 0 'usage: ./qv test' test --help
expect 2 'unknown argument now' doctor now
expect 0 'usage: ./qv doctor' doctor --help
expect 0 'built at the first run' doctor

# A machine where dpkg knows of nothing installed.
mkdir "$work/bin"
printf '#!/bin/sh\nexit 1\n' >"$work/bin/dpkg-query"
chmod +x "$work/bin/dpkg-query"
PATH=$work/bin:$PATH
expect 3 'not installed: cmake' --no-install test
expect 3 'not installed: cmake' run nothing.yaml --no-install
expect 3 'missing  cmake' doctor
# What a command needs beyond that; the tests need everything.
expect 3 ' valgrind' --no-install test
expect 3 ' bochs' --no-install test
expect 3 ' xorriso' --no-install image
expect 3 ' bochs' --no-install run nothing.yaml --platform bochs
case $("$qv" --no-install run nothing.yaml 2>&1) in
*bochs*)
    echo "qv run on QEMU: wants Bochs"
    bad=1
    ;;
esac
expect 0 'short help' --help
expect 2 'short help'
exit $bad
