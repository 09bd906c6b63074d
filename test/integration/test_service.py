# SPDX-License-Identifier: LGPL-2.1-or-later
# SPDX-FileCopyrightText: 2026 The Bascule authors
# test/integration/test_service.py - the service as programs on the bus see it
import os
import shutil
import signal
import socket
import subprocess

import pytest

from service import (DENIED, ERROR, INVALID, NAME, PATH, RAUC_ERROR, RAUC_INTERFACE, RAUC_NAME,
                     RAUC_PATH, Bus, BusError, Client, FakePolkit, Gio, GLib, Hold, RaucClient,
                     call_as, find_program, run_program, wait_for)

STRANGER = 1  # a user without rights: daemon
needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="needs root to become another user")


def expect_error(name, function, *args, **kwargs):
    with pytest.raises(BusError) as caught:
        function(*args, **kwargs)
    assert caught.value.name == name, caught.value
    return caught.value.message


# ---- at rest ------------------------------------------------------------------------------------

def test_owns_both_names_and_tells_what_it_is(bus, client, rauc, device):
    assert bus.owner(NAME) == bus.owner(RAUC_NAME)
    assert client.get("Operation") == "idle"
    assert client.get("Compatible") == "Test Device"
    assert client.get("BootSlot") == "A"
    assert client.get("ConfigFile") == str(device.config)
    assert client.get("Progress") == {}
    assert client.get("LastError") == ("", "", "")
    assert rauc.get("Operation") == "idle"
    assert rauc.get("Compatible") == "Test Device"
    assert rauc.get("Progress") == (0, "", 0)
    assert rauc.get("LastError") == ""
    assert rauc.get("BootSlot") == "A"
    assert rauc.get("Variant") == "" and rauc.get("SystemVersion") == ""


def test_tells_slots_and_primary(client, rauc):
    slots = dict(client.call("GetSlots"))
    assert set(slots) == {"rootfs.0", "rootfs.1"}
    assert slots["rootfs.0"]["state"] == "booted"
    assert slots["rootfs.1"]["state"] == "inactive"
    assert slots["rootfs.1"]["boot-status"] == "good"
    assert client.call("GetPrimary") == "rootfs.0"
    assert client.call("GetStatus")["primary"] == "rootfs.0"
    old = dict(rauc.call("GetSlotStatus"))
    assert set(old["rootfs.1"]) == {"class", "device", "type", "state", "bootname", "boot-status"}
    assert rauc.call("GetPrimary") == "rootfs.0"
    assert rauc.call("GetArtifactStatus") == []


def test_uses_less_than_two_mib_at_rest(service, client, good_bundle):
    if service.has_sanitizer():
        pytest.skip("a sanitizer's memory is not the service's")

    def dirty():
        return service.memory_kib()["Private_Dirty"]
    fresh = service.memory_kib()
    client.call("GetSlots")
    client.install_and_wait(good_bundle[0])
    wait_for(lambda: dirty() < 2048, f"less memory than {dirty()} KiB", 30)
    used = service.memory_kib()
    for when, memory in (("after the start", fresh), ("after an installation", used)):
        print(f"{when}: Private_Dirty {memory['Private_Dirty']} KiB, "
              f"Private_Clean {memory['Private_Clean']} KiB")
    assert fresh["Private_Dirty"] < 2048


@pytest.mark.parametrize("image_bytes, codec, block", [
    (4 << 30, "xz", "1M"), (256 << 20, "gzip", "1M"), (256 << 20, "lz4", "1M"),
    (256 << 20, "zstd", "1M"), (256 << 20, "zstd", "128K"),
])
def test_uses_less_than_twelve_mib_while_installing(bus, device, start_service, bundles,
                                                    image_bytes, codec, block):
    bundle = bundles.make_large(image_bytes, f"--compression={codec}",
                                f"--mksquashfs-args=-b {block}")
    device.write_config(system="workers=16\n")
    for slot in "ab":
        os.truncate(device.folder / f"{slot}.img", image_bytes)
    service = start_service()
    if service.has_sanitizer():
        pytest.skip("a sanitizer's memory is not the service's")
    client = Client(bus)
    client.install(bundle)
    peak = {}

    def sample():
        for key, value in service.memory_kib().items():
            peak[key] = max(peak.get(key, 0), value)
        return client.completed
    wait_for(sample, "Completed", 280)
    bundle.unlink()
    assert client.completed[0][1] == "ok", client.completed
    print(f"{codec} {block}: Private_Dirty {peak['Private_Dirty']} KiB, "
          f"Anonymous {peak['Anonymous']} KiB, Private_Clean {peak['Private_Clean']} KiB")
    assert max(peak["Private_Dirty"], peak["Anonymous"]) < 12 * 1024


