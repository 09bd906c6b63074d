# SPDX-License-Identifier: LGPL-2.1-or-later
# SPDX-FileCopyrightText: 2026 The Bascule authors
# test/integration/test_bundle.py - bascule-bundle as a build host uses it
import hashlib
import json
import os
import re
import signal
import struct
import subprocess
import time

import pytest

from bundles import EPOCH, FORMATS, refused, split
from conftest import MANIFEST, make_bytes, program, run


# making and reading

@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize("compression", ("gzip", "xz", "zstd", "lz4"))
def test_roundtrip(form, compression, bundle, content, verify, bascule_bundle, pki, tmp_path):
    directory = content(files={
        "rootfs.ext4": bytes(100_000) + make_bytes(500_000) + b"text " * 50_000,
        "boot.vfat": make_bytes(1), "etc/key": b"key", "etc/empty": b""})
    os.symlink("boot.vfat", directory / "link")
    path = bundle(form, directory=directory, args=(f"--compression={compression}",))
    assert verify(path).returncode == 0
    out = tmp_path / "extracted"
    bascule_bundle("extract", "--keyring", pki / "keyring.pem", path, out)
    for name in ("rootfs.ext4", "boot.vfat", "etc/key", "etc/empty"):
        assert (out / name).read_bytes() == (directory / name).read_bytes()
    assert os.readlink(out / "link") == "boot.vfat"


def test_formats_on_disk(bundle):
    """Magic, multiples of 4096, and a ciphertext that is none of a squashfs."""
    for form in FORMATS:
        payload, _, _ = split(bundle(form))
        assert len(payload) % 4096 == 0
        assert (payload[:4] == b"hsqs") == (form != "crypt")
        if form == "crypt":
            assert b"hsqs" not in payload


def test_default_format_is_verity_and_zstd(create, content, inspect, tmp_path):
    assert create(content()).returncode == 0
    assert inspect(tmp_path / "out.raucb")["format"] == "verity"
    info = run("unsquashfs", "-s", tmp_path / "out.raucb").stdout
    assert "Compression zstd" in info


def test_manifest_names_the_format(bundle, content, inspect):
    directory = content(MANIFEST + "\n[bundle]\nformat=plain\n")
    assert inspect(bundle("verity", directory=directory))["format"] == "plain"


def test_create_fills_digests(bundle, content, inspect):
    directory = content()
    images = inspect(bundle("verity", directory=directory))["images"]
    for entry, (name, file) in zip(images, (("rootfs", "rootfs.ext4"), ("boot", "boot.vfat"))):
        data = (directory / file).read_bytes()
        assert entry[name]["checksum"] == hashlib.sha256(data).hexdigest()
        assert entry[name]["size"] == len(data)


def test_manifest_hash(bundle, inspect, bascule_bundle, pki, tmp_path):
    """Over manifest.raucm (plain) or over the signed content (verity)."""
    plain = bundle("plain")
    bascule_bundle("extract", "--keyring", pki / "keyring.pem", plain, tmp_path / "x")
    text = (tmp_path / "x/manifest.raucm").read_bytes()
    assert inspect(plain)["hash"] == hashlib.sha256(text).hexdigest()
    verity = bundle("verity")
    (tmp_path / "cms").write_bytes(split(verity)[1])
    run("openssl", "cms", "-verify", "-noverify", "-inform", "DER", "-in", tmp_path / "cms",
        "-out", tmp_path / "text")
    assert inspect(verity)["hash"] == hashlib.sha256((tmp_path / "text").read_bytes()).hexdigest()


def verity_root(data, salt):
    """Hash tree by the format's description, without any code of ours."""
    tree = b""
    level = data
    while True:
        digests = b"".join(hashlib.sha256(salt + level[i:i + 4096]).digest()
                           for i in range(0, len(level), 4096))
        level = digests + bytes(-len(digests) % 4096)
        tree = level + tree
        if len(level) == 4096:
            return tree, hashlib.sha256(salt + level).hexdigest()


def test_hash_tree(bundle, content, bascule_bundle, pki):
    directory = content(files={"rootfs.ext4": make_bytes(700_000), "boot.vfat": b"x"})
    path = bundle("verity", directory=directory)
    text = bascule_bundle("info", "--keyring", pki / "keyring.pem", "--output-format=json-2",
                          path).stdout
    verity = json.loads(text)["bundle"]
    payload = split(path)[0]
    data = payload[:-verity["verity-size"]]
    assert verity["verity-salt"] == hashlib.sha256(data).hexdigest()
    tree, root = verity_root(data, bytes.fromhex(verity["verity-salt"]))
    assert payload[len(data):] == tree
    assert verity["verity-hash"] == root


