#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Malformed scenarios: `qv check` must refuse each with status 2, a message at the expected place with the expected words,
# and nothing on standard output. Usage: run.sh QV
set -u
qv=$1
cd "$(dirname "$0")" || exit 1
failed=0
count=0
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

fault() {
    printf 'FAILED %s\n' "$*" >&2
    failed=1
}

refused() { # refused FILE PLACE FRAGMENT
    local output status
    output=$(timeout 20 "$qv" check "$1" 2>&1 >"$scratch/stdout")
    status=$?
    count=$((count + 1))
    [[ $status -eq 2 ]] || fault "$1: status $status, expected 2"
    [[ -s $scratch/stdout ]] && fault "$1: something on standard output"
    grep -F -- "$1:$2: " <<<"$output" | grep -qF -- "$3" || fault "$1: no '$3' at $2 in: $output"
    (($(wc -l <<<"$output") <= 21)) || fault "$1: more than 20 messages"
}

while IFS=$'\t' read -r name place fragment; do
    [[ $name == '#'* ]] && continue
    refused "$name.yaml" "$place" "$fragment"
done <expected.tsv

for file in *.yaml; do
    grep -q "^${file%.yaml}	" expected.tsv || fault "$file: not in expected.tsv"
done
((count >= 40)) || fault "only $count files"

# What would be too large to keep here.
head -c 300000 /dev/zero | tr '\0' '[' >"$scratch/brackets.yaml"
head -c 2000000 /dev/zero | tr '\0' 'x' >"$scratch/large.yaml"
{
    printf 'schema: 1\n'
    for ((i = 0; i < 5000; i++)); do printf 'k%d: 1\n' "$i"; done
} >"$scratch/many-keys.yaml"
{
    printf 'a: '
    for ((i = 0; i < 20000; i++)); do printf '[{'; done
} >"$scratch/deep.yaml"
cd "$scratch" || exit 1
refused brackets.yaml 1:1 'expected a scenario of at most'
refused large.yaml 1:1 'expected a scenario of at most'
refused many-keys.yaml 2048:8 'more than 4096 keys and values'
refused deep.yaml 1:15 'nested deeper than'
output=$("$qv" check missing.yaml 2>&1) && fault 'missing.yaml: accepted'
grep -q '^missing.yaml: cannot be read' <<<"$output" || fault "missing.yaml: $output"

printf '%d malformed scenarios\n' "$count"
exit "$failed"
