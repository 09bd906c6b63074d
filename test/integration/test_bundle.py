# SPDX-License-Identifier: LGPL-2.1-or-later
# SPDX-FileCopyrightText: 2026 The Bascule authors
# test/integration/test_bundle.py - bascule-bundle as a build host uses it
import hashlib
import json
import os
import re
import shlex
import shutil
import signal
import struct
import subprocess
import time
from types import SimpleNamespace

import pytest

from conftest import MANIFEST, make_bytes, program, run

FORMATS = ("plain", "verity", "crypt")
EPOCH = {"SOURCE_DATE_EPOCH": "1700000000"}


def split(path):
    """Payload, signature and trailer of a bundle."""
    data = path.read_bytes()
    length = struct.unpack(">Q", data[-8:])[0]
    return data[:-8 - length], data[-8 - length:-8], data[-8:]


def refused(result, words, status=1):
    """The program failed and said exactly one line with these words at its end."""
    assert result.returncode == status, result.stdout + result.stderr
    lines = [line for line in result.stderr.splitlines() if "note:" not in line]
    assert lines[0].endswith(words) or re.fullmatch(r".*" + words, lines[0]), lines
    if status == 1:
        assert len(lines) == 1, lines


@pytest.fixture
def verify(bascule_bundle, pki):
    def call(path, *args, keyring="keyring.pem", **options):
        return bascule_bundle("verify", "--keyring", pki / keyring, *args, path, check=False,
                              **options)
    return call


@pytest.fixture
def create(bascule_bundle, pki, tmp_path):
    """create(directory, …) → the result of the program; the bundle would be tmp/out.raucb."""
    def call(directory, *args, signer="signer", key=None, **options):
        return bascule_bundle("create", "--cert", pki / f"{signer}.pem", "--key",
                              pki / f"{key or signer}.key", *args, directory,
                              tmp_path / "out.raucb", check=False, **options)
    return call


@pytest.fixture
def inspect(bascule_bundle, pki):
    """The JSON that info prints."""
    def call(path, *args):
        return json.loads(bascule_bundle("info", "--keyring", pki / "keyring.pem",
                                         "--output-format=json", *args, path).stdout)
    return call


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
        refused(verify(tmp_path / "cut"), cut.format(length - 8))
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


# who signed

NO_ISSUER = r"signature verification failed: unable to get local issuer certificate \('CN={}," \
            r"O=Bascule test'\): .*"


@pytest.mark.parametrize("form", FORMATS)
def test_wrong_signer(form, bundle, verify):
    path = bundle(form, signer="other")
    refused(verify(path), NO_ISSUER.format("other"))
    assert verify(path, keyring="keyring-other.pem").returncode == 0


@pytest.mark.parametrize("signer, args, keyring, words", (
    ("expired", (), "keyring.pem", "certificate has expired .*"),
    ("expired", ("--no-check-time",), "keyring.pem", None),
    ("future", (), "keyring.pem", "certificate is not yet valid .*"),
    ("selfsigned", (), "keyring.pem", "self-signed certificate .*"),
    ("leaf", (), "keyring.pem", "unable to get local issuer certificate .*"),
    ("revoked", ("--check-crl",), "keyring-crl.pem", "certificate revoked .*"),
    ("signer", ("--check-crl",), "keyring-crl.pem", None),
    ("signer", ("--check-crl",), "keyring.pem", "unable to get certificate CRL .*"),
    ("signer", ("--check-crl",), "keyring-old-crl.pem", "CRL has expired .*"),
    ("signer", (), "keyring.d", None),
    ("codesign", (), "keyring.pem", "unsuitable certificate purpose .* check-purpose=codesign .*"),
    ("codesign", ("--check-purpose=codesign",), "keyring.pem", None),
    ("signer", ("--check-purpose=codesign",), "keyring.pem", "unsuitable certificate purpose .*"),
    ("timestamp", (), "keyring.pem", "unsuitable certificate purpose .*"),
    ("signer-email", (), "keyring.pem", None),
    ("signer", ("--allowed-signer-cn=signer2",), "keyring.pem", ".*signer.*"),
    ("signer", ("--allowed-signer-cn=signer2", "--allowed-signer-cn=signer"), "keyring.pem", None),
))
def test_signer_rules(signer, args, keyring, words, bundle, verify):
    result = verify(bundle("verity", signer=signer), *args, keyring=keyring)
    if words is None:
        assert result.returncode == 0, result.stderr
    else:
        refused(result, "signature verification failed: " + words)


