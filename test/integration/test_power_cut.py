# SPDX-License-Identifier: LGPL-2.1-or-later
# SPDX-FileCopyrightText: 2026 The Bascule authors
# test/integration/test_power_cut.py - power cut at every durable operation: a whole system boots
"""An installation is ended at its 1st, 2nd, 3rd … durable operation, until one gets through.

After each cut: the boot loader's own tool names a slot that holds a complete system, old or new;
status loads; the job's record tells a final outcome that fits; its transaction id is used up; and
from whatever boots now the next installation succeeds. BSC_POWERCUT_STEP=N tries every N-th
operation only, for a quick look.
"""
import json
import os
import subprocess
import time
from pathlib import Path

import pytest

from conftest import make_bytes

SHIM = Path(os.environ.get("BSC_BUILDDIR", ".")) / "test/support/powercut.so"
STEP = int(os.environ.get("BSC_POWERCUT_STEP", "1"))
SLOT_BYTES = 256 * 1024
MAX_OPERATIONS = 2000
MANIFEST = """[update]
compatible=test-system
version={version}
[bundle]
format=verity
[image.rootfs]
filename=rootfs.img
"""
SLOTS = {
    "rootfs.0": {"bootname": "A", "size": SLOT_BYTES},
    "rootfs.1": {"bootname": "B", "size": SLOT_BYTES},
}
SLOT_OF = {"A": "rootfs.0", "B": "rootfs.1"}


@pytest.fixture
def images():
    """What the two bundles hold: data, a hole, data."""
    return {version: make_bytes(40960, seed) + bytes(65536) + make_bytes(12288, seed + 100)
            for seed, version in enumerate(("1.0", "2.0"))}


@pytest.fixture
def bundles(bundle, content, images):
    return {version: bundle(directory=content(manifest=MANIFEST.format(version=version),
                                              files={"rootfs.img": data}, name=f"c{version}"))
            for version, data in images.items()}


def strike(device, number, mode, *args):
    """Runs our program with its number-th durable operation struck; True if it got through."""
    command = device.command(*args)
    at = command.index(device.bascule)
    command[at:at] = ["env", f"LD_PRELOAD={SHIM}", f"BSC_POWERCUT_AT={number}",
                      f"BSC_POWERCUT_MODE={mode}", f"BSC_POWERCUT_SEED={number}",
                      f"BSC_POWERCUT_UNDER={device.dir}",
                      "ASAN_OPTIONS=verify_asan_link_order=0:detect_leaks=0"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=300)
    if done.returncode not in (-9, 137):
        return done
    time.sleep(0.02)  # a boot loader's tool that was running when we were ended gets to its end
    return None


def holds(device, slot, data):
    return device.slots[slot].read(len(data)) == data


def check_boots_whole_system(device, before, images):
    """Whatever the boot loader would start, also as a fall-back, is whole: old or new."""
    primary = device.boot.primary()
    assert primary in SLOT_OF, "nothing boots"
    assert device.slots["rootfs.0"].digest() == before["rootfs.0"], "the old system was touched"
    if device.boot.is_good("B"):
        assert (device.slots["rootfs.1"].digest() == before["rootfs.1"] or
                holds(device, "rootfs.1", images["1.0"])), "a half-written system would boot"
    return primary


def check_record(device, primary, transaction):
    """The outcome survives, fits what boots, and its id never runs again."""
    result = device.run("result", "--output-format=json", transaction)
    if result.status != 0 and not result.stdout.strip():
        return False  # ended before its record was durable: nothing was written either
    outcome = json.loads(result.stdout)["outcome"]
    assert outcome != "running"
    assert (outcome == "ok") == (primary == "B"), outcome
    return True


def check_next_installation(device, images, bundles, primary):
    device.boots(primary)
    if primary == "B":
        marked = device.mark("good")
        assert marked.status == 0, marked.stderr
    done = device.install(bundles["2.0"])
    assert done.status == 0, done.stderr
    other = "A" if primary == "B" else "B"
    assert device.boot.primary() == other
    assert holds(device, SLOT_OF[other], images["2.0"])


def cut_everywhere(system, images, bundles, bootloader, mode, step=1):
    cuts = through = 0
    for number in range(1, MAX_OPERATIONS, step * STEP):
        device = system(bootloader=bootloader, slots=SLOTS)
        before = device.digests()
        done = strike(device, number, mode, "install", "--no-progress", "--transaction-id=cut",
                      bundles["1.0"])
        primary = check_boots_whole_system(device, before, images)
        assert device.run("status").status == 0
        if not check_record(device, primary, "cut"):
            assert device.digests() == before, "written before the record was durable"
        else:
            again = device.install(bundles["2.0"], "--transaction-id=cut")
            assert again.status != 0 and "never runs twice" in again.stderr, again.stderr
        check_next_installation(device, images, bundles, primary)
        cuts += done is None or done.returncode != 0
        # where operations fail instead of ending the process, a late one may change nothing
        through = through + 1 if done is not None and done.returncode == 0 else 0
        device.close()
        if through >= (1 if mode in ("die", "torn", "lose") else 5):
            return cuts
    pytest.fail("it never got through")
    return cuts


needs_shim = pytest.mark.skipif(not SHIM.exists(), reason=f"{SHIM} is not built (make check)")


@needs_shim
@pytest.mark.parametrize("mode", ["die", "lose"])
def test_install_with_grub(system, images, bundles, mode):
    assert cut_everywhere(system, images, bundles, "grub", mode) > 10 / STEP


@needs_shim
@pytest.mark.parametrize("mode", ["torn", "eio"])
def test_install_with_grub_now_and_then(system, images, bundles, mode):
    assert cut_everywhere(system, images, bundles, "grub", mode, step=3) > 3 / STEP


@needs_shim
def test_install_with_uboot(system, images, bundles):
    if os.geteuid() != 0:
        pytest.skip("needs root: /etc/fw_env.config is shown to our program by a mount")
    assert cut_everywhere(system, images, bundles, "uboot", "die", step=2) > 5 / STEP


@needs_shim
@pytest.mark.parametrize("state", ["good", "active"])
def test_mark(system, images, bundles, state):
    """A cut while a slot is marked leaves a boot choice, and the same mark then succeeds."""
    for number in range(1, MAX_OPERATIONS, STEP):
        device = system(bootloader="grub", slots=SLOTS)
        assert device.install(bundles["1.0"]).status == 0
        device.boots("B" if state == "good" else "A")
        slot = "booted" if state == "good" else "rootfs.0"
        done = strike(device, number, "die", "mark", state, slot)
        assert device.boot.primary() in SLOT_OF
        assert device.run("status").status == 0
        marked = device.mark(state, slot)
        assert marked.status == 0, marked.stderr
        assert device.boot.primary() == ("B" if state == "good" else "A")
        device.close()
        if done is not None:
            assert done.returncode == 0, done.stderr
            assert number > 3 / STEP
            return
    pytest.fail("it never got through")
