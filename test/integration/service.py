# SPDX-License-Identifier: LGPL-2.1-or-later
# SPDX-FileCopyrightText: 2026 The Bascule authors
# test/integration/service.py - a private bus, a device of files, our service on both
"""What tests of the service need; everything ends with the fixture that made it."""
import hashlib
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest

sys.path.append("/usr/lib/python3/dist-packages")  # where Debian puts gi
gi = pytest.importorskip("gi")
from gi.repository import Gio, GLib  # noqa: E402

NAME = "org.bascule.Update1"
PATH = "/org/bascule/Update1"
RAUC_NAME = "de.pengutronix.rauc"
RAUC_PATH = "/"
RAUC_INTERFACE = "de.pengutronix.rauc.Installer"
RAUC_ERROR = "org.gtk.GDBus.UnmappedGError.Quark._g_2dio_2derror_2dquark.Code30"
ERROR = "org.bascule.Update1.Error."
DENIED = "org.freedesktop.DBus.Error.AccessDenied"
INVALID = "org.freedesktop.DBus.Error.InvalidArgs"
TIMEOUT = 60
SLOT_BYTES = 4 << 20
IMAGE_BYTES = 1 << 20


def find_program(name):
    """The installed program, else the one in the build tree."""
    places = []
    if os.environ.get("BSC_BINDIR"):
        places += [Path(os.environ["BSC_BINDIR"]) / sub for sub in ("sbin", "bin")]
    if os.environ.get("BSC_BUILDDIR"):
        places.append(Path(os.environ["BSC_BUILDDIR"]))
    for place in places:
        if (place / name).is_file():
            return str(place / name)
    pytest.skip(f"{name} is not built (set BSC_BINDIR or BSC_BUILDDIR)")


def wait_for(condition, what, timeout=TIMEOUT):
    """Runs the main context until condition() is true; gives its value back."""
    end = time.monotonic() + timeout
    context = GLib.MainContext.default()
    while True:
        while context.iteration(False):
            pass
        value = condition()
        if value:
            return value
        assert time.monotonic() < end, f"timed out: {what}"
        time.sleep(0.01)


class Bus:
    """A dbus-daemon of our own: everybody may own and call everything."""

    CONFIG = """<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <type>custom</type>
  <listen>unix:abstract={socket}</listen>
  <auth>EXTERNAL</auth>
  <policy context="default">
    <allow user="*"/><allow own="*"/>
    <allow send_destination="*" eavesdrop="true"/><allow receive_sender="*"/>
  </policy>
</busconfig>
"""

    def __init__(self, folder):
        self.socket = f"bsc-{os.getpid()}-{hashlib.sha256(str(folder).encode()).hexdigest()[:12]}"
        config = folder / "bus.conf"
        config.write_text(self.CONFIG.format(socket=self.socket))
        with open(folder / "bus.log", "wb") as log:
            self.process = subprocess.Popen(
                ["dbus-daemon", f"--config-file={config}", "--nofork", "--nopidfile",
                 "--print-address=1"], stdout=subprocess.PIPE, stderr=log, text=True)
        self.address = self.process.stdout.readline().strip()
        self.env = {"DBUS_SYSTEM_BUS_ADDRESS": self.address, "LC_ALL": "C.UTF-8",
                    "PATH": "/usr/sbin:/usr/bin:/sbin:/bin"}
        self.connection = self.connect()

    def connect(self):
        flags = (Gio.DBusConnectionFlags.AUTHENTICATION_CLIENT
                 | Gio.DBusConnectionFlags.MESSAGE_BUS_CONNECTION)
        return Gio.DBusConnection.new_for_address_sync(self.address, flags, None, None)

    def owner(self, name):
        try:
            reply = self.connection.call_sync(
                "org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus",
                "GetNameOwner", GLib.Variant("(s)", (name,)), None, 0, -1, None)
        except GLib.Error:
            return None
        return reply.unpack()[0]

    def stop(self):
        if not self.connection.is_closed():
            self.connection.close_sync(None)
        self.process.terminate()
        self.process.wait(10)


class BusError(Exception):
    def __init__(self, error):
        self.name = Gio.DBusError.get_remote_error(error) or "local"
        self.message = error.message.removeprefix(f"GDBus.Error:{self.name}: ")
        super().__init__(f"{self.name}: {self.message}")


