# SPDX-License-Identifier: LGPL-2.1-or-later
# SPDX-FileCopyrightText: 2026 The Bascule authors
# test/quickstart/setup.sh - packages, build and a real root file system; sourced, not run
# shellcheck shell=bash

build_packages=(autoconf automake libtool make gcc pkg-config libc6-dev libglib2.0-dev
    libglib2.0-dev-bin libssl-dev zlib1g-dev liblzma-dev libzstd-dev liblz4-dev libfdisk-dev
    libjson-glib-dev python3 python3-docutils)
demo_packages=(squashfs-tools openssl dbus-daemon e2fsprogs mount util-linux mmdebstrap
    debian-archive-keyring libubootenv-tool busybox-static libglib2.0-bin xz-utils zstd)
check_packages=(python3-pytest python3-pytest-timeout python3-pytest-xdist python3-gi python3-dbus
    systemd grub-common dosfstools attr acl libcap2-bin lzip lzop bzip2 ncompress lz4 u-boot-tools
    rauc strace gdb clang libclang-rt-14-dev clang-format-14 git polkitd procps e2fsprogs tar file
    uuid-runtime softhsm2 opensc gnutls-bin libengine-pkcs11-openssl kmod)

say() { printf '\n\033[1m== %s\033[0m\n' "$*"; }

# Installs what is missing; starts and enables nothing.
install_packages() {
    local wanted=("${build_packages[@]}" "${demo_packages[@]}") missing=() p
    [ "$1" = check ] && wanted+=("${check_packages[@]}")
    for p in "${wanted[@]}"; do
        dpkg-query -W -f '${Status}' "$p" 2>/dev/null | grep -q 'ok installed' || missing+=("$p")
    done
    [ ${#missing[@]} = 0 ] && return
    say "Installing ${#missing[@]} Debian packages"
    {
        apt-get update
        # RUNLEVEL=1 makes invoke-rc.d start no service of a new package.
        RUNLEVEL=1 DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends \
            "${missing[@]}"
    } >"$work/apt.log" 2>&1 || {
        tail -n 20 "$work/apt.log" >&2
        echo "quickstart: apt could not install: ${missing[*]}" >&2
        exit 1
    }
}

# build_tree DIR CONFIGURE-OPTIONS…: configure and make out of tree; the log says why it failed
build_tree() {
    local dir=$1 log=$1/build.log
    shift
    mkdir -p "$dir"
    {
        [ -x "$top/configure" ] && [ "$top/configure" -nt "$top/configure.ac" ] || "$top/autogen.sh"
        cd "$dir"
        [ -f config.status ] || "$top/configure" --prefix=/usr --sysconfdir=/etc "$@"
        make -j"$(nproc)"
    } >"$log" 2>&1 || {
        grep -E 'error|Error' "$log" | head -n 20 >&2
        echo "quickstart: the build failed; the whole log is in $log" >&2
        return 1
    }
}

# make_rootfs OUT.tar PACKAGE,…: a Debian root file system from the mirrors apt uses; without a
# mirror a small one from busybox and the host's own libraries, so that all works offline too.
make_rootfs() {
    local out=$1 include=${2-} sources='' f
    for f in /etc/apt/sources.list /etc/apt/sources.list.d/*.sources; do
        [ ! -s "$f" ] || sources=$f
    done
    [ -s "$out" ] && return
    if mmdebstrap --variant=minbase --format=tar ${include:+--include="$include"} \
        --aptopt='Acquire::Languages "none"' --aptopt='Acquire::Retries "1"' \
        --dpkgopt='path-exclude=/usr/share/doc/*' --dpkgopt='path-exclude=/usr/share/man/*' \
        --dpkgopt='path-exclude=/usr/share/locale/*' \
        bookworm "$out.new" ${sources:+"$sources"} >"$work/mmdebstrap.log" 2>&1; then
        mv "$out.new" "$out"
        return
    fi
    rm -f "$out.new"
    echo "(no Debian mirror answers: a small root file system from this machine's files instead)"
    local root
    root=$(mktemp -d)
    mkdir -p "$root"/{bin,sbin,etc,usr/lib,proc,sys,dev,tmp,var}
    cp /bin/busybox "$root/bin/busybox"
    ln -s ../bin/busybox "$root/sbin/init"
    ln -s busybox "$root/bin/sh"
    cp /etc/os-release "$root/etc/os-release"
    cp -a /usr/share/perl5 /usr/share/zoneinfo "$root/usr/lib/" 2>/dev/null || true
    tar --numeric-owner -C "$root" -cf "$out" .
    rm -rf "$root"
}
