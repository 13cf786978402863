#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# fetch_lwip.sh ROOT: what cmake/fetch-lwip.sh asks apt for and what it refuses. An apt-get of our own stands in for the
# network; the package sources are made up.
set -u

unset QV_LWIP_TARBALL
fetch=$1/cmake/fetch-lwip.sh
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
bad=0
name=lwip_2.1.3+dfsg1.orig.tar.xz # one that lwip.sha256 names

wrong() {
    printf '%s\n' "$*"
    bad=1
}

want_refusal() { # want_refusal WORD TARBALL
    local output
    if output=$(QV_LWIP_TARBALL=$2 "$fetch" "$work/down" 2>&1); then
        wrong "$2 was taken"
    elif [[ $output != *$1* ]]; then
        wrong "refused without saying \"$1\": $output"
    fi
    compgen -G "$work/down/lwip_*" >/dev/null && wrong "$2 was refused but put into the folder"
}

mkdir "$work/down"
echo tampered >"$work/$name"
echo unknown >"$work/lwip_0.0.orig.tar.xz"
want_refusal 'not the checksum' "$work/$name"
want_refusal 'checksum is not known' "$work/lwip_0.0.orig.tar.xz"
want_refusal 'cannot read' "$work/nothing"

# Both forms of package sources, a disabled one, one that is for sources only, and comments.
mkdir -p "$work/etc/parts" "$work/bin"
cat >"$work/etc/sources.list" <<'END'
# deb http://comment.invalid/ a main
deb [signed-by=/k.gpg] http://one-line.invalid/debian stable main
deb-src http://already.invalid/debian stable main
END
cat >"$work/etc/parts/more.sources" <<'END'
# a comment
Types: deb deb-src
URIs: http://stanza.invalid/debian
Suites: stable
Components: main
Signed-By: /k.gpg

Types: deb
Enabled: no
URIs: http://disabled.invalid/debian
Suites: stable

Types: deb-src
URIs: http://only-sources.invalid/debian
Suites: stable
END
cat >"$work/apt.conf" <<END
Dir::Etc::SourceList "$work/etc/sources.list";
Dir::Etc::SourceParts "$work/etc/parts";
END
cat >"$work/bin/apt-get" <<END
#!/bin/sh
printf '%s\n' "\$*" >>"$work/calls"
case \$* in
*update*) cat "\$(dirname "\$2")"/sources.list.d/* >"$work/asked" ;;
*source*) cat "$work/given" >"\$(cat "$work/given-name")" ;;
esac
END
chmod +x "$work/bin/apt-get"
export APT_CONFIG=$work/apt.conf PATH=$work/bin:$PATH

echo "a new version" >"$work/given"
echo lwip_9.9.orig.tar.xz >"$work/given-name"
got=$("$fetch" "$work/down" 2>"$work/err") || wrong "failed: $(cat "$work/err")"
[[ $got == "$work/down/lwip_9.9.orig.tar.xz" && -f $got ]] || wrong "no tarball, but \"$got\""
grep -q "$(sha256sum <"$work/given" | cut -d' ' -f1)  lwip_9.9" "$work/down/authenticated.sha256" ||
    wrong "the sum of a version that nobody knew was not recorded"
grep -qx 'deb-src \[signed-by=/k.gpg\] http://one-line.invalid/debian stable main' "$work/asked" ||
    wrong "the one-line source was not asked for sources"
[[ $(grep -c '^Types: deb-src$' "$work/asked") -eq 1 ]] || wrong "not exactly one stanza was turned to deb-src"
grep -A3 '^Types: deb-src$' "$work/asked" | grep -q stanza.invalid || wrong "the wrong stanza was turned to deb-src"
grep -qE 'comment|disabled|only-sources|already|Types: deb$' "$work/asked" && wrong "a source that is none was asked"

calls=$(wc -l <"$work/calls")
"$fetch" "$work/down" >/dev/null 2>&1 || wrong "not content with what is there"
[[ $(wc -l <"$work/calls") -eq $calls ]] || wrong "fetched again although it is there"

echo tampered >"$work/down/lwip_9.9.orig.tar.xz"
echo "$name" >"$work/given-name"
"$fetch" "$work/down" >/dev/null 2>"$work/err" && wrong "a known name with another checksum was taken from apt"
grep -q 'not the checksum' "$work/err" || wrong "refused without saying why: $(cat "$work/err")"
compgen -G "$work/down/.apt.*" >/dev/null && wrong "left its private configuration behind"
exit $bad