def test_speaks_to_the_service_manager(bus, device, start_service, tmp_path):
    path = tmp_path / "notify"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listener:
        listener.bind(str(path))
        listener.settimeout(10)
        service = start_service(env={"NOTIFY_SOCKET": str(path), "WATCHDOG_USEC": "200000"})
        heard = [listener.recv(4096).decode() for _ in range(3)]
        assert heard[0].startswith("READY=1\n")
        assert "WATCHDOG=1" in heard[1:]
        service.process.send_signal(signal.SIGTERM)
        while True:
            text = listener.recv(4096).decode()
            if text == "STOPPING=1":
                break
    assert service.process.wait(10) == 0


def test_ends_with_1_if_its_name_is_taken(bus, device, start_service, service):
    second = start_service(wait=False)
    assert second.process.wait(10) == 1
    assert f"Failed to obtain name {NAME}" in second.log()
    assert service.process.poll() is None


def test_ends_with_1_if_the_configuration_is_wrong(bus, device, start_service):
    device.write_config(extra="[system2]\nx=y\n")
    failed = start_service(wait=False)
    assert failed.process.wait(10) == 1
    assert "system2" in failed.log()


def test_serves_on_the_session_bus(bus, device, start_service):
    service = start_service("--session", env={"DBUS_SYSTEM_BUS_ADDRESS": "unix:path=/nowhere",
                                              "DBUS_SESSION_BUS_ADDRESS": bus.address})
    assert bus.owner(NAME)
    assert service.stop() == 0


# ---- installing ---------------------------------------------------------------------------------

def test_installs_and_tells(device, client, good_bundle):
    bundle, data = good_bundle
    transaction, outcome, message = client.install_and_wait(bundle, transaction_id="first")
    assert (transaction, outcome, message) == ("first", "ok", "")
    assert device.slot_starts_with("b", data)
    assert device.slot_starts_with("a", b"aaaa")
    assert device.primary() == "B"
    assert client.call("GetPrimary") == "rootfs.1"
    slot = dict(client.call("GetSlots"))["rootfs.1"]
    assert slot["status"] == "ok"
    assert slot["bundle.version"] == "1.0"
    assert slot["installed.transaction"] == "first"
    assert slot["installed.count"] == 1
    assert client.call("GetResult", "(s)", "first")[:2] == ("ok", "")
    assert client.call("GetResult", "(s)", "")[2]["transaction"] == "first"
    progress = client.get("Progress")
    assert progress["percent"] == 100
    assert progress["transaction"] == "first"
    percents = [value["percent"] for key, value in client.changes
                if key == "Progress" and "percent" in value]
    assert percents == sorted(percents)
    assert [value for key, value in client.changes if key == "Operation"] == ["installing", "idle"]


def test_tells_clients_of_rauc_every_step(client, rauc, good_bundle):
    rauc.install(good_bundle[0])
    assert rauc.wait_completed() == (0,)
    steps = [value for key, value in rauc.changes if key == "Progress"]
    assert steps[:6] == [(0, "Installing", 1), (0, "Determining slot states", 2),
                         (10, "Determining slot states done.", 2), (10, "Checking bundle", 2),
                         (10, "Verifying signature", 3), (20, "Verifying signature done.", 3)]
    assert (40, "Updating slots", 2) in steps
    assert steps[-2:] == [(100, "Updating slots done.", 2), (100, "Installing done.", 1)] or \
        steps[-1] == (100, "Installing done.", 1)
    order = [event[0] for event in rauc.events if event[0] in ("Operation", "Completed")]
    assert order == ["Operation", "Completed", "Operation"]
    assert rauc.events[0] == ("Operation", "installing")
    assert not [value for key, value in rauc.changes if key == "LastError"]


