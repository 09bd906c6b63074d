# SPDX-License-Identifier: LGPL-2.1-or-later
# SPDX-FileCopyrightText: 2026 The Bascule authors
# test/integration/system.py - fixture `system`: a whole device in one directory
"""A device: system.conf, slots on files or loop devices, boot loader state, data directory.

`system(bootloader="grub", slots=AB)` makes one; `device.install(bundle)` installs standalone;
`device.boot.primary()` asks the boot loader's own tool, not us; `device.boots("B")` pretends that
the boot loader started slot B.
"""
import hashlib
import json
import os
import re
import shutil
import signal
import subprocess
import zlib
from pathlib import Path

import pytest

SRCDIR = Path(os.environ.get("BSC_SRCDIR") or Path(__file__).resolve().parents[2])
BUILDDIR = Path(os.environ.get("BSC_BUILDDIR") or SRCDIR)
BASCULE = BUILDDIR / "bascule"
MIB = 1 << 20

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

    def __init__(self, path, keyring, bootloader="grub", slots=None, conf=None, booted="A"):
        self.dir = Path(path)
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
        self.conf["system"].update({"compatible": "test-device", "bootloader": bootloader,
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
        return [*self.wrapper, BASCULE, "--standalone", "--conf", self.config, "--run-dir",
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


def kill_group(process, number=signal.SIGKILL):
    os.killpg(process.pid, number)


def need(*programs):
    """Skips the test if one is missing."""
    for program in programs:
        if not shutil.which(program):
            pytest.skip(f"{program} is missing")


def need_root():
    if os.geteuid() != 0:
        pytest.skip("needs root: loop devices and mounts")


@pytest.fixture
def system(tmp_path, pki):
    """Factory of devices; see System."""
    made = []

    def make(**options):
        if not BASCULE.exists():
            pytest.skip("bascule is not built (configured --without-service)")
        if any(keys.get("loop") for keys in (options.get("slots") or {}).values()):
            need_root()
        need(*{"grub": ["grub-editenv"], "uboot": ["fw_printenv", "unshare"]}.get(
            options.get("bootloader", "grub"), []))
        made.append(System(tmp_path / f"system{len(made)}", Path(str(pki)) / "keyring.pem",
                           **options))
        return made[-1]

    yield make
    for device in made:
        device.close()
