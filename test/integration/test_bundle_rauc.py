# SPDX-License-Identifier: LGPL-2.1-or-later
# SPDX-FileCopyrightText: 2026 The Bascule authors
# test/integration/test_bundle_rauc.py - bundles both ways between bascule-bundle and rauc
import json
import re
import shutil
from types import SimpleNamespace

import pytest

from bundles import FORMATS
from conftest import MANIFEST, run


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