class Client:
    """Calls one object; records its signals and property changes in order."""

    def __init__(self, bus, name=NAME, path=PATH, interface=NAME):
        self.bus, self.name, self.path, self.interface = bus, name, path, interface
        self.connection = bus.connect()
        self.completed = []
        self.changes = []
        self.events = []
        self.connection.signal_subscribe(None, None, None, path, None, 0, self._on_signal)

    def _on_signal(self, _connection, _sender, _path, interface, signal_name, args):
        values = args.unpack()
        if signal_name == "PropertiesChanged" and values[0] == self.interface:
            for key, value in values[1].items():
                self.changes.append((key, value))
                self.events.append((key, value))
        elif interface == self.interface and signal_name == "Completed":
            self.completed.append(values)
            self.events.append(("Completed", values))

    def _call(self, interface, method, args, fds=None):
        done = []

        def on_reply(connection, result):
            done.append(result)
        self.connection.call_with_unix_fd_list(
            self.name, self.path, interface, method, args, None, Gio.DBusCallFlags.NO_AUTO_START,
            TIMEOUT * 1000, fds, None, on_reply)
        wait_for(lambda: done, f"reply of {method}")
        try:
            return self.connection.call_with_unix_fd_list_finish(done[0])[0]
        except GLib.Error as error:
            raise BusError(error) from None

    def call(self, method, signature="()", *args, fds=None):
        """What the method answers; one value is not a tuple."""
        reply = self._call(self.interface, method, GLib.Variant(signature, args), fds).unpack()
        return reply[0] if len(reply) == 1 else reply

    def call_raw(self, method, signature, *args):
        return self._call(self.interface, method, GLib.Variant(signature, args))

    def get(self, name):
        return self._call("org.freedesktop.DBus.Properties", "Get",
                          GLib.Variant("(ss)", (self.interface, name))).unpack()[0]

    def install(self, bundle, **options):
        types = {"transaction_id": "s", "require_manifest_hash": "s", "handler_args": "s"}
        packed = {key.replace("_", "-"): GLib.Variant(types.get(key, "b"), value)
                  for key, value in options.items()}
        return self.call("Install", "(sa{sv})", str(bundle), packed)

    def wait_completed(self):
        """The newest Completed, with Operation back at idle."""
        wait_for(lambda: self.completed, "Completed")
        wait_for(lambda: self.events[-1] == ("Operation", "idle"), "Operation idle")
        return self.completed[-1]

    def install_and_wait(self, bundle, **options):
        self.completed.clear()
        transaction = self.install(bundle, **options)
        done = self.wait_completed()
        assert done[0] == transaction
        return done


class RaucClient(Client):
    def __init__(self, bus):
        super().__init__(bus, RAUC_NAME, RAUC_PATH, RAUC_INTERFACE)

    def install(self, bundle, **options):
        packed = {key.replace("_", "-"): GLib.Variant("b", value)
                  for key, value in options.items()}
        return self.call("InstallBundle", "(sa{sv})", str(bundle), packed)


class Device:
    """Two slots in files, a boot loader in a script, keys."""

    BACKEND = """#!/bin/sh
cd {folder}/boot || exit 1
case $1 in
get-primary) cat primary ;;
set-primary) echo "$2" >primary; echo "set-primary $2" >>calls ;;
get-state) cat "state-$2" ;;
set-state) echo "$3" >"state-$2"; echo "set-state $2 $3" >>calls ;;
get-current) echo A ;;
*) exit 1 ;;
esac
"""

    def __init__(self, folder, pki):
        self.folder, self.pki = folder, pki
        (folder / "boot").mkdir(parents=True)
        for name, text in (("primary", "A\n"), ("state-A", "good\n"), ("state-B", "good\n")):
            (folder / "boot" / name).write_text(text)
        self.backend = folder / "backend"
        self.backend.write_text(self.BACKEND.format(folder=folder))
        self.backend.chmod(0o755)
        for slot in "ab":
            (folder / f"{slot}.img").write_bytes(slot.encode() * SLOT_BYTES)
        self.config = folder / "system.conf"
        self.write_config()

    def write_config(self, extra="", handlers="", system=""):
        self.config.write_text(f"""[system]
compatible=Test Device
bootloader=custom
data-directory={self.folder}/data
{system}

[keyring]
path={self.pki}/keyring.pem

[handlers]
bootloader-custom-backend={self.backend}
{handlers}
[slot.rootfs.0]
device={self.folder}/a.img
type=raw
bootname=A

[slot.rootfs.1]
device={self.folder}/b.img
type=raw
bootname=B

{extra}
""")

    def primary(self):
        return (self.folder / "boot/primary").read_text().strip()

    def boot_state(self, name):
        return (self.folder / f"boot/state-{name}").read_text().strip()

    def slot_starts_with(self, slot, data):
        with open(self.folder / f"{slot}.img", "rb") as file:
            return file.read(len(data)) == data


