# SPDX-License-Identifier: LGPL-2.1-or-later
# SPDX-FileCopyrightText: 2026 The Bascule authors
# test/integration/system.py - fixtures `system` and `make_bundle`: a device in a directory
"""A device: system.conf, slots on files or loop devices, boot loader state, data directory.

`system(bootloader="grub", slots=AB)` makes one; `device.install(bundle)` installs standalone;
`device.boot.primary()` asks the boot loader's own tool, not us; `device.boots("B")` pretends that
the boot loader started slot B.
"""
import hashlib
import itertools
import json
import os
import random
import re
import shutil
import signal
import subprocess
import zlib
from pathlib import Path

import pytest

MIB = 1 << 20

# exit statuses of bascule(1)
FAILED, REJECTED, BUSY, NO_DESTINATION, UNTRUSTED = 1, 10, 11, 12, 13
CORRUPT, DOWNLOAD, WRITE, HOOK_FAILED, BOOT, CANCELLED = 14, 15, 16, 17, 18, 19

# name -> keys of [slot.NAME]; `size` in bytes and `loop` (a loop device over the file) are ours
AB = {
    "rootfs.0": {"bootname": "A"},
    "rootfs.1": {"bootname": "B"},
}
ABC = {**AB, "rootfs.2": {"bootname": "C"}}
GROUPS = {
    **AB,
    "appfs.0": {"parent": "rootfs.0"},
    "appfs.1": {"parent": "rootfs.1"},
}


LOOP_AB = {name: {**keys, "type": "ext4", "loop": True} for name, keys in AB.items()}


class GrubBoot:
    """grubenv, judged by grub-editenv."""
    word = "grub"

    def __init__(self, device, bootnames):
        self.path = device.dir / "grubenv"
        subprocess.run(["grub-editenv", self.path, "create"], check=True)
        values = ["ORDER=" + " ".join(bootnames)]
        values += [f"{name}_OK=1" for name in bootnames] + [f"{name}_TRY=0" for name in bootnames]
        self.set(*values)
        self.conf = {"grubenv": self.path}

    def set(self, *values):
        subprocess.run(["grub-editenv", self.path, "set", *values], check=True)

    def read(self):
        text = subprocess.run(["grub-editenv", self.path, "list"], check=True,
                              capture_output=True, text=True).stdout
        return dict(line.split("=", 1) for line in text.splitlines() if "=" in line)

    def is_good(self, name):
        values = self.read()
        return values.get(f"{name}_OK") == "1" and values.get(f"{name}_TRY") == "0"

    def primary(self):
        """What grub.cfg would start: the first good one in ORDER."""
        return next((n for n in self.read().get("ORDER", "").split() if self.is_good(n)), None)


class UbootBoot:
    """A redundant U-Boot environment in two files, judged by fw_printenv."""
    word = "uboot"
    SIZE = 0x4000

    def __init__(self, device, bootnames):
        values = {"bootcmd": "run bootslot", "ethaddr": "02:00:00:00:00:01",
                  "BOOT_ORDER": " ".join(bootnames)}
        values.update({f"BOOT_{name}_LEFT": "3" for name in bootnames})
        data = b"".join(f"{k}={v}".encode() + b"\0" for k, v in values.items())
        data = data.ljust(self.SIZE - 5, b"\0")
        self.config = device.dir / "fw_env.config"
        lines = []
        for number, flag in enumerate((b"\1", b"\0")):
            path = device.dir / f"uboot{number}.env"
            path.write_bytes(zlib.crc32(data).to_bytes(4, "little") + flag + data)
            lines.append(f"{path} 0x0 {self.SIZE:#x}\n")
        self.config.write_text("".join(lines))
        self.conf = {}
        # both programs read /etc/fw_env.config: shown to ours in a mount namespace of its own
        over = device.dir / "etc"
        for part in ("upper", "work"):
            (over / part).mkdir(parents=True)
        shutil.copy(self.config, over / "upper/fw_env.config")
        mount = f"lowerdir=/etc,upperdir={over}/upper,workdir={over}/work"
        device.wrapper = ["unshare", "-m", "sh", "-c",
                          f'mount -t overlay -o {mount} overlay /etc && exec "$@"', "sh"]

    def set(self, *values):
        script = "".join(value + "\n" for value in values)
        subprocess.run(["fw_setenv", "-c", self.config, "-s", "-"], input=script, text=True,
                       check=True)

    def read(self):
        text = subprocess.run(["fw_printenv", "-c", self.config], check=True, capture_output=True,
                              text=True).stdout
        return dict(line.split("=", 1) for line in text.splitlines() if "=" in line)

    def is_good(self, name):
        values = self.read()
        in_order = name in values.get("BOOT_ORDER", "").split()
        return in_order and int(values.get(f"BOOT_{name}_LEFT", "0"), 16) > 0

    def primary(self):
        order = self.read().get("BOOT_ORDER", "").split()
        return next((name for name in order if self.is_good(name)), None)


