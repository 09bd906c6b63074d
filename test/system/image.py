# SPDX-License-Identifier: LGPL-2.1-or-later
# SPDX-FileCopyrightText: 2026 The Bascule authors
"""test/system/image.py - bootable A/B disk images from a kernel package, busybox and our programs

Needs no root: GPT by sgdisk, file systems by mke2fs -d and mtools, GRUB by grub-mkimage.
"""
import gzip
import os
import pathlib
import re
import shutil
import struct
import subprocess

MIB = 1 << 20
SECTOR = 512
BOOT_SIZE, SLOT_SIZE, DATA_SIZE, ESP_SIZE = 24 * MIB, 96 * MIB, 64 * MIB, 8 * MIB
MODULES = ["virtio", "virtio_ring", "virtio_pci_legacy_dev", "virtio_pci_modern_dev", "virtio_pci",
           "virtio_blk", "crc32c_generic", "libcrc32c", "crc16", "mbcache", "jbd2", "ext4"]


def run(*argv, **kw):
    r = subprocess.run([str(a) for a in argv], stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                       **kw)
    if r.returncode:
        raise RuntimeError(f"{' '.join(map(str, argv))}: {r.stdout.decode(errors='replace')}")
    return r.stdout.decode(errors="replace")


class Kernel:
    """Debian's kernel package, unpacked but never installed."""

    def __init__(self, work):
        self.dir = work / "kernel"
        if not list(self.dir.glob("boot/vmlinuz-*")):
            self.fetch(work)
        self.image = next(self.dir.glob("boot/vmlinuz-*"))
        self.version = self.image.name.removeprefix("vmlinuz-")
        self.modules = self.dir / "lib/modules" / self.version
        if not (self.modules / "modules.dep").exists():
            run("depmod", "-b", self.dir, self.version)

    def fetch(self, work):
        depends = run("apt-cache", "depends", "linux-image-amd64")
        name = re.search(r"Depends: (linux-image-\S+)", depends).group(1)
        run("apt-get", "download", name, cwd=work)
        deb = next(work.glob("linux-image-*.deb"))
        run("dpkg", "-x", deb, self.dir)
        deb.unlink()

    def find_modules(self, names):
        """Files of modules with what they need, in the order to load them."""
        depends = {}
        for line in (self.modules / "modules.dep").read_text().splitlines():
            path, needs = line.split(":")
            depends[pathlib.PurePath(path).name.split(".")[0].replace("-", "_")] = \
                (path, needs.split())
        found = []
        for name in names:
            if name not in depends:
                continue  # built in
            path, needs = depends[name]
            for p in [*reversed(needs), path]:
                if self.modules / p not in found:
                    found.append(self.modules / p)
        return found


def cpio_of(tree):
    names = run("find", ".", "-mindepth", "1", cwd=tree)
    return subprocess.run(["cpio", "-o", "-H", "newc", "--quiet", "-R", "0:0"], cwd=tree,
                          input=names.encode(), stdout=subprocess.PIPE, check=True).stdout


def make_initrd(kernel, work, modules=()):
    """Loads what the disk needs, mounts the root named by root=, and hands over."""
    out = work / "initrd"
    tree = work / "initrd.d"
    shutil.rmtree(tree, ignore_errors=True)
    for d in ("bin", "dev", "proc", "sys", "root", "m"):
        (tree / d).mkdir(parents=True)
    shutil.copy("/bin/busybox", tree / "bin/busybox")
    files = kernel.find_modules([*MODULES, *modules])
    for f in files:
        shutil.copy(f, tree / "m")
    loads = "\n".join(f"insmod /m/{f.name}" for f in files)
    init = tree / "init"
    init.write_text(f"""#!/bin/busybox sh
/bin/busybox --install -s /bin
mount -t devtmpfs dev /dev; mount -t proc proc /proc; mount -t sysfs sys /sys
{loads}
for w in $(cat /proc/cmdline); do case $w in root=*) root=${{w#root=}};; esac; done
n=0; while [ ! -b "$root" ] && [ $n -lt 50 ]; do sleep 0.1; n=$((n+1)); done
mount -t ext4 "$root" /root || {{ echo "initrd: no root $root"; poweroff -f; }}
mount --move /dev /root/dev; umount /proc /sys
exec switch_root /root /sbin/init
""")
    init.chmod(0o755)
    out.write_bytes(gzip.compress(cpio_of(tree), 1))
    return out