def test_takes_a_descriptor(device, client, good_bundle, tmp_path):
    copy = tmp_path / "gone.raucb"
    shutil.copy(good_bundle[0], copy)
    with open(copy, "rb") as file:
        copy.unlink()
        fds = Gio.UnixFDList.new()
        options = {"fd": GLib.Variant("h", fds.append(file.fileno()))}
        client.call("Install", "(sa{sv})", "", options, fds=fds)
    assert client.wait_completed()[1] == "ok"
    assert device.primary() == "B"


def test_takes_a_file_uri(client, good_bundle):
    assert client.install_and_wait(f"file://{good_bundle[0]}")[1] == "ok"


@pytest.mark.parametrize("options, key", [
    ({"colour": GLib.Variant("s", "red")}, "colour"),
    ({"ignore-compatible": GLib.Variant("s", "yes")}, "ignore-compatible"),
])
def test_refuses_unknown_options(client, rauc, good_bundle, options, key):
    for method in ("Install", "Inspect"):
        message = expect_error(INVALID, client.call, method, "(sa{sv})", str(good_bundle[0]),
                               options)
        assert message == f"Unsupported key: {key}"
    for method in ("InstallBundle", "InspectBundle"):
        message = expect_error(RAUC_ERROR, rauc.call, method, "(sa{sv})", str(good_bundle[0]),
                               options)
        assert message == f"Unsupported key: {key}"
    assert not client.changes and not rauc.changes


def test_refuses_urls_and_relative_paths(client):
    expect_error(ERROR + "Rejected", client.install, "bundle.raucb")
    expect_error(ERROR + "Rejected", client.install, "https://example.org/x.raucb")
    assert not client.changes


@pytest.mark.parametrize("kind, outcome, words", [
    ("missing", "rejected", "No such file"),
    ("text", "corrupt", ""),
    ("compatible", "rejected", "Toaster"),
    ("signer", "untrusted", ""),
    ("flipped", "corrupt", ""),
])
def test_tells_why_it_failed(device, client, rauc, bundles, good_bundle, tmp_path, kind, outcome,
                             words):
    bundle = tmp_path / "bad.raucb"
    if kind == "text":
        bundle.write_text("no bundle at all\n" * 100)
    elif kind == "compatible":
        bundle, _ = bundles.make(compatible="Toaster")
    elif kind == "signer":
        bundle, _ = bundles.make(signer="other")
    elif kind == "flipped":
        data = bytearray(good_bundle[0].read_bytes())
        data[200] ^= 1
        bundle.write_bytes(data)
    transaction, got, message = client.install_and_wait(bundle)
    assert got == outcome and words in message
    assert client.get("LastError") == (outcome, message, transaction)
    wait_for(lambda: rauc.completed, "RAUC's Completed")
    assert rauc.completed == [(1,)]
    assert rauc.get("LastError") == message
    assert client.call("GetResult", "(s)", transaction)[:2] == (outcome, message)
    assert device.primary() == "A" and device.slot_starts_with("a", b"aaaa")
    assert client.install_and_wait(good_bundle[0])[1] == "ok"
    assert client.get("LastError") == ("", "", "")
    assert rauc.get("LastError") == ""


# ---- while one runs -----------------------------------------------------------------------------

@pytest.fixture
def held(bundles, client, device, tmp_path):
    """An installation that waits in its post-install hook."""
    hold = Hold(tmp_path)
    bundle, _ = bundles.make(hook=hold.script)
    client.install(bundle, transaction_id="held")
    hold.wait()
    yield hold
    hold.release()


def test_refusals_do_not_touch_what_runs(client, rauc, held, good_bundle):
    client.changes.clear()
    rauc.changes.clear()
    busy = ERROR + "Busy"
    assert "held" in expect_error(busy, client.install, good_bundle[0])
    expect_error(busy, client.call, "Mark", "(ss)", "good", "booted")
    assert expect_error(RAUC_ERROR, rauc.install, good_bundle[0]) == \
        "Already processing a different method"
    assert expect_error(RAUC_ERROR, rauc.call, "Mark", "(ss)", "good", "booted") == \
        "already processing a different method"
    expect_error(RAUC_ERROR, rauc.call, "InstallBundle", "(sa{sv})", "/x",
                 {"colour": GLib.Variant("s", "red")})
    assert client.get("Operation") == rauc.get("Operation") == "installing"
    assert not client.completed and not rauc.completed
    assert "Operation" not in dict(client.changes) and "Operation" not in dict(rauc.changes)
    held.release()
    assert client.wait_completed()[:2] == ("held", "ok")
    assert (100, "Installing done.", 1) in [value for _, value in rauc.changes]