class CustomBoot:
    """A backend script that keeps its state in files."""
    word = "custom"
    SCRIPT = """#!/bin/sh
cd '{dir}' || exit 1
echo "$*" >> log
[ ! -e broken ] || exit 1
case $1 in
get-primary) cat primary ;;
set-primary) echo "$2" > primary; echo good > "state.$2" ;;
get-state) cat "state.$2" ;;
set-state) echo "$3" > "state.$2" ;;
get-current) ;;
*) exit 1 ;;
esac
"""

    def __init__(self, device, bootnames):
        self.dir = device.dir / "custom"
        self.dir.mkdir()
        script = self.dir / "backend"
        script.write_text(self.SCRIPT.format(dir=self.dir))
        script.chmod(0o755)
        (self.dir / "primary").write_text(bootnames[0] + "\n")
        for name in bootnames:
            (self.dir / f"state.{name}").write_text("good\n")
        self.conf = {}
        device.conf["handlers"]["bootloader-custom-backend"] = script

    def read(self):
        return {path.name: path.read_text().strip() for path in self.dir.glob("*")
                if path.name not in ("backend", "log")}

    def is_good(self, name):
        return self.read()[f"state.{name}"] == "good"

    def primary(self):
        name = self.read()["primary"]
        return name if self.is_good(name) else None


class NoopBoot:
    """No boot loader at all."""
    word = "noop"

    def __init__(self, _device, _bootnames):
        self.conf = {}

    def read(self):
        return {}

    def primary(self):
        return None


BOOTLOADERS = {boot.word: boot for boot in (GrubBoot, UbootBoot, CustomBoot, NoopBoot)}


