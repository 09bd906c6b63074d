# SPDX-License-Identifier: LGPL-2.1-or-later
# SPDX-FileCopyrightText: 2026 The Bascule authors
# test/integration/test_bundle_signers.py - who may sign, for whom it is encrypted, signing again

import pytest

from bundles import FORMATS, refused, split
from conftest import MANIFEST, run


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
            "The private key does not belong to the certificate of 'CN=signer,O=Bascule test'")
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