def test_reads_while_installing(client, rauc, held, good_bundle):
    assert dict(client.call("GetSlots"))["rootfs.1"]["boot-status"] == "bad"
    assert client.call("GetPrimary") == "rootfs.0"
    assert dict(rauc.call("GetSlotStatus"))["rootfs.0"]["state"] == "booted"
    assert client.call("Inspect", "(sa{sv})", str(good_bundle[0]), {})["version"] == "1.0"
    assert client.call("GetResult", "(s)", "held")[0] == "running"
    assert client.call("GetResult", "(s)", "")[2]["transaction"] == "held"


def test_cancels_before_the_commit_point(device, client, rauc, held, good_bundle):
    expect_error(ERROR + "UnknownTransaction", client.call, "Cancel", "(s)", "other")
    client.call("Cancel", "(s)", "held")
    assert client.wait_completed()[:2] == ("held", "cancelled")
    assert device.primary() == "A" and device.boot_state("B") == "bad"
    assert client.call("GetResult", "(s)", "held")[0] == "cancelled"
    assert client.install_and_wait(good_bundle[0])[1] == "ok"
    assert device.primary() == "B"


def test_cancels_nothing_when_idle(client):
    expect_error(ERROR + "UnknownTransaction", client.call, "Cancel", "(s)", "")


def test_does_not_cancel_past_the_commit_point(bus, device, start_service, good_bundle, tmp_path):
    hold = Hold(tmp_path)
    handler = tmp_path / "post-install"
    handler.write_text("#!/bin/sh\n" + hold.script)
    handler.chmod(0o755)
    device.write_config(handlers=f"post-install={handler}\n")
    service = start_service()
    client = Client(bus)
    client.install(good_bundle[0], transaction_id="late")
    hold.wait()
    expect_error(ERROR + "Committed", client.call, "Cancel", "(s)", "late")
    service.process.send_signal(signal.SIGTERM)
    hold.release()
    assert client.wait_completed()[:2] == ("late", "ok")
    assert service.process.wait(10) == 0
    assert device.primary() == "B"


def test_runs_no_transaction_twice(bus, client, service, start_service, good_bundle):
    assert client.install_and_wait(good_bundle[0], transaction_id="once")[1] == "ok"
    client.changes.clear()
    used = ERROR + "UsedTransaction"
    expect_error(used, client.install, good_bundle[0], transaction_id="once")
    assert service.stop() == 0
    start_service()
    expect_error(used, client.install, good_bundle[0], transaction_id="once")
    assert client.call("GetResult", "(s)", "once")[:2] == ("ok", "")
    assert not client.changes


@pytest.mark.parametrize("transaction", ["no such", "../../etc/passwd", "unknown"])
def test_knows_no_other_results(client, transaction):
    expect_error(ERROR + "UnknownTransaction", client.call, "GetResult", "(s)", transaction)


def test_ends_cleanly_in_the_middle(bus, device, client, service, start_service, held,
                                    good_bundle):
    assert service.stop(signal.SIGTERM) == 0
    assert client.completed[-1][:2] == ("held", "cancelled")
    assert device.primary() == "A"
    start_service()
    assert client.call("GetResult", "(s)", "held")[0] == "cancelled"
    assert client.install_and_wait(good_bundle[0])[1] == "ok"


def test_survives_being_killed_in_the_middle(bus, device, client, service, start_service, held,
                                             good_bundle):
    assert service.stop(signal.SIGKILL) == -signal.SIGKILL
    held.release()
    assert device.primary() == "A" and device.slot_starts_with("a", b"aaaa")
    start_service()
    outcome, _, details = client.call("GetResult", "(s)", "held")
    assert outcome not in ("ok", "running")
    assert details["transaction"] == "held"
    expect_error(ERROR + "UsedTransaction", client.install, good_bundle[0], transaction_id="held")
    assert client.install_and_wait(good_bundle[0])[1] == "ok"
    assert device.primary() == "B"


def test_finishes_what_it_began_when_the_bus_goes(bus, device, client, service, held):
    bus.process.kill()
    wait_for(lambda: "bus is gone" in service.log(), "the service sees it")
    assert service.process.poll() is None
    held.release()
    assert service.process.wait(10) == 1
    assert device.primary() == "B"


