#!/bin/sh
# SPDX-License-Identifier: MIT
# fetch-lwip.sh DIR: puts the upstream tarball of the distribution's lwIP source package into DIR, unless one is there,
# and prints its path. QV_LWIP_TARBALL names a tarball to take instead, without any network.
#
# Source packages are usually not enabled in apt's configuration, which is not ours to change: the machine's own
# package sources are copied into a private configuration, turned to deb-src, and asked there. Apt checks the
# archive's signature and the file's checksum; on top of that a tarball that lwip.sha256 names must have that sum.
# One that it does not name is taken on apt's word, and its sum is recorded in DIR/authenticated.sha256.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
known=$here/lwip.sha256

die() {
    printf 'fetch-lwip: %s\n' "$*" >&2
    exit 1
}

sum_of() {
    sha256sum <"$1" | cut -d' ' -f1
}

# expected SUMS NAME: the sum that the file SUMS has for NAME, or nothing
expected() {
    [ -f "$1" ] && awk -v name="$2" '$1 !~ /^#/ && $2 == name { print $1; exit }' "$1"
}

# 0: has the sum that lwip.sha256 or DIR/authenticated.sha256 names; 1: has another one; 2: nobody knows this name
verify() {
    name=$(basename "$1")
    want=$(expected "$known" "$name" || :)
    [ -n "$want" ] || want=$(expected "$dir/authenticated.sha256" "$name" || :)
    [ -n "$want" ] || return 2
    [ "$(sum_of "$1")" = "$want" ]
}

# Every `deb` entry of the machine as a `deb-src` entry below $1/sources.list.d.
copy_sources() {
    mkdir -p "$1/sources.list.d"
    eval "$(apt-config shell one Dir::Etc::sourcelist/f parts Dir::Etc::sourceparts/d)"
    # shellcheck disable=SC2154 # set by what apt-config printed
    for list in "$one" "$parts"/*.list; do
        [ -r "$list" ] || continue
        sed -n 's/^[[:space:]]*deb[[:space:]]/deb-src /p' "$list" >"$1/sources.list.d/$(basename "$list" .list).list"
    done
    for list in "$parts"/*.sources; do
        [ -r "$list" ] || continue
        # A stanza counts when its types include deb and it is not disabled.
        awk '
            function flush() {
                if (binary && !disabled)
                    printf "%s\n", stanza
                stanza = ""; binary = 0; disabled = 0
            }
            /^[[:space:]]*$/ { flush(); next }
            /^#/ { next }
            tolower($1) == "types:" {
                for (i = 2; i <= NF; i++)
                    if ($i == "deb")
                        binary = 1
                stanza = stanza "Types: deb-src\n"
                next
            }
            tolower($1) == "enabled:" && tolower($2) ~ /^(no|false|without|off|disable)$/ { disabled = 1 }
            { stanza = stanza $0 "\n" }
            END { flush() }
        ' "$list" >"$1/sources.list.d/$(basename "$list")"
    done
    : >"$1/sources.list"
}

# A configuration read after the machine's own (so that proxies and the like stay in force). Its hooks for updates are
# dropped: they concern the machine's package lists, which this does not touch.
write_config() {
    mkdir -p "$1/lists/partial" "$1/cache/archives/partial"
    cat >"$1/apt.conf" <<END
#clear APT::Update::Pre-Invoke;
#clear APT::Update::Post-Invoke;
#clear APT::Update::Post-Invoke-Success;
Dir::Etc::SourceList "$1/sources.list";
Dir::Etc::SourceParts "$1/sources.list.d";
Dir::State::Lists "$1/lists";
Dir::Cache "$1/cache";
Acquire::Languages "none";
Acquire::Retries "2";
END
}

[ $# -eq 1 ] || die "usage: fetch-lwip.sh DIR"
mkdir -p "$1"
dir=$(cd "$1" && pwd)

if [ -n "${QV_LWIP_TARBALL:-}" ]; then
    [ -r "$QV_LWIP_TARBALL" ] || die "QV_LWIP_TARBALL: cannot read $QV_LWIP_TARBALL"
    status=0
    verify "$QV_LWIP_TARBALL" || status=$?
    [ $status -ne 1 ] || die "$QV_LWIP_TARBALL has not the checksum that $known names"
    [ $status -ne 2 ] || die "$(basename "$QV_LWIP_TARBALL") is not in $known: its checksum is not known"
    cp "$QV_LWIP_TARBALL" "$dir/.part.$$"
    mv "$dir/.part.$$" "$dir/$(basename "$QV_LWIP_TARBALL")"
    printf '%s\n' "$dir/$(basename "$QV_LWIP_TARBALL")"
    exit 0
fi

for tarball in "$dir"/lwip_*.orig.tar.*; do
    if [ -f "$tarball" ] && verify "$tarball"; then
        printf '%s\n' "$tarball"
        exit 0
    fi
done

command -v apt-get >/dev/null || die "no apt-get here: get the tarball by hand and name it in QV_LWIP_TARBALL"
work=$(mktemp -d "$dir/.apt.XXXXXX")
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM
copy_sources "$work"
write_config "$work"

# Sources of third parties often have no source packages and make this fail: what matters is whether lwip is found.
apt-get -c "$work/apt.conf" -q update >"$work/log" 2>&1 || :
mkdir "$work/got"
if ! (cd "$work/got" && apt-get -c "$work/apt.conf" -q source --download-only lwip >>"$work/log" 2>&1); then
    tail -n 15 "$work/log" >&2
    die "the package sources of this machine do not give the source package lwip"
fi
set -- "$work"/got/lwip_*.orig.tar.*
for tarball; do
    case $tarball in *.asc) continue ;; esac
    name=$(basename "$tarball")
    status=0
    verify "$tarball" || status=$?
    [ $status -ne 1 ] || die "$name has not the checksum that $known names; got $(sum_of "$tarball")"
    if [ $status -eq 2 ]; then
        printf 'fetch-lwip: %s is not in %s; taken as apt authenticated it\n' "$name" "$known" >&2
        printf '%s  %s\n' "$(sum_of "$tarball")" "$name" >>"$dir/authenticated.sha256"
    fi
    mv "$tarball" "$dir/$name"
    printf '%s\n' "$dir/$name"
    exit 0
done
die "the source package lwip came without an upstream tarball"
