# SPDX-License-Identifier: LGPL-2.1-or-later
# SPDX-FileCopyrightText: 2026 The Bascule authors
"""test/bench/device.py - what the benches share: real images, a device with two loop slots, a bus"""
import os
import pathlib
import shutil
import signal
import statistics
import subprocess
import tempfile
import time

TOP = pathlib.Path(__file__).resolve().parents[2]
MIB = 1 << 20
ROOTS = {
    "a": "python3,systemd,openssh-server,vim-tiny,iproute2,perl,curl",
    "b": "git,gcc-12-base,nano,busybox,python3-minimal,dbus,less,ca-certificates,gnupg,sqlite3,rsync",
}


def run(*argv, **kw):
    """Runs to the end; what it printed comes back, a failure carries it."""
    r = subprocess.run([str(a) for a in argv], stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                       text=True, **kw)
    if r.returncode:
        raise SystemExit(f"{' '.join(map(str, argv))}: exit {r.returncode}\n{r.stdout}")
    return r.stdout


def root_image(work, name):
    """A 1 GiB ext4 image with about 300 MB of Debian in it; made once."""
    image, tree, tar = work / f"{name}.ext4", work / name, work / f"{name}.tar"
    if image.exists():
        return image
    if not tar.exists():
        sources = sorted(pathlib.Path("/etc/apt/sources.list.d").glob("*.sources"))
        run("mmdebstrap", "--variant=minbase", "--format=tar", f"--include={ROOTS[name]}",
            "--aptopt=Acquire::Languages=none", "bookworm", tar,
            *(sources[:1] or ["/etc/apt/sources.list"]), env={**os.environ, "TMPDIR": str(work)})
    tree.mkdir(exist_ok=True)
    run("tar", "-xf", tar, "-C", tree, "--exclude=./dev/*")
    run("mke2fs", "-q", "-t", "ext4", "-d", tree, f"{image}.new", "1G")
    os.rename(f"{image}.new", image)
    shutil.rmtree(tree)
    return image


class Loop:
    """A loop device over a file that is allocated whole."""

    def __init__(self, path, size, old=None):
        self.path, self.old = path, old
        with open(path, "wb") as f:
            os.posix_fallocate(f.fileno(), 0, size)
        self.device = run("losetup", "-f", "--show", path).strip()

    def refill(self):
        """Puts the old image back, every block allocated."""
        run("dd", f"if={self.old}", f"of={self.path}", "bs=1M", "conv=notrunc,fsync")
        run("blockdev", "--flushbufs", self.device)

    def digest(self, size):
        return run("sh", "-c", f"head -c {size} {self.path} | sha256sum").split()[0]

    def close(self):
        run("losetup", "-d", self.device)
        os.unlink(self.path)


class Bus:
    """A private message bus; stands for the system bus."""

    def __init__(self, work):
        conf = work / "bus.conf"
        conf.write_text(f"""<!DOCTYPE busconfig PUBLIC
 "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig><listen>unix:path={work}/bus</listen><auth>EXTERNAL</auth>
<policy context="default"><allow send_destination="*" eavesdrop="true"/><allow eavesdrop="true"/>
<allow own="*"/></policy></busconfig>""")
        self.process = subprocess.Popen(["dbus-daemon", f"--config-file={conf}", "--nofork",
                                         "--print-address=1"], stdout=subprocess.PIPE,
                                        stderr=subprocess.DEVNULL, text=True)
        self.address = self.process.stdout.readline().strip()
        self.env = {**os.environ, "DBUS_SYSTEM_BUS_ADDRESS": self.address,
                    "DBUS_SESSION_BUS_ADDRESS": self.address, "DBUS_STARTER_BUS_TYPE": "session"}

    def wait_for(self, name, process):
        for _ in range(200):
            names = run("busctl", f"--address={self.address}", "--acquired", "list", env=self.env)
            if name in names:
                return
            if process.poll() is not None:
                break
            time.sleep(0.05)
        raise SystemExit(f"{name} did not appear on the bus")

    def close(self):
        self.process.terminate()
        self.process.wait()


class Device:
    """system.conf, keys, two slots, GRUB's environment; RAUC and Bascule read the same file."""

    def __init__(self, work, size, old=None):
        self.work = pathlib.Path(tempfile.mkdtemp(prefix="device.", dir=work))
        self.slots = [Loop(self.work / f"slot{i}", size if i else 16 * MIB, old)
                      for i in range(2)]
        self.slot = self.slots[1]
        self.pki = self.work / "pki"
        run("sh", TOP / "test/support/pki.sh", self.pki)
        run("grub-editenv", self.work / "grubenv", "create")
        run("grub-editenv", self.work / "grubenv", "set", "ORDER=A B", "A_OK=1", "A_TRY=0",
            "B_OK=1", "B_TRY=0")

    def write_config(self, slot_type="raw", own=""):
        conf = self.work / "system.conf"
        conf.write_text(f"""[system]
compatible=bench
bootloader=grub
grubenv={self.work}/grubenv
statusfile={self.work}/status.raucs
mountprefix={self.work}/mnt
{own}
[keyring]
path={self.pki}/ca.pem

[slot.rootfs.0]
device={self.slots[0].device}
type=raw
bootname=A

[slot.rootfs.1]
device={self.slots[1].device}
type={slot_type}
bootname=B
""")
        return conf

    def close(self):
        for slot in self.slots:
            slot.close()
        shutil.rmtree(self.work)


def bundle(tool, device, image, fmt, name, *args, image_type="ext4"):
    """A signed bundle of one image."""
    content = device.work / f"content-{name}"
    content.mkdir()
    os.link(image, content / f"root.{image_type}") if image.stat().st_dev == \
        content.stat().st_dev else shutil.copy(image, content / f"root.{image_type}")
    (content / "manifest.raucm").write_text(
        f"[update]\ncompatible=bench\nversion=1\n\n[bundle]\nformat={fmt}\n\n"
        f"[image.rootfs]\nfilename=root.{image_type}\n")
    out = device.work / f"{name}.raucb"
    run(tool, "create", f"--cert={device.pki}/signer.pem", f"--key={device.pki}/signer.key",
        f"--keyring={device.pki}/ca.pem", *args, content, out)
    return out


def drop_caches():
    run("sync")
    pathlib.Path("/proc/sys/vm/drop_caches").write_text("3")


def warm(*paths):
    for path in paths:
        run("sh", "-c", f"cat {path} >/dev/null")


def timed(argv, **kw):
    begin = time.monotonic()
    run(*argv, **kw)
    return time.monotonic() - begin


def stop(process):
    process.send_signal(signal.SIGTERM)
    process.wait(20)


def memory_kib(pid):
    """Private_Dirty, Private_Clean and Anonymous of a process, in KiB; {} once it is gone."""
    try:
        lines = pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()[1:]
    except (FileNotFoundError, ProcessLookupError):
        return {}
    values = {line.split(":")[0]: int(line.split()[1]) for line in lines}
    return {k: values.get(k, 0) for k in ("Private_Dirty", "Private_Clean", "Anonymous", "Pss")}


median = statistics.median