# ---- marking, inspecting ------------------------------------------------------------------------

def test_marks(device, client, rauc):
    slot, message = client.call("Mark", "(ss)", "bad", "other")
    assert slot == "rootfs.1" and "rootfs.1" in message
    assert device.boot_state("B") == "bad"
    assert rauc.call("Mark", "(ss)", "good", "rootfs.1")[0] == "rootfs.1"
    assert device.boot_state("B") == "good"
    assert client.call("Mark", "(ss)", "active", "other")[0] == "rootfs.1"
    assert device.primary() == "B"
    expect_error(ERROR + "Rejected", client.call, "Mark", "(ss)", "excellent", "booted")
    expect_error(ERROR + "Rejected", client.call, "Mark", "(ss)", "good", "rootfs.7")
    expect_error(RAUC_ERROR, rauc.call, "Mark", "(ss)", "good", "rootfs.7")


def test_inspects(client, rauc, good_bundle):
    bundle = str(good_bundle[0])
    info = client.call("Inspect", "(sa{sv})", bundle, {})
    assert info["compatible"] == "Test Device" and info["format"] == "verity"
    assert info["verified"] is True and "signer" in info["signer"]
    assert info["images"][0]["slot-class"] == "rootfs"
    raw = rauc.call_raw("InspectBundle", "(sa{sv})", bundle, {})
    old = raw.get_child_value(0)
    for key in ("update", "bundle", "hooks", "handler", "images"):
        # the variant of a{sv} holds another one
        assert old.lookup_value(key, None).get_type_string() == "v", key
    values = old.unpack()
    assert values["manifest-hash"] == info["manifest-hash"]
    assert values["update"] == {"compatible": "Test Device", "version": "1.0"}
    assert values["bundle"]["format"] == "verity" and values["bundle"]["verity-size"] > 0
    assert values["images"][0]["hooks"] == []
    assert values["images"][0]["size"] == 1 << 20
    assert rauc.call("Info", "(s)", bundle) == ("Test Device", "1.0")


def test_refuses_to_inspect_what_is_no_bundle(client, rauc, tmp_path):
    text = tmp_path / "text"
    text.write_text("text\n" * 1000)
    expect_error(ERROR + "Corrupt", client.call, "Inspect", "(sa{sv})", str(text), {})
    expect_error(ERROR + "Rejected", client.call, "Inspect", "(sa{sv})", str(tmp_path), {})
    expect_error(RAUC_ERROR, rauc.call, "Info", "(s)", str(text))


# ---- who may ------------------------------------------------------------------------------------

@needs_root
@pytest.mark.parametrize("is_rauc", [False, True])
def test_strangers_only_read(bus, device, service, good_bundle, is_rauc):
    install = "InstallBundle" if is_rauc else "Install"
    slots = "GetSlotStatus" if is_rauc else "GetSlots"
    for method, args in ((install, [str(good_bundle[0]), "{}"]), ("Mark", ["bad", "other"])):
        done, output = call_as(bus, STRANGER, method, *args, rauc=is_rauc)
        assert not done and DENIED in output
    assert call_as(bus, STRANGER, slots, rauc=is_rauc)[0]
    assert call_as(bus, STRANGER, "GetPrimary", rauc=is_rauc)[0]
    assert device.boot_state("B") == "good" and device.primary() == "A"


@needs_root
@pytest.mark.parametrize("line", ["install-users=root;daemon", "install-groups=daemon"])
def test_users_and_groups_of_the_configuration_may(bus, device, start_service, line):
    device.write_config(extra=f"[dbus]\n{line}\n")
    start_service()
    for is_rauc in (False, True):
        done, output = call_as(bus, STRANGER, "Mark", "bad", "other", rauc=is_rauc)
        assert done, output
    assert DENIED in call_as(bus, 2, "Mark", "good", "other")[1]
    assert device.boot_state("B") == "bad"


@needs_root
def test_asks_polkit(bus, device, service):
    polkit = FakePolkit(bus, {"org.bascule.Update1.mark"})
    assert call_as(bus, STRANGER, "Mark", "bad", "other")[0]
    assert call_as(bus, STRANGER, "Mark", "bad", "other", rauc=True)[0]
    done, output = call_as(bus, STRANGER, "Install", "/x", "{}")
    assert not done and DENIED in output
    done, output = call_as(bus, STRANGER, "Inspect", "/x", "{}")
    assert not done and DENIED in output
    subject, action, _flags = polkit.questions[0]
    assert subject[0] == "system-bus-name" and subject[1]["name"].startswith(":")
    assert action == "org.bascule.Update1.mark"
    assert call_as(bus, 0, "Mark", "good", "other")[0]
    assert len(polkit.questions) == 4  # root is not asked about


