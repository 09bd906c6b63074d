# SPDX-License-Identifier: LGPL-2.1-or-later
# SPDX-FileCopyrightText: 2026 The Bascule authors
# test/system/test_boot.py - real kernel, real GRUB: install, boot the new system, fall back
"""Not part of the quick run: needs qemu-system-x86, grub-pc-bin, grub-efi-amd64-bin, ovmf, mtools,
gdisk, kmod, cpio and busybox-static, and the network once for Debian's kernel package.

    BSC_BUILDDIR=… python3 -m pytest test/system
"""
import os
import shutil
import sys
import time
from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))
import image  # noqa: E402
import qemu  # noqa: E402

BUILD = Path(os.environ.get("BSC_BUILDDIR", "."))
OVMF = ("/usr/share/OVMF/OVMF_CODE_4M.fd", "/usr/share/OVMF/OVMF_VARS_4M.fd")
TOOLS = ("qemu-system-x86_64", "grub-mkimage", "grub-editenv", "sgdisk", "mcopy", "cpio", "depmod")

GRUB_CFG = """serial --unit=0 --speed=115200
terminal_output serial
load_env
set slot=
for name in $ORDER; do
	if [ -z "$slot" -a "$name" = A -a "$A_OK" = 1 -a "$A_TRY" = 0 ]; then
		set slot=A; set part=4; set A_TRY=1; save_env A_TRY
	fi
	if [ -z "$slot" -a "$name" = B -a "$B_OK" = 1 -a "$B_TRY" = 0 ]; then
		set slot=B; set part=5; set B_TRY=1; save_env B_TRY
	fi
done
if [ -z "$slot" ]; then
	set A_TRY=0; set B_TRY=0; save_env A_TRY B_TRY
	reboot
fi
echo "GRUB: slot $slot"
set root=(hd0,gpt$part)
linux /boot/vmlinuz root=/dev/vda$part console=ttyS0 quiet panic=1 rauc.slot=$slot
initrd /boot/initrd
boot
"""

SYSTEM_CONF = """[system]
compatible=qemu
bootloader=grub
grubenv=/boot-part/grub/grubenv
data-directory=/data/bascule
[keyring]
path=/etc/bascule/ca.pem
[slot.rootfs.0]
device=/dev/vda4
bootname=A
[slot.rootfs.1]
device=/dev/vda5
bootname=B
"""

# The first program of a system; what it does next stands on the data partition.
INIT = """#!/bin/busybox sh
/bin/busybox --install -s /bin
export PATH=/bin:/usr/bin
mount -t proc p /proc; mount -t sysfs s /sys; mount -t tmpfs r /run
mount -t ext4 /dev/vda6 /data; mount -t ext4 /dev/vda3 /boot-part
echo "SYSTEM $(cat /etc/version) UP"
{check}
bascule --standalone mark good booted; echo "GOOD $?"
if [ -e /data/todo ]; then
	todo=$(cat /data/todo); rm /data/todo; sync
	echo "INSTALLING"
	bascule --standalone $todo; echo "DONE $?"
else
	bascule --standalone status
fi
sync; umount /data /boot-part
{end}
"""


@pytest.fixture(scope="module")
def kernel(tmp_path_factory):
    for tool in TOOLS:
        if not shutil.which(tool) and not Path("/usr/sbin", tool).exists():
            pytest.skip(f"{tool} is missing")
    if not (BUILD / "bascule").exists():
        pytest.skip("bascule is not built: set BSC_BUILDDIR")
    cache = Path(os.environ.get("BSC_SYSTEM_CACHE", tmp_path_factory.mktemp("kernel")))
    cache.mkdir(exist_ok=True)
    try:
        return image.Kernel(cache)
    except RuntimeError as error:
        pytest.skip(f"no kernel package: {error}")


def make_root(work, kernel, initrd, pki, version, check="", end="poweroff -f"):
    tree = work / f"root-{version}"
    for name in ("bin", "sbin", "dev", "proc", "sys", "tmp", "run", "etc/bascule", "data", "boot",
                 "boot-part", "mnt"):
        (tree / name).mkdir(parents=True)
    shutil.copy("/bin/busybox", tree / "bin/busybox")
    image.copy_program(tree, BUILD / "bascule")
    shutil.copy(kernel.image, tree / "boot/vmlinuz")
    shutil.copy(initrd, tree / "boot/initrd")
    shutil.copy(pki / "ca.pem", tree / "etc/bascule/ca.pem")
    (tree / "etc/bascule/system.conf").write_text(SYSTEM_CONF)
    (tree / "etc/version").write_text(version)
    (tree / "sbin/init").write_text(INIT.replace("{check}", check).replace("{end}", end))
    (tree / "sbin/init").chmod(0o755)
    return image.ext4(tree, work / f"{version}.ext4", image.SLOT_SIZE, "root")


