#!/bin/sh
# SPDX-License-Identifier: MIT
# compare.sh PATTERN-PROGRAM: the caches of the emulated PMU's model against valgrind's cachegrind, on the same accesses.
# Cachegrind too allocates on reads and writes and replaces the least recently used line; it has two levels, so the model
# is given two. Status 77 without valgrind.
#
# Accesses and first-level misses, which the loop's few other accesses (its stack) can change by some lines, must agree to
# within 16 or 0.2 %, whichever is more; so must misses of the last level.
set -u
program=$1
command -v valgrind >/dev/null || exit 77
work=$(mktemp -d /tmp/qv-cachegrind-XXXXXX) || exit 1
trap 'rm -rf "$work"' EXIT
failed=0

# Sums of the function that makes the accesses: Dr Dw, misses of D1 and of LL, reads and writes together.
cachegrind() {
    valgrind --tool=cachegrind --cache-sim=yes --I1=32768,8,64 --D1=32768,8,64 --LL=1048576,16,64 \
        --cachegrind-out-file="$work/out" "$program" run "$1" >"$work/log" 2>&1 || { cat "$work/log"; return 1; }
    awk '/^events:/ { for (i = 2; i <= NF; i++) at[$i] = i }
         /^fn=/ { inside = $0 == "fn=pattern_accesses" }
         inside && /^[0-9+]/ { dr += $at["Dr"]; dw += $at["Dw"]; d1 += $at["D1mr"] + $at["D1mw"]; ll += $at["DLmr"] + $at["DLmw"] }
         END { print dr, dw, d1, ll }' "$work/out"
}

printf '%-16s %-34s %s\n' "" "cachegrind" "model"
printf '%-16s %8s %8s %8s %7s   %8s %8s %8s %7s\n' pattern reads writes L1-miss LL-miss reads writes L1-miss LL-miss
for name in $("$program" list); do
    theirs=$(cachegrind "$name") || exit 1
    ours=$("$program" model "$name") || exit 1
    # shellcheck disable=SC2086
    printf '%-16s %8s %8s %8s %7s   %8s %8s %8s %7s\n' "$name" $theirs $ours
    echo "$theirs $ours" | awk '{ for (i = 1; i <= 4; i++) { d = $i - $(i + 4); if (d < 0) d = -d
        limit = $i * 0.002 > 16 ? $i * 0.002 : 16
        if (d > limit) bad = 1 } if ($1 < 1000) bad = 1; exit bad }' || { echo "FAIL $name: more apart than allowed"; failed=1; }
done
exit $failed
