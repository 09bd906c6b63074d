# SPDX-License-Identifier: LGPL-2.1-or-later
# SPDX-FileCopyrightText: 2026 The Bascule authors
# test/integration/test_client.py - bascule by the bus, and the front rauc beside the real one
import json
import os
import re
import shlex
import shutil
import signal
import subprocess
import tempfile
import textwrap

import pytest
from conftest import source_dir

pytest.importorskip("gi")
from service import (Hold, find_program, run_program, wait_for,  # noqa: E402
                     bundles, bus, client, device, good_bundle, service)  # noqa: E402,F401

OK, FAILED, SERVICE, DETACHED = 0, 1, 2, 3
REJECTED, BUSY, UNTRUSTED, CANCELLED = 10, 11, 13, 19
STRANGER = 1  # a user without rights: daemon


class Program:
    """Runs a program on the private bus."""

    def __init__(self, bus, path, env=None):
        self.bus, self.path = bus, path
        self.env = {**bus.env, **(env or {})}

    def start(self, *args):
        return subprocess.Popen([self.path, *map(str, args)], env=self.env, text=True,
                                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                stderr=subprocess.PIPE)

    def finish(self, process):
        wait_for(lambda: process.poll() is not None, self.path)
        stdout, stderr = process.communicate()
        return subprocess.CompletedProcess(process.args, process.returncode, stdout, stderr)

    def __call__(self, *args):
        return self.finish(self.start(*args))


@pytest.fixture
def bascule(bus, service):  # noqa: F811
    return Program(bus, find_program("bascule"))


@pytest.fixture
def standalone(bus, device):  # noqa: F811
    """The same device without the service."""
    program = Program(bus, find_program("bascule"))
    where = ["--standalone", f"--conf={device.config}", f"--run-dir={device.folder}/run",
             "--override-boot-slot=A"]
    return lambda *args: program(*where, *args)


@pytest.fixture
def held(bundles, tmp_path):  # noqa: F811
    """A bundle whose hook waits."""
    hold = Hold(tmp_path)
    hold.bundle = bundles.make(hook=hold.script)[0]
    return hold


# ---- both backends say the same -----------------------------------------------------------------

def test_both_backends_tell_the_same(bascule, standalone, good_bundle):  # noqa: F811
    for args in (["status", "--output-format=json"], ["status", "--output-format=shell"],
                 ["status", "--detailed"], ["info", good_bundle[0]],
                 ["info", "--output-format=json-pretty", good_bundle[0]]):
        by_bus, alone = bascule(*args), standalone(*args)
        assert by_bus.returncode == OK, by_bus.stderr
        assert by_bus.stdout == alone.stdout, args


@pytest.mark.parametrize("args, status", [
    (["mark", "bad", "nonsense.9"], REJECTED), (["result", "never-heard-of"], REJECTED),
    (["info", "GARBAGE"], 14), (["install", "GARBAGE"], 14), (["install", "/nowhere"], 15),
])
def test_both_backends_fail_the_same(bascule, standalone, tmp_path, args, status):
    (tmp_path / "garbage").write_bytes(bytes(10000))
    args = [str(tmp_path / "garbage") if arg == "GARBAGE" else arg for arg in args]
    by_bus, alone = bascule(*args), standalone(*args)
    assert (by_bus.returncode, alone.returncode) == (status, status), by_bus.stderr
    assert by_bus.stderr.splitlines()[-1] == alone.stderr.splitlines()[-1]


# ---- by the bus ---------------------------------------------------------------------------------

def test_installs(bascule, device, good_bundle):  # noqa: F811
    bundle, image = good_bundle
    result = bascule("install", bundle)
    assert result.returncode == OK, result.stderr
    assert re.fullmatch(r"Installed version 1\.0 into rootfs\.1 \(transaction [0-9a-f-]{36}\)\n",
                        result.stdout)
    assert result.stderr.splitlines()[-1].startswith("100% ")
    assert device.primary() == "B" and device.slot_starts_with("b", image)
    known = json.loads(bascule("result", "--output-format=json").stdout)
    assert known["outcome"] == "ok" and known["version"] == "1.0" and known["to"] == ["rootfs.1"]