def make_bundle(work, pki, root, version):
    content = work / f"content-{version}"
    content.mkdir()
    os.link(root, content / "root.img")
    (content / "manifest.raucm").write_text(
        f"[update]\ncompatible=qemu\nversion={version}\n\n[image.rootfs]\nfilename=root.img\n")
    image.run(BUILD / "bascule-bundle", "create", f"--cert={pki}/signer.pem",
              f"--key={pki}/signer.key", f"--keyring={pki}/ca.pem", content,
              work / f"{version}.raucb")
    return work / f"{version}.raucb"


class Board:
    """A machine with one disk; each start is one boot, or several where the system resets."""

    def __init__(self, work, kernel, firmware, check=""):
        self.work = work
        pki = work / "pki"
        image.run("sh", HERE.parent / "support/pki.sh", pki)
        initrd = image.make_initrd(kernel, work)
        old = make_root(work, kernel, initrd, pki, "1.0")
        new = make_root(work, kernel, initrd, pki, "2.0", check)
        data, boot = work / "data", work / "boot"
        data.mkdir()
        (boot / "grub").mkdir(parents=True)
        shutil.copy(make_bundle(work, pki, new, "2.0"), data / "update.raucb")
        (data / "todo").write_text("install --no-progress /data/update.raucb")
        (boot / "grub/grub.cfg").write_text(GRUB_CFG)
        env = boot / "grub/grubenv"
        image.run("grub-editenv", env, "create")
        image.run("grub-editenv", env, "set", "ORDER=A B", "A_OK=1", "A_TRY=0", "B_OK=0",
                  "B_TRY=0")
        prefix = "(hd0,gpt3)/grub"
        self.disk = image.Disk(work / "disk.img", [
            ("bios", "ef02", image.MIB, None),
            ("esp", "ef00", image.ESP_SIZE, image.make_esp(work, prefix)),
            ("boot", "8300", image.BOOT_SIZE, image.ext4(boot, work / "boot.img",
                                                         image.BOOT_SIZE, "boot")),
            ("rootA", "8300", image.SLOT_SIZE, old), ("rootB", "8300", image.SLOT_SIZE, None),
            ("data", "8300", image.DATA_SIZE, image.ext4(data, work / "data.img",
                                                         image.DATA_SIZE, "data"))])
        image.install_grub_bios(self.disk, work, prefix)
        self.firmware = None
        if firmware == "uefi":
            shutil.copy(OVMF[1], work / "vars.fd")
            self.firmware = (OVMF[0], work / "vars.fd")

    def start(self):
        return qemu.x86(self.disk.path, self.firmware)


@pytest.mark.parametrize("firmware", ["bios", "uefi"])
def test_update_boots(tmp_path, kernel, firmware):
    if firmware == "uefi" and not Path(OVMF[0]).exists():
        pytest.skip("ovmf is missing")
    board = Board(tmp_path, kernel, firmware)
    with board.start() as machine:
        machine.wait_for("GRUB: slot A")
        machine.wait_for("SYSTEM 1.0 UP")
        assert machine.wait_for("DONE 0", "DONE 1") == "DONE 0", machine.text[-2000:]
        machine.wait_end()
    with board.start() as machine:
        machine.wait_for("GRUB: slot B")
        machine.wait_for("SYSTEM 2.0 UP")
        assert machine.wait_for("GOOD 0", "GOOD 1") == "GOOD 0", machine.text[-2000:]
        text = machine.wait_end()
        assert "boots next   rootfs.1 (B)" in text.replace("\r", "")


def test_bad_update_falls_back(tmp_path, kernel):
    """The new system resets before it marks itself good; GRUB boots the old one by itself."""
    board = Board(tmp_path, kernel, "bios", check="echo BROKEN; reboot -f")
    with board.start() as machine:
        assert machine.wait_for("DONE 0", "DONE 1") == "DONE 0", machine.text[-2000:]
        machine.wait_end()
    with board.start() as machine:  # -no-reboot: the reset ends the machine
        machine.wait_for("GRUB: slot B")
        machine.wait_for("BROKEN")
        machine.wait_end()
    with board.start() as machine:
        machine.wait_for("GRUB: slot A")
        machine.wait_for("SYSTEM 1.0 UP")


def test_power_cut_while_installing(tmp_path, kernel):
    """QEMU is killed in the middle of the writing; the old system boots and is marked good."""
    board = Board(tmp_path, kernel, "bios")
    with board.start() as machine:
        machine.wait_for("INSTALLING")
        time.sleep(1)
        machine.cut()
        assert "DONE" not in machine.text
    with board.start() as machine:
        machine.wait_for("GRUB: slot A")
        machine.wait_for("SYSTEM 1.0 UP")
        assert machine.wait_for("GOOD 0", "GOOD 1") == "GOOD 0", machine.text[-2000:]
