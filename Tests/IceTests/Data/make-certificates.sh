#!/bin/sh
# Makes the certificates of this folder anew: make-certificates.sh [FOLDER]. Needs openssl 3.
set -eu
folder=$(cd "${1:-$(dirname "$0")}" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
forever=99991231235959Z

key() { openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out "$folder/$1.key" 2>/dev/null; }

# authority NAME: a certificate authority of its own.
authority() {
    key "$1"
    openssl req -x509 -new -key "$folder/$1.key" -subj "/O=swift-omero tests/CN=$1" -days 365000 \
        -addext 'keyUsage=critical,keyCertSign,cRLSign' -out "$folder/$1.pem"
}

# issue NAME CA ALTERNATIVE-NAMES START END: a key and a certificate of that authority.
issue() {
    key "$1"
    openssl req -new -key "$folder/$1.key" -subj "/O=swift-omero tests/CN=$1" -out "$1.csr"
    printf 'basicConstraints=CA:FALSE\nkeyUsage=digitalSignature\nsubjectAltName=%s\n' "$3" >"$1.ext"
    : >index.txt
    printf '[ca]\ndefault_ca=d\n[d]\ndatabase=index.txt\nrand_serial=yes\nnew_certs_dir=.\ndefault_md=sha256\npolicy=p\n' >ca.cnf
    printf 'unique_subject=no\n[p]\norganizationName=optional\ncommonName=supplied\n' >>ca.cnf
    openssl ca -batch -notext -config ca.cnf -cert "$folder/$2.pem" -keyfile "$folder/$2.key" -in "$1.csr" \
        -extfile "$1.ext" -startdate "$4" -enddate "$5" -out "$folder/$1.pem" 2>/dev/null
}

local=DNS:localhost,IP:127.0.0.1,IP:::1
authority ca
authority stranger-ca
issue server ca "$local" 20200101000000Z "$forever"
issue other ca "$local" 20200101000000Z "$forever"
issue wronghost ca DNS:elsewhere.invalid 20200101000000Z "$forever"
issue expired ca "$local" 20200101000000Z 20200201000000Z
issue future ca "$local" 99980101000000Z "$forever"
issue stranger stranger-ca "$local" 20200101000000Z "$forever"
issue client ca DNS:client.invalid 20200101000000Z "$forever"
openssl pkcs12 -export -passout pass:password -in "$folder/client.pem" -inkey "$folder/client.key" -out "$folder/client.p12"
openssl ec -in "$folder/client.key" -aes256 -passout pass:password -out "$folder/client-encrypted.key" 2>/dev/null
# Nothing else is to be signed by them.
rm -f "$folder/ca.key" "$folder/stranger-ca.key"
