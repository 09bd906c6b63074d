# SPDX-License-Identifier: LGPL-2.1-or-later
# SPDX-FileCopyrightText: 2026 The Bascule authors
# test/integration/bundles.py - fixtures and helpers of the tests of bascule-bundle
import json
import re
import struct

import pytest

from conftest import make_bytes

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


@pytest.fixture
def encrypted(bundle, bascule_bundle, pki, tmp_path):
    def make(*recipients):
        path = tmp_path / "encrypted.raucb"
        to = [f"--to={pki / name}.pem" for name in recipients]
        bascule_bundle("encrypt", "--keyring", pki / "keyring.pem", *to, bundle("crypt"), path)
        return path
    return make


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
