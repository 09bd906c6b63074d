# SPDX-License-Identifier: LGPL-2.1-or-later
# SPDX-FileCopyrightText: 2026 The Bascule authors
# test/integration/test_rauc_install.py - the real RAUC installs our bundles, we install its bundles
"""One device, one system.conf, both systems in turn, with the real `rauc service` of Debian's
package on a private bus. What RAUC 1.8 cannot do here is listed with its reason."""
import os
import subprocess
import time
from pathlib import Path

import pytest

pytest.importorskip("gi")
from service import Bus  # noqa: E402
from system import MIB, need, need_root  # noqa: E402

RAUC_SECONDS = 60
SLOTS = {"rootfs.0": {"type": "raw", "bootname": "A", "loop": True},
         "rootfs.1": {"type": "raw", "bootname": "B", "loop": True}}
# RAUC opens these formats through the kernel; reading them with our programs needs none of it
KERNEL_NEEDS = {"plain": None, "verity": "/dev/mapper/control", "crypt": "/dev/mapper/control"}


class Rauc:
    """The real service of RAUC for a device, on a bus of its own."""

    def __init__(self, device, folder):
        self.bus = Bus(folder)
        self.env = {**self.bus.env, "DBUS_STARTER_BUS_TYPE": "session",
                    "DBUS_SESSION_BUS_ADDRESS": self.bus.address}
        self.process = subprocess.Popen(
            ["rauc", f"--conf={device.config}", "service", f"--override-boot-slot={device.booted}"],
            env=self.env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        end = time.monotonic() + RAUC_SECONDS
        while self.bus.owner("de.pengutronix.rauc") is None:
            assert self.process.poll() is None and time.monotonic() < end, "rauc did not start"
            time.sleep(0.05)

    def run(self, *args):
        return subprocess.run(["rauc", *map(str, args)], env=self.env, check=False, text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              timeout=RAUC_SECONDS)

    def close(self):
        self.process.terminate()
        self.process.wait(RAUC_SECONDS)
        self.bus.stop()


@pytest.fixture
def device(system):
    """A device whose system.conf both understand."""
    need_root()
    need("rauc", "grub-editenv", "losetup")
    made = system(slots=SLOTS)
    # RAUC 1.8 has no data-directory; a status file is common ground
    made.change_conf({"system": {"data-directory": None, "mountprefix": made.dir / "mnt",
                                 "statusfile": made.dir / "status.raucs"}})
    (made.dir / "mnt").mkdir()
    return made


@pytest.fixture
def rauc(device, tmp_path):
    made = []

    def start():
        folder = tmp_path / f"rauc-{len(made)}"
        folder.mkdir()
        made.append(Rauc(device, folder))
        return made[-1]
    yield start
    for one in made:
        one.close()


@pytest.fixture
def image():
    """A raw image with something in it, a hole and an odd tail."""
    return os.urandom(2 * MIB) + bytes(MIB) + os.urandom(4096)


@pytest.fixture
def ours(content, bundle, image):
    def make(form):
        manifest = "[update]\ncompatible=test-system\nversion=2\n\n[image.rootfs]\nfilename=r.img\n"
        return bundle(form, directory=content(manifest, {"r.img": image}, name=f"c-{form}"))
    return make


@pytest.fixture
def theirs(content, pki, image, tmp_path):
    def make(form):
        manifest = ("[update]\ncompatible=test-system\nversion=3\n\n"
                    f"[bundle]\nformat={form}\n\n[image.rootfs]\nfilename=r.img\n")
        directory = content(manifest, {"r.img": image}, name=f"t-{form}")
        path = tmp_path / f"theirs-{form}.raucb"
        subprocess.run(["rauc", "bundle", f"--cert={pki}/signer.pem", f"--key={pki}/signer.key",
                        f"--keyring={pki}/ca.pem", directory, path], check=True,
                       capture_output=True)
        return path
    return make


def skip_without_kernel(form):
    wanted = KERNEL_NEEDS[form]
    if wanted and not Path(wanted).exists():
        pytest.skip(f"RAUC needs the device mapper for {form} bundles; this kernel has none")


@pytest.mark.parametrize("form", ["plain", "verity"])
def test_rauc_installs_our_bundle(form, device, rauc, ours, image):
    skip_without_kernel(form)
    path = ours(form)
    path.chmod(0o644)
    done = rauc().run("install", path)
    assert done.returncode == 0, done.stdout
    assert device.slots["rootfs.1"].read(len(image)) == image
    assert device.boot.primary() == "B"


@pytest.mark.parametrize("form", ["plain", "verity"])
def test_we_install_raucs_bundle(form, device, theirs, image):
    result = device.install(theirs(form))
    assert result.status == 0, result.stderr
    assert device.slots["rootfs.1"].read(len(image)) == image
    assert device.boot.primary() == "B"


def test_we_install_raucs_encrypted_bundle(device, theirs, image, pki, tmp_path):
    path = tmp_path / "encrypted.raucb"
    done = subprocess.run(["rauc", "encrypt", f"--to={pki}/recipient-rsa.pem",
                           f"--keyring={pki}/ca.pem", theirs("crypt"), path], check=False,
                          capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    device.change_conf({"encryption": {"key": pki / "recipient-rsa.key"}})
    result = device.install(path)
    assert result.status == 0, result.stderr
    assert device.slots["rootfs.1"].read(len(image)) == image


def test_a_device_changes_sides_and_back(device, rauc, ours, theirs, image):
    """RAUC installs, the device reboots, we mark good and install, RAUC knows what we did."""
    service = rauc()
    assert service.run("install", ours("plain")).returncode == 0
    service.close()
    rauc_status = (device.dir / "status.raucs").read_text()
    assert "slot.rootfs.1" in rauc_status
    device.reboot()
    assert device.booted == "B"
    assert device.mark("good").status == 0
    result = device.install(theirs("plain"))
    assert result.status == 0, result.stderr
    assert device.boot.primary() == "A"
    rauc_status = (device.dir / "status.raucs").read_text()
    assert "[slot.rootfs.0]" in rauc_status and "bundle.version=3" in rauc_status
    assert "bundle.version=2" in rauc_status  # what RAUC wrote about the other slot
    done = rauc().run("status", "--detailed")
    assert done.returncode == 0, done.stdout
    assert "rootfs.0" in done.stdout