def test_a_bundle_only_the_caller_can_reach(bascule, device, good_bundle, tmp_path):  # noqa: F811
    """The descriptor is handed over, so a deleted name does not matter either."""
    copy = tmp_path / "copy.raucb"
    shutil.copy(good_bundle[0], copy)
    with open(copy, "rb") as stream:
        copy.unlink()
        process = subprocess.run([bascule.path, "install", "--no-progress",
                                  f"/proc/{os.getpid()}/fd/{stream.fileno()}"],
                                 env=bascule.env, check=False, capture_output=True, text=True)
    assert process.returncode == OK, process.stderr


def test_json_result(bascule, good_bundle):  # noqa: F811
    result = bascule("install", "--no-progress", "--output-format=json", "--transaction-id=one",
                     good_bundle[0])
    assert result.returncode == OK and result.stderr == ""
    assert json.loads(result.stdout)["transaction"] == "one"
    result = bascule("install", "--no-progress", "--output-format=json", "--transaction-id=one",
                     good_bundle[0])
    assert result.returncode == REJECTED
    known = json.loads(result.stdout)
    assert known["outcome"] == "rejected" and "'one'" in known["message"]


def test_refuses_what_a_stranger_signed(bascule, device, bundle):  # noqa: F811
    result = bascule("install", "--no-progress", bundle(signer="other", args=["--no-verify"]))
    assert result.returncode == UNTRUSTED
    assert result.stderr.startswith("bascule: signature verification failed: unable to get local "
                                    "issuer certificate")
    assert device.primary() == "A"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_detaches_on_signals(bascule, device, held, number):  # noqa: F811
    process = bascule.start("install", "--transaction-id=left", held.bundle)
    held.wait()
    process.send_signal(number)
    result = bascule.finish(process)
    assert result.returncode == DETACHED
    assert "`bascule result left`" in result.stderr
    running = bascule("result", "left")
    assert running.returncode == DETACHED and "running" in running.stdout
    held.release()
    wait_for(lambda: bascule("result", "left").returncode == OK, "the end")
    assert device.primary() == "B"


def test_busy_and_cancelled(bascule, standalone, device, held, good_bundle):  # noqa: F811
    process = bascule.start("install", held.bundle)
    held.wait()
    for second in (bascule("install", good_bundle[0]), standalone("install", good_bundle[0]),
                   bascule("mark", "bad", "other"), standalone("mark", "bad", "other")):
        assert second.returncode == BUSY, second.stderr
    assert bascule("status").returncode == OK
    assert bascule("cancel", "another-one").returncode == REJECTED
    cancel = bascule("cancel")
    assert cancel.returncode == OK, cancel.stderr
    held.release()
    assert bascule.finish(process).returncode == CANCELLED
    assert device.primary() == "A"
    assert bascule("install", good_bundle[0]).returncode == OK


def test_service_goes_away(bascule, service, held):  # noqa: F811
    process = bascule.start("install", "--transaction-id=lost", held.bundle)
    held.wait()
    service.process.kill()
    result = bascule.finish(process)
    assert result.returncode == SERVICE
    assert result.stderr.splitlines()[-1] == (
        "bascule: The update service went away during the installation: ask `bascule result lost` "
        "when it is back")


def test_no_service(bus):  # noqa: F811
    result = Program(bus, find_program("bascule"))("status")
    assert result.returncode == SERVICE
    assert re.fullmatch(r"bascule: The update service does not answer \(.*\): see `systemctl status "
                        r"basculed`, or use --standalone\n", result.stderr)


def test_stranger_may_look_only(bus, service, good_bundle):  # noqa: F811
    if os.geteuid() != 0:
        pytest.skip("needs root to become another user")
    with tempfile.NamedTemporaryFile() as open_to_all:
        open_to_all.write(good_bundle[0].read_bytes())
        open_to_all.flush()
        os.chmod(open_to_all.name, 0o644)
        check_stranger(bus, open_to_all.name)


def check_stranger(bus, path):  # noqa: F811
    program = find_program("bascule")
    status, text = run_program(bus, program, "status", uid=STRANGER)
    assert status == OK, text
    status, text = run_program(bus, program, "install", "--no-progress", path, uid=STRANGER)
    assert status == SERVICE and "[dbus] install-users" in text


# ---- rauc: ours and the real client say the same about our service ------------------------------

@pytest.fixture
def rauc(bus, service):  # noqa: F811
    return Program(bus, find_program("rauc"))


@pytest.fixture
def real_rauc(bus, service):  # noqa: F811
    if not os.path.exists("/usr/bin/rauc"):
        pytest.skip("Debian's package rauc is missing")
    return Program(bus, "/usr/bin/rauc")


