#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Plants one offence for each check of style.sh in a tree of its own and wants it found, and the clean tree passed.
set -u

style=$(cd "$(dirname "$0")" && pwd)/style.sh
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
bad=0
licence='SPDX-License-Identifier: MIT'

clean_tree() {
    rm -rf "$work/tree"
    mkdir -p "$work/tree/os/monitor/svm" "$work/tree/build"
    cd "$work/tree" || exit 1
    echo '[]' >build/compile_commands.json
    printf '/* %s */\n#ifndef A_H\n#define A_H\n#include <stdint.h>\nextern uint32_t a;\n#endif\n' "$licence" >a.h
    printf '/* %s */\n/* what a vmcb is */\nint core;\n' "$licence" >os/monitor/core.c
    printf '/* %s */\nint vmcb;\n' "$licence" >os/monitor/svm/core.c
}

expect() { # expect STATUS CHECK WORD: the exit status, and a word that the output must have
    local output status
    output=$("$style" "$2" "$work/tree" "$work/tree/build" 2>&1)
    status=$?
    if [[ $status -eq 77 ]]; then
        echo "$2: $output"
    elif [[ $status -ne $1 || $output != *$3* ]]; then
        echo "$2: exit status $status, expected $1 and \"$3\" in:"
        echo "$output"
        bad=1
    fi
}

clean_tree
for check in spdx length leftovers format vendor headers; do
    expect 0 "$check" ''
done
echo 'int x;' >x.c
expect 1 spdx x.c
yes "/* $licence */" | head -n 1001 >x.c
expect 1 length x.c
printf '/* %s */\n/* TO''DO later */\n' "$licence" >x.c
expect 1 leftovers x.c:2
printf '/* %s */\nint  x ;\n' "$licence" >x.c
expect 1 format x.c
printf '/* %s */\n/* two\n * lines */\nint read_vmcs_now;\n' "$licence" >os/monitor/core.c
expect 1 vendor os/monitor/core.c:4
printf '/* %s */\nextern uint32_t b;\n' "$licence" >b.h
expect 1 headers b.h
printf '/* %s */\nenum { B };\n' "$licence" >b.h
expect 1 headers b.h
exit $bad
