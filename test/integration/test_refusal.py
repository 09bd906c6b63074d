# SPDX-License-Identifier: LGPL-2.1-or-later
# SPDX-FileCopyrightText: 2026 The Bascule authors
# test/integration/test_refusal.py - what is refused, with which words, and that nothing is lost by it
import shutil

import pytest
from conftest import run
from system import (AB, BOOT, CORRUPT, DOWNLOAD, FAILED, LOOP_AB, MIB, NO_DESTINATION, REJECTED,
                    UNTRUSTED, Untouched, check_installs, check_refused, ext4_image, need_root,
                    random_bytes, sparse_bytes)

# ---- refusals: each with its text, and nothing is lost ------------------------------------------

SUBJECT = r"\('CN=[a-z]+,O=Bascule test'\)"
CHAIN = "signature verification failed: "


@pytest.mark.parametrize("change, status, text", [
    ({"compatible": "other-device"}, REJECTED,
     "Compatible mismatch: this device is 'test-system', the bundle is for 'other-device'"),
    ({"version": "0.9"}, REJECTED, r"Bundle version 0\.9 is lower than min-bundle-version 1\.0; "
     "--ignore-version-limit installs it all the same"),
    ({"images": {"rootfs": ("a.img", random_bytes(8 * MIB + 1))}}, NO_DESTINATION,
     r"Slot 'rootfs\.1' on '\S+': The image has 8388609 bytes, the device only 8388608; "
     "build a smaller image"),
    ({"images": {"unknown": ("a.img", b"x" * 4096)}}, NO_DESTINATION,
     "The bundle has an image for slot class 'unknown', and this device has no slot of it"),
    ({"images": {"rootfs": ("a.tar", b"x" * 10240)}}, REJECTED,
     r"Image 'a\.tar': Image type 'tar' cannot be written to a slot of type 'raw'; check 'type' of "
     "the slot in the configuration and of the image in the manifest"),
    ({"images": {"rootfs": ("a.ubifs", b"x" * 10240)}}, REJECTED,
     r"Image 'a\.ubifs': Image type 'ubifs' cannot be written to a slot of type 'raw'; .*"),
    ({"signer": "other", "args": ("--no-verify",)}, UNTRUSTED,
     CHAIN + "unable to get local issuer certificate " + SUBJECT + ": its issuer "
     "'CN=other-ca,O=Bascule test' is neither in the keyring nor among the bundle's "
     "intermediates"),
    ({"signer": "selfsigned", "args": ("--no-verify",)}, UNTRUSTED,
     CHAIN + "self-signed certificate " + SUBJECT + ": it is not in the keyring"),
    ({"signer": "expired", "args": ("--no-verify",)}, UNTRUSTED,
     CHAIN + "certificate has expired " + SUBJECT + ": valid until 2020-12-31T23:59:59Z, "
     r"judged at \S+; sign with a valid certificate, or see use-bundle-signing-time"),
    ({"signer": "future", "args": ("--no-verify",)}, UNTRUSTED,
     CHAIN + "certificate is not yet valid " + SUBJECT + ": valid from 2049-01-01T00:00:00Z, "
     r"judged at \S+; is the clock right\?"),
    ({"signer": "codesign", "args": ("--no-verify",)}, UNTRUSTED,
     CHAIN + "unsuitable certificate purpose " + SUBJECT + ": it is for code signing, and without "
     "check-purpose the extended key usage emailProtection is wanted; set "
     r"check-purpose=codesign in \[keyring\]"),
])
def test_refused_bundle(system, make_bundle, change, status, text):
    device = system(conf={"system": {"min-bundle-version": "1.0"}})
    running = Untouched(device)
    digests = device.digests()
    result = device.install(make_bundle(**change))
    running.check()
    assert device.digests() == digests, "nothing was written"
    assert device.boot.is_good("B"), "the other slot is not marked bad"
    assert result.json["outcome"] != "ok" and result.json["message"] == result.message
    check_refused(device, make_bundle(), result, status, text)


