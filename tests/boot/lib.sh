# SPDX-License-Identifier: MIT
# Sourced by the tests that run qv as a user does, called as NAME QV ROOT: qv and work (a folder that goes with the test) are
# set, ROOT is the current folder. A test ends with: exit $failed
set -u
qv=$1
cd "$2" || exit 1
work=$(mktemp -d /tmp/qv-boot-test-XXXXXX) || exit 1
trap 'rm -rf "$work"' EXIT
failed=0

fail() {
    echo "FAIL $*"
    failed=1
}

# median FOLDER MODE NAME: of a benchmark, from bench.csv
median() {
    awk -F, -v mode="$2" -v name="$3" '$3 == mode && $4 == name { print $11 }' "$1/bench.csv"
}

# at_most FOLDER MODE NAME LIMIT
at_most() {
    value=$(median "$1" "$2" "$3")
    [ -n "$value" ] && [ "$value" -gt 0 ] && [ "$value" -le "$4" ] || fail "$3, $2: '$value' ticks, at most $4"
}