@pytest.mark.parametrize("args", [
    ["status", "--output-format=xml"], ["status", "nonsense"],
    ["status", "mark-good"], ["status", "mark-active", "other"], ["status", "mark-bad", "rootfs.1"],
    ["status", "mark-good", "a", "b"], ["install"], ["install", "/nowhere"], ["info"],
    ["info", "/nowhere"], ["bundle"], ["bundle", "a"], ["bundle", "a", "b", "c"], ["bundle", "a", "b"],
    ["resign"], ["resign", "a"], ["extract", "a"], ["extract-signature", "a"],
    ["replace-signature", "a", "b"], ["encrypt", "a", "b"],
])
def test_rauc_says_what_rauc_says(rauc, real_rauc, args):
    ours, real = rauc(*args), real_rauc(*args)
    assert (ours.returncode, ours.stdout) == (real.returncode, real.stdout)
    noise = re.compile(r"\(rauc:\d+\)|^rauc-Message|^$")
    assert ours.stderr.splitlines() == [line for line in real.stderr.splitlines()
                                        if not noise.search(line)]


# RAUC's client lists slots in the order of a hash table, ours in the order of the configuration

@pytest.mark.parametrize("args", [["status"], ["status", "--detailed"]])
def test_rauc_status(rauc, real_rauc, good_bundle, args):  # noqa: F811
    assert rauc("install", good_bundle[0]).returncode == OK
    ours, real = rauc(*args).stdout, real_rauc(*args).stdout
    head, *slots = ours.split("\n\n", 2)
    real_head, *real_slots = real.split("\n\n", 2)
    assert head == real_head
    assert sorted("".join(slots).splitlines()) == sorted("".join(real_slots).splitlines())


def by_slot(text):
    """Variables with the slot's class and device in place of its number."""
    values = dict(line.split("=", 1) for line in text.splitlines() if line)
    names = {number: values[f"RAUC_SLOT_DEVICE_{number}"]
             for number in shlex.split(values["RAUC_SLOTS"])[0].split()}
    values["RAUC_SYSTEM_SLOTS"] = sorted(shlex.split(values["RAUC_SYSTEM_SLOTS"])[0].split())
    return {re.sub(r"_(\d+)$", lambda m: "_" + names[m.group(1)], k): v for k, v in values.items()}


def test_rauc_status_shell(rauc, real_rauc, good_bundle):  # noqa: F811
    assert rauc("install", good_bundle[0]).returncode == OK
    for args in (["status"], ["status", "--detailed"]):
        ours = by_slot(rauc(*args, "--output-format=shell").stdout)
        real = by_slot(real_rauc(*args, "--output-format=shell").stdout)
        newer = ("RAUC_SYSTEM_VERSION", "RAUC_SLOT_STATUS_BUNDLE_HASH")  # not in 1.8
        assert {k: v for k, v in ours.items() if not k.startswith(newer)} == real


def test_rauc_status_json(rauc, real_rauc, good_bundle):  # noqa: F811
    """All members of RAUC, with its values; ours beside them."""
    def covers(ours, real):
        if isinstance(real, dict):
            return all(key in ours and covers(ours[key], real[key]) for key in real)
        return ours == real
    assert rauc("install", good_bundle[0]).returncode == OK
    for args in (["status"], ["status", "--detailed"]):
        values = [json.loads(program(*args, "--output-format=json-pretty").stdout)
                  for program in (rauc, real_rauc)]
        for value in values:
            value["slots"] = {name: slot for entry in value["slots"]
                              for name, slot in entry.items()}
        assert covers(*values), values


def test_rauc_installs(rauc, real_rauc, device, good_bundle, bundles):  # noqa: F811
    bad = bundles.make(compatible="Other Device")[0]
    for bundle in (good_bundle[0], bad):
        ours, real = rauc("install", bundle), real_rauc("install", bundle)
        assert ours.returncode == real.returncode == (OK if bundle != bad else FAILED)
        # copying repeats its message as often as it is looked at, and the end may cut off `idle`
        lines = [[line for line in text.splitlines() if "Copying" not in line and line != "idle"]
                 for text in (ours.stdout, real.stdout)]
        assert lines[0] == lines[1]
        assert ours.stderr == real.stderr


