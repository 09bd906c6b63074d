# SPDX-License-Identifier: LGPL-2.1-or-later
# SPDX-FileCopyrightText: 2026 The Bascule authors
# test/integration/test_install.py - standalone mode: every image type, archives, groups, hooks
import hashlib
import os
import re
import subprocess

import pytest
from conftest import run
from system import (AB, ABC, FAILED, GROUPS, HOOK_FAILED, LOOP_AB, MIB, NO_DESTINATION, REJECTED,
                    Untouched, check_installs, check_refused, ext4_image, need, need_file_system,
                    need_root, random_bytes, sparse_bytes)


def vfat_image(tmp_path):
    image = tmp_path / "image.vfat"
    image.write_bytes(bytes(4 * MIB))
    run("mkfs.vfat", image)
    (tmp_path / "hello").write_text("hello")
    run("mcopy", "-i", image, tmp_path / "hello", "::/hello")
    return image.read_bytes()


def squashfs_image(tmp_path):
    tree = tmp_path / "tree"
    tree.mkdir()
    (tree / "file").write_bytes(random_bytes(300000))
    run("mksquashfs", tree, tmp_path / "image.squashfs", "-quiet", "-no-progress")
    return (tmp_path / "image.squashfs").read_bytes()


# ---- every image type ---------------------------------------------------------------------------

@pytest.mark.parametrize("form", ["plain", "verity"])
@pytest.mark.parametrize("file, make, slot_type", [
    ("image.img", lambda tmp: sparse_bytes(), "raw"),
    ("image.img", lambda tmp: sparse_bytes(), "ext4"),
    ("image.img", lambda tmp: sparse_bytes(), "vfat"),
    ("image.ext4", ext4_image, "ext4"),
    ("image.ext4", ext4_image, "raw"),
    ("image.vfat", vfat_image, "vfat"),
    ("image.vfat", vfat_image, "raw"),
    ("image.squashfs", squashfs_image, "raw"),
])
def test_image_reaches_its_slot(system, make_bundle, tmp_path, form, file, make, slot_type):
    device = system(slots={name: {**keys, "type": slot_type} for name, keys in AB.items()})
    image = make(tmp_path)
    running = Untouched(device)
    result = check_installs(device, make_bundle({"rootfs": (file, image)}, form=form))
    assert device.slots["rootfs.1"].read(len(image)) == image
    assert device.slots["rootfs.0"].digest() == running.digests["rootfs.0"]
    assert device.boot.primary() == "B"
    status = device.slot_status("rootfs.1")
    assert status["slot_status"]["status"] == "ok"
    assert status["slot_status"]["bundle"]["version"] == "1.0"
    assert status["slot_status"]["checksum"] == {"sha256": hashlib.sha256(image).hexdigest(),
                                                 "size": len(image)}
    assert status["slot_status"]["installed"]["transaction"] == result.json["transaction"]
    assert status["trial"] is True
    report, = result.json["slots"]
    assert report["slot"] == "rootfs.1" and report["bytes_total"] == len(image)


def test_image_type_of_the_manifest_beats_the_name(system, make_bundle):
    device = system()
    image = sparse_bytes()
    bundle = make_bundle({"rootfs": ("whatever.bin", image, {"type": "raw"})})
    check_installs(device, bundle)
    assert device.slots["rootfs.1"].read(len(image)) == image


def test_image_fills_its_slot_to_the_last_byte(system, make_bundle):
    device = system()
    image = random_bytes(device.slots["rootfs.1"].size)
    check_installs(device, make_bundle({"rootfs": ("a.img", image)}))
    assert device.slots["rootfs.1"].read() == image


def test_resize_grows_the_file_system(system, make_bundle, tmp_path):
    slots = {name: {**keys, "type": "ext4", "resize": "true"} for name, keys in AB.items()}
    device = system(slots=slots)
    check_installs(device, make_bundle({"rootfs": ("a.ext4", ext4_image(tmp_path, size=6 * MIB))}))
    text = run("dumpe2fs", "-h", device.slots["rootfs.1"].device).stdout
    blocks = int(re.search(r"Block count: +(\d+)", text).group(1))
    assert blocks * int(re.search(r"Block size: +(\d+)", text).group(1)) == 8 * MIB


# ---- archives -----------------------------------------------------------------------------------

TREE_FILE = b"a line of text that compresses\n" * 7000


