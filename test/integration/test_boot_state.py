# SPDX-License-Identifier: LGPL-2.1-or-later
# SPDX-FileCopyrightText: 2026 The Bascule authors
# test/integration/test_boot_state.py - cancel, kill, and what the boot loader is told
import os
import signal
import time

import pytest
from system import (BUSY, CANCELLED, REJECTED, Untouched, check_installs, check_refused,
                    kill_group, sparse_bytes)

# ---- two at once, cancel, kill ------------------------------------------------------------------

@pytest.fixture
def slow(system):
    """A device whose boot loader takes its time, and a way to wait until it is asked."""
    device = system(bootloader="custom")
    script = device.boot.dir / "backend"
    text = script.read_text().replace("set-state) ", "set-state) [ ! -e slow ] || sleep 2; ")
    script.write_text(text)
    (device.boot.dir / "slow").touch()

    def start(*args):
        process = device.start("install", "--no-progress", "--output-format=json", *args)
        for _ in range(600):
            log = device.boot.dir / "log"
            if log.exists() and "set-state B bad" in log.read_text():
                return process
            assert process.poll() is None, process.communicate()
            time.sleep(0.05)
        return pytest.fail("the installation never began")
    device.start_slowly = start
    return device


def test_second_installation_at_once(slow, make_bundle):
    bundle = make_bundle()
    process = slow.start_slowly(bundle)
    result = slow.install(bundle)
    mark = slow.mark("bad", "other")
    stdout, stderr = process.communicate(timeout=60)
    assert process.returncode == 0, stderr
    (slow.boot.dir / "slow").unlink()
    assert mark.status == BUSY, mark.stderr
    check_refused(slow, bundle, result, BUSY, 
                  rf"Another process \(pid {process.pid}\) is installing or marking a slot; try again "
                  "when it has ended")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_cancelled(slow, make_bundle, number):
    bundle = make_bundle()
    running = Untouched(slow)
    process = slow.start_slowly(bundle)
    os.kill(process.pid, number)
    _, stderr = process.communicate(timeout=60)
    (slow.boot.dir / "slow").unlink()
    running.check()
    assert process.returncode == CANCELLED, stderr
    assert not slow.boot.is_good("B"), "half written: never to be booted"
    known = slow.run("result", "--output-format=json")
    assert (known.status, known.json["outcome"]) == (CANCELLED, "cancelled")
    check_installs(slow, bundle)


def test_killed(slow, make_bundle):
    bundle = make_bundle()
    running = Untouched(slow)
    process = slow.start_slowly(bundle, "--transaction-id=killed")
    kill_group(process)
    process.communicate(timeout=60)
    (slow.boot.dir / "slow").unlink()
    running.check()
    check_installs(slow, bundle)
    known = slow.run("result", "killed", "--output-format=json")
    assert known.status != 0 and known.json["outcome"] != "ok"
    result = slow.install(bundle, "--transaction-id=killed")
    assert result.status == REJECTED, "an id never runs twice"


# ---- boot state, judged by the boot loader's own tool -------------------------------------------

def test_grub_state(system, make_bundle):
    device = system()
    device.boot.set("UNKNOWN=kept", "A_TRY=0", "B_TRY=1")
    size = device.boot.path.stat().st_size
    check_installs(device, make_bundle())
    values = device.boot.read()
    assert values["ORDER"] == "B A" and values["B_OK"] == "1" and values["B_TRY"] == "0"
    assert values["A_OK"] == "1" and values["UNKNOWN"] == "kept"
    assert device.boot.path.stat().st_size == size == 1024
    device.boot.set("B_TRY=1")
    assert device.boots("B").mark("good").status == 0
    assert device.boot.read()["B_TRY"] == "0"
    assert device.mark("bad", "other").status == 0
    assert device.boot.read()["A_OK"] == "0"


def test_uboot_state(system, make_bundle):
    device = system(bootloader="uboot", conf={"system": {"boot-attempts": 5,
                                                         "boot-attempts-primary": 2}})
    check_installs(device, make_bundle())
    values = device.boot.read()
    assert values["BOOT_ORDER"] == "B A"
    assert (values["BOOT_B_LEFT"], values["BOOT_A_LEFT"]) == ("2", "3")
    assert values["ethaddr"] == "02:00:00:00:00:01"
    device.boot.set("BOOT_B_LEFT=1")
    assert device.slot_status("rootfs.1")["boot_attempts"] == 1
    assert device.boots("B").mark("good").status == 0
    assert device.boot.read()["BOOT_B_LEFT"] == "5"
    assert device.mark("bad", "other").status == 0
    assert "A" not in device.boot.read()["BOOT_ORDER"].split()


def test_custom_state(system, make_bundle):
    device = system(bootloader="custom")
    check_installs(device, make_bundle())
    assert device.boot.read() == {"primary": "B", "state.A": "good", "state.B": "good"}
    log = (device.boot.dir / "log").read_text().splitlines()
    changes = [line for line in log if line.startswith("set-")]
    assert changes == ["set-state B bad", "set-primary B"]


def test_noop_writes_and_leaves_the_choice(system, make_bundle):
    device = system(bootloader="noop")
    image = sparse_bytes()
    result = device.install(make_bundle({"rootfs": ("a.img", image)}))
    assert result.status == 0, result.stderr
    assert device.slots["rootfs.1"].read(len(image)) == image


@pytest.mark.parametrize("bootloader", ["grub", "uboot", "custom"])
def test_the_last_bootable_slot_is_not_marked_bad(system, bootloader):
    device = system(bootloader=bootloader)
    assert device.mark("bad", "other").status == 0
    result = device.mark("bad")
    assert result.status == REJECTED
    assert result.message == "Refused: 'A' is the last slot that the boot loader would still boot"
    assert device.boot.primary() == "A"


def test_mark_tells_what_it_did(system):
    device = system()
    assert device.run("status", "mark-good").stdout == "marked slot(s) rootfs.0 as good\n"
    assert device.run("status", "mark-active", "rootfs.1").stdout == \
        "marked slot(s) rootfs.1 as active\n"
    assert device.boot.primary() == "B"
    result = device.mark("good", "nonsense.0")
    assert result.status == REJECTED
    assert result.message == ("No slot is called 'nonsense.0'; give 'booted', 'other' or a slot's "
                              "name")
