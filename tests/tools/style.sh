#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# style.sh CHECK ROOT BUILD: one check over the sources in ROOT (BUILD: a configured build tree of it). Prints each
# offence as file:line: text or file: text. Exit status 0 clean, 1 offences, 2 usage, 77 not checked here (said why).
set -u

[[ $# -eq 3 ]] || { echo "usage: style.sh CHECK ROOT BUILD" >&2; exit 2; }
check=$1
root=$2
build=$3
cd "$root" || exit 2
offences=0

offend() {
    printf '%s\n' "$*"
    offences=$((offences + 1))
}

# Our own files, zero-terminated, by the name patterns given. Results are data; build trees are nobody's source.
# Whatever git ignores is not looked at (a build tree of another name, for one), where there is a git to ask.
ours() {
    local -a names=()
    local pattern
    for pattern; do
        names+=(-o -name "$pattern")
    done
    if [[ -e .git ]] && command -v git >/dev/null && git ls-files >/dev/null 2>&1; then
        git ls-files -z --cached --others --exclude-standard | while IFS= read -r -d '' file; do
            [[ -f $file && $file != results/* ]] || continue
            for pattern; do
                # shellcheck disable=SC2053
                if [[ ${file##*/} == $pattern ]]; then
                    printf '%s\0' "$file"
                    break
                fi
            done
        done
    else
        find . \( -path ./build -o -path ./out -o -path ./.git -o -path ./results \) -prune -o \
            -type f \( "${names[@]:1}" \) -printf '%P\0'
    fi
}

code=('*.c' '*.h' '*.S' '*.ld' '*.lds' '*.ld.in' '*.cmake' CMakeLists.txt '*.sh' '*.py' '*.gp' '*.plt' qv run)

spdx() {
    local file
    while IFS= read -r -d '' file; do
        # Malformed input kept as test data is what it is, to the line.
        [[ $file == tests/*.yaml ]] && continue
        # A script's first line says what runs it.
        head -n 2 "$file" | grep -q 'SPDX-License-Identifier: MIT' || offend "$file: no SPDX line at its top"
    done < <(ours "${code[@]}" '*.yaml' '*.md')
}

length() {
    local file lines
    while IFS= read -r -d '' file; do
        lines=$(wc -l <"$file")
        ((lines <= 1000)) || offend "$file: $lines lines, more than 1000"
    done < <(ours "${code[@]}" '*.yaml' '*.md')
}

leftovers() {
    local file
    while IFS= read -r -d '' file; do
        while IFS= read -r hit; do
            offend "$file:$hit"
        done < <(grep -nwE 'TO''DO|FIX''ME|X''XX' "$file")
    done < <(ours "${code[@]}" '*.yaml' '*.md')
}

format() {
    local version file
    version=$(clang-format --version 2>/dev/null | sed -n 's/.*version \([0-9]*\).*/\1/p')
    # Each release lays some things out in another way: only the one that was used can judge.
    [[ $version == 14 ]] || { echo "clang-format 14 is not here (found: ${version:-none})"; exit 77; }
    while IFS= read -r -d '' file; do
        clang-format --dry-run -Werror "$file" >/dev/null 2>&1 || offend "$file: clang-format would change it"
    done < <(ours '*.c' '*.h')
}

# The monitor's common code knows no vendor: only svm/, vmx/, iommu/ and the file that chooses (with its
# header) do.
vendor() {
    local words='svm|svme|vmcb|vmrun|vmload|vmsave|vmmcall|stgi|clgi|skinit|invlpga|asid'
    words+='|vmx|vmcs|vmlaunch|vmresume|vmxon|vmxoff|vmread|vmwrite|vmptrld|vmclear|vmcall|invept|invvpid|ept|eptp|vpid'
    local file hit
    while IFS= read -r -d '' file; do
        case $file in
        os/monitor/svm/* | os/monitor/vmx/* | os/monitor/iommu/* | os/monitor/vendor.[ch]) continue ;;
        os/monitor/*) ;;
        *) continue ;;
        esac
        # Comments may well say what a vendor does: the compiler takes them out, and keeps the line numbers.
        while IFS= read -r hit; do
            offend "$file:$hit"
        done < <("${CC:-cc}" -fpreprocessed -dD -E -x c "$file" 2>/dev/null | strip_markers |
            grep -niE "(^|[^[:alnum:]])($words)([^[:alnum:]]|\$)")
    done < <(ours '*.c' '*.h' '*.S')
}

# Preprocessor output to text whose line numbers are the file's: markers `# N "file"` set the number of the next line.
strip_markers() {
    awk '/^# [0-9]+ "/ { want = $2; if (want > at) { while (at + 1 < want) { print ""; at++ } } next } { print; at++ }'
}

# Every header compiles alone, twice included, with the flags of a source near it.
headers() {
    local commands=$build/compile_commands.json file flags passed
    [[ -r $commands ]] || { echo "no $commands"; exit 2; }
    work=$(mktemp -d)
    trap 'rm -rf "$work"' EXIT
    # folder <tab> command line up to the output, of every source, each pair once
    sed -n 's/^ *"command": "\(.*\)",\{0,1\}$/c \1/p; s/^ *"file": "\(.*\)",\{0,1\}$/f \1/p' "$commands" |
        sed 's/\\\(.\)/\1/g' |
        awk '/^c / { command = substr($0, 3); sub(/ -o [^ ].* -c .*/, "", command); next }
             /^f / { folder = substr($0, 3); language = folder; sub(/\/[^\/]*$/, "", folder)
                     if (language ~ /\.c$/ && !((folder, command) in seen)) {
                         seen[folder, command]
                         print folder "\t" command
                     } }' >"$work/flags"
    while IFS= read -r -d '' file; do
        # lwIP includes this one for its macros, several times, each time with another meaning.
        [[ $file == */lwippools.h ]] && continue
        printf '#include "%s"\n#include "%s"\n' "$root/$file" "$root/$file" >"$work/alone.c"
        passed=''
        while [[ -z $passed ]] && IFS= read -r flags; do
            # The command line is as CMake quoted it for a shell.
            eval "$flags -fsyntax-only -Wno-unused -x c $(printf %q "$work/alone.c")" >"$work/errors" 2>&1 && passed=yes
        done < <(flags_for "$root/$(dirname "$file")" "$work/flags")
        if [[ -z $passed ]]; then
            offend "$file: does not compile by itself"
            head -n 5 "$work/errors"
        fi
    done < <(ours '*.h')
}

# flags_for FOLDER TABLE: the command lines of the sources in the folder, or of those below it, or the same for its
# parent, and so on; in the end those that a header of the shared layouts must do with.
flags_for() {
    local folder=$1
    while [[ $folder == "$root"/* ]]; do
        awk -F '\t' -v folder="$folder" '
            $1 == folder { exact = exact $2 "\n" }
            index($1, folder "/") == 1 { below = below $2 "\n" }
            END { printf "%s", exact != "" ? exact : below; exit exact == "" && below == "" }' "$2" && return
        folder=${folder%/*}
    done
    printf '%s\n' "${CC:-cc} -std=gnu11 -Wall -Wextra -I $(printf %q "$root/include") -I $(printf %q "$root")"
}

case $check in
spdx | length | leftovers | format | vendor | headers) "$check" ;;
*)
    echo "style.sh: no check named $check" >&2
    exit 2
    ;;
esac
((offences == 0)) || { echo "$offences offences"; exit 1; }