def test_revoked_signer(system, make_bundle, pki):
    device = system(conf={"keyring": {"path": pki / "keyring-crl.pem", "check-crl": "true"}})
    result = device.install(make_bundle(signer="revoked", args=("--no-verify",)))
    check_refused(device, make_bundle(), result, UNTRUSTED,
                  CHAIN + "certificate revoked " + SUBJECT)


def test_signer_not_on_the_list(system, make_bundle):
    device = system(conf={"keyring": {"allowed-signer-cns": "signer;somebody"}})
    result = device.install(make_bundle(signer="signer2"))
    check_refused(device, make_bundle(), result, UNTRUSTED,
                  CHAIN + r"the signer is not among the allowed ones \('CN=signer2,O=Bascule "
                  r"test'\): its common name is not listed in allowed-signer-cns")


def test_ignore_options(system, make_bundle):
    device = system(conf={"system": {"min-bundle-version": "2.0"}})
    bundle = make_bundle(compatible="other", version="1.0")
    assert device.install(bundle).status == REJECTED
    assert device.install(bundle, "--ignore-compatible").status == REJECTED
    assert device.install(bundle, "--ignore-version-limit").status == REJECTED
    check_installs(device, bundle, "--ignore-compatible", "--ignore-version-limit")


def test_required_manifest_hash(system, make_bundle):
    device = system()
    bundle = make_bundle()
    digests = device.digests()
    result = device.install(bundle, "--require-manifest-hash=" + "0" * 64)
    assert device.digests() == digests
    info = device.run("info", "--output-format=json", bundle).json
    check_refused(device, make_bundle(), result, REJECTED,
                  f"Manifest hash is {info['hash']}, but {'0' * 64} is required")
    device.boots("B").mark("good")
    check_installs(device, bundle, "--require-manifest-hash=" + info["hash"])


# ---- damaged bundles ----------------------------------------------------------------------------