def make_tree(path):
    """A tree with what archives must keep."""
    (path / "dir").mkdir(parents=True)
    (path / "dir/file").write_bytes(TREE_FILE)
    os.chown(path / "dir/file", 1234, 4321)
    (path / "dir/file").chmod(0o4755)  # after chown, which takes it away
    os.utime(path / "dir/file", (1600000000, 1600000000))
    (path / "link").symlink_to("dir/file")
    os.link(path / "dir/file", path / "hard")
    os.setxattr(path / "dir/file", "user.word", b"value")
    (path / "ping").write_text("#!/bin/true\n")
    run("setcap", "cap_net_raw=ep", path / "ping")
    return path


def pack(tree, archive, *options):
    run("tar", "--xattrs", "--xattrs-include=*", "--numeric-owner", *options, "-cf", archive,
        "-C", tree, ".")
    return archive.read_bytes()


@pytest.mark.parametrize("file, option, program", [
    ("a.tar", None, "tar"), ("a.tar.gz", "-z", "gzip"), ("a.tgz", "-z", "gzip"),
    ("a.tar.bz2", "-j", "bzip2"), ("a.tar.xz", "-J", "xz"), ("a.tar.zst", "--zstd", "zstd"),
    ("a.tar.lz", "--lzip", "lzip"), ("a.tar.lzo", "--lzop", "lzop"), ("a.tar.Z", "-Z", "compress"),
])
def test_archive_keeps_what_it_holds(system, make_bundle, tmp_path, file, option, program):
    need_root()
    need(program, "setcap")
    device = system(slots=LOOP_AB)
    tree = make_tree(tmp_path / "tree")
    data = pack(tree, tmp_path / file, *([option] if option else []))
    check_installs(device, make_bundle({"rootfs": (file, data)}))
    mounted = tmp_path / "mounted"
    device.slots["rootfs.1"].mount(mounted, "-o", "ro")
    try:
        assert (mounted / "dir/file").read_bytes() == TREE_FILE
        stat = (mounted / "dir/file").stat()
        assert (stat.st_mode & 0o7777, stat.st_uid, stat.st_gid) == (0o4755, 1234, 4321)
        assert stat.st_mtime == 1600000000 and stat.st_nlink == 2
        assert os.readlink(mounted / "link") == "dir/file"
        assert os.getxattr(mounted / "dir/file", "user.word") == b"value"
        assert "cap_net_raw" in run("getcap", mounted / "ping").stdout
    finally:
        run("umount", mounted)
    run("e2fsck", "-f", "-n", device.slots["rootfs.1"].device)


def test_archive_on_vfat(system, make_bundle, tmp_path):
    need_root()
    need_file_system("vfat")
    slots = {name: {**keys, "type": "vfat", "loop": True} for name, keys in AB.items()}
    device = system(slots=slots)
    (tmp_path / "tree").mkdir()
    (tmp_path / "tree/hello").write_text("hello")
    run("tar", "-cf", tmp_path / "a.tar", "--numeric-owner", "-C", tmp_path / "tree", "hello")
    check_installs(device, make_bundle({"rootfs": ("a.tar", (tmp_path / "a.tar").read_bytes())}))
    mounted = tmp_path / "mounted"
    device.slots["rootfs.1"].mount(mounted, "-o", "ro")
    try:
        assert (mounted / "hello").read_text() == "hello"
    finally:
        run("umount", mounted)


def test_archive_larger_than_its_slot(system, make_bundle, tmp_path):
    need_root()
    device = system(slots=LOOP_AB)
    (tmp_path / "tree").mkdir()
    (tmp_path / "tree/big").write_bytes(bytes(20 * MIB))
    data = pack(tmp_path / "tree", tmp_path / "a.tar.gz", "-z")
    good = make_bundle({"rootfs": ("a.ext4", ext4_image(tmp_path))})
    running = Untouched(device)
    result = device.install(make_bundle({"rootfs": ("a.tar.gz", data)}))
    running.check()
    assert not device.boot.is_good("B")
    check_refused(device, good, result, NO_DESTINATION,
                  r"Slot 'rootfs\.1' on '/dev/loop\d+': The content of the archive does not fit "
                  "into the slot's file system; build a smaller one")


# ---- rotation, groups, classes ------------------------------------------------------------------