@needs_root
def test_opens_paths_with_the_rights_of_the_caller(bus, service, good_bundle, tmp_path):
    done, output = call_as(bus, STRANGER, "Inspect", "/etc/shadow", "{}")
    assert not done and "Permission denied" in output
    done, output = call_as(bus, STRANGER, "Inspect", "/root/no-such-file", "{}")
    assert not done and "Permission denied" in output
    done, output = call_as(bus, STRANGER, "Inspect", "/etc/passwd", "{}")
    assert not done and ERROR + "Corrupt" in output


# ---- beside RAUC --------------------------------------------------------------------------------

def test_does_not_write_while_rauc_has_its_name(bus, device, start_service, good_bundle):
    other = bus.connect()
    own = ("org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus")
    other.call_sync(*own, "RequestName", GLib.Variant("(su)", (RAUC_NAME, 4)), None, 0, -1, None)
    service = start_service()
    client = Client(bus)
    assert bus.owner(RAUC_NAME) == other.get_unique_name()
    assert f"process {os.getpid()}" in service.log()
    assert len(client.call("GetSlots")) == 2
    reason = client.call("GetStatus")["read-only"]
    assert RAUC_NAME in reason
    assert client.install_and_wait(good_bundle[0])[1] == "busy"
    assert RAUC_NAME in expect_error(ERROR + "Busy", client.call, "Mark", "(ss)", "bad", "other")
    assert device.primary() == "A" and device.slot_starts_with("b", b"bbbb")
    other.call_sync(*own, "ReleaseName", GLib.Variant("(s)", (RAUC_NAME,)), None, 0, -1, None)
    wait_for(lambda: bus.owner(RAUC_NAME) == bus.owner(NAME), "RAUC's name is ours")
    assert "read-only" not in client.call("GetStatus")
    assert client.install_and_wait(good_bundle[0])[1] == "ok"


@pytest.fixture
def rauc_tool():
    tool = shutil.which("rauc", path="/usr/bin")
    if not tool or "1." not in subprocess.run([tool, "--version"], capture_output=True,
                                              text=True).stdout:
        pytest.skip("RAUC's own client is not installed")
    return tool


def test_the_real_client_of_rauc_works(bus, device, service, good_bundle, bundles, pki, rauc_tool):
    status, output = run_program(bus, rauc_tool, "status")
    assert status == 0 and "Compatible:  Test Device" in output
    assert "Booted from: rootfs.0 (A)" in output
    status, output = run_program(bus, rauc_tool, "status", "--output-format=shell")
    assert status == 0 and "RAUC_SYSTEM_COMPATIBLE='Test Device'" in output
    status, output = run_program(bus, rauc_tool, "install", good_bundle[0])
    assert status == 0 and "100% Installing done." in output and "succeeded" in output
    assert device.primary() == "B"
    status, output = run_program(bus, rauc_tool, "status", "--detailed")
    assert status == 0 and "Activated: rootfs.1 (B)" in output
    status, output = run_program(bus, rauc_tool, "status", "mark-bad", "other")
    assert status == 0 and device.boot_state("B") == "bad"
    status, output = run_program(bus, rauc_tool, "status", "mark-good")
    assert status == 0 and "rootfs.0" in output
    status, output = run_program(bus, rauc_tool, "status", "mark-active", "booted")
    assert status == 0 and device.primary() == "A"
    status, output = run_program(bus, rauc_tool, "info", f"--keyring={pki}/keyring.pem",
                                 good_bundle[0])
    assert status == 0 and "Test Device" in output
    stranger, _ = bundles.make(signer="other")
    status, output = run_program(bus, rauc_tool, "install", stranger)
    assert status == 1 and "LastError" in output


