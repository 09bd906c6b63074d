#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# SPDX-FileCopyrightText: 2026 The Bascule authors
# test/quickstart/demo.sh - a good update and a bad one on a virtual device with two slots
set -euo pipefail
. "$top/test/quickstart/setup.sh"
build=${BSC_BUILDDIR:-$work/demo}
dev=$work/device
bus_pid='' service_pid='' loops=()

clean_up() {
    local loop
    [ -z "$service_pid" ] || kill "$service_pid" 2>/dev/null || true
    [ -z "$bus_pid" ] || kill "$bus_pid" 2>/dev/null || true
    if mountpoint -q "$dev/booted"; then umount "$dev/booted"; fi
    for loop in "${loops[@]}"; do losetup -d "$loop" || true; done
}
trap clean_up EXIT

show() { # prints a command as a user would type it, then runs it
    printf '\033[36m$ %s\033[0m\n' "$(echo "$*" | sed "s|$build/||g; s|$dev/||g")"
    "$@"
}

# ---- build host -----------------------------------------------------------------------------
make_image() { # VERSION INIT: the root file system with its version and what runs as /sbin/init
    local root=$dev/tree
    echo "$1" >"$root/etc/demo-version"
    rm -f "$root/sbin/init" # never through a link of the tree
    printf '%s\n' "$2" >"$root/sbin/init"
    chmod 755 "$root/sbin/init"
    mke2fs -q -F -t ext4 -d "$root" "$dev/$1.ext4" 512M 2>/dev/null
}

make_bundle() { # VERSION
    local content=$dev/content-$1
    mkdir -p "$content"
    mv "$dev/$1.ext4" "$content/rootfs.ext4"
    cat >"$content/manifest.raucm" <<M
[update]
compatible=demo-board
version=$1

[image.rootfs]
filename=rootfs.ext4
M
    show "$build/bascule-bundle" create --cert="$dev/keys/signer.pem" --key="$dev/keys/signer.key" \
        --keyring="$dev/keys/ca.pem" "$content" "$dev/update-$1.raucb"
}

# ---- the virtual device ---------------------------------------------------------------------
setup_device() {
    local i
    mkdir -p "$dev/data" "$dev/booted" "$dev/mnt"
    for i in 0 1; do
        truncate -s 512M "$dev/slot$i"
        loops+=("$(losetup -f --show "$dev/slot$i")")
    done
    # U-Boot's redundant environment: two copies in two files stand for two flash sectors
    truncate -s 32K "$dev/uboot-env"
    printf '%s 0x0000 0x4000\n%s 0x4000 0x4000\n' "$dev/uboot-env" "$dev/uboot-env" >"$dev/fw_env.config"
    printf 'BOOT_ORDER=A B\nBOOT_A_LEFT=3\nBOOT_B_LEFT=3\n' >"$dev/env.txt"
    fw_setenv -c "$dev/fw_env.config" -f "$dev/env.txt" -s "$dev/env.txt" 2>/dev/null
    cat >"$dev/bascule.conf" <<C
[system]
compatible=demo-board
bootloader=uboot
fw-env-config=$dev/fw_env.config
data-directory=$dev/data
mountprefix=$dev/mnt

[keyring]
path=$dev/keys/ca.pem

[slot.rootfs.0]
device=${loops[0]}
type=ext4
bootname=A

[slot.rootfs.1]
device=${loops[1]}
type=ext4
bootname=B
C
}

env_get() { fw_printenv -c "$dev/fw_env.config" -n "$1"; }