@pytest.mark.parametrize("bootloader", ["grub", "uboot", "custom"])
@pytest.mark.parametrize("slots, order", [(AB, "BABA"), (ABC, "BACB")])
def test_rotation(system, make_bundle, bootloader, slots, order):
    device = system(bootloader=bootloader, slots=slots)
    for number, bootname in enumerate(order):
        image = sparse_bytes(seed=number + 10)
        running = Untouched(device)
        check_installs(device, make_bundle({"rootfs": ("a.img", image)}, version=f"{number}.0"))
        assert device.boot.primary() == bootname
        assert {n: device.slots[n].digest() for n in running.running} == running.digests
        device.reboot()
        status = device.status()
        assert status["booted"] == bootname and status["on_trial"] is True
        result = device.mark("good")
        assert result.status == 0, result.stderr
        assert device.status()["on_trial"] is False
        name = next(n for n, s in device.slots.items() if s.keys["bootname"] == bootname)
        assert device.slots[name].read(len(image)) == image


def test_group_is_written_together(system, make_bundle):
    device = system(slots=GROUPS)
    images = {"rootfs": ("r.img", sparse_bytes(1)), "appfs": ("a.img", sparse_bytes(2))}
    running = Untouched(device)
    assert sorted(running.running) == ["appfs.0", "rootfs.0"]
    check_installs(device, make_bundle(images))
    assert device.slots["rootfs.1"].read(3 * MIB) == images["rootfs"][1]
    assert device.slots["appfs.1"].read(3 * MIB) == images["appfs"][1]
    assert {n: device.slots[n].digest() for n in running.running} == running.digests
    assert device.boot.primary() == "B"


def test_variant_chooses_its_image(system, make_bundle):
    device = system(conf={"system": {"variant-name": "blue"}})
    images = {"rootfs": ("plain.img", sparse_bytes(1)), "rootfs.blue": ("blue.img", sparse_bytes(2)),
              "rootfs.red": ("red.img", sparse_bytes(3))}
    check_installs(device, make_bundle(images))
    assert device.slots["rootfs.1"].read(3 * MIB) == images["rootfs.blue"][1]


def test_activation_can_be_left_to_somebody_else(system, make_bundle):
    device = system(conf={"system": {"activate-installed": "false"}})
    result = device.install(make_bundle())
    assert result.status == 0, result.stderr
    assert device.boot.primary() == "A"
    assert result.json["activated"] is False
    assert device.mark("active", "other").status == 0
    assert device.boot.primary() == "B"


def test_rescue_system_installs_without_a_booted_slot(system, make_bundle):
    device = system(booted="_external_")
    result = device.install(make_bundle())
    assert result.status == 0, result.stderr
    assert device.boot.primary() in ("A", "B")


# ---- the second installation --------------------------------------------------------------------

def test_second_installation_writes_almost_nothing(system, make_bundle):
    device = system()
    bundle = make_bundle({"rootfs": ("a.img", random_bytes(6 * MIB))})
    first = check_installs(device, bundle).json["slots"][0]
    assert first["bytes_written"] == 6 * MIB
    second = check_installs(device, bundle).json["slots"][0]
    assert second["bytes_written"] * 1000 < 6 * MIB
    assert second["bytes_equal"] + second["bytes_written"] == 6 * MIB


def test_install_same_false_skips(system, make_bundle):
    device = system(slots={n: {**k, "install-same": "false"} for n, k in AB.items()})
    bundle = make_bundle()
    assert check_installs(device, bundle).json["slots"][0]["skipped"] is False
    assert check_installs(device, bundle).json["slots"][0]["skipped"] is True


def test_only_changed_blocks_are_written(system, make_bundle):
    device = system()
    image = bytearray(random_bytes(6 * MIB))
    check_installs(device, make_bundle({"rootfs": ("a.img", bytes(image))}))
    image[3 * MIB] ^= 1
    report = check_installs(device, make_bundle({"rootfs": ("a.img", bytes(image))})).json
    assert report["slots"][0]["bytes_written"] <= 64 * 1024
    assert device.slots["rootfs.1"].read(6 * MIB) == image


# ---- hooks --------------------------------------------------------------------------------------

