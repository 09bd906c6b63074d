# SPDX-License-Identifier: LGPL-2.1-or-later
# SPDX-FileCopyrightText: 2026 The Bascule authors
# test/integration/test_hooks.py - slot hooks on file systems, in a group, standalone
import io
import subprocess
import tarfile

import pytest

from system import MIB, need, need_root

GROUP = {
    "rootfs.0": {"bootname": "A", "type": "ext4", "size": 16 * MIB, "loop": True},
    "rootfs.1": {"bootname": "B", "type": "ext4", "size": 16 * MIB, "loop": True},
    "appfs.0": {"parent": "rootfs.0", "type": "ext4", "size": 16 * MIB, "loop": True},
    "appfs.1": {"parent": "rootfs.1", "type": "ext4", "size": 16 * MIB, "loop": True},
}
MANIFEST = """[update]
compatible=test-system
version=1.0
[hooks]
filename=hook.sh
[image.rootfs]
filename=root.tar.gz
hooks=pre-install;post-install
[image.appfs]
filename=app.ext4
hooks=pre-install;post-install
"""
# says what it sees, and leaves a file in the new content
HOOK = """#!/bin/sh
seen=none
[ -z "$RAUC_SLOT_MOUNT_POINT" ] || seen=$(ls "$RAUC_SLOT_MOUNT_POINT" | sort | tr '\\n' ' ')
echo "$1 $RAUC_SLOT_NAME $RAUC_SLOT_BOOTNAME: $seen" >>{log}
[ "$1" != slot-post-install ] || echo done >"$RAUC_SLOT_MOUNT_POINT/hooked"
"""


def pack(files):
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as archive:
        for name, data in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    return buffer.getvalue()


@pytest.fixture
def hook_bundle(bundle, content, tmp_path):
    """A bundle with an archive, a file system and a hook that writes to the file `log`."""
    need_root()
    need("mkfs.ext4", "tar")
    image = tmp_path / "app.ext4"
    subprocess.run(["mkfs.ext4", "-q", image, "8M"], check=True)
    directory = content(manifest=MANIFEST, files={
        "root.tar.gz": pack({"etc/release": b"new\n"}), "app.ext4": image.read_bytes(),
        "hook.sh": HOOK.format(log=tmp_path / "log").encode()})
    (directory / "hook.sh").chmod(0o755)
    return bundle(directory=directory)


def list_slot(device, name, tmp_path):
    where = tmp_path / "look"
    device.slots[name].mount(where, "-o", "ro")
    try:
        return sorted(path.name for path in where.iterdir())
    finally:
        subprocess.run(["umount", where], check=True)


def test_hooks_see_old_and_new_content(system, hook_bundle, tmp_path):
    device = system(slots=GROUP)
    subprocess.run(["mkfs.ext4", "-q", "-F", device.slots["appfs.1"].device], check=True)
    done = device.install(hook_bundle)
    assert done.status == 0, done.stderr
    assert (tmp_path / "log").read_text().splitlines() == [
        "slot-pre-install rootfs.1 B: none",  # archives get a fresh file system
        "slot-post-install rootfs.1 B: etc lost+found ",
        "slot-pre-install appfs.1 B: lost+found ",
        "slot-post-install appfs.1 B: lost+found ",
    ]
    assert list_slot(device, "rootfs.1", tmp_path) == ["etc", "hooked", "lost+found"]
    assert list_slot(device, "appfs.1", tmp_path) == ["hooked", "lost+found"]
    assert device.boot.primary() == "B"


def test_an_unmountable_old_system_is_replaced(system, hook_bundle, tmp_path):
    device = system(slots=GROUP)
    done = device.install(hook_bundle)
    assert done.status == 0, done.stderr
    assert "slot-pre-install appfs.1 B: none" in (tmp_path / "log").read_text()


def test_a_mounted_slot_is_refused_by_name(system, hook_bundle, tmp_path):
    device = system(slots=GROUP)
    assert device.install(hook_bundle).status == 0
    before = device.digests()
    where = tmp_path / "busy"
    device.slots["appfs.1"].mount(where, "-o", "ro")
    try:
        done = device.install(hook_bundle)
    finally:
        subprocess.run(["umount", where], check=True)
    assert done.json["outcome"] == "no-destination"
    assert "appfs.1 cannot be written" in done.message
    assert f"mounted on '{where}'" in done.message
    assert device.digests() == before
    assert device.boot.primary() == "B"
    assert device.install(hook_bundle).status == 0