def copy_program(tree, program):
    """A program and the libraries it is linked to, below the same paths."""
    for line in run("ldd", program).splitlines():
        m = re.search(r"(/\S+) \(0x", line)
        if m:
            to = tree / m.group(1).lstrip("/")
            to.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(os.path.realpath(m.group(1)), to)
    to = tree / "usr/bin" / pathlib.Path(program).name
    to.parent.mkdir(parents=True, exist_ok=True)
    shutil.copy(os.path.realpath(program), to)


def ext4(tree, out, size, label):
    out.unlink(missing_ok=True)
    run("mke2fs", "-q", "-F", "-t", "ext4", "-L", label, "-E", "root_owner=0:0", "-d", tree, out,
        f"{size // 1024}k")
    return out


class Disk:
    """A GPT disk put together from partition images."""

    def __init__(self, path, parts):
        """@parts: (name, type code, size in bytes, image or None)"""
        self.path = path
        total = 2 * MIB + sum(size for _, _, size, _ in parts)
        path.unlink(missing_ok=True)
        with open(path, "wb") as f:
            f.truncate(total)
        args = []
        for i, (name, code, size, _) in enumerate(parts, 1):
            args += [f"--new={i}:0:+{size // 1024}K", f"--typecode={i}:{code}",
                     f"--change-name={i}:{name}"]
        run("sgdisk", "--clear", *args, path)
        self.start = {}
        offset = MIB
        for name, _, size, image in parts:
            self.start[name] = offset
            if image is not None:
                run("dd", f"if={image}", f"of={path}", "bs=1M", "conv=notrunc,sparse",
                    f"seek={offset // MIB}")
            offset += size

    def read(self, name, offset, length):
        with open(self.path, "rb") as f:
            f.seek(self.start[name] + offset)
            return f.read(length)

    def write(self, offset, data):
        with open(self.path, "r+b") as f:
            f.seek(offset)
            f.write(data)


def install_grub_bios(disk, work, prefix, lib=pathlib.Path("/usr/lib/grub/i386-pc")):
    """boot.img into the first sector, core.img into the partition `bios`; both name the next
    sectors by number (GRUB manual, "Images")."""
    core = work / "core.img"
    run("grub-mkimage", "-O", "i386-pc", "-p", prefix, "-o", core, "biosdisk", "part_gpt", "ext2",
        "normal", "linux", "loadenv", "test", "echo", "configfile", "serial", "terminal",
        "regexp", "reboot", "sleep", "halt")
    first = disk.start["bios"] // SECTOR
    boot = bytearray((lib / "boot.img").read_bytes())
    boot[0x5C:0x64] = struct.pack("<Q", first)
    image = bytearray(core.read_bytes())
    image += bytes(-len(image) % SECTOR)
    # the last block list entry of diskboot: start, number of sectors, segment to load to
    image[0x1F4:0x200] = struct.pack("<QHH", first + 1, len(image) // SECTOR - 1, 0x820)
    disk.write(0, bytes(boot[:440]))
    disk.write(disk.start["bios"], bytes(image))


def make_esp(work, prefix):
    """A FAT image with GRUB for UEFI."""
    efi, esp = work / "bootx64.efi", work / "esp.img"
    run("grub-mkimage", "-O", "x86_64-efi", "-p", prefix, "-o", efi, "part_gpt", "ext2", "normal",
        "linux", "loadenv", "test", "echo", "configfile", "serial", "terminal", "reboot", "sleep",
        "halt")
    esp.unlink(missing_ok=True)
    with open(esp, "wb") as f:
        f.truncate(ESP_SIZE)
    run("mformat", "-i", esp, "::")
    run("mmd", "-i", esp, "::/EFI", "::/EFI/BOOT")
    run("mcopy", "-i", esp, efi, "::/EFI/BOOT/BOOTX64.EFI")
    return esp