class Bundles:
    """Makes bundles with bascule-bundle; each kind once."""

    def __init__(self, folder, pki):
        self.folder, self.pki, self.count = folder, pki, 0
        self.tool = find_program("bascule-bundle")

    def make(self, hook=None, compatible="Test Device", signer="signer", version="1.0"):
        """(path of the bundle, bytes of its image)"""
        content = self._make_content()
        data = (f"image {self.count} ".encode() * IMAGE_BYTES)[:IMAGE_BYTES]
        (content / "rootfs.img").write_bytes(data)
        hooks = ""
        if hook is not None:
            (content / "hook.sh").write_text("#!/bin/sh\n" + hook)
            (content / "hook.sh").chmod(0o755)
            hooks = "[hooks]\nfilename=hook.sh\n"
        (content / "manifest.raucm").write_text(
            f"[update]\ncompatible={compatible}\nversion={version}\n\n"
            f"[bundle]\nformat=verity\n\n{hooks}\n[image.rootfs]\nfilename=rootfs.img\n"
            + ("hooks=post-install;\n" if hook is not None else ""))
        return self._create(content, signer), data

    def make_large(self, image_bytes, *args):
        """A sparse image with a MiB of data in each 16."""
        content = self._make_content()
        with open(content / "rootfs.img", "wb") as image:
            for offset in range(0, image_bytes, 16 << 20):
                image.seek(offset)
                line = f"{offset} is where this line is from\n".encode() + os.urandom(64)
                image.write((line * (1 << 15))[:1 << 20])
            image.truncate(image_bytes)
        (content / "manifest.raucm").write_text(
            "[update]\ncompatible=Test Device\nversion=1.0\n\n[bundle]\nformat=verity\n\n"
            "[image.rootfs]\nfilename=rootfs.img\n")
        return self._create(content, "signer", *args)

    def _make_content(self):
        self.count += 1
        content = self.folder / f"content-{self.count}"
        content.mkdir()
        return content

    def _create(self, content, signer, *args):
        bundle = self.folder / f"bundle-{self.count}.raucb"
        subprocess.run([self.tool, "create", f"--cert={self.pki}/{signer}.pem",
                        f"--key={self.pki}/{signer}.key", *args, str(content), str(bundle)],
                       check=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        bundle.chmod(0o644)
        shutil.rmtree(content)
        return bundle


class Hold:
    """A hook that says when it is reached and waits until it is let go."""

    def __init__(self, folder):
        self.reached, self.go = folder / "reached", folder / "go"
        self.script = (f"touch {self.reached}\n"
                       f"while [ ! -e {self.go} ]; do sleep 0.02; done\nexit 0\n")

    def wait(self):
        wait_for(self.reached.exists, "the hook is reached")

    def release(self):
        self.go.touch()


class Service:
    """basculed as a child of the test."""

    def __init__(self, bus, device, *args, env=None, wait=True):
        self.bus, self.device = bus, device
        self.log_path = device.folder / f"basculed-{time.monotonic_ns()}.log"
        run_dir = device.folder / "run"
        run_dir.mkdir(exist_ok=True)
        with open(self.log_path, "wb") as log:
            self.process = subprocess.Popen(
                [find_program("basculed"), f"--conf={device.config}", f"--run-dir={run_dir}",
                 f"--mount={run_dir}/mnt", "--override-boot-slot=A", *args],
                env={**bus.env, **(env or {})}, stdout=log, stderr=log, stdin=subprocess.DEVNULL)
        if wait:
            wait_for(lambda: bus.owner(NAME) or self.process.poll() is not None, "the name")
            assert self.process.poll() is None, self.log()

    def log(self):
        return self.log_path.read_text(errors="replace")

    def stop(self, sig=signal.SIGTERM):
        """Exit status."""
        if self.process.poll() is None:
            self.process.send_signal(sig)
        status = self.process.wait(TIMEOUT)
        wait_for(lambda: self.bus.owner(NAME) is None, "the name is free")
        return status

    def has_sanitizer(self):
        return "asan" in Path(f"/proc/{self.process.pid}/maps").read_text()

    def memory_kib(self):
        text = Path(f"/proc/{self.process.pid}/smaps_rollup").read_text()
        return {line.split(":")[0]: int(line.split()[1]) for line in text.splitlines()[1:]}


class FakePolkit:
    """Answers CheckAuthorization; runs in the test's main context."""

    XML = """<node><interface name="org.freedesktop.PolicyKit1.Authority">
<method name="CheckAuthorization">
<arg type="(sa{sv})" direction="in"/><arg type="s" direction="in"/>
<arg type="a{ss}" direction="in"/><arg type="u" direction="in"/><arg type="s" direction="in"/>
<arg type="(bba{ss})" direction="out"/></method></interface></node>"""

    def __init__(self, bus, allowed):
        self.allowed = allowed
        self.questions = []
        self.connection = bus.connect()
        info = Gio.DBusNodeInfo.new_for_xml(self.XML).interfaces[0]
        self.connection.register_object("/org/freedesktop/PolicyKit1/Authority", info,
                                        self._on_call, None, None)
        self.connection.call_sync(
            "org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus", "RequestName",
            GLib.Variant("(su)", ("org.freedesktop.PolicyKit1", 4)), None, 0, -1, None)

    def _on_call(self, _conn, _sender, _path, _interface, _method, args, invocation):
        subject, action, _details, flags, _cancel = args.unpack()
        self.questions.append((subject, action, flags))
        invocation.return_value(
            GLib.Variant("((bba{ss}))", ((action in self.allowed, False, {}),)))


def run_program(bus, *argv, uid=0):
    """Runs a program to its end while the main context goes on: (status, output)."""
    prefix = [] if uid == 0 else ["setpriv", f"--reuid={uid}", f"--regid={uid}",
                                  "--clear-groups"]
    with tempfile.TemporaryFile() as output:
        process = subprocess.Popen([*prefix, *map(str, argv)], stdin=subprocess.DEVNULL,
                                   stdout=output, stderr=subprocess.STDOUT, env=bus.env)
        wait_for(lambda: process.poll() is not None, argv[0])
        output.seek(0)
        return process.returncode, output.read().decode(errors="replace")


def call_as(bus, uid, method, *args, rauc=False):
    """gdbus as another user: (succeeded, output); a failure's output has the error's name."""
    name, path, interface = ((RAUC_NAME, RAUC_PATH, RAUC_INTERFACE) if rauc
                             else (NAME, PATH, NAME))
    status, output = run_program(bus, "gdbus", "call", "--address", bus.address, "-d", name,
                                 "-o", path, "-m", f"{interface}.{method}", *args, uid=uid)
    return status == 0, output


@pytest.fixture(scope="session")
def bundles(tmp_path_factory, pki):
    return Bundles(tmp_path_factory.mktemp("bundles"), pki)


@pytest.fixture(scope="session")
def good_bundle(bundles):
    return bundles.make()


@pytest.fixture
def bus(tmp_path):
    if not shutil.which("dbus-daemon"):
        pytest.skip("dbus-daemon is missing")
    private = Bus(tmp_path)
    yield private
    private.stop()


@pytest.fixture
def device(tmp_path, pki):
    return Device(tmp_path / "device", pki)


@pytest.fixture
def start_service(bus, device):
    """Starts the service, also again after it ended."""
    started = []

    def start(*args, **kwargs):
        service = Service(bus, device, *args, **kwargs)
        started.append(service)
        return service
    yield start
    for service in started:
        if service.process.poll() is None:
            service.process.kill()
            service.process.wait()


@pytest.fixture
def service(start_service):
    return start_service()


@pytest.fixture
def client(bus, service):
    return Client(bus)


@pytest.fixture
def rauc(bus, service):
    return RaucClient(bus)
