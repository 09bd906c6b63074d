#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# SPDX-FileCopyrightText: 2026 The Bascule authors
# test/support/pki.sh - makes throw-away keys and certificates for tests
#
# Usage: pki.sh DIR        (DIR is made; nothing happens if it was filled before)
#
# Every NAME.pem is a certificate, NAME.key its private key, both PEM. Without another word a
# certificate is valid from 2020 to 2050, its key is EC P-256 and its common name is NAME.
#
#   ca            the root; issues all of the following
#   keyring.pem   what a device trusts: ca
#   intermediate  CA issued by ca
#   signer        RSA 2048, issued by ca; the usual signer
#   signer2       likewise another RSA signer
#   leaf          issued by intermediate
#   signer-pss    RSA-PSS key
#   signer-p256, signer-p384, signer-ed25519
#   signer-email  extended key usage emailProtection
#   codesign      extended key usage codeSigning, and digitalSignature
#   wrong-usage   key usage keyEncipherment, extended key usage codeSigning: fits no purpose
#   timestamp     extended key usage timeStamping
#   expired       valid in 2020 only        future   valid from 2049 on
#   revoked       revoked in ca.crl
#   ca.crl, intermediate.crl   CRLs, good until 2050; old.crl has run out, and revokes nothing
#   keyring-crl.pem        ca, intermediate and their CRLs
#   keyring-old-crl.pem    ca and old.crl
#   keyring-partial.pem    intermediate alone (allow-partial-chain)
#   keyring.d/             ca as a hashed directory; keyring-crl.d/ with intermediate and CRLs too
#   other-ca, other        a stranger's CA and signer; keyring-other.pem trusts only them
#   selfsigned             its own issuer
#   recipient-rsa, recipient-rsa2, recipient-ec, recipient-ec2   for encryption; recipients.pem has
#                          recipient-rsa and recipient-ec
#   signer-encrypted.key   signer.key under the passphrase `bascule`
#   garbage.pem            no certificate at all
set -eu

dir=${1:?usage: pki.sh DIR}
[ -e "$dir/.complete" ] && exit 0
mkdir -p "$dir"
cd "$dir"
exec 2>pki.log
OPENSSL_CONF=$PWD/pki.cnf
CA_NAME=none
export OPENSSL_CONF CA_NAME

cat >pki.cnf <<'CNF'
[req]
distinguished_name = dn
prompt = no
[dn]
[ca]
default_ca = ca_any
[ca_any]
default_md = sha256
policy = any
unique_subject = no
database = $ENV::CA_NAME.index
serial = $ENV::CA_NAME.serial
new_certs_dir = .
[any]
organizationName = optional
commonName = supplied
[ext_ca]
basicConstraints = critical, CA:true
keyUsage = critical, keyCertSign, cRLSign
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
[ext_plain]
basicConstraints = CA:false
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
[ext_email]
basicConstraints = CA:false
extendedKeyUsage = emailProtection
[ext_codesign]
basicConstraints = CA:false
keyUsage = critical, digitalSignature
extendedKeyUsage = critical, codeSigning
[ext_wrong_usage]
basicConstraints = CA:false
keyUsage = critical, keyEncipherment
extendedKeyUsage = critical, codeSigning
[ext_timestamp]
basicConstraints = CA:false
extendedKeyUsage = critical, timeStamping
CNF

FROM=20200101000000Z
TO=20491231235959Z

key() { # NAME KIND
	case $2 in
	rsa) openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -out "$1.key" ;;
	pss) openssl genpkey -algorithm RSA-PSS -pkeyopt rsa_keygen_bits:2048 -out "$1.key" ;;
	ed25519) openssl genpkey -algorithm ED25519 -out "$1.key" ;;
	*) openssl genpkey -algorithm EC -pkeyopt "ec_paramgen_curve:$2" -out "$1.key" ;;
	esac
}

prepare_ca() { # CA
	: >"$1.index"
	echo 1000 >"$1.serial"
}