@pytest.mark.parametrize("signer", ("signer", "signer-pss", "signer-p256", "signer-p384"))
@pytest.mark.parametrize("form", ("plain", "verity"))
def test_key_kinds(signer, form, bundle, verify):
    assert verify(bundle(form, signer=signer)).returncode == 0


def test_pss_of_an_rsa_key(bundle, verify, tmp_path):
    path = bundle("verity", args=("--pss",))
    assert verify(path).returncode == 0
    (tmp_path / "cms").write_bytes(split(path)[1])
    text = run("openssl", "cms", "-cmsout", "-print", "-noout", "-inform", "DER", "-in",
               tmp_path / "cms").stdout
    assert "rsassaPss" in text


def test_ed25519_is_refused_before_anything_is_built(create, content, tmp_path):
    refused(create(content(), signer="signer-ed25519"),
            "OpenSSL .* cannot make a CMS signature with a key of type ED25519; use RSA or ECDSA")
    assert not list(tmp_path.glob(".out*"))


def test_intermediates(bundle, verify, pki):
    path = bundle("verity", signer="leaf", args=("--intermediate", pki / "intermediate.pem"))
    assert verify(path).returncode == 0
    refused(verify(path, keyring="keyring-partial.pem"), ".*unable to get issuer certificate .*")
    assert verify(path, "--allow-partial-chain", keyring="keyring-partial.pem").returncode == 0


def test_signing_time(bundle, verify, create, content):
    path = bundle("verity", signer="expired", args=("--signing-time=2020-06-01T12:00:00Z",))
    refused(verify(path), ".*certificate has expired .*")
    assert verify(path, "--use-signing-time").returncode == 0
    late = create(content(), "--signing-time=2055-01-01T00:00:00Z")
    refused(late, "The signing time 2055-01-01T00:00:00Z is not within the validity of the "
            "signer's certificate, .*")


def test_passphrase(create, content, verify, tmp_path):
    directory = content()
    refused(create(directory, key="signer-encrypted"),
            "Key '.*' is encrypted, and no passphrase is given")
    refused(create(directory, key="signer-encrypted", env={"BASCULE_KEY_PASSPHRASE": "wrong"}),
            "Failed to decrypt key '.*': wrong passphrase\\? .*")
    for name in ("BASCULE_KEY_PASSPHRASE", "RAUC_KEY_PASSPHRASE"):
        result = create(directory, key="signer-encrypted", env={name: "bascule"})
        assert result.returncode == 0, result.stderr
        assert verify(tmp_path / "out.raucb").returncode == 0
        (tmp_path / "out.raucb").unlink()


def test_bad_keys(create, content):
    directory = content()
    refused(create(directory, key="signer2"),
            "Certificate and private key do not belong together .*")
    refused(create(directory, signer="garbage", key="signer"), "'.*' holds no certificate")
    refused(create(directory, signer="none", key="signer"),
            "Failed to open '.*': No such file or directory")


def test_result_is_verified(create, content, pki, tmp_path):
    result = create(content(), "--keyring", pki / "keyring-other.pem")
    refused(result, "The finished bundle does not verify: " + NO_ISSUER.format("signer"))
    assert not (tmp_path / "out.raucb").exists()
    result = create(tmp_path / "content", "--keyring", pki / "keyring-other.pem",
                    "--signing-keyring", pki / "keyring.pem")
    assert result.returncode == 0, result.stderr
    assert "note:" not in result.stderr


