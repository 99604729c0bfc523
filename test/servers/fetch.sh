#!/usr/bin/env bash
# Real servers of other versions for the tests, from Debian's newer suites, unpacked with their own libraries, nothing installed:
#   fetch.sh DIR   ->  DIR/{redis-8.0,valkey-8.1,valkey-9.1}/bin/{server,cli,benchmark}
# A server that is there already is left alone. Exit 1 when one of them cannot be had; the others are kept.
set -eu
dir=${1:?usage: fetch.sh DIR}
mkdir -p "$dir/apt/lists/partial" "$dir/apt/cache/archives/partial"
dir=$(cd "$dir" && pwd)
mirror=$(grep -rhoE 'https?://[^ ]+/debian/?( |$)' /etc/apt/sources.list /etc/apt/sources.list.d 2>/dev/null | head -1 | tr -d ' ')
key=/usr/share/keyrings/debian-archive-keyring.gpg
libraries="libc6 libssl3t64 libsystemd0 libjemalloc2 liblzf1 libstdc++6 libgcc-s1 libatomic1 libcap2 libzstd1 zlib1g libcrypt1 liblzma5 liblz4-1 libgcrypt20 libgpg-error0"
options="-o Dir::Etc::sourcelist=$dir/apt/sources.list -o Dir::Etc::sourceparts=/dev/null -o Dir::State::Lists=$dir/apt/lists -o Dir::Cache=$dir/apt/cache"
updated=no
missing=0

update() {
  [ "$updated" = no ] || return 0
  for suite in trixie sid; do echo "deb [signed-by=$key] ${mirror%/} $suite main"; done >"$dir/apt/sources.list"
  # shellcheck disable=SC2086
  apt-get $options update -qq
  updated=yes
}

# NAME SUITE SERVER-PACKAGE TOOLS-PACKAGE PROGRAM-PREFIX
get() {
  local name=$1 suite=$2 prefix=$5 target=$dir/$1 package file loader program
  "$target/bin/server" --version >/dev/null 2>&1 && return 0
  update || return 1
  rm -rf "$target"
  mkdir -p "$target/deb" "$target/root" "$target/bin"
  for package in $3 $4 $libraries; do
    # A library that a suite does not have is not needed there; a missing server shows below.
    # shellcheck disable=SC2086
    (cd "$target/deb" && apt-get $options download -qq "$package/$suite" >/dev/null 2>&1) || true
  done
  for file in "$target"/deb/*.deb; do [ -e "$file" ] && dpkg -x "$file" "$target/root"; done
  rm -rf "$target/deb"
  loader=$(find "$target/root" -name ld-linux-x86-64.so.2 | head -1)
  for program in server cli benchmark; do
    file=$(find "$target/root/usr/bin" -name "$prefix-$program" 2>/dev/null | head -1)
    # The server is a link to the program that also checks files; it looks at the name it is called by.
    if [ -L "$file" ] || [ ! -e "$file" ]; then file=$(find "$target/root/usr/bin" -name "$prefix-check-rdb" 2>/dev/null | head -1); fi
    printf '#!/bin/sh\nexec "%s" --argv0 %s-%s --library-path "%s" "%s" "$@"\n' "$loader" "$prefix" "$program" "$target/root/usr/lib/x86_64-linux-gnu:$target/root/lib/x86_64-linux-gnu" "$file" >"$target/bin/$program"
    chmod +x "$target/bin/$program"
  done
  "$target/bin/server" --version
}

get redis-8.0 sid redis-server redis-tools redis || missing=1
get valkey-8.1 trixie valkey-server valkey-tools valkey || missing=1
get valkey-9.1 sid valkey-server valkey-tools valkey || missing=1
exit "$missing"