HOOK = """#!/bin/sh
case $1 in
install-check)
	[ "$RAUC_MF_VERSION" != 6.6 ] || { echo "not on a Friday" >&2; exit 10; }
	;;
slot-pre-install | slot-post-install)
	{ echo "$1"; env | grep ^RAUC_ | sort; } > "{dir}/hook.$1" || exit 1
	[ "$RAUC_IMAGE_CLASS" = rootfs ] || exit 1
	;;
slot-install) dd if="$RAUC_IMAGE_NAME" of="$RAUC_SLOT_DEVICE" conv=notrunc bs=1M ;;
esac
"""
HOOKS = "[hooks]\nfilename=hook\nhooks=install-check\n"


def test_hooks_run_with_their_variables(system, make_bundle):
    device = system()
    image = sparse_bytes()
    keys = {"hooks": "pre-install;post-install"}
    hook = HOOK.replace("{dir}", str(device.dir)).encode()
    bundle = make_bundle({"rootfs": ("a.img", image, keys)}, text=HOOKS, files={"hook": hook})
    check_installs(device, bundle)
    for hook in ("slot-pre-install", "slot-post-install"):
        text = (device.dir / f"hook.{hook}").read_text()
        assert "RAUC_SLOT_NAME=rootfs.1\n" in text and "RAUC_SLOT_BOOTNAME=B\n" in text
        assert f"RAUC_IMAGE_DIGEST={hashlib.sha256(image).hexdigest()}\n" in text
    assert device.slots["rootfs.1"].read(len(image)) == image


def test_install_check_hook_says_no(system, make_bundle):
    device = system()
    digests = device.digests()
    result = device.install(make_bundle(text=HOOKS, files={"hook": HOOK.encode()}, version="6.6"))
    assert device.digests() == digests
    check_refused(device, make_bundle(), result, REJECTED,
                  "The bundle's install-check says no: not on a Friday")


def test_slot_hook_fails(system, make_bundle):
    device = system()
    images = {"rootfs": ("a.img", sparse_bytes(), {"hooks": "post-install"})}
    hook = "#!/bin/sh\necho broken >&2\nexit 3\n"
    running = Untouched(device)
    result = device.install(make_bundle(images, text="[hooks]\nfilename=hook\n",
                                        files={"hook": hook.encode()}))
    running.check()
    assert not device.boot.is_good("B")
    check_refused(device, make_bundle(), result, HOOK_FAILED, 
                  r"Hook slot-post-install for slot rootfs\.1 failed: exit status 3: broken")


# ---- words for people ---------------------------------------------------------------------------

def test_progress_lines(system, make_bundle):
    device = system()
    result = device.run("install", make_bundle())
    assert result.status == 0
    lines = result.stderr.splitlines()
    assert lines[0] == "  0% Installing" and lines[-1] == "100% Installing done."
    assert any(line.startswith(" 46% Copying image to rootfs.1") for line in lines), lines
    assert result.stdout.startswith("Installed version 1.0 into rootfs.1 (transaction ")


def test_progress_bar_on_a_terminal(system, make_bundle):
    need("script")
    device = system()
    command = " ".join(map(str, device.command("install", make_bundle())))
    done = subprocess.run(["script", "-qec", command, "/dev/null"], capture_output=True,
                          check=False, stdin=subprocess.DEVNULL)
    assert done.returncode == 0
    assert b"\r\033[K[" in done.stdout
    assert b"100%" in done.stdout and b" of 3.0 MiB" in done.stdout


def test_doctor(system, pki):
    device = system()
    result = device.run("doctor")
    assert result.status == 0, result.stdout
    device.change_conf({"keyring": {"path": pki / "garbage.pem"}})
    result = device.run("doctor", "--output-format=json")
    assert result.status == FAILED
    wrong, = [f for f in result.json if f["level"] == "error"]
    assert wrong["subject"] == "keyring" and wrong["advice"]


@pytest.mark.parametrize("args, text", [
    (["install"], "no bundle given"), (["install", "a", "b"], "only one bundle at a time"),
    (["status", "--output-format=xml"], "unknown output format 'xml'"),
    (["status", "frobnicate"], "unknown subcommand 'frobnicate'"),
    (["mark", "great"], "unknown mark 'great': it is good, bad or active"),
    (["result", "a", "b"], "too many arguments"),
])
def test_wrong_usage(system, args, text):
    result = system().run(*args)
    assert result.status == FAILED
    assert re.fullmatch(rf"bascule {args[0]}: {text} \(usage: .*\)\n", result.stderr)