def test_no_verify_shows_what_a_foreign_bundle_says(bundle, bascule_bundle):
    path = bundle("verity", signer="other")
    text = bascule_bundle("info", "--no-verify", path).stdout
    assert "Compatible:      test-system" in text
    assert "Signature not verified" in text


def test_keyring_is_needed(bundle, bascule_bundle):
    result = bascule_bundle("info", bundle("verity"), check=False)
    refused(result, "No keyring given: name whom to trust with --keyring=, or believe the bundle "
            "with --no-verify", status=2)


# encrypted bundles

@pytest.fixture
def encrypted(bundle, bascule_bundle, pki, tmp_path):
    def make(*recipients):
        path = tmp_path / "encrypted.raucb"
        to = [f"--to={pki / name}.pem" for name in recipients]
        bascule_bundle("encrypt", "--keyring", pki / "keyring.pem", *to, bundle("crypt"), path)
        return path
    return make


def test_recipients(encrypted, verify, pki, bascule_bundle):
    path = encrypted("recipient-rsa", "recipient-ec", "recipient-rsa2")
    for name in ("recipient-rsa", "recipient-ec", "recipient-rsa2"):
        assert verify(path, "--key", pki / f"{name}.key").returncode == 0
        assert verify(path, "--key", pki / f"{name}.key", "--cert",
                      pki / f"{name}.pem").returncode == 0
    refused(verify(path, "--key", pki / "recipient-ec2.key"),
            "Failed to decrypt the signature: wrong key, .*")
    refused(verify(path, "--key", pki / "recipient-rsa2.key", "--cert",
                   pki / "recipient-ec2.pem"), ".*")
    refused(verify(path), "'.*': The bundle is encrypted and no decryption key is given")
    text = bascule_bundle("info", "--keyring", pki / "keyring.pem", "--key",
                          pki / "recipient-ec.key", "--dump-recipients", path).stdout
    assert text.count("\n  ") >= 3 and "Bundle format:   crypt (encrypted)" in text


def test_one_file_with_several_recipients(encrypted, verify, pki):
    path = encrypted("recipients")
    assert verify(path, "--key", pki / "recipient-rsa.key").returncode == 0
    assert verify(path, "--key", pki / "recipient-ec.key").returncode == 0


def test_wrong_key_for_rsa(encrypted, verify, pki):
    refused(verify(encrypted("recipient-rsa"), "--key", pki / "recipient-rsa2.key"),
            "Failed to decrypt the signature: wrong key, .*")


def test_encrypted_payload_is_shared(encrypted, bundle, verify, pki, tmp_path):
    """Encrypting for others again does not touch the payload."""
    path = encrypted("recipient-rsa")
    assert split(path)[0] == split(tmp_path / "0-crypt.raucb")[0]
    assert b"crypt-key" not in path.read_bytes()


def test_only_crypt_can_be_encrypted(bundle, bascule_bundle, pki, tmp_path):
    result = bascule_bundle("encrypt", "--keyring", pki / "keyring.pem", "--to",
                            pki / "recipient-rsa.pem", bundle("verity"), tmp_path / "x",
                            check=False)
    refused(result, ".*has format verity and only crypt can be encrypted: .*")
    result = bascule_bundle("encrypt", "--keyring", pki / "keyring.pem", "--to",
                            pki / "garbage.pem", bundle("crypt"), tmp_path / "x", check=False)
    refused(result, "'.*garbage.pem' holds no certificate")


# other signatures around the same payload

@pytest.mark.parametrize("form", FORMATS)
def test_resign(form, bundle, bascule_bundle, verify, inspect, pki, tmp_path):
    path = bundle(form)
    out = tmp_path / "resigned"
    bascule_bundle("resign", "--keyring", pki / "keyring.pem", "--signing-keyring",
                   pki / "keyring-other.pem", "--cert", pki / "other.pem", "--key",
                   pki / "other.key", path, out)
    assert split(out)[0] == split(path)[0]
    refused(verify(out), NO_ISSUER.format("other"))
    assert verify(out, keyring="keyring-other.pem").returncode == 0
    refused(bascule_bundle("resign", "--keyring", pki / "keyring.pem", "--cert",
                           pki / "other.pem", "--key", pki / "other.key", path, out,
                           check=False), "'.*' exists already and is not overwritten")