@pytest.mark.parametrize("args, status, first, error", [
    ([], FAILED, "Usage:", ""), (["--foobar"], FAILED, "Usage:", "Unknown option --foobar\n"),
    (["x"], FAILED, "Invalid command 'x' given", ""), (["--help"], OK, "Usage:", ""),
    (["install", "--help"], OK, "Usage:", ""), (["--version"], OK, "rauc ", ""),
])
def test_rauc_usage(rauc, real_rauc, args, status, first, error):
    for program in (rauc, real_rauc):
        result = program(*args)
        assert result.returncode == status and result.stdout.startswith(first)
        # RAUC 1.8 did not say it yet
        assert result.stderr == error or program is real_rauc


def test_rauc_makes_and_shows_bundles(rauc, real_rauc, content, pki, tmp_path):
    """RAUC's defaults: plain, gzip; and the options have RAUC's names."""
    path = tmp_path / "a.raucb"
    keys = [f"--cert={pki}/signer.pem", f"--key={pki}/signer.key", f"--keyring={pki}/keyring.pem"]
    made = rauc("bundle", *keys, content(), path)
    assert made.returncode == OK, made.stderr
    assert "Compression gzip" in subprocess.run(["unsquashfs", "-s", path], check=True,
                                                capture_output=True, text=True).stdout
    for program in (rauc, real_rauc):
        shown = program("info", keys[2], "--output-format=json", path)
        assert shown.returncode == OK, shown.stderr
        assert json.loads(shown.stdout)["compatible"] == "test-system"
        assert program("info", f"--keyring={pki}/keyring-other.pem", path).returncode == FAILED
    for number, args in enumerate([
            ["extract", keys[2], path, tmp_path / "out"],
            ["extract-signature", keys[2], path, tmp_path / "a.sig"],
            ["replace-signature", keys[2], path, tmp_path / "a.sig", tmp_path / "b.raucb"],
            ["resign", *keys, path, tmp_path / "c.raucb"]]):
        done = rauc(*args)
        assert done.returncode == OK, (number, done.stderr)
    assert (tmp_path / "out/manifest.raucm").exists()
    assert real_rauc("info", keys[2], tmp_path / "c.raucb").returncode == OK


@pytest.mark.parametrize("verb, args", [("convert", ["a", "b"]), ("mount", ["a"]),
                                        ("write-slot", ["rootfs.1", "a"])])
def test_rauc_says_what_it_cannot(rauc, verb, args):
    result = rauc(verb, *args)
    assert result.returncode == FAILED and "not supported" in result.stderr


def test_rauc_service_is_ours(bus, device):  # noqa: F811
    rauc = Program(bus, find_program("rauc"))
    process = rauc.start("-c", device.config, "service", "--override-boot-slot=A")
    try:
        wait_for(lambda: bus.owner("de.pengutronix.rauc") or process.poll() is not None, "the name")
        assert os.path.basename(os.readlink(f"/proc/{process.pid}/exe")) == "basculed"
        assert rauc("status").returncode == OK
    finally:
        process.terminate()
    assert rauc.finish(process).returncode == OK
    refused = rauc("service", "--handler-args=x")
    assert refused.returncode == FAILED and "bascule install --handler-args" in refused.stderr


# ---- the examples of the manual page run --------------------------------------------------------

def manual_examples():
    page = source_dir() / "docs/man/bascule.1.rst"
    part = page.read_text().split("\nEXAMPLES\n")[1].split("\nTHE COMMAND rauc\n")[0]
    for text in re.findall(r"::\n\n((?:    .*\n|\n)+)", part):
        yield textwrap.dedent(text).strip()


def test_manual_has_examples():
    assert len(list(manual_examples())) >= 5


@pytest.mark.parametrize("number", range(5))
def test_manual_example_runs(bascule, device, good_bundle, tmp_path, number):  # noqa: F811
    """Word for word, in a shell, with the files it names in place."""
    script = list(manual_examples())[number]
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin/bascule").symlink_to(bascule.path)
    (tmp_path / "bin/reboot").symlink_to("/bin/true")
    (tmp_path / "update.raucb").symlink_to(good_bundle[0])
    script = script.replace("/media/usb/", "").replace("/mnt/etc/bascule/system.conf",
                                                       str(device.config))
    script = script.replace("--standalone", f"--standalone --run-dir={device.folder}/run")
    env = {**bascule.env, "PATH": f"{tmp_path}/bin:{bascule.env['PATH']}"}
    process = subprocess.Popen(["sh", "-ec", script], env=env, cwd=tmp_path, text=True,
                               stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                               stderr=subprocess.PIPE)
    result = bascule.finish(process)
    assert result.returncode == OK, (script, result.stderr)
    assert "failed" not in result.stdout