def damage(bundle, tmp_path, how):
    data = bytearray(bundle.read_bytes())
    cms = int.from_bytes(data[-8:], "big")
    payload = len(data) - 8 - cms
    if how == "empty":
        data = bytearray()
    elif how == "seven bytes":
        data = data[:7]
    elif how == "no bundle":
        data = bytearray(random_bytes(100000))
    elif how == "truncated":
        data = data[:len(data) // 2]
    elif how == "last byte lost":
        data = data[:-1]
    elif how == "trailer zero":
        data[-8:] = bytes(8)
    elif how == "trailer too large":
        data[-8:] = (1 << 40).to_bytes(8, "big")
    elif how == "trailer beyond":
        data[-8:] = (len(data) + 1).to_bytes(8, "big")
    elif how == "payload":
        data[payload // 3] ^= 1
    elif how == "tree":
        data[payload - 100] ^= 1
    elif how == "signature":
        data[-8 - 20] ^= 1
    elif how == "signed content":
        at = data.index(b"test-system", payload)
        data[at] ^= 1
    path = tmp_path / "damaged.raucb"
    path.write_bytes(data)
    return path


CUT_SHORT = (r"Not a bundle, or cut short: the file ends with a signature length of \d+ bytes, but "
             r"only \d+ bytes lie before it")
NOT_SIGNED = "the content is not what was signed: verification failure"
NO_FIT = "the signature does not fit: verification failure"


@pytest.mark.parametrize("how, form, status, text", [
    ("empty", "verity", CORRUPT, "Not a bundle: the file has only 0 bytes"),
    ("seven bytes", "verity", CORRUPT, "Not a bundle: the file has only 7 bytes"),
    ("no bundle", "verity", CORRUPT, CUT_SHORT),
    ("truncated", "verity", CORRUPT, CUT_SHORT),
    ("last byte lost", "verity", CORRUPT, CUT_SHORT),
    ("trailer zero", "verity", CORRUPT,
     "Not a bundle: the signature's length at the end of the file is 0"),
    ("trailer too large", "verity", CORRUPT, CUT_SHORT),
    ("trailer beyond", "verity", CORRUPT, CUT_SHORT),
    ("payload", "verity", CORRUPT, r"Slot 'rootfs\.1' on '\S+': Payload block \d+ differs from what "
     "was signed: the bundle is damaged, get a fresh copy"),
    ("payload", "plain", UNTRUSTED, CHAIN + NOT_SIGNED),
    ("tree", "verity", CORRUPT, r"Hash tree block \d+ differs from what was signed: the bundle is "
     "damaged, get a fresh copy"),
    ("signature", "verity", UNTRUSTED, CHAIN + NO_FIT),
    ("signature", "plain", UNTRUSTED, CHAIN + NO_FIT),
    ("signed content", "verity", UNTRUSTED, CHAIN + NOT_SIGNED),
])
def test_damaged_bundle(system, make_bundle, tmp_path, how, form, status, text):
    device = system()
    good = make_bundle(form=form)
    running = Untouched(device)
    result = device.install(damage(good, tmp_path, how))
    running.check()
    check_refused(device, good, result, status, text)


def test_crypt_bundle_needs_its_key(system, make_bundle, bascule_bundle, tmp_path, pki):
    device = system()
    image = sparse_bytes()
    plain = make_bundle({"rootfs": ("a.img", image)}, form="crypt")
    bundle = tmp_path / "encrypted.raucb"
    bascule_bundle("encrypt", "--to", pki / "recipient-rsa.pem", "--keyring", pki / "keyring.pem",
                   plain, bundle)
    running = Untouched(device)
    result = device.install(plain)
    assert result.status == REJECTED
    assert result.message == ("The key of this crypt bundle lies open in its signature: encrypt it "
                              "for this device with 'bascule-bundle encrypt'")
    result = device.install(bundle)
    assert result.status == UNTRUSTED
    assert result.message == "The bundle is encrypted and no decryption key is given"
    device.change_conf({"encryption": {"key": pki / "recipient-rsa2.key"}})
    result = device.install(bundle)
    assert result.status == UNTRUSTED
    assert result.message.startswith("Failed to decrypt the signature: wrong key, the bundle is "
                                     "encrypted for 1 other recipient(s)")
    running.check()
    device.change_conf({"encryption": {"key": pki / "recipient-rsa.key"}})
    check_installs(device, bundle)
    assert device.slots["rootfs.1"].read(len(image)) == image


def test_format_not_allowed(system, make_bundle):
    device = system(conf={"system": {"bundle-formats": "-plain"}})
    result = device.install(make_bundle(form="plain"))
    check_refused(device, make_bundle(), result, REJECTED, 
                  r"Bundle format 'plain' is not allowed here \(see \[system\] bundle-formats\)")


# ---- a device that is not in order --------------------------------------------------------------

def test_missing_bundle(system, make_bundle, tmp_path):
    device = system()
    result = device.install(tmp_path / "none.raucb")
    check_refused(device, make_bundle(), result, DOWNLOAD,
                  r"Failed to open bundle '\S+/none\.raucb': No such file or directory")


def test_url(system, make_bundle):
    device = system()
    result = device.install("https://example.com/a.raucb")
    check_refused(device, make_bundle(), result, REJECTED,
                  "Installing from 'https' is not supported yet: download the bundle and give its "
                  "path")


def test_file_uri_and_relative_path(system, make_bundle, tmp_path):
    device = system()
    bundle = make_bundle()
    renamed = tmp_path / "a bundle.raucb"
    shutil.copy(bundle, renamed)
    check_installs(device, f"file://{tmp_path}/a%20bundle.raucb")
    result = device.run("install", "--no-progress", "a bundle.raucb", cwd=tmp_path)
    assert result.status == 0, result.stderr


def test_unknown_configuration_key(system, make_bundle):
    device = system(conf={"system": {"bundle-format": "plain"}})
    result = device.install(make_bundle())
    device.change_conf({"system": {"bundle-format": None}})
    check_refused(device, make_bundle(), result, FAILED, 
                  r"\S+/system\.conf: \[system\] bundle-format: unknown key, did you mean "
                  r"'bundle-formats'\?")


def test_mounted_slot(system, make_bundle, tmp_path):
    need_root()
    device = system(slots=LOOP_AB)
    good = make_bundle({"rootfs": ("a.ext4", ext4_image(tmp_path))})
    run("mkfs.ext4", "-q", "-F", device.slots["rootfs.1"].device)
    mounted = tmp_path / "mounted"
    device.slots["rootfs.1"].mount(mounted)
    try:
        running = Untouched(device)
        result = device.install(good)
        running.check()
        assert device.boot.is_good("B")
        assert (mounted / "lost+found").is_dir()
        assert device.slot_status("rootfs.1")["in_use"]
    finally:
        run("umount", mounted)
    check_refused(device, good, result, NO_DESTINATION, 
                  r"Image 'a\.ext4': Slot rootfs\.1 cannot be written: its device /dev/loop\d+ is in "
                  r"use, mounted on '\S+/mounted'")


def test_readonly_slot(system, make_bundle):
    slots = {**AB, "rescue.0": {"readonly": "true"}}
    device = system(slots=slots)
    digest = device.slots["rescue.0"].digest()
    result = device.install(make_bundle({"rescue": ("a.img", sparse_bytes())}))
    assert device.slots["rescue.0"].digest() == digest
    check_refused(device, make_bundle(), result, NO_DESTINATION, 
                  r"No slot of class 'rescue' can be written: rescue\.0 is read-only")
    assert device.slots["rescue.0"].digest() == digest


def test_no_other_slot(system, make_bundle):
    device = system(slots={"rootfs.0": {"bootname": "A"}})
    digests = device.digests()
    result = device.install(make_bundle())
    assert result.status == NO_DESTINATION
    assert result.message == ("No slot of class 'rootfs' can be written: rootfs.0 is the running "
                              "system")
    assert device.digests() == digests and device.boot.primary() == "A"


def test_transaction_runs_once(system, make_bundle):
    device = system()
    bundle = make_bundle()
    check_installs(device, bundle, "--transaction-id=release-1")
    result = device.install(bundle, "--transaction-id=release-1")
    check_refused(device, bundle, result, REJECTED, 
                  "Transaction 'release-1' ran before and never runs twice; choose another id")
    result = device.install(bundle, "--transaction-id=not/an id")
    check_refused(device, bundle, result, REJECTED, "Transaction id 'not/an id' is not 1 to 64 of the "
                  r"characters A-Z, a-z, 0-9, '\.', '_' and '-'")
    known = device.run("result", "release-1", "--output-format=json")
    assert known.status == 0 and known.json["outcome"] == "ok"
    unknown = device.run("result", "release-2")
    assert unknown.status == REJECTED
    assert "release-2" in unknown.message


def test_trial_rule(system, make_bundle):
    """The slot that would be overwritten is the last one known to work."""
    device = system()
    check_installs(device, make_bundle(version="1"))
    device.reboot()
    running = Untouched(device)
    digest = device.slots["rootfs.0"].digest()
    result = device.install(make_bundle(version="2"))
    running.check()
    assert device.slots["rootfs.0"].digest() == digest
    assert result.status == REJECTED
    assert result.message == ("The booted slot rootfs.1 is not yet marked good, so the other one may "
                              "be the last good system; run 'bascule status mark-good' once it "
                              "works, or use --force-on-trial")
    check_installs(device, make_bundle(version="3"), "--force-on-trial")
    assert device.boot.primary() == "A"


def test_trial_rule_ends_with_mark_good(system, make_bundle):
    device = system()
    check_installs(device, make_bundle())
    device.reboot().mark("good")
    check_installs(device, make_bundle())
    assert device.boot.primary() == "A"


def test_trial_rule_can_be_switched_off(system, make_bundle):
    device = system(conf={"system": {"install-on-trial": "true"}})
    check_installs(device, make_bundle())
    device.reboot()
    check_installs(device, make_bundle())


def test_unreadable_boot_state(system, make_bundle):
    device = system(bootloader="custom")
    (device.boot.dir / "broken").touch()
    digests = device.digests()
    result = device.install(make_bundle())
    status = device.status()
    assert status["boot_primary"] is None and status["primary_error"]
    (device.boot.dir / "broken").unlink()
    assert device.digests() == digests
    check_refused(device, make_bundle(), result, BOOT, 
                  "boot loader custom: get-primary: 'backend' failed with exit status 1")