def test_resign_keeps_the_manifest_hash(bundle, bascule_bundle, inspect, pki, tmp_path):
    path = bundle("verity")
    bascule_bundle("resign", "--keyring", pki / "keyring.pem", "--cert", pki / "signer2.pem",
                   "--key", pki / "signer2.key", path, tmp_path / "out")
    assert inspect(path)["hash"] == inspect(tmp_path / "out")["hash"]


def test_resign_of_an_expired_bundle(bundle, bascule_bundle, verify, pki, tmp_path):
    path = bundle("verity", signer="expired")
    args = ("--keyring", pki / "keyring.pem", "--cert", pki / "signer.pem", "--key",
            pki / "signer.key", path)
    refused(bascule_bundle("resign", *args, tmp_path / "a", check=False),
            ".*certificate has expired .*")
    bascule_bundle("resign", "--no-check-time", *args, tmp_path / "a")
    bascule_bundle("resign", "--no-verify", *args, tmp_path / "b")
    assert verify(tmp_path / "a").returncode == 0
    assert verify(tmp_path / "b").returncode == 0


def test_append_adds_a_signer(bundle, bascule_bundle, verify, pki, tmp_path):
    out = tmp_path / "two"
    bascule_bundle("resign", "--append", "--keyring", pki / "keyring.pem", "--cert",
                   pki / "signer2.pem", "--key", pki / "signer2.key", bundle("verity"), out)
    (tmp_path / "cms").write_bytes(split(out)[1])
    assert run("openssl", "cms", "-verify", "-inform", "DER", "-in", tmp_path / "cms", "-CAfile",
               pki / "ca.pem", "-out", tmp_path / "text").returncode == 0
    refused(verify(out), "Unsupported number of signers: 2.*")


@pytest.mark.parametrize("form", ("plain", "verity"))
def test_external_signature(form, bundle, bascule_bundle, verify, pki, tmp_path):
    """extract-signature, sign elsewhere (openssl stands for the HSM), replace-signature."""
    path = bundle(form)
    cms, text, new = tmp_path / "old.cms", tmp_path / "text", tmp_path / "new.cms"
    bascule_bundle("extract-signature", "--keyring", pki / "keyring.pem", path, cms)
    assert cms.read_bytes() == split(path)[1]
    if form == "verity":
        run("openssl", "cms", "-verify", "-noverify", "-inform", "DER", "-in", cms, "-out", text)
    else:
        text.write_bytes(split(path)[0])
    run("openssl", "cms", "-sign", "-binary", "-nosmimecap", "-md", "sha256", "-outform", "DER",
        *(("-nodetach",) if form == "verity" else ()), "-signer", pki / "signer2.pem", "-inkey",
        pki / "signer2.key", "-in", text, "-out", new)
    bascule_bundle("replace-signature", "--keyring", pki / "keyring.pem", path, new,
                   tmp_path / "out")
    result = verify(tmp_path / "out")
    assert result.returncode == 0 and "CN=signer2" in result.stdout
    assert split(tmp_path / "out")[1] == new.read_bytes()


def test_replace_signature_refuses_what_does_not_belong(bundle, content, bascule_bundle, pki,
                                                        tmp_path):
    plain, verity = bundle("plain"), bundle("verity")
    other = bundle("verity", directory=content(MANIFEST.replace("1.2.3", "4.5.6"), name="c2"))
    for source, into, words in (
            (other, verity, "The signature is over the manifest of another bundle"),
            (plain, verity, "The signature must be over an attached manifest for a bundle of "
             "format verity"),
            (verity, plain, "The signature must be detached for a bundle of format plain")):
        (tmp_path / "cms").write_bytes(split(source)[1])
        result = bascule_bundle("replace-signature", "--keyring", pki / "keyring.pem", into,
                                tmp_path / "cms", tmp_path / "out", check=False)
        refused(result, words)
        assert not (tmp_path / "out").exists()