# What the boot script of a device does: first name of BOOT_ORDER with attempts left, one fewer.
boot_loader() {
    local name left
    for name in $(env_get BOOT_ORDER); do
        left=$((16#$(env_get "BOOT_${name}_LEFT")))
        [ "$left" -gt 0 ] || continue
        fw_setenv -c "$dev/fw_env.config" "BOOT_${name}_LEFT" "$(printf %x $((left - 1)))"
        echo "boot loader: trying $name, $((left - 1)) attempts left after this"
        booted=$name
        return
    done
    echo "boot loader: nothing left to boot"
    exit 1
}

# Runs the slot's own /sbin/init in the slot's own file system; a failure is a crash and a reset.
reboot_device() {
    local index
    [ -z "$service_pid" ] || { kill "$service_pid" && wait "$service_pid" || true; }
    service_pid=''
    while boot_loader; do
        [ "$booted" = A ] && index=0 || index=1
        mount -o ro "${loops[$index]}" "$dev/booted"
        if chroot "$dev/booted" /sbin/init; then
            umount "$dev/booted"
            break
        fi
        umount "$dev/booted"
        echo "device: the system did not come up; watchdog reset"
    done
    start_service
}

start_service() {
    "$build/basculed" --conf="$dev/bascule.conf" --override-boot-slot="$booted" \
        2>>"$dev/basculed.log" &
    service_pid=$!
    for _ in $(seq 100); do
        busctl --address="$DBUS_SYSTEM_BUS_ADDRESS" status org.bascule.Update1 >/dev/null 2>&1 &&
            return
        kill -0 "$service_pid" || { tail "$dev/basculed.log"; exit 1; }
        sleep 0.1
    done
}

start_bus() {
    cat >"$dev/bus.conf" <<B
<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig><listen>unix:path=$dev/bus</listen><auth>EXTERNAL</auth>
<policy context="default"><allow send_destination="*" eavesdrop="true"/><allow eavesdrop="true"/>
<allow own="*"/></policy></busconfig>
B
    dbus-daemon --config-file="$dev/bus.conf" --nofork 2>"$dev/bus.log" &
    bus_pid=$!
    export DBUS_SYSTEM_BUS_ADDRESS=unix:path=$dev/bus
    while [ ! -S "$dev/bus" ]; do sleep 0.05; done
}

rm -rf "$dev"
mkdir -p "$dev/tree"
if [ -z "${BSC_BUILDDIR-}" ]; then
    say "Building Bascule, and a root file system from Debian packages beside it"
    make_rootfs "$work/rootfs.tar" &
    build_tree "$build"
    wait $!
else
    make_rootfs "$work/rootfs.tar"
fi
tar -xf "$work/rootfs.tar" -C "$dev/tree" --exclude='./dev/*'

say "On the build host: throw-away keys, and a signed bundle of a real root file system"
sh "$top/test/support/pki.sh" "$dev/keys" >/dev/null
hello='#!/bin/sh
. /etc/os-release; read -r version </etc/demo-version
echo "init: $PRETTY_NAME, demo version $version, is up"'
make_image 1.0 "$hello"
mv "$dev/1.0.ext4" "$dev/factory.ext4"
make_image 2.0 "$hello"
make_bundle 2.0
show "$build/bascule-bundle" info --keyring="$dev/keys/ca.pem" "$dev/update-2.0.raucb"

say "A device with two slots: version 1.0 in slot A, nothing in slot B; U-Boot counts attempts"
setup_device
dd if="$dev/factory.ext4" of="${loops[0]}" bs=1M conv=fsync status=none
start_bus
reboot_device
show "$build/bascule" mark good booted
show "$build/bascule" status

say "A good update: installed over D-Bus into B while A runs"
show "$build/bascule" install "$dev/update-2.0.raucb"
show "$build/bascule" status

say "Reboot: the boot loader tries the new system, which proves itself and is marked good"
reboot_device
show "$build/bascule" mark good booted
show "$build/bascule" status

say "A bad update: version 3.0 is signed and installs well, but its init crashes"
make_image 3.0 '#!/bin/sh
echo "init: demo version 3.0: Segmentation fault"; exit 139'
make_bundle 3.0
show "$build/bascule" install "$dev/update-3.0.raucb"

say "Reboot: three attempts fail, then the boot loader falls back to the last good system"
reboot_device
show "$build/bascule" status
[ "$booted" = B ] || { echo "the device did not fall back"; exit 1; }

say "Done: version 2.0 runs in slot $booted. Everything is in $work; remove it to leave no trace."