class Slot:
    """One slot: a file, or a loop device over it."""

    def __init__(self, device, name, keys):
        self.name = name
        self.keys = dict(keys)
        self.size = self.keys.pop("size", 8 * MIB)
        self.file = device.dir / f"{name}.slot"
        # old content, so that a forgotten write shows
        self.file.write_bytes((f"old content of {name} ".encode() * 256)[:4096]
                              * (self.size // 4096))
        self.loop = None
        if self.keys.pop("loop", False):
            self.loop = subprocess.run(["losetup", "-f", "--show", self.file], check=True,
                                       capture_output=True, text=True).stdout.strip()
        self.device = self.loop or str(self.file)

    def read(self, size=None):
        with open(self.device, "rb") as stream:
            return stream.read(size if size is not None else -1)

    def digest(self):
        return hashlib.sha256(self.read()).hexdigest()

    def mount(self, where, *options):
        where.mkdir(exist_ok=True)
        subprocess.run(["mount", *options, self.device, where], check=True)

    def close(self):
        if self.loop:
            subprocess.run(["losetup", "-d", self.loop], check=False)


class Result:
    """How a run of the program ended."""

    def __init__(self, done):
        self.status = done.returncode
        self.stdout = done.stdout
        self.stderr = done.stderr

    @property
    def json(self):
        return json.loads(self.stdout)

    @property
    def message(self):
        """The error line, without the program's name."""
        return self.stderr.strip().splitlines()[-1].removeprefix("bascule: ")


class System:
    """The device."""

    def __init__(self, path, keyring, bascule, bootloader="grub", slots=None, conf=None,
                 booted="A"):
        self.dir = Path(path)
        self.bascule = bascule
        self.dir.mkdir(parents=True)
        self.wrapper = []
        self.booted = booted
        self.conf = {"system": {}, "keyring": {"path": keyring}, "handlers": {}}
        self.slots = {name: Slot(self, name, keys) for name, keys in (slots or AB).items()}
        bootnames = [s.keys["bootname"] for s in self.slots.values() if "bootname" in s.keys]
        self.boot = BOOTLOADERS[bootloader](self, bootnames)
        self.data = self.dir / "data"
        self.run_dir = self.dir / "run"
        self.run_dir.mkdir()
        self.conf["system"].update({"compatible": "test-system", "bootloader": bootloader,
                                    "data-directory": self.data, **self.boot.conf})
        self.change_conf(conf or {})

    def change_conf(self, changes):
        """changes: section -> {key: value}; a value of None takes the key away."""
        for section, keys in changes.items():
            self.conf.setdefault(section, {}).update(keys)
        sections = dict(self.conf)
        for name, slot in self.slots.items():
            sections[f"slot.{name}"] = {"device": slot.device, **slot.keys}
        text = ""
        for section, keys in sections.items():
            lines = [f"{k}={v}\n" for k, v in keys.items() if v is not None]
            if lines:
                text += f"[{section}]\n" + "".join(lines) + "\n"
        self.config = self.dir / "system.conf"
        self.config.write_text(text)

    def command(self, *args):
        return [*self.wrapper, self.bascule, "--standalone", "--conf", self.config, "--run-dir",
                self.run_dir, "--mount", self.dir / "mnt", "--override-boot-slot", self.booted,
                *map(str, args)]

    def run(self, *args, **options):
        return Result(subprocess.run(self.command(*args), capture_output=True, text=True,
                                     check=False, timeout=300, **options))

    def start(self, *args):
        """Starts it in its own process group, so that a test can send signals."""
        return subprocess.Popen(self.command(*args), stdout=subprocess.PIPE,
                                stderr=subprocess.PIPE, text=True, start_new_session=True)

    def install(self, bundle, *args):
        """Installs; Result.json has transaction, outcome, message and what each slot cost."""
        return self.run("install", "--no-progress", "--output-format=json", *args, bundle)

    def status(self, *args):
        result = self.run("status", "--output-format=json", *args)
        assert result.status == 0, result.stderr
        return result.json

    def slot_status(self, name):
        slots = self.status("--detailed")["slots"]
        return next(slot[name] for slot in slots if name in slot)

    def mark(self, state, slot="booted"):
        return self.run("mark", state, slot)

    def boots(self, bootname):
        """The boot loader has started this slot: a new boot of the device."""
        self.booted = bootname
        return self

    def reboot(self):
        """Boots what the boot loader would."""
        return self.boots(self.boot.primary())

    def digests(self):
        return {name: slot.digest() for name, slot in self.slots.items()}

    def close(self):
        mounts = re.findall(rf" ({re.escape(str(self.dir))}\S*) ",
                            Path("/proc/self/mountinfo").read_text())
        for mount in reversed(mounts):
            subprocess.run(["umount", mount], check=False)
        for slot in self.slots.values():
            slot.close()


def random_bytes(size, seed=0):
    """Bytes that do not compress and are the same in every run."""
    return random.Random(seed).randbytes(size)


def sparse_bytes(seed=1, size=3 * MIB):
    """An image with data, zeros and data."""
    third = size // 3
    return random_bytes(third, seed) + bytes(third) + random_bytes(third, seed + 1000)


def ext4_image(tmp_path, seed=1, size=6 * MIB):
    tree = tmp_path / f"tree{seed}"
    tree.mkdir()
    (tree / "file").write_bytes(random_bytes(100000, seed))
    image = tmp_path / f"image{seed}.ext4"
    subprocess.run(["mkfs.ext4", "-q", "-d", tree, image, f"{size // 1024}k"], check=True)
    return image.read_bytes()


class Untouched:
    """The running slots and what boots next, to be compared later."""

    def __init__(self, device):
        self.device = device
        self.running = [name for name, slot in device.slots.items()
                        if slot.keys.get("bootname") == device.booted
                        or self.bootname_of_parent(slot) == device.booted]
        self.digests = {name: device.slots[name].digest() for name in self.running}
        self.primary = device.boot.primary()

    def bootname_of_parent(self, slot):
        parent = self.device.slots.get(slot.keys.get("parent"))
        return parent and parent.keys.get("bootname")

    def check(self):
        assert {name: self.device.slots[name].digest() for name in self.running} == self.digests
        assert self.device.boot.primary() == self.primary


def check_installs(device, bundle, *args):
    """A good bundle goes in, and its slot boots next."""
    before = device.boot.primary()
    result = device.install(bundle, *args)
    assert result.status == 0, result.stderr
    assert result.json["outcome"] == "ok"
    assert device.boot.primary() is None or device.boot.primary() != device.booted, before
    return result


def check_refused(device, good, result, status, text):
    """What was refused with @text did no harm, and a good bundle can be installed after it."""
    assert re.fullmatch(text, result.message), result.message
    assert result.status == status, result.stderr
    check_installs(device, good)


def kill_group(process, number=signal.SIGKILL):
    os.killpg(process.pid, number)


def need(*programs):
    """Skips the test if one is missing."""
    for program in programs:
        if not shutil.which(program):
            pytest.skip(f"{program} is missing")


def need_file_system(name):
    run = subprocess.run(["modprobe", name], check=False, capture_output=True) \
        if shutil.which("modprobe") else None
    if name not in Path("/proc/filesystems").read_text().split():
        pytest.skip(f"this kernel has no {name}: {run and run.stderr.decode().strip()}")


def need_root():
    if os.geteuid() != 0:
        pytest.skip("needs root: loop devices and mounts")


@pytest.fixture
def system(tmp_path, pki):
    """Factory of devices; see System."""
    from conftest import program  # which loads this file: not at the top
    made = []

    def make(**options):
        if any(keys.get("loop") for keys in (options.get("slots") or {}).values()):
            need_root()
        need(*{"grub": ["grub-editenv"], "uboot": ["fw_printenv", "unshare"]}.get(
            options.get("bootloader", "grub"), []))
        made.append(System(tmp_path / f"system{len(made)}", pki / "keyring.pem",
                           program("bascule"), **options))
        return made[-1]

    yield make
    for device in made:
        device.close()


@pytest.fixture
def make_bundle(bundle, content):
    """make_bundle({class: (file name, bytes[, {key: value}])}, …) → path."""
    numbers = itertools.count()

    def make(images=None, form="verity", signer="signer", compatible="test-system", version="1.0",
             text="", files=None, args=()):
        images = images or {"rootfs": ("rootfs.img", sparse_bytes(seed=int(next(numbers))))}
        manifest = f"[update]\ncompatible={compatible}\nversion={version}\n\n{text}\n"
        content_files = dict(files or {})
        for name, (file, data, *keys) in images.items():
            manifest += f"[image.{name}]\n" + (f"filename={file}\n" if file else "")
            manifest += "".join(f"{k}={v}\n" for pair in keys for k, v in pair.items())
            if file:
                content_files[file] = data
        directory = content(manifest=manifest, files=content_files, name=f"in-{next(numbers)}")
        for file in files or {}:
            (directory / file).chmod(0o755)
        return bundle(form, signer=signer, directory=directory, args=args)
    return make