def test_extract_signature_opens_the_envelope(encrypted, bascule_bundle, pki, tmp_path):
    path = encrypted("recipient-ec")
    bascule_bundle("extract-signature", "--keyring", pki / "keyring.pem", "--key",
                   pki / "recipient-ec.key", path, tmp_path / "cms")
    assert (tmp_path / "cms").read_bytes() == split(tmp_path / "0-crypt.raucb")[1]


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
    directory = content(files={"rootfs.ext4": make_bytes(40_000_000), "boot.vfat": b"x"})
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

RICH = """[update]
compatible=it's
version=2.0
description=with "quotes" and ümlauts

[hooks]
filename=hook.sh
hooks=install-check

[image.rootfs.small]
filename=rootfs.ext4
hooks=pre-install;post-install

[image.boot]
filename=boot.vfat

[meta.release-notes]
url=http://example.com/1
"""


@pytest.fixture
def rich(bundle, content):
    files = {"rootfs.ext4": make_bytes(4096), "boot.vfat": b"boot", "hook.sh": b"#!/bin/sh\n"}
    return bundle("verity", directory=content(RICH, files))


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


# the real rauc

@pytest.fixture
def rauc(pki):
    """Debian's rauc. Its known limits, each with its reason, are the tests below."""
    path = shutil.which("rauc")
    if path is None:
        pytest.skip("rauc is not installed")

    def call(*argv, check=True):
        return run(path, *argv, check=check)
    return SimpleNamespace(
        run=call,
        version=tuple(int(n) for n in re.findall(r"\d+", run(path, "--version").stdout)[:2]))


@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize("signer", ("signer", "signer-p256", "signer-p384"))
def test_rauc_reads_ours(form, signer, rauc, bundle, pki, inspect):
    path = bundle(form, signer=signer)
    text = rauc.run("info", "--keyring", pki / "keyring.pem", "--output-format=json", path).stdout
    theirs, ours = json.loads(text), inspect(path)
    for key in ("compatible", "version", "description", "build", "hooks"):
        assert theirs[key] == ours[key]
    for one, other in zip(theirs["images"], ours["images"]):
        for name, values in one.items():
            assert values == {key: other[name][key] for key in values}
    if form == "plain":
        rauc.run("extract", "--keyring", pki / "keyring.pem", path, path.with_suffix(".x"))
        assert (path.with_suffix(".x") / "rootfs.ext4").stat().st_size == ours["images"][0][
            "rootfs"]["size"]


def test_rauc_reads_our_encrypted_bundle(rauc, encrypted, pki):
    path = encrypted("recipient-rsa", "recipient-rsa2")
    rauc.run("info", "--keyring", pki / "keyring.pem", "--key", pki / "recipient-rsa.key", path)
    result = rauc.run("info", "--keyring", pki / "keyring.pem", path, check=False)
    assert result.returncode != 0


def test_rauc_reads_our_intermediates_and_hash_index(rauc, bundle, content, pki):
    manifest = MANIFEST.replace("=rootfs.ext4", "=rootfs.ext4\nadaptive=block-hash-index")
    directory = content(manifest, {"rootfs.ext4": bytes(8192), "boot.vfat": b"x"})
    path = bundle("verity", signer="leaf", directory=directory,
                  args=("--intermediate", pki / "intermediate.pem"))
    rauc.run("info", "--keyring", pki / "keyring.pem", path)


def test_rauc_resigns_ours(rauc, bundle, pki, verify, tmp_path):
    for form in ("plain", "verity"):
        out = tmp_path / f"resigned-{form}"
        rauc.run("resign", "--keyring", pki / "keyring.pem", "--cert", pki / "signer2.pem", "--key",
                 pki / "signer2.key", bundle(form), out)
        result = verify(out)
        assert result.returncode == 0 and "CN=signer2" in result.stdout