# A certificate for NAME by CA. KIND is the kind of key, EXT the section above.
issue() { # NAME CA KIND EXT [FROM TO]
	[ -e "$1.key" ] || key "$1" "$3"
	openssl req -new -key "$1.key" -subj "/O=Bascule test/CN=$1" -out "$1.csr"
	CA_NAME=$2 openssl ca -batch -notext -config pki.cnf -in "$1.csr" -out "$1.pem" \
		-cert "$2.pem" -keyfile "$2.key" -extensions "$4" \
		-startdate "${5:-$FROM}" -enddate "${6:-$TO}" >/dev/null
	rm -f "$1.csr"
}

self_sign() { # NAME EXT
	[ -e "$1.key" ] || key "$1" P-256
	prepare_ca "$1"
	openssl req -new -key "$1.key" -subj "/O=Bascule test/CN=$1" -out "$1.csr"
	CA_NAME=$1 openssl ca -batch -notext -config pki.cnf -selfsign -in "$1.csr" -out "$1.pem" \
		-keyfile "$1.key" -extensions "$2" -startdate $FROM -enddate $TO >/dev/null
	rm -f "$1.csr"
}

# RSA keys take longest: all at once, beside the rest.
for name in signer signer2 recipient-rsa recipient-rsa2; do
	key $name rsa &
done
key signer-pss pss &

self_sign ca ext_ca
self_sign other-ca ext_ca
self_sign selfsigned ext_plain
issue other other-ca P-256 ext_plain
issue intermediate ca P-256 ext_ca
prepare_ca intermediate
issue leaf intermediate P-256 ext_plain
issue signer-p256 ca P-256 ext_plain
issue signer-p384 ca P-384 ext_plain
issue signer-ed25519 ca ed25519 ext_plain
issue signer-email ca P-256 ext_email
issue codesign ca P-256 ext_codesign
issue wrong-usage ca P-256 ext_wrong_usage
issue timestamp ca P-256 ext_timestamp
issue expired ca P-256 ext_plain 20200101000000Z 20201231235959Z
issue future ca P-256 ext_plain 20490101000000Z $TO
CA_NAME=ca openssl ca -config pki.cnf -gencrl -cert ca.pem -keyfile ca.key -out old.crl \
	-crl_lastupdate 20200101000000Z -crl_nextupdate 20200201000000Z
issue revoked ca P-256 ext_plain
issue recipient-ec ca P-256 ext_plain
issue recipient-ec2 ca P-256 ext_plain
CA_NAME=ca openssl ca -config pki.cnf -cert ca.pem -keyfile ca.key -revoke revoked.pem
wait
for name in signer signer2 signer-pss recipient-rsa recipient-rsa2; do
	issue $name ca - ext_plain
done

for name in ca intermediate; do
	CA_NAME=$name openssl ca -config pki.cnf -gencrl -cert $name.pem -keyfile $name.key \
		-out $name.crl -crl_lastupdate $FROM -crl_nextupdate $TO
done
openssl pkey -in signer.key -aes256 -passout pass:bascule -out signer-encrypted.key
cp ca.pem keyring.pem
cp other-ca.pem keyring-other.pem
cp intermediate.pem keyring-partial.pem
cat ca.pem intermediate.pem ca.crl intermediate.crl >keyring-crl.pem
cat ca.pem old.crl >keyring-old-crl.pem
cat recipient-rsa.pem recipient-ec.pem >recipients.pem
mkdir -p keyring.d
cp ca.pem "keyring.d/$(openssl x509 -in ca.pem -noout -hash).0"
mkdir -p keyring-crl.d
for name in ca intermediate; do
	hash=$(openssl x509 -in $name.pem -noout -hash)
	cp $name.pem "keyring-crl.d/$hash.0"
	cp $name.crl "keyring-crl.d/$hash.r0"
done
echo 'This is no certificate.' >garbage.pem
rm -f [0-9A-F]*.pem ./*.index* ./*.serial* ./*.attr*
touch .complete