def test_block_hash_index(bundle, content, bascule_bundle, pki, tmp_path):
    data = make_bytes(40 * 4096) + bytes(8 * 4096)
    directory = content(MANIFEST.replace("=rootfs.ext4", "=rootfs.ext4\nadaptive=block-hash-index"),
                        {"rootfs.ext4": data, "boot.vfat": b"x",
                         "rootfs.ext4.block-hash-index": b"a stale one"})
    path = bundle("verity", directory=directory)
    bascule_bundle("extract", "--keyring", pki / "keyring.pem", path, tmp_path / "x")
    assert (tmp_path / "x/rootfs.ext4.block-hash-index").read_bytes() == b"".join(
        hashlib.sha256(data[i:i + 4096]).digest() for i in range(0, len(data), 4096))


def test_block_hash_index_needs_whole_blocks(create, content):
    directory = content(MANIFEST.replace("=rootfs.ext4", "=rootfs.ext4\nadaptive=block-hash-index"),
                        {"rootfs.ext4": bytes(5000), "boot.vfat": b"x"})
    refused(create(directory), "adaptive=block-hash-index of 'rootfs.ext4': "
            "Size 5000 is not a multiple of 4096 bytes")


def test_image_may_be_a_link(bundle, content, verify):
    """Build systems write rootfs.ext4 -> image-1.2.3.ext4."""
    directory = content(files={"image-1.2.3.ext4": make_bytes(5000), "boot.vfat": b"x"})
    os.symlink("image-1.2.3.ext4", directory / "rootfs.ext4")
    assert verify(bundle("verity", directory=directory)).returncode == 0


def test_tiny_content_gets_a_hash_tree(bundle, content, verify):
    """A squashfs of 4096 bytes is padded: a hash tree needs two blocks."""
    directory = content("[update]\ncompatible=x\n", {})
    path = bundle("verity", directory=directory)
    assert len(split(path)[0]) == 8192 + 4096
    assert verify(path).returncode == 0


def test_large_directory(bundle, content, verify):
    files = {f"data-{n:04}": make_bytes(n, n) for n in range(500)}
    directory = content("[update]\ncompatible=x\n", files)
    assert verify(bundle("plain", directory=directory)).returncode == 0


# reproducible

@pytest.mark.parametrize("form", ("plain", "verity"))
def test_reproducible(form, bundle, content, inspect):
    first = content(name="first")
    second = content(name="second")
    os.utime(second / "boot.vfat", (1, 1))
    a = bundle(form, directory=first, env=EPOCH)
    time.sleep(1.1)
    b = bundle(form, directory=second, env=EPOCH)
    assert split(a)[0] == split(b)[0]
    assert inspect(a)["hash"] == inspect(b)["hash"]


@pytest.mark.parametrize("form", ("plain", "verity"))
def test_reproducible_as_a_whole(form, bundle):
    args = ("--signing-time=2026-01-01T00:00:00Z",)
    a = bundle(form, args=args, env=EPOCH)
    b = bundle(form, args=args, env=EPOCH)
    assert a.read_bytes() == b.read_bytes()


def test_crypt_is_never_the_same(bundle):
    a = bundle("crypt", env=EPOCH)
    b = bundle("crypt", env=EPOCH)
    blocks_a = {split(a)[0][i:i + 4096] for i in range(0, len(split(a)[0]), 4096)}
    blocks_b = {split(b)[0][i:i + 4096] for i in range(0, len(split(b)[0]), 4096)}
    assert not blocks_a & blocks_b


def test_given_salt(bundle, bascule_bundle, pki):
    salt = "ab" * 32
    path = bundle("verity", args=(f"--verity-salt={salt}",))
    text = bascule_bundle("info", "--keyring", pki / "keyring.pem", "--output-format=json-2", path)
    assert json.loads(text.stdout)["bundle"]["verity-salt"] == salt


# damaged bundles

def places(form, path):
    """Offsets of bytes to flip, by what they belong to."""
    payload, cms, _ = split(path)
    end = len(payload)
    data_end = end - 4096 if form != "plain" else end
    return {"magic": 0, "superblock": 60, "middle": data_end // 2, "last data": data_end - 1,
            "tree": end - 4096, "tree filling": end - 1,
            "manifest": end + cms.find(b"compatible=test") if form != "plain" else None,
            "signature": end + len(cms) - 20}


