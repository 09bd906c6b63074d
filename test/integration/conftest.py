# SPDX-License-Identifier: LGPL-2.1-or-later
# SPDX-FileCopyrightText: 2026 The Bascule authors
# test/integration/conftest.py - what all black-box tests share: programs, keys, bundles
"""Programs come from BSC_BINDIR (installed; also its bin and sbin) or BSC_BUILDDIR (a build tree).

Fixtures for other parts live in files of their own beside this one: each of PLUGINS that is there
and can be imported on this machine is loaded.
"""
import importlib
import os
import random
import subprocess
from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parent


def source_dir():
    return Path(os.environ.get("BSC_SRCDIR", HERE.parent.parent))


def program(name):
    """Absolute path of one of our programs; skips the test where it was not built."""
    places = [Path(os.environ["BSC_BINDIR"]) / folder for folder in ("", "bin", "sbin")
              ] if os.environ.get("BSC_BINDIR") else []
    if os.environ.get("BSC_BUILDDIR"):
        places.append(Path(os.environ["BSC_BUILDDIR"]))
    for place in places:
        if (place / name).is_file():
            return place / name
    pytest.skip(f"{name} is not built: set BSC_BUILDDIR or BSC_BINDIR")
    return None


def run(*argv, check=True, env=None, **options):
    """Runs a program; with check=True a failure fails the test and shows what was said."""
    argv = [str(word) for word in argv]
    result = subprocess.run(argv, check=False, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                            text=True, env={**os.environ, **(env or {})}, **options)
    if check and result.returncode != 0:
        pytest.fail(f"{' '.join(argv)}\nexit status {result.returncode}\n{result.stdout}"
                    f"{result.stderr}", pytrace=False)
    return result


@pytest.fixture(scope="session")
def pki(tmp_path_factory):
    """Directory of throw-away keys; test/support/pki.sh says what is in it."""
    path = tmp_path_factory.mktemp("pki") / "pki"
    run("sh", source_dir() / "test/support/pki.sh", path)
    return path


@pytest.fixture(scope="session")
def bascule_bundle():
    """Runs the program bascule-bundle."""
    path = program("bascule-bundle")

    def call(*argv, **options):
        return run(path, *argv, **options)
    return call


def make_bytes(size, seed=0):
    """Bytes that do not compress and are the same in every run."""
    return random.Random(seed).randbytes(size)


MANIFEST = """[update]
compatible=test-system
version=1.2.3
description=A bundle for tests
build=20260101

[image.rootfs]
filename=rootfs.ext4

[image.boot]
filename=boot.vfat
"""


@pytest.fixture
def content(tmp_path):
    """Factory of content directories: content(manifest=…, files={name: bytes})."""
    def make(manifest=MANIFEST, files=None, name="content"):
        path = tmp_path / name
        path.mkdir()
        if files is None:
            files = {"rootfs.ext4": make_bytes(300 * 1024, 1) + bytes(64 * 1024),
                     "boot.vfat": make_bytes(12345, 2)}
        for file, data in files.items():
            (path / file).parent.mkdir(parents=True, exist_ok=True)
            (path / file).write_bytes(data)
        if manifest is not None:
            (path / "manifest.raucm").write_text(manifest)
        return path
    return make


@pytest.fixture
def bundle(tmp_path, pki, bascule_bundle, content):
    """Factory of bundles: bundle(format, signer=…, directory=…, args=[…]) → path."""
    numbers = iter(range(1000))

    def make(form="verity", signer="signer", directory=None, args=(), env=None):
        number = next(numbers)
        if directory is None:
            directory = content(name=f"content-{number}")
        path = tmp_path / f"{number}-{form}.raucb"
        bascule_bundle("create", "--cert", pki / f"{signer}.pem", "--key", pki / f"{signer}.key",
                       f"--format={form}", *args, directory, path, env=env)
        return path
    return make


# At the end, since these import from here.
PLUGINS = ("bundles", "system", "service")


def can_load(name):
    if not (HERE / f"{name}.py").exists():
        return False
    pytest.register_assert_rewrite(name)
    try:
        importlib.import_module(name)
    except (ImportError, pytest.skip.Exception):
        return False
    return True


pytest_plugins = [name for name in PLUGINS if can_load(name)]