def test_a_busctl_script_works(bus, device, service, good_bundle):
    def busctl(*args):
        return run_program(bus, "busctl", f"--address={bus.address}", *args)
    for name, path, interface, method, slots in (
            (NAME, PATH, NAME, "Install", "GetSlots"),
            (RAUC_NAME, RAUC_PATH, RAUC_INTERFACE, "InstallBundle", "GetSlotStatus")):
        status, output = busctl("introspect", name, path, interface)
        assert status == 0 and ".Operation" in output and f".{method}" in output
        status, output = busctl("call", name, path, interface, slots)
        assert status == 0 and output.startswith("a(sa{sv}) 2 ")
        status, output = busctl("call", name, path, interface, method, "sa{sv}", good_bundle[0],
                                "0")
        assert status == 0
        wait_for(lambda: busctl("get-property", name, path, interface, "Operation")[1].strip()
                 == 's "idle"', "idle")
        assert device.primary() == "B"


# ---- what is installed --------------------------------------------------------------------------

def find_data(installed, built):
    for path in (os.environ.get("BSC_BINDIR", "/nowhere") + "/" + installed,
                 os.environ.get("BSC_BUILDDIR", "/nowhere") + "/" + built):
        if os.path.exists(path):
            return path
    pytest.skip(f"{built} is not built")


def test_the_unit_is_confined():
    unit = find_data("lib/systemd/system/basculed.service", "installer/data/basculed.service")
    tool = shutil.which("systemd-analyze")
    if not tool:
        pytest.skip("systemd-analyze is not installed")
    done = subprocess.run([tool, "security", "--offline=yes", "--no-pager", "--threshold=52", unit],
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    if "unrecognized option" in done.stdout:
        pytest.skip("this systemd-analyze cannot judge a file")
    assert done.returncode == 0, done.stdout
    assert "→ Overall exposure level" in done.stdout


@pytest.mark.parametrize("name", [NAME, RAUC_NAME])
def test_the_bus_starts_it(tmp_path, device, name):
    (tmp_path / "services").mkdir()

    class StartingBus(Bus):
        CONFIG = Bus.CONFIG.replace("</busconfig>",
                                    f"<servicedir>{tmp_path}/services</servicedir></busconfig>")
    bus = StartingBus(tmp_path)
    try:
        (tmp_path / "services" / f"{name}.service").write_text(
            f"[D-BUS Service]\nName={name}\nExec=/usr/bin/env DBUS_SYSTEM_BUS_ADDRESS="
            f"{bus.address} {find_program('basculed')} --conf={device.config} "
            f"--run-dir={device.folder}/run --override-boot-slot=A\n")
        bus.connection.call_sync("org.freedesktop.DBus", "/org/freedesktop/DBus",
                                 "org.freedesktop.DBus", "ReloadConfig", None, None, 0, -1, None)
        client = RaucClient(bus) if name == RAUC_NAME else Client(bus)
        reply = bus.connection.call_sync(client.name, client.path, client.interface, "GetPrimary",
                                         None, None, 0, 20000, None)
        assert reply.unpack() == ("rootfs.0",)
        pid = bus.connection.call_sync(
            "org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus",
            "GetConnectionUnixProcessID", GLib.Variant("(s)", (NAME,)), None, 0, -1, None)
        os.kill(pid.unpack()[0], signal.SIGTERM)
        wait_for(lambda: bus.owner(NAME) is None, "the service ends")
    finally:
        bus.stop()


@needs_root
def test_the_bus_policy_lets_only_root_own_the_name(tmp_path):
    policy = find_data(f"share/dbus-1/system.d/{NAME}.conf", f"dbus/{NAME}.conf")

    class GuardedBus(Bus):
        CONFIG = Bus.CONFIG.replace('<allow user="*"/><allow own="*"/>', '<allow user="*"/>') \
            .replace('<allow send_destination="*" eavesdrop="true"/>',
                     '<deny own="*"/><allow send_destination="org.freedesktop.DBus"/>') \
            .replace("</busconfig>", f"<include>{policy}</include></busconfig>")
    bus = GuardedBus(tmp_path)
    try:
        request = ["gdbus", "call", "--address", bus.address, "-d", "org.freedesktop.DBus", "-o",
                   "/org/freedesktop/DBus", "-m", "org.freedesktop.DBus.RequestName"]
        status, output = run_program(bus, *request, NAME, "4", uid=STRANGER)
        assert status != 0 and DENIED in output
        status, output = run_program(bus, *request, "org.example.Other", "4")
        assert status != 0 and DENIED in output
        assert run_program(bus, *request, NAME, "4")[0] == 0
    finally:
        bus.stop()