@pytest.mark.parametrize("form", FORMATS)
def test_flipped_bit(form, bundle, verify, tmp_path):
    path = bundle(form)
    data = path.read_bytes()
    block = r"'.*': Payload block {} differs from what was signed: the bundle is damaged, get a " \
            r"fresh copy"
    tree = r"'.*': Hash tree block 0 differs from what was signed: the bundle is damaged, get a " \
           r"fresh copy"
    content_words = "signature verification failed: the content is not what was signed: .*"
    payload_blocks = (len(split(path)[0]) - 4096) // 4096
    words = {"magic": block.format(0), "superblock": block.format(0),
             "middle": block.format(payload_blocks // 2),
             "last data": block.format(payload_blocks - 1), "tree": tree, "tree filling": tree,
             "manifest": content_words,
             "signature": "signature verification failed: the signature does not fit: .*"}
    for place, offset in places(form, path).items():
        if offset is None:
            continue
        damaged = bytearray(data)
        damaged[offset] ^= 0x10
        (tmp_path / "damaged").write_bytes(damaged)
        wanted = words[place] if form != "plain" or place == "signature" else content_words
        refused(verify(tmp_path / "damaged"), wanted)
    assert verify(path).returncode == 0


def test_every_bit_of_the_signature_counts_or_changes_nothing(bundle, bascule_bundle, pki,
                                                              inspect, tmp_path):
    """A flip in the CMS is refused, or it lies where DER has room and the result is the same."""
    path = bundle("verity", signer="signer-p256")
    payload, cms, _ = split(path)
    good = inspect(path)
    for offset in range(0, len(cms), 37):
        damaged = bytearray(path.read_bytes())
        damaged[len(payload) + offset] ^= 1 << offset % 8
        (tmp_path / "damaged").write_bytes(damaged)
        result = bascule_bundle("info", "--keyring", pki / "keyring.pem", "--output-format=json",
                                tmp_path / "damaged", check=False)
        assert result.returncode in (0, 1)
        if result.returncode == 0:
            assert json.loads(result.stdout)["hash"] == good["hash"]


@pytest.mark.parametrize("form", FORMATS)
def test_truncated(form, bundle, verify, tmp_path):
    data = bundle(form).read_bytes()
    cut = r"'.*': Not a bundle, or cut short: the file ends with a signature length of \d+ bytes, " \
          r"but only {} bytes lie before it"
    for length in (len(data) - 1, len(data) - 8, len(data) - 100, len(data) // 2, 5000):
        (tmp_path / "cut").write_bytes(data[:length])
        # what now stands at the end is taken for a length; one signature in 256 ends with a zero
        # byte, and a few bytes of signature are then no CMS
        claimed = int.from_bytes(data[length - 8:length], "big")
        words = cut.format(length - 8) if claimed > length - 8 else \
            "(The signature is not a CMS in DER: .*|" \
            "The signature has .* more than the limit of 65536 .*|" \
            "Not a bundle: the signature's length at the end of the file is 0)"
        refused(verify(tmp_path / "cut"), words)
    for length in (0, 7):
        (tmp_path / "cut").write_bytes(data[:length])
        refused(verify(tmp_path / "cut"), f"Not a bundle: the file has only {length} bytes")


@pytest.mark.parametrize("form", ("plain", "verity"))
def test_trailer(form, bundle, verify, tmp_path):
    data = bundle(form).read_bytes()
    all_bytes = len(data) - 8
    cms = len(split(bundle(form))[1])
    outside = "but only {} bytes lie before it".format(all_bytes)
    cases = {0: "Not a bundle: the signature's length at the end of the file is 0",
             all_bytes: f"The signature has {all_bytes} bytes, more than the limit of 65536 .*",
             all_bytes + 1: ".*" + outside, len(data): ".*" + outside,
             1 << 63: ".*" + outside, (1 << 64) - 1: ".*" + outside,
             70000: "The signature has 70000 bytes, more than the limit of 65536 .*",
             cms - 1: "The signature is not a CMS in DER: .*",
             cms + 1: "The signature is not a CMS in DER: .*", 1: "The signature is not a CMS.*"}
    for length, words in cases.items():
        (tmp_path / "bad").write_bytes(data[:-8] + struct.pack(">Q", length))
        refused(verify(tmp_path / "bad"), words)
    (tmp_path / "bad").write_bytes(data[:-8] + struct.pack(">Q", all_bytes))
    refused(verify(tmp_path / "bad", f"--max-signature-size={all_bytes}"),
            "Not a bundle: nothing lies before the signature")


def test_tree_of_another_size(bundle, verify, tmp_path):
    """Blocks too many, too few, half ones: nothing is read outside."""
    path = bundle("verity")
    payload, cms, trailer = split(path)
    (tmp_path / "bad").write_bytes(payload + bytes(1 << 20) + cms + trailer)
    size = len(payload) + (1 << 20)
    refused(verify(tmp_path / "bad"), f"The hash tree over {size - 4096} bytes must take .* bytes "
            f"of a payload of {size} bytes")
    (tmp_path / "bad").write_bytes(payload + bytes(100) + cms + trailer)
    refused(verify(tmp_path / "bad"),
            f"The payload of {len(payload) + 100} bytes is not a multiple of 4096 bytes")
    (tmp_path / "bad").write_bytes(payload[:4096] + cms + trailer)
    refused(verify(tmp_path / "bad"), "verity-size 4096 does not fit a payload of 4096 bytes")


def test_not_a_bundle(verify, tmp_path):
    (tmp_path / "noise").write_bytes(make_bytes(10000))
    refused(verify(tmp_path / "noise"), ".*Not a bundle.*")
    refused(verify(tmp_path), f"'{tmp_path}': Neither a regular file nor a block device")
    refused(verify(tmp_path / "none"), f"Failed to open '{tmp_path}/none': No such file or "
            "directory")


def test_extract_of_a_damaged_bundle_leaves_nothing(bundle, bascule_bundle, pki, tmp_path):
    path = bundle("verity")
    data = bytearray(path.read_bytes())
    data[len(split(path)[0]) // 2] ^= 1
    path.write_bytes(data)
    result = bascule_bundle("extract", "--keyring", pki / "keyring.pem", path, tmp_path / "x",
                            check=False)
    refused(result, ".*Payload block .* differs from what was signed: the bundle is damaged, get "
            "a fresh copy")
    assert not (tmp_path / "x").exists()


# content that is refused

IN_CONTENT = {
    "absolute link": (lambda d: os.symlink("/etc/passwd", d / "x"),
                      "'x' is a link out of its directory: .*"),
    "link with a path": (lambda d: os.symlink("etc/y", d / "x"),
                         "'x' is a link out of its directory: .*"),
    "hidden directory": (lambda d: (d / ".git").mkdir(),
                         "'.git' is a hidden directory: move it out of the content"),
    "fifo": (lambda d: os.mkfifo(d / "pipe"),
             "'pipe' is neither file, link nor directory and cannot be in a bundle"),
    "no image": (lambda d: (d / "rootfs.ext4").unlink(),
                 r"\[image.rootfs\] names 'rootfs.ext4', which is not in '.*': No such file or "
                 "directory"),
    "image is a directory": (lambda d: ((d / "boot.vfat").unlink(), (d / "boot.vfat").mkdir()),
                             r"\[image.boot\] names 'boot.vfat', which is not a regular file"),
    "no manifest": (lambda d: (d / "manifest.raucm").unlink(),
                    "Failed to open '.*/manifest.raucm': No such file or directory"),
}


@pytest.mark.parametrize("case", IN_CONTENT)
def test_content_refused(case, create, content, tmp_path):
    spoil, words = IN_CONTENT[case]
    directory = content()
    spoil(directory)
    refused(create(directory), words)
    assert sorted(entry.name for entry in tmp_path.iterdir()) == ["content"]


@pytest.mark.parametrize("line, words", (
    ("[image.rootfs]\nfilename=a/b\n", ".*filename.*"),
    ("[image.rootfs]\nfilename=rootfs.ext4\nfilename=boot.vfat\n", ".*filename.*"),
    ("[image.rootfs]\nfilename=rootfs.ext4\nfoo=bar\n", ".*foo.*"),
    ("[nonsense]\nx=y\n", ".*nonsense.*"),
    ("[image.rootfs]\nfilename=rootfs.ext4\nsha256=" + "0" * 64 + "\n",
     "'rootfs.ext4' does not have the sha256= that the manifest says: correct the line or leave "
     "it out"),
    ("[image.rootfs]\nfilename=rootfs.ext4\nsize=1\n",
     "'rootfs.ext4' does not have the size= that the manifest says: correct the line or leave it "
     "out"),
    ("[bundle]\nformat=verity\nverity-hash=" + "0" * 64 + "\n", ".*verity-hash.*"),
    ("[bundle]\nformat=strange\n", ".*strange.*"),
    ("[hooks]\nfilename=hook.sh\nhooks=install-check\n",
     r"\[hooks\] filename names 'hook.sh', which is not in .*"),
    ("[bundle]\nformat=plain\n[image.store/app]\nfilename=rootfs.ext4\n",
     r"\[image.store/app\] artifacts need format=verity or format=crypt"),
    ("[image.store/app]\nfilename=rootfs.ext4\nconvert=tar-extract\n",
     r"\[image.store/app\] convert=: converting artifacts is not supported yet"),
))
def test_manifest_refused(line, words, create, content, tmp_path):
    directory = content("[update]\ncompatible=x\n\n" + line)
    refused(create(directory), words)
    assert not (tmp_path / "out.raucb").exists()


def test_output_is_not_overwritten(create, content, tmp_path):
    (tmp_path / "out.raucb").write_text("mine")
    refused(create(content()), "'.*/out.raucb' exists already and is not overwritten")
    assert (tmp_path / "out.raucb").read_text() == "mine"


def test_mksquashfs_fails(create, content, tmp_path):
    refused(create(content(), "--mksquashfs-args=-b 3"), ".*'mksquashfs' failed with exit status "
            "1: .*")
    assert sorted(entry.name for entry in tmp_path.iterdir()) == ["content"]


def test_mksquashfs_arguments(create, content, tmp_path):
    assert create(content(), "--mksquashfs-args=-b 64k -comp gzip",
                  "--mksquashfs-args=-no-fragments").returncode == 0
    text = run("unsquashfs", "-s", tmp_path / "out.raucb").stdout
    assert "Compression gzip" in text and "Block size 65536" in text


@pytest.mark.parametrize("number, status", ((signal.SIGTERM, 1), (signal.SIGINT, 1),
                                            (signal.SIGKILL, -9)))
def test_killed_in_the_middle(number, status, content, pki, tmp_path):
    """No half bundle ever has the bundle's name; a signal that can be caught leaves nothing."""
    directory = content(files={"rootfs.ext4": make_bytes(16_000_000), "boot.vfat": b"x"})
    process = subprocess.Popen([program("bascule-bundle"), "create", "--cert", pki / "signer.pem",
                                "--key", pki / "signer.key", "--compression=xz", directory,
                                tmp_path / "out.raucb"], stderr=subprocess.PIPE, text=True)
    until = time.monotonic() + 20
    while not list(tmp_path.glob(".out.raucb.*/out.raucb")) and time.monotonic() < until:
        time.sleep(0.01)
    process.send_signal(number)
    _, said = process.communicate()
    assert process.returncode == status
    assert not (tmp_path / "out.raucb").exists()
    if status == 1:
        assert "cancelled" in said
        assert sorted(entry.name for entry in tmp_path.iterdir()) == ["content"]


def test_disk_full(content, pki, bascule_bundle, tmp_path):
    if os.geteuid() != 0:
        pytest.skip("mounting a small tmpfs needs root")
    small = tmp_path / "small"
    small.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=200k", "none", small],
                      check=False).returncode != 0:
        pytest.skip("no tmpfs can be mounted here")
    try:
        result = bascule_bundle("create", "--cert", pki / "signer.pem", "--key",
                                pki / "signer.key", content(), small / "out.raucb", check=False)
        assert result.returncode == 1
        assert "No space left on device" in result.stderr
        assert not list(small.iterdir())
    finally:
        subprocess.run(["umount", small], check=True)


# what is printed

def test_info_shell(rich, bascule_bundle, pki, inspect):
    text = bascule_bundle("info", "--keyring", pki / "keyring.pem", "--output-format=shell",
                          rich).stdout
    names = re.findall(r"^(RAUC_\w+)=", text, re.M)
    script = text + "\n".join(f'printf "%s\\0" "${name}"' for name in names)
    values = dict(zip(names, run("sh", "-c", script).stdout.split("\0")))
    digest = hashlib.sha256(b"boot").hexdigest()
    for name, value in {"RAUC_MF_COMPATIBLE": "it's", "RAUC_MF_VERSION": "2.0",
                        "RAUC_MF_DESCRIPTION": 'with "quotes" and ümlauts', "RAUC_MF_BUILD": "",
                        "RAUC_MF_HASH": inspect(rich)["hash"], "RAUC_MF_FORMAT": "verity",
                        "RAUC_MF_IMAGES": "2", "RAUC_MF_HOOKS": "install-check",
                        "RAUC_META_RELEASE_NOTES_URL": "http://example.com/1",
                        "RAUC_IMAGE_CLASS_0": "rootfs", "RAUC_IMAGE_VARIANT_0": "small",
                        "RAUC_IMAGE_HOOKS_0": "pre-install post-install",
                        "RAUC_IMAGE_NAME_1": "boot.vfat", "RAUC_IMAGE_SIZE_1": "4",
                        "RAUC_IMAGE_DIGEST_1": digest}.items():
        assert values[name] == value, name


def test_info_json(rich, bascule_bundle, pki, inspect):
    plain = inspect(rich)
    pretty = bascule_bundle("info", "--keyring", pki / "keyring.pem",
                            "--output-format=json-pretty", rich).stdout
    assert json.loads(pretty) == plain
    assert '\n  "compatible" : "it\'s",\n' in pretty
    assert list(plain)[:6] == ["compatible", "version", "description", "build", "hooks", "images"]
    assert plain["build"] is None
    assert plain["images"][0]["rootfs"]["variant"] == "small"
    assert plain["meta"] == {"release-notes": {"url": "http://example.com/1"}}
    assert plain["signature"]["chain"][0]["subject"] == "CN=signer,O=Bascule test"


def test_info_readable(rich, bascule_bundle, pki):
    text = bascule_bundle("info", "--keyring", pki / "keyring.pem", rich).stdout
    for line in ("Compatible:      it's", "Hooks:           install-check", "[image.rootfs.small]",
                 "  Size:          4 bytes (4 bytes)", " 0 Subject:      CN=signer,O=Bascule test"):
        assert line in text.splitlines(), text


def test_dump_cert(rich, bascule_bundle, pki):
    text = bascule_bundle("info", "--keyring", pki / "keyring.pem", "--dump-cert", rich).stdout
    found = re.search(r"-----BEGIN CERTIFICATE-----.*?-----END CERTIFICATE-----\n", text, re.S)
    assert found.group(0) in (pki / "signer.pem").read_text()


def test_usage(bascule_bundle, pki, tmp_path):
    for argv, words in (((), "Usage: .*"), (("frobnicate",), ".*Unknown verb 'frobnicate'"),
                        (("info",), ".*info takes a BUNDLE"),
                        (("info", "--frob"), ".*Unknown option --frob"),
                        (("info", "--output-format=xml", "x"), ".*Unknown output format: 'xml'"),
                        (("create", "a", "b"), ".*No certificate given: signing needs --cert= and "
                         "--key="),
                        (("encrypt", "a", "b"), ".*No recipient given: name certificates with "
                         "--to=")):
        refused(bascule_bundle(*argv, check=False), words, status=2)
    assert bascule_bundle("--help").stdout.startswith("Usage: bascule-bundle")
    assert bascule_bundle("create", "--help").stdout.startswith("Usage:")
    assert re.fullmatch(r"bascule-bundle \d+\.\d+\.\d+\n", bascule_bundle("--version").stdout)


def test_silent_without_a_terminal(create, content):
    directory = content(files={"rootfs.ext4": make_bytes(3_000_000), "boot.vfat": b"x"})
    result = create(directory, "--compression=xz")
    assert result.returncode == 0
    assert "%" not in result.stderr and "\r" not in result.stderr


def test_progress_on_a_terminal(content, pki, tmp_path):
    """Percent, bytes and time left, in one line that is written over."""
    directory = content(files={"rootfs.ext4": make_bytes(16_000_000), "boot.vfat": b"x"})
    controller, terminal = os.openpty()
    with subprocess.Popen([program("bascule-bundle"), "create", "--cert", pki / "signer.pem",
                           "--key", pki / "signer.key", "--compression=xz", directory,
                           tmp_path / "out.raucb"], stdout=subprocess.DEVNULL,
                          stderr=terminal) as process:
        os.close(terminal)
        said = b""
        while not re.search(rb"\rpacking: +\d+ % \(\d.* of 15.3 MiB", said):
            said += os.read(controller, 4096)
        process.terminate()
    os.close(controller)
    assert not (tmp_path / "out.raucb").exists()