@pytest.fixture
def rauc_bundle(rauc, content, pki, tmp_path):
    def make(form, signer="signer", manifest=MANIFEST, files=None):
        directory = content(manifest + f"\n[bundle]\nformat={form}\n", files, f"rauc-{form}")
        path = tmp_path / f"rauc-{form}.raucb"
        rauc.run("bundle", "--cert", pki / f"{signer}.pem", "--key", pki / f"{signer}.key",
                 directory, path)
        return path, directory
    return make


@pytest.mark.parametrize("form", FORMATS)
def test_we_read_rauc(form, rauc, rauc_bundle, verify, inspect, bascule_bundle, pki, tmp_path):
    path, directory = rauc_bundle(form)
    assert verify(path).returncode == 0
    theirs = json.loads(rauc.run("info", "--keyring", pki / "keyring.pem", "--output-format=json",
                                 path).stdout)
    ours = inspect(path)
    assert {key: ours[key] for key in theirs if key != "images"} == {
        key: theirs[key] for key in theirs if key != "images"}
    bascule_bundle("extract", "--keyring", pki / "keyring.pem", path, tmp_path / "x")
    for name in ("rootfs.ext4", "boot.vfat"):
        assert (tmp_path / "x" / name).read_bytes() == (directory / name).read_bytes()
    if form == "crypt":
        secret = tmp_path / "secret.raucb"
        rauc.run("encrypt", "--keyring", pki / "keyring.pem", "--to", pki / "recipients.pem", path,
                 secret)
        for name in ("recipient-rsa", "recipient-ec"):
            assert verify(secret, "--key", pki / f"{name}.key").returncode == 0


def test_we_resign_rauc(rauc, rauc_bundle, bascule_bundle, pki, tmp_path):
    for form in ("plain", "verity"):
        path, _ = rauc_bundle(form)
        out = tmp_path / f"ours-{form}"
        bascule_bundle("resign", "--keyring", pki / "keyring.pem", "--cert", pki / "signer2.pem",
                       "--key", pki / "signer2.key", path, out)
        rauc.run("info", "--keyring", pki / "keyring.pem", out)


# Known limits of rauc 1.8, each with its reason. Newer versions have lost some of them.

def test_rauc_limit_meta_is_dropped(rauc, rich, pki):
    """1.8 knows [meta.LABEL] as a group it may skip, and shows nothing of it (since 1.9 it does)."""
    text = rauc.run("info", "--keyring", pki / "keyring.pem", "--output-format=json", rich).stdout
    if rauc.version < (1, 9):
        assert "meta" not in json.loads(text)


def test_rauc_limit_code_signing_is_refused_by_default(rauc, bundle, pki):
    """Without check-purpose OpenSSL's S/MIME rule holds, which wants emailProtection."""
    path = bundle("verity", signer="codesign")
    result = rauc.run("info", "--keyring", pki / "keyring.pem", path, check=False)
    assert result.returncode != 0
    assert re.search("un(supported|suitable) certificate purpose", result.stderr)
    rauc.run("info", "--keyring", pki / "keyring.pem", "--confopt=keyring:check-purpose=codesign",
             path, check=False)


def test_rauc_limit_squashfs_of_one_block(rauc, content, bundle, pki, tmp_path):
    """Its hash tree needs more than one data block, and it does not pad; we do."""
    directory = content("[update]\ncompatible=x\nversion=1\n\n[bundle]\nformat=verity\n", {})
    result = rauc.run("bundle", "--cert", pki / "signer.pem", "--key", pki / "signer.key",
                      directory, tmp_path / "tiny.raucb", check=False)
    assert result.returncode != 0
    rauc.run("info", "--keyring", pki / "keyring.pem", bundle("verity", directory=directory))
